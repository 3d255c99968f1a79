"""Rate limits: arithmetic of the headers, and one credential that is used up on purpose."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from troth.behaviour.model import Binding, Kind, RateLimit
from troth.behaviour.occasions import limited_create
from troth.conformance.actors import Actor
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.idempotency import made_no_more, rows_counted
from troth.conformance.probes.orders import overlaps
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Throttled, Violated

__all__ = ["apart", "at_once", "enforced", "headers", "refused", "remaining", "retry_after"]

_TOO_MANY = 429
_MOST_REQUESTS = 5000
_OTHERS = 6
#: How many requests leave together at the end of a window, and how many of them may pass.
_AT_ONCE = 4
_LEFT = 2
_LONGEST = 60.0
#: Seconds by which clocks may differ.
_DOUBT = 2.0
#: How far the clock is moved to see whether a window stands, in seconds.
_A_WHILE = 10


def _policy(scene: Scene) -> RateLimit:
    return min(scene.behaviour.rate_limits, key=lambda limit: limit.limit / limit.window)


def headers(scene: Scene, binding: Binding) -> None:
    """Every declared header is there, is a number, and the limit is the declared one."""
    exchange = _recent(scene, binding)
    for policy in scene.behaviour.rate_limits:
        for word, name in policy.headers.items():
            value = exchange.header(name)
            if value is None:
                raise Violated(
                    f"The header {name} is missing",
                    exchange,
                    deviation="missing",
                    field=name,
                )
            if not value.isdigit():
                raise Violated(
                    f"The header {name} is no whole number: {value!r}",
                    exchange,
                    deviation="form",
                    field=name,
                )
            if word == "limit" and int(value) != policy.limit and len(scene.behaviour.rate_limits) == 1:
                raise Violated(
                    f"{name} is {value}, the contract says {policy.limit}",
                    exchange,
                    deviation="value",
                    field=name,
                )
            if word == "remaining" and int(value) > policy.limit:
                raise Violated(
                    f"{name} is {value}, more than the limit of {policy.limit}",
                    exchange,
                    deviation="value",
                    field=name,
                )
            if word == "reset":
                _resets(scene, policy, exchange, int(value))
        _stands(scene, binding, policy, exchange)


def _recent(scene: Scene, binding: Binding) -> Exchange:
    """A success of a window that has not ended; one from before a clock was moved is asked for again."""
    exchange = scene.success(binding)
    for policy in scene.behaviour.rate_limits:
        told = exchange.header(policy.headers.get("reset", "")) or ""
        if told.isdigit() and _left(scene, policy, exchange, int(told)) < -_DOUBT:
            scene.successes.pop(binding.id)
            return scene.success(binding)
    return exchange


def _stands(scene: Scene, binding: Binding, policy: RateLimit, exchange: Exchange) -> None:
    """While requests go on being taken from one window, the moment at which it ends stays where it is."""
    left, ends = policy.headers.get("remaining"), policy.headers.get("reset")
    if policy.reset != "epoch" or left is None or ends is None:
        return
    pair = _apart_in_time(scene, binding, exchange)
    told = [one.header(name) for one in pair for name in (left, ends)]
    if len(told) < 4 or not all(value and value.isdigit() for value in told):  # noqa: PLR2004 - of two answers
        return
    before, first, after, second = (int(str(value)) for value in told)
    moved = second - first
    if after < before and moved > _DOUBT and scene.now().timestamp() < first - _DOUBT * 5:
        title = f"{ends} moves by {moved} s while one window is being used up"
        raise Violated(title, *pair, deviation="late", field=ends)


def _apart_in_time(scene: Scene, binding: Binding, exchange: Exchange) -> list[Exchange]:
    """Two answers to one credential with some time between them: the clock is moved, or the run waits once."""
    actor = scene.client.actors.get(exchange.principal)
    if actor is None or binding.kind is not Kind.LIST or "window stands" in scene.memory:
        return []
    scene.memory["window stands"] = True
    if scene.control is None and not scene.client.rested:
        scene.client.rested = True
        time.sleep(_DOUBT + 1)
    first = scene.call(actor, binding)
    if scene.control is None:
        return [scene.client.earliest.get((actor.name, *actor.headers.values()), first), first]
    scene.control.advance(_A_WHILE)
    return [first, scene.call(actor, binding)]


def _resets(scene: Scene, policy: RateLimit, exchange: Exchange, told: int) -> None:
    """The window ends within its own length, from now."""
    doubt = _DOUBT if scene.control else _DOUBT * 5
    left = _left(scene, policy, exchange, told)
    if not -doubt <= left <= policy.window + doubt:
        title = f"{policy.headers['reset']} says that {left:.0f} s are left of a window of {policy.window} s"
        raise Violated(title, exchange, deviation="value", field=policy.headers["reset"])


def _left(scene: Scene, policy: RateLimit, exchange: Exchange, told: int) -> float:
    """The seconds that a reset header says are left, by the target's own clock where it tells that."""
    now = scene.now().timestamp()
    if scene.control is None and (date := exchange.header("date")):
        now = parsedate_to_datetime(date).timestamp()
    return told - now if policy.reset == "epoch" else told


def remaining(scene: Scene, binding: Binding) -> None:
    """Two requests in a row: the second one has less left, as long as the window is the same. Creates count as well."""
    policy = _policy(scene)
    name, reset = policy.headers.get("remaining"), policy.headers.get("reset")
    if name is None:
        raise NotExercised("the contract names no header for what is left")
    for _attempt in range(2):
        first, second = _two(scene, binding)
        if first.broken or second.broken:
            raise Inconclusive(f"answers {first.status} and {second.status}")
        before, after = first.header(name), second.header(name)
        if before is None or after is None or not before.isdigit() or not after.isdigit():
            raise Inconclusive(f"{name} is not given")
        if reset and first.header(reset) != second.header(reset):
            if policy.reset == "seconds":
                pass  # a countdown moves by itself
            elif int(after) >= int(before):
                continue  # a new window opened in between
        if int(after) >= int(before):
            raise Violated(
                f"{name} is {before} and then {after}",
                first,
                second,
                deviation="value",
                field=name,
            )
        if scene.cast.renewable and int(before) - int(after) != 1:
            raise Violated(
                f"One request takes {int(before) - int(after)} of what is left",
                first,
                second,
                deviation="count",
                field=name,
            )
        return
    raise Inconclusive("the window changed between every two requests")


def apart(scene: Scene, binding: Binding) -> None:
    """What is left for the owner falls by what the owner sends, however much the peer sends in between.

    Where everybody's requests have used the window up by now, it is tried in the next one.
    """
    try:
        _counted_apart(scene, binding)
    except Throttled:
        if scene.control is None:
            raise
        scene.control.advance(_policy(scene).window)
        _counted_apart(scene, binding)


def _counted_apart(scene: Scene, binding: Binding) -> None:
    policy, peer = _policy(scene), scene.peer
    name = policy.headers.get("remaining", "")
    for _attempt in range(3):
        before = _read(scene, binding)
        credential = scene.owner.headers
        others = [scene.call(peer, binding) for _ in range(_OTHERS)]
        after = _read(scene, binding)
        told = before.header(name), after.header(name)
        if any(exchange.broken for exchange in (before, after, *others)) or None in told:
            raise Inconclusive(f"{name} is not given")
        left, right = (int(value) if value and value.isdigit() else -1 for value in told)
        if right > left or scene.owner.headers is not credential:
            continue  # a new window, or a new credential
        if left - right <= _OTHERS // 2:
            return
    if right > left:
        raise Inconclusive("the window changed between every two requests")
    title = (
        f"{_OTHERS} requests of {peer.name} take {left - right - 1} of what is left for {scene.owner.name}"
    )
    raise Violated(title, before, *others[:1], after)


def _two(scene: Scene, binding: Binding) -> tuple[Exchange, Exchange]:
    """Two requests with one credential; once more when another one took its place because it was nearly used up."""

    def asked() -> tuple[Exchange, Exchange]:
        made = binding.kind is Kind.CREATE
        return _created(scene, binding) if made else (_read(scene, binding), _read(scene, binding))

    credential, pair = scene.owner.headers, asked()
    return pair if scene.owner.headers is credential else asked()


def _created(scene: Scene, binding: Binding) -> tuple[Exchange, Exchange]:
    """Two creates with nothing asked in between."""
    base = scene.creation(binding, scene.owner)[0]
    bodies = [scene.bodies.unique(binding, base) for _ in range(2)]
    first, second = (scene.call(scene.owner, binding, body=body) for body in bodies)
    return first, second


def _read(scene: Scene, binding: Binding) -> Exchange:
    resource = binding.resource
    if binding.kind is Kind.LIST or resource is None:
        return scene.call(scene.owner, binding)
    row = scene.row(resource, scene.owner)
    return scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row)


@dataclass(frozen=True, slots=True)
class _Exhausted:
    """What happened when a credential was used up: the last answers, and who did it."""

    actor: Actor
    accepted: int
    last: Exchange
    refused: Exchange | None
    #: What left together when the limit had less than that left.
    batch: tuple[Exchange, ...] = ()


def _exhaust(scene: Scene, binding: Binding) -> _Exhausted:
    """Use a fresh credential until it is refused or the limit is passed. Done once for a run."""
    if "exhausted" not in scene.memory:
        scene.memory["exhausted"] = _used_up(scene, binding)
    found: _Exhausted = scene.memory["exhausted"]
    return found


def _served_alone(scene: Scene, binding: Binding) -> int:
    """How many of the requests of a credential are served that leave one by one: tells a wide limit from a race."""
    if "alone" not in scene.memory:
        scene.memory["alone"] = _used_up(scene, binding, together=False).accepted
    accepted: int = scene.memory["alone"]
    return accepted


def _used_up(scene: Scene, binding: Binding, *, together: bool = True) -> _Exhausted:
    policy = _policy(scene)
    scene.success(binding)  # nothing is said about a limit by a target that does not serve its owner
    actor = scene.cast.fresh(scene.owner)
    if actor is None:
        raise NotExercised("no credential may be used up; that takes a target with a control plane")
    if policy.limit > _MOST_REQUESTS or policy.per == "address":
        raise NotExercised(f"a limit of {policy.limit} for each {policy.per} is not tried out")
    if policy.limit * scene.client.gap > _LONGEST:
        raise NotExercised(f"{policy.limit} requests take too long at the rate that the target allows")
    query = [(binding.pagination.size, 1)] if binding.pagination and binding.pagination.size else []

    def ask() -> Exchange:
        return scene.call(actor, binding, query=query, patient=False)

    overlap = together and policy.limit > _AT_ONCE and overlaps(scene)
    accepted, batch = 0, list[Exchange]()
    while accepted <= policy.limit or (batch and accepted < policy.limit + len(batch)):
        if overlap and not batch and accepted == policy.limit - _LEFT:
            batch = scene.client.at_once([ask] * _AT_ONCE)
            _served(batch, accepted)
            accepted += sum(one.ok for one in batch)
            continue
        exchange = ask()
        left = scene.client.left(exchange)
        if accepted == 0 and left is not None and left < policy.limit - 1:
            raise NotExercised(f"a new credential has {left} of {policy.limit} requests left after its first")
        if exchange.status == _TOO_MANY:
            return _Exhausted(actor, accepted, exchange, exchange, tuple(batch))
        _served([exchange], accepted)
        accepted += 1
    return _Exhausted(actor, accepted, exchange, None, tuple(batch))


def _served(exchanges: Sequence[Exchange], before: int) -> None:
    """Raises Inconclusive where an answer is neither a success nor a refusal for the limit."""
    other = next((one for one in exchanges if not one.ok and one.status != _TOO_MANY), None)
    if other is not None:
        raise Inconclusive(f"answers {other.status} after {before} requests")


def enforced(scene: Scene, binding: Binding) -> None:
    """The declared number of requests is served, the next one is not."""
    policy, found = _policy(scene), _exhaust(scene, binding)
    if found.refused is None:
        raise Violated(
            f"{found.accepted} requests are served, the limit is {policy.limit}",
            found.last,
            deviation="count",
        )
    if found.accepted > policy.limit and (alone := _served_alone(scene, binding)) > policy.limit:
        title = f"{alone} requests are served, the limit is {policy.limit}"
        raise Violated(title, found.refused, deviation="count")
    if found.accepted < policy.limit:
        raise Violated(
            f"Only {found.accepted} of {policy.limit} requests are served",
            found.refused,
            deviation="count",
        )


def at_once(scene: Scene, binding: Binding) -> None:
    """Of requests that leave together when less is left than they take, no more than that pass."""
    policy, found = _policy(scene), _exhaust(scene, binding)
    if not found.batch:
        raise NotExercised("no two requests overlap, or the limit is too low for a batch")
    passed = sum(one.ok for one in found.batch)
    if found.refused is None:
        raise Inconclusive("the limit is not enforced, which is what rate-limit.enforced judges")
    reset = policy.headers.get("reset")
    if reset and policy.reset == "epoch" and len({one.header(reset) for one in found.batch}) > 1:
        raise Inconclusive("a new window opened meanwhile")
    if passed > _LEFT:
        if _served_alone(scene, binding) > policy.limit:
            raise Inconclusive("the limit is wider than declared, which is what rate-limit.enforced judges")
        title = f"{passed} of {len(found.batch)} parallel requests pass where {_LEFT} are left of the limit"
        raise Violated(title, *found.batch, deviation="count")


def refused(scene: Scene, binding: Binding) -> None:
    """Creates of somebody whose limit is used up are refused, and nothing is made."""
    creator = limited_create(scene.behaviour)
    assert creator is not None  # noqa: S101 - the clause exists only with one
    assert creator.resource is not None  # noqa: S101 - and it makes rows
    found = _exhaust(scene, binding)
    if found.refused is None:
        raise Inconclusive("the limit is not enforced")
    body = scene.creation(creator, scene.owner)[0]
    body = scene.bodies.unique(creator, body)
    before = rows_counted(scene, creator.resource, scene.owner)
    if before is None or not isinstance(body, Mapping):
        raise NotExercised(f"the rows of {creator.resource.name} cannot be counted")
    batch = scene.client.at_once([lambda: scene.call(found.actor, creator, body=body, patient=False)] * _LEFT)
    if any(one.status != _TOO_MANY for one in batch):
        raise Inconclusive(f"{creator.id} answers {', '.join(str(one.status) for one in batch)}")
    title = f"{creator.id} is refused for the limit, and a row is made"
    made_no_more(scene, creator.resource, before, body, 0, title, tuple(batch))


def _nothing_left(scene: Scene, policy: RateLimit, actor: Actor, refused: Exchange) -> None:
    """A refusal for the limit says so in the headers that answers have: nothing is left, and never less.

    A header that no answer has, or that always says the same, is what other clauses judge.
    """
    name, first = (
        policy.headers.get("remaining"),
        scene.client.earliest.get((actor.name, *actor.headers.values())),
    )
    if name is None or first is None or len(scene.behaviour.rate_limits) > 1:
        return
    told = refused.header(name)
    if told == first.header(name):
        return
    if told is None:
        raise Violated(f"429 comes without {name}", refused, deviation="missing", field=name)
    if told != "0":
        raise Violated(f"429 comes with {name}: {told}", refused, deviation="value", field=name)


def retry_after(scene: Scene, binding: Binding) -> None:
    """429 comes with Retry-After in seconds, no longer than the window; after that the API serves again."""
    policy, found = _policy(scene), _exhaust(scene, binding)
    if found.refused is None:
        raise Inconclusive("the limit is not enforced")
    told = found.refused.header("retry-after")
    if told is None:
        raise Violated("429 comes without Retry-After", found.refused, deviation="missing")
    if not told.isdigit() or not 0 < int(told) <= policy.window + 1:
        raise Violated(
            f"Retry-After is {told!r}, the window has {policy.window} seconds",
            found.refused,
            deviation="value",
        )
    _nothing_left(scene, policy, found.actor, found.refused)
    name = policy.headers.get("reset", "")
    ends = found.refused.header(name) or ""
    ahead = _left(scene, policy, found.refused, int(ends)) if ends.isdigit() else 0.0
    # an end beyond the window is what rate-limit.headers judges
    if int(told) + _DOUBT < ahead <= policy.window + _DOUBT:
        title = f"Retry-After is {told}, {name} says that the window ends in {ahead:.0f} s"
        raise Violated(title, found.refused, deviation="early")
    if scene.control is None:
        return
    scene.control.advance(int(told))
    again = scene.call(found.actor, binding, patient=False)
    if again.status == _TOO_MANY:
        raise Violated(
            f"{told} seconds later the API still refuses",
            found.refused,
            again,
            deviation="late",
        )
    if not again.ok:
        raise Throttled(f"answers {again.status} after the wait")
    left = scene.client.left(again)
    if len(scene.behaviour.rate_limits) == 1 and left is not None and left < policy.limit - 1:
        title = f"A new window has {left} requests left after its first, of {policy.limit}"
        raise Violated(title, found.refused, again, deviation="value", field=policy.headers["remaining"])
