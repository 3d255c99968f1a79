"""Comparing what target and model show: up to ids, and without what the contract leaves to the server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from troth.behaviour.model import Field, Resource

__all__ = ["alike", "is_free", "leaning_of", "unequal"]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d)?")
_CENT = 0.005


def is_free(field: Field, given: frozenset[str], writable: frozenset[str], defaults: frozenset[str]) -> bool:
    """Whether the server alone chooses what a field holds: ids, moments, numbers, and what nobody speaks of."""
    name = field.name
    if field.generated or field.stamped is not None:
        return True
    if field.computed is not None:
        return field.computed.clocked
    if name in given or name in defaults:
        return False
    if field.sequence is not None:
        return True
    if field.initially is not None:
        return field.initially.clocked
    return field.initial is None or name not in writable


def leaning_of(resource: Resource, *, rows: bool) -> frozenset[str]:
    """The fields whose values hang, however many steps away, on the time, and with ``rows`` on other rows too."""
    computed = {f.name: f.computed for f in resource.fields.values() if f.computed is not None}
    found: set[str] = set()
    ahead = {n for n, e in computed.items() if e.clocked or (rows and (e.related or e.looked_up))}
    while ahead:
        found |= ahead
        ahead = {name for name, one in computed.items() if one.variables & found} - found
    return frozenset(found)


def alike(expected: Any, found: Any) -> bool:
    """Whether two values mean the same: null may be left out, numbers may be a hair apart."""
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return abs(expected - found) <= max(_CENT * 0.9, abs(expected) * 1e-9)
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return all(alike(expected.get(n), found.get(n)) for n in expected.keys() & found.keys())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(alike, expected, found))
    if isinstance(expected, str) and isinstance(found, str) and _MOMENT.match(expected):
        return expected.rstrip("Z").rstrip("0.") == found.rstrip("Z").rstrip("0.") or expected == found
    return bool(expected == found)


def unequal(
    resource: Resource,
    expected: Mapping[str, Any],
    found: Mapping[str, Any],
    free: Callable[[Field], bool],
) -> Iterator[tuple[str, Any, Any]]:
    """(field, what the model shows, what the target shows) of the fields that both show and that differ."""
    for name, field in resource.fields.items():
        if name == resource.id_field or name not in expected or name not in found or field.hidden:
            continue
        if free(field):
            if field.stamped is not None and (expected[name] is None) != (found[name] is None):
                yield name, expected[name], found[name]
            continue
        left, right = _bare(field, expected[name]), _bare(field, found[name])
        if not alike(left, right):
            yield name, left, right


def _bare(field: Field, value: Any) -> Any:
    """A list of objects without the members that the server makes up."""
    items = field.items
    if not items or not isinstance(value, list):
        return value
    made = {
        name for name, inner in items.items() if inner.generated or (inner.read_only and not inner.computed)
    }
    return [
        {name: inner for name, inner in one.items() if name not in made} if isinstance(one, Mapping) else one
        for one in value
    ]
