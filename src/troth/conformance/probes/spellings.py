"""Other spellings of a body: what is written in one of them is stored as if it had been written in the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource, Shorthand
from troth.behaviour.occasions import writable_fields
from troth.conformance.assurances import assure_kept
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["emptied", "equal"]


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only for resources
    return binding.resource


def emptied(scene: Scene, binding: Binding) -> None:
    """A field that holds something is written with its empty text, and the next read shows null."""
    resource, tried = _resource(binding), 0
    written = writable_fields(scene.contract, binding)
    for field in resource.fields.values():
        if field.emptied is None or field.name not in written:
            continue
        exchange, row = _emptied(scene, binding, field.name, field.emptied)
        tried += 1
        found, reading = scene.fetched(resource, scene.owner, row)
        if found.get(field.name) is not None:
            assure_kept(scene, binding)
            title = f"'{field.name}' was emptied with {field.emptied!r} and reads {found.get(field.name)!r}"
            raise Violated(
                title,
                exchange,
                reading,
                deviation="value",
                field=field.name,
            )
    if not tried:
        raise NotExercised("no field can be emptied here")


def _emptied(scene: Scene, binding: Binding, name: str, text: str) -> tuple[Exchange, Row]:
    """The answer to a write of the empty text, and the row that it wrote."""
    if binding.kind is Kind.CREATE:
        body = {**scene.body(binding, scene.owner), name: text}
        exchange = scene.call(scene.owner, binding, body=scene.bodies.unique(binding, body))
        return exchange, scene.unwrapped(binding, exchange)
    resource = _resource(binding)
    row = scene.created(resource, scene.owner)
    body = scene.update_body(binding, row, {name: text}, scene.owner)
    exchange = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
    if not exchange.ok:
        raise Inconclusive(f"'{name}' with {text!r} answers {exchange.status}")
    return exchange, row


def equal(scene: Scene, binding: Binding) -> None:
    """One object, spelled both ways, gives the same object; an update of several by the shorthand is refused."""
    short = binding.shorthand
    assert short is not None  # noqa: S101 - the clause exists only with one
    if binding.kind is Kind.CREATE:
        _created_equal(scene, binding, short)
    else:
        _updated_equal(scene, binding, short)


def _created_equal(scene: Scene, binding: Binding, short: Shorthand) -> None:
    for rest, item in _single(scene, binding, short):
        long = _made(scene, binding, {**rest, short.into: [item]})
        brief = _made(scene, binding, {**rest, **item})
        if not long.ok:
            continue
        if not brief.ok:
            raise Violated(f"The shorthand of '{short.into}' answers {brief.status}", long, brief)
        _compare(scene, binding, short, long, brief)
        return
    raise NotExercised(f"no body with a single one of '{short.into}' could be made up")


def _single(scene: Scene, binding: Binding, short: Shorthand) -> Iterator[tuple[Row, Row]]:
    """Bodies with one object in the list that the shorthand can spell: (the rest of the body, that object)."""
    for body in scene.bodies.candidates(binding):
        listed = body.get(short.into) if isinstance(body, Mapping) else None
        if isinstance(listed, list) and listed and isinstance(listed[0], Mapping):
            item = {name: value for name, value in listed[0].items() if name in short.fields}
            rest = {name: value for name, value in body.items() if name not in {short.into, *short.fields}}
            yield rest, item


def _made(scene: Scene, binding: Binding, body: Row) -> Exchange:
    sent = scene.bodies.unique(binding, scene.referring(binding, body, scene.owner))
    # What makes a body unique must not tell the two spellings apart.
    kept = {
        name: body[name] for name in (binding.shorthand.fields if binding.shorthand else ()) if name in body
    }
    return scene.call(scene.owner, binding, body={**sent, **kept})


def _compare(scene: Scene, binding: Binding, short: Shorthand, long: Exchange, brief: Exchange) -> None:
    one, other = (_only(scene.unwrapped(binding, exchange), short) for exchange in (long, brief))
    items = _resource(binding).fields[short.into].items or {}
    for name, field in items.items():
        if field.generated is None and not same(one.get(name), other.get(name)):
            told = f"{one.get(name)!r} in the list, {other.get(name)!r} as its shorthand"
            raise Violated(
                f"'{name}' of '{short.into}' is {told}",
                long,
                brief,
                deviation="value",
                field=name,
            )


def _only(row: Row, short: Shorthand) -> Row:
    listed = row.get(short.into)
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], Mapping):
        raise Inconclusive(f"the answer does not show one object in '{short.into}'")
    found: Row = listed[0]
    return found


def _updated_equal(scene: Scene, binding: Binding, short: Shorthand) -> None:
    resource = _resource(binding)
    creator = scene.operation(resource, Kind.CREATE)
    known = scene.behaviour.bindings[creator.id]
    row, item = _row_with(scene, known, short, 1)
    name, value = _change(scene, binding, short, item)
    changed = scene.call(
        scene.owner, binding, identifier=row[resource.id_field], row=row,
        body=scene.update_body(binding, row, {name: value}, scene.owner),
    )  # fmt: skip
    if not changed.ok:
        raise Inconclusive(f"'{name}' answers {changed.status}")
    found = _only(scene.fetched(resource, scene.owner, row)[0], short)
    if not same(found.get(name), value):
        assure_kept(scene, binding)
        title = f"'{name}' was set to {value!r}, the only one of '{short.into}' has {found.get(name)!r}"
        raise Violated(title, changed, deviation="value", field=name)
    several, _ = _row_with(scene, known, short, 2)
    refused = scene.call(
        scene.owner, binding, identifier=several[resource.id_field], row=several,
        body=scene.update_body(binding, several, {name: value}, scene.owner),
    )  # fmt: skip
    if refused.ok:
        raise Violated(
            f"'{name}' is accepted though '{short.into}' has two",
            refused,
            deviation="accepted",
            field=name,
        )
    if refused.broken:
        raise Inconclusive(f"'{name}' answers {refused.status} where '{short.into}' has two")


def _row_with(scene: Scene, creator: Binding, short: Shorthand, count: int) -> tuple[Row, Row]:
    """A new row with so many objects in its list, and the first of them."""
    for body in scene.bodies.candidates(creator):
        listed = body.get(short.into) if isinstance(body, Mapping) else None
        if isinstance(listed, list) and listed:
            sent = scene.referring(creator, {**body, short.into: [listed[0]] * count}, scene.owner)
            made = scene.call(scene.owner, creator, body=scene.bodies.unique(creator, sent))
            if made.ok:
                return scene.unwrapped(creator, made), listed[0]
    raise NotExercised(f"no row with {count} of '{short.into}' could be made")


def _change(scene: Scene, binding: Binding, short: Shorthand, item: Row) -> tuple[str, Any]:
    written = writable_fields(scene.contract, binding)
    for name in sorted(short.fields & item.keys()):
        for value in scene.bodies.others(written[name], item[name]):
            if value is not None:
                return name, value
    raise NotExercised("no member of the shorthand could be given another value")
