"""One cause is told once: what many operations share is one finding that says where it reaches."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from troth.conformance import Outcome, Run, Target, verify
from troth.conformance.baseline import Baseline, baseline_of
from troth.conformance.causes import gathered
from troth.conformance.fuzzing import fuzz
from troth.conformance.merging import merged
from troth.contract import Contract
from troth.findings import Case, Finding
from troth.reporting.matrix import matrix

from .conftest import BASE, EngineTransport, engine_of
from .servers.plain import Answer, Asked, plain, serving

ONLY = ("schema.response@*Client", "schema.response@*Clients", "schema.response@listProjects")
CAUSE = "/components/schemas/Client/properties/status/enum"


def spoilt(content: bytes) -> bytes:
    """Every client in an answer has a status that its schema does not know."""
    told = json.loads(content or b"null")
    found = told.get("data", told) if isinstance(told, dict) else None
    for row in found if isinstance(found, list) else [found]:
        if isinstance(row, dict) and "invoiceRemindersEnabled" in row:
            row["status"] = "bogus"
    return json.dumps(told).encode()


class Spoiling(EngineTransport):
    """A server with one property of one schema wrong, wherever it is shown."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = super().handle_request(request)
        if "/clients" not in request.url.path or not found.is_success:
            return found
        return httpx.Response(found.status_code, headers=found.headers, content=spoilt(found.read()))


@pytest.fixture(scope="module")
def outcome(clientcasa: Contract) -> Outcome:
    return held(clientcasa)


def held(contract: Contract, **options: Any) -> Outcome:
    target = Target(f"{BASE}/api", transport=Spoiling(engine_of(contract)))
    return verify(contract, target, only=ONLY, reproduce=False, **options)


def test_one_property_in_many_operations_is_one_finding(outcome: Outcome) -> None:
    (finding,) = outcome.findings
    assert finding.evidence["cause"] == CAUSE
    assert set(finding.reach) == {"createClient", "getClient", "listClients", "updateClient"}
    assert finding.as_json()["reach"] == list(finding.reach)


def test_every_operation_that_it_reaches_stays_violated(outcome: Outcome) -> None:
    """The others name the clause where it is told, in the table and in the sentence."""
    verdicts = {case.name.partition("@")[2]: case for case in outcome.cases if case.verdict == "violate"}
    assert verdicts.keys() == {"createClient", "getClient", "listClients", "updateClient"}
    first = next(case for case in verdicts.values() if case.findings)
    others = [case for case in verdicts.values() if case is not first]
    assert {case.detail for case in others} == {f"the same cause as {first.name}"}
    assert "4 clauses do not hold" in outcome.sentence
    assert '<td class="accepted"' not in matrix(outcome.cases)


def test_shards_tell_one_cause_once(clientcasa: Contract) -> None:
    """Each shard tells it, put together it is one finding again."""
    reports = []
    for index in (1, 2, 3):
        found = held(clientcasa, shard=(index, 3))
        told = {**found.head(), "cases": [c.as_json() for c in found.cases]}
        reports.append(json.loads(json.dumps({**told, "findings": [f.as_json() for f in found.findings]})))
    assert sum(bool(report["findings"]) for report in reports) > 1
    (finding,) = merged(reports, ["1", "2", "3"]).findings
    assert set(finding.reach) == {"createClient", "getClient", "listClients", "updateClient"}


def test_what_somebody_answers_for_hides_no_other_operation(clientcasa: Contract) -> None:
    """An entry of the baseline is for one operation; the same cause elsewhere is told as before."""
    (finding,) = held(clientcasa).findings
    identities = finding.evidence["identities"]
    assert [name.split()[0].partition("@")[2] for name in identities] == list(finding.reach)
    outcome = held(clientcasa, baseline=accepting(identities[:1]))
    assert held(clientcasa, baseline=accepting(identities)).exit_code == 0
    known, told = sorted(outcome.findings, key=lambda finding: finding.severity == "error")
    assert (known.severity, known.operation, known.reach) == ("info", "listClients", ())
    assert set(told.reach) == {"createClient", "getClient", "updateClient"}
    assert outcome.exit_code == 1


def accepting(identities: Sequence[str]) -> Baseline:
    about = {"owner": "me", "reason": "known", "expires": date(2999, 1, 1)}
    return baseline_of({"accepted": [{"violation": one, **about} for one in identities]}, "baseline.toml")


def _case(operation: str, cause: str | None, identity: str = "schema-response") -> Case:
    evidence = {} if cause is None else {"cause": cause}
    finding = Finding(identity, "error", "It is wrong", operation=operation, evidence=evidence)
    return Case(f"{identity}@{operation}", "schema", "violate", (finding,))


def test_other_causes_and_other_clauses_stay_apart() -> None:
    cases = [_case("a", "x"), _case("b", "y"), _case("c", None), _case("d", None), _case("e", "x", "other")]
    assert gathered(cases) == tuple(cases)
    once = gathered([*cases, _case("f", "x")])
    assert once[0].findings[0].reach == ("a", "f")
    assert gathered(once) == once
    assert replace(once[-1], detail="") == Case("schema-response@f", "schema", "violate")


def test_fuzzing_names_the_same_cause(clientcasa: Contract) -> None:
    """Schemathesis meets it in four operations, each time with another place in another answer."""
    correct: Callable[[Asked], Answer] = serving(engine_of(clientcasa, rate_limit="1000000/1h"))

    def answer(asked: Asked) -> Answer:
        found = correct(asked)
        wrong = "/clients" in asked.target and found.status < 300
        return replace(found, body=spoilt(found.body)) if wrong and found.body else found

    operations = frozenset({"createClient", "getClient", "listClients", "updateClient"})
    with plain(answer) as server, Run(clientcasa, Target(f"{server.origin}/api")) as run:
        found = fuzz(
            clientcasa, run.behaviour, run.target, run.scene.cast, run.scene.control,
            seed=1, budget="pr", operations=operations, tell=lambda _: None,
            validators=run.instruments.validators, made=lambda _operation, _answer: None,
        )  # fmt: skip
    causes = {
        operation: flaw.cause for (clause, operation), flaw in found.flaws.items() if "schema" in clause
    }
    assert {"createClient", "listClients"} <= causes.keys()
    assert set(causes.values()) == {CAUSE}
