"""What keys must not do: be used up by a refusal, mean something to a read, announce what was announced before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.exchanges import Exchange
from troth.conformance.flaws import body_flaws
from troth.conformance.probes.idempotency import made_no_more, rows_counted, send
from troth.conformance.probes.payloads import is_about
from troth.conformance.probes.resources import same
from troth.conformance.scene import Row, Scene
from troth.conformance.subscribing import assure, post_of, profile_of, subscribe
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["announced", "form", "reads", "unspent"]

_REFUSALS = ("malformed", "invalid", "unprocessable")


def unspent(scene: Scene, binding: Binding) -> None:
    """A request that its schema forbids, then the corrected one with the same key: it acts, and once."""
    resource, key = _resource(binding), scene.key()
    base, _ = scene.creation(binding, scene.owner)
    flaw = next(iter(body_flaws(scene, binding, base)), None)
    if flaw is None:
        raise NotExercised("no input could be made invalid")
    refused = send(scene, binding, scene.owner, key, None, flaw.value)
    if refused.status not in {scene.kind(kind).status for kind in _REFUSALS}:
        raise Inconclusive(
            f"invalid input answers {refused.status}, which is what validation.rejected judges"
        )
    body = scene.bodies.unique(binding, base)
    before = rows_counted(scene, resource, scene.owner)
    mended = send(scene, binding, scene.owner, key, None, body)
    if mended.broken:
        raise Inconclusive(f"the corrected request answers {mended.status}")
    if not mended.ok:
        if not send(scene, binding, scene.owner, None, None, body).ok:
            raise Inconclusive(f"the corrected request answers {mended.status}, also without a key")
        raise Violated("A request that is refused as invalid uses up its key", refused, mended)
    if before is not None and isinstance(body, Mapping):
        title = "A corrected request with the key of a refused one creates two rows"
        made_no_more(scene, resource, before + 1, body, 1, title, (refused, mended))


def form(scene: Scene, binding: Binding) -> None:
    """A key of one character too many is refused; so is a request without one where the contract wants one."""
    policy = binding.idempotency
    assert policy is not None  # noqa: S101 - the clause exists only with keys
    base, _ = scene.creation(binding, scene.owner)
    longest = scene.key().ljust(policy.max_length, "x")
    wrong: list[tuple[str, str | None]] = [(f"A key of {policy.max_length + 1} characters", longest + "x")]
    wrong += [("A request without a key", None)] if scene.needs_key(binding) else []
    for what, key in wrong:
        body = scene.bodies.unique(binding, base)
        exchange = scene.call(scene.owner, binding, body=body, headers={policy.header: key})
        if exchange.broken:
            raise Inconclusive(f"{what[:1].lower()}{what[1:]} answers {exchange.status}")
        if exchange.ok:
            raise Violated(f"{what} is accepted", exchange, deviation="accepted")
    body = scene.bodies.unique(binding, base)
    exchange = scene.call(scene.owner, binding, body=body, headers={policy.header: longest})
    if exchange.status in {scene.kind(kind).status for kind in _REFUSALS}:
        raise Violated(f"A key of {policy.max_length} characters is refused", exchange, deviation="refused")


def reads(scene: Scene, binding: Binding) -> None:
    """A read with the key of a write is a read, and a second one with it shows what was changed in between.

    Where rows are not made or not changed, the second read is one of a row that is not there.
    """
    policy, resource = scene.behaviour.idempotency, _resource(binding)
    assert policy is not None  # noqa: S101 - the clause exists only with keys
    maker, key = scene.behaviour.binding(resource.name, Kind.CREATE), scene.key()
    headers = {policy.header: key}

    def read(identifier: Any, row: Row | None, headers: Mapping[str, str] | None) -> Exchange:
        return scene.call(scene.owner, binding, identifier=identifier, row=row, headers=headers)

    if maker is None:
        row = scene.row(resource, scene.owner)
    elif maker.idempotency is None:
        row = scene.created(resource, scene.owner)
    else:
        row = scene.unwrapped(maker, scene.creation(maker, scene.owner, headers=headers)[1])
    identifier = row[resource.id_field]
    plain, keyed = read(identifier, row, None), read(identifier, row, headers)
    if not plain.ok:
        raise Inconclusive(f"{binding.id} answers {plain.status}, and {keyed.status} with a key")
    _alike(binding, plain, keyed)
    updater = _updater(scene, resource)
    if maker is None or updater is None:
        missing = scene.missing_id(resource)
        _alike(binding, read(missing, None, None), read(missing, None, headers))
        return
    name, changed = _changed(scene, updater, scene.unwrapped(binding, plain))
    now, again = read(identifier, row, None), read(identifier, row, headers)
    if not now.ok or not again.ok:
        raise Inconclusive(f"{binding.id} answers {now.status}, and {again.status} with a key")
    before, after, shown = (scene.unwrapped(binding, one).get(name) for one in (keyed, now, again))
    if same(before, after):
        raise Inconclusive("the change does not show")
    if not same(after, shown):
        title = f"A read with a key that another had shows '{name}' as it was before"
        raise Violated(title, keyed, changed, again, deviation="stale", field=name)


def _alike(binding: Binding, plain: Exchange, keyed: Exchange) -> None:
    """A read has the same status with a key as without."""
    if keyed.broken:
        raise Inconclusive(f"{binding.id} answers {plain.status}, and {keyed.status} with a key")
    if keyed.status != plain.status:
        title = f"A read with a key answers {keyed.status} instead of {plain.status}"
        raise Violated(title, plain, keyed, deviation="status")


def _updater(scene: Scene, resource: Resource) -> Binding | None:
    found = (scene.behaviour.binding(resource.name, kind) for kind in (Kind.UPDATE, Kind.REPLACE))
    return next(filter(None, found), None)


def _changed(scene: Scene, updater: Binding, row: Row) -> tuple[str, Exchange]:
    """The field of a row that was changed, without a key, and the answer."""
    identifier = row[_resource(updater).id_field]
    for name, _, body in scene.changes(updater, row, scene.owner):
        made = scene.call(scene.owner, updater, identifier=identifier, row=row, body=body)
        if made.ok and name in row:
            return name, made
    raise Inconclusive(f"{updater.id} changes nothing that shows")


def announced(scene: Scene, binding: Binding) -> None:
    """A create is repeated, another one follows: each row is announced as often as the other."""
    resource, policy = _resource(binding), binding.idempotency
    assert policy is not None  # noqa: S101 - the clause exists only with keys
    names = [event.name for event in resource.events if "create" in event.on and event.when is None]
    if not names:
        raise NotExercised(f"{binding.id} brings about no event that can be foreseen")
    inbox, key = subscribe(scene, scene.owner, names), scene.key()
    body, first = scene.creation(binding, scene.owner, headers={policy.header: key})
    second = send(scene, binding, scene.owner, key, None, body)
    if second.status != first.status or second.json != first.json:
        raise Inconclusive("the repetition has another answer, which is what idempotency.replay judges")
    _, other = scene.creation(binding, scene.owner)
    ids = [scene.unwrapped(binding, one)[resource.id_field] for one in (first, other)]
    template = profile_of(scene).payload

    def told(name: str, identifier: Any) -> list[Any]:
        return [hook for hook in inbox.got(scene) if is_about(template, hook, name, resource, identifier)]

    post_of(scene).settle(scene.control, lambda: all(told(name, one) for name in names for one in ids))
    for name in names:
        hooks, others = (told(name, one) for one in ids)
        if len(others) != 1:
            assure(scene, inbox)
            raise Inconclusive(f"a create is announced {len(others)} times: see webhooks.delivered")
        if len(hooks) > 1:
            title = f"A repeated key announces '{name}' {len(hooks)} times"
            raise Violated(title, first, second, deliveries=[hook.as_fact() for hook in hooks])


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only for resources
    return binding.resource
