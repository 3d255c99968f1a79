"""Values that fit two alternatives of a ``oneOf`` at once, and are refused for it.

A new alternative, or a looser one, can take a value away although each alternative alone grew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.expansion import expand
from troth.compatibility.facts import Fact, Pair
from troth.compatibility.sides import Sides
from troth.compatibility.witness import MISSING, find_witness

__all__ = ["overlap_facts"]

JSON = Any
UNIONS = ("anyOf", "oneOf")


def overlap_facts(sides: Sides, pair: Pair) -> Iterator[Fact]:
    """A value that came to fit two alternatives, and one that no longer does; none where no value shows it."""
    old, new = expand(sides.old, pair.old), expand(sides.new, pair.new)
    place = sides.place("changed", pair.old[0], pair.new[0])
    lost = find_witness((old, _any_of(new)), (new,), deep=False)
    if lost is not MISSING:
        yield Fact("overlap", "added", place, None, lost, pair.old[0], pair.new[0], pair=pair)
    gained = find_witness((new, _any_of(old)), (old,), deep=False)
    if gained is not MISSING:
        yield Fact("overlap", "removed", place, gained, None, pair.old[0], pair.new[0], pair=pair)


def _any_of(schema: JSON) -> JSON:
    """The schema with each of its alternatives enough, also where alternatives stand within alternatives."""
    if not isinstance(schema, Mapping):
        return schema
    found = {keyword: value for keyword, value in schema.items() if keyword not in UNIONS}
    groups = [[_any_of(branch) for branch in schema[keyword]] for keyword in UNIONS if keyword in schema]
    if len(groups) == 1:
        return {**found, "anyOf": groups[0]}
    return (
        {**found, "allOf": [*found.get("allOf", []), *({"anyOf": group} for group in groups)]}
        if groups
        else found
    )
