"""Rows that writes leave behind in other resources: what a record promises of them, and where they are listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.model import Binding, Kind, Record, Resource
from troth.conformance.probes.moving import naming
from troth.conformance.probes.resources import same
from troth.conformance.questions import Questions, is_whole
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["called_for", "holds", "left_behind", "promised"]


def promised(record: Record, row: Row, old: Row | None, world: Questions) -> dict[str, Any]:
    """What the row of a record holds after a write that leaves ``row``."""
    return {
        field: row[formula.text] if formula.text in row else formula.evaluate(row, world, {"old": old})
        for field, formula in record.row.items()
    }


def holds(wanted: Mapping[str, Any], row: Row) -> bool:
    """Whether a row shows what is wanted of it, as far as anything is."""
    return all(same(value, row.get(name)) for name, value in wanted.items() if value is not None)


def left_behind(scene: Scene, resource: Resource) -> Iterator[tuple[Row, Row]]:
    """Rows that creates of other resources have just left in this one, and what each of them holds.

    Whatever a record does not name begins as in any other new row, in fields that no answer shows too.
    """
    lister = scene.behaviour.binding(resource.name, Kind.LIST)
    begun = {f.name: f.initial for f in resource.fields.values() if f.initially is None}
    for source, record in _records(scene, resource) if lister is not None else ():
        try:
            creator = scene.operation(source, Kind.CREATE)
            row = scene.unwrapped(creator, scene.creation(creator, scene.owner)[1])
            world = Questions(scene, scene.owner)
            if record.when is not None and not record.when.holds(row, world, {"old": None}):
                continue
            held = promised(record, row, None, world)
            rows = scene.listed_below(lister, held)[0] if lister is not None else []
        except (NotExercised, Inconclusive):
            continue
        hidden = {name for name, field in resource.fields.items() if field.hidden or field.write_only}
        shown = {name: value for name, value in held.items() if name not in hidden}
        found = [one for one in rows if holds(shown, one)]
        if len(found) == 1 and any(value is not None for value in shown.values()):
            yield found[0], {**begun, **held}


def called_for(scene: Scene, lister: Binding, held: Row) -> bool:
    """Whether a list has to show a row that holds this, after what its condition asks for is brought about.

    A condition over what is computed from other rows may hold once there is one that names this row.
    """
    resource, condition = lister.resource, lister.where
    if is_whole(condition):
        return True
    if resource is None or condition is None or held.get(resource.id_field) is None:
        return False
    asked = [one for name in sorted(condition.variables) if (one := resource.fields.get(name)) is not None]
    computed = [one.computed for one in asked if one.computed is not None]
    if not computed or not Questions(scene, scene.owner).reaches(condition, *computed):
        return False
    pairs = sorted({pair for one in computed for pair in one.related})

    def satisfied() -> bool:
        world, row = Questions(scene, scene.owner), {**held, "$id": held[resource.id_field]}
        row |= {one.name: one.computed.evaluate(row, world) for one in asked if one.computed is not None}
        return condition.holds(row, world, {"query": {}})

    return satisfied() or any(
        satisfied() for pair in pairs for _ in _naming(scene, *pair, held[resource.id_field])
    )


def _naming(scene: Scene, resource: str, field: str, identifier: Any) -> Iterator[Row]:
    """New rows of a resource that name one in a field, from each body that its create accepts."""
    creator = scene.behaviour.binding(resource, Kind.CREATE)
    holder, _, member = field.partition(".")
    for body in scene.bodies.candidates(creator) if creator is not None and not creator.parents else ():
        if creator is None or not isinstance(body, Mapping):
            continue
        try:
            sent = dict(scene.referring(creator, body, scene.owner))
            sent[holder] = naming(sent.get(holder), member, identifier)
            made = scene.call(scene.owner, creator, body=scene.bodies.unique(creator, sent))
        except (NotExercised, Inconclusive):
            continue
        if made.ok:
            yield scene.unwrapped(creator, made)


def _records(scene: Scene, resource: Resource) -> Iterator[tuple[Resource, Record]]:
    """The records of creates that end up in a resource."""
    for source in scene.behaviour.resources.values():
        for record in source.records:
            if record.into == resource.name and "create" in record.on:
                yield source, record
