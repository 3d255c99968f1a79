"""Drawing batches from a contract: what one can do to one row at once, and rows on which some of it is allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from troth.behaviour.contests import gatherers, movers, rivals
from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.orders.asking import act, acts, edits, mover, moves, once_more, part
from troth.conformance.orders.batches import Batch, Maker, Part, Seen, read
from troth.conformance.orders.mixing import mixed
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["contests"]

_STARTS = 3
_EDITS = 3
_BESIDE = 2
_FEW = 2
_DRAWN = 4
_SHORTEST, _LONGEST = 0.002, 0.1
_CLOSE = 0.001

Start = Callable[[], tuple[Row, Row]]
"""Makes a row: (what was said of it, the row)."""

Mix = Callable[[Scene, Binding, Seen], list[Part]]


def contests(scene: Scene, binding: Binding) -> Iterator[list[Maker]]:
    """The contests of an operation, each as the ways to bring it about: the first one that works is enough."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only with one
    if binding.kind is Kind.CREATE:
        for one in gatherers(scene.behaviour, binding):
            yield [partial(_gathered, scene, binding, *one, {}, leaving=leaving) for leaving in (True, False)]
            if few := _scarce(scene, binding, *one):
                yield [partial(_gathered, scene, binding, *one, few, leaving=False)]
        return
    starts = list(islice(_starts(scene, binding, resource), _STARTS))
    for mix in (_written, _acted_upon, _left, _moved, _replaced):
        yield [
            partial(_drawn, scene, binding, start, mix) for start in starts if _applies(scene, binding, mix)
        ]
    for number in range(_DRAWN if scene.thorough else binding.kind in (Kind.UPDATE, Kind.REPLACE)):
        yield [partial(_drawn, scene, binding, start, partial(mixed, number)) for start in starts]


def _applies(scene: Scene, binding: Binding, mix: Mix) -> bool:
    """Whether a mix has anything for an operation; so no row is made in vain."""
    if mix is _left:
        return binding.kind is Kind.DELETE and any(map(movers, rivals(scene.behaviour, binding)))
    if mix is _acted_upon:
        return movers(binding)
    if mix is _replaced:
        return _counterpart(scene, binding) is not None
    return mix is _written or mover(scene, binding) is not None


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
    # What a delete is to come between is still on its way when half of the time that a request takes is over; other
    # requests follow each other as closely as they can without one overtaking the one before it.
    gap = min(max(took / 2, _SHORTEST), _LONGEST) if binding.kind is Kind.DELETE else min(took / 8, _CLOSE)
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
    done = act(scene, action, row)
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
        changes = edits(scene, others, row, _BESIDE)
        return [*changes[:1], part(scene, binding, row), *changes[1:]]
    if movers(binding):
        own = act(scene, binding, row)
        return [own, own, *edits(scene, others, row, 1), *acts(scene, others, row, binding)]
    return edits(scene, [binding], row, _EDITS) + once_more(scene, binding, row)


def _replaced(scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """A row written as a whole, with all that can be changed, and a change of one field: the operation's own first."""
    row, other = seen.row or {}, _counterpart(scene, binding)
    one, whole = (binding, other) if binding.kind is Kind.UPDATE else (other, binding)
    if one is None or whole is None:
        return []
    changes = {name: value for name, value, _ in scene.changes(whole, row, scene.owner, bound=True)}
    body = scene.update_body(whole, row, changes, scene.owner)
    if not scene.bodies.is_valid(whole, body):
        return []
    found = [*edits(scene, [one], {**row, **changes}, 1), part(scene, whole, row, body)]
    return sorted(found, key=lambda one: one.binding is not binding)


def _counterpart(scene: Scene, binding: Binding) -> Binding | None:
    """The operation that writes a row as a whole, for one that changes a part of it, and the other way round."""
    kinds = {Kind.UPDATE: Kind.REPLACE, Kind.REPLACE: Kind.UPDATE}
    wanted = kinds.get(binding.kind)
    return next((one for one in rivals(scene.behaviour, binding) if one.kind is wanted), None)


def _acted_upon(scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """An action on a row that a change has looked at, and not yet written."""
    row = seen.row or {}
    first = edits(scene, list(rivals(scene.behaviour, binding)), row, 1) if movers(binding) else []
    return [*first, act(scene, binding, row)] if first else []


def _left(scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """A delete and what others do to the row meanwhile."""
    row = seen.row or {}
    beside = acts(scene, rivals(scene.behaviour, binding), row)
    return [part(scene, binding, row), *beside] if binding.kind is Kind.DELETE and beside else []


def _moved(scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """Every declared move from the row's state, made by an update; beside a delete, and beside a change."""
    row = seen.row or {}
    away, update = moves(scene, binding, row), mover(scene, binding)
    if not away or update is None:
        return []
    if binding.kind is Kind.DELETE:
        return [part(scene, binding, row), *away]
    changes = islice(scene.changes(update, row, scene.owner, bound=True), 1)
    return [*away, *(part(scene, update, row, body) for _, _, body in changes)]


# -- sums -----------------------------------------------------------------------------------------------------


def _gathered(
    scene: Scene, binding: Binding, owner: Resource, field: str, values: Row, *, leaving: bool
) -> Batch:
    """New rows that lead to one new row, which computes over them; ``leaving``: while one of them is deleted.

    No two of them weigh the same, so that one which is lost is not made up for by one which stays.
    """
    said, above = _made(scene, owner, values)
    identifier = above[owner.id_field]
    parents = {parent.field: above.get(parent.field, identifier) for parent in binding.parents}

    def body(turn: int = 0) -> Any:
        made = {**scene.body(binding, scene.owner), field: identifier}
        return scene.bodies.unique(binding, made if values else _weighing(scene, binding, made, turn))

    parts = [part(scene, binding, parents, body(turn)) for turn in range(1, _EDITS + 1 - leaving)]
    rows: list[Seen] = []
    resource = binding.resource
    if leaving and resource is not None:
        deleter, first = scene.operation(resource, Kind.DELETE), body()
        made = scene.unwrapped(binding, scene.call(scene.owner, binding, row=parents or None, body=first))
        rows.append(replace(read(scene, resource, made[resource.id_field], made), said=first))
        parts.insert(1, part(scene, deleter, made))
    rows.append(replace(read(scene, owner, identifier, above), said=said))
    return Batch(tuple(parts), tuple(rows))


def _weighing(scene: Scene, binding: Binding, body: Row, turn: int) -> Row:
    """The body with other numbers in every turn, as far as they may be others."""
    leading = {one.field for one in binding.resource.references} if binding.resource else set()
    found = dict(body)
    for name, value in body.items():
        plain = isinstance(value, int | float) and not isinstance(value, bool) and name not in leading
        if plain and scene.bodies.is_valid(binding, {**found, name: value + turn}):
            found[name] = value + turn
    return found


def _scarce(scene: Scene, binding: Binding, owner: Resource, field: str) -> Row:
    """Small numbers for what a new row leads to, where a rule for new rows reads it: not all of them may fit."""
    rules = [rule for rule in binding.resource.rules if "create" in rule.on] if binding.resource else []
    if not any((owner.name, field) in rule.require.looked_up for rule in rules):
        return {}
    creator = scene.operation(owner, Kind.CREATE)
    body, found = scene.body(creator, scene.owner), {}
    for name in writable_fields(scene.contract, creator) if isinstance(body, Mapping) else ():
        is_number = isinstance(body.get(name), int | float) and not isinstance(body.get(name), bool)
        if is_number and scene.bodies.is_valid(creator, {**body, name: _FEW}):
            found[name] = _FEW
    return found
