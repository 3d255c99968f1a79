"""The changelogs of all shipped contracts are true, and Clio's history is told apart from additions."""

from __future__ import annotations

from functools import cache

import pytest

from troth.compatibility import Step, check_changelog, load_releases, read_changelog, steps_of
from troth.compatibility.changelog import parse_changelog
from troth.contract import load_contract, shipped


@cache
def history(name: str) -> tuple[Step, ...]:
    """Each release of a contract against the one before it."""
    home = shipped().spec / name
    told = read_changelog(home / "CHANGELOG.md")
    return steps_of(told, load_contract(name), load_releases(home / "releases", name))


@pytest.mark.parametrize("name", shipped().names())
def test_a_shipped_changelog_is_true(name: str) -> None:
    told = read_changelog(shipped().spec / name / "CHANGELOG.md")
    assert [(f.id, str(f.location), f.title) for f in check_changelog(told, history(name))] == []


# What each release of Clio brought: rules and severities, the most telling ones.
CLIO = {
    "2024-05-16": {("operation-added", "info")},
    "2024-01-30": {("operation-added", "info")},
    "4.0.9": {("redaction-added", "breaking"), ("response-property-added", "info")},
    "4.0.8": {("redaction-added", "breaking"), ("response-property-added", "info")},
    "4.0.7": {("field-value-changed", "breaking")},
    "4.0.6": {("operation-added", "info")},
    "4.0.5": {
        ("response-property-removed", "breaking"),
        ("redaction-added", "breaking"),
        ("request-enum-value-removed", "breaking"),
        ("response-enum-value-added", "info"),
    },
    "4.0.4": {("field-value-changed", "breaking")},
}


@pytest.mark.parametrize("release", CLIO)
def test_what_a_release_of_clio_brought_is_detected(release: str) -> None:
    step = next(step for step in history("clio") if step.name == release)
    assert step.comparison is not None
    assert {(f.id, f.severity) for f in step.comparison.findings} >= CLIO[release]


@pytest.mark.parametrize("release", ["2024-05-16", "2024-01-30"])
def test_what_clio_adds_to_every_version_breaks_nobody(release: str) -> None:
    step = next(step for step in history("clio") if step.name == release)
    assert step.comparison is not None
    assert step.comparison.worst == "info"


def test_the_removal_of_matter_balances_names_the_field() -> None:
    step = next(step for step in history("clio") if step.name == "4.0.5")
    assert step.comparison is not None
    gone = [item for item in step.comparison.judged if item.rule.id == "response-property-removed"]
    assert [item.fact.names for item in gone] == [("matter_balances",)]
    assert all(item.finding.verdict == "refuted" for item in gone)


def test_seconds_for_hours_break_though_the_shape_is_the_same() -> None:
    """Told with one value before and after, and with the operations that show it."""
    step = next(step for step in history("clio") if step.name == "4.0.4")
    assert step.comparison is not None
    assert {item.fact.subject for item in step.comparison.judged} == {"field-value", "default-version"}
    told = next(item.finding for item in step.comparison.judged if item.fact.subject == "field-value")
    assert told.witness == {
        "before": {"type": "TimeEntry", "quantity": 1},
        "after": {"type": "TimeEntry", "quantity": 3600},
    }
    assert told.reach == ("createActivity", "getActivity", "listActivities", "updateActivity")
    assert "Quantities of time are seconds; they were hours." in told.detail


def test_a_table_that_is_silent_about_seconds_for_hours_lies() -> None:
    """The entry of 4.0.4 is held against the contract as every other one is."""
    written = (shipped().spec / "clio" / "CHANGELOG.md").read_text("utf-8")
    entry = "- `quantity` of activities counts seconds; before, it counted hours."
    silent = parse_changelog(written.replace(entry, "- Nothing to speak of."))
    releases = load_releases(shipped().spec / "clio" / "releases", "clio")
    found = check_changelog(silent, steps_of(silent, load_contract("clio"), releases))
    assert entry in written
    assert {(one.id, one.evidence.get("rule")) for one in found} == {
        ("changelog-change-untold", "field-value-changed"),
        ("changelog-entry-unfounded", None),
    }


def test_a_table_names_every_endpoint_that_shows_what_is_withheld() -> None:
    """Other rows tell the same rule, of other endpoints: each says where it shows."""
    written = (shipped().spec / "clio" / "CHANGELOG.md").read_text("utf-8")
    row = "| tasks | GET | assignee | all | Redacted where the user may not see it. |\n"
    assert row in written
    shorter = parse_changelog(written.replace(row, ""))
    releases = load_releases(shipped().spec / "clio" / "releases", "clio")
    (found,) = check_changelog(shorter, steps_of(shorter, load_contract("clio"), releases))
    assert found.id == "changelog-change-untold"
    assert "the table doesn't say so of GET tasks" in found.title
