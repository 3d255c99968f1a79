"""Idempotency keys of actions and deletes: the same request twice acts once, and a key is good for one row.

What an action has done twice shows in its row and in the rows that it makes; of a row that is gone it shows in the
answer alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from troth.behaviour.model import Binding, Idempotency, Kind, Resource
from troth.conformance.actors import Actor
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.idempotency import begun, rows_counted, send
from troth.conformance.probes.resources import same
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import action_body
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["either", "form", "mismatch", "replay", "scope"]

Probe = Callable[[Scene, Binding], None]


def either(rows: Probe, acts: Probe) -> Probe:
    """The probe of a clause that asks creates and updates one thing, actions and deletes another."""

    def chosen(scene: Scene, binding: Binding) -> None:
        (acts if binding.kind in (Kind.ACTION, Kind.DELETE) else rows)(scene, binding)

    return chosen


@dataclass(frozen=True, slots=True)
class _State:
    """What can be seen of a row, and how many rows there are of each kind that an action makes."""

    row: Row | None
    counts: tuple[int | None, ...]

    def kept(self, other: _State, resource: Resource) -> bool:
        """Whether both are alike, but for what changes by itself."""
        if (self.row is None) is not (other.row is None) or self.counts != other.counts:
            return False
        clocked = {f.name for f in resource.computed if f.computed and f.computed.clocked}
        one, two = self.row or {}, other.row or {}
        return all(same(one[n], two[n]) for n in one.keys() & two.keys() - clocked)


def _policy(binding: Binding) -> tuple[Idempotency, Resource]:
    assert binding.idempotency is not None  # noqa: S101 - the clauses exist only with keys
    assert binding.resource is not None  # noqa: S101 - and only for resources
    return binding.idempotency, binding.resource


def _state(scene: Scene, binding: Binding, row: Row) -> _State:
    """How a row stands. Raises Inconclusive where it can neither be read nor is known to be gone."""
    resource = _policy(binding)[1]
    reader = scene.behaviour.binding(resource.name, Kind.READ)
    lister = scene.behaviour.binding(resource.name, Kind.LIST)
    found: Row | None = None
    if reader is not None:
        exchange = scene.call(scene.owner, reader, identifier=row[resource.id_field], row=row)
        if exchange.broken:
            raise Inconclusive(f"{reader.id} answers {exchange.status}")
        found = scene.unwrapped(reader, exchange) if exchange.ok else None
    elif lister is not None:
        rows = scene.listed_below(lister, row)[0]
        found = next((one for one in rows if one.get(resource.id_field) == row[resource.id_field]), None)
    made = binding.effect.create if binding.effect else ()
    others = [scene.behaviour.resources[name] for name in made if name in scene.behaviour.resources]
    return _State(found, tuple(rows_counted(scene, one, scene.owner) for one in others))


def replay(scene: Scene, binding: Binding) -> None:
    """The second answer is the first one; what was done without the key in between stands."""
    resource, key = _policy(binding)[1], scene.key()
    row, body, first = begun(scene, binding, scene.owner, key)
    before = _state(scene, binding, row)
    second = send(scene, binding, scene.owner, key, row, body)
    if second.broken:
        raise Inconclusive(f"the repetition answers {second.status}")
    if second.status != first.status:
        raise Violated(f"The first answer is {first.status}, the repetition {second.status}", first, second)
    if not before.kept(_state(scene, binding, row), resource):
        raise Violated("A repeated key acts again", first, second, deviation="repeated")
    if second.json != first.json:
        raise Violated("The repetition has a different answer", first, second, deviation="value")


def mismatch(scene: Scene, binding: Binding) -> None:
    """The key of one row is refused for another, which stays as it was."""
    policy, resource = _policy(binding)
    key, wanted = scene.key(), scene.kind(policy.mismatch).status
    row, body, first = begun(scene, binding, scene.owner, key)
    other = scene.created(resource, scene.owner)
    before = _state(scene, binding, other)
    second = send(scene, binding, scene.owner, key, other, body)
    if second.broken:
        raise Inconclusive(f"the other request answers {second.status}")
    if second.ok:
        if _told(resource, second) == row[resource.id_field]:
            title = "A key that was used for one row gives its answer for another"
            raise Violated(title, first, second, deviation="accepted")
        again = send(scene, binding, scene.owner, key, row, body)
        if (again.status, again.json) != (first.status, first.json):
            raise Inconclusive("the target does not heed keys, which is what idempotency.replay judges")
        plain = send(scene, binding, scene.owner, None, row, body)
        if (plain.status, plain.json) == (again.status, again.json):
            raise Inconclusive("an answer with a key is the same as one without, so it tells nothing")
        title = "A key that was used for one row is accepted for another"
        raise Violated(title, first, second, deviation="accepted")
    if second.status != wanted:
        title = f"A key with another request answers {second.status} instead of {wanted}"
        raise Violated(title, first, second, deviation="status")
    if not before.kept(_state(scene, binding, other), resource):
        raise Violated("A request that is refused for its key acts", first, second, deviation="repeated")


def scope(scene: Scene, binding: Binding) -> None:
    """The peer's request about a row of its own under the owner's key is a new request, and acts."""
    policy, resource = _policy(binding)
    peer, key = scene.peer, scene.key()
    theirs = scene.created(resource, peer)
    body = action_body(scene, binding, peer) if binding.kind is Kind.ACTION else ABSENT
    first = begun(scene, binding, scene.owner, key)[2]
    second = send(scene, binding, peer, key, theirs, body)
    if second.status == scene.kind(policy.mismatch).status:
        plain = send(scene, binding, peer, None, theirs, body)
        if plain.ok:
            title = f"{peer.name} is refused because of a key of {scene.owner.name}"
            raise Violated(title, first, second, plain, deviation="refused")
    if second.broken or not second.ok:
        raise Inconclusive(f"the peer's request answers {second.status}")
    told = [_told(resource, one) for one in (first, second)]
    if told[0] is not None and told[0] == told[1]:
        title = f"{peer.name} gets the answer that belongs to {scene.owner.name}"
        raise Violated(title, first, second, deviation="leaked")
    if binding.kind is Kind.DELETE:
        _gone(scene, peer, resource, theirs, (first, second))


def form(scene: Scene, binding: Binding) -> None:
    """A key of one character too many is refused, and so is none where one must be there; the longest is not."""
    policy, resource = _policy(binding)
    longest = scene.key().ljust(policy.max_length, "x")
    body = action_body(scene, binding, scene.owner) if binding.kind is Kind.ACTION else ABSENT
    wrong: list[tuple[str, str | None]] = [(f"A key of {policy.max_length + 1} characters", longest + "x")]
    wrong += [("A request without a key", None)] if scene.needs_key(binding) else []
    for what, key in wrong:
        exchange = _asked(scene, binding, resource, body, key)
        if exchange.broken:
            raise Inconclusive(f"{what[:1].lower()}{what[1:]} answers {exchange.status}")
        if exchange.ok:
            raise Violated(f"{what} is accepted", exchange, deviation="accepted")
    exchange = _asked(scene, binding, resource, body, longest)
    if (
        exchange.status == scene.kind("invalid").status
        and _asked(scene, binding, resource, body, scene.key()).ok
    ):
        raise Violated(f"A key of {policy.max_length} characters is refused", exchange, deviation="refused")


def _asked(scene: Scene, binding: Binding, resource: Resource, body: Any, key: str | None) -> Exchange:
    """The answer to an action or a delete of a new row, with a key or without any."""
    row, header = scene.created(resource, scene.owner), _policy(binding)[0].header
    identifier = row[resource.id_field]
    return scene.call(scene.owner, binding, identifier=identifier, row=row, body=body, headers={header: key})


def _told(resource: Resource, exchange: Exchange) -> Any:
    """The id that an answer names."""
    return exchange.json.get(resource.id_field) if isinstance(exchange.json, dict) else None


def _gone(
    scene: Scene, actor: Actor, resource: Resource, row: Row, exchanges: tuple[Exchange, Exchange]
) -> None:
    """The row is there no more."""
    try:
        reader = scene.operation(resource, Kind.READ)
    except NotExercised:
        return
    reading = scene.call(actor, reader, identifier=row[resource.id_field], row=row)
    if reading.ok:
        title = f"{actor.name} is told of a delete that was another's: the row is there"
        raise Violated(title, *exchanges, reading, deviation="leaked")
