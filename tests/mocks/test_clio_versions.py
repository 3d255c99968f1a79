"""Clio, requirements R4 to R6, R47 to R50 of the seed: versions by header, their days, what each changed."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.editions import edition_of
from troth.behaviour.model import Kind
from troth.compatibility import compare
from troth.contract import Contract, load_contract, validators

VERSIONS = ("4.0.4", "4.0.5", "4.0.6", "4.0.7", "4.0.8", "4.0.9")
HEADER = "X-API-VERSION"


class Firm:
    """The first firm of a running mock, in a sandbox with a clock of its own."""

    def __init__(
        self, http: httpx.Client, control: str, name: str, users: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._http, self._control = http, control
        self._sandbox = {"X-Troth-Sandbox": name}
        self._users = users

    def get(self, path: str, version: str | None = None, user: str = "halden-partner") -> httpx.Response:
        named = {HEADER: version} if version is not None else {}
        return self._http.get(path, headers={**self._users[user], **self._sandbox, **named})

    def on(self, day: str) -> Firm:
        """The same firm on a day at noon."""
        moment = {"at": f"{day}T12:00:00Z"}
        answer = self._http.post(f"{self._control}/clock/freeze", json=moment, headers=self._sandbox)
        assert answer.is_success, answer.text
        return self


@pytest.fixture(scope="module")
def firms() -> Iterator[Callable[[str], Firm]]:
    """One mock for the module; a function from a name to a firm in its own sandbox."""
    command = [sys.executable, "-m", "troth", "mock", "clio", "--seed", "7", "--rate-limit", "off"]
    process = subprocess.Popen([*command, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        users = {one["name"]: one["headers"] for one in told["credentials"]}
        with httpx.Client(base_url=told["url"], timeout=30, trust_env=False) as http:
            yield lambda name: Firm(http, told["control"], name, users)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture
def firm(firms: Callable[[str], Firm]) -> Firm:
    return firms(uuid.uuid4().hex)


@pytest.fixture(scope="module")
def clio() -> Contract:
    return load_contract("clio")


# -- which version ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "default"),
    [
        ("2017-08-04", "4.0.4"),
        ("2017-09-06", "4.0.4"),
        ("2017-09-07", "4.0.5"),
        ("2021-01-27", "4.0.5"),
        ("2021-03-03", "4.0.5"),
        ("2021-07-13", "4.0.5"),
        ("2021-07-14", "4.0.7"),
        ("2022-08-11", "4.0.7"),
        ("2022-08-12", "4.0.8"),
        ("2023-02-20", "4.0.8"),
        ("2023-02-21", "4.0.9"),
        ("2026-06-15", "4.0.9"),
    ],
)
def test_r4_the_default_version_is_a_function_of_the_clock(firm: Firm, day: str, default: str) -> None:
    """Each version from its promotion on; 4.0.6 was never promoted."""
    answer = firm.on(day).get("/matters.json")
    assert (answer.status_code, answer.headers[HEADER]) == (200, default)


def test_r6_every_version_can_be_asked_for_and_is_echoed(firm: Firm) -> None:
    """On rows and on lists; a refusal says it as well."""
    for version in VERSIONS:
        for path in ("/matters.json", "/matters/1.json", "/matters/0.json"):
            assert firm.get(path, version).headers[HEADER] == version


@pytest.mark.parametrize("version", ["4.0.3", "4.0.10", "4", "latest", "4.0.9.1"])
def test_r6_any_other_version_is_gone(firm: Firm, version: str) -> None:
    """410 in the envelope of errors."""
    answer = firm.get("/matters.json", version)
    assert answer.status_code == 410
    assert answer.json()["error"]["type"] == "InvalidVersion"


def test_r6_a_version_cannot_be_asked_for_before_its_release(firm: Firm) -> None:
    """The day before it is 410."""
    assert firm.on("2022-11-20").get("/matters.json", "4.0.9").status_code == 410
    assert firm.on("2022-11-21").get("/matters.json", "4.0.9").status_code == 200


# -- what differs -----------------------------------------------------------------------------------------------------


def test_r49_bills_had_balances_of_matters_until_4_0_4(firm: Firm) -> None:
    """One for each matter of the bill."""
    before = firm.get("/bills/1.json?fields=id,matters,matter_balances", "4.0.4").json()["data"]
    assert [one["id"] for one in before["matter_balances"]] == [one["id"] for one in before["matters"]]
    assert "matter_balances" not in firm.get("/bills/1.json", "4.0.5").text


def test_r49_automations_show_their_documents_since_4_0_5(firm: Firm) -> None:
    """4.0.4 has no such field."""
    path = "/document_automations/1.json"
    assert "documents" not in firm.get(path, "4.0.4").json()["data"]
    assert "documents" in firm.get(f"{path}?fields=id,documents", "4.0.5").json()["data"]


@pytest.mark.parametrize(
    ("day", "version", "status"),
    [
        ("2021-03-02", "4.0.5", 404),
        ("2021-03-02", "4.0.6", 200),
        ("2021-03-03", "4.0.5", 200),
        ("2021-03-03", "4.0.4", 200),
    ],
)
def test_r48_versions_of_a_document_have_an_endpoint_since_4_0_6(
    firm: Firm, day: str, version: str, status: int
) -> None:
    """R5: from the backfill on in every version."""
    assert firm.on(day).get("/documents/1/versions.json", version).status_code == status


def test_r48_documents_show_their_latest_version_only_since_4_0_6(firm: Firm) -> None:
    """And since the backfill whatever the version."""
    path = "/documents/1.json?fields=id,document_versions,latest_document_version"

    def shown(day: str, version: str) -> tuple[int, bool]:
        row: dict[str, Any] = firm.on(day).get(path, version).json()["data"]
        ids = [one["id"] for one in row["document_versions"]]
        return len(ids), ids[-1] == row["latest_document_version"]["id"]

    assert shown("2021-03-02", "4.0.6") == (1, True)
    count, ends_with_latest = shown("2021-03-02", "4.0.5")
    assert (count > 1, ends_with_latest) == (True, True)
    assert shown("2021-03-03", "4.0.5") == shown("2021-03-03", "4.0.4") == (1, True)


def test_r50_quantities_are_seconds(firm: Firm) -> None:
    """3600 times the hours, in every version that can be asked for."""
    for version in VERSIONS:
        path = "/activities.json?fields=id,type,quantity,quantity_in_hours&limit=50"
        rows = firm.get(path, version).json()["data"]
        timed = [row for row in rows if row["type"] == "TimeEntry" and row["quantity"] is not None]
        assert timed
        assert [r for r in timed if abs(r["quantity"] - r["quantity_in_hours"] * 3600) > 1] == []


def listed(firm: Firm, version: str, user: str) -> int:
    """How many contacts a user is shown."""
    found: int = firm.get("/contacts.json?limit=1", version, user).json()["meta"]["records"]
    return found


def test_r5_contacts_are_restricted_since_4_0_9_and_everywhere_since_its_backfill(firm: Firm) -> None:
    """An associate whose contacts are restricted, beside a partner who sees all of them."""
    firm.on("2023-02-20")
    everything = listed(firm, "4.0.9", "halden-partner")
    assert listed(firm, "4.0.8", "halden-associate") == everything
    some = listed(firm, "4.0.9", "halden-associate")
    assert 0 < some < everything
    firm.on("2023-02-21")
    assert {listed(firm, version, "halden-associate") for version in VERSIONS} == {some}
    assert {listed(firm, version, "halden-partner") for version in VERSIONS} == {everything}


def test_r5_hours_are_redacted_since_4_0_8_and_everywhere_since_its_backfill(firm: Firm) -> None:
    """A user who may not see how long others worked."""

    def hidden(version: str) -> int:
        answer = firm.get("/activities.json?fields=id,quantity&limit=200", version, "halden-junior")
        return sum(row["quantity"] is None for row in answer.json()["data"])

    firm.on("2022-08-11")
    assert hidden("4.0.7") == 0
    assert hidden("4.0.8") > 0
    firm.on("2022-08-12")
    assert hidden("4.0.4") == hidden("4.0.7") == hidden("4.0.8") > 0


# -- releases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_without_backfills_is_its_release(clio: Contract, version: str) -> None:
    """What is served under a version is what its release says, but for endpoints that need no version."""
    behaviour = behaviour_of(clio)
    assert behaviour.versions is not None
    release = behaviour.versions.release(version)
    assert release is not None
    served = edition_of(clio, behaviour, behaviour.versions.lacking(release, "2017-01-01"))
    found = compare(load_contract(f"clio@{version}"), served.contract).findings
    later = {one for one in VERSIONS if one > version}
    told = {
        one.title.partition(", ")[0]
        for one in found
        if one.id not in ("operation-added", "field-value-changed")
    }
    assert told == {f"versions.releases: the version {one} was added" for one in later}
    values = [one.title for one in found if one.id == "field-value-changed"]
    assert [title for title in values if title.rpartition(" ")[2] not in later] == []
    added = {str(one.operation) for one in found if one.id == "operation-added"}
    assert {operation for operation in added if not _unversioned(clio, operation)} == set()


def _unversioned(contract: Contract, operation: str) -> bool:
    """Whether an operation came with the add-ons that have no version of their own."""
    found = contract.operation(operation)
    return found is not None and found.path.startswith(("/medical_", "/damages", "/clio_payments/"))


@pytest.mark.parametrize("version", VERSIONS)
def test_answers_of_a_version_satisfy_the_document_of_its_release(firm: Firm, version: str) -> None:
    """Every list with all members of its rows, on the day of the release; no other member can be asked for."""
    released = load_contract(f"clio@{version}")
    behaviour, checkers = behaviour_of(released), validators(released)
    assert behaviour.versions is not None
    firm.on(behaviour.versions.newest.released)
    judged, wrong = 0, []
    for binding in behaviour.bindings.values():
        response = binding.operation.response_for(200)
        media = response.media.get("application/json") if response else None
        if binding.kind is not Kind.LIST or binding.parents or not binding.resource or not media:
            continue
        names = ",".join(f.name for f in binding.resource.fields.values() if not (f.write_only or f.hidden))
        answer = firm.get(f"{binding.operation.path}?limit=20&fields={names}", version)
        if answer.status_code != 200 or not media.schema_pointer:
            wrong.append((binding.id, answer.text))
            continue
        judged += 1
        checker = checkers.at(media.schema_pointer, "response")
        wrong += [(binding.id, f"{v.pointer} {v.message}") for v in checker.violations(answer.json())]
    assert judged >= 20
    assert wrong == []


@pytest.mark.parametrize(
    ("resource", "member", "first", "last"),
    [
        ("bills", "matter_balances", None, "4.0.4"),
        ("document_automations", "documents", "4.0.5", None),
        ("activities", "quantity_redacted", "4.0.8", None),
        ("contacts", "redacted", "4.0.9", None),
    ],
)
def test_a_member_can_be_selected_where_its_version_has_it(
    firm: Firm, resource: str, member: str, first: str | None, last: str | None
) -> None:
    """Elsewhere the selection is refused as one of a field that does not exist."""
    for version in VERSIONS:
        day = load_contract(f"clio@{version}").extension["versions"]["releases"][version]["released"]
        answer = firm.on(day).get(f"/{resource}.json?fields=id,{member}", version)
        known = (first is None or version >= first) and (last is None or version <= last)
        assert (answer.status_code, version) == (200 if known else 400, version), answer.text
        if not known:
            assert answer.json()["error"]["type"] == "InvalidFields"
