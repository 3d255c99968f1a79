"""Rows in a state that a clause asks about: made so, changed so, acted on until they are so, or found in the list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.occasions import settable_fields
from troth.conformance.actors import Actor
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.variations import first_values, variations
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["acted_on", "action_body", "action_body_and_rows", "ample", "shown", "situated", "untouched"]

#: How many rows are made in each way before the next way is tried.
_ENOUGH = 3
#: Enough for an action to take something away twice.
_MUCH = (40, 40, 40)
_SENT = re.compile(r"\bbody\.(\w+)")

Condition = Callable[[Row], bool]
Ways = Callable[[Scene, Resource, frozenset[str], Condition], Iterator[Row]]


def situated(
    scene: Scene, resource: Resource, names: frozenset[str], wanted: Condition, *, listed: bool
) -> Iterator[Row]:
    """Rows of the owner that satisfy a condition on some fields, as they read now.

    ``listed``: rows that were there before will do as well, because the row may be changed or stays as it is.
    """
    read = names & resource.fields.keys()
    ways: tuple[Ways, ...] = (_made, _changed, _acted)
    for way in (*ways, _listed) if listed else ways:
        found = way(scene, resource, _behind(resource, read), _complete(read, wanted))
        try:
            yield from islice(found, _ENOUGH)
        except (NotExercised, Inconclusive):
            continue  # this way is closed, another may be open


def shown(scene: Scene, resource: Resource, row: Row) -> Row:
    """The row as it reads now, alone or in its list. Raises Inconclusive."""
    if scene.behaviour.binding(resource.name, Kind.READ) is not None:
        return scene.fetched(resource, scene.owner, row)[0]
    identifier = row[resource.id_field]
    for one in scene.rows(resource, scene.owner):
        if one.get(resource.id_field) == identifier:
            return one
    raise Inconclusive(f"the row of {resource.name} is not listed")


def rows_naming(scene: Scene, resource: Resource, reference: str, identifier: object) -> Iterator[Row]:
    """A row from each body that a create accepts, each with a reference to one row."""
    creator = scene.operation(resource, Kind.CREATE)
    for body in scene.bodies.candidates(creator):
        if isinstance(body, Mapping):
            sent = {**scene.referring(creator, body, scene.owner), reference: identifier}
            made = scene.call(scene.owner, creator, body=scene.bodies.unique(creator, sent))
            if made.ok:
                yield scene.fetched(resource, scene.owner, scene.unwrapped(creator, made))[0]


def action_body(scene: Scene, binding: Binding, actor: Actor) -> Any:
    """What an action is sent: ids of live rows where a member ends up in a reference."""
    return action_body_and_rows(scene, binding, actor)[0]


def action_body_and_rows(
    scene: Scene, binding: Binding, actor: Actor
) -> tuple[Any, list[tuple[Resource, Any]]]:
    """The same, with the (resource, id) of the rows in it."""
    if binding.input is None:
        return ABSENT, []
    body, effect, resource = dict(scene.body(binding, actor)), binding.effect, binding.resource
    named: list[tuple[Resource, Any]] = []
    for name, formula in effect.assign.items() if effect and resource else ():
        field = resource.fields.get(name) if resource else None
        reference = field.reference if field else None
        target = scene.behaviour.resources.get(reference.to.get("", "")) if reference else None
        for member in _SENT.findall(formula.text):
            if target is not None and member in body:
                body[member] = scene.row(target, actor)[target.id_field]
                named.append((target, body[member]))
    return body, named


def ample(scene: Scene, binding: Binding, actor: Actor) -> Row:
    """A new row for an action, with so much in the numbers that it reads that it can be acted on more than once."""
    resource, effect = binding.resource, binding.effect
    assert resource is not None  # noqa: S101 - as below
    names = (
        frozenset(name for formula in effect.assign.values() for name in formula.variables)
        if effect
        else None
    )
    creator = scene.behaviour.binding(resource.name, Kind.CREATE)
    if names and creator is not None and creator.input:
        body = scene.bodies.telling(creator, scene.body(creator, actor), names, _MUCH)
        made = (
            scene.call(actor, creator, body=scene.bodies.unique(creator, body)) if body is not None else None
        )
        if made is not None and made.ok:
            return scene.unwrapped(creator, made)
    return scene.created(resource, actor)


def acted_on(scene: Scene, binding: Binding, row: Row, body: Any, actor: Actor | None = None) -> Exchange:
    """An action on a row, by the owner unless another is named."""
    assert binding.resource is not None  # noqa: S101 - actions that say what they do are about a resource
    identifier = row[binding.resource.id_field]
    return scene.call(actor or scene.owner, binding, identifier=identifier, row=row, body=body)


def untouched(scene: Scene, resource: Resource, old: Row) -> bool:
    """Whether a row reads as it did before a write: then the write is to blame for what did not follow from it."""
    now = shown(scene, resource, old)
    return all(value == now[name] for name, value in old.items() if name in now)


def _complete(names: frozenset[str], wanted: Condition) -> Condition:
    """The condition, which says nothing about a row that does not show what it reads."""
    return lambda row: names <= row.keys() and wanted(row)


def _behind(resource: Resource, names: frozenset[str]) -> frozenset[str]:
    """The fields and what those that are computed read of their own row."""
    found: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        field = resource.fields.get(name)
        if field is not None and name not in found:
            found.add(name)
            ahead += sorted(field.computed.variables) if field.computed else []
    return frozenset(found)


def _made(scene: Scene, resource: Resource, names: frozenset[str], wanted: Condition) -> Iterator[Row]:
    creator = scene.operation(resource, Kind.CREATE)
    base, world = scene.body(creator, scene.owner), Questions(scene, scene.owner)
    for changed in variations(scene, creator, names, base) if creator.input else ():
        body = {name: value for name, value in changed.items() if value is not None}
        if not scene.bodies.is_valid(creator, body):
            continue
        if not wanted(_foreseen(resource, {**first_values(resource, body, world), **body}, names, world)):
            continue
        sent = scene.bodies.unique(creator, scene.referring(creator, body, scene.owner))
        exchange = scene.call(scene.owner, creator, body=sent)
        row = shown(scene, resource, scene.unwrapped(creator, exchange)) if exchange.ok else None
        if row is not None and wanted(row):
            yield row


def _foreseen(resource: Resource, row: Row, names: frozenset[str], world: Questions) -> dict[str, Any]:
    """The row with its computed fields, as far as they hang on nothing but the row."""
    found = dict(row)
    for name in names:
        computed = resource.fields[name].computed
        if computed is not None and not computed.related and not computed.looked_up:
            found[name] = computed.evaluate(found, world)
    return found


def _changed(scene: Scene, resource: Resource, names: frozenset[str], wanted: Condition) -> Iterator[Row]:
    updates = (Kind.UPDATE, Kind.REPLACE)
    for binding in scene.behaviour.bindings.values():
        fits = binding.kind in updates and _is_about(binding, resource) and binding.input
        if not fits or not names & settable_fields(scene.contract, binding).keys():
            continue
        row, world = scene.created(resource, scene.owner), Questions(scene, scene.owner)
        for changed in variations(scene, binding, names, row):
            changes = {n: v for n, v in changed.items() if v != row.get(n) and v is not None}
            body = scene.update_body(binding, row, changes, scene.owner)
            foreseen = _foreseen(resource, {**row, **changes}, names, world)
            if not changes or not wanted(foreseen) or not scene.bodies.is_valid(binding, body):
                continue
            done = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
            if done.ok and wanted(found := shown(scene, resource, row)):
                yield found
                break


def _acted(scene: Scene, resource: Resource, names: frozenset[str], wanted: Condition) -> Iterator[Row]:
    for binding in scene.behaviour.bindings.values():
        effect = binding.effect
        if effect is None or binding.kind is not Kind.ACTION or not _is_about(binding, resource):
            continue
        moved = {resource.lifecycle.field} if effect.transition and resource.lifecycle else set()
        if not (effect.assign.keys() | moved) & names:
            continue
        row = scene.created(resource, scene.owner)
        done = acted_on(scene, binding, row, action_body(scene, binding, scene.owner))
        if done.ok and wanted(found := shown(scene, resource, row)):
            yield found


def _listed(scene: Scene, resource: Resource, names: frozenset[str], wanted: Condition) -> Iterator[Row]:
    del names
    for row in scene.rows(resource, scene.owner) if not resource.visibility else ():  # values may be withheld
        if wanted(row) and wanted(found := shown(scene, resource, row)):
            yield found


def _is_about(binding: Binding, resource: Resource) -> bool:
    return binding.resource is not None and binding.resource.name == resource.name
