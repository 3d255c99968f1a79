"""Actions, records and views speak of resources, fields and transitions that exist, where they can mean something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from troth.behaviour.checks.formulas import inspected
from troth.behaviour.checks.ground import Ground
from troth.behaviour.expressions import Expression
from troth.behaviour.model import Binding, Effect, Kind, Record, Resource
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_actions"]

_MEMBER = re.compile(r"\.(\w+)\b(?!\()")


def check_actions(ground: Ground) -> Iterator[Finding]:
    """Effects, rules and conditions of operations; records of resources; computed fields that chase each other."""
    for binding in ground.behaviour.bindings.values():
        yield from _operation(ground, binding)
    for resource in ground.behaviour.resources.values():
        for record in resource.records:
            yield from _record(ground, resource, record)
        yield from _round_trips(ground, resource)


def _operation(ground: Ground, binding: Binding) -> Iterator[Finding]:
    yield from _view(ground, binding)
    at, resource = join(binding.operation.pointer, "x-behaviour"), binding.resource
    field = binding.operation.extension.get("through")
    if field is not None and (binding.through is None or set(binding.through.to) != {""}):
        known = sorted(r.field for r in resource.references if set(r.to) == {""}) if resource else []
        yield ground.unknown(
            "unknown-field", join(at, "through"), "reference to one resource", str(field), known
        )
    changes = binding.kind in (Kind.ACTION, Kind.UPDATE, Kind.REPLACE) and resource is not None
    for word, given in (("effect", binding.effect), ("rules", binding.rules)):
        if given and not changes:
            message = (
                f"{word} needs an operation that acts on a row or updates one; this is '{binding.kind}'."
            )
            yield ground.finding("misplaced-keyword", join(at, word), message)
    if changes and resource is not None:
        yield from _rules(ground, resource, binding)
        if binding.effect is not None:
            yield from _effect(ground, resource, binding.effect)


def _view(ground: Ground, binding: Binding) -> Iterator[Finding]:
    at, where = join(binding.operation.pointer, "x-behaviour", "where"), binding.where
    if where is not None and binding.kind is not Kind.LIST:
        yield ground.finding("misplaced-keyword", at, "where narrows lists, and this is none.")
    elif where is not None and binding.resource is not None:
        yield from inspected(ground, where, at, binding.resource.fields, {"query", "viewer"})


def _rules(ground: Ground, resource: Resource, binding: Binding) -> Iterator[Finding]:
    for rule in binding.rules:
        for word, expression in (("when", rule.when), ("require", rule.require)):
            if expression is not None:
                extra = {"old", "changes", "body", "viewer"}
                yield from inspected(ground, expression, join(rule.pointer, word), resource.fields, extra)
        if rule.field is not None and rule.field not in resource.fields:
            yield ground.missing_field(join(rule.pointer, "field"), rule.field, resource)


def _effect(ground: Ground, resource: Resource, effect: Effect) -> Iterator[Finding]:
    moves = {move.name for move in resource.lifecycle.transitions} if resource.lifecycle else set()
    if effect.transition is not None and effect.transition not in moves:
        at = join(effect.pointer, "transition")
        yield ground.unknown("unknown-transition", at, "transition", effect.transition, moves)
    for name, values in effect.create.items():
        yield from _values(
            ground, name, values, join(effect.pointer, "create", name), resource, {"body", "old"}
        )
    extra = {"body", "old", *(["created"] if effect.create else [])}
    yield from _values(ground, resource.name, effect.assign, join(effect.pointer, "set"), resource, extra)


def _record(ground: Ground, resource: Resource, record: Record) -> Iterator[Finding]:
    if record.when is not None:
        yield from inspected(
            ground, record.when, join(record.pointer, "when"), resource.fields, {"old", "viewer"}
        )
    if record.into not in ground.behaviour.resources:
        if not ground.is_earlier_release:
            known = ground.behaviour.resources
            yield ground.unknown(
                "unknown-resource", join(record.pointer, "in"), "resource", record.into, known
            )
        return
    yield from _values(ground, record.into, record.row, join(record.pointer, "row"), resource, {"old"})


def _values(
    ground: Ground, target: str, values: Mapping[str, Expression], at: str, source: Resource, extra: set[str]
) -> Iterator[Finding]:
    """Fields of ``target`` that are given values over a row of ``source``."""
    known = ground.behaviour.resources.get(target)
    if known is None:
        yield ground.unknown("unknown-resource", at, "resource", target, ground.behaviour.resources)
    for name, expression in values.items():
        if known is not None and name not in known.fields and not ground.is_earlier_release:
            yield ground.missing_field(join(at, name), name, known)
        yield from inspected(ground, expression, join(at, name), source.fields, extra | {"viewer"})


def _members(expression: Expression) -> set[str]:
    """The names that follow a dot: fields of rows that an expression got from somewhere."""
    return set(_MEMBER.findall(expression.text))


def _round_trips(ground: Ground, resource: Resource) -> Iterator[Finding]:
    """Two computed fields that each read the other, across the rows that refer to each other."""
    for field in resource.computed:
        for name, key in sorted(field.computed.related if field.computed else ()):
            other = ground.behaviour.resources.get(name)
            for back in other.computed if other else ():
                if back.computed is None or field.computed is None:
                    continue
                looks_back = (resource.name, key) in back.computed.looked_up
                read, reads = _members(field.computed), _members(back.computed)
                if looks_back and back.name in read and field.name in reads:
                    at, _ = ground.traits(field)
                    message = f"'{field.name}' reads {name}, whose '{back.name}' looks up this row again."
                    yield ground.finding("computed-circle", join(at, "computed"), message)
