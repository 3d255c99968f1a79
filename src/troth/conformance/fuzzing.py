"""Schemathesis behind one door: its engine is not public, so nothing else in Troth imports it (nor Hypothesis).

Only what probes cannot do better is asked of it: shapes of answers, robustness, rejection of invalid input. Its
findings become findings of clauses, one for each clause and operation.
"""

from __future__ import annotations

import contextlib
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
from troth.conformance.control import SANDBOX, Control
from troth.conformance.exchanges import masked
from troth.conformance.target import Target
from troth.contract import Contract

__all__ = ["Flaw", "Fuzzed", "fuzz"]

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


@dataclass(frozen=True, slots=True)
class Flaw:
    """One failure of one clause: a title, what Schemathesis says, and the exchange with its credentials masked."""

    title: str
    detail: str
    exchange: Mapping[str, Any]


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
    tell: Callable[[str], None],
) -> Fuzzed:
    """Run Schemathesis as the owner over some operations. Deterministic for a seed, but for keys and server ids."""
    found = Fuzzed()
    labels = {f"{o.method} {o.path}": o.id for o in contract.operations}
    paths = [o.path for o in contract.operations if o.id in operations]
    with _quiet():
        schema = _schema(contract, behaviour, target, seed, budget).include(path=sorted(set(paths)))
        _dress(schema, behaviour, cast, control)
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioStarted):
                tell(event.label or "")
            elif isinstance(event, events.ScenarioFinished):
                _collect(event, labels, operations, cast, found)
            elif isinstance(event, events.NonFatalError):
                found.problems.append(f"{event.label}: {event.info.title}")
            elif isinstance(event, events.FatalError):
                found.problems.append(f"{type(event.exception).__name__}: {event.exception}")
    return found


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
        if isinstance(node, Mapping) and str(node.get("$ref", "")).startswith("#/"):
            target = contract.node(node["$ref"][1:])
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


def _dress(schema: Any, behaviour: Behaviour, cast: Cast, control: Control | None) -> None:
    """Every request carries the owner's credential, the run's sandbox and a new key."""
    owner, policy = cast.owner, behaviour.idempotency
    share = min((limit.limit for limit in behaviour.rate_limits), default=0) // 2
    sent = 0

    class Dress:
        def get(self, _case: Any, _context: Any) -> str:
            return "owner"

        def set(self, case: Any, _data: Any, _context: Any) -> None:
            nonlocal sent
            sent += 1
            if share and sent % share == 0:
                cast.renew(owner)
            case.headers.update(owner.headers)
            if control is not None:
                case.headers[SANDBOX] = control.sandbox
            if policy is not None and case.method.upper() in policy.methods:
                case.headers[policy.header] = secrets.token_hex(12)

    cast.renew(owner)
    schema.auth(refresh_interval=None)(Dress)


def _collect(
    event: events.ScenarioFinished,
    labels: Mapping[str, str],
    operations: frozenset[str],
    cast: Cast,
    found: Fuzzed,
) -> None:
    answers = [one.response for one in event.recorder.interactions.values() if one.response is not None]
    found.requests += len(answers)
    found.limited = found.limited or any(answer.status_code == _TOO_MANY for answer in answers)
    for case_id, nodes in event.recorder.checks.items():
        for node in nodes:
            if node.status != Status.FAILURE or node.failure_info is None:
                continue
            failure = node.failure_info.failure
            operation = labels.get(failure.operation or event.label or "")
            clause = _CLAUSES.get(node.name)
            if clause and operation in operations and (clause, operation) not in found.flaws:
                exchange = _exchange(event.recorder.interactions.get(case_id), cast)
                found.flaws[clause, str(operation)] = Flaw(
                    failure.title, masked(failure.message, cast.secrets), exchange
                )


def _exchange(interaction: Any, cast: Cast) -> dict[str, Any]:
    """An interaction in the form of every other piece of evidence."""
    if interaction is None:
        return {}
    request, response = interaction.request, interaction.response

    def flat(headers: Mapping[str, Any]) -> dict[str, str]:
        return {
            name: masked(str(value[0] if isinstance(value, list) else value), cast.secrets)
            for name, value in headers.items()
        }

    def text(body: bytes | None) -> str:
        return masked((body or b"").decode("utf-8", "replace")[:8000], cast.secrets)

    shown: dict[str, Any] = {
        "principal": cast.owner.name,
        "request": {
            "method": request.method,
            "url": request.uri,
            "headers": flat(request.headers),
            "body": text(request.body),
        },
    }
    if response is not None:
        shown["response"] = {
            "status": response.status_code,
            "headers": flat(response.headers),
            "body": text(response.content),
        }
    return shown


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No warnings of a library that warns about the document, no files in the working directory."""
    disabled = logging.root.manager.disable
    with tempfile.TemporaryDirectory(prefix="troth-fuzz-") as home, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        set_hypothesis_home_dir(Path(home))
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(disabled)
            set_hypothesis_home_dir(None)
