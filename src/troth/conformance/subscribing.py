"""Subscriptions of a run: made by the API's own operation, or by the control plane where it has none."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import writable_fields
from troth.behaviour.signing import SECRET_PREFIX
from troth.behaviour.subscriptions import Webhooks
from troth.conformance.actors import Actor
from troth.conformance.exchanges import Exchange
from troth.conformance.mailbox import Hook
from troth.conformance.post import Post
from troth.conformance.scene import Row, Scene
from troth.conformance.timeline import Closed, Opened
from troth.conformance.verdicts import Inconclusive, NotExercised
from troth.errors import TargetError

__all__ = [
    "Subscription",
    "assure",
    "post_of",
    "profile_of",
    "secret_for",
    "subscribe",
    "unsubscribe",
    "withdraw",
]


@dataclass(slots=True)
class Subscription:
    """One subscription and where its deliveries arrive. ``row`` is what the API showed of it."""

    path: str
    actor: Actor
    identifier: Any
    secret: str = field(repr=False)
    row: Row | None = None
    exchange: Exchange | None = None

    def got(self, scene: Scene) -> list[Hook]:
        return post_of(scene).mailbox.got(self.path)


def profile_of(scene: Scene) -> Webhooks:
    """The webhook profile; the clauses exist only with one."""
    found = scene.behaviour.webhooks
    assert found is not None  # noqa: S101 - see above
    return found


def post_of(scene: Scene) -> Post:
    """The receiver of the run. Raises NotExercised without one."""
    if scene.post is None:
        raise NotExercised("this run has no receiver for deliveries")
    return scene.post


def secret_for(profile: Webhooks, mark: str) -> str:
    """A secret that no run has used before, in the form that the signing profile asks for."""
    digest = hashlib.sha256(mark.encode()).digest()
    if profile.signing is not None and profile.signing.decoded_key:
        return SECRET_PREFIX + base64.b64encode(digest).decode()
    return digest.hex()[:48]


def subscribe(
    scene: Scene,
    actor: Actor,
    events: Iterable[str],
    *,
    mode: str | None = None,
    silent: bool = False,
    answers: tuple[int, ...] = (),
    held: float = 0.0,
) -> Subscription:
    """Subscribe an address of the receiver to events. Raises NotExercised where that cannot be done.

    ``silent`` does not repeat the secret of a handshake; ``answers`` are the statuses that deliveries get, and
    ``held`` the seconds after which they get them.
    """
    profile, post, events = profile_of(scene), post_of(scene), list(events)
    base = post.address(scene.control)
    number = scene.memory["inboxes"] = int(scene.memory.get("inboxes", 0)) + 1
    path = f"/{scene.nonce}/{number}"
    if silent:
        post.mailbox.silence(path)
    if held:
        post.mailbox.hold(path, held)
    if answers:
        post.mailbox.answer(path, *answers)
    secret = secret_for(profile, f"{scene.nonce}/{number}")
    asked = {"tenant": actor.tenant, "events": events, "mode": mode} if profile.controlled else None
    opened = Opened(path, base + path, secret, answers, silent, held, actor.tenant, asked)
    scene.client.log.append(opened)
    if profile.controlled:
        made = _controlled(scene, actor, path, base + path, events, secret, mode)
    else:
        made = _created(scene, actor, path, base + path, events, secret, mode)
    scene.memory.setdefault("subscriptions", []).append(made)
    if profile.handshake:
        post.settle(scene.control, lambda: post.mailbox.greeted(path))
    return made


def _controlled(
    scene: Scene, actor: Actor, path: str, url: str, events: list[str], secret: str, mode: str | None
) -> Subscription:
    if scene.control is None:
        raise NotExercised("no operation makes subscriptions; that takes a target with a control plane")
    identifier = scene.control.subscribe(actor.tenant, url, events, secret, mode)
    if identifier is None:
        raise NotExercised("the control plane takes no subscriptions")
    return Subscription(path, actor, identifier, secret)


def _created(
    scene: Scene, actor: Actor, path: str, url: str, events: list[str], secret: str, mode: str | None
) -> Subscription:
    profile = profile_of(scene)
    binding = scene.operation(scene.behaviour.resources[profile.resource], Kind.CREATE)
    body = _filled(scene, binding, scene.body(binding, actor), url, events, secret, mode)
    exchange = scene.call(actor, binding, body=body)
    if not exchange.ok:
        told = exchange.content[:160].decode("utf-8", "replace")
        raise NotExercised(f"{binding.id} answers {exchange.status} to a subscription for {url}: {told}")
    row = scene.unwrapped(binding, exchange)
    shown = row.get(profile.secret)
    known = shown if isinstance(shown, str) else secret
    scene.cast.secrets.add(known)
    return Subscription(path, actor, row.get(_id_field(scene)), known, row, exchange)


def _id_field(scene: Scene) -> str:
    return scene.behaviour.resources[profile_of(scene).resource].id_field


def _filled(
    scene: Scene, binding: Binding, body: Any, url: str, events: list[str], secret: str, mode: str | None
) -> Any:
    """The body with everything that makes it this subscription; it may stand under a wrapper."""
    profile = profile_of(scene)
    if isinstance(body, Mapping) and profile.url not in body and len(body) == 1:
        wrapper, inner = next(iter(body.items()))
        if isinstance(inner, Mapping):
            return {wrapper: _filled(scene, binding, inner, url, events, secret, mode)}
    names = writable_fields(scene.contract, binding)
    made = {name: value for name, value in dict(body or {}).items() if name not in _left_out(profile)}
    made[profile.url] = url
    if profile.subject:
        subject = events[0].rpartition(".")[0]
        made[profile.subject] = subject
        made[profile.events] = [e[len(subject) + 1 :] for e in events if e.startswith(f"{subject}.")]
    else:
        made[profile.events] = events
    if profile.secret in names:
        made[profile.secret] = secret
    if not profile.states and profile.enabled in names:
        made[profile.enabled] = True
    if mode is not None and profile.mode:
        made[profile.mode] = mode
    return made


def _left_out(profile: Webhooks) -> set[str]:
    """What an example may say and a subscription of a run must not."""
    return {profile.expires, profile.mode, profile.enabled if profile.states else ""}


def assure(scene: Scene, subscription: Subscription) -> None:
    """Before a silence is blamed on deliveries: the subscription must still be there. Raises Inconclusive."""
    profile = profile_of(scene)
    resource = scene.behaviour.resources.get(profile.resource)
    if resource is None or subscription.row is None or not scene.behaviour.binding(resource.name, Kind.READ):
        return
    row, _ = scene.fetched(resource, subscription.actor, subscription.row)
    if not profile.is_active(row) and not profile.is_pending(row):
        raise Inconclusive("the subscription is switched off")


def unsubscribe(scene: Scene, subscription: Subscription) -> Exchange | None:
    """End a subscription. Raises NotExercised where that cannot be done."""
    profile = profile_of(scene)
    if profile.controlled:
        if scene.control is not None:
            scene.control.unsubscribe(str(subscription.identifier))
            scene.client.log.append(Closed(subscription.path))
        return None
    binding = scene.operation(scene.behaviour.resources[profile.resource], Kind.DELETE)
    exchange = scene.call(
        subscription.actor, binding, identifier=subscription.identifier, row=subscription.row
    )
    if not exchange.ok:
        raise NotExercised(f"{binding.id} answers {exchange.status}")
    return exchange


def withdraw(scene: Scene) -> None:
    """End every subscription of a scene, so that the target does not go on delivering to nobody."""
    for subscription in scene.memory.pop("subscriptions", ()):
        with suppress(NotExercised, Inconclusive, TargetError):
            unsubscribe(scene, subscription)
