"""Schemathesis behind one door: its engine is not public, so nothing else in Troth imports it (nor Hypothesis).

Only what probes cannot do better is asked of it: shapes of answers, robustness, rejection of invalid input. Its
findings become findings of clauses, one for each clause and operation.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis.engine import Status, events, from_schema

from troth.behaviour.model import Behaviour
from troth.conformance.actors import Cast
from troth.conformance.addresses import leading_nowhere
from troth.conformance.blame import Blame, Message
from troth.conformance.constants import no_local_constants
from troth.conformance.control import SANDBOX, Control
from troth.conformance.exchanges import Exchange, parsed
from troth.conformance.probes.schemas import promises_refusals, promises_successes
from troth.conformance.secrecy import masked
from troth.conformance.target import Target
from troth.conformance.worn import asked
from troth.contract import Contract, Validators
from troth.contract.model import Operation
from troth.contract.pointers import local

__all__ = ["Flaw", "Fuzzed", "fuzz", "stock"]

#: Check name to the clause that it speaks for. Every other check is off: a probe judges the same, with less noise.
#: ST302 would take a replayed answer about a row that was deleted meanwhile for a lost row.
_CLAUSES: Mapping[str, str] = {
    "not_a_server_error": "validation.no-server-error",
    "status_code_conformance": "schema.response",
    "content_type_conformance": "schema.response",
    "response_headers_conformance": "schema.response",
    "response_schema_conformance": "schema.response",
    "negative_data_rejection": "validation.rejected",
}
_EXAMPLES = {"pr": 4, "nightly": 100}
_REFUSALS = [str(s) for s in (400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 428, 429)]
_TOO_MANY = 429
_SUCCESS = 2


@dataclass(frozen=True, slots=True)
class Flaw:
    """One failure of one clause: a title, what Schemathesis says, and the exchange with its credentials masked.

    ``cause`` is the same for failures that have the same cause; empty where nothing tells it.
    """

    title: str
    detail: str
    exchange: Mapping[str, Any]
    cause: str = ""
    sent: Exchange | None = None


@dataclass(slots=True)
class Fuzzed:
    """The first flaw of each (clause id, operation id). ``limited``: the target's rate limit cut the run short."""

    flaws: dict[tuple[str, str], Flaw] = field(default_factory=dict)
    requests: int = 0
    limited: bool = False
    problems: list[str] = field(default_factory=list)


def fuzz(
    contract: Contract,
    behaviour: Behaviour,
    target: Target,
    cast: Cast,
    control: Control | None,
    *,
    seed: int,
    budget: str,
    operations: frozenset[str],
    validators: Validators,
    tell: Callable[[str], None],
    made: Callable[[str, Any], None],
) -> Fuzzed:
    """Run Schemathesis as the owner over some operations. Deterministic for a seed, but for keys and server ids."""
    listener = _Listener(contract, behaviour, cast, operations, made, Blame(contract, validators))
    paths = sorted({o.path for o in contract.operations if o.id in operations})
    with _quiet():
        schema = _schema(contract, behaviour, target, seed, budget).include(path=paths)
        cast.renew(cast.owner)
        schema.auth(refresh_interval=None)(_Dress(behaviour, cast, control).provider())
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioStarted):
                tell(event.label or "")
            listener.hear(event)
    return listener.found


def stock(
    application: Any, headers: Mapping[str, str], *, seed: int, examples: int
) -> frozenset[tuple[str, str]]:
    """(check, operation) of what Schemathesis finds with its defaults: every phase and check, one credential."""
    settings = {
        "cache": {"enabled": False},
        "continue-on-failure": True,
        "workers": 1,
        "headers": dict(headers),
        "generation": {"max-examples": examples, "database": "none"},
    }
    found: set[tuple[str, str]] = set()
    with _quiet():
        config = schemathesis.Config.from_dict(settings)
        config.update(seed=seed, max_failures=None)
        schema = schemathesis.openapi.from_asgi("/openapi.json", application, config=config)
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                nodes = [node for group in event.recorder.checks.values() for node in group]
                found |= {
                    (node.name, node.failure_info.failure.operation or event.label or "")
                    for node in nodes
                    if node.status == Status.FAILURE and node.failure_info is not None
                }
    return frozenset(found)


class _Dress:
    """What every request wears: the owner's credential, the run's sandbox, a new idempotency key.

    No address in it leads anywhere: what is made up for the URL of a subscription, a server would call.
    """

    def __init__(self, behaviour: Behaviour, cast: Cast, control: Control | None) -> None:
        self._policy = behaviour.idempotency
        versions = behaviour.versions
        by_header = versions is not None and versions.place == "header"
        self._version = (versions.parameter, versions.newest.name) if versions and by_header else None
        self._cast = cast
        self._control = control
        self._share = min((limit.limit for limit in behaviour.rate_limits), default=0) // 2
        self._sent = 0

    def put_on(self, case: Any) -> None:
        owner = self._cast.owner
        self._sent += 1
        if self._share and self._sent % self._share == 0:
            self._cast.renew(owner)
        case.headers.update({n: v for n, v in owner.headers.items() if not n.startswith("?")})
        case.body = leading_nowhere(case.body)
        case.query = leading_nowhere(case.query)
        if shown := asked(owner.headers):
            case.query = {**(case.query or {}), **shown}
        if self._control is not None:
            case.headers[SANDBOX] = self._control.sandbox
        if self._version is not None:
            case.headers[self._version[0]] = self._version[1]
        if self._policy is not None and case.method.upper() in self._policy.methods:
            case.headers[self._policy.header] = secrets.token_hex(12)

    def provider(self) -> type:
        """A class, as Schemathesis wants it: it makes one for each run."""
        dress = self

        class Provider:
            def get(self, _case: Any, _context: Any) -> str:
                return "owner"

            def set(self, case: Any, _data: Any, _context: Any) -> None:
                dress.put_on(case)

        return Provider


class _Listener:
    """Turns the events of a run into flaws of clauses."""

    def __init__(
        self,
        contract: Contract,
        behaviour: Behaviour,
        cast: Cast,
        operations: frozenset[str],
        made: Callable[[str, Any], None],
        blame: Blame,
    ) -> None:
        self.found = Fuzzed()
        self._behaviour = behaviour
        self._blame = blame
        self._made = made
        self._cast = cast
        self._labels = {f"{o.method} {o.path}": o for o in contract.operations if o.id in operations}

    def hear(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.ScenarioFinished):
            self._collect(event)
        elif isinstance(event, events.NonFatalError):
            self.found.problems.append(f"{event.label}: {event.info.title}")
        elif isinstance(event, events.FatalError):
            self.found.problems.append(f"{type(event.exception).__name__}: {event.exception}")

    def _collect(self, event: events.ScenarioFinished) -> None:
        answers = [one.response for one in event.recorder.interactions.values() if one.response is not None]
        self.found.requests += len(answers)
        self._remember(event)
        self.found.limited |= any(answer.status_code == _TOO_MANY for answer in answers)
        for case_id, nodes in event.recorder.checks.items():
            for node in nodes:
                if node.status == Status.FAILURE and node.failure_info is not None:
                    self._note(event, case_id, node)

    def _remember(self, event: events.ScenarioFinished) -> None:
        """Tell what was made, so that it can be deleted."""
        operation = self._labels.get(event.label or "")
        for interaction in event.recorder.interactions.values() if operation else ():
            response = interaction.response
            posted = (
                operation is not None and interaction.request.method.upper() == operation.method == "POST"
            )
            if (
                operation is not None
                and posted
                and response is not None
                and response.status_code // 100 == _SUCCESS
            ):
                with contextlib.suppress(ValueError):
                    self._made(operation.id, json.loads(response.content or b"null"))

    def _note(self, event: events.ScenarioFinished, case_id: str, node: Any) -> None:
        failure = node.failure_info.failure
        operation = self._labels.get(failure.operation or event.label or "")
        clause = _CLAUSES.get(node.name)
        if clause is None or operation is None or (clause, operation.id) in self.found.flaws:
            return
        sent = _sent(event.recorder.interactions.get(case_id), operation.id, self._cast)
        if sent is not None and self._is_open(node.name, operation, sent):
            return
        cause = self._cause(node.name, failure, operation, event.recorder.interactions.get(case_id))
        if (
            node.name == "negative_data_rejection"
            and sent is not None
            and _fits(sent, failure.message, cause)
        ):
            return
        exchange = sent.as_evidence() if sent is not None else {}
        self.found.flaws[clause, operation.id] = Flaw(
            failure.title,
            masked(failure.message, self._cast.secrets),
            exchange,
            cause,
            sent,
        )

    def _is_open(self, check: str, operation: Operation, sent: Exchange) -> bool:
        """Whether the document leaves open what Schemathesis blames."""
        if check == "status_code_conformance":
            refused = 400 <= sent.status < 500  # noqa: PLR2004 - client errors
            if sent.ok and not promises_successes(operation):
                return True
            return refused and not promises_refusals(self._behaviour, operation)
        if check != "negative_data_rejection" or operation.body is None or operation.body.required:
            return False
        # An empty form is no body at all, and a body may be left out unless the document says otherwise.
        return not sent.body and "form" in _header(sent.headers) and "?" not in sent.url

    def _cause(self, check: str, failure: Any, operation: Operation, interaction: Any) -> str:
        if interaction is None or interaction.response is None:
            return ""
        if lacking := getattr(failure, "missing_headers", None):
            return f"without {', '.join(sorted(lacking))}"
        request, response = interaction.request, interaction.response
        asked = Message(_header(request.headers), request.body or b"", url=request.uri)
        answer = Message(_header(response.headers), response.content or b"", status=response.status_code)
        return self._blame.cause(check, operation, asked, answer)


def _fits(sent: Exchange, message: str, cause: str) -> bool:
    """Whether nothing is wrong with a body as far as it is read: formats of numbers bind nobody, XML is not read."""
    if "xml" in _header(sent.headers):
        return bool(sent.body)
    return "in body" in message and not cause and parsed(sent.body) is not None


def _schema(contract: Contract, behaviour: Behaviour, target: Target, seed: int, budget: str) -> Any:
    settings: dict[str, Any] = {
        "base-url": target.base_url,
        "cache": {"enabled": False},
        "continue-on-failure": True,
        "workers": 1,
        "max-redirects": 0,
        "generation": {
            "max-examples": _EXAMPLES.get(budget, 4),
            "database": "none",  # otherwise Hypothesis remembers, and a seed does not repeat a run
            "with-security-parameters": False,
            "no-shrink": budget != "nightly",
        },
        "phases": {"stateful": {"enabled": False}},
        "checks": {
            "enabled": False,
            **{name: {"enabled": True} for name in _CLAUSES},
            "negative_data_rejection": {"enabled": True, "expected-statuses": _REFUSALS},
        },
    }
    if target.rate:
        settings["rate-limit"] = (
            f"{max(1, int(target.rate))}/s" if target.rate >= 1 else f"{max(1, int(target.rate * 60))}/m"
        )
    config = schemathesis.Config.from_dict(settings)
    config.update(seed=seed, max_failures=None)
    return schemathesis.openapi.from_dict(_document(contract, behaviour), config=config)


def _document(contract: Contract, behaviour: Behaviour) -> dict[str, Any]:
    """The bundled document without the header of idempotency keys: those are ours, and new in every request."""
    header = behaviour.idempotency.header if behaviour.idempotency else ""

    def kept(node: Any) -> bool:
        target = node
        if isinstance(node, Mapping) and (pointer := local(str(node.get("$ref", "")))):
            target = contract.node(pointer)
        return not (
            isinstance(target, Mapping)
            and target.get("in") == "header"
            and str(target.get("name", "")).lower() == header
        )

    def stripped(node: Any, key: str = "") -> Any:
        if isinstance(node, Mapping):
            return {name: stripped(value, str(name)) for name, value in node.items()}
        if isinstance(node, list):
            return [stripped(value) for value in node if key != "parameters" or kept(value)]
        return node

    document: dict[str, Any] = stripped(contract.document)
    if not str(document.get("openapi", "")).startswith("3.1"):
        document["openapi"] = "3.1.0"  # its schemas have been raised to 2020-12 already
    return document


def _header(headers: Mapping[str, Any]) -> str:
    """The media type among headers."""
    found = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return str(found[0] if isinstance(found, list) else found)


def _sent(interaction: Any, operation: str, cast: Cast) -> Exchange | None:
    """An interaction as an exchange of the owner; None without an answer."""
    if interaction is None or interaction.response is None:
        return None
    request, response = interaction.request, interaction.response

    def flat(headers: Mapping[str, Any]) -> dict[str, str]:
        return {name: str(value[0] if isinstance(value, list) else value) for name, value in headers.items()}

    answered = {name.lower(): value for name, value in flat(response.headers).items()}
    return Exchange(
        cast.owner.name, operation, request.method, request.uri, flat(request.headers), request.body or b"",
        response.status_code, answered, response.content or b"", cast.secrets,
    )  # fmt: skip


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No warnings of a library that warns about the document, no files in the working directory."""
    disabled = logging.root.manager.disable
    with tempfile.TemporaryDirectory(prefix="troth-fuzz-") as home, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        set_hypothesis_home_dir(Path(home))
        logging.disable(logging.WARNING)
        try:
            with no_local_constants():
                yield
        finally:
            logging.disable(disabled)
            set_hypothesis_home_dir(None)
