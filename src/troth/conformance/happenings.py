"""Bringing events about: writes of one operation, and which events each of them must and must not announce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from troth.behaviour.model import Binding, Event, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import shown
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["Happening", "first", "happenings", "times", "verdict_on"]

_MOST = 3


@dataclass(frozen=True, slots=True)
class Happening:
    """One write that succeeded: the row before (None for a create) and after it."""

    moment: str
    identifier: Any
    old: Row | None
    row: Row
    exchange: Exchange


def verdict_on(scene: Scene, resource: Resource, event: Event, happening: Happening) -> bool | None:
    """Whether an event must be announced; None where that depends on what answers do not show."""
    if happening.moment not in event.on:
        return False
    return _holds(scene, resource, event, happening.row, happening.old)


def times(scene: Scene, resource: Resource, event: Event, happening: Happening) -> int | None:
    """How often an event must have been announced about the row by now: the row's own creation counts as well."""
    found = [verdict_on(scene, resource, event, happening)]
    if happening.old is not None and "create" in event.on:
        found.append(_holds(scene, resource, event, happening.old, None))
    return None if None in found else sum(map(bool, found))


def _holds(scene: Scene, resource: Resource, event: Event, row: Row, old: Row | None) -> bool | None:
    if event.when is None:
        return True
    world = Questions(scene, scene.owner)
    hidden = {f.name for f in resource.fields.values() if f.hidden or f.write_only}
    unseen = {name for name in event.when.variables if name in resource.fields and name not in row}
    if event.when.variables & hidden or unseen or not world.reaches(event.when):
        return None
    return event.when.holds({**row, "$id": row.get(resource.id_field)}, world, {"old": old})


def happenings(scene: Scene, binding: Binding) -> Iterator[Happening]:
    """A plain write, then some that bring about events which the plain one does not."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - events belong to resources
    makers = {
        Kind.CREATE: _creations,
        Kind.UPDATE: _updates,
        Kind.REPLACE: _updates,
        Kind.DELETE: _deletions,
    }
    maker = makers.get(binding.kind)
    if maker is None:
        yield from _actions(scene, binding, resource)
    else:
        yield from maker(scene, binding, resource)


def _creations(scene: Scene, binding: Binding, resource: Resource) -> Iterator[Happening]:
    body, exchange = scene.creation(binding, scene.owner)
    row = scene.unwrapped(binding, exchange)
    plain = Happening("create", row.get(resource.id_field), None, row, exchange)
    yield plain
    for changes in _telling(scene, binding, resource, plain, row, None):
        varied = scene.bodies.unique(binding, {**body, **changes}) if isinstance(body, Mapping) else body
        again = scene.call(scene.owner, binding, body=varied)
        if again.ok:
            row = scene.unwrapped(binding, again)
            yield Happening("create", row.get(resource.id_field), None, row, again)


def _updates(scene: Scene, binding: Binding, resource: Resource) -> Iterator[Happening]:
    old, _, _, exchange = scene.updated(binding, scene.owner)
    plain = Happening(
        "update", old[resource.id_field], old, _after(scene, binding, resource, old, exchange), exchange
    )
    yield plain
    for changes in _telling(scene, binding, resource, plain, old, old):
        before = scene.created(resource, scene.owner)
        body = scene.update_body(binding, before, changes, scene.owner)
        identifier = before[resource.id_field]
        again = scene.call(scene.owner, binding, identifier=identifier, row=before, body=body)
        if again.ok:
            after = _after(scene, binding, resource, before, again)
            yield Happening("update", identifier, before, after, again)


def _deletions(scene: Scene, binding: Binding, resource: Resource) -> Iterator[Happening]:
    row = scene.created(resource, scene.owner)
    identifier = row[resource.id_field]
    exchange = scene.call(scene.owner, binding, identifier=identifier, row=row)
    if not exchange.ok:
        raise Inconclusive(f"{binding.id} answers {exchange.status}")
    yield Happening("delete", identifier, row, row, exchange)


def _actions(scene: Scene, binding: Binding, resource: Resource) -> Iterator[Happening]:
    old = scene.created(resource, scene.owner)
    body = scene.body(binding, scene.owner) if binding.input else ABSENT
    identifier = old[resource.id_field]
    exchange = scene.call(scene.owner, binding, identifier=identifier, row=old, body=body)
    if not exchange.ok:
        raise Inconclusive(f"a new row of {resource.name} answers {exchange.status}")
    yield Happening("update", identifier, old, shown(scene, resource, old), exchange)


def _after(scene: Scene, binding: Binding, resource: Resource, old: Row, exchange: Exchange) -> Row:
    """The row as the answer shows it, else as it reads now."""
    try:
        row = scene.unwrapped(binding, exchange)
    except Inconclusive:
        return shown(scene, resource, old)
    return row if resource.id_field in row else {**old, **row}


def _telling(
    scene: Scene, binding: Binding, resource: Resource, plain: Happening, row: Row, old: Row | None
) -> Iterator[dict[str, Any]]:
    """Changes that should bring about events which the plain write did not, at most a few."""
    found: list[dict[str, Any]] = []
    for event in resource.events:
        wanted = plain.moment in event.on and verdict_on(scene, resource, event, plain) is False
        if not wanted or event.when is None or len(found) >= _MOST:
            continue
        for name, value in _values(scene, binding, resource, event):
            changes = {name: value}
            if changes not in found and _holds(scene, resource, event, {**row, **changes}, old):
                found.append(changes)
                yield changes
                break


def _values(scene: Scene, binding: Binding, resource: Resource, event: Event) -> Iterator[tuple[str, Any]]:
    """Writable fields that an event's condition reads, with each value that their schemas list."""
    names = event.when.variables if event.when else frozenset()
    for name, pointer in writable_fields(scene.contract, binding).items():
        if name in names and name in resource.fields:
            schema = scene.contract.follow(pointer)[1]
            listed = schema.get("enum") if isinstance(schema, Mapping) else None
            values = listed if isinstance(listed, list) else [True, False]
            yield from ((name, value) for value in values)


def first(scene: Scene, binding: Binding) -> tuple[Event, Happening]:
    """A write and an event that it must announce. Raises NotExercised where none does."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - as above
    for happening in happenings(scene, binding):
        for event in resource.events:
            if verdict_on(scene, resource, event, happening):
                return event, happening
    raise NotExercised(f"{binding.id} brings about no event that can be foreseen")
