"""Each family of faults has a script that fails on the faulty server and passes on the correct one; replays agree.

The servers listen on sockets, in processes of their own; faults are switched on through the control plane.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.conformance import Target, verify
from troth.conformance.instruments import Instruments
from troth.conformance.reproduction import Reproduction, script
from troth.conformance.reproduction.replaying import replayed
from troth.contract import load_contract
from troth.findings import Finding
from troth.reporting import render

BEACON = str(Path(__file__).parent / "beacon" / "openapi.yaml")

#: (contract, fault, clause): deliveries, tokens, time, and plain requests beside them.
FAMILIES = (
    ("billing", "leak-foreign-read", "tenancy.read"),
    ("billing", "stranger-accepted", "tenancy.header"),
    ("billing", "event-lost", "webhooks.delivered"),
    ("billing", "leak-foreign-event", "webhooks.isolated"),
    ("billing", "signature-wrong", "webhooks.signature"),
    ("billing", "signature-stale", "webhooks.timestamp"),
    ("billing", "retry-dropped", "webhooks.retried"),
    ("billing", "sent-when-gone", "webhooks.ended"),
    ("billing", "bearer-lasts", "authentication.expiry"),
    (BEACON, "handshake-skipped", "webhooks.handshake"),
    (BEACON, "delivery-overtakes", "webhooks.ordered"),
    (BEACON, "failures-ignored", "webhooks.disabled"),
    (BEACON, "timed-event-lost", "webhooks.timed"),
    (BEACON, "mode-ignored", "webhooks.modes"),
    (BEACON, "old-secret-dropped", "webhooks.rotated"),
    ("clientcasa", "code-reusable", "oauth.code-once"),
    ("clientcasa", "verifier-unchecked", "oauth.verifier"),
    ("clientcasa", "state-lost", "oauth.state"),
    ("clientcasa", "family-survives", "oauth.refresh"),
    ("clientcasa", "code-lasts", "oauth.code-expiry"),
    ("clientcasa", "token-lasts", "oauth.token-expiry"),
    ("clientcasa", "token-cached", "oauth.uncached"),
    ("clientcasa", "scope-widened", "oauth.scope"),
    ("clientcasa", "key-lasts", "idempotency.expiry"),
)


class Server:
    """A mock in a process of its own, correct unless it is told to misbehave."""

    def __init__(self, source: str, about: dict[str, Any]) -> None:
        self.contract = load_contract(source)
        self.instruments = Instruments.of(self.contract)
        self.url, self.control = about["url"], about["control"]
        self.credentials = about["credentials"]

    def misbehave(self, *faults: str) -> None:
        httpx.put(f"{self.control}/faults", json={"faults": list(faults)}).raise_for_status()

    def violation(self, clause: str) -> Finding:
        outcome = verify(
            self.contract, Target(self.url), only=[clause], fuzz=False, instruments=self.instruments
        )
        assert outcome.findings
        return outcome.findings[0]


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[str], Server]]:
    with ExitStack() as stack:

        @cache
        def started(source: str) -> Server:
            command = [sys.executable, "-m", "troth", "mock", source, "--port", "0", "--seed", "7", "--json"]
            if source == BEACON:
                command += ["--seed-file", str(Path(BEACON).with_name("seed.yaml"))]
            process = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            )
            stack.callback(process.terminate)
            assert process.stdout is not None
            return Server(source, json.loads(process.stdout.readline()))

        yield started


def environment(server: Server) -> dict[str, str]:
    """The credentials that the mock started with, under the names that scripts look for."""
    return dict(os.environ) | {
        f"{about['name']}_{name}".replace("-", "_").upper(): value
        for about in server.credentials
        for name, value in about["headers"].items()
    }


def run(path: Path, server: Server) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(path), server.url, server.control],
        capture_output=True, text=True, check=False, env=environment(server),
    )  # fmt: skip


#: A delivery that is sent right behind an answer may be there before anybody looks, on a busy machine.
TRIES = {"mode-ignored": 4}


@pytest.mark.parametrize(("source", "fault", "clause"), FAMILIES)
def test_a_script_tells_the_faulty_server_from_the_correct_one(
    source: str, fault: str, clause: str, server: Callable[[str], Server], tmp_path: Path
) -> None:
    """1 and 0 as a process that knows no Troth; wrong and right as a replay."""
    for tries_left in reversed(range(TRIES.get(fault, 1))):
        try:
            _tells_apart(server(source), fault, clause, tmp_path)
        except AssertionError:
            if not tries_left:
                raise
        else:
            return


def _tells_apart(mock: Server, fault: str, clause: str, tmp_path: Path) -> None:
    mock.misbehave(fault)
    try:
        finding = mock.violation(clause)
        assert "unreproduced" not in finding.evidence, finding.evidence["unreproduced"]
        told = json.loads(render([finding], "json", title="As a report has it"))["findings"][0]
        reproduction = Reproduction.from_json(told["evidence"]["reproduction"])
        path = tmp_path / "script.py"
        path.write_text(script(reproduction, name="script", title=finding.title), encoding="utf-8")
        assert "import troth" not in path.read_text(encoding="utf-8")
        assert "from troth" not in path.read_text(encoding="utf-8")
        faulty = run(path, mock)
        assert faulty.returncode == 1, faulty.stdout + faulty.stderr
        assert replayed(reproduction, Target(mock.url)).verdict == "wrong"
    finally:
        mock.misbehave()
    correct = run(path, mock)
    assert correct.returncode == 0, correct.stdout + correct.stderr
    assert replayed(reproduction, Target(mock.url)).verdict == "right"
