"""What changes between two descriptions of the same versions, and how grave each change is."""

from __future__ import annotations

from typing import Any

import pytest

from troth.compatibility.behaviours import behaviour_facts
from troth.compatibility.rules import rule_for

VERSIONS: dict[str, Any] = {
    "header": "X-Version",
    "releases": {
        "1": {"released": "2022-01-01", "default": "2022-01-01"},
        "2": {
            "released": "2023-01-01",
            "default": "2023-02-01",
            "changes": {
                "seconds": {"summary": "Seconds.", "values": {"entries": {"q": {"shown": "q / 60.0"}}}}
            },
        },
    },
}


def judged(old: Any, new: Any) -> list[tuple[str, str]]:
    """(rule, severity) of each fact between two root maps."""
    before, after = ({"versions": one} if one else {} for one in (old, new))
    facts = behaviour_facts("root", "", (before, "/x-behaviour"), (after, "/x-behaviour"))
    return [(rule.id, rule.severity) for fact in facts for rule in rule_for(fact.subject, fact.action, ())]


def altered(name: str, **about: Any) -> dict[str, Any]:
    """The same versions with one of them described otherwise; None leaves a word out."""
    known = {**VERSIONS["releases"].get(name, {}), **about}
    release = {word: value for word, value in known.items() if value is not None}
    return {**VERSIONS, "releases": {**VERSIONS["releases"], name: release}}


def changed(**about: Any) -> dict[str, Any]:
    """With the change of the second version described otherwise."""
    return altered("2", changes={"seconds": {**VERSIONS["releases"]["2"]["changes"]["seconds"], **about}})


@pytest.mark.parametrize(
    ("new", "wanted"),
    [
        (altered("3", released="2024-01-01"), ("version-added", "info")),
        (altered("3", released="2024-01-01", default="2024-02-01"), ("default-version-added", "warning")),
        (altered("0", retired="2024-01-01"), ("retired-version-added", "info")),
        (altered("2", default="2023-03-01"), ("promotion-changed", "warning")),
        (altered("2", default=None), ("promotion-removed", "warning")),
        (altered("2", released="2023-01-15"), ("version-date-changed", "warning")),
        (altered("2", backfilled="2024-01-01"), ("backfill-added", "warning")),
        (altered("1", retired="2030-01-01"), ("retirement-added", "warning")),
        (altered("2", changes={}), ("version-change-removed", "breaking")),
        (altered("1", changes={"new": {"before": {}}}), ("version-change-added", "breaking")),
        (changed(before={"paths": {"/x": None}}), ("version-difference-added", "warning")),
        (
            changed(values={"entries": {"q": {"shown": "q / 3600.0"}}}),
            ("version-difference-changed", "warning"),
        ),
        ({**VERSIONS, "header": "X-Api-Version"}, ("version-selector-changed", "breaking")),
        ({**VERSIONS, "query": "version"}, ("version-selector-added", "breaking")),
    ],
)
def test_each_change_is_one_finding(new: Any, wanted: tuple[str, str]) -> None:
    """Named by what it is about; the way back has its own name."""
    assert judged(VERSIONS, new) == [wanted]
    assert len(judged(new, VERSIONS)) == 1


def test_a_version_that_goes_breaks_whoever_names_it() -> None:
    """One finding, whatever it had changed."""
    fewer = {**VERSIONS, "releases": {"1": VERSIONS["releases"]["1"]}}
    assert judged(VERSIONS, fewer) == [("default-version-removed", "breaking")]


def test_versions_as_a_whole_come_and_go() -> None:
    assert judged(None, VERSIONS) == [("versions-added", "info")]
    assert judged(VERSIONS, None) == [("versions-removed", "breaking")]


def test_another_summary_is_no_change() -> None:
    """It is written for people."""
    assert judged(VERSIONS, changed(summary="Quantities are seconds.")) == []
