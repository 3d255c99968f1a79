"""The life of a delivery: tried again by the schedule, and sent to nobody who has left or never agreed."""

from __future__ import annotations

import time
from collections.abc import Mapping

from troth.behaviour.model import Binding, Event, Kind
from troth.behaviour.occasions import writable_fields
from troth.conformance.assurances import assure_gone, assure_kept
from troth.conformance.exchanges import Exchange
from troth.conformance.happenings import first
from troth.conformance.mailbox import Hook
from troth.conformance.scene import Scene
from troth.conformance.subscribing import Subscription, post_of, profile_of, subscribe, unsubscribe
from troth.conformance.timeline import Moved
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["disabled", "ended", "facts", "handshake", "retried", "settle", "wait"]

#: The longest pause that is waited for where the clock cannot be moved, in seconds.
_PATIENCE = 5
#: Seconds before an attempt is due at which nothing may have come, and how many a look may take.
_EARLY = 20
_LOOK = 3


def _event(scene: Scene, binding: Binding) -> Event:
    """An event that the operation is sure to bring about."""
    if "webhooks:event" not in scene.memory:
        scene.memory["webhooks:event"] = first(scene, binding)[0]
    found: Event = scene.memory["webhooks:event"]
    return found


def settle(scene: Scene, subscription: Subscription, count: int) -> list[Hook]:
    """Everything that arrived, after what is due has; ``count`` is how much is expected."""
    post_of(scene).settle(scene.control, lambda: len(subscription.got(scene)) >= count)
    return subscription.got(scene)


def wait(scene: Scene, seconds: float) -> None:
    """Let time pass. Raises NotExercised where that takes too long."""
    if scene.control is not None:
        scene.control.advance(seconds)
    elif seconds > _PATIENCE:
        raise NotExercised(f"{seconds:g} s are not waited for; moving the clock takes a control plane")
    else:
        time.sleep(max(seconds, 0))
        scene.client.log.append(Moved(seconds))


def facts(hooks: list[Hook]) -> list[Mapping[str, object]]:
    return [hook.as_fact() for hook in hooks]


def retried(scene: Scene, binding: Binding) -> None:
    """A refused delivery comes again after each declared pause and not before, the same; then no more."""
    profile, event = profile_of(scene), _event(scene, binding)
    pauses = profile.retries
    end = profile.disabling
    if end is not None and end.failures:
        pauses = pauses[: max(end.failures - 2, 0)]
    if not pauses:
        raise NotExercised("a subscription is switched off before anything is tried again")
    made = subscribe(scene, scene.owner, [event.name], answers=(500,))
    witness = subscribe(scene, scene.owner, [event.name])
    first(scene, binding)
    at_once = settle(scene, made, 1)
    if len(witness.got(scene)) != 1 or not at_once:
        raise Inconclusive("not one delivery arrives, which is what webhooks.delivered judges")
    if len(at_once) > 1:
        raise Violated(
            "A refused delivery comes again at once",
            deliveries=facts(at_once),
            deviation="early",
        )
    for number, pause in enumerate(pauses, 1):
        _too_early(scene, made, number, pause)
        got = settle(scene, made, number + 1)
        if len(got) <= number:
            title = f"A refused delivery does not come again after {pause} s"
            raise Violated(title, deliveries=facts(got), deviation="missing")
        if got[number].body != got[0].body or _id(scene, got[number]) != _id(scene, got[0]):
            raise Violated(
                "A delivery that is tried again is another one",
                deliveries=facts(got),
                deviation="value",
            )
    if scene.control is not None and pauses == profile.retries:
        wait(scene, 86_400)
        got = settle(scene, made, len(pauses) + 2)
        again = [hook for hook in got if hook.body == got[0].body and _id(scene, hook) == _id(scene, got[0])]
        if len(again) > len(pauses) + 1:
            raise Violated(
                "A delivery is tried more often than declared",
                deliveries=facts(got),
                deviation="repeated",
            )


def _too_early(scene: Scene, made: Subscription, number: int, pause: int) -> None:
    """Wait for the next attempt, looking a little before it whether it has come already.

    A clock that is moved runs on meanwhile, so the look comes early enough for the time that it takes.
    """
    early = min(_EARLY, pause // 2)
    if scene.control is None or early < _LOOK:
        wait(scene, pause)
        return
    wait(scene, pause - early)
    got = settle(scene, made, number)
    if len(got) > number:
        raise Violated(
            f"A refused delivery comes again before {pause} s are over",
            deliveries=facts(got),
            deviation="early",
        )
    wait(scene, early)


def _id(scene: Scene, hook: Hook) -> str | None:
    signing = profile_of(scene).signing
    return hook.headers.get(signing.identifier.lower()) if signing and signing.identifier else None


def ended(scene: Scene, binding: Binding) -> None:
    """Whoever was told and then leaves, or is switched off, is told nothing more: nothing new, nothing again."""
    event = _event(scene, binding)
    witness = subscribe(scene, scene.owner, [event.name])
    leaver = subscribe(scene, scene.owner, [event.name], answers=(500,))
    first(scene, binding)
    before = settle(scene, leaver, 1)
    if not before or not witness.got(scene):
        raise Inconclusive("nothing arrives, which is what webhooks.delivered judges")
    exchange = unsubscribe(scene, leaver)
    switched = _switched_off(scene, event)
    told = len(witness.got(scene))
    first(scene, binding)
    _outlast(scene)
    if len(settle(scene, witness, told + 1)) <= told:
        raise Inconclusive("nothing arrives any more, for anybody")
    for one, what in ((leaver, "that was removed"), (switched, "that is switched off")):
        after = one.got(scene)[len(before) if one is leaver else 0 :] if one is not None else []
        if after:
            _assure_ended(scene, leaver, left=one is leaver)
            title = f"A subscription {what} is told"
            raise Violated(title, *([exchange] if exchange else []), deliveries=facts(after))


def _assure_ended(scene: Scene, leaver: Subscription, *, left: bool) -> None:
    """Raises Inconclusive where rows of the API are neither deleted nor changed at all."""
    resource = scene.behaviour.resources.get(profile_of(scene).resource)
    found = scene.behaviour.binding(resource.name, Kind.DELETE if left else Kind.UPDATE) if resource else None
    if found is not None and left and leaver.row is not None:
        assure_gone(scene, found, leaver.row)
    elif found is not None:
        assure_kept(scene, found)


def _outlast(scene: Scene) -> None:
    """Let further attempts fall due: all of them where time can be moved, else the first where that is soon."""
    pauses = profile_of(scene).retries
    if scene.control is not None:
        wait(scene, max(pauses, default=0) + 1)
    elif pauses and pauses[0] < _PATIENCE:
        wait(scene, pauses[0] + 1)


def _switched_off(scene: Scene, event: Event) -> Subscription | None:
    """A subscription that the API has switched off; None where it cannot."""
    profile = profile_of(scene)
    resource = scene.behaviour.resources.get(profile.resource)
    updater = scene.behaviour.binding(resource.name, Kind.UPDATE) if resource else None
    if updater is None or profile.enabled not in writable_fields(scene.contract, updater):
        return None
    made = subscribe(scene, scene.owner, [event.name])
    body = {profile.enabled: profile.switch("disabled")}
    exchange = scene.call(scene.owner, updater, identifier=made.identifier, row=made.row, body=body)
    return made if exchange.ok else None


def disabled(scene: Scene, binding: Binding) -> None:
    """After so many failures in a row, or an answer that means so, a subscription is told nothing more."""
    event, end = _event(scene, binding), profile_of(scene).disabling
    assert end is not None  # noqa: S101 - the clause exists only with a rule
    for status in sorted(end.statuses):
        made = subscribe(scene, scene.owner, [event.name], answers=(status,))
        _fail(scene, binding, made, 1)
        _must_be_off(scene, binding, made, f"an answer of {status}")
    if end.failures:
        made = subscribe(scene, scene.owner, [event.name], answers=(500,))
        _fail(scene, binding, made, end.failures)
        _must_be_off(scene, binding, made, f"{end.failures} failures in a row")


def _fail(scene: Scene, binding: Binding, made: Subscription, count: int) -> None:
    """Bring about failed attempts, by new events and by further attempts where time can be moved."""
    longest = max(profile_of(scene).retries, default=0)
    for _ in range(count):
        if len(made.got(scene)) >= count:
            return
        first(scene, binding)
        settle(scene, made, len(made.got(scene)) + 1)
        for pause in profile_of(scene).retries:
            if scene.control is not None and len(made.got(scene)) < count:
                wait(scene, pause)
                settle(scene, made, len(made.got(scene)) + 1)
    if not made.got(scene):
        raise Inconclusive("nothing arrives, which is what webhooks.delivered judges")
    if len(made.got(scene)) < count:
        raise Inconclusive(f"only {len(made.got(scene))} deliveries arrive, pauses up to {longest} s")


def _must_be_off(scene: Scene, binding: Binding, made: Subscription, what: str) -> None:
    before = len(made.got(scene))
    first(scene, binding)
    _outlast(scene)
    after = settle(scene, made, before + 1)[before:]
    if after:
        raise Violated(
            f"After {what} a subscription is told more",
            deliveries=facts(after),
            deviation="late",
        )


def handshake(scene: Scene, binding: Binding) -> None:
    """A receiver that does not repeat the secret is told nothing; one that does is."""
    event, profile = _event(scene, binding), profile_of(scene)
    silent = subscribe(scene, scene.owner, [event.name], silent=True)
    agreed = subscribe(scene, scene.owner, [event.name])
    first(scene, binding)
    got = settle(scene, agreed, 1)
    if silent.got(scene):
        title = "A receiver that did not answer the handshake is told"
        raise Violated(title, deliveries=facts(silent.got(scene)))
    mailbox = post_of(scene).mailbox
    if not mailbox.greeted(silent.path):
        raise Violated(
            f"A new subscription gets no request with {profile.handshake}",
            *_made(silent),
            deviation="missing",
        )
    if not got:
        _must_be_on(scene, agreed)


def _must_be_on(scene: Scene, agreed: Subscription) -> None:
    """A receiver that has agreed was told nothing: at least its subscription is switched on."""
    profile = profile_of(scene)
    row, exchange = scene.fetched(scene.behaviour.resources[profile.resource], scene.owner, agreed.row or {})
    if not profile.is_active(row):
        raise Violated(
            "A receiver that answers the handshake does not switch its subscription on",
            exchange,
            deviation="value",
        )
    raise Inconclusive("nothing arrives, which is what webhooks.delivered judges")


def _made(subscription: Subscription) -> tuple[Exchange, ...]:
    return (subscription.exchange,) if subscription.exchange is not None else ()
