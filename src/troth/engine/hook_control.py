"""The part of the control plane that is about webhooks: events, subscriptions, receivers, deliveries, dead letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from troth.engine.deliveries import Delivery
from troth.engine.engine import Engine
from troth.engine.state import State
from troth.engine.subscribing import Subscriptions
from troth.errors import UsageError, did_you_mean

__all__ = ["HookControl"]

Given = Mapping[str, Any]

_NARROWING = ("tenant", "event", "subscription", "outcome")


class HookControl:
    """Routes over one engine, for :class:`troth.engine.control.Control` to serve."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._subscriptions = Subscriptions(engine)
        self.routes: Mapping[tuple[str, str], Callable[[Given, State, str], Any]] = {
            ("POST", "/events"): self.trigger,
            ("GET", "/subscriptions"): self.subscriptions,
            ("POST", "/subscriptions"): self.subscribe,
            ("DELETE", "/subscriptions/{id}"): self.unsubscribe,
            ("POST", "/subscriptions/{id}/activate"): self.activate,
            ("GET", "/receivers"): self.receivers,
            ("PUT", "/receivers"): self.set_receivers,
            ("GET", "/deliveries"): self.deliveries,
            ("POST", "/deliveries/flush"): self.flush,
            ("POST", "/deliveries/{id}/redeliver"): self.redeliver,
            ("GET", "/dead-letters"): self.dead_letters,
            ("POST", "/dead-letters/redeliver"): self.revive,
        }

    # -- events and subscriptions ---------------------------------------------------------------------------------

    def trigger(self, given: Given, state: State, _name: str) -> Any:
        """Emit an event by name, about a row (``resource``, ``id``) or with given ``data``."""
        tenants = self._engine.seed.tenants
        tenant = str(given.get("tenant", next(iter(tenants))))
        if tenant not in tenants:
            raise UsageError(f"There is no tenant {tenant!r}.{did_you_mean(tenant, tenants)}")
        program = self._engine.program()
        data, further, resource = given.get("data") or {}, None, None
        if "resource" in given:
            resource = self._engine.behaviour.resources.get(str(given["resource"]))
            row = state.table(tenant, str(given["resource"])).get(str(given.get("id")))
            if resource is None or row is None:
                raise UsageError(
                    f"There is no row {given.get('id')!r} of {given['resource']!r} for {tenant!r}."
                )
            world, kind = program.keeper.world(state, tenant), program.keeper.kinds[resource.name]
            data = kind.view(row, world)
            further = program.keeper.event_data(resource, str(given["event"]), kind.full(row, world), world)
        count = program.dispatcher.emit(state, tenant, str(given["event"]), data, further, resource)
        return {"deliveries": count}

    def subscriptions(self, _given: Given, state: State, _name: str) -> Any:
        return {"subscriptions": self._subscriptions.shown(state)}

    def subscribe(self, given: Given, state: State, _name: str) -> Any:
        """Send a tenant's events to a URL, signed when a secret is given."""
        return {**self._subscriptions.add(given, state), "created": True}

    def unsubscribe(self, _given: Given, state: State, identifier: str) -> Any:
        return self._subscriptions.remove(identifier, state)

    def activate(self, _given: Given, state: State, identifier: str) -> Any:
        """Switch a subscription on, as its receiver's answer to the handshake would."""
        return self._subscriptions.activate(identifier, state)

    # -- where deliveries go --------------------------------------------------------------------------------------

    def receivers(self, _given: Given, state: State, _name: str) -> Any:
        return {"receivers": dict(state.hooks.receivers)}

    def set_receivers(self, given: Given, state: State, _name: str) -> Any:
        """Lead what goes to the beginning of a URL somewhere else: ``{"https://hooks.example.com": "http://…"}``."""
        wanted = given.get("receivers")
        if not isinstance(wanted, Mapping):
            raise UsageError(
                'Say which, such as {"receivers": {"https://hooks.example.com": "http://127.0.0.1:9000"}}.'
            )
        for url in (*wanted, *wanted.values()):
            parts = urlsplit(str(url))
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise UsageError(f"{url!r} is not an http(s) URL.")
        state.hooks.receivers = {str(k).rstrip("/"): str(v).rstrip("/") for k, v in wanted.items()}
        state.subscriptions = {}
        return self.receivers(given, state, "")

    # -- deliveries -----------------------------------------------------------------------------------------------

    def deliveries(self, given: Given, state: State, _name: str) -> Any:
        """The log; ``tenant``, ``event``, ``subscription``, ``outcome`` and ``limit`` narrow it to the latest."""
        found = [delivery.as_json() for delivery in self._chosen(given, state)]
        return {"deliveries": found[-int(given["limit"]) :] if given.get("limit") else found}

    def _chosen(self, given: Given, state: State) -> Iterator[Delivery]:
        wanted = {word: str(given[word]) for word in _NARROWING if given.get(word) is not None}
        for delivery in self._engine.program().dispatcher.log(state):
            if all(str(getattr(delivery, word)) == value for word, value in wanted.items()):
                yield delivery

    def flush(self, _given: Given, state: State, _name: str) -> Any:
        """How many deliveries are due now; whoever embeds the engine sends them."""
        return {"due": len(self._engine.program().sender.due(state))}

    def redeliver(self, _given: Given, state: State, identifier: str) -> Any:
        program = self._engine.program()
        for delivery in program.dispatcher.log(state):
            if delivery.id == identifier:
                program.sender.redeliver(state, delivery)
                return {"redelivering": identifier}
        raise UsageError(f"There is no delivery {identifier!r}.")

    def dead_letters(self, given: Given, state: State, _name: str) -> Any:
        """What was given up after its last attempt; narrowed as the log is."""
        found = self._chosen({**given, "outcome": "failed"}, state)
        return {"deadLetters": [delivery.as_json() for delivery in found]}

    def revive(self, given: Given, state: State, _name: str) -> Any:
        """Send every dead letter once more, or those that are meant."""
        found = list(self._chosen({**given, "outcome": "failed"}, state))
        for delivery in found:
            self._engine.program().sender.redeliver(state, delivery)
        return {"redelivering": [delivery.id for delivery in found]}
