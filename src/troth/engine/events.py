"""Events and webhook deliveries: who is told what, signed, retried, and remembered.

The engine only fills an outbox; whoever embeds it sends what is due and reports the outcome.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from troth.behaviour.model import Event, Webhooks
from troth.engine.clock import instant
from troth.engine.messages import dump
from troth.engine.refusing import compile_template
from troth.engine.state import State

__all__ = ["Attempt", "Delivery", "Dispatcher"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: when, with which headers, and the status or error that came back."""

    at: float
    headers: Mapping[str, str]
    status: int | None
    error: str | None


@dataclass(slots=True)
class Delivery:
    """One event on its way to one subscription. ``due`` is None once delivered or given up."""

    id: str
    event: str
    tenant: str
    subscription: str
    url: str
    body: bytes
    secret: str | None
    due: float | None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        if self.due is not None:
            return "pending"
        return "delivered" if self.attempts and _accepted(self.attempts[-1].status) else "failed"

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "event": self.event,
            "tenant": self.tenant,
            "subscription": self.subscription,
            "url": self.url,
            "outcome": self.outcome,
            "due": None if self.due is None else instant(self.due),
            "body": self.body.decode(),
            "attempts": [
                {"at": instant(a.at), "headers": dict(a.headers), "status": a.status, "error": a.error}
                for a in self.attempts
            ],
        }


def _accepted(status: int | None) -> bool:
    return status is not None and 200 <= status < 300  # noqa: PLR2004 - 3xx is a failure: redirects are not followed


class Dispatcher:
    """The compiled webhook profile. ``track`` lets the owner write an outcome onto the subscription's row."""

    def __init__(self, settings: Webhooks | None, tenants: Mapping[str, str]) -> None:
        self._settings = settings
        self._tenants = tenants
        self._payload: Callable[[Mapping[str, Any]], Any] = compile_template(settings.payload if settings else None)

    def emit(self, state: State, tenant: str, event: Event | str, view: Mapping[str, Any]) -> int:
        """Queue one delivery for each enabled subscription of the tenant; gives their number."""
        name = event if isinstance(event, str) else event.name
        settings = self._settings
        if settings is None:
            return 0
        count = 0
        for row in state.table(tenant, settings.resource).all():
            wanted = row.data.get(settings.events) or ()
            if row.data.get(settings.enabled, True) and (name in wanted or "*" in wanted):
                state.outbox.append(self._delivery(state, tenant, name, row.data, row.id, view))
                count += 1
        return count

    def _delivery(
        self,
        state: State,
        tenant: str,
        name: str,
        subscription: Mapping[str, Any],
        identifier: str,
        view: Mapping[str, Any],
    ) -> Delivery:
        settings = self._settings
        assert settings is not None  # noqa: S101 - emit has looked
        now = state.clock.now()
        identity = "dlv_" + state.identities.word(20)
        slots = {
            "event": name,
            "timestamp": instant(now),
            "tenant": self._tenants.get(tenant, tenant),
            "row": view,
            "deliveryId": identity,
        }
        return Delivery(
            id=identity,
            event=name,
            tenant=tenant,
            subscription=identifier,
            url=str(subscription.get(settings.url, "")),
            body=dump(self._payload(slots)),
            secret=subscription.get(settings.secret),
            due=now,
        )

    def headers(self, delivery: Delivery, now: float) -> dict[str, str]:
        """The headers of one attempt; signed only when the subscription has a secret."""
        made = {"content-type": "application/json", "user-agent": "troth-mock", "x-webhook-delivery": delivery.id}
        signing = self._settings.signing if self._settings else None
        if signing is None or not delivery.secret:
            return made
        timestamp = str(int(now))
        content = signing.content.replace("{timestamp}", timestamp).encode()
        content = content.replace(b"{body}", delivery.body).replace(b"{id}", delivery.id.encode())
        signature = hmac.new(delivery.secret.encode(), content, hashlib.sha256).hexdigest()
        return made | {signing.timestamp: timestamp, signing.header: signing.prefix + signature}

    def record(self, state: State, delivery: Delivery, headers: Mapping[str, str], status: int | None, error: str | None) -> dict[str, Any]:
        """Note an attempt, plan the next, and give the changes of the subscription's tracking fields."""
        now = state.clock.now()
        delivery.attempts.append(Attempt(now, headers, status, error))
        retries = self._settings.retries if self._settings else ()
        tried = len(delivery.attempts)
        accepted = _accepted(status)
        delivery.due = now + retries[tried - 1] if not accepted and tried <= len(retries) else None
        tracking = self._settings.tracking if self._settings else {}
        changes: dict[str, Any] = {}
        if "at" in tracking:
            changes[tracking["at"]] = instant(now)
        if "status" in tracking:
            changes[tracking["status"]] = status
        if "failures" in tracking:
            row = state.table(delivery.tenant, self._settings.resource if self._settings else "").get(delivery.subscription)
            before = int(row.data.get(tracking["failures"]) or 0) if row else 0
            changes[tracking["failures"]] = 0 if accepted else before + 1
        return changes

    def due(self, state: State) -> list[Delivery]:
        now = state.clock.now()
        return [delivery for delivery in state.outbox if delivery.due is not None and delivery.due <= now]
