"""What writes leave in other resources, and how moments are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from troth.behaviour.circumstances import moments
from troth.behaviour.model import Binding, Kind, Record, Resource
from troth.behaviour.occasions import settable_fields
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import walk
from troth.conformance.probes.leaving import called_for, holds, promised
from troth.conformance.probes.resources import same
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import acted_on, action_body, shown, untouched
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["moment", "written"]

_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class _Found:
    """What a row of a record shows, and all rows of the list that has it."""

    wanted: Row
    rows: list[Row]


def written(scene: Scene, binding: Binding) -> None:
    """After a write, the list of the other resource has a row with the values of each record that applies."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - records belong to resources
    name = "create" if binding.kind is Kind.CREATE else "update"
    row, old, exchange = _write(scene, binding, resource)
    world, judged, reasons = Questions(scene, scene.owner), 0, list[str]()
    for record in resource.records:
        applies = record.when is None or record.when.holds(row, world, {"old": old})
        if name in record.on and applies:
            try:
                found = _find(scene, resource, record, row, old, world, exchange)
                if binding.kind is Kind.CREATE:
                    _one_more(scene, binding, record, found)
                judged += 1
            except NotExercised as reason:
                reasons.append(str(reason))
        elif name in record.on and binding.kind in (Kind.UPDATE, Kind.REPLACE):
            judged += _brought_about(scene, binding, record)
    if not judged:
        raise NotExercised("; ".join(reasons) or "no record applies to what could be written")


def _write(scene: Scene, binding: Binding, resource: Resource) -> tuple[Row, Row | None, Exchange]:
    """The row after and before a write that succeeded, and its answer."""
    if binding.kind is Kind.CREATE:
        exchange = scene.creation(binding, scene.owner)[1]
        return scene.unwrapped(binding, exchange), None, exchange
    if binding.kind is not Kind.ACTION:
        old, _, _, exchange = scene.updated(binding, scene.owner)
        return scene.unwrapped(binding, exchange), old, exchange
    old = shown(scene, resource, scene.created(resource, scene.owner))
    exchange = acted_on(scene, binding, old, action_body(scene, binding, scene.owner))
    if not exchange.ok:
        raise Inconclusive(f"a new row of {resource.name} answers {exchange.status}")
    return shown(scene, resource, old), old, exchange


def _brought_about(scene: Scene, binding: Binding, record: Record) -> int:
    """1 when a change could be made that the record is about, and its row was found."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - as above
    for change in _changes(scene, binding, record):
        old = scene.created(resource, scene.owner)
        body = scene.update_body(binding, old, change, scene.owner)
        exchange = scene.call(scene.owner, binding, identifier=old[resource.id_field], row=old, body=body)
        world = Questions(scene, scene.owner)
        row = scene.unwrapped(binding, exchange) if exchange.ok else None
        if row is not None and (record.when is None or record.when.holds(row, world, {"old": old})):
            _find(scene, resource, record, row, old, world, exchange)
            return 1
    return 0


def _changes(scene: Scene, binding: Binding, record: Record) -> Iterator[dict[str, Any]]:
    """Changes of single fields that the record's condition reads."""
    resource, written_ = binding.resource, settable_fields(scene.contract, binding)
    names = record.when.variables if record.when else frozenset()
    for name in sorted(names & written_.keys()):
        reference = next((r for r in resource.references if r.field == name), None) if resource else None
        target = scene.behaviour.resources.get(reference.to.get("", "")) if reference else None
        if target is not None:
            values = [row[target.id_field] for row in scene.rows(target, scene.owner)[:_ENOUGH]]
        else:
            values = list(scene.bodies.others(written_[name], None))[:_ENOUGH]
        yield from ({name: value} for value in values if value is not None)


def _find(
    scene: Scene,
    resource: Resource,
    record: Record,
    row: Row,
    old: Row | None,
    world: Questions,
    exchange: Exchange,
) -> _Found:
    """What the row of a record shows, and the list that it is in. Raises Violated where it isn't."""
    every = promised(record, row, old, world)
    wanted = {field: value for field, value in every.items() if not _is_hidden(scene, record.into, field)}
    lister = scene.behaviour.binding(record.into, Kind.LIST)
    if lister is None or not called_for(scene, lister, every):
        raise NotExercised(f"{record.into} has no list with all its rows")
    above = [every.get(parent.field) for parent in lister.parents]
    if all(value is None for value in wanted.values()) and not _below(resource, row, above):
        raise NotExercised(f"rows of {record.into} do not show what brought them about")
    found, listing = walk(
        lister, lambda paging: scene.call(scene.owner, lister, row=every, query=list(paging))
    )
    if not any(holds(wanted, one) for one in found):
        if old is not None and untouched(scene, resource, old):
            raise Inconclusive("the write changes nothing that is kept, so it need not leave anything behind")
        title = f"The write leaves no row '{record.name}' in {record.into}"
        raise Violated(title, exchange, *listing[-1:], expected=wanted, deviation="missing")
    return _Found(wanted, found)


def _one_more(scene: Scene, binding: Binding, record: Record, before: _Found) -> None:
    """Where such a row may have been there already, another one is there after another create."""
    exchange = scene.creation(binding, scene.owner)[1]
    row, world = scene.unwrapped(binding, exchange), Questions(scene, scene.owner)
    resource = binding.resource
    if resource is None or (record.when is not None and not record.when.holds(row, world, {"old": None})):
        return
    after = _find(scene, resource, record, row, None, world, exchange)
    counts = [sum(holds(after.wanted, one) for one in found.rows) for found in (before, after)]
    if after.wanted == before.wanted and counts[0] >= counts[1]:
        title = f"The write leaves no row '{record.name}' in {record.into} beside those that were there"
        raise Violated(title, exchange, expected=after.wanted, deviation="missing")


def _below(resource: Resource, row: Row, above: list[Any]) -> bool:
    """Whether the list stands below the new row itself, so that all that is in it came with that."""
    return any(same(value, row.get(resource.id_field)) for value in above)


def _is_hidden(scene: Scene, resource: str, field: str) -> bool:
    found = (
        scene.behaviour.resources[resource].fields.get(field)
        if resource in scene.behaviour.resources
        else None
    )
    return found is not None and found.hidden


def moment(scene: Scene, binding: Binding) -> None:
    """What the server stamps on a new row has the declared form."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only with a resource
    exchange = scene.creation(binding, scene.owner)[1]
    row, pattern = scene.unwrapped(binding, exchange), scene.behaviour.moment
    form = re.compile(
        re.sub(r"(?:YYYY|MM|DD|hh|mm|SSS|ss)", lambda t: f"[0-9]{{{len(t[0])}}}", re.escape(pattern))
    )
    values = {name: row[name] for name in moments(resource) if row.get(name) is not None}
    if not values:
        raise Inconclusive("a new row shows no moment")
    for name, value in values.items():
        if not form.fullmatch(str(value)):
            raise Violated(
                f"'{name}' is {value!r}, which is not {pattern}",
                exchange,
                deviation="form",
                field=name,
            )
