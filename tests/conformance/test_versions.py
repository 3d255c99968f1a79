"""A run against an API that serves several versions judges the newest one, and tries the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from troth.conformance import Outcome, Principal, Target, verify
from troth.contract import Contract, load_contract
from troth.engine import Engine, Request
from troth.engine.clock import parse_instant

from .conftest import BASE, EngineTransport, engine_of

TIMESHEET = Path(__file__).parent / "timesheet"


@pytest.fixture(scope="module")
def timesheet() -> Contract:
    return load_contract(TIMESHEET)


def by_query(contract: Contract) -> Contract:
    """The same with the version in a query parameter."""
    document: Any = dict(contract.document)
    behaviour = dict(document["x-behaviour"])
    versions = {**behaviour["versions"], "query": "v", "echo": "X-Version"}
    return replace(contract, document={**document, "x-behaviour": {**behaviour, "versions": versions}})


def run(
    engine: Engine, *, controlled: bool = True, only: Sequence[str] = (), **options: Any
) -> tuple[Outcome, EngineTransport]:
    transport = EngineTransport(engine, controlled=controlled)
    target = Target(f"{BASE}/api", transport=transport, **options)
    return verify(engine.contract, target, only=only, fuzz=False), transport


@pytest.mark.parametrize("change", [lambda contract: contract, by_query], ids=["header", "query"])
def test_a_mock_with_versions_conforms(timesheet: Contract, change: Any) -> None:
    """Every clause gets a verdict, those about versions too."""
    outcome, _ = run(engine_of(change(timesheet)))
    assert [finding.title for finding in outcome.findings] == []
    judged = {case.name for case in outcome.cases if case.verdict == "conform"}
    assert judged == {case.name for case in outcome.cases}
    assert {name.partition("@")[0] for name in judged} >= {
        f"versions.{word}" for word in ("default", "echo", "unknown", "retired", "change")
    }


def test_requests_name_the_version_that_the_document_describes(timesheet: Contract) -> None:
    """On a day on which another one is the default, what is judged is still the newest."""
    engine = engine_of(timesheet)
    engine.state().clock.freeze(parse_instant("2024-12-01T00:00:00Z"))
    principals = tuple(_principal(one) for one in engine.credentials())
    only = ["resource.create", "filter.exact", "schema.response"]
    outcome, transport = run(engine, controlled=False, only=only, principals=principals)
    assert {case.verdict for case in outcome.cases} == {"conform"}
    asked = Request("GET", "/api/entries", headers=dict(principals[0].headers))
    assert transport.engine.handle(asked).header("x-version") == "2023-05-01"


def test_without_a_control_plane_the_default_of_today_is_judged(timesheet: Contract) -> None:
    """Other days are out of reach, and a retirement that lies ahead cannot be seen."""
    engine = engine_of(timesheet)
    principals = tuple(_principal(one) for one in engine.credentials())
    outcome, _ = run(engine, controlled=False, principals=principals)
    verdicts = {case.name: case.verdict for case in outcome.cases if case.group == "versions"}
    assert verdicts["versions.default@listEntries"] == "conform"
    assert verdicts["versions.retired@listEntries"] == "not-exercised"


def _principal(about: Any) -> Principal:
    return Principal(about["name"], about["tenant"], about["headers"], tuple(about["scopes"]))


def test_the_clock_stands_where_it_stood(timesheet: Contract) -> None:
    """Trying other days leaves no trace."""
    engine = engine_of(timesheet)
    before = engine.state().clock.now()
    run(engine)
    assert len(engine.sandboxes) > 1
    assert {state.clock.now() for state in engine.sandboxes.values()} == {before}
