"""A mock in this process: one object that is the server, its callers, its clock and its memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import respx

from troth.contract import Contract, load_contract
from troth.engine import Engine, Exchange, Settings
from troth.engine.control import Control
from troth.engine.deliveries import Delivery
from troth.engine.seed_files import seed_file_for
from troth.engine.state import State
from troth.testing.credentials import Credential, choose, credential_of
from troth.testing.delivering import Receiver, deliver, deliver_async
from troth.testing.transport import MockTransport

__all__ = ["Mock", "Snapshot"]

_ORIGIN = "http://mock.test"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a mock remembered at one moment. Restoring leaves it as it is, so it serves again."""

    state: State = field(repr=False)


class Mock:
    """A stateful mock of one contract; loading takes some tenths of a second, :meth:`fork` some microseconds.

    ``seed`` fixes ids and clock, None makes both real. ``url`` is the address that the code under test calls; its
    path stands for the contract's base path. The rate limit is off unless asked for. Raises ContractError or
    UsageError.
    """

    def __init__(
        self,
        contract: str | Path | Contract = "clientcasa",
        *,
        overlays: Sequence[str | Path] = (),
        seed: int | None = 1,
        faults: Iterable[str] = (),
        rate_limit: str = "off",
        seed_file: str | Path | None = None,
        empty: bool = False,
        validate: str = "strict",
        url: str | None = None,
    ) -> None:
        beside = None if isinstance(contract, Contract) else seed_file_for(str(contract))
        settings = Settings(
            seed=seed,
            faults=frozenset(faults),
            rate_limit=rate_limit,
            seed_file=Path(seed_file) if seed_file is not None else beside,
            empty=empty,
            validate=validate,
        )
        loaded = contract if isinstance(contract, Contract) else load_contract(contract, overlays=overlays)
        self._engine = Engine(loaded, settings)
        self._control = Control(self._engine)
        self._sandbox = ""
        self.contract: Contract = loaded
        self.url = (url or _ORIGIN + loaded.base_path).rstrip("/")

    def __repr__(self) -> str:
        sandbox = f", sandbox {self._sandbox!r}" if self._sandbox else ""
        return f"<Mock of {self.contract.name} {self.contract.version} at {self.url}{sandbox}>"

    # -- other mocks of the same contract -------------------------------------------------------------------------

    def fork(self, *, url: str | None = None) -> Mock:
        """An independent mock with the same rows, clocks and callers: nothing done to either shows in the other."""
        engine = self._engine.fork()
        moved = self.url if url is None else url.rstrip("/")
        return self._with(_engine=engine, _control=Control(engine), url=moved)

    def sandbox(self, name: str) -> Mock:
        """The same mock seen through one of its sandboxes: own rows and clock, the same callers and faults."""
        return self._with(_sandbox=name)

    def _with(self, **changes: Any) -> Mock:
        twin = copy(self)
        vars(twin).update(changes)
        return twin

    # -- callers ----------------------------------------------------------------------------------------------------

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Every caller that the mock knows."""
        return tuple(credential_of(given) for given in self._engine.credentials())

    def credential(self, name: str | None = None) -> Credential:
        """A caller by name; the first without one. ``anonymous`` shows no credential. Raises UsageError."""
        return choose(self.credentials, name)

    def add_principal(
        self,
        name: str,
        *,
        tenant: str,
        scopes: Sequence[str] = ("*",),
        expires: datetime | str | None = None,
        permissions: Sequence[str] = ("*",),
        settings: Mapping[str, Any] | None = None,
    ) -> Credential:
        """A new caller. Raises UsageError for a tenant or a setting that there is not."""
        given = {
            "name": name, "tenant": tenant, "scopes": list(scopes), "expires": _moment(expires),
            "permissions": list(permissions), "settings": dict(settings or {}),
        }  # fmt: skip
        return credential_of(self._ask(self._control.add_principal, given))

    # -- doors ------------------------------------------------------------------------------------------------------

    def transport(self) -> MockTransport:
        """A transport for the code under test: ``httpx.Client(transport=mock.transport(), base_url=mock.url)``."""
        return self._transport({})

    def _transport(self, asked: Mapping[str, str]) -> MockTransport:
        """``asked``: query parameters that every request has, which are a credential."""
        prefix = httpx.URL(self.url).path.rstrip("/")
        return MockTransport(self._engine, self._control, sandbox=self._sandbox, prefix=prefix, asked=asked)

    def client(self, principal: str | Credential | None = None) -> httpx.Client:
        """A client that is a caller of the mock, the first one unless named."""
        chosen = self._chosen(principal)
        moving = self._transport(chosen.query)
        return httpx.Client(
            transport=moving, base_url=self.url, headers=dict(chosen.headers), trust_env=False
        )

    def async_client(self, principal: str | Credential | None = None) -> httpx.AsyncClient:
        """As :meth:`client`, for asynchronous code."""
        chosen = self._chosen(principal)
        moving = self._transport(chosen.query)
        return httpx.AsyncClient(
            transport=moving, base_url=self.url, headers=dict(chosen.headers), trust_env=False
        )

    def respx(self, router: respx.Router | None = None) -> respx.Router:
        """Mount the mock below its URL, for code that makes its own httpx client.

        Without a router a new one is made; use it as a context manager. Requests elsewhere are what the router says.
        """
        chosen = respx.MockRouter(assert_all_called=False) if router is None else router
        pattern = respx.patterns.M(url__regex=rf"^{re.escape(self.url)}(?:[/?]|$)")
        moving, mount = self.transport(), respx.Route(pattern)

        def answer(request: httpx.Request) -> httpx.Response:
            return moving.handle_request(request)

        mount.side_effect = answer
        chosen.routes.add(mount)
        return chosen

    def _chosen(self, principal: str | Credential | None) -> Credential:
        return principal if isinstance(principal, Credential) else self.credential(principal)

    # -- memory -----------------------------------------------------------------------------------------------------

    @property
    def _state(self) -> State:
        return self._engine.state(self._sandbox)

    def snapshot(self) -> Snapshot:
        """Everything that the mock remembers now; it costs microseconds, because rows are immutable values."""
        with self._state.lock:
            return Snapshot(self._state.fork())

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot; journal and deliveries stay."""
        with self._state.lock:
            self._state.become(snapshot.state)

    def reset(self) -> None:
        """Back to the rows, clock and ids at the start; journal and deliveries are emptied."""
        self._engine.reset(self._sandbox)

    # -- time -------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What the mock's clock says, in UTC."""
        return datetime.fromtimestamp(self._state.clock.now(), UTC)

    def freeze(self, at: datetime | str | None = None) -> None:
        """Stop the clock, at a moment if one is given; with a seed it stands still from the start."""
        self._ask(self._control.freeze, {"at": _moment(at)})

    def resume(self) -> None:
        """Let the clock run again from where it stands."""
        self._ask(self._control.resume, {})

    def advance(self, by: str | float | timedelta) -> None:
        """Move the clock: ``"31d"``, seconds or a timedelta. Whatever time brings about has then happened."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        self._ask(self._control.advance, {"by": seconds})

    # -- misbehaviour -----------------------------------------------------------------------------------------------

    @property
    def faults(self) -> frozenset[str]:
        """The names of the faults that are switched on."""
        return self._engine.faults

    @faults.setter
    def faults(self, names: Iterable[str]) -> None:
        self._engine.faults = self._engine.check_faults(names)

    # -- observation ------------------------------------------------------------------------------------------------

    @property
    def journal(self) -> list[Exchange]:
        """The latest exchanges, oldest first."""
        return self._engine.journal(self._sandbox)

    @property
    def deliveries(self) -> list[Delivery]:
        """Every webhook delivery, sent or not, oldest first."""
        with self._state.lock:
            return self._engine.program().dispatcher.log(self._state)

    def subscribe(
        self,
        url: str,
        *,
        tenant: str | None = None,
        events: Sequence[str] | None = None,
        secret: str | None = None,
    ) -> str:
        """Send a tenant's events to a URL, past the API's own way to subscribe; gives the subscription's id.

        Raises UsageError for an unknown tenant or event, and for a contract without webhooks.
        """
        given = {"url": url, "tenant": tenant, "events": events, "secret": secret}
        told = {name: value for name, value in given.items() if value is not None}
        return str(self._ask(self._control.hooks.subscribe, told)["id"])

    def trigger(
        self,
        event: str,
        *,
        tenant: str | None = None,
        resource: str | None = None,
        identifier: Any = None,
        data: Mapping[str, Any] | None = None,
    ) -> int:
        """Emit an event, about a stored row or with given data; gives the number of deliveries."""
        given: dict[str, Any] = {"event": event}
        if tenant is not None:
            given["tenant"] = tenant
        if resource is not None:
            given |= {"resource": resource, "id": identifier}
        if data is not None:
            given["data"] = data
        count: int = self._ask(self._control.hooks.trigger, given)["deliveries"]
        return count

    def deliver(self, receiver: Receiver, *, below: str = "") -> list[Delivery]:
        """Send what is due, once each, to a function of ``httpx.Request`` or through an ``httpx.Client``.

        ``below`` takes only the subscriptions whose URL begins so. A URL need not exist: ``https://app.test/hook``.
        """
        return deliver(self._engine, self._state, receiver, below)

    async def deliver_async(self, receiver: httpx.AsyncClient, *, below: str = "") -> list[Delivery]:
        """As :meth:`deliver`, through an ``httpx.AsyncClient``."""
        return await deliver_async(self._engine, self._state, receiver, below)

    def _ask(self, action: Any, given: Mapping[str, Any]) -> Any:
        """One call of the control plane, on this mock's sandbox."""
        state = self._state
        with state.lock:
            return action(given, state, self._sandbox)


def _moment(given: datetime | str | None) -> str | None:
    """RFC 3339 of a moment; a datetime without an offset is UTC, as everywhere in the mock."""
    return given.isoformat() if isinstance(given, datetime) else given
