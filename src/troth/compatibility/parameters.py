"""Parameters of an operation: which came and went, which must be there, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.dialogue import Dialogue
from troth.compatibility.extensions import extension_facts, lifecycle_of
from troth.compatibility.facts import Fact
from troth.contract.model import Parameter
from troth.contract.pointers import join

__all__ = ["parameter_facts"]

JSON = Any


def parameter_facts(talk: Dialogue) -> Iterator[Fact]:
    """The facts about all parameters; the schemas of those that stay are handed to the walk."""
    old = {_key(parameter, talk.pair.renamed): parameter for parameter in talk.pair.old.parameters}
    new = {_key(parameter, {}): parameter for parameter in talk.pair.new.parameters}
    for key, parameter in new.items():
        if key not in old:
            yield _came(talk, parameter)
    for key, parameter in old.items():
        if key not in new:
            yield _went(talk, parameter)
        else:
            yield from _stayed(talk, parameter, new[key])


def _came(talk: Dialogue, parameter: Parameter) -> Fact:
    subject = "required-parameter" if parameter.required else "parameter"
    where = (talk.pair.old.pointer, parameter.pointer)
    return talk.fact(subject, "added", _words(parameter), where, (None, parameter.name), (parameter.name,))


def _went(talk: Dialogue, parameter: Parameter) -> Fact:
    subject = "required-parameter" if parameter.required else "parameter"
    where = (parameter.pointer, talk.pair.new.pointer)
    ended = lifecycle_of(talk.old_node(parameter.pointer))
    return talk.fact(
        subject, "removed", _words(parameter), where, (parameter.name, None), (parameter.name,), **ended
    )


def _key(parameter: Parameter, renamed: Mapping[str, str]) -> tuple[str, str]:
    name = parameter.name.lower() if parameter.location == "header" else parameter.name
    return parameter.location, renamed.get(name, name) if parameter.location == "path" else name


def _words(parameter: Parameter) -> str:
    return f"{parameter.location} parameter {parameter.name}"


def _stayed(talk: Dialogue, old: Parameter, new: Parameter) -> Iterator[Fact]:
    position = "path" if new.location == "path" else "parameter"
    talk.enter(old.schema_pointer, new.schema_pointer, "request", position)
    where = (old.pointer, new.pointer)

    def fact(subject: str, before: JSON, after: JSON, action: str = "") -> Fact:
        said = action or ("added" if after else "removed")
        return talk.fact(subject, said, _words(new), where, (before, after), (new.name,))

    if old.required != new.required:
        yield fact("parameter-requirement", old.required, new.required)
    if old.style != new.style:
        yield fact("parameter-style", old.style, new.style, "changed")
    elif old.explode != new.explode and _has_parts(new, talk):
        yield fact("parameter-explode", old.explode, new.explode, "changed")
    if old.content_type != new.content_type:
        yield fact("parameter-content-type", old.content_type, new.content_type, "changed")
    if old.deprecated != new.deprecated:
        yield fact("parameter-deprecation", old.deprecated, new.deprecated)
    before, after = talk.old_node(old.pointer), talk.new_node(new.pointer)
    for keyword, subject in (("allowReserved", "parameter-reserved"), ("allowEmptyValue", "parameter-empty")):
        one, other = before.get(keyword) is True, after.get(keyword) is True
        if one != other:
            yield fact(subject, one, other)
    days = before.get("x-sunset"), after.get("x-sunset")
    if days[0] != days[1]:
        yield _sunset(talk, new, where, days, lifecycle_of(after))
    place = f"{_words(new)} of {talk.pair.new.id}"
    yield from extension_facts(talk.pair.new.id, place, (old.pointer, before), (new.pointer, after))


def _sunset(
    talk: Dialogue,
    parameter: Parameter,
    where: tuple[str, str],
    days: tuple[JSON, JSON],
    ended: Mapping[str, JSON],
) -> Fact:
    action = "added" if days[0] is None else "removed" if days[1] is None else "changed"
    at = (where[0], join(where[1], "x-sunset") if days[1] is not None else where[1])
    return talk.fact("parameter-sunset", action, _words(parameter), at, days, (parameter.name,), **ended)


def _has_parts(parameter: Parameter, talk: Dialogue) -> bool:
    """``explode`` says something for arrays and objects only (OpenAPI 3.1, section 4.8.12.2)."""
    if parameter.schema_pointer is None:
        return False
    reader = talk.walk.new
    return bool(reader.node(reader.key((parameter.schema_pointer,))).types & {"array", "object"})
