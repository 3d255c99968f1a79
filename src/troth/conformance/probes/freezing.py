"""Frozen fields: what they were computed from changes, and only rows that are not frozen follow."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import rows_naming
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["frozen"]


def frozen(scene: Scene, binding: Binding) -> None:
    """New rows over a new row, which then changes: each shows what it must, and at least one is frozen."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only for resources
    tried, reasons = 0, []
    for field in resource.fields.values():
        if field.frozen_when is None or field.computed is None:
            continue
        try:
            _judge(scene, resource, field)
            tried += 1
        except NotExercised as reason:
            reasons.append(str(reason))
    if not tried:
        raise NotExercised("; ".join(reasons))


def _judge(scene: Scene, resource: Resource, field: Field) -> None:
    target, reference = _source(scene, resource, field)
    source = scene.created(target, scene.owner)
    rows = list(rows_naming(scene, resource, reference, source[target.id_field]))
    if not any(_is_frozen(scene, field, row) for row in rows):
        raise NotExercised(f"no new row of {resource.name} has '{field.name}' frozen")
    for change in _changes(scene, target, source):
        if _told(scene, resource, field, rows, change):
            for row in rows:
                _freezes(scene, resource, field, row)
            return
    raise NotExercised(f"no change of a row of {target.name} shows in '{field.name}'")


def _source(scene: Scene, resource: Resource, field: Field) -> tuple[Resource, str]:
    """The resource that the field looks rows up in, and the reference by which it does."""
    looked_up = field.computed.looked_up if field.computed else frozenset()
    for name, reference in sorted((name, key) for name, key in looked_up if key):
        if name in scene.behaviour.resources and reference in resource.fields:
            return scene.behaviour.resources[name], reference
    raise NotExercised(f"'{field.name}' is not computed from a row that its own row names")


def _is_frozen(scene: Scene, field: Field, row: Row) -> bool:
    return field.frozen_when is not None and field.frozen_when.holds(row, Questions(scene, scene.owner))


def _changes(scene: Scene, target: Resource, source: Row) -> Iterator[Exchange]:
    binding = scene.operation(target, Kind.UPDATE)
    for _, _, body in scene.changes(binding, source, scene.owner):
        changed = scene.call(scene.owner, binding, identifier=source[target.id_field], row=source, body=body)
        if changed.broken:
            raise Inconclusive(f"{binding.id} answers {changed.status}")
        if changed.ok:
            yield changed


def _told(scene: Scene, resource: Resource, field: Field, rows: list[Row], change: Exchange) -> bool:
    """Whether the change would show in the field. Raises Violated for a row that shows something else."""
    world, shows = Questions(scene, scene.owner), False
    for row in rows:
        scope = {**row, "$id": row[resource.id_field]}
        wanted = field.computed.evaluate(scope, world) if field.computed else None
        if same(wanted, row[field.name]):
            continue
        shows = True
        found, reading = scene.fetched(resource, scene.owner, row)
        kept = _is_frozen(scene, field, row)
        if not same(found.get(field.name), row[field.name] if kept else wanted):
            word = "is frozen and was changed" if kept else "did not follow"
            raise Violated(
                f"'{field.name}' {word}",
                change,
                reading,
                before=row[field.name],
                deviation="value",
                field=field.name,
            )
    return shows


def _freezes(scene: Scene, resource: Resource, field: Field, row: Row) -> None:
    """A row that is moved into a state in which it is frozen keeps what it shows by then, not what it once showed."""
    update, cycle = scene.behaviour.binding(resource.name, Kind.UPDATE), resource.lifecycle
    if update is None or cycle is None or cycle.field not in writable_fields(scene.contract, update):
        return
    for move in cycle.transitions:
        then = {**row, cycle.field: move.target}
        if str(row.get(cycle.field)) not in move.origins or _is_frozen(scene, field, row):
            continue
        if not _is_frozen(scene, field, then):
            continue
        before = scene.fetched(resource, scene.owner, row)[0]
        body = scene.update_body(update, row, {cycle.field: move.target}, scene.owner)
        done = scene.call(scene.owner, update, identifier=row[resource.id_field], row=row, body=body)
        found, reading = scene.fetched(resource, scene.owner, row)
        if (
            done.ok
            and _is_frozen(scene, field, found)
            and not same(found.get(field.name), before[field.name])
        ):
            raise Violated(
                f"'{field.name}' freezes as something else than what it was by then", done, reading
            )
        if done.ok:
            return
