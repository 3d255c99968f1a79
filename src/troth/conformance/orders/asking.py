"""What can be asked of one row: changes, actions, moves from state to state, and its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from troth.behaviour.contests import excludes, movers, rivals, takers
from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import writable_fields
from troth.conformance.client import ABSENT
from troth.conformance.orders.batches import Part
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import action_body_and_rows

__all__ = ["act", "acts", "edits", "mover", "moves", "once_more", "part"]

_MOVES = 3


def part(scene: Scene, binding: Binding, row: Row, body: Any = ABSENT) -> Part:
    """A request about a row, or one below the same parents; with a key of its own where the operation wants one."""
    policy, resource = binding.idempotency, binding.resource
    headers = {policy.header: scene.key()} if policy and scene.needs_key(binding) else {}
    own = resource is not None and binding.id_parameter is not None
    return Part(binding, row.get(resource.id_field) if own and resource else None, row, body, headers)


def act(scene: Scene, binding: Binding, row: Row) -> Part:
    """An action on a row; where a rule bounds what it takes away, it takes all there is."""
    body, named = action_body_and_rows(scene, binding, scene.owner)
    for name, member in takers(binding) if isinstance(body, Mapping) else ():
        most = {**body, member: row.get(name)}
        body = most if _is_number(row.get(name)) and scene.bodies.is_valid(binding, most) else body
    return replace(part(scene, binding, row, body), names=tuple(named))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def acts(scene: Scene, among: Iterable[Binding], row: Row, beside: Binding | None = None) -> list[Part]:
    """The first action among some operations; one that ``beside`` excludes in the row's state rather than another."""
    found = [one for one in among if movers(one)]
    if beside is not None:
        cycle = beside.resource.lifecycle if beside.resource else None
        state = str(row.get(cycle.field)) if cycle else ""
        found.sort(key=lambda one: not excludes(beside, one, state))
    return [act(scene, one, row) for one in found[:1]]


def edits(scene: Scene, among: Sequence[Binding], row: Row, count: int) -> list[Part]:
    """Changes of different fields by the first update among some operations."""
    update = next((one for one in among if not movers(one)), None)
    changes = islice(scene.changes(update, row, scene.owner, bound=True), count) if update else ()
    return [part(scene, update, row, body) for _, _, body in changes if update]


def once_more(scene: Scene, binding: Binding, row: Row) -> list[Part]:
    """Another value for the first field that can be changed."""
    for name, value, _ in scene.changes(binding, row, scene.owner, bound=True):
        for other in scene.bodies.others(writable_fields(scene.contract, binding)[name], value):
            if other is not None and other != row.get(name):
                body = scene.update_body(binding, row, {name: other}, scene.owner)
                return [part(scene, binding, row, body)]
        return []
    return []


def mover(scene: Scene, binding: Binding) -> Binding | None:
    """The update that moves rows from state to state, for it and for a delete."""
    cycle = binding.resource.lifecycle if binding.resource else None
    among = [binding, *rivals(scene.behaviour, binding)]
    update = next((one for one in among if one.kind in (Kind.UPDATE, Kind.REPLACE)), None)
    if cycle is None or update is None or movers(binding):
        return None
    return update if cycle.field in writable_fields(scene.contract, update) else None


def moves(scene: Scene, binding: Binding, row: Row) -> list[Part]:
    """Moves of a row out of its state, to different ones."""
    cycle = binding.resource.lifecycle if binding.resource else None
    update = mover(scene, binding)
    if cycle is None or update is None:
        return []
    targets = [move.target for move in cycle.transitions if str(row.get(cycle.field)) in move.origins]
    bodies = [
        scene.update_body(update, row, {cycle.field: target}, scene.owner) for target in targets[:_MOVES]
    ]
    return [part(scene, update, row, body) for body in bodies if scene.bodies.is_valid(update, body)]
