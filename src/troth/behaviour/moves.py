"""Moves of a state field that no transition declares, that a client can ask for, and the lifecycle alone refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.expressions import Expression
from troth.behaviour.members import of_name
from troth.behaviour.model import Binding, Kind, Lifecycle, Resource, Rule
from troth.behaviour.occasions import settable_fields
from troth.contract.model import Contract

__all__ = ["undeclared_moves"]

_CHANGES = ("old", "changes")


def undeclared_moves(contract: Contract, binding: Binding) -> frozenset[tuple[str, str]]:
    """(from, to) of the moves that the bodies of an update can ask for and that no rule forbids on its own."""
    cycle = binding.resource.lifecycle if binding.resource else None
    if cycle is None or binding.resource is None or binding.kind not in (Kind.UPDATE, Kind.REPLACE):
        return frozenset()
    known = {state for move in cycle.transitions for state in (move.target, *move.origins)}
    return frozenset(
        (now, wanted)
        for now in known & _lasting(binding.resource, cycle)
        for wanted in _offered(contract, binding, cycle)
        if now != wanted
        and not any(move.target == wanted and now in move.origins for move in cycle.transitions)
        and not any(_forbids(rule, cycle.field, now, wanted) for rule in _judging(binding))
    )


def _lasting(resource: Resource, cycle: Lifecycle) -> frozenset[str]:
    """The states that rows are brought into; a computed one that follows from other facts is in none for good."""
    known = {state for move in cycle.transitions for state in (move.target, *move.origins)}
    field = resource.fields.get(cycle.field)
    if field is None or field.computed is None:
        return frozenset(known)
    return frozenset({move.target for move in cycle.transitions} | {str(field.initial)})


def _offered(contract: Contract, binding: Binding, cycle: Lifecycle) -> list[str]:
    """The states that a body can name; none where it cannot name the field."""
    pointer = settable_fields(contract, binding).get(cycle.field)
    schema = contract.follow(pointer)[1] if pointer is not None else None
    if pointer is None:
        return []
    listed = schema.get("enum") if isinstance(schema, Mapping) else None
    return [str(state) for state in listed or sorted({move.target for move in cycle.transitions}) if state]


def _judging(binding: Binding) -> tuple[Rule, ...]:
    rules = binding.resource.rules if binding.resource else ()
    return (*binding.rules, *(rule for rule in rules if "update" in rule.on))


def _forbids(rule: Rule, field: str, now: str, wanted: str) -> bool:
    """Whether a rule that reads nothing but the state forbids to change it from one to the other."""
    read = [found for found in (rule.require, rule.when) if found is not None]
    if not all(_reads_only(found, field) for found in read):
        return False
    row, extra = {field: wanted}, {"old": {field: now}, "changes": {field: wanted}}
    world: Any = None  # what reads only the state asks for nothing else
    applies = rule.when is None or rule.when.holds(row, world, extra)
    return applies and not rule.require.holds(row, world, extra)


def _reads_only(found: Expression, field: str) -> bool:
    if found.variables - {field, *_CHANGES} or found.related or found.looked_up or found.clocked:
        return False
    members = [of_name(found.text, name) for name in _CHANGES if name in found.variables]
    return "seen" not in found.functions and all(one is not None and one <= {field} for one in members)
