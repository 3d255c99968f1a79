"""Webhooks as frozen values: where subscriptions live, what their fields mean, how deliveries go about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from troth.behaviour.signing import Signing

__all__ = ["Disabling", "Mode", "Webhooks"]


@dataclass(frozen=True, slots=True)
class Mode:
    """One way of delivering. ``debounce``: seconds in which further events about the same row take the place of one.

    ``before_answer``: sent before the request that brought the event about is answered.
    """

    name: str
    debounce: int = 0
    before_answer: bool = False


@dataclass(frozen=True, slots=True)
class Disabling:
    """What ends a subscription: so many failed attempts in a row (0 for never), or one of these statuses."""

    failures: int
    statuses: frozenset[int]


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Which resource holds subscriptions, and under which fields. Retry delays are seconds.

    ``controlled``: no operation makes subscriptions, they are rows that only the control plane knows. ``subject``,
    ``expires`` and ``mode`` are fields, empty where there are none. ``states`` maps active, pending and disabled to
    the words of the field ``enabled``; without it that field is true or false. ``handshake`` is the header that a
    new receiver has to repeat.
    """

    resource: str
    controlled: bool
    url: str
    events: str
    enabled: str
    secret: str
    payload: Any
    signing: Signing | None
    retries: tuple[int, ...]
    tracking: Mapping[str, str]
    subject: str = ""
    expires: str = ""
    mode: str = ""
    states: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    handshake: str = ""
    disabling: Disabling | None = None
    modes: tuple[Mode, ...] = (Mode(""),)
    ordered: bool = False

    def is_active(self, row: Mapping[str, Any]) -> bool:
        """Whether a subscription is switched on."""
        if self.states:
            return bool(row.get(self.enabled) == self.states["active"])
        return bool(row.get(self.enabled, True))

    def is_pending(self, row: Mapping[str, Any]) -> bool:
        """Whether a subscription still waits for its receiver to answer the handshake."""
        return bool(self.handshake) and row.get(self.enabled) == self.states.get("pending")

    def switch(self, state: str) -> Any:
        """What the field ``enabled`` holds in a state: active, pending or disabled."""
        return self.states[state] if self.states else state == "active"

    def wants(self, row: Mapping[str, Any], event: str) -> bool:
        """Whether a subscription asks for an event, by name or with ``*``."""
        names = row.get(self.events)
        names = [names] if isinstance(names, str) else names or ()
        about = f"{row.get(self.subject)}." if self.subject else ""
        return any(
            event == about + str(name) or ("*" in str(name) and fnmatchcase(event, about + str(name)))
            for name in names
        )

    def mode_of(self, row: Mapping[str, Any]) -> Mode:
        """The mode that a subscription chose, else the first."""
        chosen = row.get(self.mode) if self.mode else None
        return next((mode for mode in self.modes if mode.name == chosen), self.modes[0])
