"""Versions side by side: one set of rows, each version with its own operations, fields, values and rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.contract import Contract, load_contract
from troth.errors import BehaviourError
from troth.testing import Mock

DOCUMENT = Path(__file__).parents[1] / "conformance" / "timesheet" / "openapi.yaml"
FIRST, SECOND, THIRD, NEWEST = "2022-03-01", "2023-05-01", "2024-01-01", "2024-09-01"


@pytest.fixture(scope="module")
def timesheet() -> Mock:
    return Mock(load_contract(DOCUMENT), empty=True)


@pytest.fixture
def mock(timesheet: Mock) -> Mock:
    return timesheet.fork()


Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(mock: Mock) -> Ask:
    """A request in a version, or in none."""

    def send(method: str, path: str, version: str | None = None, **options: Any) -> httpx.Response:
        headers = {"X-Version": version} if version is not None else {}
        return mock.client().request(method, path, headers=headers, **options)

    return send


# -- which version ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "default"),
    [
        ("2021-01-01", FIRST),
        ("2022-03-01", FIRST),
        ("2023-05-31", FIRST),
        ("2023-06-01", SECOND),
        ("2024-12-31", SECOND),
        ("2025-01-01", NEWEST),
        ("2031-01-01", NEWEST),
    ],
)
def test_the_default_is_a_function_of_the_clock(mock: Mock, ask: Ask, day: str, default: str) -> None:
    """The version promoted last; one without such a day never is."""
    mock.freeze(f"{day}T00:00:00Z")
    answer = ask("GET", "/entries")
    assert answer.status_code == 200
    assert answer.headers["x-version"] == default


def test_a_named_version_is_echoed_on_success_and_refusal(ask: Ask) -> None:
    """Whatever the default is."""
    for version in (FIRST, SECOND, THIRD, NEWEST):
        assert ask("GET", "/entries", version).headers["x-version"] == version
        missing = ask("GET", "/entries/99", version)
        assert (missing.status_code, missing.headers["x-version"]) == (404, version)


@pytest.mark.parametrize("version", ["2020-01-01", "v1", "2024-09-02", "2024-09-01x"])
def test_an_unknown_version_is_refused(ask: Ask, version: str) -> None:
    """With the declared status and code, and without an echo."""
    answer = ask("GET", "/entries", version)
    assert answer.status_code == 410
    assert answer.json()["error"]["code"] == "version"
    assert "x-version" not in answer.headers


def test_the_control_plane_says_which_versions_there_are_today(mock: Mock) -> None:
    """What can be asked for, and the default."""
    mock.freeze("2023-06-01T00:00:00Z")
    told = mock.client().get("https://mock.test/__troth/health").json()["versions"]
    assert told == {"default": SECOND, "offered": [FIRST, SECOND]}
    mock.freeze("2030-01-01T00:00:00Z")
    told = mock.client().get("https://mock.test/__troth/health").json()["versions"]
    assert told == {"default": NEWEST, "offered": [SECOND, THIRD, NEWEST]}


def test_a_version_does_not_exist_before_its_release(mock: Mock, ask: Ask) -> None:
    """The day before, and the day itself."""
    mock.freeze("2023-12-31T23:59:59Z")
    assert ask("GET", "/entries", THIRD).status_code == 410
    mock.advance(1)
    assert ask("GET", "/entries", THIRD).status_code == 200


def test_a_retired_version_is_refused_as_such(mock: Mock, ask: Ask) -> None:
    """From the day on."""
    mock.freeze("2029-12-31T23:59:59Z")
    assert ask("GET", "/entries", FIRST).status_code == 200
    mock.advance(1)
    answer = ask("GET", "/entries", FIRST)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "retired")


def test_a_blank_header_names_no_version(ask: Ask) -> None:
    assert ask("GET", "/entries", " ").headers["x-version"] == NEWEST


def test_a_query_parameter_may_select(timesheet: Mock) -> None:
    """In the place of a header; then only the header that is asked for is echoed."""
    document = dict(timesheet.contract.document)
    versions = {**document["x-behaviour"]["versions"], "query": "api-version"}
    changed = {**document, "x-behaviour": {**document["x-behaviour"], "versions": versions}}
    client = Mock(_with(timesheet.contract, changed), empty=True).client()
    client.post("/entries", json={"quantity": 7200, "subject": "x"}).raise_for_status()
    assert client.get("/entries?api-version=2022-03-01").json()[0]["quantity"] == 2
    assert client.get("/entries").json()[0]["quantity"] == 7200
    refused = client.get("/entries?api-version=1")
    assert (refused.status_code, "x-version" in refused.headers) == (410, False)


def _with(contract: Contract, document: dict[str, Any]) -> Contract:
    from dataclasses import replace  # noqa: PLC0415

    return replace(contract, document=document)


# -- what differs -----------------------------------------------------------------------------------------------------


def made(ask: Ask, **more: Any) -> dict[str, Any]:
    answer = ask("POST", "/entries", NEWEST, json={"quantity": 5400, "subject": "Files"} | more)
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()
    return row


def test_each_version_shows_its_own_fields_and_values(ask: Ask) -> None:
    """One row, read in each version: a unit, a field that went, a field that came."""
    row = made(ask, billable=False)
    assert row == {"id": 1, "quantity": 5400, "subject": "Files", "billable": False}
    shown = {version: ask("GET", "/entries/1", version).json() for version in (FIRST, SECOND, THIRD)}
    assert shown[FIRST] == {"id": 1, "quantity": 1.5, "subject": "Files", "balance": 10800.0}
    assert shown[SECOND] == shown[THIRD] == {"id": 1, "quantity": 5400, "subject": "Files"}
    listed = ask("GET", "/entries", FIRST).json()
    assert listed == [shown[FIRST]]


def test_filters_compare_with_the_values_of_their_version(ask: Ask) -> None:
    """An hour and a half is found by 1.5 in hours and by 5400 in seconds."""
    made(ask)
    made(ask, quantity=60)
    found = {
        (version, quantity): len(ask("GET", f"/entries?quantity={quantity}", version).json())
        for version in (FIRST, NEWEST)
        for quantity in ("1.5", "5400")
    }
    assert found == {(FIRST, "1.5"): 1, (FIRST, "5400"): 0, (NEWEST, "1.5"): 0, (NEWEST, "5400"): 1}


def test_a_write_takes_the_values_of_its_version(ask: Ask) -> None:
    """Created and changed in hours, stored in seconds; a whole number of seconds stays one."""
    answer = ask("POST", "/entries", FIRST, json={"quantity": 0.5, "subject": "x"})
    assert answer.json()["quantity"] == 0.5
    path = f"/entries/{answer.json()['id']}"
    stored = ask("GET", path, NEWEST)
    assert (stored.json()["quantity"], '"quantity":1800,' in stored.text) == (1800, True)
    assert ask("PATCH", path, FIRST, json={"quantity": 2}).json()["quantity"] == 2
    assert ask("GET", path, NEWEST).json()["quantity"] == 7200
    assert ask("PATCH", path, FIRST, json={"subject": "y"}).json()["quantity"] == 2


def test_requests_are_checked_by_the_document_of_their_version(ask: Ask) -> None:
    """Half an hour is no number of seconds, and a day has 24 hours."""
    assert ask("POST", "/entries", NEWEST, json={"quantity": 0.5, "subject": "x"}).status_code == 400
    assert ask("POST", "/entries", FIRST, json={"quantity": 7200, "subject": "x"}).status_code == 400


def test_an_operation_is_there_from_its_version_on(ask: Ask) -> None:
    """Before that the path does not exist."""
    assert ask("GET", "/rates", NEWEST).status_code == 200
    assert [ask("GET", "/rates", version).status_code for version in (FIRST, SECOND, THIRD)] == [404] * 3


def test_a_parameter_is_there_from_its_version_on(ask: Ask) -> None:
    """Older versions pass it over, as they do any other unknown one."""
    made(ask, billable=True)
    made(ask, billable=False)
    assert len(ask("GET", "/entries?billable=false", NEWEST).json()) == 1
    assert len(ask("GET", "/entries?billable=false", SECOND).json()) == 2


def test_a_field_that_a_version_does_not_know_is_not_stored(ask: Ask) -> None:
    """What it sends is unknown there; the row gets what rows have without it."""
    answer = ask("POST", "/entries", SECOND, json={"quantity": 60, "subject": "x", "billable": False})
    assert "billable" not in answer.json()
    assert ask("GET", f"/entries/{answer.json()['id']}", NEWEST).json()["billable"] is True


def test_behaviour_holds_from_its_version_on_and_everywhere_once_backfilled(mock: Mock, ask: Ask) -> None:
    """A rule of the third version: until its backfill not for the second, from that day on for all."""

    def statuses() -> list[int]:
        asked = [version for version in (FIRST, SECOND, THIRD) if version <= mock.now.date().isoformat()]
        return [ask("POST", "/entries", version, json={"quantity": 1}).status_code for version in asked]

    mock.freeze("2023-06-01T00:00:00Z")
    assert statuses() == [201, 201]
    mock.freeze("2024-02-29T23:59:59Z")
    assert statuses() == [201, 201, 400]
    mock.advance(1)
    assert statuses() == [400, 400, 400]


def test_a_page_rendered_for_one_version_is_not_shown_in_another(ask: Ask) -> None:
    """Rendered lists are kept; each version has its own."""
    made(ask)
    first = [ask("GET", "/entries", version).json() for version in (NEWEST, FIRST, NEWEST, SECOND, FIRST)]
    assert [list(rows[0]) for rows in first] == [
        ["id", "quantity", "subject", "billable"],
        ["id", "quantity", "subject", "balance"],
        ["id", "quantity", "subject", "billable"],
        ["id", "quantity", "subject"],
        ["id", "quantity", "subject", "balance"],
    ]


def test_answers_satisfy_the_document_of_their_version(mock: Mock, ask: Ask) -> None:
    """Judged by the validators of the contract without the changes."""
    from troth.behaviour import behaviour_of  # noqa: PLC0415
    from troth.behaviour.editions import edition_of  # noqa: PLC0415
    from troth.contract import validators  # noqa: PLC0415

    made(ask)
    behaviour = behaviour_of(mock.contract)
    assert behaviour.versions is not None
    for release in behaviour.versions.releases:
        edition = edition_of(mock.contract, behaviour, behaviour.versions.lacking(release, "2026-06-15"))
        row = ask("GET", "/entries/1", release.name).json()
        found = validators(edition.contract).at("/components/schemas/Entry", "response").violations(row)
        assert found == [], release.name


# -- misbehaviour and mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "version", "status", "echo"),
    [
        ("version-unknown-accepted", "1999-01-01", 200, NEWEST),
        ("version-echo-missing", FIRST, 200, None),
        ("version-change-ignored", FIRST, 200, FIRST),
    ],
)
def test_faults_bend_what_is_promised(
    mock: Mock, ask: Ask, fault: str, version: str, status: int, echo: str | None
) -> None:
    """For one request, as ``Prefer`` asks."""
    made(ask)
    answer = mock.client().get("/entries", headers={"X-Version": version, "Prefer": f"fault={fault}"})
    assert (answer.status_code, answer.headers.get("x-version")) == (status, echo)
    assert (answer.json()[0]["quantity"] == 5400) is (fault != "version-echo-missing")


def test_a_patch_that_leaves_no_contract_is_refused_at_the_start(timesheet: Mock) -> None:
    """The error names the change, and what is wrong with the document before it."""
    document = dict(timesheet.contract.document)
    versions = document["x-behaviour"]["versions"]
    broken = {"before": {"components": {"schemas": {"Quantity": None}}}}
    releases = {**versions["releases"], NEWEST: {"released": NEWEST, "changes": {"gone": broken}}}
    changed = {**document, "x-behaviour": {**document["x-behaviour"], "versions": {"releases": releases}}}
    with pytest.raises(BehaviourError, match=r"before the change 'gone' is no contract: .*Quantity"):
        Mock(_with(timesheet.contract, changed))
