"""What changes between two versions of actions, records, views and forms, and how grave each change is."""

from __future__ import annotations

from typing import Any

import pytest

from troth.compatibility.behaviours import behaviour_facts
from troth.compatibility.rules import rule_for


def judged(scope: str, old: Any, new: Any) -> list[tuple[str, str]]:
    """(rule, severity) of each fact between two x-behaviour maps."""
    facts = behaviour_facts(scope, "the place", (old, "/x-behaviour"), (new, "/x-behaviour"))
    return [(rule.id, rule.severity) for fact in facts for rule in rule_for(fact.subject, fact.action, ())]


@pytest.mark.parametrize(
    ("scope", "keyword", "one", "other", "added", "removed", "changed"),
    [
        (
            "operation", "effect", {"set": {"a": "1"}}, {"set": {"a": "2"}},
            "warning", "breaking", ("effect-changed", "warning"),
        ),
        (
            "operation", "effect", {"transition": "send"}, {"transition": "pay"},
            "warning", "breaking", ("effect-changed", "warning"),
        ),
        ("operation", "where", "a > 1.0", "a > 2.0", "breaking", "warning", ("visibility-changed", "warning")),
        (
            "operation", "rules", {"once": {"require": "a"}}, {"once": {"require": "b"}},
            "breaking", "info", ("invariant-changed", "warning"),
        ),
        (
            "schema", "records", {"made": {"in": "log", "row": {"a": "1"}}}, {"made": {"in": "log", "row": {"a": "2"}}},
            "info", "breaking", ("record-changed", "warning"),
        ),
        (
            "root", "formats", {"moment": "YYYY-MM-DD"}, {"moment": "YYYY/MM/DD"},
            "breaking", "breaking", ("written-form-changed", "breaking"),
        ),
    ],
)  # fmt: skip
def test_a_keyword_comes_goes_and_changes(
    scope: str, keyword: str, one: Any, other: Any, added: str, removed: str, changed: tuple[str, str]
) -> None:
    """What clients rely on is breaking when it goes; what they must newly mind when it comes."""
    assert [severity for _, severity in judged(scope, {}, {keyword: one})] == [added]
    assert [severity for _, severity in judged(scope, {keyword: one}, {})] == [removed]
    assert judged(scope, {keyword: one}, {keyword: other}) == [changed]


def test_sharing_breaks_either_way() -> None:
    """Ids mean something else once rows are shared, and once they no longer are."""
    assert judged("schema", {}, {"shared": True}) == [("sharing-added", "breaking")]
    assert judged("schema", {"shared": True}, {"shared": False}) == [("sharing-removed", "breaking")]


def test_a_tokens_life_is_an_amount() -> None:
    """Shorter breaks clients that hold one, longer does not, and 60m is 1h."""
    tokens = [{"tokens": {"ttl": ttl}} for ttl in ("2h", "1h", "60m")]
    ((_, shorter),) = judged("root", tokens[0], tokens[1])
    ((_, longer),) = judged("root", tokens[1], tokens[0])
    assert shorter in ("breaking", "warning")
    assert longer == "info"
    assert judged("root", tokens[1], tokens[2]) == []
