"""Events and webhook deliveries: who is told what, signed, retried, and remembered.

The engine only fills an outbox; whoever embeds it sends what is due and reports the outcome.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from troth.behaviour.model import Event, Webhooks
from troth.engine.clock import instant
from troth.engine.messages import dump
from troth.engine.refusing import compile_template
from troth.engine.state import Row, State

__all__ = ["Attempt", "Delivery", "Dispatcher", "is_reserved"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: when, with which headers, and the status or error that came back."""

    at: float
    headers: Mapping[str, str]
    status: int | None
    error: str | None


class Delivery:
    """One event on its way to one subscription. ``due`` is None once delivered or given up.

    The body is rendered when somebody first looks at it: most deliveries of a mock are never looked at.
    """

    __slots__ = (
        "_body",
        "_payload",
        "at",
        "attempts",
        "due",
        "event",
        "id",
        "secret",
        "sending",
        "subscription",
        "tenant",
        "url",
    )

    def __init__(
        self,
        identifier: str,
        event: str,
        tenant: str,
        subscription: str,
        url: str,
        secret: str | None,
        at: float,
        payload: Callable[[Delivery], bytes],
    ) -> None:
        self.id = identifier
        self.event = event
        self.tenant = tenant
        self.subscription = subscription
        self.url = url
        self.secret = secret
        self.at = at
        self.due: float | None = None if is_reserved(url) else at
        self.attempts: list[Attempt] = []
        self.sending = False
        self._payload = payload
        self._body: bytes | None = None

    @property
    def body(self) -> bytes:
        if self._body is None:
            self._body = self._payload(self)
        return self._body

    @property
    def outcome(self) -> str:
        if self.due is not None:
            return "pending"
        if not self.attempts and is_reserved(self.url):
            return "unreachable"
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


@lru_cache(maxsize=1024)
def is_reserved(url: str) -> bool:
    """Whether a URL's host lies in a domain that never resolves (RFC 6761: test, example, invalid)."""
    host = urlsplit(url).hostname or ""
    return host.rpartition(".")[2] in ("test", "example", "invalid")


def _accepted(status: int | None) -> bool:
    return status is not None and 200 <= status < 300  # noqa: PLR2004 - 3xx is a failure: redirects are not followed


class _Subscribers(NamedTuple):
    """The subscriptions to one event; ``reachable`` when at least one of them has an address that may resolve."""

    rows: list[Row]
    reachable: bool


class _Emission(NamedTuple):
    """One event that nobody can receive, kept until somebody reads the log."""

    name: str
    tenant: str
    rows: list[Row]
    view: Mapping[str, Any]
    at: float
    data: Mapping[str, Any] | None


class Dispatcher:
    """The compiled webhook profile. ``track`` lets the owner write an outcome onto the subscription's row."""

    def __init__(self, settings: Webhooks | None, tenants: Mapping[str, str]) -> None:
        self._settings = settings
        self._tenants = tenants
        self._payload: Callable[[Mapping[str, Any]], Any] = compile_template(
            settings.payload if settings else None
        )

    def heard(self, state: State, tenant: str) -> Mapping[str, object]:
        """The events that somebody of the tenant subscribes to."""
        return {} if self._settings is None else self._subscribed(state, tenant)

    def emit(
        self,
        state: State,
        tenant: str,
        event: Event | str,
        view: Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
    ) -> int:
        """Queue one delivery for each enabled subscription of the tenant; gives their number.

        ``data`` is what the payload shows under ``$data``, where that is not the row.
        """
        name = event if isinstance(event, str) else event.name
        if self._settings is None:
            return 0
        found = self._subscribed(state, tenant).get(name)
        if found is None:
            return 0
        emission = _Emission(name, tenant, found.rows, view, state.clock.now(), data)
        if found.reachable:
            deliveries = self._expanded(state, emission)
            state.outbox.extend(deliveries)
            state.pending.update((d.id, d) for d in deliveries if d.due is not None)
        else:
            state.outbox.append(emission)
        return len(found.rows)

    def log(self, state: State) -> list[Delivery]:
        """Every delivery that the state remembers, oldest first."""
        found: list[Delivery] = []
        for entry in state.outbox:
            found += self._expanded(state, entry) if isinstance(entry, _Emission) else [entry]
        state.outbox = type(state.outbox)(found, state.outbox.maxlen)
        return found

    def _expanded(self, state: State, emission: _Emission) -> list[Delivery]:
        return [self._delivery(state, emission, row) for row in emission.rows]

    def _subscribed(self, state: State, tenant: str) -> dict[str, _Subscribers]:
        """The enabled subscriptions of a tenant by event, kept until one of them changes."""
        settings = self._settings
        assert settings is not None  # noqa: S101 - emit has looked
        table = state.table(tenant, settings.resource)
        known = state.subscriptions.get(tenant)
        if known is not None and known[0] == table.version:
            return known[1]
        rows: dict[str, list[Row]] = {}
        for row in table.all():
            if row.data.get(settings.enabled, True):
                for name in row.data.get(settings.events) or ():
                    rows.setdefault(str(name), []).append(row)
        index = {
            name: _Subscribers(
                found, any(not is_reserved(str(row.data.get(settings.url, ""))) for row in found)
            )
            for name, found in rows.items()
        }
        state.subscriptions[tenant] = (table.version, index)
        return index

    def _delivery(self, state: State, emission: _Emission, subscription: Row) -> Delivery:
        settings = self._settings
        assert settings is not None  # noqa: S101 - emit has looked
        name, tenant, _, view, at, data = emission

        def payload(delivery: Delivery) -> bytes:
            slots = {
                "event": name,
                "timestamp": instant(delivery.at),
                "tenant": self._tenants.get(tenant, tenant),
                "row": view,
                "data": view if data is None else data,
                "deliveryId": delivery.id,
            }
            return dump(self._payload(slots))

        return Delivery(
            f"dlv_{state.next('', '', 'delivery'):08d}",
            name,
            tenant,
            subscription.id,
            str(subscription.data.get(settings.url, "")),
            subscription.data.get(settings.secret),
            at,
            payload,
        )

    def headers(self, delivery: Delivery, now: float) -> dict[str, str]:
        """The headers of one attempt; signed only when the subscription has a secret."""
        made = {
            "content-type": "application/json",
            "user-agent": "troth-mock",
            "x-webhook-delivery": delivery.id,
        }
        signing = self._settings.signing if self._settings else None
        if signing is None or not delivery.secret:
            return made
        timestamp = str(int(now))
        content = signing.content.replace("{timestamp}", timestamp).encode()
        content = content.replace(b"{body}", delivery.body).replace(b"{id}", delivery.id.encode())
        signature = hmac.new(delivery.secret.encode(), content, hashlib.sha256).hexdigest()
        return made | {signing.timestamp: timestamp, signing.header: signing.prefix + signature}

    def record(
        self,
        state: State,
        delivery: Delivery,
        headers: Mapping[str, str],
        status: int | None,
        error: str | None,
    ) -> dict[str, Any]:
        """Note an attempt, plan the next, and give the changes of the subscription's tracking fields."""
        now = state.clock.now()
        delivery.attempts.append(Attempt(now, headers, status, error))
        retries = self._settings.retries if self._settings else ()
        tried = len(delivery.attempts)
        accepted = _accepted(status)
        delivery.sending = False
        delivery.due = now + retries[tried - 1] if not accepted and tried <= len(retries) else None
        if delivery.due is None:
            state.pending.pop(delivery.id, None)
        tracking = self._settings.tracking if self._settings else {}
        changes: dict[str, Any] = {}
        if "at" in tracking:
            changes[tracking["at"]] = instant(now)
        if "status" in tracking:
            changes[tracking["status"]] = status
        if "failures" in tracking:
            row = state.table(delivery.tenant, self._settings.resource if self._settings else "").get(
                delivery.subscription
            )
            before = int(row.data.get(tracking["failures"]) or 0) if row else 0
            changes[tracking["failures"]] = 0 if accepted else before + 1
        return changes

    def due(self, state: State) -> list[Delivery]:
        now = state.clock.now()
        return [
            delivery
            for delivery in state.pending.values()
            if delivery.due is not None and delivery.due <= now and not delivery.sending
        ]
