"""The reference model: an engine of this process, empty at first, with the callers of the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from troth.behaviour.model import Resource
from troth.conformance.actors import Actor
from troth.conformance.exchanges import Exchange
from troth.conformance.worn import placed, worn
from troth.contract.model import Contract
from troth.engine import Engine, Request, Response, Settings
from troth.engine.authenticating import Principal
from troth.engine.engine import SANDBOX_HEADER
from troth.engine.identity import Identities
from troth.engine.messages import fold_headers
from troth.engine.refusing import Refusal
from troth.engine.state import State

__all__ = ["Answer", "Model", "Reference", "model_of"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model answers; ``refusal`` says why it refused."""

    exchange: Exchange
    refusal: Refusal | None


class Model(Engine):
    """An engine that remembers why it last refused."""

    refusal: Refusal | None = None

    def _refused(self, refusal: Refusal, *about: Any, **options: Any) -> Response:
        self.refusal = refusal
        return super()._refused(refusal, *about, **options)


def model_of(contract: Contract) -> Model:
    """The model of a contract: no rows, no limits."""
    return Model(contract, Settings(empty=True, rate_limit="off"))


class _Given(Identities):
    """Ids as the target has given them, then made-up ones."""

    def __init__(self, seed: int | None) -> None:
        super().__init__(seed)
        self.next: str | None = None

    def uuid(self) -> str:
        given, self.next = self.next, None
        return given if given is not None else super().uuid()

    def object_id(self) -> str:
        given, self.next = self.next, None
        return given if given is not None else super().object_id()

    def copy(self) -> Identities:
        twin = _Given(0)
        twin._random.setstate(self._random.getstate())
        return twin


class Reference:
    """One engine, a sandbox a walk. ``callers`` are the target's, by role; those of one tenant share one here."""

    def __init__(self, contract: Contract, callers: Mapping[str, Actor], model: Model | None = None) -> None:
        self._contract = contract
        self._engine = model or model_of(contract)
        self._sandbox = ""
        self._ids: Any = _Given(0)
        tenants = list(self._engine.seed.tenants)
        known = list(dict.fromkeys(actor.tenant for actor in callers.values()))
        self.tenants = {role: tenants[known.index(a.tenant) % len(tenants)] for role, a in callers.items()}
        self._headers: dict[str, Mapping[str, str]] = {}
        for role, actor in callers.items():
            principal = Principal(
                role,
                self.tenants[role],
                f"key-{role}",
                frozenset(actor.scopes),
                settings=dict(actor.settings),
                permissions=frozenset(actor.permissions),
            )
            self._engine.add_principal(principal)
            self._headers[role] = worn(self._engine.credential(principal))

    def begin(self, walk: str, now: datetime | None) -> None:
        """A state of its own for a walk; with ``now`` its clock stands still there."""
        self._engine.sandboxes.pop(self._sandbox, None)
        self._sandbox = walk
        self._ids = self._engine.state(walk).identities = _Given(0)
        if now is not None:
            self._engine.state(walk).clock.freeze(now.timestamp())

    def expect(self, resource: Resource, identifier: Any) -> None:
        """The next row of a resource gets the id that the target has given to its own."""
        if resource.id_kind != "integer":
            self._ids.next = str(identifier)
        elif isinstance(identifier, int):
            self._engine.state(self._sandbox).sequences["", resource.name, "$id"] = identifier - 1

    def keep(self) -> State:
        """The state as it is now."""
        return self._engine.state(self._sandbox).fork()

    def back(self, state: State) -> None:
        """Return to a state that was kept; it can be returned to again."""
        own = self._engine.state(self._sandbox)
        own.become(state)
        self._ids = own.identities

    def settle(self) -> None:
        """An expected id that was not needed is forgotten."""
        self._ids.next = None

    def send(
        self,
        role: str | None,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        """One request, as the role. ``path`` begins below the base path."""
        given = {name.lower(): value for name, value in headers.items()}
        given |= {name.lower(): value for name, value in self._headers.get(role or "", {}).items()}
        if role is None:
            given = {n: v for n, v in given.items() if n not in ("authorization", "x-api-key")}
        url, worn_by = placed(f"{path}?{query}", given)
        query = url.partition("?")[2].removeprefix("&")
        sent = {**worn_by, SANDBOX_HEADER: self._sandbox}
        request = Request(method, self._contract.base_path + path, query, sent, body)
        self._engine.refusal = None
        response = self._engine.handle(request)
        exchange = Exchange(
            f"model {role}", None, method, f"{path}?{query}", {}, body, response.status,
            fold_headers(response.headers), response.body,
        )  # fmt: skip
        return Answer(exchange, self._engine.refusal)

    def plant(self, resource: Resource, role: str, row: Mapping[str, Any], *, settled: bool = False) -> None:
        """A row that the target has, under the same id, as it is shown there; ``settled``: what is computed is anew."""
        state = self._engine.state(self._sandbox)
        keeper = self._engine.program().keeper
        world, kind = keeper.world(state, self.tenants[role]), keeper.kinds[resource.name]
        data = kind.settled(dict(row), world) if settled else dict(row)
        state.table(world.tenant, resource.name).put(kind.make(data, world))

    def row(self, resource: Resource, role: str, identifier: Any) -> Mapping[str, Any] | None:
        """What is stored of a row."""
        state = self._engine.state(self._sandbox)
        found = state.table(self.tenants[role], resource.name).get(str(identifier))
        return None if found is None else found.data

    def adopt(self, resource: Resource, role: str, identifier: Any, values: Mapping[str, Any]) -> None:
        """Take over what the contract leaves to the server."""
        state = self._engine.state(self._sandbox)
        table = state.table(self.tenants[role], resource.name)
        found = table.get(str(identifier))
        if found is not None and values:
            keeper = self._engine.program().keeper
            keeper.change(resource, found, {**found.data, **values}, keeper.world(state, self.tenants[role]))
