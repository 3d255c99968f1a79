"""Small batches of parallel requests, which some order of them one after the other must explain.

Most are the same, byte for byte, so in every order one of them comes first and the others find what it has done: a
key used, a value taken, a number given, a state gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import numbered_fields, unique_fields
from troth.conformance.actors import Actor
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.orders.judging import judge
from troth.conformance.orders.keying import keyings
from troth.conformance.probes.orders import demand_overlap
from troth.conformance.probes.resources import same
from troth.conformance.probes.uniqueness import fresh_value, taken
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["keyed", "matched", "numbered", "unique"]

_AT_ONCE = 4
_ROUNDS = 2
#: Writes for one state of a row: the same, different ones, and one beside a delete.
_KINDS = 3
_THOROUGH = 12
#: Seconds between writes for one state, so that each begins where its round says.
_GAP = 0.0005
_TOO_MANY = 429


def _batches(
    scene: Scene,
    send: Callable[[int], list[Callable[[], Exchange]]],
    rounds: int = _ROUNDS,
    gap: float = 0.0,
) -> Iterator[tuple[Callable[[], Exchange], list[Exchange]]]:
    """(first request, answers) of some batches; ``send`` prepares a round. Raises NotExercised, Inconclusive."""
    demand_overlap(scene)
    for number in range(_THOROUGH if scene.thorough else rounds):
        requests = send(number)
        batch = scene.client.at_once(requests, gap)
        broken = next((one for one in batch if one.broken), None)
        if broken is not None:
            raise Inconclusive(f"one of {len(batch)} parallel requests answers {broken.status}")
        yield requests[0], batch


def _in_haste(held: bool) -> None:
    """Raises Inconclusive where the promise is broken without any haste: then another clause says so."""
    if not held:
        raise Inconclusive("one request after the other does the same")


def keyed(scene: Scene, binding: Binding) -> None:
    """Parallel creates under one key: all that succeed show the same row; others may be told to wait."""
    policy, resource = binding.idempotency, binding.resource
    assert policy is not None  # noqa: S101 - the clause exists only with keys
    assert resource is not None  # noqa: S101 - and only for resources

    def send(_round: int) -> list[Callable[[], Exchange]]:
        body = scene.creation(binding, scene.owner)[0]
        headers = {policy.header: scene.key()}
        body = scene.bodies.unique(binding, body)
        return [
            lambda: scene.call(scene.owner, binding, body=body, headers=headers, patient=False)
        ] * _AT_ONCE

    for request, batch in _batches(scene, send, 1):
        rows = [scene.unwrapped(binding, one) for one in batch if one.ok]
        if not rows:
            raise Inconclusive(f"none of {_AT_ONCE} parallel requests under a key succeeds")
        made = {str(row.get(resource.id_field)) for row in rows}
        if len(made) > 1:
            late = request()
            _in_haste(
                not (late.ok and str(scene.unwrapped(binding, late).get(resource.id_field)) not in made)
            )
            raise Violated(
                f"{_AT_ONCE} parallel requests under one key make {len(made)} rows",
                *batch,
                deviation="repeated",
            )
    with suppress(Inconclusive, NotExercised):  # then the requests above stand for the promise
        judge(scene, keyings(scene, binding))
    with suppress(Inconclusive, NotExercised):
        _by_tenant(scene, binding)


def _by_tenant(scene: Scene, binding: Binding) -> None:
    """Under one key the owner and the peer create at once: each gets a row of its own."""
    policy, resource, peer = binding.idempotency, binding.resource, scene.peer
    if policy is None or resource is None or scene.behaviour.tenancy.source == "none":
        return
    actors = (scene.owner, peer)
    plain = {id(actor): scene.creation(binding, actor)[0] for actor in actors}
    shared = scene.bodies.unique(binding, plain[id(scene.owner)])

    def body(actor: Actor) -> Any:
        return scene.bodies.unique(binding, plain[id(actor)]) if resource.references else shared

    def request(actor: Actor, said: Any, headers: Mapping[str, str]) -> Callable[[], Exchange]:
        return lambda: scene.call(actor, binding, body=said, headers=headers, patient=False)

    headers = {policy.header: scene.key()}
    batch = scene.client.at_once([request(actor, body(actor), headers) for actor in actors])
    if any(one.broken or one.status == _TOO_MANY for one in batch):
        raise Inconclusive("one of the requests is not served")
    made = [scene.unwrapped(binding, one).get(resource.id_field) if one.ok else None for one in batch]
    if None not in made and made[0] != made[1]:
        return
    headers = {policy.header: scene.key()}
    alone = [request(actor, body(actor), headers)() for actor in actors]
    rows = [scene.unwrapped(binding, one).get(resource.id_field) if one.ok else None for one in alone]
    _in_haste(None not in rows and rows[0] != rows[1])
    told = "is refused" if None in made else "gets the answer to the other"
    raise Violated(f"Of two tenants' requests under one key one {told}", *batch)


def unique(scene: Scene, binding: Binding) -> None:
    """Parallel creates with one unique value: one succeeds."""
    tried = 0
    for field in unique_fields(scene.contract, binding):

        def send(_round: int, field: Any = field) -> list[Callable[[], Exchange]]:
            body = scene.creation(binding, scene.owner)[0]
            body = taken(scene, binding, body, field, fresh_value(scene, binding, field))
            return [lambda: scene.call(scene.owner, binding, body=body, patient=False)] * _AT_ONCE

        for request, batch in _batches(scene, send):
            made = [one for one in batch if one.ok]
            tried += bool(made)
            values = [scene.unwrapped(binding, one).get(field.name) for one in made]
            if any(same(value, other) for at, value in enumerate(values) for other in values[:at]):
                _in_haste(not request().ok)
                raise Violated(
                    f"{len(made)} of {_AT_ONCE} parallel creates get the same '{field.name}'",
                    *batch,
                    deviation="repeated",
                    field=field.name,
                )
    if not tried:
        raise Inconclusive("no row could be made with a chosen unique value")


def numbered(scene: Scene, binding: Binding) -> None:
    """Parallel creates without a number: each gets its own."""
    fields = numbered_fields(binding)

    def send(_round: int) -> list[Callable[[], Exchange]]:
        accepted = scene.creation(binding, scene.owner)[0]
        plain = {name: value for name, value in accepted.items() if all(name != f.name for f in fields)}
        body = scene.bodies.unique(binding, plain)
        return [lambda: scene.call(scene.owner, binding, body=body, patient=False)] * _AT_ONCE

    seen, names = 0, {field.name for field in fields}
    alone = all(field.name in names for field in unique_fields(scene.contract, binding))
    for request, batch in _batches(scene, send):
        rows = [scene.unwrapped(binding, one) for one in batch if one.ok]
        refused = [one for one in batch if not one.ok and one.status != _TOO_MANY]
        if rows and refused and alone:
            raise Violated(
                f"Of {_AT_ONCE} parallel creates without a number {len(refused)} are refused",
                *batch,
                deviation="refused",
            )
        seen = max(seen, len(rows))
        for field in fields:
            values = [row.get(field.name) for row in rows]
            if len(set(map(str, values))) < len(values):
                later = [scene.unwrapped(binding, request()).get(field.name) for _ in range(2)]
                _in_haste(later[0] != later[1])
                raise Violated(
                    f"Parallel creates get the same '{field.name}': {sorted(map(str, values))}",
                    *batch,
                    deviation="repeated",
                    field=field.name,
                )
    if seen < 2:  # noqa: PLR2004 - two make a pair
        raise Inconclusive("of several parallel creates no two succeed")


def matched(scene: Scene, binding: Binding) -> None:
    """Parallel writes for the same state of a row, the same or different: one succeeds, the others come late."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only for rows
    reader = scene.operation(resource, Kind.READ)

    def send(number: int) -> list[Callable[[], Exchange]]:
        row = scene.created(resource, scene.owner)
        tag = scene.call(scene.owner, reader, identifier=row[resource.id_field], row=row).header("etag")
        body = next((body for _, _, body in scene.changes(binding, row, scene.owner)), None)
        if tag is None or body is None:
            raise NotExercised("no row has a tag and a field that could be changed")
        writes = _writes(scene, binding, row)[number % _KINDS] if number % _KINDS else []
        return [_meant(scene, one, row, tag, said) for one, said in writes or [(binding, body)] * _AT_ONCE]

    for request, batch in _batches(scene, send, _KINDS, _GAP):
        made = sum(one.ok for one in batch)
        if not made:
            raise Inconclusive(f"none of {len(batch)} parallel writes for one state succeeds")
        if made > 1:
            _in_haste(not request().ok)
            # Different writes are shown again as a contest: who comes first decides what each is answered.
            differ = len({(one.method, one.body) for one in batch}) > 1
            facts: dict[str, Any] = {"fields": ()} if differ else {}
            title = f"{made} of {len(batch)} parallel writes for one state of a row succeed"
            raise Violated(title, *batch, **facts)


def _writes(scene: Scene, binding: Binding, row: Row) -> dict[int, list[tuple[Binding, Any]]]:
    """By number of the round, (operation, body) of different writes to a row that say which state of it they mean."""
    resource = binding.resource
    own = [(binding, body) for _, _, body in islice(scene.changes(binding, row, scene.owner), 2)]
    end = scene.behaviour.binding(resource.name, Kind.DELETE) if resource else None
    ended = [(end, ABSENT)] if end is not None and end.preconditions else []
    return {1: own, 2: [*ended, *own[:1]] if ended else []}


def _meant(scene: Scene, binding: Binding, row: Row, tag: str, body: Any) -> Callable[[], Exchange]:
    """A write to the state of a row that a tag names."""
    identifier = row[binding.resource.id_field] if binding.resource else None
    return lambda: scene.call(
        scene.owner, binding, identifier=identifier, row=row, body=body, headers={"If-Match": tag},
        conditioned=False, patient=False,
    )  # fmt: skip
