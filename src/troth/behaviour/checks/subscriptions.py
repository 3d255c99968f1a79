"""Webhooks: subscriptions are rows that exist, and every event can be subscribed to."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.checks.ground import Ground, states_of
from troth.behaviour.model import Event, Resource
from troth.behaviour.subscriptions import Webhooks
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_subscriptions"]

_AT = "/x-behaviour/webhooks"


def check_subscriptions(ground: Ground) -> Iterator[Finding]:
    """The webhook profile names a resource and its fields; events have somebody to go to."""
    webhooks = ground.behaviour.webhooks
    emitting = [
        (resource, event) for resource in ground.behaviour.resources.values() for event in resource.events
    ]
    for _, event in emitting:
        if "time" in event.on and event.when is None:
            message = "time alone brings this event about, so 'when' must say at which moment."
            yield ground.finding("missing-keyword", event.pointer, message, expected="when")
    if webhooks is None:
        for _, event in emitting:
            message = f"the event {event.name!r} goes nowhere: the root has no 'webhooks'."
            yield ground.finding("event-without-subscription", event.pointer, message, "warning")
        return
    if webhooks.controlled:
        yield from _controlled(ground, [event for _, event in emitting])
        return
    resource = ground.behaviour.resources.get(webhooks.resource)
    if resource is None:
        at = _keyword(ground, "resource")
        yield ground.unknown(
            "unknown-resource", at, "resource", webhooks.resource, ground.behaviour.resources
        )
        return
    yield from _fields(ground, webhooks, resource)
    yield from _words(ground, webhooks, resource)
    states = _nameable(ground, webhooks, resource)
    for _, event in emitting:
        if states is not None and event.name not in states:
            yield ground.unknown("unknown-event", event.pointer, "event", event.name, states)


def _nameable(ground: Ground, webhooks: Webhooks, resource: Resource) -> frozenset[str] | None:
    """The events that a subscription can list; None where it can list anything."""
    field = resource.fields.get(webhooks.events)
    names = _event_names(ground, field.pointer) if field else None
    subject = resource.fields.get(webhooks.subject)
    if names is None or subject is None:
        return names
    subjects = states_of(ground.contract, subject.pointer)
    return None if subjects is None else frozenset(f"{about}.{name}" for about in subjects for name in names)


def _words(ground: Ground, webhooks: Webhooks, resource: Resource) -> Iterator[Finding]:
    """What is written into fields of a subscription is among the words that they list."""
    listed: list[tuple[str, str, tuple[str, ...], str]] = []
    for state, word in webhooks.states.items():
        listed.append((webhooks.enabled, "state", ("subscription", "states", state), word))
    listed += [
        (webhooks.mode, "mode", ("modes", mode.name), mode.name) for mode in webhooks.modes if mode.name
    ]
    for name, what, words, value in listed:
        field = resource.fields.get(name)
        known = states_of(ground.contract, field.pointer) if field else None
        if known is not None and value not in known:
            yield ground.unknown("unknown-word", _keyword(ground, *words), what, value, known)
    signing = webhooks.signing
    if signing is not None and signing.overlap and not signing.several:
        message = f"a header of the profile {signing.profile!r} carries one signature, so nothing overlaps."
        yield ground.finding(
            "keyword-without-effect", _keyword(ground, "signing", "overlap"), message, "warning"
        )


def _controlled(ground: Ground, events: list[Event]) -> Iterator[Finding]:
    """Without a resource of subscriptions its fields say nothing, and the document itself lists the events."""
    for word in ("resource", "subscription", "tracking"):
        if word in ground.given(_AT):
            message = f"{word!r} is about a resource of subscriptions, but they belong to the control plane."
            yield ground.finding("keyword-without-effect", join(_AT, word), message, "warning")
    documented = ground.contract.document.get("webhooks") or {}
    for event in events if documented else ():
        if event.name not in documented:
            yield ground.unknown("unknown-event", event.pointer, "event", event.name, documented)


def _keyword(ground: Ground, *words: str) -> str:
    """The pointer of a keyword of the profile, or of the profile where a default is in force."""
    return join(_AT, *words) if words[-1] in ground.given(join(_AT, *words[:-1])) else _AT


def _fields(ground: Ground, webhooks: Webhooks, resource: Resource) -> Iterator[Finding]:
    subscription = {
        "url": webhooks.url,
        "events": webhooks.events,
        "enabled": webhooks.enabled,
        "secret": webhooks.secret,
        "subject": webhooks.subject,
        "expires": webhooks.expires,
        "mode": webhooks.mode,
    }
    for word, name in subscription.items():
        stated = word in ground.given(join(_AT, "subscription"))
        # A subscription without a secret or a switch is a poorer one, not a wrong one.
        if name not in resource.fields and (stated or word in ("url", "events")):
            yield ground.missing_field(_keyword(ground, "subscription", word), name, resource)
    for word, name in webhooks.tracking.items():
        if name not in resource.fields:
            yield ground.missing_field(join(_AT, "tracking", word), name, resource)


def _event_names(ground: Ground, pointer: str) -> frozenset[str] | None:
    end, schema = ground.contract.follow(pointer)
    return (
        states_of(ground.contract, join(end, "items"))
        if "items" in schema
        else states_of(ground.contract, end)
    )
