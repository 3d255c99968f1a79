"""Rows: what is created is there, what is changed stays changed, what is deleted is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.behaviour.resources import properties_of
from troth.behaviour.shapes import answer_form, collection_name, list_form, response_media
from troth.conformance.actors import Actor
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import is_cut
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["create", "delete", "is_shown_alike", "merge", "read", "same", "visible"]


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values mean the same: what one side leaves out or has as null may be missing on the other."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return all(same(left.get(name), right.get(name)) for name in left if name in right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right) and isinstance(left, bool) is isinstance(right, bool)


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - clauses about rows exist only where there is a resource
    return binding.resource


def read(scene: Scene, binding: Binding) -> None:
    """The row alone shows what it shows in the list, and the same twice."""
    resource = _resource(binding)
    lister = scene.operation(resource, Kind.LIST)
    rows, listing = scene.listed(lister, scene.owner)
    row = rows[0] if rows else scene.created(resource, scene.owner)
    exchange = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row)
    if not exchange.ok:
        if exchange.broken or not rows:
            raise Inconclusive(f"reading answers {exchange.status}")
        raise Violated(
            f"A listed row of {resource.name} answers {exchange.status} when it is read",
            exchange,
            deviation="missing",
        )
    found = scene.unwrapped(binding, exchange)
    masked = {field.name for field in resource.fields.values() if field.in_list}
    alike = _lists_the_same(scene, lister, resource)
    for name in row.keys() & found.keys() - masked:
        if not alike and isinstance(row[name], Mapping | list):
            continue  # the document describes another object for the list
        if not same(row[name], found[name]):
            raise Violated(
                f"'{name}' differs between the list and the row",
                *listing[:1],
                exchange,
                listed=row[name],
                read=found[name],
            )


def _lists_the_same(scene: Scene, lister: Binding, resource: Resource) -> bool:
    """Whether a list shows rows by the schema by which they are read."""
    media = response_media(lister.operation)
    name = collection_name(lister.operation)
    form = list_form(scene.contract, media.schema_pointer, name) if media and media.schema_pointer else None
    return form is None or scene.contract.follow(form[1])[0] == resource.schema_pointer


def visible(scene: Scene, binding: Binding) -> None:
    """No listed row breaks the condition under which rows are shown."""
    resource = _resource(binding)
    if resource.visible is None or not resource.visible.variables <= resource.fields.keys():
        raise NotExercised("the condition reads fields that answers do not show")
    rows, exchanges = scene.listed(binding, scene.owner)
    if not rows:
        raise NotExercised("the list is empty")
    world = Questions(scene, scene.owner)
    for row in rows:
        if resource.visible.variables <= row.keys() and not resource.visible.holds(row, world):
            shown = {name: row.get(name) for name in resource.visible.variables}
            raise Violated(
                f"A row that must stay hidden is listed: not {resource.visible.text}",
                *exchanges[:1],
                row=shown,
            )


def _shows_id(scene: Scene, binding: Binding, resource: Resource) -> bool:
    """Whether what a create answers has the row's id, by the document."""
    media = response_media(binding.operation)
    if media is None or media.schema_pointer is None:
        return False
    shown = answer_form(scene.contract, media.schema_pointer, collection_name(binding.operation)).pointer
    return resource.id_field in properties_of(scene.contract, shown)


def create(scene: Scene, binding: Binding) -> None:
    """The answer has what was sent, reading finds it, the list has it."""
    resource = _resource(binding)
    body, made = scene.creation(binding, scene.owner)
    row = scene.unwrapped(binding, made)
    if resource.id_field not in row:
        if not _shows_id(scene, binding, resource):
            raise Inconclusive(f"the document describes an answer without '{resource.id_field}'")
        raise Violated(
            f"The answer has no '{resource.id_field}'",
            made,
            deviation="missing",
            field=resource.id_field,
        )
    body = _own(scene, binding, resource, body)
    _kept(scene, resource, body, row, made)
    if (reader := scene.behaviour.binding(resource.name, Kind.READ)) is not None:
        found = scene.call(scene.owner, reader, identifier=row[resource.id_field], row=row)
        if found.broken:
            raise Inconclusive(f"reading answers {found.status}")
        if not found.ok:
            raise Violated(
                f"The created row answers {found.status} when it is read",
                made,
                found,
                deviation="missing",
            )
        _kept(scene, resource, body, scene.unwrapped(reader, found), made, found)
    if (lister := scene.behaviour.binding(resource.name, Kind.LIST)) is not None:
        _listed(scene, lister, resource, row, made)


def _own(scene: Scene, binding: Binding, resource: Resource, body: Any) -> Any:
    """What was sent, without what rows say only the server sets, unless the operation says that it takes it."""
    if not isinstance(body, Mapping):
        return body
    taken = writable_fields(scene.contract, binding)
    kept = {n for n in body if n in taken or n not in resource.fields or not resource.fields[n].read_only}
    return {name: value for name, value in body.items() if name in kept}


def _kept(scene: Scene, resource: Resource, body: Any, row: Row, *exchanges: Exchange) -> None:
    """Every value that was sent is there. Fields that the server computes are its business.

    So is what rows show as something else: an id that is sent, the object that is shown.
    """
    for name, value in body.items() if isinstance(body, Mapping) else ():
        field = resource.fields.get(name)
        if field is None or field.write_only or field.hidden or field.computed or name not in row:
            continue
        if not is_shown_alike(scene, field, value):
            continue
        if not same(value, row[name]):
            raise Violated(
                f"'{name}' was sent as {value!r} and is shown as {row[name]!r}",
                *exchanges,
                deviation="value",
                field=name,
            )


def is_shown_alike(scene: Scene, field: Field, value: Any) -> bool:
    """Whether a value that is sent can be what is shown."""
    return not field.pointer or scene.validators.at(field.pointer, "response").is_valid(value)


def _listed(scene: Scene, lister: Binding, resource: Resource, row: Row, made: Exchange) -> None:
    if resource.visible is not None or lister.parents or _is_narrowed(lister):
        return
    rows, exchanges = scene.listed(lister, scene.owner)
    if is_cut(lister, len(rows)):
        return
    if all(str(one.get(resource.id_field)) != str(row[resource.id_field]) for one in rows):
        raise Violated(
            f"The created row is not among the {len(rows)} rows of the list", made, *exchanges[-1:]
        )


def _is_narrowed(lister: Binding) -> bool:
    """Whether a list is only ever asked for what a parameter selects, so that rows may rightly be missing."""
    selects = {one.parameter for one in lister.filters}
    return any(
        p.required and p.location == "query" and p.name in selects for p in lister.operation.parameters
    )


def merge(scene: Scene, binding: Binding) -> None:
    """Fields that an update does not name keep their values: of the fullest row, or of any that can be changed."""
    resource = _resource(binding)
    kept = _merged(scene, binding, _filled(scene, resource, scene.owner))
    if kept is False:
        kept = _merged(scene, binding, scene.created(resource, scene.owner))
    if kept is None:
        raise NotExercised("no field could be changed")
    if not kept:
        raise Inconclusive("no change was accepted")


def _merged(scene: Scene, binding: Binding, row: Row) -> bool | None:
    """Whether a change was accepted; None when there is none to try. Raises Violated."""
    resource = _resource(binding)
    before, first = scene.fetched(resource, scene.owner, row)
    tried = False
    for name, value, body in scene.changes(binding, row, scene.owner):
        tried = True
        changed = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
        if not changed.ok:
            continue
        after, last = scene.fetched(resource, scene.owner, row)
        for other, field in resource.fields.items():
            if (
                not _moves(field, resource, name)
                and other in before
                and not same(before[other], after.get(other))
            ):
                title = f"Setting '{name}' to {value!r} also changed '{other}'"
                raise Violated(
                    title,
                    first,
                    changed,
                    last,
                    before=before[other],
                    after=after.get(other),
                    deviation="value",
                    field=other,
                )
        return True
    return False if tried else None


def _moves(field: Field, resource: Resource, changed: str) -> bool:
    """Whether a field may have another value after a change of another one: not the id, nor when a row was made."""
    if field.generated == "created" or field.name == resource.id_field:
        return False
    by_server = field.computed or field.stamped or field.generated or field.read_only
    return bool(by_server) or field.name == changed


def _filled(scene: Scene, resource: Resource, actor: Actor) -> Row:
    """A new row with as many fields set as a create accepts."""
    creator = scene.operation(resource, Kind.CREATE)
    richest = sorted(
        scene.bodies.candidates(creator), key=lambda body: -len(body) if isinstance(body, Mapping) else 0
    )
    for body in richest:
        made = scene.call(
            actor, creator, body=scene.bodies.unique(creator, scene.referring(creator, body, actor))
        )
        if made.ok:
            return scene.unwrapped(creator, made)
    return scene.created(resource, actor)


def delete(scene: Scene, binding: Binding) -> None:
    """Reading a deleted row finds nothing, and neither does the list."""
    resource = _resource(binding)
    row = scene.created(resource, scene.owner)
    gone = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row)
    if not gone.ok:
        raise Inconclusive(f"a new row of {resource.name} cannot be deleted: {gone.status}")
    wanted = {scene.kind("not-found").status, scene.kind("gone").status}
    if (reader := scene.behaviour.binding(resource.name, Kind.READ)) is not None:
        found = scene.call(scene.owner, reader, identifier=row[resource.id_field], row=row)
        if found.ok:
            raise Violated("A deleted row can still be read", gone, found, deviation="extra")
        if found.status not in wanted:
            raise Inconclusive(f"reading a deleted row answers {found.status}")
    _ended(scene, binding, row, gone)
    if (lister := scene.behaviour.binding(resource.name, Kind.LIST)) is not None and not lister.parents:
        rows, exchanges = scene.listed(lister, scene.owner)
        if any(str(one.get(resource.id_field)) == str(row[resource.id_field]) for one in rows):
            raise Violated("A deleted row is still listed", gone, *exchanges[-1:], deviation="extra")
        _not_found(scene, lister, row, gone)


def _ended(scene: Scene, binding: Binding, row: Row, gone: Exchange) -> None:
    """Nothing can be done to a deleted row that is refused for one that never was: no delete, and no update."""
    resource = _resource(binding)
    changes = (scene.behaviour.binding(resource.name, kind) for kind in (Kind.UPDATE, Kind.REPLACE))
    for again in (binding, *filter(None, changes)):
        body: Any = ABSENT
        if again is not binding:
            body = next((body for _, _, body in scene.changes(again, row, scene.owner)), ABSENT)
            if body is ABSENT:
                continue
        second = scene.call(scene.owner, again, identifier=row[resource.id_field], row=row, body=body)
        if not second.ok:
            continue
        missing = scene.missing_id(resource)
        never = scene.call(scene.owner, again, identifier=missing, row=row, body=body)
        if never.broken or never.ok:
            continue  # who answers so for any id says nothing about this row
        title = f"{again.id} of a deleted row answers {second.status}, of one that never was {never.status}"
        raise Violated(title, gone, second, never, deviation="accepted")


def _not_found(scene: Scene, lister: Binding, row: Row, gone: Exchange) -> None:
    """No filter brings a deleted row back."""
    name = _resource(lister).id_field
    for one in lister.filters:
        value = row.get(one.field)
        if one.op != "eq" or one.where or not isinstance(value, str | int | float):
            continue
        rows, exchanges = scene.listed(lister, scene.owner, query=[(one.parameter, value)])
        if any(str(other.get(name)) == str(row[name]) for other in rows):
            title = f"{one.parameter}={value} finds a deleted row"
            raise Violated(title, gone, *exchanges[-1:], deviation="extra")
        return
