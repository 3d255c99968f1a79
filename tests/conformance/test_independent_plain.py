"""A server that shares no line with the engine, behind a document without a word of behaviour, is not blamed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from troth.conformance import Outcome, Principal, Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.selftest import Bench
from troth.contract import Contract, load_contract

from .servers.depot import BUGS, KEYS, Depot
from .test_independent import serving


@cache
def contract() -> Contract:
    return load_contract(Path(__file__).parent / "servers" / "depot.yaml")


def verified(*bugs: str, **options: Any) -> Outcome:
    """A run with nothing but a key of each of two organisations, of which the document knows nothing."""
    with serving(Depot(bugs).app) as origin:
        callers = tuple(Principal(tenant, tenant, {"x-api-key": key}, ("*",)) for key, tenant in KEYS.items())
        return verify(contract(), Target(origin, callers), reproduce=False, fuzz=False, **options)


def test_a_correct_server_conforms() -> None:
    """Though it keeps organisations apart unasked, wraps the rows of its list and refuses strangers in plain text."""
    outcome = verified(walks=True)
    assert [f"{finding.clause}: {finding.title}" for finding in outcome.findings] == []
    assert outcome.exit_code == 0


def test_its_mock_raises_no_alarm() -> None:
    bench = Bench(contract())
    assert [finding.title for finding in bench.held(Loopback(bench.engine)).findings] == []


@pytest.mark.parametrize("bug", BUGS)
def test_each_bug_fails_the_clause_that_it_breaks(bug: str) -> None:
    """In a whole run, in at most two findings."""
    outcome = verified(bug)
    assert BUGS[bug] in {str(finding.clause) for finding in outcome.findings}
    assert len(outcome.findings) <= 2
