"""The changelogs of all shipped contracts are true, and Clio's history is told apart from additions."""

from __future__ import annotations

from functools import cache

import pytest

from troth.compatibility import Step, check_changelog, load_releases, read_changelog, steps_of
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
