"""The one door to Schemathesis: its failures become findings of clauses, and it leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from troth.conformance import Event, Fuzzing, Target, verify
from troth.conformance.reproduction import Reproduction
from troth.conformance.reproduction.replaying import replayed
from troth.contract import Contract, load_contract

ONLY = ["schema.response@*Client", "validation.rejected@*Client", "validation.no-server-error@*Client"]


PLAIN = """
openapi: 3.0.3
info: {title: Plain, version: "1"}
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: size, in: query, schema: {type: integer}}
      responses: {"200": {description: One.}, "404": {description: None.}}
  /notes:
    post:
      operationId: addNote
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [text], properties: {text: {type: string}}}
      responses: {"201": {description: Made.}, "400": {description: Not a note.}}
"""


@contextmanager
def mocked(*options: str, contract: str = "clientcasa") -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "troth",
        "mock",
        contract,
        "--port",
        "0",
        "--seed",
        "7",
        "--json",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def test_a_correct_mock_survives_fuzzing(
    clientcasa: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No false alarm, events on the way, no file in the working directory."""
    monkeypatch.chdir(tmp_path)
    seen: list[Event] = []
    with mocked() as url:
        outcome = verify(clientcasa, Target(url), only=ONLY, listener=seen.append)
    assert outcome.findings == ()
    assert outcome.exit_code == 0
    assert "POST /v1/clients" in {event.label for event in seen if isinstance(event, Fuzzing)}
    assert outcome.requests > 100
    assert list(tmp_path.iterdir()) == []


def test_a_plain_document_is_not_blamed_for_what_it_leaves_open(tmp_path: Path) -> None:
    """A 400 beside the refusals that it happens to list, a form that is empty where it may be left out."""
    path = tmp_path / "plain.yaml"
    path.write_text(PLAIN)
    with mocked(contract=str(path)) as url:
        outcome = verify(load_contract(path), Target(url))
    assert outcome.requests > 30
    assert [(finding.clause, finding.title) for finding in outcome.findings] == []


def test_what_fuzzing_breaks_is_a_finding_of_the_clause(clientcasa: Contract) -> None:
    """With the probes' own verdict taken away, fuzzing alone names the clause, with an exchange and no secret."""
    from troth.conformance.fuzzing import fuzz  # noqa: PLC0415 - imports most of a second

    with mocked("--fault", "invalid-accepted") as url:
        from troth.conformance import Run  # noqa: PLC0415 - beside its use

        with Run(clientcasa, Target(url)) as run:
            found = fuzz(
                clientcasa, run.behaviour, run.target, run.scene.cast, run.scene.control,
                seed=1, budget="pr", operations=frozenset({"createClient"}), tell=lambda _: None,
                validators=run.instruments.validators,
                made=lambda _operation, _answer: None,
            )  # fmt: skip
    flaw = found.flaws["validation.rejected", "createClient"]
    assert flaw.exchange["request"]["method"] == "POST"
    assert flaw.exchange["response"]["status"] == 201
    assert "verify-" not in json.dumps(flaw.exchange["request"]["headers"].get("x-api-key", ""))
    assert not found.limited
    assert found.problems == []


@pytest.mark.slow
def test_what_fuzzing_breaks_can_be_replayed(clientcasa: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the probe, the one request that Schemathesis names: wrong on the server, right on a correct one."""
    from troth.conformance import running  # noqa: PLC0415 - beside its use

    clause = "validation.rejected@createClient"
    monkeypatch.setattr(running, "PROBES", {**running.PROBES, "validation.rejected": lambda *_: None})
    with mocked("--fault", "invalid-accepted") as faulty, mocked() as correct:
        outcome = verify(clientcasa, Target(faulty), only=[clause, "resource.read@getClient"], walks=False)
        (finding,) = (one for one in outcome.findings if one.clause == clause)
        reproduction = Reproduction.from_json(finding.evidence["reproduction"])
        assert "chemathesis" not in json.dumps(reproduction.as_json())
        assert "{{mark}}" in reproduction.as_json()["steps"][0]["headers"]["idempotency-key"]
        for url, verdict in ((faulty, "wrong"), (correct, "right")) * 2:
            assert replayed(reproduction, Target(url)).verdict == verdict
