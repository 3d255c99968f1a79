"""The order of a list that nobody asked to be put in order: the one that the contract declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

from troth.behaviour.inquiries import order_of
from troth.behaviour.model import Binding, Kind
from troth.conformance.probes.querying import comparisons
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["usual"]

#: The order of a field's values, and whether it goes down.
_Rank = tuple[str, Callable[[Any], Any], bool]


def usual(scene: Scene, binding: Binding) -> None:
    """No row stands before one that belongs before it; rows without a value may stand anywhere."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only for resources
    rows, exchanges = scene.listed(binding, scene.owner)
    rows = scene.telling(resource, rows)
    if (
        not _tells(binding, rows)
        and not binding.parents
        and scene.behaviour.binding(resource.name, Kind.CREATE)
    ):
        with suppress(NotExercised, Inconclusive):
            for _ in range(2):
                scene.created(resource, scene.owner)
        rows, exchanges = scene.listed(binding, scene.owner)
    wrong = [next(_misplaced(ranks, rows), None) for ranks in _readings(binding, rows)]
    if wrong and all(wrong):
        before, after, name = wrong[0] or ({}, {}, "")
        title = f"A row with {before.get(name)!r} in '{name}' is listed before one with {after.get(name)!r}"
        order = ", ".join(f"{name}{' descending' if down else ''}" for name, down in order_of(binding))
        raise Violated(title, exchanges[0], expected=order, deviation="order", field=name)
    if not _tells(binding, rows):
        raise NotExercised("no two rows of the list differ in what it is ordered by")


def _readings(binding: Binding, rows: Sequence[Row]) -> Iterator[list[_Rank]]:
    """The declared order, with each way in which texts are compared."""
    fields = binding.resource.fields if binding.resource else {}
    for folded in (False, True):
        ranks: list[_Rank] = []
        for name, down in order_of(binding):
            value = next((row[name] for row in rows if row.get(name) is not None), None)
            keys = comparisons(value, fields[name].schema) if name in fields else []
            if not keys:
                break  # what comes after a field that tells nothing tells nothing either
            ranks.append((name, keys[-1 if folded else 0], down))
        yield ranks


def _compared(ranks: Sequence[_Rank], one: Row, other: Row) -> tuple[int, str]:
    """Below 0 where a row belongs before the other, above 0 behind it, by the field that decides; else 0."""
    for name, key, down in ranks:
        values = [row.get(name) for row in (one, other)]
        if values[0] == values[1]:
            continue
        if None in values:
            return 0, ""
        first, second = map(key, values)
        if first != second:
            return (-1 if (first < second) is not down else 1), name
    return 0, ""


def _misplaced(ranks: Sequence[_Rank], rows: Sequence[Row]) -> Iterator[tuple[Row, Row, str]]:
    for one, other in pairwise(rows):
        place, name = _compared(ranks, one, other)
        if place > 0:
            yield one, other, name


def _tells(binding: Binding, rows: Sequence[Row]) -> bool:
    """Whether two rows beside each other differ in what the list is ordered by."""
    ranks = next(_readings(binding, rows), [])
    compared = partial(_compared, ranks)
    return any(compared(*pair)[0] for pair in pairwise(rows))
