"""Lifecycles: every state exists, and every move can be made."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.checks.ground import Ground, states_of
from troth.behaviour.model import Kind, Lifecycle, Resource
from troth.behaviour.profiles import on
from troth.behaviour.resources import properties_of
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_states"]


def check_states(ground: Ground) -> Iterator[Finding]:
    """Unknown states, and transitions that no row can ever make."""
    for resource in ground.behaviour.resources.values():
        if resource.lifecycle is not None:
            yield from _lifecycle(ground, resource, resource.lifecycle)


def _lifecycle(ground: Ground, resource: Resource, cycle: Lifecycle) -> Iterator[Finding]:
    field = resource.fields.get(cycle.field)
    if field is None:
        given = ground.given(cycle.pointer)
        at = join(cycle.pointer, "field") if "field" in given else cycle.pointer
        yield ground.missing_field(at, cycle.field, resource)
        return
    states = states_of(ground.contract, field.pointer)
    if states is not None:
        yield from _unknown_states(ground, cycle, states)
    if field.computed is None:
        yield from _unreachable(ground, resource, cycle)


def _unknown_states(ground: Ground, cycle: Lifecycle, states: frozenset[str]) -> Iterator[Finding]:
    for move in cycle.transitions:
        at = join(cycle.pointer, "transitions", move.name)
        written = ground.given(at).get("from")
        for origin in on(written):
            if origin not in states:
                where = join(at, "from", origin) if isinstance(written, dict) else join(at, "from")
                yield ground.unknown("unknown-state", where, "state", origin, states)
        if move.target not in states:
            yield ground.unknown("unknown-state", join(at, "to"), "state", move.target, states)


def _unreachable(ground: Ground, resource: Resource, cycle: Lifecycle) -> Iterator[Finding]:
    """Moves whose every origin is a state that no row gets into: by creation, or by other moves."""
    reached = _entered(ground, resource, cycle.field)
    if reached is None:
        return
    left = list(cycle.transitions)
    while ready := [move for move in left if move.origins & reached]:
        reached = reached | {move.target for move in ready}
        left = [move for move in left if move not in ready]
    for move in left:
        at = join(cycle.pointer, "transitions", move.name)
        states = ", ".join(sorted(move.origins)) or "nowhere"
        message = f"the transition {move.name!r} can never be made: no row gets into the state {states}."
        yield ground.finding("unreachable-transition", at, message, "warning", reached=sorted(reached))


def _entered(ground: Ground, resource: Resource, name: str) -> frozenset[str] | None:
    """The states that a new row may have; None when rows are not made through the API, or any text will do."""
    create = ground.behaviour.binding(resource.name, Kind.CREATE)
    field = resource.fields[name]
    if create is None or field.initially is not None:
        return None
    entered = frozenset() if field.initial is None else frozenset({str(field.initial)})
    body = create.operation.body
    media = body.json if body else None
    if media is None or media.schema_pointer is None or field.read_only:
        return entered or None
    written = properties_of(ground.contract, media.schema_pointer).get(name)
    if written is None:
        return entered or None
    states = states_of(ground.contract, written)
    return None if states is None else entered | states
