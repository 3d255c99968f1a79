"""One event on its way to one subscription: what is sent where, when it is due, and how each attempt went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from troth.engine.clock import instant

__all__ = ["Attempt", "Delivery", "is_accepted", "is_reserved"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: when, with which headers, and the status or error that came back."""

    at: float
    headers: Mapping[str, str]
    status: int | None
    error: str | None


class Delivery:
    """What one subscription is told. ``due`` is None once delivered, given up or called off.

    The body is rendered when somebody first looks at it: most deliveries of a mock are never looked at. ``greeting``
    marks the handshake, ``prompt`` what goes before the answer, ``forced`` what was asked for by hand; ``reached`` is
    False while nothing can be sent to the URL.
    """

    __slots__ = (
        "_body",
        "_payload",
        "at",
        "attempts",
        "called_off",
        "due",
        "event",
        "forced",
        "greeting",
        "id",
        "prompt",
        "reached",
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
        *,
        due: float,
        reached: bool,
        greeting: bool = False,
        prompt: bool = False,
    ) -> None:
        self.id = identifier
        self.event = event
        self.tenant = tenant
        self.subscription = subscription
        self.url = url
        self.secret = secret
        self.at = at
        self.due: float | None = due
        self.reached = reached
        self.greeting = greeting
        self.prompt = prompt
        self.forced = False
        self.called_off = False
        self.attempts: list[Attempt] = []
        self.sending = False
        self._payload = payload
        self._body: bytes | None = None

    @property
    def body(self) -> bytes:
        if self._body is None:
            self._body = self._payload(self)
        return self._body

    def retell(self, payload: Callable[[Delivery], bytes], at: float, due: float) -> None:
        """Tell something newer instead, later."""
        self._payload, self._body, self.at = payload, None, at
        self.due = due

    @property
    def outcome(self) -> str:
        """``failed`` is what a service would keep among its dead letters."""
        if self.called_off:
            return "cancelled"
        if not self.reached and not self.attempts:
            return "unreachable"
        if self.due is not None:
            return "pending"
        return "delivered" if self.attempts and is_accepted(self.attempts[-1].status) else "failed"

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "event": self.event,
            "tenant": self.tenant,
            "subscription": self.subscription,
            "url": self.url,
            "outcome": self.outcome,
            "due": instant(self.due) if self.due is not None and self.reached else None,
            "body": self.body.decode(),
            "attempts": [
                {"at": instant(a.at), "headers": self._told(a), "status": a.status, "error": a.error}
                for a in self.attempts
            ],
        }

    def _told(self, attempt: Attempt) -> dict[str, str]:
        """The headers of an attempt; of the secret that a handshake carries only that there is one."""
        secret = self.secret if self.greeting else None
        return {name: "…" if secret and value == secret else value for name, value in attempt.headers.items()}


@lru_cache(maxsize=1024)
def is_reserved(url: str) -> bool:
    """Whether a URL's host lies in a domain that never resolves (RFC 6761: test, example, invalid)."""
    host = urlsplit(url).hostname or ""
    return host.rpartition(".")[2] in ("test", "example", "invalid")


def is_accepted(status: int | None) -> bool:
    """3xx is a failure: redirects are not followed."""
    return status is not None and 200 <= status < 300  # noqa: PLR2004 - success (RFC 9110 section 15.3)
