"""Events: each becomes one delivery for each subscription that wants it, and waits in the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from troth.behaviour.model import Event, Resource
from troth.behaviour.subscriptions import Webhooks
from troth.engine.audience import Audience, reached
from troth.engine.clock import instant
from troth.engine.deliveries import Delivery
from troth.engine.messages import dump
from troth.engine.refusing import compile_template
from troth.engine.state import Row, State

__all__ = ["Dispatcher"]

_NO_ONE: Mapping[str, object] = {}


class _Emission(NamedTuple):
    """One event that nobody can receive, kept until somebody reads the log."""

    name: str
    tenant: str
    rows: list[Row]
    view: Mapping[str, Any]
    at: float
    data: Mapping[str, Any] | None
    resource: Resource | None

    @property
    def about(self) -> str:
        """What the event is about: a resource and an id, empty where it is about no row."""
        return f"{self.resource.name}/{self.view.get(self.resource.id_field)}" if self.resource else ""


class Dispatcher:
    """The compiled webhook profile."""

    def __init__(
        self, settings: Webhooks | None, tenants: Mapping[str, str], faults: frozenset[str] = frozenset()
    ) -> None:
        self._settings = settings
        self._tenants = tenants
        self._faults = faults
        self._payload: Callable[[Mapping[str, Any]], Any] = compile_template(
            settings.payload if settings else None
        )
        overlap = settings.signing.overlap if settings and settings.signing else 0
        #: The resource whose writes :meth:`subscribed` has to see; empty where that is no use.
        self.watched = settings.resource if settings and (settings.handshake or overlap) else ""
        self._overlap = overlap

    # -- events -----------------------------------------------------------------------------------------------------

    def heard(self, state: State, tenant: str) -> Mapping[str, object] | Audience:
        """The events that somebody of the tenant subscribes to."""
        if self._settings is None:
            return _NO_ONE
        if self._faults and "leak-foreign-event" in self._faults:
            return next(filter(None, (self._audience(state, one) for one in self._tenants)), _NO_ONE)
        return self._audience(state, tenant)

    def emit(
        self,
        state: State,
        tenant: str,
        event: Event | str,
        view: Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
        about: Resource | None = None,
        *,
        timed: bool = False,
    ) -> int:
        """Queue one delivery for each live subscription of the tenant; gives their number.

        ``data`` is what the payload shows under ``$data``, where that is not the row; ``about`` the row's
        resource; ``timed`` when no write but time brought it about.
        """
        name = event if isinstance(event, str) else event.name
        if not self._faults:
            return 0 if self._settings is None else self._told(state, tenant, name, view, data, about)
        if self._settings is None or ("event-lost" in self._faults and not timed):
            return 0
        count = self._told(state, tenant, name, view, data, about)
        if "event-repeated" in self._faults and not timed:
            count += self._told(state, tenant, name, view, data, about)
        if "leak-foreign-event" in self._faults:
            others = [other for other in self._tenants if other != tenant]
            count += sum(self._told(state, other, name, view, data, about) for other in others)
        return count

    def _told(
        self,
        state: State,
        tenant: str,
        name: str,
        view: Mapping[str, Any],
        data: Mapping[str, Any] | None,
        about: Resource | None,
    ) -> int:
        found = self._audience(state, tenant).of(name)
        if found is None:
            return 0
        emission = _Emission(name, tenant, found.rows, view, state.clock.now(), data, about)
        if found.lazy:
            state.outbox.append(emission)
        else:
            self._queue(state, self._expanded(state, emission))
        return len(found.rows)

    def _audience(self, state: State, tenant: str) -> Audience:
        """Kept until a subscription changes or expires."""
        settings = self._settings
        assert settings is not None  # noqa: S101 - the callers have looked
        table = state.table(tenant, settings.resource)
        known: Audience | None = state.subscriptions.get(tenant)
        if known is None or known.version != table.version or self._outdated(known, state):
            known = Audience(settings, state, table, self._faults)
            state.subscriptions[tenant] = known
        return known

    def _outdated(self, known: Audience, state: State) -> bool:
        return bool(self._settings and self._settings.expires) and known.until <= state.clock.now()

    # -- deliveries -------------------------------------------------------------------------------------------------

    def log(self, state: State) -> list[Delivery]:
        """Every delivery that the state remembers, oldest first."""
        found: list[Delivery] = []
        for entry in state.outbox:
            found += self._expanded(state, entry) if isinstance(entry, _Emission) else [entry]
        state.outbox = type(state.outbox)(found, state.outbox.maxlen)
        return found

    def _queue(self, state: State, deliveries: list[Delivery]) -> None:
        state.outbox.extend(deliveries)
        state.pending.update((d.id, d) for d in deliveries if d.reached)

    def _expanded(self, state: State, emission: _Emission) -> list[Delivery]:
        made = (self._delivery(state, emission, row) for row in emission.rows)
        return [delivery for delivery in made if delivery is not None]

    def _delivery(self, state: State, emission: _Emission, subscription: Row) -> Delivery | None:
        """A new delivery; None where one that still waits takes it over."""
        settings = self._settings
        assert settings is not None  # noqa: S101 - the callers have looked
        mode = settings.mode_of(subscription.data)
        pause = 0 if "mode-ignored" in self._faults else mode.debounce
        url = str(subscription.data.get(settings.url, ""))
        due = emission.at + pause
        key = (emission.tenant, subscription.id, emission.name, emission.about)
        waiting = state.hooks.waiting.get(key) if pause else None
        if waiting is not None and emission.at < waiting[0] and not waiting[1].attempts:
            waiting[1].retell(self._rendered(emission), emission.at, due)
            state.hooks.waiting[key] = (emission.at + pause, waiting[1])
            return None
        made = Delivery(
            f"dlv_{state.next('', '', 'delivery'):08d}",
            emission.name,
            emission.tenant,
            subscription.id,
            url,
            subscription.data.get(settings.secret),
            emission.at,
            self._rendered(emission),
            due=due,
            reached=reached(state, url),
            prompt=mode.before_answer and "mode-ignored" not in self._faults,
        )
        if pause:
            state.hooks.waiting[key] = (emission.at + pause, made)
        return made

    def _rendered(self, emission: _Emission) -> Callable[[Delivery], bytes]:
        name, tenant, _, view, _, data, _ = emission

        def payload(delivery: Delivery) -> bytes:
            if "payload-emptied" in self._faults:
                return b"{}"
            slots = {
                "event": name,
                "timestamp": instant(delivery.at),
                "tenant": self._tenants.get(tenant, tenant),
                "row": view,
                "data": view if data is None else data,
                "deliveryId": delivery.id,
            }
            return dump(self._payload(slots))

        return payload

    # -- subscriptions ----------------------------------------------------------------------------------------------

    def subscribed(self, state: State, tenant: str, before: Row | None, row: Row) -> None:
        """A subscription was made or changed: greet its receiver, remember the secret that was replaced."""
        settings = self._settings
        assert settings is not None  # noqa: S101 - only the watched resource comes here
        if before is None and settings.is_pending(row.data):
            self._greet(settings, state, tenant, row)
        if before is not None and self._overlap:
            old = before.data.get(settings.secret)
            if old and old != row.data.get(settings.secret):
                retired = state.hooks.retired.setdefault((tenant, row.id), [])
                retired.insert(0, (str(old), state.clock.now() + self._overlap))

    def _greet(self, settings: Webhooks, state: State, tenant: str, row: Row) -> None:
        url, now = str(row.data.get(settings.url, "")), state.clock.now()
        made = Delivery(
            f"dlv_{state.next('', '', 'delivery'):08d}",
            "handshake",
            tenant,
            row.id,
            url,
            row.data.get(settings.secret),
            now,
            lambda _: b"{}",
            due=now,
            reached=reached(state, url),
            greeting=True,
        )
        self._queue(state, [made])
