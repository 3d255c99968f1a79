"""Sending: what is due, where to, under which headers, and what comes of each attempt.

The engine sends nothing itself; whoever embeds it asks what is due, sends it and reports the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.subscriptions import Webhooks
from troth.engine.audience import is_live, routed
from troth.engine.clock import instant
from troth.engine.deliveries import Attempt, Delivery, is_accepted
from troth.engine.signatures import Signer
from troth.engine.state import Row, State

__all__ = ["Sender"]

_NOTHING: Mapping[str, str] = {}
#: Answers that ask for more time (RFC 9110 section 15.6.4, RFC 6585 section 4).
_THROTTLED = (429, 503)


class Sender:
    """The compiled half of a webhook profile that is about deliveries on their way."""

    def __init__(self, settings: Webhooks | None, faults: frozenset[str] = frozenset()) -> None:
        self._settings = settings
        self._faults = faults
        self._signer = Signer(settings.signing, faults) if settings and settings.signing else None

    def due(self, state: State, *, prompt: bool = False) -> list[Delivery]:
        """What is to be sent now; ``prompt`` only what goes before the answer."""
        if not state.pending:
            return []
        now, found, busy = state.clock.now(), [], set()
        ordered = self._settings is not None and self._settings.ordered
        overtaking = "delivery-overtakes" in self._faults
        for delivery in list(state.pending.values()):
            if not self._stands(state, delivery):
                state.pending.pop(delivery.id)
                delivery.due, delivery.called_off = None, True
                continue
            to = (delivery.tenant, delivery.subscription)
            free = to not in busy or overtaking
            if ordered:
                busy.add(to)
            ready = delivery.due is not None and delivery.due <= now and not delivery.sending
            if ready and free and (delivery.prompt or not prompt):
                found.append(delivery)
        return found[::-1] if overtaking else found

    def _stands(self, state: State, delivery: Delivery) -> bool:
        """Whether the subscription of a delivery still wants it."""
        settings = self._settings
        if settings is None or delivery.forced:
            return True
        row = self._subscription(state, delivery)
        if row is None:
            return "sent-when-gone" in self._faults
        if delivery.greeting:
            return settings.is_pending(row.data)
        return is_live(settings, row.data, state.clock.now(), self._faults)

    def _subscription(self, state: State, delivery: Delivery) -> Row | None:
        resource = self._settings.resource if self._settings else ""
        return state.table(delivery.tenant, resource).get(delivery.subscription)

    def redeliver(self, state: State, delivery: Delivery) -> None:
        """Send a delivery once more, whatever became of it."""
        delivery.due, delivery.forced, delivery.called_off = state.clock.now(), True, False
        delivery.reached = True
        state.pending[delivery.id] = delivery

    def address(self, state: State, delivery: Delivery) -> str:
        """Where to send a delivery: to its URL, or where the control plane leads that."""
        return routed(state, delivery.url) or delivery.url

    def headers(self, state: State, delivery: Delivery) -> dict[str, str]:
        """The headers of one attempt; signed only when the subscription has a secret."""
        made = {
            "content-type": "application/json",
            "user-agent": "troth-mock",
            "x-webhook-delivery": delivery.id,
        }
        settings, row = self._settings, self._subscription(state, delivery)
        if settings is None:
            return made
        secret = row.data.get(settings.secret) if row is not None else delivery.secret
        if delivery.greeting:
            return made | {settings.handshake: str(secret or "")}
        if self._signer is None or not secret:
            return made
        now = state.clock.now()
        retired = state.hooks.retired.get((delivery.tenant, delivery.subscription), ())
        kept = "old-secret-dropped" not in self._faults
        secrets = [str(secret), *(old for old, until in retired if kept and now < until)]
        return made | self._signer.headers(secrets, delivery.id, now, delivery.body)

    def record(
        self,
        state: State,
        delivery: Delivery,
        headers: Mapping[str, str],
        status: int | None,
        error: str | None,
        answered: Mapping[str, str] = _NOTHING,
    ) -> dict[str, Any]:
        """Note an attempt, plan the next, and give the changes that it makes to the subscription.

        ``answered`` are the headers of the answer, in lower case.
        """
        now = state.clock.now()
        delivery.attempts.append(Attempt(now, headers, status, error))
        accepted, delivery.sending = is_accepted(status), False
        delivery.due = None if accepted else self._next_attempt(delivery, now, status, answered)
        if delivery.due is None:
            state.pending.pop(delivery.id, None)
        settings = self._settings
        row = self._subscription(state, delivery)
        if settings is None or row is None:
            return {}
        if delivery.greeting:
            secret = headers.get(settings.handshake)
            agreed = accepted and bool(secret) and answered.get(settings.handshake) == secret
            return {settings.enabled: settings.switch("active")} if agreed else {}
        return self._tracked(settings, state, delivery, row, status)

    def _next_attempt(
        self, delivery: Delivery, now: float, status: int | None, answered: Mapping[str, str]
    ) -> float | None:
        """When to try again; a receiver that asks for more time gets it."""
        pauses = self._settings.retries if self._settings else ()
        tried = len(delivery.attempts)
        if tried > len(pauses) or "retry-dropped" in self._faults:
            return None
        asked = answered.get("retry-after", "") if status in _THROTTLED else ""
        pause = max(pauses[tried - 1], int(asked) if asked.isdigit() else 0)
        return now if "retry-hasty" in self._faults else now + pause

    def _tracked(
        self, settings: Webhooks, state: State, delivery: Delivery, row: Row, status: int | None
    ) -> dict[str, Any]:
        """What the subscription shows of its deliveries, and whether it goes on."""
        accepted, key = is_accepted(status), (delivery.tenant, delivery.subscription)
        failures = 0 if accepted else state.hooks.failing.get(key, 0) + 1
        state.hooks.failing[key] = failures
        tracking, changes = settings.tracking, dict[str, Any]()
        if "at" in tracking:
            changes[tracking["at"]] = instant(state.clock.now())
        if "status" in tracking:
            changes[tracking["status"]] = status
        if "failures" in tracking:
            counted = int(row.data.get(tracking["failures"]) or 0)
            changes[tracking["failures"]] = 0 if accepted else counted + 1
        end = settings.disabling
        over = end is not None and (0 < end.failures <= failures or status in end.statuses)
        if over and "failures-ignored" not in self._faults:
            changes[settings.enabled] = settings.switch("disabled")
            del state.hooks.failing[key]
        return changes
