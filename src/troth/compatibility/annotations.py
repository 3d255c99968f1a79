"""What schemas say beside their values: defaults, deprecation, discriminators, lists that may grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from troth.compatibility.facts import Fact
from troth.compatibility.nodes import Node

__all__ = ["MakeFact", "annotation_facts"]

JSON = Any
PLAIN = (("default", "default"), ("deprecation", "deprecated"), ("sunset", "x-sunset"))


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
            yield make(subject, action, one, other, keyword)
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
    gone = sorted((before.get("mapping") or {}).keys() - (after.get("mapping") or {}).keys())
    kept = [union.branches for union in old.unions], [union.branches for union in new.unions]
    if gone and [len(branches) for branches in kept[0]] == [len(branches) for branches in kept[1]]:
        yield make("discriminator-value", "removed", gone, None, keyword, names=tuple(gone))


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
