"""States: from every state that rows are in, declared moves work and no others do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Binding, Lifecycle, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.exchanges import Exchange
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["transition"]


def transition(scene: Scene, binding: Binding) -> None:
    """Walks new rows along the declared moves; in each state every other move is tried and must be refused."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - lifecycles belong to resources
    cycle = resource.lifecycle
    assert cycle is not None  # noqa: S101 - the clause exists only with one
    states = _writable_states(scene, binding, cycle)
    refused = sum(
        _from(scene, binding, cycle, row, states) for row in _starts(scene, binding, resource, cycle)
    )
    if not refused:
        raise NotExercised("no forbidden move could be tried")


def _writable_states(scene: Scene, binding: Binding, cycle: Lifecycle) -> list[Any]:
    pointer = writable_fields(scene.contract, binding)[cycle.field]
    schema = scene.contract.follow(pointer)[1]
    listed = schema.get("enum") if isinstance(schema, Mapping) else None
    return [
        state for state in listed or sorted({move.target for move in cycle.transitions}) if state is not None
    ]


def _starts(scene: Scene, binding: Binding, resource: Resource, cycle: Lifecycle) -> list[Row]:
    """A new row, and one for every state that a single declared move leads to from there."""
    found = [scene.created(resource, scene.owner)]
    for move in cycle.transitions:
        row = scene.created(resource, scene.owner)
        if str(row.get(cycle.field)) in move.origins and _holds(scene, move.when, row):
            exchange = _move(scene, binding, cycle, row, move.target)
            if exchange.ok:
                found.append(scene.fetched(resource, scene.owner, row)[0])
            elif exchange.status == scene.kind(cycle.refused).status:
                origin = row.get(cycle.field)
                raise Violated(
                    f"The declared move from {origin!r} to {move.target!r} answers {exchange.status}",
                    exchange,
                )
    return found


def _holds(scene: Scene, condition: Any, row: Row) -> bool:
    return condition is None or condition.holds(row, Questions(scene, scene.owner))


def _from(scene: Scene, binding: Binding, cycle: Lifecycle, row: Row, states: list[Any]) -> int:
    now, refused = row.get(cycle.field), 0
    for wanted in states:
        allowed = any(m.target == wanted and str(now) in m.origins for m in cycle.transitions)
        if wanted == now or allowed:
            continue
        exchange = _move(scene, binding, cycle, row, wanted)
        if exchange.broken:
            raise Inconclusive(f"the move from {now!r} to {wanted!r} answers {exchange.status}")
        if exchange.ok and _stands_still(scene, binding, cycle, row):
            continue  # a state that follows from other facts is not moved by writing
        if exchange.ok:
            raise Violated(f"The undeclared move from {now!r} to {wanted!r} is accepted", exchange)
        status = scene.kind(cycle.refused).status
        if exchange.status != status:
            raise Violated(f"The undeclared move answers {exchange.status} instead of {status}", exchange)
        refused += 1
    return refused


def _stands_still(scene: Scene, binding: Binding, cycle: Lifecycle, row: Row) -> bool:
    assert binding.resource is not None  # noqa: S101 - lifecycles belong to resources
    return scene.fetched(binding.resource, scene.owner, row)[0].get(cycle.field) == row.get(cycle.field)


def _move(scene: Scene, binding: Binding, cycle: Lifecycle, row: Row, state: Any) -> Exchange:
    body = scene.update_body(binding, row, {cycle.field: state}, scene.owner)
    identifier = row[binding.resource.id_field] if binding.resource else None
    return scene.call(scene.owner, binding, identifier=identifier, row=row, body=body)
