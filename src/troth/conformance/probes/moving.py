"""What computed fields have to follow, and what not: rows that come, go and are moved, rows that are looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import rows_naming
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["followed", "held_fast", "led_elsewhere", "naming"]

#: How many words of a field are tried, and how many in all.
_WORDS, _TRIES = 3, 12


def followed(scene: Scene, resource: Resource) -> Iterator[Row]:
    """Rows to be judged: once there is a row that is computed over, is moved to another one, and is gone."""
    pairs = {pair for field in resource.computed if field.computed for pair in field.computed.related}
    for name, field in sorted(pairs):
        other = scene.behaviour.resources.get(name)
        creator = scene.behaviour.binding(name, Kind.CREATE)
        holder, _, member = field.partition(".")
        if other is None or creator is None or creator.parents or holder not in other.fields:
            continue
        try:
            row = scene.created(resource, scene.owner)
            body = dict(scene.body(creator, scene.owner))
        except (NotExercised, Inconclusive):
            continue
        body[holder] = naming(body.get(holder), member, row[resource.id_field])
        made = scene.call(scene.owner, creator, body=scene.bodies.unique(creator, body))
        if not made.ok:
            continue
        yield row
        child = scene.unwrapped(creator, made)
        if _of_other_kinds(scene, creator, body, holder):
            yield row
        if other.id_field in child:
            yield from _moved(scene, other, child, (holder, member), resource, row)


def naming(value: Any, member: str, identifier: Any) -> Any:
    """What a field holds to name a row: the id, or an object (in a list where there is one) with it as a member."""
    if not member:
        return identifier
    inner = value[0] if isinstance(value, list) and value else value
    named = {**(inner if isinstance(inner, Mapping) else {}), member: identifier}
    return [named] if isinstance(value, list) else named


def _of_other_kinds(scene: Scene, creator: Binding, body: Mapping[str, Any], holder: str) -> int:
    """Make further rows that name the same one and differ in a word or a flag; how many there are then."""
    made = tried = 0
    for name, pointer in writable_fields(scene.contract, creator).items():
        schema = scene.contract.follow(pointer)[1]
        chosen = isinstance(schema, Mapping) and (schema.get("enum") or schema.get("type") == "boolean")
        if name == holder or not chosen:
            continue
        for value in islice(scene.bodies.others(pointer, body.get(name)), _WORDS):
            if tried >= _TRIES:
                return made
            tried += 1
            sent = {**body, name: value}
            if scene.bodies.is_valid(creator, sent):
                made += scene.call(scene.owner, creator, body=scene.bodies.unique(creator, sent)).ok
    return made


def _moved(
    scene: Scene, other: Resource, child: Row, place: tuple[str, str], resource: Resource, row: Row
) -> Iterator[Row]:
    """Where a row can be made to name another one: both, and the one that it names once it is gone."""
    updater = scene.behaviour.binding(other.name, Kind.UPDATE)
    remover = scene.behaviour.binding(other.name, Kind.DELETE)
    holder, member = place
    field = other.fields[holder]
    named = row
    if updater is not None and holder in writable_fields(scene.contract, updater) and not field.immutable:
        try:
            named = scene.created(resource, scene.owner)
        except (NotExercised, Inconclusive):
            return
        change = {holder: naming(child.get(holder), member, named[resource.id_field])}
        body = scene.update_body(updater, child, change, scene.owner)
        if scene.call(scene.owner, updater, identifier=child[other.id_field], row=child, body=body).ok:
            yield from (row, named)
        else:
            named = row
    if remover and scene.call(scene.owner, remover, identifier=child[other.id_field], row=child).ok:
        yield named


def led_elsewhere(scene: Scene, resource: Resource) -> Iterator[Row]:
    """A new row that is made to name another one than before, of which it shows something else."""
    updater = scene.behaviour.binding(resource.name, Kind.UPDATE)
    looking = [field for field in resource.computed if field.computed and field.computed.looked_up]
    writable = writable_fields(scene.contract, updater) if updater and looking else {}
    pairs = {
        (name, key, _asked(field))
        for field in looking
        if field.computed
        for name, key in field.computed.looked_up
    }
    for name, key, asked in sorted(pairs, key=str):
        target = scene.behaviour.resources.get(name)
        if updater is None or target is None or key not in writable or resource.fields[key].immutable:
            continue
        try:
            row = scene.created(resource, scene.owner)
        except (NotExercised, Inconclusive):
            return
        there = {str(one.get(target.id_field)): one for one in scene.rows(target, scene.owner)}
        now = there.get(str(row.get(key)), {})
        for one in there.values():
            if asked and all(same(one.get(word), now.get(word)) for word in asked):
                continue
            body = scene.update_body(updater, row, {key: one[target.id_field]}, scene.owner)
            if scene.call(scene.owner, updater, identifier=row[resource.id_field], row=row, body=body).ok:
                yield row
            break


def _asked(field: Field) -> frozenset[str]:
    """The members that an expression asks of the rows that it looks up; none where that is not known."""
    expression = field.computed or field.initially
    return frozenset(expression.asked.get("lookup") or ()) if expression else frozenset()


def held_fast(scene: Scene, resource: Resource) -> int:
    """How many rows kept what they had got from another row when they were made, while that one changed."""
    kept = 0
    for field in resource.fields.values():
        found = field.initially.looked_up if field.initially and not field.computed else ()
        for name, key in sorted((name, key) for name, key in found if key in resource.fields):
            target = scene.behaviour.resources.get(name)
            shown = _depending(resource, field, name)
            if target is None or not shown or scene.behaviour.binding(name, Kind.UPDATE) is None:
                continue
            try:
                source = scene.created(target, scene.owner)
                rows = list(rows_naming(scene, resource, key, source[target.id_field]))
            except (NotExercised, Inconclusive):
                continue
            changes = list(_changes(scene, target, source, _asked(field))) if rows else []
            kept += sum(_unmoved(scene, resource, row, shown, changes[-1]) for row in rows if changes)
    return kept


def _depending(resource: Resource, field: Field, name: str) -> list[str]:
    """The fields that show a first value: itself, or what is computed from it and not from the other row."""
    if not (field.hidden or field.write_only):
        return [field.name]
    return [
        one.name
        for one in resource.computed
        if one.computed
        and field.name in one.computed.variables
        and not any(other == name for other, _ in one.computed.looked_up)
        and not (one.hidden or one.write_only or one.computed.clocked)
    ]


def _changes(scene: Scene, target: Resource, source: Row, asked: frozenset[str]) -> Iterator[Exchange]:
    """What is asked of the row that was looked up is changed: its numbers, or whatever it is."""
    updater = scene.operation(target, Kind.UPDATE)
    writable = writable_fields(scene.contract, updater)
    for name in sorted(asked & writable.keys()):
        for value in islice(_others(scene, writable[name], source.get(name)), 1):
            body = scene.update_body(updater, source, {name: value}, scene.owner)
            if not scene.bodies.is_valid(updater, body):
                continue
            done = scene.call(scene.owner, updater, identifier=source[target.id_field], row=source, body=body)
            if done.ok:
                yield done


def _others(scene: Scene, pointer: str, value: Any) -> Iterator[Any]:
    """Other values; of an object that with other numbers."""
    if isinstance(value, Mapping):
        yield {name: inner + 1 if _is_number(inner) else inner for name, inner in value.items()}
    yield from scene.bodies.others(pointer, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unmoved(scene: Scene, resource: Resource, row: Row, shown: list[str], change: Exchange) -> bool:
    found, reading = scene.fetched(resource, scene.owner, row)
    for name in shown:
        if name in row and name in found and not same(row[name], found[name]):
            title = (
                f"'{name}' was {row[name]!r} and follows a row that it was made from: it is {found[name]!r}"
            )
            raise Violated(title, change, reading, deviation="value", field=name)
    return True
