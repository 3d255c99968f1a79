"""What makes a list of versions incoherent, and how it is explained."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.clauses import clauses_of
from troth.behaviour.coherence import lint
from troth.behaviour.explaining import explain
from troth.contract import load_contract
from troth.contract.model import Contract
from troth.errors import BehaviourError

TIMESHEET = Path(__file__).parents[1] / "conformance" / "timesheet" / "openapi.yaml"
AT = "/x-behaviour/versions"


@pytest.fixture(scope="module")
def timesheet() -> Contract:
    return load_contract(TIMESHEET)


def with_release(contract: Contract, name: str, **about: Any) -> Contract:
    """The contract with one version described otherwise; None leaves a word out."""
    document: Any = copy.deepcopy(dict(contract.document))
    releases = document["x-behaviour"]["versions"]["releases"]
    known = {**releases.get(name, {}), **about}
    releases[name] = {word: value for word, value in known.items() if value is not None}
    return replace(contract, document=document)


def with_change(contract: Contract, **about: Any) -> Contract:
    """With one change of the newest version, and no other."""
    return with_release(contract, "2024-09-01", changes={"one": about})


def found(contract: Contract) -> list[tuple[str, str, str]]:
    return [
        (one.id, one.severity, one.location.pointer if one.location else "")
        for one in lint(contract)
        if one.severity != "info"
    ]


def test_the_timesheet_is_coherent(timesheet: Contract) -> None:
    """Whatever the tests below find comes from their one change."""
    assert found(timesheet) == []


@pytest.mark.parametrize(
    ("name", "about", "identifier", "word"),
    [
        ("2024-09-01", {"default": "2024-08-31"}, "days-out-of-order", "default"),
        ("2024-01-01", {"backfilled": "2023-12-31"}, "days-out-of-order", "backfilled"),
        ("2023-05-01", {"retired": "2023-05-01"}, "days-out-of-order", "retired"),
        ("2024-09-01", {"default": "2025-02-30"}, "no-such-day", "default"),
    ],
)
def test_days_that_cannot_be_meant_are_errors(
    timesheet: Contract, name: str, about: dict[str, Any], identifier: str, word: str
) -> None:
    """Each where it is written."""
    told = found(with_release(timesheet, name, **about))
    assert (identifier, "error", f"{AT}/releases/{name}/{word}") in told
    assert {one[0] for one in told} == {identifier}


def test_a_retired_version_may_be_older_than_any_day_told(timesheet: Contract) -> None:
    """It comes before all others, and was the default before one was promoted."""
    contract = with_release(timesheet, "2021-06-01", retired="2022-03-01")
    assert found(contract) == []
    versions = behaviour_of(contract).versions
    assert versions is not None
    assert versions.releases[0].name == "2021-06-01"
    assert [versions.default(day).name for day in ("2022-02-28", "2022-03-01")] == [
        "2021-06-01",
        "2022-03-01",
    ]
    assert not versions.releases[0].is_offered("2022-03-01")


def test_a_version_that_is_served_says_since_when(timesheet: Contract) -> None:
    """Without a day of release or of retirement it is refused where it stands."""
    with pytest.raises(BehaviourError, match="released") as refused:
        behaviour_of(with_release(timesheet, "2021-06-01", default="2022-01-01"))
    assert refused.value.location is not None
    assert refused.value.location.pointer == f"{AT}/releases/2021-06-01"


def test_a_version_is_the_default_until_the_end(timesheet: Contract) -> None:
    """When the last one retires, requests without a version are refused."""
    contract = with_release(timesheet, "2023-05-01", retired="2031-01-01")
    assert found(contract) == []
    contract = with_release(contract, "2024-09-01", retired="2040-01-01")
    assert found(contract) == [("retired-default", "error", f"{AT}/releases/2024-09-01/retired")]


def test_a_backfill_of_nothing_is_a_warning(timesheet: Contract) -> None:
    assert found(with_release(timesheet, "2022-03-01", backfilled="2022-04-01")) == [
        ("idle-backfill", "warning", f"{AT}/releases/2022-03-01/backfilled")
    ]


def test_versions_of_which_none_is_ever_the_default_are_a_warning(timesheet: Contract) -> None:
    contract = timesheet
    for name in ("2022-03-01", "2023-05-01", "2024-09-01"):
        contract = with_release(contract, name, default=None)
    assert found(contract) == [("no-default-version", "warning", AT)]


@pytest.mark.parametrize(
    ("about", "identifier", "severity", "below", "title"),
    [
        (
            {"before": {"paths": {"/ratse": None}}},
            "nothing-to-remove",
            "warning",
            "/before/paths/~1ratse",
            "there is no '/ratse' to be absent before, at /paths. Did you mean '/rates'?",
        ),
        (
            {"before": {"info": {"title": "Timesheet"}}},
            "idle-change",
            "warning",
            "",
            "the change 'one' changes nothing",
        ),
        (
            {"before": {"components": {"schemas": {"Quantity": None}}}},
            "change-unreadable",
            "error",
            "/before",
            "what was before the change 'one' is no contract",
        ),
        (
            {"values": {"entires": {"quantity": {"shown": "1"}}}},
            "unknown-resource",
            "error",
            "/values/entires",
            "unknown resource 'entires'. Did you mean 'entries'?",
        ),
        (
            {"values": {"entries": {"quantitty": {"shown": "1"}}}},
            "unknown-field",
            "error",
            "/values/entries/quantitty",
            "unknown field 'quantitty'. Did you mean 'quantity'?",
        ),
        (
            {"values": {"entries": {"quantity": {"shown": "quantty * 2.0"}}}},
            "unknown-name",
            "error",
            "/values/entries/quantity/shown",
            "unknown field 'quantty'. Did you mean 'quantity'?",
        ),
    ],
)
def test_a_change_that_cannot_be_meant_is_found_where_it_stands(
    timesheet: Contract, about: dict[str, Any], identifier: str, severity: str, below: str, title: str
) -> None:
    """With the nearest word; further findings are consequences of the same mistake."""
    findings = [one for one in lint(with_change(timesheet, **about)) if one.severity != "info"]
    first = next(one for one in findings if one.id == identifier)
    assert first.severity == severity
    assert first.location is not None
    assert first.location.pointer == f"{AT}/releases/2024-09-01/changes/one{below}"
    assert first.title.startswith(title)


def test_operations_say_what_versions_changed(timesheet: Contract) -> None:
    """How a version is chosen, and the changes that concern the operation, each with its line."""
    told = {one.operation: one.facts for one in explain(timesheet, behaviour_of(timesheet))}
    version = next(fact for fact in told["getEntry"] if fact.topic == "version")
    assert "header 'X-Version' names one of 2022-03-01 to 2024-09-01" in version.statement
    assert "2023-05-01 from 2023-06-01" in version.statement
    changes = [fact.statement for fact in told["getEntry"] if fact.topic == "change"]
    assert changes[0] == "since 2023-05-01, 'seconds': Quantities are seconds; they were hours"
    assert [fact.statement for fact in told["listRates"] if fact.topic == "change"] == [
        "since 2024-09-01, 'rates': Rates are new"
    ]


def test_clauses_stand_where_versions_can_be_told_apart(timesheet: Contract) -> None:
    """Choosing a version is tried with one operation, its changes with each that shows them."""
    clauses = clauses_of(timesheet, behaviour_of(timesheet))
    at = {one.id: [c.operation for c in clauses if c.id == one.id] for one in clauses}
    assert [at[f"versions.{word}"] for word in ("default", "echo", "unknown", "retired")] == [
        ["listEntries"]
    ] * 4
    assert at["versions.change"] == ["listEntries", "getEntry", "changeEntry", "listRates"]


def test_a_contract_without_versions_has_no_such_clause() -> None:
    contract = load_contract("clientcasa")
    assert not [c for c in clauses_of(contract, behaviour_of(contract)) if c.concept == "versions"]
