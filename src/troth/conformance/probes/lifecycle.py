"""States: from every state that rows are in, declared moves work and no others do.

Rows that no operation makes are found in the list, and moved only where the run has a sandbox of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Binding, Kind, Lifecycle, Resource, Transition
from troth.behaviour.occasions import writable_fields
from troth.conformance.exchanges import Exchange
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import shown
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["transition"]

#: How many listed rows of a state take part.
_OF_A_STATE = 3


def transition(scene: Scene, binding: Binding) -> None:
    """Walks rows along the declared moves; in each state every other move is tried and must be refused."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - lifecycles belong to resources
    cycle = resource.lifecycle
    assert cycle is not None  # noqa: S101 - the clause exists only with one
    states = _writable_states(scene, binding, cycle)
    if scene.behaviour.binding(resource.name, Kind.CREATE) is None:
        refused = _old(scene, binding, cycle, states)
    else:
        starts = _starts(scene, binding, resource, cycle)
        refused = sum(_from(scene, binding, cycle, row, states) for row in starts)
        derived = _derived(
            scene, resource, cycle, starts
        )  # only now, because the same rows are in other states then
        refused += sum(_from(scene, binding, cycle, row, states) for row in derived)
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
            else:
                _is_open(scene, cycle, move, row, exchange)
    return found


def _derived(scene: Scene, resource: Resource, cycle: Lifecycle, rows: list[Row]) -> list[Row]:
    """The same rows in states that nobody writes: those that follow from other rows, which are made here."""
    known, made = {row.get(cycle.field) for row in rows}, []
    for row in rows:
        for name, holder in sorted(_computed_over(resource, cycle.field)):
            creator = scene.behaviour.binding(name, Kind.CREATE)
            if creator is None or creator.parents or "." in holder:
                continue
            try:
                body = {**scene.body(creator, scene.owner), holder: row[resource.id_field]}
            except (NotExercised, Inconclusive):
                continue
            if scene.call(scene.owner, creator, body=scene.bodies.unique(creator, body)).ok:
                now = scene.fetched(resource, scene.owner, row)[0]
                if now.get(cycle.field) not in known:
                    known.add(now.get(cycle.field))
                    made.append(now)
    return made


def _computed_over(resource: Resource, name: str) -> frozenset[tuple[str, str]]:
    """The (resource, field) pairs whose rows a field is computed over, by itself or through other fields."""
    found, waiting = frozenset[tuple[str, str]](), [name]
    for one in waiting:
        field = resource.fields.get(one)
        if field is not None and field.computed is not None:
            found |= field.computed.related
            waiting += [other for other in sorted(field.computed.variables) if other not in waiting]
    return found


def _is_open(scene: Scene, cycle: Lifecycle, move: Transition, row: Row, exchange: Exchange) -> None:
    """Raises Violated for a declared move that is refused as undeclared ones are."""
    if exchange.status == scene.kind(cycle.refused).status:
        origin = row.get(cycle.field)
        raise Violated(
            f"The declared move from {origin!r} to {move.target!r} answers {exchange.status}", exchange
        )


def _old(scene: Scene, binding: Binding, cycle: Lifecycle, states: list[Any]) -> int:
    """How many moves are refused to rows that were there before, which then make the declared ones."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - lifecycles belong to resources
    if scene.control is None:
        raise NotExercised(f"no operation makes rows of {resource.name}, and those that are there stay so")
    if resource.visibility:
        raise NotExercised(f"no operation makes rows of {resource.name}, and others may be withheld")
    # From the end of the list, because other probes take the first rows.
    rows = [shown(scene, resource, row) for row in _each_state(scene, resource, cycle)]
    firsts = {str(row.get(cycle.field)): row for row in reversed(rows)}
    refused = sum(_from(scene, binding, cycle, row, states) for row in firsts.values())
    for move in cycle.transitions:
        for origin in sorted(move.origins):
            _along(scene, binding, cycle, move, origin, rows)
    return refused


def _each_state(scene: Scene, resource: Resource, cycle: Lifecycle) -> list[Row]:
    """A few listed rows in every state, the last ones first."""
    found: dict[str, list[Row]] = {}
    for row in reversed(scene.rows(resource, scene.owner)):
        if resource.id_field in row and cycle.field in row:
            found.setdefault(str(row[cycle.field]), []).append(row)
    return [row for rows in found.values() for row in rows[:_OF_A_STATE]]


def _along(
    scene: Scene, binding: Binding, cycle: Lifecycle, move: Transition, origin: str, rows: list[Row]
) -> None:
    """Moves one of the rows, which reads differently in the list from then on."""
    for index, row in enumerate(rows):
        if str(row.get(cycle.field)) != origin or not _holds(scene, move.when, row):
            continue
        exchange = _move(scene, binding, cycle, row, move.target)
        if exchange.ok and binding.resource is not None:
            rows[index] = shown(scene, binding.resource, row)
        elif not _ruled_out(scene, binding, {**row, cycle.field: move.target}):
            _is_open(scene, cycle, move, row, exchange)
        return


def _ruled_out(scene: Scene, binding: Binding, row: Row) -> bool:
    """Whether a rule may refuse the move whatever the lifecycle says."""
    rules = (
        [*binding.rules, *(rule for rule in binding.resource.rules if "update" in rule.on)]
        if binding.resource
        else []
    )
    return any(_holds(scene, rule.when, row) and not _holds(scene, rule.require, row) for rule in rules)


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
