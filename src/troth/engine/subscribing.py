"""Subscriptions that no operation of the API makes: a test adds and removes them through the control plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from troth.behaviour.model import Behaviour
from troth.contract.model import Contract
from troth.engine.state import Row, State
from troth.errors import UsageError, did_you_mean

__all__ = ["Subscriptions"]


class Subscriptions:
    """The control plane's subscriptions of one contract; they live in the state like any other rows."""

    def __init__(self, contract: Contract, behaviour: Behaviour, tenants: Mapping[str, str]) -> None:
        self._webhooks = behaviour.webhooks
        self._tenants = tenants
        declared = (event.name for resource in behaviour.resources.values() for event in resource.events)
        self.events = tuple(dict.fromkeys((*declared, *(contract.document.get("webhooks") or {}))))

    def shown(self, state: State) -> list[dict[str, Any]]:
        """Every subscription of every tenant; of a secret only that there is one."""
        return [
            _shown(tenant, row)
            for (tenant, name), table in state.tables.items()
            if name == self._table()
            for row in table.all()
        ]

    def add(self, given: Mapping[str, Any], state: State) -> dict[str, Any]:
        """Subscribe an address to events, to all of them unless some are named. Raises UsageError."""
        table = self._table()
        tenant, url = str(given.get("tenant", next(iter(self._tenants)))), str(given["url"])
        if tenant not in self._tenants:
            raise UsageError(f"There is no tenant {tenant!r}.{did_you_mean(tenant, self._tenants)}")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise UsageError(f"{url!r} is not an http(s) URL.")
        events = [str(name) for name in given.get("events", self.events)]
        for name in events:
            if name not in self.events and "*" not in name:
                raise UsageError(f"There is no event {name!r}.{did_you_mean(name, self.events)}")
        secret, mode = given.get("secret"), given.get("mode")
        modes = [one.name for one in self._webhooks.modes] if self._webhooks else []
        if mode is not None and mode not in modes:
            raise UsageError(f"There is no mode of delivery {mode!r}.{did_you_mean(str(mode), modes)}")
        identifier = f"sub_{state.next('', table, 'id'):08d}"
        data = {
            "id": identifier,
            "url": url,
            "events": events,
            "enabled": True,
            "secret": secret,
            "mode": mode,
        }
        row = Row(identifier, data)
        state.table(tenant, table).put(row)
        return _shown(tenant, row)

    def remove(self, identifier: str, state: State) -> dict[str, Any]:
        """Raises UsageError for a subscription that does not exist."""
        for (_, name), table in state.tables.items():
            if name == self._table() and table.get(identifier) is not None:
                table.drop(identifier)
                return {"removed": identifier}
        raise UsageError(f"There is no subscription {identifier!r}.")

    def _table(self) -> str:
        webhooks = self._webhooks
        if webhooks is None:
            raise UsageError("This contract has no webhooks.")
        if not webhooks.controlled:
            raise UsageError(f"Subscriptions of this contract are made by its own API: {webhooks.resource}.")
        return webhooks.resource


def _shown(tenant: str, row: Row) -> dict[str, Any]:
    data = row.data
    told = {"id": row.id, "tenant": tenant, "url": data["url"], "events": data["events"]}
    return {**told, "hasSecret": bool(data["secret"])}
