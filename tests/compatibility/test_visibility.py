"""What changes between two versions of rules of visibility, permissions and settings, and how grave each change is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from troth.compatibility.behaviours import behaviour_facts
from troth.compatibility.rules import rule_for


def judged(scope: str, old: Any, new: Any) -> list[tuple[str, str]]:
    """(rule, severity) of each fact between two x-behaviour maps."""
    facts = behaviour_facts(scope, "the place", (old, "/x-behaviour"), (new, "/x-behaviour"))
    return [(rule.id, rule.severity) for fact in facts for rule in rule_for(fact.subject, fact.action, ())]


RULE: dict[str, Any] = {
    "when": "viewer.reach == 'own'",
    "visible": "owner == viewer.user",
    "namedBy": {"client": {"resource": "matters", "field": "client"}},
    "list": "hide",
    "redaction": {
        "keep": {"id": True, "name": True},
        "mask": {"name": "*"},
        "empty": {},
        "mark": {"redacted": True},
    },
    "reference": "unprocessable",
}
GONE = object()


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        ("when", "viewer.reach == 'none'", ("redaction-changed", "breaking")),
        ("visible", "true", ("redaction-changed", "breaking")),
        ("list", "redact", ("redaction-changed", "breaking")),
        ("read", "redact", ("redaction-added", "breaking")),
        ("namedBy client", GONE, ("sight-removed", "breaking")),
        ("namedBy other", {"resource": "notes", "field": "contact"}, ("sight-added", "warning")),
        ("namedBy client field", "payer", ("redaction-changed", "breaking")),
        ("redaction keep name", False, ("kept-field-removed", "breaking")),
        ("redaction keep type", True, ("kept-field-added", "info")),
        ("redaction mask type", "*", ("withheld-field-added", "breaking")),
        ("redaction mask name", GONE, ("withheld-field-removed", "info")),
        ("redaction mask name", "?", ("withheld-field-changed", "warning")),
        ("redaction empty total", True, ("withheld-field-added", "breaking")),
        ("redaction mark redacted", GONE, ("redaction-removed", "warning")),
        ("reference", "not-found", ("error-code-changed", "breaking")),
    ],
)
def test_a_changed_rule_is_judged(path: str, value: Any, wanted: tuple[str, str]) -> None:
    """Seeing less breaks; seeing more is a warning where whole rows are meant, and nothing to fear otherwise."""
    new = copy.deepcopy(RULE)
    *steps, last = path.split()
    node = new
    for step in steps:
        node = node[step]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    assert judged("schema", {"visibility": {"own": RULE}}, {"visibility": {"own": new}}) == [wanted]


def test_a_rule_that_comes_breaks_and_one_that_goes_warns() -> None:
    """Whatever it says, it is one change."""
    assert judged("schema", {}, {"visibility": {"own": RULE}}) == [("redaction-added", "breaking")]
    assert judged("schema", {"visibility": {"own": RULE}}, {}) == [("redaction-removed", "warning")]


@pytest.mark.parametrize("scope", ["schema", "operation"])
def test_permissions_are_judged_like_scopes(scope: str) -> None:
    """One more is breaking, one less is not; false is not there."""
    two, one = {"permissions": {"A": True, "B": True}}, {"permissions": {"A": True, "B": False}}
    assert judged(scope, one, two) == [("required-permission-added", "breaking")]
    assert judged(scope, two, one) == [("required-permission-removed", "info")]


def test_settings_of_callers_are_judged_by_their_values() -> None:
    old = {"viewer": {"reach": {"values": {"all": True, "own": True}, "default": "all"}}}
    fewer = {"viewer": {"reach": {"values": {"all": True}, "default": "all"}}}
    other = {"viewer": {"reach": {"values": {"all": True, "own": True}, "default": "own"}}}
    assert judged("root", old, fewer) == [("caller-setting-value-removed", "breaking")]
    assert judged("root", fewer, old) == [("caller-setting-value-added", "info")]
    assert judged("root", old, other) == [("caller-setting-changed", "warning")]
    assert judged("root", {}, old) == [("caller-setting-added", "info")]
