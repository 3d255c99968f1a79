"""Updates: what is changed stays changed, also a list, a null and the moment of the change itself."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import related, walked
from troth.conformance.probes.resources import is_shown_alike, same
from troth.conformance.relating import Related
from troth.conformance.scene import Row, Scene
from troth.conformance.timeline import Moved
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated
from troth.contract.pointers import join

__all__ = ["update"]

#: How many lists and how many fields that can be null take part.
_FEW = 2
#: Long enough for another millisecond.
_MOMENT = 0.002


def update(scene: Scene, binding: Binding) -> None:
    """The answer shows the new value, and so do the next read and the list; lists and nulls replace what was there."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - clauses about rows exist only where there is a resource
    row, name, value, changed = scene.updated(binding, scene.owner)
    if not is_shown_alike(scene, resource.fields[name], value):
        raise Inconclusive(f"'{name}' is sent in one form and shown in another")
    shown = changed.json if isinstance(changed.json, Mapping) else {}
    shown = shown.get(binding.wrapper, shown) if binding.wrapper else shown
    if name in shown and not same(value, shown[name]):
        raise Violated(
            f"'{name}' was set to {value!r}, the answer says {shown[name]!r}",
            changed,
            deviation="value",
            field=name,
        )
    found, exchange = scene.fetched(resource, scene.owner, row)
    if not same(value, found.get(name)):
        raise Violated(
            f"'{name}' was set to {value!r}, the next read says {found.get(name)!r}", changed, exchange
        )
    _listed(scene, binding, resource, row)
    row = _touched(scene, binding, resource, row)
    for field, values in _sequels(scene, binding, resource, row):
        _replaced(scene, binding, resource, row, field, values)


def _plain_list(scene: Scene, resource: Resource) -> Binding | None:
    """The list of all rows of a resource, where there is one."""
    lister = scene.behaviour.binding(resource.name, Kind.LIST)
    whole = lister is not None and not lister.parents and lister.where is None and resource.visible is None
    return lister if whole else None


def _listed(scene: Scene, binding: Binding, resource: Resource, row: Row) -> None:
    """A list that was read before a change shows what is changed."""
    lister = _plain_list(scene, resource)
    if lister is None:
        return
    scene.listed(lister, scene.owner)  # so that it may be remembered
    found, _ = scene.fetched(resource, scene.owner, row)
    for name, value, body in scene.changes(binding, found, scene.owner):
        changed = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
        if not changed.ok:
            continue
        rows, exchanges = scene.listed(lister, scene.owner)
        wanted = str(row[resource.id_field])
        shown = next((one for one in rows if str(one.get(resource.id_field)) == wanted), {})
        if name in shown and same(found.get(name), shown[name]) and not same(value, shown[name]):
            title = f"'{name}' was set to {value!r}, the list goes on saying {shown[name]!r}"
            named = [(resource.id_field, row[resource.id_field]), (name, shown[name])]
            test = {"all": [{"field": field, "op": "eq", "value": one} for field, one in named]}
            whole = walked(lister, exchanges)
            relation = related(lister, "few", {"changed": changed, "whole": whole}, where=test, most=0)
            raise Violated(title, changed, *exchanges[-1:], deviation="stale", relation=relation)
        return


def _touched(scene: Scene, binding: Binding, resource: Resource, row: Row) -> Row:
    """A row that is changed after another one was made says that it was changed no earlier than that.

    Nothing is known of the target's clock: where both rows were made in the same moment, nothing is said.
    """
    names = {f.generated: f.name for f in resource.fields.values() if f.generated in ("created", "updated")}
    before = _moment_of(row, names.get("updated"))
    if before is None or "created" not in names:
        return row
    if scene.control is not None:
        scene.control.advance(1)
    else:
        time.sleep(_MOMENT)
        scene.client.log.append(Moved(_MOMENT))
    try:
        later = scene.created(resource, scene.owner)
    except (NotExercised, Inconclusive):
        return row
    since = _moment_of(later, names["created"])
    if since is None or since <= before:
        return row
    for _, _, body in scene.changes(binding, row, scene.owner):
        changed = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
        if not changed.ok:
            continue
        found, exchange = scene.fetched(resource, scene.owner, row)
        told = _moment_of(found, names["updated"])
        if told is not None and told < since:
            title = (
                f"After a change '{names['updated']}' is {told.isoformat()}, earlier than {since.isoformat()}"
            )
            relation = _no_earlier(scene, resource, names, changed, exchange)
            raise Violated(
                title, changed, exchange, deviation="stale", field=names["updated"], relation=relation
            )
        return found
    return row


def _no_earlier(
    scene: Scene, resource: Resource, names: Mapping[Any, str], changed: Exchange, read: Exchange
) -> Related | None:
    """A row that was changed after the latest row was made says so."""
    creator, reader = (scene.operation(resource, kind) for kind in (Kind.CREATE, Kind.READ))
    made = [one for one in scene.client.log if isinstance(one, Exchange) and one.operation == creator.id]
    since, at = (
        join("", *([binding.wrapper] if binding.wrapper else []), names[word])
        for binding, word in ((creator, "created"), (reader, "updated"))
    )
    roles = {"first": made[-1], "changed": changed, "then": read} if made else {}
    return Related("no-earlier", roles, {"since": since, "at": at}) if made else None


def _moment_of(row: Row, name: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(str(row.get(name))) if name else None
    except ValueError:
        return None


def _sequels(
    scene: Scene, binding: Binding, resource: Resource, row: Row
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """(field, two values): a list and a shorter or another one; something and zero or null."""
    writable = writable_fields(scene.contract, binding)
    lists: list[tuple[str, tuple[Any, Any]]] = []
    nulls: list[tuple[str, tuple[Any, Any]]] = []
    zeros: list[tuple[str, tuple[Any, Any]]] = []
    for name, pointer in scene.editable(binding):
        is_valid, shown = scene.validators.at(pointer, "request").is_valid, row.get(name)
        full = (
            shown
            if shown and not resource.fields[name].items
            else scene.bodies.value(writable[name], full=True)
        )
        if isinstance(full, list) and full:
            other = next((one for one in ([], *scene.bodies.others(pointer, full)) if is_valid(one)), None)
            lists += [(name, (full, other))] if other is not None else []
            continue
        if full and isinstance(full, int | float) and not isinstance(full, bool) and is_valid(0):
            zeros += [(name, (full, 0))]
        if full is not None and is_valid(None) and resource.fields[name].initial is None:
            nulls += [(name, (full, None))]
    yield from (*islice(_named(scene, binding, resource), 1), *lists[:_FEW], *zeros[:_FEW], *nulls[:_FEW])


def _named(
    scene: Scene, binding: Binding, resource: Resource
) -> Iterator[tuple[str, tuple[list[Any], list[Any]]]]:
    """Lists of ids: one row and none, or another one."""
    writable = writable_fields(scene.contract, binding)
    for reference in resource.references:
        target = scene.behaviour.resources.get(reference.to.get("", ""))
        pointer = writable.get(reference.field)
        if not reference.many or reference.at or target is None or pointer is None:
            continue
        try:
            first = [scene.row(target, scene.owner)[target.id_field]]
            empty = scene.validators.at(pointer, "request").is_valid([])
            yield (
                reference.field,
                (first, [] if empty else [scene.created(target, scene.owner)[target.id_field]]),
            )
        except (NotExercised, Inconclusive):
            continue


def _replaced(
    scene: Scene, binding: Binding, resource: Resource, row: Row, name: str, values: tuple[Any, Any]
) -> None:
    """The second of two values takes the place of the first."""
    field = resource.fields[name]
    if not all(is_shown_alike(scene, field, value) for value in values):
        return
    for value in values:
        body = scene.update_body(binding, row, {name: value}, scene.owner)
        if not scene.bodies.is_valid(binding, body):
            return
        changed = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
        if not changed.ok:
            return
    found, exchange = scene.fetched(resource, scene.owner, row)
    if found.get(name) != value and not same(value, found.get(name)):
        title = (
            f"'{name}' was set to {values[0]!r} and then to {value!r}, the next read says {found.get(name)!r}"
        )
        raise Violated(title, changed, exchange, deviation="missing" if value is None else "repeated")
