"""Drawing batches from a contract: what one can do to one row at once, and rows on which some of it is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from troth.behaviour.contests import gatherers, movers, rivals
from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.client import ABSENT
from troth.conformance.orders.batches import Batch, Part, Seen, read
from troth.conformance.probes.actions import acting_body
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["Maker", "contests"]

_STARTS = 3
_EDITS = 3

Maker = Callable[[], Batch]
"""Makes rows and parts anew. Raises Inconclusive or NotExercised where it cannot."""

Start = Callable[[], tuple[Row, Row]]
"""Makes a row: (what was said of it, the row)."""

Mix = Callable[[Scene, Binding, Seen], list[Part]]


def contests(scene: Scene, binding: Binding) -> Iterator[list[Maker]]:
    """The contests of an operation, each as the ways to bring it about: the first one that works is enough."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only with one
    if binding.kind is Kind.CREATE:
        yield [partial(_gathered, scene, binding, *one) for one in gatherers(scene.behaviour, binding)]
        return
    starts = list(islice(_starts(scene, binding, resource), _STARTS))
    for mix in (_written, _moved) if resource.lifecycle else (_written,):
        yield [partial(_drawn, scene, binding, start, mix) for start in starts]


def _drawn(scene: Scene, binding: Binding, start: Start, mix: Mix) -> Batch:
    resource = binding.resource
    assert resource is not None  # noqa: S101 - as above
    said, row = start()
    seen = replace(read(scene, resource, row[resource.id_field], row), said=said)
    if seen.row is None:
        raise Inconclusive(f"a new row of {resource.name} answers {seen.exchange.status}")
    parts = mix(scene, binding, seen)
    if len(parts) < 2:  # noqa: PLR2004 - two make a contest
        raise NotExercised("no two requests about one row could be made up")
    return Batch(tuple(parts), (seen,))


# -- rows -----------------------------------------------------------------------------------------------------


def _starts(scene: Scene, binding: Binding, resource: Resource) -> Iterator[Start]:
    """New rows: in the states that something leads out of, as they come, and after another action."""
    creator, cycle = scene.operation(resource, Kind.CREATE), resource.lifecycle
    if cycle is not None and cycle.field in writable_fields(scene.contract, creator):
        name = binding.effect.transition if binding.effect else None
        moves = [move for move in cycle.transitions if name in (None, move.name)]
        for state in dict.fromkeys(state for move in moves for state in sorted(move.origins)):
            yield partial(_made, scene, resource, {cycle.field: state})
    yield partial(_made, scene, resource, {})
    for other in rivals(scene.behaviour, binding):
        if movers(other):
            yield partial(_acted, scene, resource, other)


def _made(scene: Scene, resource: Resource, values: Row) -> tuple[Row, Row]:
    """A new row, with some values where they are wanted."""
    creator = scene.operation(resource, Kind.CREATE)
    if values:
        body = scene.bodies.unique(creator, {**scene.body(creator, scene.owner), **values})
        exchange = scene.call(scene.owner, creator, body=body)
    else:
        body, exchange = scene.creation(creator, scene.owner)
    row = scene.unwrapped(creator, exchange)
    if resource.id_field not in row:
        raise Inconclusive(f"{creator.id} answers a row without '{resource.id_field}'")
    return body if isinstance(body, Mapping) else {}, row


def _acted(scene: Scene, resource: Resource, action: Binding) -> tuple[Row, Row]:
    said, row = _made(scene, resource, {})
    done = _act(scene, action, row)
    exchange = scene.call(scene.owner, action, identifier=done.identifier, row=row, body=done.body)
    if not exchange.ok:
        raise Inconclusive(f"{action.id} answers {exchange.status}")
    return said, row


# -- parts ----------------------------------------------------------------------------------------------------


def _written(scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """Changes of different fields, and two of one; beside a delete or an action, which is taken twice."""
    row = seen.row or {}
    if binding.kind is Kind.DELETE or movers(binding):
        own = [_part(scene, binding, row)] if binding.kind is Kind.DELETE else [_act(scene, binding, row)] * 2
        return own + _rivalling(scene, binding, row)
    parts = [
        _part(scene, binding, row, body)
        for _, _, body in islice(scene.changes(binding, row, scene.owner), _EDITS)
    ]
    return parts + _once_more(scene, binding, row)


def _rivalling(scene: Scene, binding: Binding, row: Row) -> list[Part]:
    """What an update does meanwhile, else an action."""
    rival = next(rivals(scene.behaviour, binding), None)
    if rival is None:
        return []
    if movers(rival):
        return [_act(scene, rival, row)] if binding.kind is Kind.DELETE else []
    found = [
        _part(scene, rival, row, body) for _, _, body in islice(scene.changes(rival, row, scene.owner), 2)
    ]
    return found if binding.kind is Kind.DELETE else found[:1]


def _once_more(scene: Scene, binding: Binding, row: Row) -> list[Part]:
    """Another value for the first field that can be changed."""
    for name, value, _ in scene.changes(binding, row, scene.owner):
        for other in scene.bodies.others(writable_fields(scene.contract, binding)[name], value):
            if other is not None and other != row.get(name):
                return [
                    _part(scene, binding, row, scene.update_body(binding, row, {name: other}, scene.owner))
                ]
        return []
    return []


def _moved(scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """Every declared move from the row's state, made by an update; beside a delete, and beside a change."""
    resource, row = seen.resource, seen.row or {}
    cycle = resource.lifecycle
    updates = [
        b for b in (binding, *rivals(scene.behaviour, binding)) if b.kind in (Kind.UPDATE, Kind.REPLACE)
    ]
    if cycle is None or not updates or movers(binding):
        return []
    update = updates[0]
    if cycle.field not in writable_fields(scene.contract, update):
        return []
    targets = [move.target for move in cycle.transitions if str(row.get(cycle.field)) in move.origins]
    bodies = [
        scene.update_body(update, row, {cycle.field: target}, scene.owner) for target in targets[:_EDITS]
    ]
    moves = [_part(scene, update, row, body) for body in bodies if scene.bodies.is_valid(update, body)]
    if not moves:
        return []
    if binding.kind is Kind.DELETE:
        return [_part(scene, binding, row), *moves]
    changes = islice(scene.changes(update, row, scene.owner), 1)
    return [*moves, *(_part(scene, update, row, body) for _, _, body in changes)]


def _act(scene: Scene, binding: Binding, row: Row) -> Part:
    body, named = acting_body(scene, binding, scene.owner)
    return replace(_part(scene, binding, row, body), names=tuple(named))


def _part(scene: Scene, binding: Binding, row: Row, body: Any = ABSENT) -> Part:
    """A request about a row, or one below the same parents; with a key of its own where the operation wants one."""
    policy, resource = binding.idempotency, binding.resource
    headers = {policy.header: scene.key()} if policy and scene.needs_key(binding) else {}
    own = resource is not None and binding.id_parameter is not None
    return Part(binding, row.get(resource.id_field) if own and resource else None, row, body, headers)


# -- sums -----------------------------------------------------------------------------------------------------


def _gathered(scene: Scene, binding: Binding, owner: Resource, field: str) -> Batch:
    """New rows that lead to one new row, which computes over them."""
    said, above = _made(scene, owner, {})
    identifier = above[owner.id_field]
    bodies = [
        scene.bodies.unique(binding, {**scene.body(binding, scene.owner), field: identifier})
        for _ in range(_EDITS)
    ]
    parents = {parent.field: above.get(parent.field, identifier) for parent in binding.parents}
    parts = tuple(_part(scene, binding, parents, body) for body in bodies)
    return Batch(parts, (replace(read(scene, owner, identifier, above), said=said),))
