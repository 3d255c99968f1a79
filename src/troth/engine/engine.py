"""The engine: one contract, its compiled programs and its sandboxes. Pure and synchronous; no HTTP framework.

One request's way: route, authenticate, rate limit, authorise, validate, replay or perform, journal. It never raises.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from troth.behaviour import behaviour_of
from troth.behaviour.bending import Bend, bends_of
from troth.behaviour.carriers import Carrier, carriers_shown
from troth.behaviour.catalogues import Catalogues
from troth.behaviour.model import Behaviour, Binding
from troth.behaviour.viewers import wrong_setting
from troth.contract import Match, MethodNotAllowed, Validators
from troth.contract.model import Contract
from troth.engine.authenticating import Authenticator, Principal, worn
from troth.engine.betraying import behind, betrayed
from troth.engine.choosing import Choice
from troth.engine.clock import Clock, instant, parse_instant
from troth.engine.dating import Versioned
from troth.engine.deliveries import Delivery
from troth.engine.faults import FAULTS, check_faults
from troth.engine.forcing import Preference, forced_response, parse_prefer
from troth.engine.identity import Identities
from troth.engine.messages import Request, Response, dump
from troth.engine.oauth import AuthorizationServer
from troth.engine.program import Plan, Program, Readers
from troth.engine.refusing import Refusal, refusal_renderer
from troth.engine.sampling import Sampler
from troth.engine.seed_files import Seed, invented_seed, read_seed
from troth.engine.seeding import Expanded, plant, settled_callers
from troth.engine.state import State
from troth.engine.tokens import TokenOffice
from troth.engine.wording import Wording
from troth.errors import SeedError, UsageError
from troth.findings import Location

__all__ = ["Engine", "Exchange", "Settings"]

#: Where a seeded run begins: the same day for everybody, so that the bytes are the same.
SEEDED_START = "2026-06-15T09:00:00Z"
SANDBOX_HEADER = "x-troth-sandbox"
MAX_BODY = 10 * 1024 * 1024

_log = logging.getLogger("troth.engine")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a mock runs. ``rate_limit``: contract, off or N/WINDOW such as 100/1m; ``validate``: off, warn or strict."""

    seed: int | None = None
    faults: frozenset[str] = frozenset()
    rate_limit: str = "contract"
    seed_file: Path | None = None
    empty: bool = False
    validate: str = "strict"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the journal."""

    number: int
    at: float
    method: str
    path: str
    query: str
    status: int
    operation: str | None
    principal: str | None
    request_headers: Mapping[str, str]
    request_body: bytes
    response_body: bytes


class Engine:
    """Executes one contract's behaviour over in-memory state."""

    def __init__(self, contract: Contract, settings: Settings | None = None) -> None:
        self.contract = contract
        self.settings = settings or Settings()
        self.behaviour = _limited(behaviour_of(contract), self.settings.rate_limit)
        given = _seed_of(contract, self.behaviour, self.settings)
        self.seed = settled_callers(given, contract.name, self.behaviour)
        _check_settings(self.seed, self.behaviour)
        oauth = self.behaviour.authentication.oauth
        hooks = self.behaviour.webhooks
        #: Whether some deliveries go out before the request that caused them is answered.
        self.prompt = hooks is not None and any(mode.before_answer for mode in hooks.modes)
        self.oauth = (
            AuthorizationServer(oauth, self.seed.clients, self.seed.users, self.seed.tenants)
            if oauth
            else None
        )
        issued = self.behaviour.authentication.tokens
        self.tokens = TokenOffice(issued, self.seed.tenants, self._known) if issued else None
        self._programs: dict[frozenset[str], Program] = {}
        self._authenticators: dict[Program, Authenticator] = {}
        self.principals = {principal.secret: principal for principal in self.seed.principals.values()}
        self._validators: Validators | None = None
        self._readers = Readers()
        #: The rows of the seed as they are written, the same for every fault.
        self._expanded: Expanded = {}
        self._catalogues = Catalogues(contract, self.behaviour)
        self.faults = self.check_faults(self.settings.faults)
        self._render = refusal_renderer(self.behaviour.errors)
        self._plant()
        self._count = 0
        versions = self.behaviour.versions
        self._versioned = Versioned(contract, self.behaviour, versions) if versions else None
        if self._versioned is not None:
            self._versioned.compile(self.program(), self._base.clock.today())

    # -- programs and state ---------------------------------------------------------------------------------------

    def program(self, faults: frozenset[str] | None = None) -> Program:
        """The program for a set of faults, compiled once."""
        wanted = self.faults if faults is None else faults
        found = self._programs.get(wanted)
        if found is None:
            found = Program(
                self.contract,
                self._bent(wanted),
                wanted,
                self._validators,
                self.seed.tenants,
                self.settings.validate,
                self._readers,
                self._catalogues,
            )
            self._validators = found.validators
            self._programs[wanted] = found
        return found

    @cached_property
    def bends(self) -> Mapping[str, Bend]:
        """The faults that are derived from this contract, beside those of the catalogue."""
        return bends_of(self.contract, self.behaviour)

    def check_faults(self, names: Iterable[str]) -> frozenset[str]:
        """The names as a set. Raises UsageError for one that is neither in the catalogue nor derived."""
        wanted = frozenset(names)
        return check_faults(wanted, () if wanted <= FAULTS.keys() else self.bends)

    def _bent(self, faults: frozenset[str]) -> Behaviour:
        """The behaviour with the derived ones among the faults worked in."""
        found = self.behaviour
        for name in sorted(faults - FAULTS.keys()):
            found = self.bends[name].apply(found)
        return found

    def misbehaving(self, names: Iterable[str]) -> Engine:
        """An engine with faults, its rows planted anew: nothing that was rendered before shows through."""
        faults = self.check_faults(names)
        twin = copy(self)
        known = {principal.secret: principal for principal in self.seed.principals.values()}
        versioned = self._versioned.anew() if self._versioned else None
        vars(twin).update(
            faults=faults, principals=known, _programs={}, _authenticators={}, _versioned=versioned
        )
        twin._plant()  # noqa: SLF001 - its own, a line ago
        return twin

    def _plant(self) -> None:
        self._base = self._planted()
        self.sandboxes: dict[str, State] = {"": self._base.fork()}

    def _authenticator(self, program: Program) -> Authenticator:
        found = self._authenticators.get(program)
        if found is None:
            verify = partial(self._verify, faults=program.faults)
            found = program.authenticator(self.principals, verify)
            self._authenticators[program] = found
        return found

    def _known(self) -> Iterable[Principal]:
        return self.principals.values()

    def _verify(self, token: str, state: State, *, faults: frozenset[str]) -> Principal | None:
        lenient = "token-unchecked" in faults
        if self.tokens is not None and (found := self.tokens.verify(token, state, lenient=lenient)):
            return replace(found, expires=None) if "bearer-lasts" in faults else found
        granted = self.oauth.verify(token, state) if self.oauth else None
        return replace(granted, expires=None) if granted and "token-lasts" in faults else granted

    def _planted(self) -> State:
        frozen = parse_instant(SEEDED_START) if self.settings.seed is not None else None
        state = State(Clock(frozen_at=frozen), Identities(self.settings.seed))
        state.shared = frozenset(r.name for r in self.behaviour.resources.values() if r.shared)
        if not self.settings.empty:
            program = self.program()
            plant(self.seed, self.contract.name, self.behaviour, program.keeper, state, self._expanded)
        return state

    def state(self, sandbox: str = "") -> State:
        """The state of a sandbox; a new name is a fork of the state after seeding."""
        found = self.sandboxes.get(sandbox)
        if found is None:
            found = self.sandboxes.setdefault(sandbox, self._base.fork())
        return found

    def fork(self) -> Engine:
        """An independent engine with the same rows, clocks and callers; it shares the compiled programs."""
        twin = copy(self)
        sandboxes = {name: state.fork() for name, state in list(self.sandboxes.items())}
        vars(twin).update(principals=dict(self.principals), sandboxes=sandboxes, _authenticators={})
        return twin

    def reset(self, sandbox: str = "") -> None:
        """Back to the state after seeding; clock and ids as well."""
        state = self.state(sandbox)
        with state.lock:
            state.become(self._base)
            state.outbox.clear()
            state.pending.clear()
            state.journal.clear()

    def reseed(self, seed: int) -> None:
        """Start again as ``--seed`` would: fixed clock, fixed ids, the seed's rows."""
        self.settings = replace(self.settings, seed=seed)
        self._plant()

    def add_principal(self, principal: Principal) -> None:
        """Make a credential known. Raises UsageError for an unknown tenant."""
        for tenant in (principal.tenant, *sorted(principal.tenants)):
            if tenant not in self.seed.tenants:
                raise UsageError(f"There is no tenant {tenant!r}; known: {', '.join(self.seed.tenants)}.")
        wrong = wrong_setting(self.behaviour.viewer, principal.settings)
        if wrong:
            raise UsageError(f"The principal {principal.name!r} {wrong}")
        self.principals[principal.secret] = principal
        for authenticator in self._authenticators.values():
            authenticator.principals[principal.secret] = principal

    @cached_property
    def _shown(self) -> tuple[Carrier, ...]:
        return carriers_shown(self.behaviour.authentication, self.contract.operations)

    def credential(self, principal: Principal) -> dict[str, Any]:
        """What a caller must send, in headers and in the query; its name, tenant and rights, and their end."""
        headers, query = worn(principal, self._shown)
        return {
            "name": principal.name,
            "tenant": principal.tenant,
            "headers": headers | self._addressed(principal),
            **({"query": query} if query else {}),
            "scopes": sorted(principal.scopes),
            "permissions": sorted(principal.permissions),
            "settings": dict(principal.settings),
            "expires": None if principal.expires is None else instant(principal.expires),
        }

    def _addressed(self, principal: Principal) -> dict[str, str]:
        """The header that names the caller's tenant, where one does."""
        header = self.behaviour.tenancy.header
        return {header: principal.tenant} if header else {}

    def credentials(self) -> list[dict[str, Any]]:
        """The credentials of every known principal."""
        found = [self.credential(principal) for principal in self.principals.values()]
        if self.tokens is not None:
            found += [self._token(principal) for principal in self.seed.principals.values()]
        return found

    def _token(self, principal: Principal) -> dict[str, Any]:
        """The same for the token of a principal of the seed, which lives as long as the contract says."""
        assert self.tokens is not None  # noqa: S101 - asked for only with tokens
        token, expires = self.tokens.mint(principal, self.state().clock.now())
        headers = {"authorization": f"Bearer {token}", **self._addressed(principal)}
        shown = self.credential(principal)
        return {**shown, "name": f"{principal.name}-token", "headers": headers, "expires": instant(expires)}

    def example_body(self, binding: Binding) -> str:
        """A body that the operation accepts, as compact JSON; empty when it takes none."""
        body = binding.operation.body
        media = body.json if body else None
        if media is None or media.schema_pointer is None:
            return ""
        given = next(iter(media.examples.values()), None)
        value = given["value"] if isinstance(given, Mapping) and "value" in given else given
        return dump(
            value if value is not None else Sampler(self.contract).sample(media.schema_pointer)
        ).decode()

    # -- one request ------------------------------------------------------------------------------------------------

    def handle(self, request: Request, matched: Match | MethodNotAllowed | None = None) -> Response:
        """Answer one request. ``matched`` saves routing again when the caller has routed already."""
        state = self.state(request.headers.get(SANDBOX_HEADER, ""))
        with state.lock:
            self.program().keeper.sweep(state)
            if self._versioned is None:
                response, operation, principal = self._answer(request, matched, state)
            else:
                response, operation, principal = self._answer_in(self._versioned, request, matched, state)
            self._note(request, response, operation, principal, state)
        return response

    def _answer_in(
        self, versioned: Versioned, request: Request, matched: Match | MethodNotAllowed | None, state: State
    ) -> tuple[Response, str | None, Principal | None]:
        """The same in the version that the request names, or in the default of the day."""
        prefer = request.headers.get("prefer")
        try:
            faults = self.faults | (self._known_faults(parse_prefer(prefer)) if prefer else frozenset())
            choice = versioned.choose(request, state.clock.today(), faults)
        except Refusal as refusal:
            return self._refused(refusal, state, self.faults, request.path), None, None
        answered = self._answer(request, None if choice.lacking else matched, state, choice)
        answered[0].headers.extend(choice.echo)
        return answered

    def _answer(
        self,
        request: Request,
        matched: Match | MethodNotAllowed | None,
        state: State,
        choice: Choice | None = None,
    ) -> tuple[Response, str | None, Principal | None]:
        prefer = request.headers.get("prefer")
        wanted = parse_prefer(prefer) if prefer else None
        principal: Principal | None = None
        operation: str | None = None
        headers: tuple[tuple[bytes, bytes], ...] = ()
        faults = self.faults
        try:
            if wanted and wanted.faults:
                faults = self.faults | self._known_faults(wanted)
            program = self.program(faults)
            if choice is not None and self._versioned is not None:
                program = self._versioned.program(program, choice)
            found = matched or program.router.match(request.method, request.path)
            if not isinstance(found, Match):
                return self._off_route(found, request, state, program), None, None
            plan = program.plans[found.operation.id]
            operation = found.operation.id
            authenticator = self._authenticator(program)
            principal = authenticator.authenticate(plan.binding, request, state)
            if program.admission is not None:
                principal = program.admission.admit(principal, request)
            headers = program.limit(principal, request, state)
            authenticator.authorise(plan.binding, principal)
            if wanted and wanted.forces:
                response = forced_response(program.contract, found.operation, wanted)
            else:
                response = program.answer(plan, found.path_params, request, principal, state)
        except Refusal as refusal:
            if faults and operation is not None and isinstance(found, Match):
                self._done_behind(refusal, program, plan, found, request, principal, state)
                refusal = betrayed(refusal, faults, plan.binding, found.path_params, state)
            response = self._refused(refusal, state, faults, request.path, operation)
            if "replay-before-rights" in faults and isinstance(found, Match) and refusal.kind == "forbidden":
                response = plan.replayed(request, state) or response
        except Exception:  # noqa: BLE001 - a defect of ours answers 500 in the API's envelope, and is logged
            _log.exception("%s %s failed", request.method, request.path)
            response = self._refused(Refusal("internal"), state, faults)
        response.headers.extend(headers)
        return response, operation, principal

    def _done_behind(
        self,
        refusal: Refusal,
        program: Program,
        plan: Plan,
        found: Match,
        request: Request,
        principal: Principal | None,
        state: State,
    ) -> None:
        """A fault: what a caller asks who was turned away is done all the same."""
        actor = behind(refusal, program.faults, principal, self._known())
        if actor is not None:
            with suppress(Refusal):
                program.answer(plan, found.path_params, request, actor, state)

    def _off_route(self, found: Any, request: Request, state: State, program: Program) -> Response:
        """What no operation answers: the OAuth endpoints, 405 with Allow, 404; rate limit headers for known callers."""
        if self.oauth and (route := self.oauth.routes.get((request.method, request.path))):
            return route(request, state, program.faults)
        headers: tuple[tuple[bytes, bytes], ...] = ()
        principal = self._authenticator(program).identify(request, state)
        refusal = Refusal("no-route")
        try:
            if principal is not None:
                headers = program.limit(principal, request, state)
            if isinstance(found, MethodNotAllowed):
                if request.method == "OPTIONS":
                    return Response(204, [(b"allow", ", ".join(found.allowed).encode()), *headers])
                refusal = program.refuse_method(found.allowed)
        except Refusal as limited:
            refusal = limited
        response = self._refused(refusal, state, program.faults, request.path)
        response.headers.extend(headers)
        return response

    def _refused(
        self,
        refusal: Refusal,
        state: State,
        faults: frozenset[str],
        path: str = "",
        operation: str | None = None,
    ) -> Response:
        request_id = self.behaviour.errors.request_id_prefix + state.identities.word(24)
        binding = self.behaviour.bindings.get(operation) if operation else None
        resource = binding.resource if binding else None
        render = self._renderer(faults) if faults else self._render
        response = render(refusal, request_id, path, resource)
        if binding is not None and not (faults or self.behaviour.errors.declared):
            kind = self.behaviour.errors.kinds[refusal.kind]
            slots = {
                "code": kind.code,
                "message": refusal.message or kind.message,
                "requestId": request_id,
            }
            response = self._wording.worded(response, binding.operation, slots)
        return _bent(response, faults, request_id) if faults else response

    def _known_faults(self, wanted: Preference) -> frozenset[str]:
        try:
            return self.check_faults(wanted.faults)
        except UsageError as error:
            raise Refusal("invalid", error.message) from error

    @cached_property
    def _wording(self) -> Wording:
        return Wording(self.contract, self.program().validators)

    def _renderer(self, faults: frozenset[str]) -> Callable[..., Response]:
        """How refusals are written where faults may have bent that as well."""
        errors = self.program(faults).behaviour.errors
        if "error-code-wrong" in faults:
            kinds = {name: replace(kind, code="oops") for name, kind in errors.kinds.items()}
            errors = replace(errors, kinds=kinds)
        if "error-status-wrong" in faults:
            return refusal_renderer(errors, misstated=1)
        return self._render if errors is self.behaviour.errors else refusal_renderer(errors)

    def malformed(self, kind: str, message: str | None = None) -> Response:
        """An error response for a request that never reached an operation (too large, unreadable)."""
        state = self.state()
        with state.lock:
            return self._refused(Refusal(kind, message), state, self.faults)

    def _note(
        self,
        request: Request,
        response: Response,
        operation: str | None,
        principal: Principal | None,
        state: State,
    ) -> None:
        self._count += 1
        state.journal.append(
            (
                self._count,
                state.clock.now(),
                request,
                response,
                operation,
                principal.name if principal else None,
            )
        )

    def delivered(
        self,
        state: State,
        delivery: Delivery,
        headers: Mapping[str, str],
        status: int | None,
        error: str | None,
        answered: Mapping[str, str] | None = None,
    ) -> None:
        """Record the outcome of one attempt, on the delivery and on its subscription.

        ``answered`` are the headers of the answer, in lower case.
        """
        with state.lock:
            program = self.program()
            changes = program.sender.record(state, delivery, headers, status, error, answered or {})
            if changes:
                program.keeper.amend(state, delivery.tenant, delivery.subscription, changes)

    def journal(self, sandbox: str = "") -> list[Exchange]:
        """The latest exchanges of a sandbox, oldest first."""
        return [
            Exchange(
                number, at, request.method, request.path, request.query, response.status, operation, principal,
                request.headers, request.body, response.body,
            )
            for number, at, request, response, operation, principal in self.state(sandbox).journal
        ]  # fmt: skip


def _bent(response: Response, faults: frozenset[str], request_id: str) -> Response:
    if "error-envelope-broken" in faults:
        return Response(response.status, [(b"content-type", b"text/plain"), *response.headers[1:]], b"error")
    if "request-id-missing" in faults:
        response.body = response.body.replace(request_id.encode(), b"")
    return response


def _limited(behaviour: Behaviour, wanted: str) -> Behaviour:
    """The behaviour with the rate limits that the command line asks for."""
    if wanted == "contract":
        return behaviour
    if wanted == "off":
        return replace(behaviour, rate_limits=())
    amount, _, window = wanted.partition("/")
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    length = int(window[:-1] or 1) if window[:-1].isdigit() or len(window) == 1 else 0
    if not amount.isdigit() or window[-1:] not in units or length < 1 or int(amount) < 1:
        raise UsageError(f"--rate-limit {wanted!r} is not 'contract', 'off' or N/WINDOW such as 100/1m.")
    seconds = length * units[window[-1]]
    limits = tuple(replace(policy, limit=int(amount), window=seconds) for policy in behaviour.rate_limits)
    return replace(behaviour, rate_limits=limits)


def _seed_of(contract: Contract, behaviour: Behaviour, settings: Settings) -> Seed:
    """The seed of the settings. A release is served with the seed of the present contract, which may know more."""
    if settings.seed_file is None:
        return invented_seed(behaviour)
    return read_seed(settings.seed_file, lenient=Path(contract.source).parent.name == "releases")


def _check_settings(seed: Seed, behaviour: Behaviour) -> None:
    """Every setting of every caller is one that the contract knows. Raises SeedError."""
    for caller in () if seed.lenient else (*seed.principals.values(), *seed.users.values()):
        wrong = wrong_setting(behaviour.viewer, caller.settings)
        if wrong:
            raise SeedError(f"{caller.name!r} {wrong}", Location(seed.source))
