"""Compares schemas pair by pair: each pair of components once, however many operations use it.

The walk is coinductive: a pair that is being compared, or was, is assumed and not entered again, so recursion ends
and one edit is one fact. Which operations a fact reaches is read from the graph of pairs afterwards.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from troth.compatibility.assertions import assertion_facts
from troth.compatibility.behaviours import behaviour_facts
from troth.compatibility.branches import match_branches
from troth.compatibility.expansion import guarded
from troth.compatibility.facts import Direction, Fact, Pair, Pointers, Use
from troth.compatibility.nodes import Node
from troth.compatibility.normal import Normaliser
from troth.compatibility.places import place_of
from troth.compatibility.sides import Sides
from troth.contract.pointers import join

__all__ = ["SchemaWalk"]

JSON = Any
DIRECTIONS: tuple[Direction, ...] = ("request", "response")


@dataclass(frozen=True, slots=True)
class Found:
    """A fact before its reach is known; it does not travel in the directions of ``blocked``."""

    fact: Fact
    pair: Pair
    blocked: frozenset[Direction] = frozenset()


class SchemaWalk:
    """The comparison of all schemas of two contracts. Call :meth:`enter` for each root, then :meth:`facts`."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.old, self.new = sides.old, sides.new
        self._parents: dict[Pair, set[tuple[Pair, frozenset[Direction]]]] = defaultdict(set)
        self._roots: dict[Pair, set[Use]] = defaultdict(set)
        self._seen: set[Pair] = set()
        self._waiting: deque[Pair] = deque()
        self._found: dict[tuple[JSON, ...], list[Found]] = {}

    def enter(self, old: str, new: str, use: Use) -> None:
        """A schema at which a request or response of an operation begins, on both sides."""
        pair = self.sides.pair((old,), (new,))
        self._roots[pair].add(use)
        self._visit(pair)

    def enter_component(self, name: str) -> None:
        """A component that both contracts have, whether or not an operation uses it."""
        pointer = f"/components/schemas/{name}"
        self._visit(self.sides.pair((pointer,), (pointer,)))

    def facts(self) -> Iterator[Fact]:
        """Every schema fact, once, with the operations it reaches."""
        while self._waiting:
            pair = self._waiting.popleft()
            for found in self._differences(pair):
                self._found.setdefault(_edit(found.fact), []).append(found)
        for group in self._found.values():
            uses = {use for found in group for use in self._uses(found)}
            yield replace(group[0].fact, uses=tuple(sorted(uses)))

    def _visit(self, pair: Pair) -> None:
        if pair not in self._seen:
            self._seen.add(pair)
            self._waiting.append(pair)

    def _uses(self, found: Found) -> Iterator[Use]:
        """The roots above a pair, walking only edges that let the direction through."""
        for direction in DIRECTIONS:
            if direction in found.blocked:
                continue
            seen, waiting = {found.pair}, deque([found.pair])
            while waiting:
                pair = waiting.popleft()
                yield from (use for use in self._roots.get(pair, ()) if use.direction == direction)
                for parent, blocked in self._parents.get(pair, ()):
                    if direction not in blocked and parent not in seen:
                        seen.add(parent)
                        waiting.append(parent)

    def _child(self, parent: Pair, old: Pointers, new: Pointers) -> None:
        pair = self.sides.pair(old, new)
        one, other = self.old.node(pair.old).annotations, self.new.node(pair.new).annotations
        blocked = frozenset(d for d in DIRECTIONS if guarded(one, d) and guarded(other, d))
        self._parents[pair].add((parent, blocked))
        self._visit(pair)

    def _differences(self, pair: Pair) -> Iterator[Found]:
        old, new = self.old.node(pair.old), self.new.node(pair.new)
        if self.sides.untouched(pair):
            self._descend(pair, old, new)
            return
        yield from self._behaviour(pair, old, new)
        unions = list(self._unions(pair, old, new))
        yield from unions
        if any(found.fact.subject == "union" for found in unions):
            return
        if bool(old.unions) is not bool(new.unions):  # one side is an alternative of the other: compared as that
            yield from (Found(fact, pair) for fact in assertion_facts(self.sides, pair, old, new) if fact.subject == "null")
            return
        yield from (Found(fact, pair) for fact in assertion_facts(self.sides, pair, old, new))
        if old.types & new.types or old.types == new.types:
            yield from self._properties(pair, old, new)
            self._descend(pair, old, new)

    def _behaviour(self, pair: Pair, old: Node, new: Node) -> Iterator[Found]:
        where_old, where_new = (node.where.get("x-behaviour", at[0]) for node, at in ((old, pair.old), (new, pair.new)))
        facts = behaviour_facts(
            "schema",
            self.sides.place("changed", where_old, where_new),
            (old.annotations.get("x-behaviour"), join(where_old, "x-behaviour")),
            (new.annotations.get("x-behaviour"), join(where_new, "x-behaviour")),
        )
        yield from (Found(fact, pair) for fact in facts)

    def _descend(self, pair: Pair, old: Node, new: Node) -> None:
        for name in old.properties.keys() & new.properties.keys():
            self._child(pair, old.properties[name], new.properties[name])
        for name in old.pattern_properties.keys() & new.pattern_properties.keys():
            self._child(pair, old.pattern_properties[name], new.pattern_properties[name])
        for keyword in old.children.keys() & new.children.keys():
            if not (self.closed(old, keyword, self.old) or self.closed(new, keyword, self.new)):
                self._child(pair, old.children[keyword], new.children[keyword])
        for one, other in zip(old.prefix, new.prefix, strict=False):
            self._child(pair, one, other)

    @staticmethod
    def closed(node: Node, keyword: str, reader: Normaliser) -> bool:
        """Whether a keyword forbids everything (``additionalProperties: false``)."""
        return any(reader.raw(pointer) is False for pointer in node.children.get(keyword, ()))

    def _unions(self, pair: Pair, old: Node, new: Node) -> Iterator[Found]:
        if not (old.unions or new.unions):
            return
        if len(old.unions) > 1 or len(new.unions) > 1 or self._changed_keyword(old, new):
            if not self.sides.same(pair.old, pair.new):
                yield Found(self._fact("union", "changed", pair), pair)
            return
        left = [self.old.key((b,)) for b in old.unions[0].branches] if old.unions else [pair.old]
        right = [self.new.key((b,)) for b in new.unions[0].branches] if new.unions else [pair.new]
        matched = match_branches(left, right, self.sides.same, (self.old.node, self.new.node))
        if not (old.unions and new.unions) and not matched.pairs:
            yield Found(self._fact("union", "added" if new.unions else "removed", pair), pair)
            return
        for one, other in matched.pairs:
            if pair != Pair(one, other):
                self._child(pair, one, other)
        yield from self._branches(pair, matched.removed, "removed")
        yield from self._branches(pair, matched.added, "added")

    @staticmethod
    def _changed_keyword(old: Node, new: Node) -> bool:
        return bool(old.unions and new.unions) and old.unions[0].keyword != new.unions[0].keyword

    def _branches(self, pair: Pair, branches: Iterable[Pointers], action: str) -> Iterator[Found]:
        side, contract = (self.old, self.old.contract) if action == "removed" else (self.new, self.new.contract)
        for pointers in branches:
            words = place_of(contract, pointers[0])
            value = {"branch": words, "types": sorted(side.node(pointers).types)}
            fact = self._fact("branch", action, pair, value if action == "removed" else None,
                              value if action == "added" else None)  # fmt: skip
            where = {"old_pointer": pointers[0]} if action == "removed" else {"new_pointer": pointers[0]}
            yield Found(replace(fact, context={"branch": list(pointers)}, names=(words,), **where), pair)

    def _fact(self, subject: str, action: str, pair: Pair, old: JSON = None, new: JSON = None) -> Fact:
        place = place_of(self.new.contract, pair.new[0])
        return Fact(subject, action, place, old, new, pair.old[0], pair.new[0], pair=pair)

    def _properties(self, pair: Pair, old: Node, new: Node) -> Iterator[Found]:
        for name in sorted(new.properties.keys() - old.properties.keys()):
            yield self._property(pair, name, "added", new, self.new)
        for name in sorted(old.properties.keys() - new.properties.keys()):
            yield self._property(pair, name, "removed", old, self.old)
        alone = (old.required ^ new.required) - (old.properties.keys() ^ new.properties.keys())
        for name in sorted(alone):
            yield self._requirement(pair, name, old, new)
        for name in sorted(old.properties.keys() & new.properties.keys()):
            yield from self._travel(pair, name, old, new)

    def _property(self, pair: Pair, name: str, action: str, node: Node, reader: Normaliser) -> Found:
        pointers = reader.key(node.properties[name])
        schema = reader.node(pointers)
        blocked = frozenset(d for d in DIRECTIONS if guarded(schema.annotations, d))
        subject = "required-property" if name in node.required else "property"
        pointer = node.where.get(f"properties/{name}", node.properties[name][0])
        fact = Fact(
            subject,
            action,
            place_of(reader.contract, pointer),
            old=name if action == "removed" else None,
            new=name if action == "added" else None,
            old_pointer=pointer if action == "removed" else pair.old[0],
            new_pointer=pointer if action == "added" else pair.new[0],
            pair=pair,
            names=(name,),
            context={"schema": list(pointers), "deprecated": bool(schema.annotations.get("deprecated")),
                     "sunset": schema.annotations.get("x-sunset")},
        )  # fmt: skip
        return Found(fact, pair, blocked)

    def _requirement(self, pair: Pair, name: str, old: Node, new: Node) -> Found:
        became = name in new.required
        node, reader = (new, self.new) if became else (old, self.old)
        known = node.properties.get(name)
        annotations = reader.node(reader.key(known)).annotations if known else {}
        pointer_old = old.where.get(f"properties/{name}", pair.old[0])
        pointer_new = new.where.get(f"properties/{name}", pair.new[0])
        place = place_of(self.new.contract, pointer_new) if known else f"{place_of(self.new.contract, pair.new[0])}.{name}"
        fact = Fact("required", "added" if became else "removed", place, not became, became, pointer_old,
                    pointer_new, pair=pair, names=(name,))  # fmt: skip
        return Found(fact, pair, frozenset(d for d in DIRECTIONS if guarded(annotations, d)))

    def _travel(self, pair: Pair, name: str, old: Node, new: Node) -> Iterator[Found]:
        """``readOnly`` and ``writeOnly`` set or lifted: the property leaves or enters one direction."""
        one = self.old.node(self.old.key(old.properties[name])).annotations
        other = self.new.node(self.new.key(new.properties[name])).annotations
        for keyword, subject, direction in (("readOnly", "read-only", "request"), ("writeOnly", "write-only", "response")):
            before, after = one.get(keyword) is True, other.get(keyword) is True
            if before == after:
                continue
            required = "required-" if before and name in new.required else ""
            pointer_new = new.where[f"properties/{name}"]
            fact = Fact(required + subject, "added" if after else "removed", place_of(self.new.contract, pointer_new),
                        before, after, old.where[f"properties/{name}"], pointer_new, names=(name,))  # fmt: skip
            yield Found(fact, pair, frozenset(d for d in DIRECTIONS if d != direction))


def _edit(fact: Fact) -> tuple[JSON, ...]:
    """What makes two facts one edit: the edited place on the side that has it, and the values."""
    where = (
        None if fact.action == "added" else fact.old_pointer,
        None if fact.action == "removed" else fact.new_pointer,
    )
    return (fact.subject, fact.action, *where, fact.place, repr(fact.old), repr(fact.new))
