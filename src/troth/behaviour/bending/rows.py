"""What rows must satisfy: rules and references forgotten, transitions added, records never written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troth.behaviour.bending.bend import Bend, Change, bend, on_binding, on_resource
from troth.behaviour.model import Behaviour, Kind, Lifecycle, Reference, Resource, Transition
from troth.behaviour.moves import undeclared_moves
from troth.behaviour.occasions import writable_fields, written_references
from troth.contract.model import Contract

__all__ = ["bends"]

_WRITES = (Kind.CREATE, Kind.UPDATE, Kind.REPLACE)


def bends(contract: Contract, behaviour: Behaviour) -> Iterator[Bend]:
    for resource in behaviour.resources.values():
        yield from _rules(contract, behaviour, resource)
        yield from _references(contract, behaviour, resource)
        yield from _records(resource)
        if resource.lifecycle is not None:
            yield from _transitions(contract, behaviour, resource, resource.lifecycle)
    for binding in behaviour.bindings.values():
        for rule in binding.rules:
            rest = tuple(one for one in binding.rules if one is not rule)
            clauses = ("action.refused",) if binding.kind is Kind.ACTION else ("rules.held", "action.refused")
            yield bend(
                "drop", clauses, f"{binding.id}.{rule.name}", f"the rule '{rule.name}' is forgotten",
                on_binding(binding, rules=rest), pointer=rule.pointer, operations=[binding.id],
            )  # fmt: skip


def _rules(contract: Contract, behaviour: Behaviour, resource: Resource) -> Iterator[Bend]:
    secret = _secrets(contract, behaviour, resource)
    for rule in resource.rules:
        if rule.require.variables and rule.require.variables <= secret:
            continue  # who sees nothing of what a rule reads cannot tell a write that it forbids from others

        def without(found: Resource, name: str = rule.name) -> Resource:
            return replace(found, rules=tuple(one for one in found.rules if one.name != name))

        yield bend(
            "drop", "rules.held", f"{resource.name}.{rule.name}", f"the rule '{rule.name}' is forgotten",
            on_resource(resource.name, without), pointer=rule.pointer,
        )  # fmt: skip


def _secrets(contract: Contract, behaviour: Behaviour, resource: Resource) -> frozenset[str]:
    """The fields that no answer shows, no body names and nothing that is shown decides."""
    named = {
        name
        for binding in behaviour.bindings.values()
        if binding.resource is not None and binding.resource.name == resource.name
        for name in writable_fields(contract, binding)
    }
    hidden = (f for f in resource.fields.values() if f.hidden and not (f.computed or f.initially))
    return frozenset(field.name for field in hidden) - named


def _references(contract: Contract, behaviour: Behaviour, resource: Resource) -> Iterator[Bend]:
    written = {
        reference.field
        for binding in behaviour.bindings.values()
        if binding.resource is not None and binding.resource.name == resource.name and binding.kind in _WRITES
        for reference in written_references(contract, binding)
    }
    for reference in resource.references:
        if reference.field not in written or _repeated(contract, behaviour, resource, reference):
            continue  # what names nothing is refused by the other reference

        def without(found: Resource, field: str = reference.field) -> Resource:
            return replace(found, references=tuple(one for one in found.references if one.field != field))

        yield bend(
            "drop", ("references.exists", "tenancy.reference"), f"{resource.name}.{reference.field}",
            f"'{reference.field}' of {resource.name} may name anything",
            on_resource(resource.name, without), pointer=reference.pointer,
        )  # fmt: skip


def _repeated(contract: Contract, behaviour: Behaviour, resource: Resource, reference: Reference) -> bool:
    """Whether only creates write a reference, and always make another one to the same rows from it."""
    others = [
        field.reference
        for field in resource.fields.values()
        if field.initially is not None and reference.field in field.initially.variables
    ]
    bindings = [b for b in behaviour.bindings.values() if b.resource and b.resource.name == resource.name]
    takes = {b.kind: writable_fields(contract, b) for b in bindings if b.kind in _WRITES}
    if any(reference.field in names for kind, names in takes.items() if kind is not Kind.CREATE):
        return False
    return any(
        other is not None
        and set(other.to.values()) == set(reference.to.values())
        and not any(other.field in names for names in takes.values())
        for other in others
    )


def _records(resource: Resource) -> Iterator[Bend]:
    for record in resource.records:

        def without(found: Resource, name: str = record.name) -> Resource:
            return replace(found, records=tuple(one for one in found.records if one.name != name))

        yield bend(
            "drop", "records.written", f"{resource.name}.{record.name}", f"no row '{record.name}' is left behind",
            on_resource(resource.name, without), pointer=record.pointer,
        )  # fmt: skip


def _transitions(
    contract: Contract, behaviour: Behaviour, resource: Resource, cycle: Lifecycle
) -> Iterator[Bend]:
    states = sorted({move.target for move in cycle.transitions} | _origins(cycle))
    tried = {
        move
        for binding in behaviour.bindings.values()
        if binding.resource is not None and binding.resource.name == resource.name
        for move in undeclared_moves(contract, binding)
    }
    acted = {
        binding.effect.transition
        for binding in behaviour.bindings.values()
        if binding.effect and binding.resource and binding.resource.name == resource.name
    }
    for move in cycle.transitions:
        clauses = ("lifecycle.transition", "action.refused")
        if move.name in acted:
            clauses = ("action.refused", "lifecycle.transition")
        else:
            rest = tuple(one for one in cycle.transitions if one is not move)
            yield bend(
                "drop", "lifecycle.transition", f"{resource.name}.{move.name}",
                f"'{move.name}' is refused", _moving(resource, rest), pointer=cycle.pointer,
            )  # fmt: skip
        asked = states if move.name in acted else [one for one in states if (one, move.target) in tried]
        further = next((state for state in asked if _is_closed(cycle, state, move)), None)
        if further is not None:
            wider = replace(move, origins=move.origins | {further})
            bent = tuple(wider if one is move else one for one in cycle.transitions)
            yield bend(
                "widen", clauses, f"{resource.name}.{move.name}",
                f"'{move.name}' works from {further} as well", _moving(resource, bent), pointer=cycle.pointer,
            )  # fmt: skip


def _origins(cycle: Lifecycle) -> set[str]:
    return {state for move in cycle.transitions for state in move.origins}


def _is_closed(cycle: Lifecycle, state: str, move: Transition) -> bool:
    """Whether no declared move leads from a state to where ``move`` leads."""
    return state != move.target and not any(
        one.target == move.target and state in one.origins for one in cycle.transitions
    )


def _moving(resource: Resource, moves: tuple[Transition, ...]) -> Change:
    def change(found: Resource) -> Resource:
        cycle = found.lifecycle
        return replace(found, lifecycle=replace(cycle, transitions=moves) if cycle else None)

    return on_resource(resource.name, change)
