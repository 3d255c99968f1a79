"""What schemas say beside their values: defaults, deprecation, discriminators, lists that may grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from troth.compatibility.extensions import lifecycle_of
from troth.compatibility.facts import Fact
from troth.compatibility.nodes import Node

__all__ = ["MakeFact", "annotation_facts"]

JSON = Any
PLAIN = (
    ("default", "default"),
    ("deprecation", "deprecated"),
    ("sunset", "x-sunset"),
    ("xml-form", "xml"),
)


class MakeFact(Protocol):
    """Makes a fact about a keyword of the pair that is being compared."""

    def __call__(self, subject: str, action: str, old: JSON, new: JSON, keyword: str, **more: Any) -> Fact:
        """The fact, located at the keyword."""


def annotation_facts(old: Node, new: Node, make: MakeFact) -> Iterator[Fact]:
    """The differences of two nodes that no validator sees."""
    for subject, keyword in PLAIN:
        one, other = old.annotations.get(keyword), new.annotations.get(keyword)
        if keyword == "deprecated":
            one, other = one or None, other or None  # false is the same as not said
        if one != other:
            action = "added" if one is None else "removed" if other is None else "changed"
            more = {"context": lifecycle_of(new.annotations)} if subject == "sunset" else {}
            yield make(subject, action, one, other, keyword, **more)
    yield from _discriminator(old, new, make)
    yield from _extensible(old, new, make)


def _discriminator(old: Node, new: Node, make: MakeFact) -> Iterator[Fact]:
    keyword = "discriminator"
    before, after = old.annotations.get(keyword) or {}, new.annotations.get(keyword) or {}
    one, other = before.get("propertyName"), after.get("propertyName")
    if one != other:
        action = "added" if one is None else "removed" if other is None else "changed"
        yield make(keyword, action, one, other, keyword)
        return
    kept = [len(union.branches) for union in old.unions], [len(union.branches) for union in new.unions]
    if kept[0] != kept[1]:
        return  # a value comes and goes with its branch
    one, other = _mapping(before), _mapping(after)
    gone, come = sorted(one.keys() - other.keys()), sorted(other.keys() - one.keys())
    moved = sorted(value for value in one.keys() & other.keys() if one[value] != other[value])
    if gone:
        yield make("discriminator-value", "removed", gone, None, keyword, names=tuple(gone))
    if come:
        yield make("discriminator-value", "added", None, come, keyword, names=tuple(come))
    if moved and sorted(one.values()) == sorted(other.values()):
        here, there = ({value: side[value] for value in moved} for side in (one, other))
        yield make("discriminator-value", "changed", here, there, keyword, names=tuple(moved))


def _mapping(discriminator: Mapping[str, JSON]) -> dict[str, str]:
    """The values of a discriminator with the names of the schemas that they stand for."""
    mapping = discriminator.get("mapping") or {}
    return {str(value): str(target).rpartition("/")[2] for value, target in mapping.items()}


def _extensible(old: Node, new: Node, make: MakeFact) -> Iterator[Fact]:
    keyword, subject = "x-extensible-enum", "extensible-enum-value"
    before, after = old.annotations.get(keyword), new.annotations.get(keyword)
    if not (isinstance(before, list) and isinstance(after, list)):
        return
    gone, come = [v for v in before if v not in after], [v for v in after if v not in before]
    if gone:
        yield make(subject, "removed", gone, None, keyword, names=tuple(map(str, gone)))
    if come:
        yield make(subject, "added", None, come, keyword, names=tuple(map(str, come)))
