"""What lists say of their length: as many rows as there are, also once one has come and gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from troth.behaviour.model import Binding, Kind
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import items_of, pointer_of, related, slot_of, walked
from troth.conformance.probes.pagination import filters_of, whole_list
from troth.conformance.relating import Related, Walked
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Throttled, Violated

__all__ = ["total"]


def total(scene: Scene, binding: Binding) -> None:
    """The total equals what the walk finds, on every page and under a filter; each page counts on from the last.

    So it does once a row has come and gone.
    """
    _come_and_gone(scene, binding)
    whole, exchanges = _counted_rows(scene, binding)
    seen = 0
    for exchange in exchanges:
        first, before = slot_of(binding, exchange, "first"), seen
        seen += len(items_of(binding, exchange))
        if first not in (None, before + 1):
            raise Violated(
                f"A page after {before} rows says that it begins with row {first}",
                exchange,
                deviation="value",
                relation=related(
                    binding, "begins", {"whole": walked(binding, exchanges)}, at=pointer_of(binding, "first")
                ),
            )
        told = slot_of(binding, exchange, "total")
        if told != len(whole):
            title = f"The total is {told}, the pages have {len(whole)} rows"
            relation = _once_more(scene, binding, told, len(whole)) or _counted(binding, exchanges)
            raise Violated(title, exchange, deviation="count", relation=relation)
    for query in _narrowings(binding, whole):
        try:
            kept, pages = scene.listed(binding, scene.owner, query=query)
        except Throttled:
            raise
        except Inconclusive:
            continue  # a filter that does not take what rows show is none of the total's business
        told = slot_of(binding, pages[0], "total")
        if told != len(kept):
            asked = "&".join(f"{name}={value}" for name, value in query)
            title = f"With {asked} the total is {told}, the pages have {len(kept)} rows"
            raise Violated(title, pages[0], relation=_counted(binding, pages))


def _counted_rows(scene: Scene, binding: Binding) -> tuple[list[Row], list[Exchange]]:
    """The list, of which a few rows are enough. Raises NotExercised without any."""
    try:
        return whole_list(scene, binding)
    except NotExercised:
        rows, exchanges = scene.listed(binding, scene.owner)
        if not rows:
            raise
        return rows, exchanges


def _counted(binding: Binding, pages: Sequence[Exchange], **others: Exchange) -> Related:
    """Every page says how many rows all of them have."""
    roles: dict[str, Exchange | Walked] = {**others, "whole": walked(binding, pages)}
    return related(binding, "counts", roles, at=pointer_of(binding, "total"))


def _once_more(scene: Scene, binding: Binding, told: Any, counted: int) -> Related | None:
    """A total that is off by one more after another row has come and gone; None where it is not."""
    gone = _come_and_gone(scene, binding)
    if gone is None or not gone.ok or not isinstance(told, int):
        return None
    try:
        rows, pages = scene.listed(binding, scene.owner)
    except (NotExercised, Inconclusive):
        return None
    later = slot_of(binding, pages[0], "total")
    grows = isinstance(later, int) and later - len(rows) > told - counted
    return _counted(binding, pages, gone=gone) if grows else None


def _come_and_gone(scene: Scene, binding: Binding) -> Exchange | None:
    """Make a row and delete it, where that can be done: what only is marked as deleted may go on counting."""
    resource = binding.resource
    deleter = (
        scene.behaviour.binding(resource.name, Kind.DELETE) if resource and not binding.parents else None
    )
    if resource is None or deleter is None:
        return None
    try:
        row = scene.created(resource, scene.owner)
        return scene.call(scene.owner, deleter, identifier=row[resource.id_field], row=row)
    except (NotExercised, Inconclusive):
        return None


def _narrowings(binding: Binding, whole: Sequence[Row]) -> Iterator[list[tuple[str, Any]]]:
    """Each filter, and a condition, with a value that keeps some rows but not all."""
    seen = set[str]()
    for name, value, _ in filters_of(binding, whole):
        if name not in seen:
            yield [(name, value)]
        seen.add(name)
    conditions, resource = binding.query.conditions, binding.resource
    if conditions and resource and resource.id_field in whole[0]:
        yield [(f"{conditions.parameter}[{resource.id_field}][equals]", whole[0][resource.id_field])]
