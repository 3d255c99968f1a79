"""Subscriptions that no operation of the API makes: a test adds and removes them through the control plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from troth.behaviour.model import Resource
from troth.behaviour.subscriptions import Webhooks
from troth.engine.clock import instant, parse_instant
from troth.engine.engine import Engine
from troth.engine.state import Row, State
from troth.errors import UsageError, did_you_mean

__all__ = ["Subscriptions"]


class Subscriptions:
    """The subscriptions of one contract, seen from behind; they live in the state like any other rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        behaviour = engine.behaviour
        declared = (event.name for resource in behaviour.resources.values() for event in resource.events)
        self.events = tuple(dict.fromkeys((*declared, *(engine.contract.document.get("webhooks") or {}))))

    def shown(self, state: State) -> list[dict[str, Any]]:
        """Every subscription of every tenant; of a secret only that there is one."""
        profile = self._profile()
        return [_shown(profile, tenant, row) for tenant, row in self._rows(profile, state)]

    def add(self, given: Mapping[str, Any], state: State) -> dict[str, Any]:
        """Subscribe an address to events, to all of them unless some are named. Raises UsageError."""
        profile, tenants = self._profile(), self._engine.seed.tenants
        tenant, url = str(given.get("tenant", next(iter(tenants)))), str(given["url"])
        if tenant not in tenants:
            raise UsageError(f"There is no tenant {tenant!r}.{did_you_mean(tenant, tenants)}")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise UsageError(f"{url!r} is not an http(s) URL.")
        events = [str(name) for name in given.get("events", self.events)]
        for name in events:
            if name not in self.events and "*" not in name:
                raise UsageError(f"There is no event {name!r}.{did_you_mean(name, self.events)}")
        mode, modes = given.get("mode"), [one.name for one in profile.modes]
        if mode is not None and mode not in modes:
            raise UsageError(f"There is no mode of delivery {mode!r}.{did_you_mean(str(mode), modes)}")
        data = {
            profile.url: url,
            profile.secret: given.get("secret"),
            profile.enabled: profile.switch("pending" if profile.handshake else "active"),
            **_named(profile, events),
        }
        data |= {profile.mode: mode} if profile.mode else {}
        if profile.expires:
            ends = given.get("expires")
            data[profile.expires] = None if ends is None else instant(parse_instant(str(ends)))
        return _shown(profile, tenant, self._stored(profile, tenant, data, state))

    def _stored(self, profile: Webhooks, tenant: str, data: dict[str, Any], state: State) -> Row:
        program = self._engine.program()
        resource = self._resource(profile)
        if resource is not None:
            world, kind = program.keeper.world(state, tenant), program.keeper.kinds[resource.name]
            known = {name: value for name, value in data.items() if name in resource.fields}
            return program.keeper.add(resource, kind.filled(known, world), world)
        identifier = f"sub_{state.next('', profile.resource, 'id'):08d}"
        row = Row(identifier, {"id": identifier, **data})
        state.table(tenant, profile.resource).put(row)
        if profile.handshake:
            program.dispatcher.subscribed(state, tenant, None, row)
        return row

    def remove(self, identifier: str, state: State) -> dict[str, Any]:
        """Raises UsageError for a subscription that does not exist."""
        profile = self._profile()
        resource, keeper = self._resource(profile), self._engine.program().keeper
        for tenant, row in self._rows(profile, state):
            if row.id == identifier:
                if resource is not None:
                    keeper.remove(resource, row, keeper.world(state, tenant))
                else:
                    state.table(tenant, profile.resource).drop(identifier)
                return {"removed": identifier}
        raise UsageError(f"There is no subscription {identifier!r}.")

    def activate(self, identifier: str, state: State) -> dict[str, Any]:
        """Switch a subscription on, as its receiver's answer to the handshake would. Raises UsageError."""
        profile = self._profile()
        for tenant, row in self._rows(profile, state):
            if row.id == identifier:
                changes = {profile.enabled: profile.switch("active")}
                self._engine.program().keeper.amend(state, tenant, identifier, changes)
                return {"active": identifier}
        raise UsageError(f"There is no subscription {identifier!r}.")

    def _rows(self, profile: Webhooks, state: State) -> Iterator[tuple[str, Row]]:
        for (tenant, name), table in list(state.tables.items()):
            if name == profile.resource:
                yield from ((tenant, row) for row in list(table.all()))

    def _resource(self, profile: Webhooks) -> Resource | None:
        return self._engine.behaviour.resources.get(profile.resource)

    def _profile(self) -> Webhooks:
        found = self._engine.behaviour.webhooks
        if found is None:
            raise UsageError("This contract has no webhooks.")
        return found


def _named(profile: Webhooks, events: Sequence[str]) -> dict[str, Any]:
    """The fields that say what is wanted; with a subject, all events must be about the same."""
    if not profile.subject:
        return {profile.events: list(events)}
    subjects = dict.fromkeys(name.rpartition(".")[0] for name in events)
    if len(subjects) > 1:
        raise UsageError(f"One subscription is about one of {', '.join(subjects)}; name events of one alone.")
    return {
        profile.subject: next(iter(subjects), ""),
        profile.events: [name.rpartition(".")[2] for name in events],
    }


def _shown(profile: Webhooks, tenant: str, row: Row) -> dict[str, Any]:
    data = row.data
    events = [str(name) for name in data.get(profile.events) or ()]
    about = f"{data.get(profile.subject)}." if profile.subject else ""
    active, pending = profile.is_active(data), profile.is_pending(data)
    return {
        "id": row.id,
        "tenant": tenant,
        "url": data.get(profile.url),
        "events": [about + name for name in events],
        "hasSecret": bool(data.get(profile.secret)),
        "state": "active" if active else "pending" if pending else "disabled",
    }
