"""Who is told: the subscriptions of one tenant that are switched on, by the event that they want."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from troth.behaviour.subscriptions import Webhooks
from troth.engine.clock import parse_instant
from troth.engine.deliveries import is_reserved
from troth.engine.state import Row, State, Table

__all__ = ["Audience", "Subscribers", "is_live", "reached", "routed"]

_NEVER = float("inf")


class Subscribers(NamedTuple):
    """The subscriptions to one event; ``lazy`` while nobody has to be sent anything before somebody looks."""

    rows: list[Row]
    lazy: bool


class Audience:
    """The live subscriptions of a tenant as of one version of their table, until the first of them expires.

    ``name in audience`` says whether somebody wants an event.
    """

    __slots__ = ("_found", "_lazy", "_rows", "_settings", "_unasked", "until", "version")

    def __init__(
        self, settings: Webhooks, state: State, table: Table, faults: frozenset[str] = frozenset()
    ) -> None:
        now = state.clock.now()
        self.version = table.version
        self._settings = settings
        self._rows = [row for row in table.all() if is_live(settings, row.data, now, faults)]
        self._lazy = _lazy(settings, state)
        self._unasked = "event-unasked" in faults
        self._found: dict[str, Subscribers | None] = {}
        self.until = min((_end(settings, row.data) for row in self._rows), default=_NEVER)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def __contains__(self, name: object) -> bool:
        return self.of(name) is not None  # type: ignore[arg-type]

    def of(self, name: str) -> Subscribers | None:
        """The subscribers of one event, None when there are none."""
        try:
            return self._found[name]
        except KeyError:
            rows = [row for row in self._rows if self._unasked or self._settings.wants(row.data, name)]
            found = self._found[name] = Subscribers(rows, all(map(self._lazy, rows))) if rows else None
            return found


def is_live(
    settings: Webhooks, data: Mapping[str, Any], now: float, faults: frozenset[str] = frozenset()
) -> bool:
    """Whether a subscription is switched on and has not expired."""
    active = settings.is_active(data) or ("handshake-skipped" in faults and settings.is_pending(data))
    return active and now < _end(settings, data)


def _end(settings: Webhooks, data: Mapping[str, Any]) -> float:
    value = data.get(settings.expires) if settings.expires else None
    try:
        return _NEVER if value is None else parse_instant(str(value))
    except ValueError:
        return _NEVER


def _lazy(settings: Webhooks, state: State) -> Callable[[Row], bool]:
    """Whether a subscriber can wait for its deliveries to be made: nothing can be sent there, and nothing merged."""

    def lazy(row: Row) -> bool:
        url = str(row.data.get(settings.url, ""))
        return not reached(state, url) and not settings.mode_of(row.data).debounce

    return lazy


def routed(state: State, url: str) -> str | None:
    """Where the control plane sends what goes to a URL, None when it says nothing."""
    for start, address in state.hooks.receivers.items():
        if url == start or url.startswith((f"{start}/", f"{start}?")):
            return address + url[len(start) :]
    return None


def reached(state: State, url: str) -> bool:
    """Whether anything can be sent to a URL: its host may resolve, or the control plane leads it somewhere."""
    return not is_reserved(url) or routed(state, url) is not None
