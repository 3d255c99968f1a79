"""Drawing batches from a contract: what one can do to one row at once, and rows on which some of it is allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from troth.behaviour.contests import gatherers, movers, rivals
from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.client import ABSENT
from troth.conformance.orders.batches import Batch, Part, Seen, read
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import action_body_and_rows
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["Maker", "contests"]

_STARTS = 3
_EDITS = 3
_BESIDE = 2
_SHORTEST, _LONGEST = 0.002, 0.1

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
    for mix in (_written, _left, _moved):
        yield [
            partial(_drawn, scene, binding, start, mix) for start in starts if _applies(scene, binding, mix)
        ]


def _applies(scene: Scene, binding: Binding, mix: Mix) -> bool:
    """Whether a mix has anything for an operation; so no row is made in vain."""
    if mix is _left:
        return binding.kind is Kind.DELETE and any(map(movers, rivals(scene.behaviour, binding)))
    return mix is _written or _mover(scene, binding) is not None


def _drawn(scene: Scene, binding: Binding, start: Start, mix: Mix) -> Batch:
    resource = binding.resource
    assert resource is not None  # noqa: S101 - as above
    said, row = start()
    began = time.perf_counter()
    seen = replace(read(scene, resource, row[resource.id_field], row), said=said)
    took = time.perf_counter() - began
    if seen.row is None:
        raise Inconclusive(f"a new row of {resource.name} answers {seen.exchange.status}")
    parts = mix(scene, binding, seen)
    if len(parts) < 2:  # noqa: PLR2004 - two make a contest
        raise NotExercised("no two requests about one row could be made up")
    # What a delete is to come between is still on its way when half of the time that a request takes is over.
    gap = min(max(took / 2, _SHORTEST), _LONGEST) if binding.kind is Kind.DELETE else 0.0
    return Batch(tuple(parts), (seen,), gap)


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
    """Changes of different fields, and two of one; around a delete or an action, with other actions beside it."""
    row = seen.row or {}
    others = list(rivals(scene.behaviour, binding))
    if binding.kind is Kind.DELETE:
        edits = _edits(scene, others, row, _BESIDE)
        return [*edits[:1], _part(scene, binding, row), *edits[1:]]
    if movers(binding):
        own = _act(scene, binding, row)
        return [own, own, *_acts(scene, others, row), *_edits(scene, others, row, 1)]
    return _edits(scene, [binding], row, _EDITS) + _once_more(scene, binding, row)


def _left(scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """A delete and what others do to the row meanwhile."""
    row = seen.row or {}
    acts = _acts(scene, rivals(scene.behaviour, binding), row)
    return [_part(scene, binding, row), *acts] if binding.kind is Kind.DELETE and acts else []


def _acts(scene: Scene, among: Iterable[Binding], row: Row) -> list[Part]:
    """The first action among some operations."""
    return [_act(scene, one, row) for one in islice(filter(movers, among), 1)]


def _edits(scene: Scene, among: Sequence[Binding], row: Row, count: int) -> list[Part]:
    """Changes of different fields by the first update among some operations."""
    update = next((one for one in among if not movers(one)), None)
    changes = islice(scene.changes(update, row, scene.owner, bound=True), count) if update else ()
    return [_part(scene, update, row, body) for _, _, body in changes if update]


def _once_more(scene: Scene, binding: Binding, row: Row) -> list[Part]:
    """Another value for the first field that can be changed."""
    for name, value, _ in scene.changes(binding, row, scene.owner, bound=True):
        for other in scene.bodies.others(writable_fields(scene.contract, binding)[name], value):
            if other is not None and other != row.get(name):
                return [
                    _part(scene, binding, row, scene.update_body(binding, row, {name: other}, scene.owner))
                ]
        return []
    return []


def _moved(scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """Every declared move from the row's state, made by an update; beside a delete, and beside a change."""
    cycle, row = seen.resource.lifecycle, seen.row or {}
    update = _mover(scene, binding)
    if cycle is None or update is None:
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
    changes = islice(scene.changes(update, row, scene.owner, bound=True), 1)
    return [*moves, *(_part(scene, update, row, body) for _, _, body in changes)]


def _mover(scene: Scene, binding: Binding) -> Binding | None:
    """The update that moves rows from state to state, for it and for a delete."""
    cycle = binding.resource.lifecycle if binding.resource else None
    among = [binding, *rivals(scene.behaviour, binding)]
    update = next((one for one in among if one.kind in (Kind.UPDATE, Kind.REPLACE)), None)
    if cycle is None or update is None or movers(binding):
        return None
    return update if cycle.field in writable_fields(scene.contract, update) else None


def _act(scene: Scene, binding: Binding, row: Row) -> Part:
    body, named = action_body_and_rows(scene, binding, scene.owner)
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
