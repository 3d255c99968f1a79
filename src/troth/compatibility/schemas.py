"""Compares schemas pair by pair: each pair of components once, however many operations use it.

The walk is coinductive: a pair that is being compared, or was, is assumed and not entered again, so recursion ends
and one edit is one fact. Which operations a fact reaches is read from the graph of pairs afterwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from troth.compatibility.assertions import assertion_facts
from troth.compatibility.behaviours import behaviour_facts
from troth.compatibility.branches import is_component, match_branches
from troth.compatibility.expansion import guarded
from troth.compatibility.extensions import extension_facts, extensions_of
from troth.compatibility.facts import DIRECTIONS, Fact, Found, Pair, Pointers, Use
from troth.compatibility.keys import keyed_alike
from troth.compatibility.nodes import Node, Union
from troth.compatibility.normal import Normaliser
from troth.compatibility.overlaps import overlap_facts
from troth.compatibility.places import place_of
from troth.compatibility.properties import property_facts
from troth.compatibility.reach import Reach
from troth.compatibility.sides import Sides
from troth.contract.pointers import join

__all__ = ["SchemaWalk"]

JSON = Any


class SchemaWalk:
    """The comparison of all schemas of two contracts. Call :meth:`enter` for each root, then :meth:`facts`."""

    def __init__(self, sides: Sides, *, behaviour: bool = True) -> None:
        self.sides = sides
        self._with_behaviour = behaviour
        self.old, self.new = sides.old, sides.new
        self._reach = Reach()
        self._seen: set[Pair] = set()
        self._waiting: deque[Pair] = deque()
        self._null_beside: set[Pair] = set()
        self._within: dict[Pair, Pair] = {}
        self._found: dict[tuple[JSON, ...], list[Found]] = {}

    def enter(self, old: str, new: str, use: Use) -> None:
        """A schema at which a request or response of an operation begins, on both sides."""
        pair = self.sides.pair((old,), (new,))
        self._reach.root(pair, use)
        self._visit(pair)

    def enter_component(self, name: str) -> None:
        """A component that both contracts have, whether or not an operation uses it."""
        pointer = f"/components/schemas/{name}"
        self.look(pointer, pointer)

    def look(self, old: str, new: str) -> None:
        """A schema on both sides that is compared though no message begins at it."""
        self._visit(self.sides.pair((old,), (new,)))

    def facts(self) -> Iterator[Fact]:
        """Every schema fact, once, with the operations it reaches."""
        while self._waiting:
            pair = self._waiting.popleft()
            for found in self._differences(pair):
                within = self._within.get(pair)
                told = found if within is None else replace(found, fact=replace(found.fact, union=within))
                self._found.setdefault(_edit(told.fact), []).append(told)
        for group in self._found.values():
            uses = frozenset().union(*(self._reach.uses(found.pair, found.blocked) for found in group))
            if group[0].fact.subject == "xml-form":
                uses = frozenset(use for use in uses if use.position == "xml")
            yield replace(group[0].fact, uses=tuple(sorted(uses)))

    def _visit(self, pair: Pair) -> None:
        if pair not in self._seen:
            self._seen.add(pair)
            self._waiting.append(pair)

    def _child(self, parent: Pair, old: Pointers, new: Pointers, union: Pair | None = None) -> None:
        """Compare a part of a pair later. What stands inline in an alternative remembers the union it is in."""
        if self.sides.inert(old, new):
            return
        pair = self.sides.pair(old, new)
        one, other = self.old.node(pair.old).annotations, self.new.node(pair.new).annotations
        blocked = frozenset(d for d in DIRECTIONS if guarded(one, d) and guarded(other, d))
        self._reach.contain(parent, pair, blocked)
        within = union or self._within.get(parent)
        if within is not None and not is_component(pair.new):
            self._within[pair] = within
        self._visit(pair)

    def _differences(self, pair: Pair) -> Iterator[Found]:
        old, new = self.old.node(pair.old), self.new.node(pair.new)
        if self.sides.untouched(pair):
            self._descend(pair, old, new)
            return
        if self._with_behaviour:
            yield from self._behaviour(pair, old, new)
        yield from self._extensions(pair)
        unions = list(self._unions(pair, old, new))
        yield from unions
        if any(found.fact.subject == "union" for found in unions):
            return
        own: Iterable[Found] = (Found(fact, pair) for fact in assertion_facts(self.sides, pair, old, new))
        if pair in self._null_beside:
            own = (found for found in own if found.fact.subject != "null")
        if old.unions and new.unions and "type" not in (old.where.keys() | new.where.keys()):
            own = (found for found in own if found.fact.subject != "type")  # it is that of the alternatives
        if bool(old.unions) is not bool(new.unions):
            # One side is an alternative of the other and compared as that; null stands beside the alternatives.
            yield from (found for found in own if found.fact.subject == "null")
            return
        yield from own
        if old.types & new.types or old.types == new.types:
            yield from property_facts(self.sides, pair, old, new)
            self._descend(pair, old, new)

    def _behaviour(self, pair: Pair, old: Node, new: Node) -> Iterator[Found]:
        if old.annotations.get("x-behaviour") == new.annotations.get("x-behaviour"):
            return
        where_old, where_new = (
            node.where.get("x-behaviour", at[0]) for node, at in ((old, pair.old), (new, pair.new))
        )
        facts = behaviour_facts(
            "schema",
            self.sides.place("changed", where_old, where_new),
            (old.annotations.get("x-behaviour"), join(where_old, "x-behaviour")),
            (new.annotations.get("x-behaviour"), join(where_new, "x-behaviour")),
        )
        yield from (Found(fact, pair) for fact in facts)

    def _extensions(self, pair: Pair) -> Iterator[Found]:
        one, other = (
            self.old.raw(pair.old[0]) if pair.old else {},
            self.new.raw(pair.new[0]) if pair.new else {},
        )
        if not isinstance(one, Mapping) or not isinstance(other, Mapping):
            return
        if len(pair.old) == len(pair.new) == 1 and extensions_of(one) != extensions_of(other):
            place = self.sides.place("changed", pair.old[0], pair.new[0])
            for fact in extension_facts(None, place, (pair.old[0], one), (pair.new[0], other), pair):
                yield Found(fact, pair)

    def _descend(self, pair: Pair, old: Node, new: Node) -> None:
        for name in filter(new.properties.__contains__, old.properties):
            self._child(pair, old.properties[name], new.properties[name])
        matching = keyed_alike(old, new)
        for name in filter(matching.__contains__, old.pattern_properties):
            self._child(pair, old.pattern_properties[name], matching[name])
        for keyword in filter(new.children.__contains__, old.children):
            if not (self._closed(old, keyword, self.old) or self._closed(new, keyword, self.new)):
                self._child(pair, old.children[keyword], new.children[keyword])
        for one, other in zip(old.prefix, new.prefix, strict=False):
            self._child(pair, one, other)

    @staticmethod
    def _closed(node: Node, keyword: str, reader: Normaliser) -> bool:
        """Whether a keyword forbids everything (``additionalProperties: false``)."""
        return any(reader.raw(pointer) is False for pointer in node.children.get(keyword, ()))

    def _unions(self, pair: Pair, old: Node, new: Node) -> Iterator[Found]:
        """Alternatives matched group by group; where the groups do not correspond, the schemas as wholes decide."""
        if bool(old.unions) is not bool(new.unions):
            yield from self._wrapped(pair, old, new)
            return
        if [union.keyword for union in old.unions] != [union.keyword for union in new.unions]:
            if not self.sides.same(pair.old, pair.new):
                yield Found(self._fact("union", "changed", pair), pair)
            return
        for one, other in zip(old.unions, new.unions, strict=True):
            left = [self.old.key((branch,)) for branch in one.branches]
            right = [self.new.key((branch,)) for branch in other.branches]
            yield from self._matched(pair, left, right)
            if "oneOf" in (one.keyword, other.keyword) and self._edited(one, other):
                yield from (Found(fact, pair) for fact in overlap_facts(self.sides, pair))

    def _edited(self, old: Union, new: Union) -> bool:
        """Whether the alternatives read differently where they stand; an edit behind a reference is told there."""
        return [self.old.raw(at) for at in old.branches] != [self.new.raw(at) for at in new.branches]

    def _wrapped(self, pair: Pair, old: Node, new: Node) -> Iterator[Found]:
        """A schema that became one of several alternatives, or the other way round."""
        left = [self.old.key((branch,)) for union in old.unions for branch in union.branches]
        right = [self.new.key((branch,)) for union in new.unions for branch in union.branches]
        left, right = left or [_alone(self.old, pair.old)], right or [_alone(self.new, pair.new)]
        for one in left:
            self._null_beside |= {self.sides.pair(one, other) for other in right}
        found = list(self._matched(pair, left, right))
        if len(found) == len(left) + len(right):  # nothing corresponds
            found = [Found(self._fact("union", "added" if new.unions else "removed", pair), pair)]
        elif "oneOf" in {union.keyword for union in (*old.unions, *new.unions)}:
            found += [Found(fact, pair) for fact in overlap_facts(self.sides, pair)]
        yield from found

    def _matched(self, pair: Pair, left: list[Pointers], right: list[Pointers]) -> Iterator[Found]:
        tests = self.sides.alike, self.sides.same
        matched = match_branches(left, right, tests, (self.old.node, self.new.node))
        for one, other in matched.pairs:
            if pair != Pair(one, other):
                self._child(pair, one, other, union=pair)
        yield from self._branches(pair, matched.removed, "removed")
        yield from self._branches(pair, matched.added, "added")

    def _branches(self, pair: Pair, branches: Iterable[Pointers], action: str) -> Iterator[Found]:
        removed = action == "removed"
        reader = self.old if removed else self.new
        for pointers in branches:
            words = place_of(reader.contract, pointers[0])
            value = {"branch": words, "types": sorted(reader.node(pointers).types)}
            fact = Fact(
                "branch",
                action,
                place_of(self.new.contract, pair.new[0]),
                old=value if removed else None,
                new=None if removed else value,
                old_pointer=pointers[0] if removed else pair.old[0],
                new_pointer=pair.new[0] if removed else pointers[0],
                pair=pair,
                names=(words,),
            )
            yield Found(fact, pair)

    def _fact(self, subject: str, action: str, pair: Pair, old: JSON = None, new: JSON = None) -> Fact:
        place = place_of(self.new.contract, pair.new[0])
        return Fact(subject, action, place, old, new, pair.old[0], pair.new[0], pair=pair)


def _alone(reader: Normaliser, pointers: Pointers) -> Pointers:
    """The one alternative beside null, for a schema that is nullable that way; else the schema itself."""
    schema = reader.raw(pointers[0])
    if len(pointers) > 1 or not isinstance(schema, Mapping):
        return pointers
    branches = [
        join(pointers[0], keyword, at)
        for keyword in ("anyOf", "oneOf")
        for at in range(len(schema.get(keyword, ())))
    ]
    valued = [branch for branch in branches if reader.node((branch,)).types]
    return reader.key(valued) if len(valued) == 1 else pointers


def _edit(fact: Fact) -> tuple[JSON, ...]:
    """What makes two facts one edit: the edited place, and the values.

    Several old schemas that became one new schema, all changed alike on the way, are told once, where that one stands.
    """
    where = fact.old_pointer if fact.action == "removed" else fact.new_pointer
    return (fact.subject, fact.action, where, fact.place, repr(fact.old), repr(fact.new), fact.union is None)
