"""The table of rules is whole: each row has its mirrors, a reason, and words that can be filled in."""

from __future__ import annotations

import string

import pytest

from troth.compatibility.behaviours import CONCEPTS
from troth.compatibility.policies import POLICIES
from troth.compatibility.rules import MIRRORS, Rule, rules
from troth.findings import SEVERITIES

ROWS = list(rules().values())
TABLE = {(rule.subject, rule.action, rule.direction): rule for rule in ROWS}

# Rows without the row that undoes them, and why.
ONE_WAY = {
    "deprecated-operation-removed": "its mirror is operation-added: nobody adds what is deprecated",
    "ended-operation-removed": "its mirror is operation-added",
    "early-operation-removed": "its mirror is operation-added",
    "ended-parameter-removed": "its mirror is parameter-added",
    "early-parameter-removed": "its mirror is parameter-added",
    "request-ended-property-removed": "its mirror is property-added",
    "response-ended-property-removed": "its mirror is property-added",
    "request-early-property-removed": "its mirror is property-added",
    "response-early-property-removed": "its mirror is property-added",
    "invalid-sunset-added": "to take it back is sunset-removed",
    "sunset-before-deprecation-added": "to take it back is sunset-removed",
    "short-notice-added": "to take it back is sunset-removed",
    "required-body-added": "a required body that goes is body-removed",
    "relaxed-security-alternative-removed": "its mirror is security-alternative-removed",
    "request-required-read-only-removed": "a required property that becomes read-only is read-only-added",
    "response-required-write-only-removed": "a required property that becomes write-only is write-only-added",
}
# Subjects that travel one way by their nature.
ONE_SIDED = {
    "read-only": "request",
    "required-read-only": "request",
    "write-only": "response",
    "required-write-only": "response",
}


@pytest.mark.parametrize("rule", ROWS, ids=lambda rule: rule.id)
def test_an_id_is_made_of_its_words(rule: Rule) -> None:
    direction = f"{rule.direction}-" if rule.direction else ""
    assert rule.id == f"{direction}{rule.subject}-{rule.action}"
    assert set(rule.id) <= set(string.ascii_lowercase + "-")


@pytest.mark.parametrize("rule", ROWS, ids=lambda rule: rule.id)
def test_each_rule_has_the_rule_that_undoes_it_or_a_reason_why_not(rule: Rule) -> None:
    mirror = (rule.subject, MIRRORS[rule.action], rule.direction)
    assert (mirror in TABLE) is (rule.id not in ONE_WAY), f"{rule.id} and its mirror {mirror}"


@pytest.mark.parametrize("rule", [rule for rule in ROWS if rule.direction], ids=lambda rule: rule.id)
def test_each_request_rule_has_its_response_rule_or_travels_one_way(rule: Rule) -> None:
    other = "response" if rule.direction == "request" else "request"
    assert ((rule.subject, rule.action, other) in TABLE) is (ONE_SIDED.get(rule.subject) != rule.direction)


def test_waivers_are_of_rules_that_exist() -> None:
    assert ONE_WAY.keys() <= rules().keys()
    assert ONE_SIDED.keys() <= {rule.subject for rule in ROWS}


@pytest.mark.parametrize("rule", ROWS, ids=lambda rule: rule.id)
def test_a_title_speaks_of_place_old_and_new_only(rule: Rule) -> None:
    named = {name for _, name, _, _ in string.Formatter().parse(rule.title) if name}
    assert named <= {"place", "old", "new"}
    assert rule.reason
    if rule.action == "added":
        assert "old" not in named or rule.subject == "prefix-items"


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda policy: policy.name)
def test_a_policy_overrides_rules_that_exist_and_otherwise(policy: object) -> None:
    severities = getattr(policy, "severities", {})
    assert severities.keys() <= rules().keys()
    assert all(rules()[identifier].severity != severity for identifier, severity in severities.items())
    assert set(severities.values()) <= set(SEVERITIES)


def test_every_concept_of_behaviour_has_rules() -> None:
    subjects = {
        concept.subject for rows in CONCEPTS.values() for concept in rows if concept.measure != "silent"
    }
    assert subjects <= {rule.subject for rule in ROWS if rule.area == "behaviour"}


def test_every_action_of_a_concept_has_a_rule() -> None:
    """A member comes and goes, an amount grows and shrinks, a value changes."""
    needed = {
        "member": ("added", "removed"),
        "amount": ("increased", "decreased"),
        "value": ("added", "removed", "changed"),
        "whole": ("added", "removed", "changed"),
    }
    lacking = [
        (concept.subject, action)
        for rows in CONCEPTS.values()
        for concept in rows
        for action in needed.get(concept.measure, ())
        if (concept.subject, action, None) not in TABLE
    ]
    assert lacking == []
