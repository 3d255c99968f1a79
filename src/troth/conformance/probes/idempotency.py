"""Idempotency keys: the same request twice acts once; a different request under the key is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Binding, Idempotency, Kind, Resource
from troth.conformance.actors import Actor
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.orders.keying import different
from troth.conformance.paging import few_like, holds_slot, slot_of
from troth.conformance.probes.resources import same
from troth.conformance.probes.timing import movable
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import action_body, ample
from troth.conformance.verdicts import Inconclusive, Violated

__all__ = ["begun", "expiry", "made_no_more", "mismatch", "replay", "rights", "rows_counted", "scope", "send"]


def _policy(binding: Binding) -> tuple[Idempotency, Resource]:
    assert binding.idempotency is not None  # noqa: S101 - the clauses exist only with keys
    assert binding.resource is not None  # noqa: S101 - and only for resources
    return binding.idempotency, binding.resource


def _first(scene: Scene, binding: Binding, actor: Actor, key: str) -> tuple[Row | None, Any, Exchange]:
    """(row, body, answer) of a write that succeeds under a key."""
    policy, resource = _policy(binding)
    if binding.kind in (Kind.ACTION, Kind.DELETE):
        return begun(scene, binding, actor, key)
    if binding.kind is Kind.CREATE:
        scene.creation(binding, actor)  # which body works is found out before a key is spent on it
        body, made = scene.creation(binding, actor, headers={policy.header: key})
        return None, body, made
    row, _, _, _ = scene.updated(binding, actor)
    row = scene.fetched(resource, actor, row)[0]
    for _, _, body in scene.changes(binding, row, actor):
        made = send(scene, binding, actor, key, row, body)
        if made.ok:
            return row, body, made
        break
    raise Inconclusive("no write succeeds under a key")


def begun(scene: Scene, binding: Binding, actor: Actor, key: str) -> tuple[Row, Any, Exchange]:
    """(new row, body, answer) of an action or a delete that succeeds under a key."""
    row = ample(scene, binding, actor)
    body = action_body(scene, binding, actor) if binding.kind is Kind.ACTION else ABSENT
    made = send(scene, binding, actor, key, row, body)
    if not made.ok:
        raise Inconclusive(f"{binding.id} answers {made.status} for a new row")
    return row, body, made


def send(
    scene: Scene, binding: Binding, actor: Actor, key: str | None, row: Row | None, body: Any
) -> Exchange:
    """A write with a key, or without one."""
    policy, resource = _policy(binding)
    identifier = row[resource.id_field] if row else None
    headers = {policy.header: key} if key else None
    return scene.call(actor, binding, identifier=identifier, row=row, body=body, headers=headers)


def replay(scene: Scene, binding: Binding) -> None:
    """The second answer is the first one, and nothing happens twice."""
    _, resource = _policy(binding)
    key = scene.key()
    row, body, first = _first(scene, binding, scene.owner, key)
    between = _changed_meanwhile(scene, binding, row, body)
    before = rows_counted(scene, resource, scene.owner) if row is None else None
    second = send(scene, binding, scene.owner, key, row, body)
    if second.broken:
        raise Inconclusive(f"the repetition answers {second.status}")
    if second.status != first.status:
        raise Violated(f"The first answer is {first.status}, the repetition {second.status}", first, second)
    if second.json != first.json:
        name = resource.id_field
        ids = [scene.unwrapped(binding, one).get(name) for one in (first, second)]
        title = (
            "A repeated key creates a second row"
            if ids[0] != ids[1]
            else "The repetition has a different answer"
        )
        raise Violated(title, first, second, deviation="value")
    if second.content != first.content:
        title = "The repetition says the same in other bytes, so it is not the answer that was kept"
        raise Violated(title, first, second, deviation="form")
    if before is not None and isinstance(body, Mapping):
        made_no_more(scene, resource, before, body, 1, "A repeated key creates a second row", (first, second))
    if row is not None and between is not None:
        _stands(scene, resource, row, between, second)


def _changed_meanwhile(
    scene: Scene, binding: Binding, row: Row | None, body: Any
) -> tuple[str, Any, Exchange] | None:
    """For an update: another change without a key, which a repetition must not undo."""
    if row is None or not isinstance(body, Mapping):
        return None
    for name, value, other in scene.changes(binding, {**row, **body}, scene.owner):
        if name in body and value != body[name]:
            made = send(scene, binding, scene.owner, None, row, other)
            kept = made.ok and scene.fetched(_policy(binding)[1], scene.owner, row)[0].get(name) == value
            return (name, value, made) if kept else None
    return None


def _stands(
    scene: Scene, resource: Resource, row: Row, between: tuple[str, Any, Exchange], second: Exchange
) -> None:
    name, value, made = between
    found, reading = scene.fetched(resource, scene.owner, row)
    if found.get(name) != value:
        title = f"A repeated key acts again: '{name}' was {value!r} and is {found.get(name)!r} now"
        raise Violated(title, made, second, reading, deviation="repeated", field=name)


def mismatch(scene: Scene, binding: Binding) -> None:
    """The same key with another valid body is refused as declared."""
    policy, resource = _policy(binding)
    key = scene.key()
    row, body, first = _first(scene, binding, scene.owner, key)
    other = _different(scene, binding, row, body)
    before = rows_counted(scene, resource, scene.owner) if row is None else None
    second = send(scene, binding, scene.owner, key, row, other)
    wanted = scene.kind(policy.mismatch)
    if second.broken:
        raise Inconclusive(f"the other request answers {second.status}")
    if second.ok:
        if second.json != first.json and _acts_again(scene, binding, key, row, body, first):
            raise Inconclusive("the target does not heed keys, which is what idempotency.replay judges")
        raise Violated("A key that was used for another request is accepted", first, second)
    if second.status != wanted.status:
        raise Violated(
            f"A key with another request answers {second.status} instead of {wanted.status}", first, second
        )
    if before is not None and isinstance(other, Mapping):
        title = "A request that is refused for its key creates a row"
        made_no_more(scene, resource, before, other, 0, title, (first, second))
    _told_apart(scene, binding, key, row, other, second)
    _of_another_row(scene, binding, key, row, body, first)


def _of_another_row(
    scene: Scene, binding: Binding, key: str, row: Row | None, body: Any, first: Exchange
) -> None:
    """The same body for another row is another request: whatever it gets, it is not the answer about the first."""
    if row is None:
        return
    other = scene.updated(binding, scene.owner)[0]
    second = send(scene, binding, scene.owner, key, other, body)
    if second.ok and second.json is not None and second.json == first.json:
        title = "A key that was used for one row gives its answer for another one"
        raise Violated(title, first, second, deviation="repeated")


def _told_apart(
    scene: Scene, binding: Binding, key: str, row: Row | None, other: Any, refused: Exchange
) -> None:
    """What is refused under a key is not refused under one that differs from it in case alone."""
    third = send(scene, binding, scene.owner, key.swapcase(), row, other)
    if third.status != refused.status:
        return
    plain = send(scene, binding, scene.owner, scene.key(), row, other)
    if plain.ok:
        title = "A key that differs from another in upper and lower case alone is taken for it"
        raise Violated(title, refused, third, plain, deviation="refused")


def rows_counted(scene: Scene, resource: Resource, actor: Actor) -> int | None:
    """How many rows the list of a resource has; None where there is no list of all of them."""
    lister = scene.behaviour.binding(resource.name, Kind.LIST)
    if lister is None or lister.parents or lister.where is not None:
        return None
    try:
        if holds_slot(lister, "total") and lister.pagination and lister.pagination.size:
            page = scene.call(actor, lister, query=[(lister.pagination.size, 1)])
            told = slot_of(lister, page, "total") if page.ok else None
            return told if isinstance(told, int) else None
        return len(scene.listed(lister, actor)[0])
    except Inconclusive:
        return None


def made_no_more(
    scene: Scene, resource: Resource, before: int, body: Mapping[str, Any], known: int, title: str,
    exchanges: tuple[Exchange, ...],
) -> None:  # fmt: skip
    """There are no more rows than before; if there are, whoever made them, none of them has what was sent."""
    if (rows_counted(scene, resource, scene.owner) or 0) <= before:
        return
    lister = scene.operation(resource, Kind.LIST)
    rows, pages = scene.listed(lister, scene.owner)
    alike = [row for row in rows if all(same(body[n], row[n]) for n in body.keys() & row.keys())]
    if len(alike) > known:
        few = few_like(lister, pages, body, alike[0], scene.nonce, known)
        raise Violated(title, *exchanges, *pages[:1], rows=len(alike), deviation="repeated", relation=few)


def _acts_again(
    scene: Scene, binding: Binding, key: str, row: Row | None, body: Any, first: Exchange
) -> bool:
    """Whether a plain repetition acts once more."""
    if send(scene, binding, scene.owner, key, row, body).json != first.json:
        return True
    if row is None or not isinstance(body, Mapping):
        return False
    found, _ = scene.fetched(_policy(binding)[1], scene.owner, row)
    return all(same(value, found.get(name)) for name, value in body.items())


def _different(scene: Scene, binding: Binding, row: Row | None, body: Any) -> Any:
    if row is not None:
        for name, _, other in scene.changes(binding, {**row, **body}, scene.owner):
            if name in body and other != body:
                return other
    return different(scene, binding, body)


def scope(scene: Scene, binding: Binding) -> None:
    """The peer's request under the owner's key is a new request: neither replayed nor refused."""
    policy, resource = _policy(binding)
    peer, key = scene.peer, scene.key()
    other_row, other_body, _ = _first(scene, binding, peer, scene.key())
    row, body, first = _first(scene, binding, scene.owner, key)
    shareable = row is None and not resource.references
    if row is None:
        other_body = body if shareable else scene.bodies.unique(binding, other_body)
    elif other_row is not None:
        other_body = _different(scene, binding, other_row, other_body)
    second = send(scene, binding, peer, key, other_row, other_body)
    if second.broken:
        raise Inconclusive(f"the peer's request answers {second.status}")
    if second.status == scene.kind(policy.mismatch).status:
        raise Violated(f"{peer.name} is refused because of a key of {scene.owner.name}", first, second)
    if not second.ok:
        raise Inconclusive(f"the peer's request answers {second.status}")
    ids = [scene.unwrapped(binding, one).get(resource.id_field) for one in (first, second)]
    if ids[0] == ids[1]:
        raise Violated(
            f"{peer.name} gets the answer that belongs to {scene.owner.name}",
            first,
            second,
            deviation="leaked",
        )


def rights(scene: Scene, binding: Binding) -> None:
    """The owner's request under the owner's key, from a colleague without the rights: refused like any other."""
    cast, key, needed = scene.cast, scene.key(), binding.permissions
    actor = cast.lacking(binding) if binding.scopes else cast.without(min(needed), needed)
    row, body, first = _first(scene, binding, scene.owner, key)
    plain = send(scene, binding, actor, None, row, body)
    wanted = scene.kind("forbidden").status
    if plain.status != wanted:
        raise Inconclusive(f"without a key {actor.name} gets {plain.status}, which other clauses judge")
    second = send(scene, binding, actor, key, row, body)
    if second.broken:
        raise Inconclusive(f"the request under the key answers {second.status}")
    if second.status != wanted:
        title = f"{actor.name} gets {second.status} under a key of {scene.owner.name}, {wanted} without it"
        raise Violated(title, first, plain, second, deviation="leaked")


def expiry(scene: Scene, binding: Binding) -> None:
    """Shortly before a key ends it replays; after that the same request acts anew, or is refused on its own account."""
    policy, resource = _policy(binding)
    control, key = movable(scene), scene.key()
    row, body, first = _first(scene, binding, scene.owner, key)
    control.advance(policy.ttl * 0.9)
    late = send(scene, binding, scene.owner, key, row, body)
    if late.json != first.json:
        plain = send(scene, binding, scene.owner, key, row, body)
        if plain.json != late.json and plain.ok:
            raise Inconclusive("the target does not heed keys, which is what idempotency.replay judges")
        raise Violated(
            f"A key is forgotten before its {policy.ttl} s are over",
            first,
            late,
            deviation="early",
        )
    control.advance(policy.ttl * 0.2)
    after = send(scene, binding, scene.owner, key, row, body)
    if after.broken:
        raise Inconclusive(f"the repetition answers {after.status}")
    if after.ok and scene.unwrapped(binding, after).get(resource.id_field) == scene.unwrapped(
        binding, first
    ).get(resource.id_field):
        raise Violated(
            f"A key replays although its {policy.ttl} s are over",
            first,
            after,
            deviation="late",
        )
