"""Actions where a rule or the state forbids them: they are refused, and nothing changes."""

from __future__ import annotations

from typing import Any

from troth.behaviour.model import Binding, Resource, Rule, Transition
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import acted_on, action_body, shown, situated
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["refused"]


def refused(scene: Scene, binding: Binding) -> None:
    """Tried in closed states, a second time, and wherever one of its rules can be broken."""
    judged = _from_closed_states(scene, binding)
    row = scene.created(_resource(binding), scene.owner)
    body = action_body(scene, binding, scene.owner)
    first = acted_on(scene, binding, row, body)
    if first.ok:
        known = _second_time(scene, binding, row, body, first)
    elif not judged:
        raise Inconclusive(f"a new row of {_resource(binding).name} answers {first.status}")
    else:
        known = set()
    judged += len(known)
    for rule in binding.rules:
        judged += rule.name not in known and _where_broken(scene, binding, rule, body)
    if not judged:
        raise NotExercised("it may be repeated, and nothing that answers show forbids it")


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clause exists only for resources
    return binding.resource


def _second_time(scene: Scene, binding: Binding, row: Row, body: Any, first: Exchange) -> set[str]:
    """The rule or the transition that forbids to act again, where one does."""
    resource = _resource(binding)
    after = shown(scene, resource, row)
    broken = _broken(scene, binding, after, body)
    move, cycle = _move(binding), resource.lifecycle
    if broken:
        name, kind, told = broken[0].name, broken[0].refused, f"the rule '{broken[0].name}' forbids it"
    elif move is not None and cycle is not None and str(after.get(cycle.field)) not in move.origins:
        name, kind, told = move.name, cycle.refused, f"'{move.name}' does not start there"
    else:
        return set()
    again = acted_on(scene, binding, row, body)
    _judge(scene, kind, told, again, first)
    _unmoved(scene, resource, after, again)
    return {name}


def _unmoved(scene: Scene, resource: Resource, before: Row, refused: Exchange) -> None:
    """The row is as it was before it was refused."""
    if not same(before, shown(scene, resource, before)):
        raise Violated("It is refused and changes the row all the same", refused, deviation="value")


def _judge(scene: Scene, kind: str, told: str, exchange: Exchange, *before: Exchange) -> None:
    if exchange.broken:
        raise Inconclusive(f"where {told}, it answers {exchange.status}")
    if exchange.ok:
        raise Violated(f"It is accepted although {told}", *before, exchange)
    if exchange.status != scene.kind(kind).status:
        raise Violated(f"It answers {exchange.status} instead of {scene.kind(kind).status}", exchange)


def _where_broken(scene: Scene, binding: Binding, rule: Rule, body: Any) -> bool:
    """Whether a row could be had in a state that the rule alone forbids."""
    resource, move = _resource(binding), _move(binding)
    field = resource.lifecycle.field if resource.lifecycle else ""
    if not Questions(scene, scene.owner).reaches(rule.require, rule.when):
        return False

    def wanted(row: Row) -> bool:
        is_open = move is None or str(row.get(field)) in move.origins
        return is_open and [one.name for one in _broken(scene, binding, row, body)] == [rule.name]

    read = rule.require.variables | (rule.when.variables if rule.when else frozenset())
    for row in situated(scene, resource, read, wanted, listed=True):
        exchange = acted_on(scene, binding, row, body)
        _judge(scene, rule.refused, f"the rule '{rule.name}' forbids it", exchange)
        _unmoved(scene, resource, row, exchange)
        return True
    return False


def _broken(scene: Scene, binding: Binding, row: Row, body: Any) -> list[Rule]:
    """The rules of the operation that a row in this state breaks."""
    world = Questions(scene, scene.owner)
    extra = {"old": row, "changes": {}, "body": body if body is not ABSENT else None}
    return [
        rule
        for rule in binding.rules
        if (rule.when is None or rule.when.holds(row, world, extra))
        and not rule.require.holds(row, world, extra)
    ]


def _move(binding: Binding) -> Transition | None:
    """The transition that the action makes."""
    cycle = _resource(binding).lifecycle
    name = binding.effect.transition if binding.effect else None
    return next((one for one in cycle.transitions if one.name == name), None) if cycle else None


def _from_closed_states(scene: Scene, binding: Binding) -> int:
    """Rows that other actions brought into states that the transition does not start from; how many were refused."""
    resource, move, refused_ = _resource(binding), _move(binding), 0
    cycle = resource.lifecycle
    if cycle is None or move is None:
        return 0
    for other in scene.behaviour.bindings.values():
        same_rows = other.resource is not None and other.resource.name == resource.name
        way = _move(other) if same_rows and other.id != binding.id else None
        if way is None or way.target in move.origins:
            continue
        row = scene.created(resource, scene.owner)
        if not acted_on(scene, other, row, action_body(scene, other, scene.owner)).ok:
            continue
        row = shown(scene, resource, row)
        if str(row.get(cycle.field)) != way.target:
            continue
        exchange = acted_on(scene, binding, row, action_body(scene, binding, scene.owner))
        if exchange.ok:
            _assure_it_moves(scene, binding, move)
            raise Violated(f"'{move.name}' is accepted in the state {way.target!r}", exchange)
        if not exchange.broken:
            _unmoved(scene, resource, row, exchange)
            refused_ += 1
    return refused_


def _assure_it_moves(scene: Scene, binding: Binding, move: Transition) -> None:
    """Raises Inconclusive where the action leads nowhere, wherever it is tried: then that is the cause."""
    resource = _resource(binding)
    row = scene.created(resource, scene.owner)
    done = acted_on(scene, binding, row, action_body(scene, binding, scene.owner))
    state = shown(scene, resource, row).get(resource.lifecycle.field if resource.lifecycle else "")
    if done.ok and str(state) != move.target:
        raise Inconclusive(f"'{move.name}' leads nowhere, which is what action.effect judges")
