"""Declared rules: for each one a request that breaks it alone is looked for, and must be refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.expressions import QUOTED
from troth.behaviour.model import Binding, Kind, Resource, Rule
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.errors import assure_stated
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.variations import first_values, variations
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["abiding", "breaking_bodies", "breaking_changes", "held"]

_MOMENTS = {Kind.CREATE: "create", Kind.UPDATE: "update", Kind.REPLACE: "update", Kind.DELETE: "delete"}


def held(scene: Scene, binding: Binding) -> None:
    """Every rule of the operation is broken once; every attempt is refused."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - rules belong to resources
    moment, tried, reasons = _MOMENTS[binding.kind], 0, []
    own = binding.rules if moment == "update" else ()
    for rule in (*resource.rules, *own):
        if moment not in rule.on and rule not in own:
            continue
        if not Questions(scene, scene.owner).reaches(rule.require, rule.when):
            reasons.append(f"'{rule.name}' reads rows that no list shows as a whole")
            continue
        exchange = _attempt(scene, binding, resource, rule)
        if exchange is None:
            reasons.append(f"nothing that answers show breaks '{rule.name}'")
            continue
        tried += 1
        if exchange.broken:
            raise Inconclusive(f"breaking '{rule.name}' answers {exchange.status}")
        if exchange.ok:
            raise Violated(
                f"The rule '{rule.name}' does not hold: {rule.message}", exchange, require=rule.require.text
            )
        wanted = scene.kind(rule.refused).status
        if exchange.status != wanted:
            assure_stated(scene, binding, exchange, wanted)
            raise Violated(
                f"Breaking '{rule.name}' answers {exchange.status} instead of {wanted}",
                exchange,
                deviation="status",
            )
    if not tried:
        raise NotExercised("; ".join(reasons))


def _attempt(scene: Scene, binding: Binding, resource: Resource, rule: Rule) -> Exchange | None:
    if binding.kind is Kind.CREATE:
        body = next(breaking_bodies(scene, binding, rule), None)
        return None if body is None else scene.call(scene.owner, binding, body=body)
    if rule in binding.rules:  # it judges the change, so a row that is there already says nothing
        return _on_changed(scene, binding, resource, rule)
    return _on_existing(scene, binding, resource, rule) or _on_changed(scene, binding, resource, rule)


def breaking_bodies(scene: Scene, binding: Binding, rule: Rule) -> Iterator[Any]:
    """Valid bodies that break one rule and keep the others."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - rules belong to resources
    if not Questions(scene, scene.owner).reaches(rule.require, rule.when):
        return
    base, _ = scene.creation(binding, scene.owner)
    world = Questions(scene, scene.owner)
    names, beside = _begun(resource, _read_by(rule)), _beside(resource, rule)
    for changed in variations(scene, binding, names, base, _texts(rule)):
        body = scene.referring(binding, {k: v for k, v in changed.items() if v is not None}, scene.owner)
        if broken_by(resource, body, world) == [rule.name] and scene.bodies.is_valid(binding, body):
            made = scene.bodies.unique(binding, body)
            yield (
                made if broken_by(resource, made, world) == [rule.name] else body
            )  # '' with a mark is not empty
    # What breaks it may break others as well, unless what those read is changed along.
    for changed in variations(scene, binding, names | beside, base) if beside - names else ():
        body = {k: v for k, v in changed.items() if v is not None}
        if broken_by(resource, body, world) != [rule.name] or not scene.bodies.is_valid(binding, body):
            continue
        body = scene.referring(binding, body, scene.owner)
        if broken_by(resource, body, world) == [rule.name]:
            yield scene.bodies.unique(binding, body)


def _texts(rule: Rule) -> list[str]:
    """The texts that a rule compares with."""
    texts = [QUOTED.findall(one.text) for one in (rule.require, rule.when) if one is not None]
    return list(dict.fromkeys(text[1:-1] for found in texts for text in found))


def _beside(resource: Resource, rule: Rule) -> frozenset[str]:
    """What the rules for new rows read that share a field with one of them."""
    shared = (r for r in resource.rules if "create" in r.on and _read_by(r) & _read_by(rule))
    return frozenset[str]().union(*map(_read_by, shared))


def broken_by(resource: Resource, body: Row, world: Questions) -> list[str]:
    """The names of the rules that a create with a body breaks."""
    filled = {**first_values(resource, body, world), **body}
    return [r.name for r in resource.rules if "create" in r.on and _is_broken(r, filled, world)]


def abiding(scene: Scene, binding: Binding, base: Row, name: str) -> Iterator[Row]:
    """Valid bodies that keep every rule with the value that one field has, where the given body breaks some."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - rules belong to resources
    world = Questions(scene, scene.owner)
    broken = set(broken_by(resource, base, world))
    names = frozenset[str]().union(
        *(_read_by(r) | _beside(resource, r) for r in resource.rules if r.name in broken)
    )
    for changed in variations(scene, binding, names - {name}, base) if broken else ():
        body = {k: v for k, v in changed.items() if v is not None}
        if not broken_by(resource, body, world) and scene.bodies.is_valid(binding, body):
            yield body


def _read_by(rule: Rule) -> frozenset[str]:
    """The fields that a rule reads."""
    return rule.require.variables | (rule.when.variables if rule.when else frozenset())


def _begun(resource: Resource, names: frozenset[str]) -> frozenset[str]:
    """The fields and those that their first values are made from, where a body leaves them out."""
    first = (resource.fields[name].initially for name in names & resource.fields.keys())
    return names.union(*(one.variables & resource.fields.keys() for one in first if one is not None))


def _is_broken(
    rule: Rule, row: Row, world: Questions, old: Row | None = None, changes: Row | None = None
) -> bool:
    extra = {"old": old, "changes": changes or {}}
    applies = rule.when is None or rule.when.holds(row, world, extra)
    return applies and not rule.require.holds(row, world, extra)


def _on_existing(scene: Scene, binding: Binding, resource: Resource, rule: Rule) -> Exchange | None:
    """A row that is in a state in which the rule forbids the write already, if possible this rule alone."""
    world = Questions(scene, scene.owner)
    needed = _read_by(rule) & resource.fields.keys()
    rows = scene.rows(resource, scene.owner)
    found = [row for row in rows if needed <= row.keys() and _is_broken(rule, row, world, row)]
    others = [r for r in resource.rules if _MOMENTS[binding.kind] in r.on and r is not rule]
    others = [r for r in others if world.reaches(r.require, r.when)]
    alone = (row for row in found if not any(_is_broken(r, row, world, row) for r in others))
    row = next(alone, next(iter(found), None))
    return None if row is None else _write(scene, binding, resource, row)


def _write(scene: Scene, binding: Binding, resource: Resource, row: Row) -> Exchange | None:
    identifier = row[resource.id_field]
    if binding.input is None:
        return scene.call(scene.owner, binding, identifier=identifier, row=row, body=ABSENT)
    for _, _, body in scene.changes(binding, row, scene.owner):
        return scene.call(scene.owner, binding, identifier=identifier, row=row, body=body)
    return None


def _on_changed(scene: Scene, binding: Binding, resource: Resource, rule: Rule) -> Exchange | None:
    """A new row and a change that would bring it into a state that the rule forbids."""
    if binding.input is None or scene.behaviour.binding(resource.name, Kind.CREATE) is None:
        return None
    row = scene.created(resource, scene.owner)
    for changes in breaking_changes(scene, binding, rule, row):
        body = scene.update_body(binding, row, changes, scene.owner)
        return scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
    return None


def breaking_changes(scene: Scene, binding: Binding, rule: Rule, row: Row) -> Iterator[Mapping[str, Any]]:
    """Valid changes of a row that a rule forbids."""
    world = Questions(scene, scene.owner)
    if not world.reaches(rule.require, rule.when):
        return
    for changed in variations(scene, binding, _read_by(rule), row, _texts(rule)):
        changes: Mapping[str, Any] = {k: v for k, v in changed.items() if v != row.get(k) and v is not None}
        if not changes or not _is_broken(rule, {**row, **changes}, world, row, changes):
            continue
        if scene.bodies.is_valid(binding, scene.update_body(binding, row, changes, scene.owner)):
            yield changes
