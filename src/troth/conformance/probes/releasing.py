"""Deletes of rows that others name: kept, taken along, or named no more, as each reference says."""

from __future__ import annotations

from troth.behaviour.aftermaths import referring
from troth.behaviour.model import Binding, Kind, Reference, Resource
from troth.conformance.assurances import assure_gone
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.references import assure_heeded, writing
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["deleted", "naming"]


def naming(scene: Scene, owner: Resource, reference: Reference, target: Resource, row: Row) -> Row:
    """A new row that names another one. Raises NotExercised, Inconclusive."""
    creator = scene.operation(owner, Kind.CREATE)
    attempt = writing(scene, creator, reference, to=target.name)
    made = attempt.send(row[target.id_field])
    if not made.ok:
        raise NotExercised(f"{creator.id} with '{reference.field}' answers {made.status}")
    found = scene.unwrapped(creator, made)
    shown = scene.fetched(owner, scene.owner, found)[0]
    if reference.on_delete == "nullify" and not _names(reference, shown, row[target.id_field]):
        raise NotExercised(f"rows of {owner.name} do not show '{reference.field}'")
    return shown


def _names(reference: Reference, row: Row, identifier: object) -> bool:
    return any(str(named) == str(identifier) for _, _, named in reference.named(row))


def deleted(scene: Scene, binding: Binding) -> None:
    """Each reference is tried on a row of its own, after one was deleted that nothing names."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only for resources
    plain = scene.created(resource, scene.owner)
    if not (gone := _delete(scene, binding, plain)).ok:
        raise Inconclusive(f"a new row of {resource.name} cannot be deleted: {gone.status}")
    assure_gone(scene, binding, plain)
    tried, reasons = 0, []
    for owner, reference in referring(scene.contract, scene.behaviour, resource.name):
        try:
            row = scene.created(resource, scene.owner)
            named = naming(scene, owner, reference, resource, row)
        except (NotExercised, Inconclusive) as reason:
            reasons.append(str(reason))
            continue
        try:
            _followed(scene, binding, (owner, reference), row, named)
            tried += 1
        except Violated:
            try:
                assure_heeded(scene, scene.operation(owner, Kind.CREATE), reference)
            except NotExercised as reason:
                reasons.append(str(reason))
                continue
            raise
    if not tried:
        raise NotExercised("; ".join(reasons))


def _delete(scene: Scene, binding: Binding, row: Row) -> Exchange:
    assert binding.resource is not None  # noqa: S101 - as above
    return scene.call(scene.owner, binding, identifier=row[binding.resource.id_field], row=row)


def _followed(scene: Scene, binding: Binding, by: tuple[Resource, Reference], row: Row, named: Row) -> None:
    """What becomes of the row and of the one that names it."""
    resource, (owner, reference) = binding.resource, by
    assert resource is not None  # noqa: S101 - as above
    gone = _delete(scene, binding, row)
    told = f"'{reference.field}' of {owner.name}"
    if gone.broken:
        raise Inconclusive(f"deleting what {told} names answers {gone.status}")
    reader = scene.operation(owner, Kind.READ)
    after = scene.call(scene.owner, reader, identifier=named[owner.id_field], row=named)
    if after.broken:
        raise Inconclusive(f"{reader.id} answers {after.status}")
    if reference.on_delete == "restrict":
        if gone.ok:
            raise Violated(
                f"A row is deleted that {told} names", gone, after, deviation="accepted", field=told
            )
        return
    if not gone.ok:
        raise Violated(
            f"A row cannot be deleted as {told} names it: {gone.status}",
            gone,
            deviation="refused",
            field=told,
        )
    if reference.on_delete == "cascade" and after.ok:
        raise Violated(
            f"A row stays though the one is deleted that its {told} names",
            gone,
            after,
            deviation="extra",
            field=told,
        )
    if reference.on_delete == "nullify":
        if not after.ok:
            raise Violated(
                f"A row goes with the one that its {told} named", gone, after, deviation="missing", field=told
            )
        if _names(reference, scene.unwrapped(reader, after), row[resource.id_field]):
            raise Violated(f"{told} goes on naming a deleted row", gone, after, deviation="stale", field=told)
