"""What an operation takes and gives: parameters, bodies, responses, headers and their media types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.facts import Direction, Fact, Use
from troth.compatibility.operations import OperationPair
from troth.compatibility.schemas import SchemaWalk
from troth.contract.model import Header, Media, Parameter, Response

__all__ = ["message_facts"]

JSON = Any


def message_facts(pair: OperationPair, walk: SchemaWalk) -> Iterator[Fact]:
    """The facts of one operation's messages; the schemas met on the way are handed to the walk."""
    yield from _parameters(pair, walk)
    yield from _body(pair, walk)
    yield from _responses(pair, walk)


def _fact(
    pair: OperationPair,
    subject: str,
    action: str,
    place: str,
    pointers: tuple[str | None, str | None],
    values: tuple[JSON, JSON] = (None, None),
    names: tuple[str, ...] = (),
) -> Fact:
    return Fact(subject, action, f"{place} of {pair.new.id}", *values, *pointers, pair.new.id, names=names)


def _action(old: JSON, new: JSON) -> str:
    return "added" if old is None else "removed" if new is None else "changed"


def _parameters(pair: OperationPair, walk: SchemaWalk) -> Iterator[Fact]:
    old = {_parameter_key(p, pair.renamed): p for p in pair.old.parameters}
    new = {_parameter_key(p, {}): p for p in pair.new.parameters}
    for key, parameter in new.items():
        if key not in old:
            subject = "required-parameter" if parameter.required else "parameter"
            yield _fact(
                pair,
                subject,
                "added",
                _words(parameter),
                (pair.old.pointer, parameter.pointer),
                (None, parameter.name),
                (parameter.name,),
            )
    for key, parameter in old.items():
        if key not in new:
            subject = "required-parameter" if parameter.required else "parameter"
            yield _fact(
                pair,
                subject,
                "removed",
                _words(parameter),
                (parameter.pointer, pair.new.pointer),
                (parameter.name, None),
                (parameter.name,),
            )
        else:
            yield from _parameter(pair, parameter, new[key], walk)


def _parameter_key(parameter: Parameter, renamed: Mapping[str, str]) -> tuple[str, str]:
    name = parameter.name.lower() if parameter.location == "header" else parameter.name
    return parameter.location, renamed.get(name, name) if parameter.location == "path" else name


def _words(parameter: Parameter) -> str:
    return f"{parameter.location} parameter {parameter.name}"


def _parameter(pair: OperationPair, old: Parameter, new: Parameter, walk: SchemaWalk) -> Iterator[Fact]:
    if old.schema_pointer and new.schema_pointer:
        walk.enter(old.schema_pointer, new.schema_pointer, Use(pair.new.id, "request", "parameter"))
    where = (old.pointer, new.pointer)

    def fact(subject: str, action: str, before: JSON, after: JSON) -> Fact:
        return _fact(pair, subject, action, _words(new), where, (before, after), (new.name,))

    if old.required != new.required:
        yield fact(
            "parameter-requirement", "added" if new.required else "removed", old.required, new.required
        )
    if old.style != new.style:
        yield fact("parameter-style", "changed", old.style, new.style)
    elif old.explode != new.explode and _has_parts(new, walk):
        yield fact("parameter-explode", "changed", old.explode, new.explode)
    if old.content_type != new.content_type:
        yield fact("parameter-content-type", "changed", old.content_type, new.content_type)
    if old.deprecated != new.deprecated:
        yield fact(
            "parameter-deprecation", "added" if new.deprecated else "removed", old.deprecated, new.deprecated
        )


def _has_parts(parameter: Parameter, walk: SchemaWalk) -> bool:
    """``explode`` says something for arrays and objects only (OpenAPI 3.1, section 4.8.12.2)."""
    if parameter.schema_pointer is None:
        return False
    kinds = walk.new.node(walk.new.key((parameter.schema_pointer,))).types
    return bool(kinds & {"array", "object"})


def _body(pair: OperationPair, walk: SchemaWalk) -> Iterator[Fact]:
    old, new = pair.old.body, pair.new.body
    if old is None and new is not None:
        subject = "required-body" if new.required else "body"
        yield _fact(pair, subject, "added", "request body", (pair.old.pointer, new.pointer))
    elif old is not None and new is None:
        yield _fact(pair, "body", "removed", "request body", (old.pointer, pair.new.pointer))
    elif old is not None and new is not None:
        where = (old.pointer, new.pointer)
        if old.required != new.required:
            yield _fact(
                pair,
                "body-requirement",
                "added" if new.required else "removed",
                "request body",
                where,
                (old.required, new.required),
            )
        yield from _media(pair, (old.media, new.media), ("request body", "request", where), walk)


def _media(
    pair: OperationPair,
    media: tuple[Mapping[str, Media], Mapping[str, Media]],
    at: tuple[str, Direction, tuple[str, str]],
    walk: SchemaWalk,
) -> Iterator[Fact]:
    old, new = media
    place, direction, where = at
    for content_type in sorted(old.keys() & new.keys()):
        one, other = old[content_type].schema_pointer, new[content_type].schema_pointer
        if one and other:
            walk.enter(one, other, Use(pair.new.id, direction, "body"))
        elif one or other:
            subject = f"{direction}-media-schema"
            yield _fact(
                pair,
                subject,
                "added" if other else "removed",
                f"{content_type} {place}",
                (one or where[0], other or where[1]),
                names=(content_type,),
            )
    for content_type in sorted(new.keys() - old.keys()):
        yield _fact(
            pair,
            f"{direction}-media-type",
            "added",
            f"{content_type} {place}",
            (where[0], new[content_type].pointer),
            (None, content_type),
            (content_type,),
        )
    for content_type in sorted(old.keys() - new.keys()):
        yield _fact(
            pair,
            f"{direction}-media-type",
            "removed",
            f"{content_type} {place}",
            (old[content_type].pointer, where[1]),
            (content_type, None),
            (content_type,),
        )


def _responses(pair: OperationPair, walk: SchemaWalk) -> Iterator[Fact]:
    old, new = pair.old.responses, pair.new.responses
    for status in sorted(new.keys() - old.keys()):
        yield _fact(
            pair,
            _status_subject(status),
            "added",
            f"response {status}",
            (pair.old.pointer, new[status].pointer),
            (None, status),
            (status,),
        )
    for status in sorted(old.keys() - new.keys()):
        yield _fact(
            pair,
            _status_subject(status),
            "removed",
            f"response {status}",
            (old[status].pointer, pair.new.pointer),
            (status, None),
            (status,),
        )
    for status in sorted(old.keys() & new.keys()):
        one, other = old[status], new[status]
        where = (one.pointer, other.pointer)
        yield from _media(pair, (one.media, other.media), (f"{status} response", "response", where), walk)
        yield from _headers(pair, one, other, walk)


def _status_subject(status: str) -> str:
    return "success-status" if status.startswith("2") else "error-status"


def _headers(pair: OperationPair, old: Response, new: Response, walk: SchemaWalk) -> Iterator[Fact]:
    before = {name.lower(): header for name, header in old.headers.items()}
    after = {name.lower(): header for name, header in new.headers.items()}
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        known = other or one
        if known is None:
            continue
        place = f"header {known.name} of response {new.status}"
        where = (one.pointer if one else old.pointer, other.pointer if other else new.pointer)
        if one is None or other is None:
            subject = "required-header" if one and one.required else "header"
            yield _fact(pair, subject, _action(one, other), place, where, names=(known.name,))
        else:
            yield from _header(pair, (one, other), (place, where), walk)


def _header(
    pair: OperationPair, headers: tuple[Header, Header], at: tuple[str, tuple[str, str]], walk: SchemaWalk
) -> Iterator[Fact]:
    old, new = headers
    place, where = at
    if old.schema_pointer and new.schema_pointer:
        walk.enter(old.schema_pointer, new.schema_pointer, Use(pair.new.id, "response", "header"))
    if old.required != new.required:
        yield _fact(
            pair,
            "header-requirement",
            "added" if new.required else "removed",
            place,
            where,
            (old.required, new.required),
            (new.name,),
        )
