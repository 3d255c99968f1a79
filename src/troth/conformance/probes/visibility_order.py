"""Whether the order of a list betrays what is withheld of its rows: sorted by it, they stand where it puts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from troth.behaviour.model import Binding
from troth.behaviour.seeing import Visibility
from troth.conformance.onlookers import Limited
from troth.conformance.probes.querying import is_sortable
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Violated

__all__ = ["unsorted"]

_FEWEST = 3


def unsorted(scene: Scene, binding: Binding, rule: Visibility, found: Limited) -> int:
    """How many withheld fields a caller could sort by, none of which puts a row where its value belongs.

    Raises Violated. A list in which nothing would be told is not counted.
    """
    profile, resource = binding.query.sort, binding.resource
    if profile is None or resource is None:
        return 0
    plain, tried = _ids(scene, binding, found, ()), 0
    for name in sorted({name for row in found.rows.values() for name in row if rule.conceals(name)}):
        values = _comparable({identifier: row.get(name) for identifier, row in found.rows.items()})
        if not is_sortable(scene, binding, name) or not _telling(values, found, plain):
            continue
        tried += 1
        ways = [profile.written(name, descending=descending) for descending in (False, True)]
        up, down = (_ids(scene, binding, found, [(profile.parameter, way)]) for way in ways)
        if _rises(up, values) and _rises(down[::-1], values):
            exchange = scene.call(found.actor, binding, query=[(profile.parameter, ways[0])])
            raise Violated(
                f"{profile.parameter}={ways[0]} puts rows in the order of what is withheld", exchange
            )
    return tried


def _ids(scene: Scene, binding: Binding, found: Limited, query: Sequence[tuple[str, Any]]) -> list[str]:
    """The ids of the rows as the caller gets them."""
    name = binding.resource.id_field if binding.resource else "id"
    return [str(row.get(name)) for row in scene.listed(binding, found.actor, query=query)[0]]


def _comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of one kind that can be put in order: numbers, or texts without regard to case."""
    numbers = {i: v for i, v in values.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    return numbers or {i: v.lower() for i, v in values.items() if isinstance(v, str)}


def _telling(values: Mapping[str, Any], found: Limited, plain: Sequence[str]) -> bool:
    """Whether rows in the order of their values could not stand so by themselves.

    A server that takes what is withheld for nothing puts those rows at one end, as they stood before or the other way
    round. So one of them must belong between rows that are seen, or their values must neither rise nor fall.
    """
    seen = [values[i] for i in plain if i in values and i not in found.unseen]
    unseen = [values[i] for i in plain if i in values and i in found.unseen]
    if seen and any(min(seen) < value < max(seen) for value in unseen):
        return True
    return len(unseen) >= _FEWEST and not (_is_rising(unseen) or _is_rising(unseen[::-1]))


def _rises(order: Sequence[str], values: Mapping[str, Any]) -> bool:
    return _is_rising([values[i] for i in order if i in values])


def _is_rising(values: Sequence[Any]) -> bool:
    return all(a <= b for a, b in pairwise(values))
