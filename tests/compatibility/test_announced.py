"""A changelog of dated versions, with tables, is read, held against its releases, drafted and rendered."""

# ruff: noqa: E501 - a table is read across
from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from troth.compatibility import changelog_markdown, changelog_page, compare, write_announcement
from troth.compatibility.bumps import bump_made, bump_needed, suggested_version
from troth.compatibility.changelog import Changelog, parse_changelog
from troth.compatibility.checking import check_changelog
from troth.compatibility.history import steps_of
from troth.contract import Contract

JSON = Any

TEXT = """# API Changelog

## Payment endpoints

Release Date: 2024-05-16

### Summary of Changes

For integrations that collect money. The endpoints need more permissions:

- to see payments
- to see accounts

Endpoint | HTTP Methods |
---|---|
payments/links | GET/POST |

## 4.0.3

Release Date: 2022-11-21
Promotion to default version: 2023-02-21

As it is a matter of security, it will be backfilled to previous API versions on February 21, 2023.

### Summary of Changes

#### Contacts may be hidden

| Endpoint | HTTP Method | Object | Fields | Description |
|---|---|---|---|---|
| contacts | GET | contact | all | Only contacts that the user may see. |
| bills | GET | client (nested property) | all | A redacted contact. |

## 4.0.2

Release Date: 2021-07-06
Promotion to default version: n/a

### Summary of Changes

- Introduce new DocumentVersions endpoint.
- Removed: `balances` field from Bills
- Standardize the values of `state`

## 4.0.1

Release Date: 2017-08-04
Promotion to default version: 2017-08-04

### Summary of Changes

- `quantity` on Activity records counts seconds rather than hours.

## 4.0.0

Release Date: 2017-01-01

### Summary of Changes

- The first version.
"""

S = {"type": "string"}


def answer(name: str) -> dict[str, JSON]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"200": {"description": "Fine.", "content": content}}


def reading(identifier: str, name: str) -> dict[str, JSON]:
    return {"get": {"operationId": identifier, "responses": answer(name)}}


def history() -> dict[str, dict[str, JSON]]:
    """Five releases of an office, each the edited copy of the one before."""
    first: dict[str, JSON] = {
        "info": {"title": "Office", "version": "4.0.0"},
        "servers": [{"url": "https://office.example/api/v4"}],
        "x-behaviour": {"changelog": {"policy": "dated-versions"}, "pagination": {"default": {"maxSize": 200}}},
        "paths": {
            "/contacts.json": reading("listContacts", "Contact"),
            "/bills.json": reading("listBills", "Bill"),
            "/activities.json": reading("listActivities", "Activity"),
        },
        "components": {"schemas": {
            "Contact": {"type": "object", "properties": {"name": S}},
            "Activity": {"type": "object", "properties": {"quantity": {"type": "number", "x-behaviour": {"unit": "h"}}}},
            "Bill": {"type": "object", "properties": {
                "balances": S, "state": {"enum": ["draft", "open"]}, "client": {"$ref": "#/components/schemas/Contact"}}},
        }},
    }  # fmt: skip
    second = deepcopy(first)
    second["components"]["schemas"]["Activity"]["properties"]["quantity"]["x-behaviour"]["unit"] = "s"
    third = deepcopy(second)
    bill = third["components"]["schemas"]["Bill"]["properties"]
    del bill["balances"]
    bill["state"]["enum"] = ["draft", "unpaid"]
    third["paths"]["/documents/{id}/versions.json"] = reading("listDocumentVersions", "Contact")
    third["paths"]["/documents/{id}/versions.json"]["parameters"] = [
        {"name": "id", "in": "path", "required": True, "schema": S}
    ]
    fourth = deepcopy(third)
    fourth["components"]["schemas"]["Contact"]["x-behaviour"] = {"visible": "open"}
    fifth = deepcopy(fourth)
    link = {"operationId": "createLink", "responses": answer("Contact")}
    fifth["paths"]["/payments/links.json"] = {**reading("listLinks", "Contact"), "post": link}
    releases = {"4.0.0": first, "4.0.1": second, "4.0.2": third, "4.0.3": fourth}
    for version, document in releases.items():
        document["info"]["version"] = version
    fifth["info"]["version"] = "4.0.3"
    return {**releases, "2024-05-16": fifth}


def lies(told: Changelog, contracts: list[tuple[str, Contract]]) -> list[tuple[str, int]]:
    found = check_changelog(told, steps_of(told, contracts[-1][1], contracts))
    return [(f.id.removeprefix("changelog-"), f.location.line or 0) for f in found if f.location]


@pytest.fixture
def contracts(contract: Any) -> list[tuple[str, Contract]]:
    """The releases, as a folder lists them: the one without a version is named by its date."""
    return [(name, contract(document)) for name, document in history().items()]


def test_a_history_of_dated_versions_is_true(contracts: list[tuple[str, Contract]]) -> None:
    assert lies(parse_changelog(TEXT), contracts) == []


LINES = {line: at for at, line in enumerate(TEXT.splitlines(), 1)}
PLANTED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("- Removed: `balances` field from Bills\n", "", ("change-untold",)),
    ("- Removed: `balances` field from Bills", "- Added: `balances` field from Bills", ("breaking-misfiled",)),
    ("Introduce new DocumentVersions endpoint.", "Introduce new Invoices endpoint.", ("change-untold", "entry-unfounded")),
    ("payments/links | GET/POST |", "payments/links | GET/DELETE |", ("change-untold", "name-unknown")),
    ("payments/links | GET/POST |", "payments/links | GET/POST |\npayments/refunds | GET |", ("entry-unfounded",)),
    ("| contacts | GET | contact |", "| activities | GET | contact |", ("entry-unfounded",)),
    ("Release Date: 2022-11-21", "Release Date: 2016-11-21", ("date-order",)),
    ("version: 2023-02-21", "version: 2021-02-21", ("date-order",)),
    ("on February 21, 2023", "on February 21, 2019", ("date-order",)),
    ("## 4.0.1", "## 4.0.7", ("version-order", "release-missing", "change-untold")),
    ("`quantity` on Activity records counts", "`amount` on Activity records counts", ("change-untold", "entry-unfounded")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("true", "false", "expected"), PLANTED, ids=[false or true for true, false, _ in PLANTED]
)
def test_a_planted_lie_is_found(
    true: str, false: str, expected: tuple[str, ...], contracts: list[tuple[str, Contract]]
) -> None:
    assert TEXT.count(true) == 1
    found = lies(parse_changelog(TEXT.replace(true, false)), contracts)
    assert {kind for kind, _ in found} == set(expected)


def test_what_breaks_needs_a_new_version_unless_it_is_backfilled(
    contracts: list[tuple[str, Contract]], contract: Any
) -> None:
    """Additions reach every version; a removal under the old version number is a contradiction."""
    document = deepcopy(history()["2024-05-16"])
    del document["components"]["schemas"]["Contact"]["properties"]["name"]
    told = parse_changelog(
        TEXT.replace(
            "payments/links | GET/POST |", "payments/links | GET/POST |\n\n- Removed: `Contact.name`"
        )
    )
    found = lies(told, [*contracts[:-1], ("2024-05-16", contract(document))])
    assert [kind for kind, _ in found] == ["version-contradicts"]


def test_a_page_without_marks_reads_the_same() -> None:
    """The form in which such pages are copied from a browser."""
    bare = TEXT.replace("## ", "").replace("### ", "").replace("#", "").replace("\n\nRelease", "\nRelease")
    plain, marked = parse_changelog(bare), parse_changelog(TEXT)
    assert [(r.version, r.date, r.promoted, r.backfilled) for r in plain.releases[:2]] == [
        (None, "2024-05-16", None, None),
        ("4.0.3", "2022-11-21", "2023-02-21", "2023-02-21"),
    ]
    assert [len(r.items) for r in plain.releases] == [len(r.items) for r in marked.releases]


def test_details_of_a_sentence_are_no_entries() -> None:
    (row,) = parse_changelog(TEXT).releases[0].items
    assert row.row is not None
    assert (row.row.endpoint, row.row.methods, row.line) == (
        "payments/links",
        ("GET", "POST"),
        LINES["payments/links | GET/POST |"],
    )


@pytest.mark.parametrize("at", range(1, 5))
def test_what_is_drafted_is_true(at: int, contracts: list[tuple[str, Contract]]) -> None:
    (_, old), (name, new) = contracts[at - 1 : at + 1]
    drafted = write_announcement(compare(old, new), f"Release {name}", "2026-01-01")
    told = parse_changelog(drafted.replace("2026-01-01", name) if name.startswith("2024") else drafted)
    steps = steps_of(told, new, [(contracts[at - 1][0], old), (name, new)])
    found = [f for f in check_changelog(told, steps[1:2]) if f.id != "changelog-release-missing"]
    assert [(f.id, f.title) for f in found] == []


def test_what_is_rendered_reads_the_same() -> None:
    told = parse_changelog(TEXT)
    again = parse_changelog(changelog_markdown(told))
    assert [(r.heading, r.date, r.promoted, r.backfilled) for r in again.releases] == [
        (r.heading, r.date, r.promoted, r.backfilled) for r in told.releases
    ]
    assert [[i.text for i in r.items] for r in again.releases] == [
        [i.text for i in r.items] for r in told.releases
    ]


@pytest.mark.parametrize("by", ["version", "resource"])
def test_a_page_is_self_contained_and_tells_every_entry(by: Any) -> None:
    page = changelog_page(parse_changelog(TEXT.replace("seconds", "<b>seconds</b>")), "Office <API>", by)
    assert "Office &lt;API&gt;" in page
    assert "<b>" not in page
    assert not any(word in page for word in ("<script", "src=", "http://", "https://", "@import"))
    assert all(words in page for words in ("payments/links", "<code>balances</code>", "A redacted contact."))
    assert ("2023-02-21" in page) is (by == "version")


@pytest.mark.parametrize(
    ("old", "new", "made"),
    [("1.0.0", "1.0.0", "none"), ("1.0.0", "1.0.1", "patch"), ("1.0.0", "1.1.0-unreleased", "minor"), ("v1", "v2", "major"),
     ("1.2.0", "1.1.9", None), ("2024-01-01", "2024-05-01", "patch"), ("2024-05-01", "2024-01-01", None), ("x", "x", "none")],
)  # fmt: skip
def test_how_far_a_version_moved(old: str, new: str, made: str | None) -> None:
    assert bump_made(old, new) == made


def test_how_far_a_version_must_move(contract: Any) -> None:
    whole = history()["4.0.2"]
    added, broken, older = deepcopy(whole), deepcopy(whole), deepcopy(whole)
    added["paths"]["/new"] = reading("getNew", "Contact")
    del broken["paths"]["/bills.json"]
    for document in (older, broken):
        document["info"]["version"] = "0.4.0"
    needed = {
        "same": bump_needed(compare(contract(whole), contract(whole), policy="semver")),
        "added": bump_needed(compare(contract(whole), contract(added), policy="semver")),
        "broken": bump_needed(compare(contract(whole), contract(broken), policy="semver")),
        "broken before 1.0.0": bump_needed(compare(contract(older), contract(broken), policy="semver")),
        "added, dated": bump_needed(compare(contract(whole), contract(added))),
        "broken, dated": bump_needed(compare(contract(whole), contract(broken))),
    }
    assert needed == {
        "same": "none", "added": "minor", "broken": "major", "broken before 1.0.0": "minor",
        "added, dated": "none", "broken, dated": "patch",
    }  # fmt: skip
    assert suggested_version("1.4.2-rc.1", "minor") == "1.5.0"
    assert suggested_version("4.0.9", "patch", "dated") == "4.0.10"
    assert suggested_version("2024-05-16", "major") is None


def versioned(**second: JSON) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """An office that serves versions side by side, before and after 4.0.1."""
    old, new = deepcopy(history()["4.0.0"]), deepcopy(history()["4.0.0"])
    new["info"]["version"] = "4.0.1"
    first = {"4.0.0": {"released": "2017-01-01", "default": "2017-01-01"}}
    old["x-behaviour"]["versions"] = {"releases": first}
    new["x-behaviour"]["versions"] = {"releases": {**first, "4.0.1": {"released": "2017-08-04", **second}}}
    return old, new


SECONDS = {
    "in-seconds": {
        "summary": "Quantities count seconds.",
        "values": {"activities": {"quantity": {"shown": "quantity / 3600.0"}}},
    }
}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("- `quantity` has another unit.", set()),
        ("- Quantities of activities count in seconds now.", set()),
        ("- Something else entirely.", {"changelog-change-untold", "changelog-entry-unfounded"}),
    ],
)
def test_a_field_with_other_values_since_a_version_must_be_told(
    entry: str, expected: set[str], contract: Any
) -> None:
    old, new = (contract(document) for document in versioned(default="2017-08-04", changes=SECONDS))
    text = f"## 4.0.1\n\nRelease Date: 2017-08-04\nPromotion to default version: 2017-08-04\n\n### Summary of Changes\n\n{entry}\n\n## 4.0.0\n\nRelease Date: 2017-01-01\nPromotion to default version: 2017-01-01\n"
    told = parse_changelog(text)
    steps = steps_of(told, new, [("4.0.0", old), ("4.0.1", new)])
    assert {finding.id for finding in check_changelog(told, steps)} == expected
    (fact,) = [item for item in compare(old, new).judged if item.finding.id == "field-value-changed"]
    assert fact.finding.severity == "breaking"


@pytest.mark.parametrize(
    ("days", "lines"),
    [
        ({"default": "2017-08-04"}, []),
        ({"default": "2017-09-04"}, [1]),
        ({"default": "2017-08-04", "backfilled": "2018-01-01"}, [1]),
        ({}, [1]),
    ],
)
def test_the_days_of_a_version_are_those_of_the_contract(
    days: dict[str, str], lines: list[int], contract: Any
) -> None:
    _, new = versioned(**days)
    text = "## 4.0.1\n\nRelease Date: 2017-08-04\nPromotion to default version: 2017-08-04\n\n## 4.0.0\n\nRelease Date: 2017-01-01\nPromotion to default version: 2017-01-01\n"
    told = parse_changelog(text)
    loaded = contract(new)
    found = check_changelog(told, steps_of(told, loaded, [("4.0.1", loaded)]))
    assert [(f.id, f.location.line) for f in found if f.location] == [
        ("changelog-date-wrong", line) for line in lines
    ]


def test_a_row_tells_behaviour_of_a_resource_that_its_rows_refer_to(contract: Any) -> None:
    """Contacts are hidden wherever bills name one, although bills hold only its id."""
    old = deepcopy(history()["4.0.0"])
    schemas = old["components"]["schemas"]
    schemas["Contact"]["x-behaviour"] = {"resource": "contacts"}
    schemas["Bill"]["properties"]["client"] = {"type": "string", "x-behaviour": {"references": "contacts"}}
    new = deepcopy(old)
    new["info"]["version"] = "4.0.1"
    new["components"]["schemas"]["Contact"]["x-behaviour"]["visible"] = "open"
    loaded = contract(old), contract(new)
    for endpoint, expected in (
        ("bills", []),
        ("activities", ["changelog-change-untold", "changelog-entry-unfounded"]),
    ):
        text = f"## 4.0.1\n\nRelease Date: 2020-01-01\n\n| Endpoint | HTTP Method | Object | Fields | Description |\n|---|---|---|---|---|\n| {endpoint} | GET | client | all | Hidden. |\n"
        told = parse_changelog(text)
        steps = steps_of(told, loaded[1], [("4.0.0", loaded[0]), ("4.0.1", loaded[1])])
        ids = [finding.id for finding in check_changelog(told, steps[:2])]
        assert ids == expected, endpoint
