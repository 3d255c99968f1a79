"""A changelog is read with its lines, and held against the facts both ways."""

# ruff: noqa: E501 - one row a case: a table is read across
from __future__ import annotations

from typing import Any

import pytest

from troth.compatibility.changelog import parse_changelog
from troth.compatibility.checking import Step, check_changelog
from troth.compatibility.comparison import compare
from troth.compatibility.entries import draft_entries, write_entries
from troth.compatibility.names import names_in

JSON = Any

TEXT = """# Changelog

Prose with a list that is no entry:

- nothing

## Unreleased

Something to come.

### Added

- **Time Entries** — `GET /v1/time-entries` and
  `?projectId={id}`.
- Forms: the field `slug`.

### Changed

* `Client.name` may be null

## 2026-05-19 — v1.0.0 (initial release)

### Resources

- **Clients** — `GET /v1/clients`
  - a detail with `name`

## [0.9.0] - 2026-01-02

- Loose entry without a section.
"""


def test_releases_have_version_date_and_line() -> None:
    told = parse_changelog(TEXT)
    assert [(r.version, r.date, r.line, r.unreleased) for r in told.releases] == [
        (None, None, 7, True),
        ("1.0.0", "2026-05-19", 21, False),
        ("0.9.0", "2026-01-02", 28, False),
    ]


def test_entries_have_section_label_names_and_line() -> None:
    told = parse_changelog(TEXT)
    assert [(i.line, i.section, i.label, i.codes) for i in told.releases[0].items] == [
        (13, "Added", "Time Entries", ("GET /v1/time-entries", "?projectId={id}")),
        (15, "Added", "Forms", ("slug",)),
        (19, "Changed", None, ("Client.name",)),
    ]
    assert [(i.line, i.section, i.codes) for i in told.releases[1].items] == [
        (25, "Resources", ("GET /v1/clients",)),
        (26, "Resources", ("name",)),
    ]
    assert [(i.line, i.section) for i in told.releases[2].items] == [(30, "")]


def test_names_are_read_from_code_spans() -> None:
    found = [(name.kind, name.value) for name in names_in((
        "GET /v1/a/{id}", "POST/PATCH /v1/b", "/v1/c?x=1", "?y={id}", "orders:read", "Order.note", "items[]",
        "{ status, nextBillingDate }", "kind=refund", "null", "some prose", "404",
    ))]  # fmt: skip
    assert found == [
        ("operation", "GET /v1/a/{}"), ("operation", "POST /v1/b"), ("operation", "PATCH /v1/b"), ("path", "/v1/c"),
        ("word", "x"), ("word", "y"), ("scope", "orders:read"), ("word", "Order.note"), ("word", "items"),
        ("word", "status"), ("word", "nextBillingDate"), ("word", "kind"), ("word", "refund"),
    ]  # fmt: skip


S = {"type": "string"}


def shop(version: str = "1.0.0", **changes: JSON) -> dict[str, JSON]:
    """A shop with orders; ``properties``, ``operations``, ``required``, ``parameters``, ``status`` can be given."""
    order = {
        "type": "object",
        "required": changes.get("required", ["id"]),
        "properties": changes.get(
            "properties", {"id": S, "status": {"enum": changes.get("status", ["draft", "sent"])}}
        ),
    }
    answer = {
        "200": {
            "description": "Fine.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
        }
    }
    paths: dict[str, JSON] = {
        "/v1/orders": {
            "get": {"operationId": "listOrders", "tags": ["Orders"], "responses": answer,
                    "parameters": changes.get("parameters", [{"name": "page", "in": "query", "schema": {"type": "integer"}}])},
        },
        "/v1/orders/{id}": {
            "get": {"operationId": "getOrder", "tags": ["Orders"], "responses": answer,
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": S}]},
        },
        **changes.get("paths", {}),
    }  # fmt: skip
    for gone in changes.get("without", ()):
        del paths[gone]
    return {
        "info": {"title": "Shop", "version": version},
        "paths": paths,
        "components": {"schemas": {"Order": order}},
    }


LABELS = {
    "/v1/labels": {
        "get": {"operationId": "listLabels", "tags": ["Labels"], "responses": {"204": {"description": "-"}}}
    }
}
STATUS = {"enum": ["draft", "sent"]}
NOTED = {"id": S, "status": STATUS, "note": S}
PLAIN: dict[str, JSON] = {}

# What the new contract has, the entries of the changelog, and the (id, line) of each lie.
LIES: dict[str, tuple[dict[str, JSON], str, list[tuple[str, int]]]] = {
    "nothing changed, nothing told": (PLAIN, "", []),
    "new field told": ({"properties": NOTED}, "### Added\n- **Orders** — the field `note`.", []),
    "new field told by its schema": ({"properties": NOTED}, "### Added\n- `Order.note`", []),
    "new field untold": ({"properties": NOTED}, "### Added\n", [("changelog-change-untold", 1)]),
    "new field told of another resource": (
        {"properties": NOTED, "paths": LABELS}, "### Added\n- **Labels** — `GET /v1/labels` with `note`.",
        [("changelog-change-untold", 1)]),
    "entry without a change": (PLAIN, "### Added\n- **Orders** — the field `note`.", [("changelog-entry-unfounded", 3)]),
    "one of two fields is made up": (
        {"properties": NOTED}, "### Added\n- **Orders** — the fields `note` and `colour`.", [("changelog-name-unknown", 3)]),
    "operation told": ({"paths": LABELS}, "### Added\n- **Labels** — `GET /v1/labels`.", []),
    "operation untold": ({"paths": LABELS}, "", [("changelog-change-untold", 1)]),
    "operation that was there already": (
        {"paths": LABELS}, "### Added\n- `GET /v1/labels` and `GET /v1/orders`", [("changelog-name-unchanged", 3)]),
    "operation that is nowhere": (
        {"paths": LABELS}, "### Added\n- `GET /v1/labels` and `POST /v1/labels`", [("changelog-name-unknown", 3)]),
    "parameter told": (
        {"parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}, {"name": "since", "in": "query", "schema": S}]},
        "### Added\n- **Orders** — the filter `?since={date}` of `GET /v1/orders`.", []),
    "breaking change filed under Added": (
        {"parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}},
                        {"name": "since", "in": "query", "required": True, "schema": S}]},
        "### Added\n- **Orders** — the parameter `since`.",
        [("changelog-breaking-misfiled", 3), ("changelog-breaking-within-major", 3)]),
    "breaking change filed under Changed": (
        {"required": []}, "### Changed\n- `Order.id` may be absent.",
        [("changelog-breaking-misfiled", 3), ("changelog-breaking-within-major", 3)]),
    "removal told within the major version": (
        {"without": ["/v1/orders/{id}"]}, "### Removed\n- `GET /v1/orders/{id}`", [("changelog-removal-within-major", 3)]),
    "removal told with a new major version": (
        {"without": ["/v1/orders/{id}"], "version": "2.0.0"}, "### Removed\n- `GET /v1/orders/{id}`", []),
    "removal filed under Changed": (
        {"without": ["/v1/orders/{id}"], "version": "2.0.0"}, "### Changed\n- `GET /v1/orders/{id}`",
        [("changelog-breaking-misfiled", 3)]),
    "deprecation filed under Added": (
        {"properties": {"id": S, "status": {**STATUS, "deprecated": True}}}, "### Added\n- `Order.status`",
        [("changelog-wrong-section", 3)]),
    "deprecation told": (
        {"properties": {"id": S, "status": {**STATUS, "deprecated": True}}}, "### Deprecated\n- **Orders** — `status`", []),
    "new values told": ({"status": ["draft", "sent", "void"]}, "### Changed\n- **Orders** — `status` can be `void`.", []),
    "one of two new values untold": (
        {"status": ["draft", "sent", "void", "paid"]}, "### Changed\n- **Orders** — `status` can be `void`.",
        [("changelog-change-untold", 1), ("changelog-entry-unfounded", 3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_changelog_cannot_lie(name: str, contract: Any) -> None:
    changes, entries, expected = LIES[name]
    told = parse_changelog(f"## Unreleased\n{entries}\n")
    version = changes.get("version", "1.1.0")
    comparison = compare(
        contract(shop()), contract(shop(version, **{k: v for k, v in changes.items() if k != "version"}))
    )
    step = Step(told.unreleased, comparison.delta.new, comparison, "Unreleased")
    found = check_changelog(told, [step])
    lines = [(f.id, f.location.line) for f in found if f.location and f.location.document == "CHANGELOG.md"]
    others = [f.id for f in found if not f.location or f.location.document != "CHANGELOG.md"]
    assert (lines, others) == (expected, [])


@pytest.mark.parametrize("name", [name for name in LIES if "version" not in LIES[name][0]])
def test_what_is_drafted_tells_every_change(name: str, contract: Any) -> None:
    """Written entries leave nothing untold and make nothing up; what breaks is still refused within a major."""
    changes = LIES[name][0]
    comparison = compare(contract(shop()), contract(shop("1.1.0", **changes)))
    told = parse_changelog(f"## Unreleased\n\n{write_entries(draft_entries(comparison))}")
    found = check_changelog(told, [Step(told.unreleased, comparison.delta.new, comparison, "Unreleased")])
    assert {f.id for f in found} <= {
        "changelog-breaking-within-major", "changelog-removal-within-major", "changelog-breaking-misfiled",
    }  # fmt: skip


def test_the_first_release_names_only_what_exists(contract: Any) -> None:
    told = parse_changelog(
        "## v1.0.0\n\n### Resources\n\n- `GET /v1/orders`, `GET /v1/ordres/{id}`\n- `orders:read`\n"
    )
    found = check_changelog(told, [Step(told.release("1.0.0"), contract(shop()), None, "1.0.0")])
    assert [(f.id, f.location.line if f.location else 0) for f in found] == [
        ("changelog-name-unknown", 5),
        ("changelog-name-unknown", 6),
    ]
    assert "Did you mean 'GET /v1/orders/{}'?" in found[0].detail


def test_releases_stand_newest_first() -> None:
    told = parse_changelog("## 2026-01-01 — v1.0.0\n\n## 2026-02-01 — v1.1.0\n\n## Unreleased\n")
    found = check_changelog(told, [])
    assert [(f.id, f.location.line if f.location else 0) for f in found] == [
        ("changelog-date-order", 1),
        ("changelog-date-order", 5),
    ]


def test_a_release_without_a_section_is_named(contract: Any) -> None:
    told = parse_changelog("## Unreleased\n")
    (found,) = check_changelog(told, [Step(told.release("1.0.0"), contract(shop()), None, "1.0.0")])
    assert found.id == "changelog-release-missing"
    assert "v1.0.0" in found.detail


def test_a_change_of_behaviour_must_be_told_and_can_be_told_in_prose(contract: Any) -> None:
    old, new = ({**shop(), "x-behaviour": {"idempotency": {"ttl": ttl}}} for ttl in ("24h", "48h"))
    comparison = compare(contract(old), contract(new))
    lies = {}
    for entry in (
        "",
        "- Repeated requests are recognised for two days: a longer replay window.",
        "- Something else.",
    ):
        told = parse_changelog(f"## Unreleased\n\n### Changed\n\n{entry}\n")
        step = Step(told.unreleased, comparison.delta.new, comparison, "Unreleased")
        lies[entry[:6]] = [finding.id for finding in check_changelog(told, [step])]
    assert lies == {
        "": ["changelog-change-untold"],
        "- Repe": [],
        "- Some": ["changelog-change-untold", "changelog-entry-unfounded"],
    }


def test_findings_come_in_one_order(contract: Any) -> None:
    """Two runs print the same bytes: nothing depends on the order of a set."""
    properties = {f"field{at}": {"type": "object", "properties": {"x": S}} for at in range(20)}
    longer = {name: {"type": "object", "properties": {"x": S, "y": S}} for name in properties}
    found = compare(contract(shop(properties=properties)), contract(shop(properties=longer)))
    assert [f.title for f in found.findings] == [
        f"Order.field{at}.y was added (optional)" for at in range(20)
    ]


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("## 2026-13-45 — v1.0.0", "2026-13-45 is no day"),
        ("## v1.0.0 — 05/06/2026", "05/06/2026 may be read in two ways"),
        ("## v1.0.0 — 5.6.2026", "5.6.2026 may be read in two ways"),
        ("## v4.0.10 — 2026-06-05", None),
    ],
)
def test_a_day_is_written_so_that_everybody_reads_the_same(heading: str, wanted: str | None) -> None:
    """Days that no calendar has, or that two countries read in two ways, are named with their line."""
    told = parse_changelog(f"# Changelog\n\n{heading}\n\n- An entry.\n")
    found = [f for f in check_changelog(told, []) if f.id == "changelog-date-unreadable"]
    assert [(f.location.line, f.title) for f in found if f.location] == (
        [(3, f"{heading.removeprefix('## ')!r}: {wanted}")] if wanted else []
    )


def test_a_field_of_a_schema_written_out_is_drafted_so_that_a_check_finds_it(contract: Any) -> None:
    """Nested in a list, in the answer of one operation: the draft names the path of the field and the check knows it."""

    def answering(version: str, inner: JSON, size: JSON) -> Any:
        whole = {
            "type": "object",
            "properties": {
                "density": {"type": "array", "items": {"type": "object", "properties": inner}},
                "size": size,
            },
        }
        answer = {"200": {"description": "One.", "content": {"application/json": {"schema": whole}}}}
        operation = {"operationId": "sample.atmosphere", "responses": answer}
        return contract({"info": {"title": "Air", "version": version}, "paths": {"/air": {"get": operation}}})

    old = answering("1.0.0", {"unit": {"type": "string"}}, {"type": "integer"})
    new = answering("2.0.0", {"unit": {"type": "string"}, "value": {"type": "number"}}, {"type": "string"})
    found = compare(old, new, policy="semver")
    draft = write_entries(draft_entries(found))
    assert "`density[].value`" in draft
    assert "**breaking**" in draft
    told = parse_changelog(f"# Changelog\n\n## 2.0.0\n\n{draft}")
    assert check_changelog(told, [Step(told.releases[0], new, found, "2.0.0")]) == ()


def test_a_change_that_breaks_is_filed_rightly_where_the_entry_says_so(contract: Any) -> None:
    """Under Changed with a warning, never under Added; *not breaking* is no warning."""
    old, new = (contract({**shop(properties={"size": {"type": kind}}), "info": {"title": "Shop", "version": version}})
                for kind, version in (("integer", "1.0.0"), ("string", "2.0.0")))  # fmt: skip
    found = compare(old, new, policy="semver")

    def misfiled(section: str, words: str) -> bool:
        entry = f"### {section}\n\n- {words}: `Order.size` is a string.\n"
        told = parse_changelog(f"# Changelog\n\n## 2.0.0\n\n{entry}")
        checked = check_changelog(told, [Step(told.releases[0], new, found, "2.0.0")])
        return "changelog-breaking-misfiled" in {finding.id for finding in checked}

    assert not misfiled("Changed", "**Breaking**")
    assert misfiled("Changed", "Not breaking")
    assert misfiled("Changed", "Orders")
    assert misfiled("Added", "**Breaking**")
