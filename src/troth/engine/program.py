"""A contract compiled to run: one plan an operation, nothing left to interpret per request."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from http import HTTPStatus
from typing import Any

from troth.behaviour.catalogues import Catalogues
from troth.behaviour.editions import Edition
from troth.behaviour.model import Behaviour, Binding, Kind
from troth.contract import Router, Validators, validators
from troth.contract.model import Contract
from troth.engine.admitting import Admission
from troth.engine.authenticating import Authenticator, Principal
from troth.engine.calls import Call, Performer
from troth.engine.events import Dispatcher
from troth.engine.faults import RACES
from troth.engine.forcing import Preference, forced_response
from troth.engine.keeping import Keeper
from troth.engine.limiting import Limiter
from troth.engine.messages import Request, Response
from troth.engine.performing import performer_for
from troth.engine.reading import READING_FAULTS, RequestReader
from troth.engine.refusing import Refusal
from troth.engine.repairing import Repair
from troth.engine.replaying import Replays
from troth.engine.sampling import Sampler
from troth.engine.sending import Sender
from troth.engine.state import State
from troth.engine.world import TenantWorld

__all__ = ["Plan", "Program", "Readers"]


class Plan:
    """One operation, compiled on its first request: reading and performing are built lazily for a fast start."""

    def __init__(self, binding: Binding, program: Program) -> None:
        self.binding = binding
        self._program = program
        self._reader: RequestReader | None = None
        self._performer: Performer | None = None
        self._repair: Repair | None = None
        policy = binding.idempotency
        if binding.kind is Kind.READ and "key-on-read" in program.faults:
            policy = program.behaviour.idempotency
        self.replays = Replays(policy, program.faults) if policy else None
        self._per_credential = policy is not None and policy.scope == "credential"

    def reader(self) -> RequestReader:
        if self._reader is None:
            self._reader = self._program.readers.of(self.binding, self._program)
        return self._reader

    def perform(self, call: Call) -> Response:
        if self._performer is None:
            program = self._program
            found = performer_for(
                self.binding, program.contract, program.behaviour, program.keeper, program.faults
            )
            self._performer = found or self._documented
            if not (program.faults or _is_described(self.binding, program.contract)):
                self._repair = Repair(program.contract, program.validators, self.binding.operation)
        response = self._performer(call)
        return response if self._repair is None else self._repair.fitted(response)

    def _documented(self, _call: Call) -> Response:
        """Nothing says what the operation does: its documented response stands in."""
        return forced_response(self._program.contract, self.binding.operation, Preference())

    def replayed(self, request: Request, state: State) -> Response | None:
        """What is stored for a request under its key, for a fault that does not ask who may have it."""
        known = self.replays.stored(state, request) if self.replays else None
        return known and Response(known.status, list(known.headers), known.body)

    def replay_scope(self, principal: Principal) -> str:
        return principal.secret if self._per_credential else principal.tenant


def _is_described(binding: Binding, contract: Contract) -> bool:
    """Whether somebody has said what an operation does, on itself or on its resource."""
    if binding.operation.extension:
        return True
    if binding.resource is None:
        return False
    schema = contract.node(binding.resource.schema_pointer)
    schemas = (schema, *(field.schema for field in binding.resource.fields.values()))
    return any(isinstance(one, Mapping) and "x-behaviour" in one for one in schemas)


class Readers:
    """The readers of requests of one contract, shared by its programs: most faults change nothing about them."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], RequestReader] = {}

    def of(self, binding: Binding, program: Program) -> RequestReader:
        conditions, faults = binding.query.conditions, program.faults & READING_FAULTS
        name = conditions.parameter if conditions else None
        key = (binding.id, faults, name)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = RequestReader(
                program.contract, program.validators, binding.operation, faults, program.validate, name
            )
        return found


class Program:
    """Everything compiled from (contract, behaviour, faults). Holds no state."""

    def __init__(
        self,
        contract: Contract,
        behaviour: Behaviour,
        faults: frozenset[str],
        checkers: Validators | None = None,
        tenants: Mapping[str, str] | None = None,
        validate: str = "strict",
        readers: Readers | None = None,
        catalogues: Catalogues | None = None,
    ) -> None:
        self.contract = contract
        self.readers = readers or Readers()
        self.behaviour = behaviour
        self.faults = faults
        self.validate = validate
        self._racing = not faults.isdisjoint(RACES)
        self.validators = checkers or validators(contract)
        self.router = Router(contract)
        self.dispatcher = Dispatcher(behaviour.webhooks, tenants or {}, faults)
        self.sender = Sender(behaviour.webhooks, faults)
        by_header = behaviour.tenancy.source == "header"
        self.admission = Admission(behaviour.tenancy, tenants or {}, faults) if by_header else None
        if catalogues is None or not catalogues.suit(behaviour):
            catalogues = Catalogues(contract, behaviour)
        self.keeper = Keeper(behaviour, Sampler(contract), self.dispatcher, catalogues, faults)
        self.limiters = tuple(Limiter(policy, faults) for policy in behaviour.rate_limits)
        self.plans = {name: Plan(binding, self) for name, binding in behaviour.bindings.items()}

    def as_before(self, edition: Edition, checkers: Validators) -> Program:
        """The program of an older version: its operations and its behaviour, over the same rows."""
        twin = copy(self)
        twin.contract, twin.behaviour, twin.validators = edition.contract, edition.behaviour, checkers
        twin.router, twin.readers = Router(edition.contract), Readers()
        twin.keeper = self.keeper.as_before(edition)
        twin.plans = {name: Plan(binding, twin) for name, binding in edition.behaviour.bindings.items()}
        return twin

    def answer(
        self, plan: Plan, path: Mapping[str, str], request: Request, principal: Principal, state: State
    ) -> Response:
        """Validate, replay or perform one authenticated request. Raises Refusal."""
        reader = plan.reader()
        warnings: list[str] = []
        try:
            values = reader.parameters(path, request, warnings)
            body = reader.body(request, warnings)
        except Refusal:
            if "refusal-spends-key" in self.faults:
                self._spend(plan, principal, request, state)
            if "invalid-acts" in self.faults:
                self._done_unread(plan, path, request, principal, state)
            raise
        world = self.keeper.world(state, principal.tenant, principal)
        call = Call(principal, state, world, values, body, request)
        key = plan.replays.key(request) if plan.replays else None
        if self._racing:
            state.windows_shut = False
        if plan.replays is None or key is None:
            response = plan.perform(call)
            if warnings and self.validate == "warn":
                response.headers.append(
                    (
                        b"x-troth-violations",
                        " ".join("; ".join(warnings).split()).encode("latin-1", "replace"),
                    )
                )
            return response
        scope = self._replay_scope(plan, principal, world)
        known = self._recalled(plan, call, scope, key)
        if known is not None:
            return Response(known.status, list(known.headers), known.body)
        if self._racing:
            state.windows_shut = "race-on-key" not in self.faults
            state.open_window()
        response = plan.perform(call)
        plan.replays.keep(
            state, scope, key, request, Response(response.status, list(response.headers), response.body)
        )
        return response

    def _replay_scope(self, plan: Plan, principal: Principal, world: TenantWorld) -> str:
        scope = plan.replay_scope(principal)
        if self.keeper.seer.rules:  # what one caller was shown is not for one who sees less
            scope += self.keeper.seer.signature(world).decode()
        return scope

    def _spend(self, plan: Plan, principal: Principal, request: Request, state: State) -> None:
        """A fault: the key of a request that is refused is taken for used."""
        key = plan.replays.key(request) if plan.replays else None
        if plan.replays is not None and key is not None:
            scope = self._replay_scope(plan, principal, self.keeper.world(state, principal.tenant, principal))
            plan.replays.keep(state, scope, key, request, Response(HTTPStatus.BAD_REQUEST, [], b""))

    def _done_unread(
        self, plan: Plan, path: Mapping[str, str], request: Request, principal: Principal, state: State
    ) -> None:
        """A fault: a request that is refused as invalid is done all the same."""
        binding = plan.binding
        lenient = RequestReader(
            self.contract,
            self.validators,
            binding.operation,
            frozenset({"invalid-accepted"}),
            self.validate,
            None,
        )
        with suppress(Refusal):
            values, body = lenient.parameters(path, request, []), lenient.body(request, [])
            world = self.keeper.world(state, principal.tenant, principal)
            plan.perform(Call(principal, state, world, values, body, request))

    def _recalled(self, plan: Plan, call: Call, scope: str, key: str) -> Response | None:
        """The stored answer; with faults the request may act all the same. Raises Refusal on a mismatch."""
        assert plan.replays is not None  # noqa: S101 - a key was read by them
        try:
            known = plan.replays.recall(call.state, scope, key, call.request)
        except Refusal:
            if "mismatch-acts" in self.faults:
                with suppress(Refusal):
                    plan.perform(call)
            raise
        if known is not None and "replay-acts" in self.faults:
            with suppress(Refusal):
                plan.perform(call)
        resource = plan.binding.resource
        if known is not None and resource is not None and "replay-announces" in self.faults:
            self.keeper.announce_again(resource, known.body, call.world)
        return known

    def limit(self, principal: Principal, request: Request, state: State) -> tuple[tuple[bytes, bytes], ...]:
        """Count the request under every policy. Raises Refusal ``rate-limited`` with the headers of the policy."""
        headers: tuple[tuple[bytes, bytes], ...] = ()
        if self._racing:
            state.windows_shut = False
        for limiter in self.limiters:
            headers += limiter.take(state, limiter.partition(principal, request) or request.client)
        return headers

    def authenticator(self, principals: Mapping[str, Principal], verify: Any) -> Authenticator:
        return Authenticator(self.behaviour, principals, verify, self.faults)

    def refuse_method(self, allowed: tuple[str, ...]) -> Refusal:
        if "method-not-found" in self.faults:
            return Refusal("no-route")
        return Refusal("method-not-allowed", None, None, ((b"allow", ", ".join(allowed).encode()),))
