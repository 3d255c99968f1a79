"""Pairs the alternatives of two unions, so that order, inlining and renaming of a branch are no difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from troth.compatibility.facts import Pointers
from troth.compatibility.nodes import Node, shared_types

__all__ = ["Matched", "is_component", "match_branches"]


@dataclass(frozen=True, slots=True)
class Matched:
    """The pairs found, and what is left over on either side."""

    pairs: tuple[tuple[Pointers, Pointers], ...]
    removed: tuple[Pointers, ...]
    added: tuple[Pointers, ...]


HALF = 0.5
Test = Callable[[Pointers, Pointers], bool]
Readers = tuple[Callable[[Pointers], Node], Callable[[Pointers], Node]]


def match_branches(
    old: Sequence[Pointers],
    new: Sequence[Pointers],
    tests: tuple[Test, Test],
    nodes: Readers,
) -> Matched:
    """Branches are paired by component, then by equal values, by their only common type, then by properties.

    ``tests`` tell whether two schemas read alike, which is cheap, and whether they admit the same values, which is not.
    Two leftovers, one on each side, are one edited branch.
    """
    left, right = list(old), list(new)
    pairs: list[tuple[Pointers, Pointers]] = []

    def take(test: Test) -> None:
        for one in list(left):
            other = next((candidate for candidate in right if test(one, candidate)), None)
            if other is not None:
                pairs.append((one, other))
                left.remove(one)
                right.remove(other)

    take(lambda one, other: one == other and is_component(one))
    for test in tests:
        take(test)
    take(lambda one, other: _only_common_kind(one, other, (left, right), nodes))
    take(lambda one, other: other == _nearest(one, right, nodes))
    if len(left) == len(right) == 1 and _overlap(nodes[0](left[0]), nodes[1](right[0])):
        pairs.append((left.pop(), right.pop()))
    return Matched(tuple(pairs), tuple(left), tuple(right))


def _nearest(one: Pointers, others: Sequence[Pointers], nodes: Readers) -> Pointers | None:
    """The object branch that shares most properties with a branch, at least half of all, and contradicts none."""
    scored = [(_shared(one, other, nodes), other) for other in others]
    score, found = max(scored, key=lambda item: item[0], default=(0.0, None))
    return found if score >= HALF else None


def _shared(one: Pointers, other: Pointers, nodes: Readers) -> float:
    """The part of the properties of two objects that both have; none where listed values exclude each other."""
    old, new = nodes[0](one).properties, nodes[1](other).properties
    both = old.keys() & new.keys()
    for name in both:
        before, after = nodes[0](old[name]).enum, nodes[1](new[name]).enum
        if before is not None and after is not None and not any(value in after for value in before):
            return 0.0
    return len(both) / len(old.keys() | new.keys()) if both else 0.0


def is_component(pointers: Pointers) -> bool:
    """Whether a conjunction is one named schema: its name is then what it is known by."""
    return len(pointers) == 1 and pointers[0].count("/") == len(("components", "schemas", "name"))


def _only_common_kind(
    one: Pointers,
    other: Pointers,
    sides: tuple[list[Pointers], list[Pointers]],
    nodes: Readers,
) -> bool:
    kinds = nodes[0](one).types
    if kinds != nodes[1](other).types or len(kinds) != 1:
        return False
    alike = [list(_of_kind(side, read, kinds)) for side, read in zip(sides, nodes, strict=True)]
    return all(len(found) == 1 for found in alike)


def _of_kind(
    side: list[Pointers], read: Callable[[Pointers], Node], kinds: frozenset[str]
) -> Iterator[Pointers]:
    return (pointers for pointers in side if read(pointers).types == kinds)


def _overlap(old: Node, new: Node) -> bool:
    """Whether two object branches share a property name, or two others share a type."""
    if "object" in old.types and "object" in new.types and old.properties and new.properties:
        return bool(old.properties.keys() & new.properties.keys())
    return bool(shared_types(old.types, new.types))
