"""Headers of a response: which came and went, which are always sent, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.dialogue import Dialogue
from troth.compatibility.facts import Fact
from troth.contract.model import Header, Response

__all__ = ["header_facts"]

JSON = Any


def header_facts(talk: Dialogue, old: Response, new: Response) -> Iterator[Fact]:
    """The facts about the headers of one response; names are compared without case."""
    before = {name.lower(): header for name, header in old.headers.items()}
    after = {name.lower(): header for name, header in new.headers.items()}
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        known = other or one
        if known is None:
            continue
        place = f"header {known.name} of response {new.status}"
        if one is not None and other is not None:
            yield from _stayed(talk, one, other, place)
            continue
        subject = "required-header" if known.required else "header"
        where = (one.pointer if one else old.pointer, other.pointer if other else new.pointer)
        yield talk.fact(subject, "added" if one is None else "removed", place, where, names=(known.name,))


def _stayed(talk: Dialogue, old: Header, new: Header, place: str) -> Iterator[Fact]:
    talk.enter(old.schema_pointer, new.schema_pointer, "response", "header")
    where = (old.pointer, new.pointer)

    def fact(subject: str, before: JSON, after: JSON, action: str = "") -> Fact:
        said = action or ("added" if after else "removed")
        return talk.fact(subject, said, place, where, (before, after), (new.name,))

    if old.required != new.required:
        yield fact("header-requirement", old.required, new.required)
    before, after = talk.old_node(old.pointer), talk.new_node(new.pointer)
    parts = _has_parts(talk, new)
    forms = _form(before, parts=parts), _form(after, parts=parts)
    if forms[0] != forms[1]:
        yield fact("header-form", forms[0], forms[1], "changed")
    one, other = before.get("deprecated") is True, after.get("deprecated") is True
    if one != other:
        yield fact("header-deprecation", one, other)


def _has_parts(talk: Dialogue, header: Header) -> bool:
    """``explode`` says something for objects only, as a header is always a list with commas."""
    if header.schema_pointer is None:
        return False
    reader = talk.walk.new
    return "object" in reader.node(reader.key((header.schema_pointer,))).types


def _form(header: Mapping[str, JSON], *, parts: bool) -> str:
    """How a header's value is written: its media type, or whether the keys of an object stand before ``=``."""
    content = header.get("content")
    if isinstance(content, Mapping) and content:
        return str(next(iter(content)))
    return "exploded" if parts and header.get("explode") is True else "plain"
