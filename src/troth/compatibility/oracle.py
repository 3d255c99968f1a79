"""Asks containment about one edit: whether values are lost by it, and which value shows that.

An edit is judged alone, so that a witness shows this edit and no other, and then with everything around it, so that
the witness is a real message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from troth.compatibility.containment import ASSERTED_FORMATS, covers
from troth.compatibility.expansion import expand
from troth.compatibility.facts import Direction, Fact, Pair
from troth.compatibility.nodes import Node
from troth.compatibility.samples import DEEPEST, parts_of, sample
from troth.compatibility.shells import shell, with_subject
from troth.compatibility.sides import Sides
from troth.compatibility.witness import MISSING, Judgement, find_witness, first_witness, judge

__all__ = ["Oracle"]

JSON = Any

SHELLED = frozenset(
    {"type", "null", "enum", "enum-value", "const", "max-length", "min-length", "maximum", "minimum", "max-items",
     "min-items", "max-properties", "min-properties", "multiple-of", "unique-items", "pattern", "format"},
)  # fmt: skip
"""Subjects that one level of a schema decides."""
WHOLE = frozenset({"union", "overlap", "condition", "items", "prefix-items"})
"""Subjects that need the schema with everything below it."""
COUNTED = frozenset({"max-items", "min-items"})
LONGEST = 2000
"""No list longer than this is shown."""
LISTED = frozenset({"items", "prefix-items"})
"""Subjects that only an array shows."""
MAPS = frozenset({"documented-additional-properties", "pattern-property"})
"""Subjects that a value may show, and that the rule decides where none does."""
MEMBERS = frozenset({"property", "required-property", "early-property", "required"})
"""Subjects that are shown by an object with or without one property."""


CLOSED = "the closed reading"
"""Why a documented field that goes is a loss although an open schema admits it as it admits anything."""


class Oracle:
    """Containment between the schemas of two contracts, one fact at a time."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides

    def ask(self, fact: Fact, pair: Pair, direction: Direction) -> Judgement | None:
        """Whether a reader of the old contract copes with the one edit; None where values do not decide."""
        found = self._decide(fact, pair, direction)
        if found is not None and found.verdict != "proved" and self._is_absorbed(fact, direction):
            return Judgement("proved")
        return found

    def _decide(self, fact: Fact, pair: Pair, direction: Direction) -> Judgement | None:
        if fact.subject == "format" and (unasserted := _unasserted(fact)):
            return Judgement("unknown", reason=f"no validator decides the format {unasserted}")
        if fact.subject in SHELLED:
            old, new = self.sides.old.node(pair.old), self.sides.new.node(pair.new)
            if fact.uses and all(use.position == "path" for use in fact.uses):
                old, new = _never_empty(old), _never_empty(new)
            found = _over_shells(old, new, fact.subject, direction)
            structured = (old if direction == "request" else new).types & {"array", "object"}
            return self._completed(found, fact, pair, direction) if structured else found
        if fact.subject == "branch":
            return self._branch(fact, pair, direction)
        if fact.subject in WHOLE:
            old_whole, new_whole = self._whole(pair, direction)
            if fact.subject in LISTED:
                old_whole, new_whole = _of_arrays(old_whole), _of_arrays(new_whole)
            return _between(old_whole, new_whole, direction)
        if fact.subject in MEMBERS and fact.names:
            return self._member(fact, pair, direction)
        return self._map(fact, pair, direction) if fact.subject in MAPS else None

    def _map(self, fact: Fact, pair: Pair, direction: Direction) -> Judgement | None:
        """A value that shows the loss, if only by the closed reading; None where none does."""
        old, new = self._whole(pair, direction)
        found = _between(old, new, direction)
        if found.verdict == "refuted" or fact.action != "removed":
            return found if found.verdict == "refuted" else None
        witness = find_witness((_closed(old),), (_closed(new),))
        return None if witness is MISSING else Judgement("refuted", witness, CLOSED)

    def _is_absorbed(self, fact: Fact, direction: Direction) -> bool:
        """Whether another alternative of the union takes what this one lost."""
        if fact.union is None or fact.subject in MEMBERS:
            return False
        old, new = self._whole(fact.union, direction)
        return covers(new, old) if direction == "request" else covers(old, new)

    def _whole(self, pair: Pair, direction: Direction) -> tuple[dict[str, JSON], dict[str, JSON]]:
        old, new = expand(self.sides.old, pair.old, direction), expand(self.sides.new, pair.new, direction)
        return old, new

    def _completed(self, found: Judgement, fact: Fact, pair: Pair, direction: Direction) -> Judgement:
        """A witness with everything inside it that the whole schemas ask for; without one nothing is refuted.

        It shows this edit and not another one of the same schema, so it is held against the edit alone as well.
        """
        if found.verdict != "refuted":
            return found
        old, new = self._whole(pair, direction)
        accepting, refusing = (old, new) if direction == "request" else (new, old)
        witness = first_witness(accepting, refusing, [found.witness, *self._lists(fact, pair, direction)])
        if witness is MISSING:
            nodes = self.sides.old.node(pair.old), self.sides.new.node(pair.new)
            before, edited = shell(nodes[0]), shell(with_subject(*nodes, fact.subject))
            if direction == "request":
                witness = find_witness((old,), (new, edited))
            else:
                witness = find_witness((new, edited), (old, before))
        if witness is MISSING:
            return Judgement("unknown", reason="values are lost at this level, but no whole value shows it")
        return Judgement("refuted", witness)

    def _lists(self, fact: Fact, pair: Pair, direction: Direction) -> Iterator[JSON]:
        """Lists of one real item, as many times as a bound of their number is at issue."""
        if fact.subject not in COUNTED:
            return
        reader, pointers = (
            (self.sides.old, pair.old) if direction == "request" else (self.sides.new, pair.new)
        )
        items = reader.node(pointers).children.get("items", ())
        item = find_witness((expand(reader, reader.key(items), direction),), ())
        for bound in (fact.old, fact.new):
            if isinstance(bound, int) and item is not MISSING:
                yield from ([item] * max(0, bound + shift) for shift in (1, 0, -1) if bound < LONGEST)

    def _branch(self, fact: Fact, pair: Pair, direction: Direction) -> Judgement:
        """Whether the other side still takes, or already allowed, what the alternative admits."""
        removed = fact.action == "removed"
        here, there = (self.sides.old, self.sides.new) if removed else (self.sides.new, self.sides.old)
        pointer = fact.old_pointer if removed else fact.new_pointer
        admitted = expand(here, here.key((str(pointer),)), direction)
        return judge(admitted, expand(there, pair.new if removed else pair.old, direction))

    def _member(self, fact: Fact, pair: Pair, direction: Direction) -> Judgement:
        """An object that shows the loss or the new demand; it cannot be proved harmless, so it may stay unknown."""
        old, new = self._whole(pair, direction)
        accepting, refusing = (old, new) if direction == "request" else (new, old)
        witness = first_witness(accepting, refusing, _with_and_without(fact.names[0], accepting, refusing))
        if witness is MISSING and fact.action == "removed" and fact.subject != "required":
            witness = first_witness(_closed(old), _closed(new), _with_and_without(fact.names[0], new, old))
            if witness is not MISSING:
                return Judgement("refuted", witness, CLOSED)
        if witness is not MISSING:
            return Judgement("refuted", witness)
        return Judgement("unknown", reason="no value shows it, so the rule for this kind of change decides")


def _closed(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """What the schema documents and nothing else."""
    shared = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    own = {keyword: value for keyword, value in schema.items() if keyword != "$defs"}
    return {"allOf": [own], "unevaluatedProperties": False, **shared}


def _of_arrays(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """The arrays that a schema admits."""
    shared = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    own = {keyword: value for keyword, value in schema.items() if keyword != "$defs"}
    return {"allOf": [own], "type": "array", **shared}


def _never_empty(node: Node) -> Node:
    """A node for the values of a path parameter: an empty text is no segment of a path, so nobody can send it."""
    if "string" not in node.types:
        return node
    return replace(
        node, assertions={**node.assertions, "minLength": max(1, node.assertions.get("minLength", 0))}
    )


def _with_and_without(
    name: str, accepting: Mapping[str, JSON], refusing: Mapping[str, JSON]
) -> Iterator[JSON]:
    """Objects that differ from a fitting one by the property alone come first, so that they show this edit only."""
    for schema in (refusing, accepting):
        value = sample({**schema, "type": "object"})
        if isinstance(value, dict):
            yield {key: part for key, part in value.items() if key != name}
            for owner in (accepting, refusing):
                part = _described(owner, owner, name)
                if part is not None:
                    yield {**value, name: sample(part, owner)}


def _described(schema: JSON, root: Mapping[str, JSON], name: str, depth: int = 0) -> JSON:
    """The schema of a property, at the schema's own level or in one of the parts that it is put together from."""
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    found = (schema.get("properties") or {}).get(name)
    if found is not None:
        return found
    described = (_described(part, root, name, depth + 1) for part in parts_of(schema, root))
    return next((part for part in described if part is not None), None)


def _unasserted(fact: Fact) -> str:
    return next(
        (str(name) for name in (fact.old, fact.new) if name is not None and name not in ASSERTED_FORMATS), ""
    )


def _over_shells(old: Node, new: Node, subject: str, direction: Direction) -> Judgement:
    """The edit alone, put into the old node; where it hurts alone, both nodes as wholes may still show it harmless.

    The witness must show the edit and be a real message: admitted and refused by the whole nodes as well.
    """
    before, after, edited = shell(old), shell(new), shell(with_subject(old, new, subject))
    alone = _between(before, edited, direction)
    if alone.verdict == "proved" or _between(before, after, direction).verdict == "proved":
        return Judgement("proved")
    if alone.verdict == "unknown":
        return alone
    if direction == "request":
        witness = find_witness((before,), (edited, after))
    else:
        witness = find_witness((edited, after), (before,))
    if witness is MISSING:
        return Judgement(
            "unknown", reason="alone it loses values, and no value shows it beside the other edits here"
        )
    return Judgement("refuted", witness)


def _between(old: Mapping[str, JSON], new: Mapping[str, JSON], direction: Direction) -> Judgement:
    """A request must be taken by the new schema, a response must fit the old one."""
    return judge(old, new) if direction == "request" else judge(new, old)
