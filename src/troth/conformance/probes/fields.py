"""Traits of fields: read-only, write-only, immutable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.behaviour.occasions import forgeable_fields, writable_fields
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import pointer_of
from troth.conformance.probes.resources import same
from troth.conformance.relating import Related
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["immutable", "read_only", "shown_once", "write_only"]


_FAR = 104_729


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - fields belong to resources
    return binding.resource


def read_only(scene: Scene, binding: Binding) -> None:
    """A forged value is refused, or ignored, as the contract says; it is never taken."""
    tried = 0
    row, base = _writing(scene, binding)
    if not isinstance(base, Mapping):
        raise NotExercised(f"{binding.id} takes no object")
    for name, value in _forged(scene, binding, row):
        exchange = _send(scene, binding, row, {**base, name: value})
        tried += 1
        if exchange.broken:
            raise Inconclusive(f"'{name}' answers {exchange.status}")
        if not exchange.ok:
            continue
        if scene.behaviour.writes.read_only == "reject":
            raise Violated(
                f"The read-only field '{name}' is accepted in a write",
                exchange,
                sent=value,
                deviation="accepted",
                field=name,
            )
        if same(scene.unwrapped(binding, exchange).get(name), value):
            raise Violated(
                f"The read-only field '{name}' is taken from the request",
                exchange,
                sent=value,
                deviation="value",
                field=name,
            )
    if not tried:
        raise NotExercised("no read-only field could be given another value")


def _writing(scene: Scene, binding: Binding) -> tuple[Row, Any]:
    """(a row as the API shows it, a body that is accepted)."""
    if binding.kind is Kind.CREATE:
        body, made = scene.creation(binding, scene.owner)
        return scene.unwrapped(binding, made), body
    row, name, value, _ = scene.updated(binding, scene.owner)
    return row, scene.update_body(binding, row, {name: value}, scene.owner)


def _send(scene: Scene, binding: Binding, row: Row, body: Any) -> Exchange:
    if binding.kind is Kind.CREATE:
        return scene.call(scene.owner, binding, body=scene.bodies.unique(binding, body))
    identifier = row[_resource(binding).id_field]
    return scene.call(scene.owner, binding, identifier=identifier, row=row, body=body)


def _forged(scene: Scene, binding: Binding, row: Row) -> Iterator[tuple[str, Any]]:
    for field in forgeable_fields(scene.contract, binding):
        if field.name in row:
            known = row[field.name]
            if isinstance(known, int) and not isinstance(known, bool):
                known += _FAR  # the next number might be what the server would have given anyway
            for value in scene.bodies.others(field.pointer, known):
                if value is not None:
                    yield field.name, value
                    break


def write_only(scene: Scene, binding: Binding) -> None:
    """Neither the name nor the value of a write-only field occurs anywhere in an answer."""
    resource = _resource(binding)
    creator = scene.operation(resource, Kind.CREATE)
    secret = {
        f.name: value
        for f in resource.fields.values()
        if f.write_only and not f.shown_once and (value := _secret(scene, creator, f))
    }
    later = _later(scene, resource, secret.keys()) if binding.kind is not Kind.CREATE else []
    if not secret and not later:
        raise NotExercised("no write sets a write-only field")
    body = {**scene.creation(creator, scene.owner)[0], **secret}
    made = scene.call(scene.owner, creator, body=scene.bodies.unique(creator, body))
    #: What other fields hold as well, such as an example, may come back as theirs.
    common = {name for name, value in secret.items() if _occurs({**body, name: None}, None, value)}
    row = scene.unwrapped(creator, made)
    changed = [_set(scene, updater, row, names) for updater, names in later]
    secret |= {name: value for _, names in later for name, value in names.items()}
    for exchange in (*_answers(scene, binding, row, made, secret), *changed):
        if exchange.broken:
            raise Inconclusive(f"answers {exchange.status}")
        for name, value in secret.items():
            # A refusal may name the field, but not tell what it holds.
            sought = None if name in common else value
            headed = isinstance(sought, str) and any(
                sought in one for one in exchange.response_headers.values()
            )
            if headed or _occurs(exchange.json, name if exchange.ok else None, sought):
                raise Violated(
                    f"The write-only field '{name}' comes back",
                    exchange,
                    deviation="extra",
                    field=name,
                    relation=_hides(binding, exchange, name) if exchange.ok and not headed else None,
                )


def _hides(binding: Binding, exchange: Exchange, name: str) -> Related:
    """An answer has no member of a name; of a list only where that has rows."""
    listed = exchange.operation == binding.id and binding.kind is Kind.LIST
    items = {"items": pointer_of(binding, "items") or ""} if listed else {}
    return Related("hides", {"answer": exchange}, {"member": name, **items})


def shown_once(scene: Scene, binding: Binding) -> None:
    """The answer to a create has the secret; no later answer about the row has its name or its value."""
    resource = _resource(binding)
    names = [field.name for field in resource.fields.values() if field.shown_once]
    made = scene.creation(binding, scene.owner)[1]
    row = scene.unwrapped(binding, made)
    for name in names:
        if not row.get(name):
            raise Violated(
                f"'{name}' is not shown when it is made",
                made,
                deviation="missing",
                field=name,
            )
        scene.cast.secrets.add(str(row[name]))
    for other in scene.behaviour.bindings.values():
        if other.resource is not resource or other.kind not in (Kind.LIST, Kind.READ, Kind.UPDATE):
            continue
        if other.kind is Kind.UPDATE:
            exchanges = list(_changed(scene, other, row))
        else:
            exchanges = _answers(scene, other, row, made, {})
        for exchange in exchanges:
            for name in names:
                if _occurs(exchange.json, name if exchange.ok else None, row[name]):
                    raise Violated(
                        f"The secret '{name}' is shown again",
                        exchange,
                        deviation="extra",
                        field=name,
                    )


def _changed(scene: Scene, binding: Binding, row: Row) -> Iterator[Exchange]:
    """One update of a row that the target takes."""
    for _, _, body in scene.changes(binding, row, scene.owner):
        identifier = row[_resource(binding).id_field]
        exchange = scene.call(scene.owner, binding, identifier=identifier, row=row, body=body)
        if exchange.ok:
            yield exchange
            return


def _later(scene: Scene, resource: Resource, known: Collection[str]) -> list[tuple[Binding, dict[str, Any]]]:
    """The updates that set write-only fields which no create sets, with a value for each."""
    found: list[tuple[Binding, dict[str, Any]]] = []
    names = {f.name for f in resource.fields.values() if f.write_only and not f.shown_once} - set(known)
    for kind in (Kind.UPDATE, Kind.REPLACE):
        updater = scene.behaviour.binding(resource.name, kind)
        values = {n: _secret(scene, updater, resource.fields[n]) for n in sorted(names)} if updater else {}
        if updater and (given := {name: value for name, value in values.items() if value is not None}):
            found.append((updater, given))
    return found


def _set(scene: Scene, updater: Binding, row: Row, values: Mapping[str, Any]) -> Exchange:
    """An update that sets some fields of a row."""
    body = scene.update_body(updater, row, values, scene.owner)
    identifier = row[_resource(updater).id_field]
    return scene.call(scene.owner, updater, identifier=identifier, row=row, body=body)


def _secret(scene: Scene, creator: Binding, field: Field) -> Any:
    pointer = writable_fields(scene.contract, creator).get(field.name)
    plain = f"troth-secret-{scene.nonce}-0123456789"
    if pointer and scene.validators.at(pointer, "request").is_valid(plain):
        return plain
    return scene.bodies.value(pointer, full=True) if pointer else None


def _answers(
    scene: Scene, binding: Binding, row: Row, made: Exchange, secret: Mapping[str, Any]
) -> list[Exchange]:
    if binding.kind is Kind.CREATE:
        return [made]
    asked = _asked_for(binding, secret)
    if binding.kind is Kind.LIST:
        by_name = [scene.call(scene.owner, binding, query=query) for query in asked]
        return [*scene.listed(binding, scene.owner)[1], *by_name]
    identifier = row[_resource(binding).id_field]
    if binding.kind is Kind.READ:
        queries: list[list[tuple[str, Any]]] = [[], *asked]
        return [
            scene.call(scene.owner, binding, identifier=identifier, row=row, query=query) for query in queries
        ]
    bodies = (body for _, _, body in scene.changes(binding, row, scene.owner))
    written = writable_fields(scene.contract, binding)
    body = next(bodies, {name: value for name, value in secret.items() if name in written})
    return [scene.call(scene.owner, binding, identifier=identifier, row=row, body=body)]


def _asked_for(binding: Binding, names: Iterable[str]) -> list[list[tuple[str, Any]]]:
    """Queries that ask for each field by its name, where callers select what is shown."""
    select = binding.query.select
    return [[(select.parameter, name)] for name in names] if select is not None else []


def _occurs(value: Any, name: str | None, secret: Any) -> bool:
    if isinstance(value, Mapping):
        return name in value or any(_occurs(inner, name, secret) for inner in value.values())
    if isinstance(value, list):
        return any(_occurs(inner, name, secret) for inner in value)
    return isinstance(secret, str) and isinstance(value, str) and secret in value


def immutable(scene: Scene, binding: Binding) -> None:
    """Another value is refused (or ignored), and the next read shows the old one."""
    resource, tried = _resource(binding), 0
    row = scene.created(resource, scene.owner)
    for field in resource.fields.values():
        if not field.immutable:
            continue
        value = _another(scene, resource, field, row)
        if value is None:
            continue
        tried += 1
        body = scene.update_body(binding, row, {field.name: value}, scene.owner)
        exchange = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
        if exchange.broken:
            raise Inconclusive(f"'{field.name}' answers {exchange.status}")
        found, reading = scene.fetched(resource, scene.owner, row)
        if not same(found.get(field.name), row.get(field.name)):
            raise Violated(
                f"The immutable field '{field.name}' was changed",
                exchange,
                reading,
                before=row.get(field.name),
            )
        if exchange.ok and scene.behaviour.writes.read_only == "reject":
            raise Violated(
                f"A change of the immutable field '{field.name}' is not refused", exchange, reading
            )
        if not exchange.ok and tried == 1:
            _refused_as_a_whole(scene, binding, found, field.name, value)
    if not tried:
        raise NotExercised("no immutable field could be given another value")


def _refused_as_a_whole(scene: Scene, binding: Binding, row: Row, name: str, value: Any) -> None:
    """A change that is refused because of one member does nothing about another one."""
    resource = _resource(binding)
    for other, new, _ in scene.changes(binding, row, scene.owner):
        body = scene.update_body(binding, row, {other: new, name: value}, scene.owner)
        refused = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
        found, reading = scene.fetched(resource, scene.owner, row)
        if not refused.ok and not same(found.get(other), row.get(other)) and same(found.get(other), new):
            raise Violated(
                f"The change of '{name}' is refused, and that of '{other}' beside it is done",
                refused,
                reading,
            )
        return


def _another(scene: Scene, resource: Resource, field: Field, row: Row) -> Any:
    """A different value that a create would accept; None when there is none."""
    reference = next((found for found in resource.references if found.field == field.name), None)
    if reference is None:
        return next(
            (v for v in scene.bodies.others(field.pointer, row.get(field.name)) if v is not None), None
        )
    target = scene.behaviour.resources.get(reference.target(row) or "")
    if target is None:
        return None
    for other in scene.rows(target, scene.owner):
        if other.get(target.id_field) not in (row.get(field.name), None):
            return [other[target.id_field]] if reference.many else other[target.id_field]
    return None
