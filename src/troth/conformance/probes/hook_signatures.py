"""Signatures of deliveries: verified as a receiver would, fresh, and under both secrets while one follows the other."""

from __future__ import annotations

from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import writable_fields
from troth.behaviour.signing import Signing
from troth.conformance.happenings import first
from troth.conformance.mailbox import Hook
from troth.conformance.scene import Scene
from troth.conformance.signatures import Problem, signed_at, verify
from troth.conformance.subscribing import Subscription, post_of, profile_of, secret_for, subscribe
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["rotated", "signature", "timestamp"]


def _signing(scene: Scene) -> Signing:
    signing = profile_of(scene).signing
    assert signing is not None  # noqa: S101 - the clauses exist only where deliveries are signed
    return signing


def _delivery(scene: Scene, binding: Binding) -> tuple[Subscription, Hook]:
    """One signed delivery of the run, and the subscription that it went to."""
    key = "webhooks:signed"
    if key not in scene.memory:
        names = [event.name for event in binding.resource.events] if binding.resource else []
        made = subscribe(scene, scene.owner, names)
        first(scene, binding)
        post_of(scene).settle(scene.control, lambda: bool(made.got(scene)))
        scene.memory[key] = made
    made = scene.memory[key]
    got = made.got(scene)
    if not got:
        raise Inconclusive("nothing arrives, which is what webhooks.delivered judges")
    return made, got[0]


def signature(scene: Scene, binding: Binding) -> None:
    """The signature fits the delivery, and neither another body nor another secret."""
    signing = _signing(scene)
    made, hook = _delivery(scene, binding)
    try:
        verify(signing, made.secret, hook.headers, hook.body)
    except Problem as problem:
        raise Violated(
            f"A delivery is not signed as declared: {problem}",
            delivery=hook.as_fact(),
            deviation="unsigned",
        ) from None
    for secret, body, what in (
        (made.secret, hook.body + b" ", "another body"),
        (secret_for(profile_of(scene), f"{scene.nonce}/none"), hook.body, "another secret"),
    ):
        if _fits(signing, secret, Hook(hook.path, hook.headers, body, hook.status)):
            raise Violated(
                f"The signature of a delivery fits {what} as well",
                delivery=hook.as_fact(),
                deviation="unsigned",
            )


def timestamp(scene: Scene, binding: Binding) -> None:
    """The signed time is that of the attempt, within what a receiver tolerates."""
    signing = _signing(scene)
    _, hook = _delivery(scene, binding)
    now = scene.now().timestamp()
    try:
        moment = signed_at(signing, hook.headers)
    except Problem as problem:
        raise Inconclusive(f"{problem}, which is what webhooks.signature judges") from None
    if moment is None:
        raise NotExercised("deliveries do not say when they were signed")
    if abs(now - moment) > signing.tolerance:
        title = f"A delivery is signed as of {abs(now - moment):.0f} s from now; {signing.tolerance} s are tolerated"
        raise Violated(title, delivery=hook.as_fact(), deviation="stale")


def rotated(scene: Scene, binding: Binding) -> None:
    """After a change of secret deliveries verify with the old one and the new one, and later with the new one alone."""
    profile, signing = profile_of(scene), _signing(scene)
    resource = scene.behaviour.resources.get(profile.resource)
    updater = scene.behaviour.binding(resource.name, Kind.UPDATE) if resource else None
    if updater is None or profile.secret not in writable_fields(scene.contract, updater):
        raise NotExercised("no operation changes the secret of a subscription")
    names = [event.name for event in binding.resource.events] if binding.resource else []
    made = subscribe(scene, scene.owner, names)
    new = secret_for(profile, f"{scene.nonce}/new")
    exchange = scene.call(
        scene.owner, updater, identifier=made.identifier, row=made.row, body={profile.secret: new}
    )
    if not exchange.ok:
        raise Inconclusive(f"{updater.id} answers {exchange.status}")
    first(scene, binding)
    post_of(scene).settle(scene.control, lambda: bool(made.got(scene)))
    got = made.got(scene)
    if not got:
        raise Inconclusive("nothing arrives, which is what webhooks.delivered judges")
    fits = {secret: _fits(signing, secret, got[0]) for secret in (new, made.secret)}
    if not any(fits.values()):
        raise Inconclusive("a delivery verifies with neither secret, which is what webhooks.signature judges")
    if not all(fits.values()):
        which = "new" if fits[made.secret] else "replaced"
        title = f"While secrets overlap, a delivery does not verify with the {which} one"
        raise Violated(title, exchange, delivery=got[0].as_fact(), deviation="unsigned")
    if scene.control is not None:
        scene.control.advance(signing.overlap + 1)
        _alone(scene, binding, made, len(got))


def _alone(scene: Scene, binding: Binding, made: Subscription, before: int) -> None:
    """The overlap is over: the replaced secret signs no more."""
    first(scene, binding)
    post_of(scene).settle(scene.control, lambda: len(made.got(scene)) > before)
    for hook in made.got(scene)[before:]:
        if _fits(_signing(scene), made.secret, hook):
            raise Violated(
                "A replaced secret signs beyond its time",
                delivery=hook.as_fact(),
                deviation="late",
            )


def _fits(signing: Signing, secret: str, hook: Hook) -> bool:
    try:
        verify(signing, secret, hook.headers, hook.body)
    except Problem:
        return False
    return True
