"""What changes between two versions of queries, answers and error bodies, and how grave each change is."""

from __future__ import annotations

from typing import Any

import pytest

from troth.compatibility.behaviours import behaviour_facts
from troth.compatibility.rules import rule_for


def judged(scope: str, old: Any, new: Any) -> list[tuple[str, str]]:
    """(rule, severity) of each fact between two x-behaviour maps."""
    facts = behaviour_facts(scope, "the place", (old, "/x-behaviour"), (new, "/x-behaviour"))
    return [(rule.id, rule.severity) for fact in facts for rule in rule_for(fact.subject, fact.action, ())]


QUERY = {
    "conditions": {"parameter": "where", "grammar": "where-tree"},
    "sort": {"parameter": "sort", "default": "-createdAt"},
    "populate": {"parameter": "depth", "default": 1, "max": 3},
    "select": {"parameter": "fields", "grammar": "braces", "default": {"id": True, "etag": True}, "depth": 2},
}


@pytest.mark.parametrize(
    ("profile", "word", "value", "wanted"),
    [
        ("conditions", "parameter", "filter", ("querying-changed", "breaking")),
        ("sort", "parameter", "order", ("querying-changed", "breaking")),
        ("sort", "default", "createdAt", ("order-changed", "warning")),
        ("populate", "default", 0, ("querying-changed", "breaking")),
        ("populate", "max", 2, ("populate-depth-decreased", "breaking")),
        ("populate", "max", 5, ("populate-depth-increased", "info")),
        ("select", "depth", 1, ("populate-depth-decreased", "breaking")),
        ("select", "grammar", "other", ("querying-changed", "breaking")),
        ("select", "default", {"id": True}, ("usual-member-removed", "breaking")),
        ("select", "default", {"id": True, "etag": True, "name": True}, ("usual-member-added", "info")),
    ],
)
def test_a_changed_query_is_judged(profile: str, word: str, value: Any, wanted: tuple[str, str]) -> None:
    """What gives another answer to the same request breaks clients; reaching further does not."""
    other = {**QUERY, profile: {**QUERY[profile], word: value}}
    assert judged("root", {"query": QUERY}, {"query": other}) == [wanted]


@pytest.mark.parametrize("profile", QUERY)
def test_a_query_that_comes_is_welcome_and_one_that_goes_breaks(profile: str) -> None:
    """Nobody had to use it; some do."""
    fewer = {name: value for name, value in QUERY.items() if name != profile}
    assert judged("root", {"query": fewer}, {"query": QUERY}) == [("querying-added", "info")]
    assert judged("root", {"query": QUERY}, {"query": fewer}) == [("querying-removed", "breaking")]


def test_another_answer_or_error_body_breaks() -> None:
    """Clients read both; sentences for people may be worded anew."""
    answers = [{"answers": {"create": {"doc": "$row", "message": word}}} for word in ("Made.", "Created.")]
    assert judged("root", *answers) == [("answer-form-changed", "breaking")]
    bodies = [{"errors": {"kinds": {"invalid": {"envelope": {name: "$details"}}}}} for name in ("a", "b")]
    assert {severity for _, severity in judged("root", *bodies)} == {"breaking", "info"}
    sentences = [{"errors": {"sentences": {"required": word}}} for word in ("Needed.", "Required.")]
    ((rule, severity),) = judged("root", *sentences)
    assert (rule, severity) == ("error-message-changed", "info")


def test_other_data_in_events_breaks_receivers() -> None:
    """Of a resource's events, and of one of them."""
    old, new = "{'id': id}", "{'number': number}"
    assert judged("schema", {"eventData": old}, {"eventData": new}) == [("delivery-changed", "breaking")]
    events = [{"events": {"paid": {"on": {"update": True}, "data": data}}} for data in (old, new)]
    assert judged("schema", *events) == [("delivery-changed", "breaking")]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ({}, {"conditional": {"etag": "strong"}}, ("conditional-added", "info")),
        ({"conditional": {"etag": "strong"}}, {}, ("conditional-removed", "breaking")),
        (
            {"conditional": {"etag": "strong"}},
            {"conditional": {"etag": "weak"}},
            ("conditional-changed", "breaking"),
        ),
        (
            {"conditional": {"required": {"update": True}}},
            {"conditional": {"required": {"update": True, "delete": True}}},
            ("required-precondition-added", "breaking"),
        ),
        (
            {"conditional": {"required": {"update": True}}},
            {"conditional": {"required": {"update": False}}},
            ("required-precondition-removed", "info"),
        ),
        ({"conditional": {"lastModified": True}}, {"conditional": {}}, ("conditional-removed", "breaking")),
    ],
)
def test_conditions_on_requests_are_judged(old: Any, new: Any, wanted: tuple[str, str]) -> None:
    """What clients must send newly, or can no longer keep, breaks them."""
    assert judged("root", old, new) == [wanted]


@pytest.mark.parametrize(
    ("word", "old", "new", "wanted"),
    [
        ("maxOffset", 1000, 500, ("page-reach-decreased", "breaking")),
        ("maxOffset", 1000, 2000, ("page-reach-increased", "info")),
        ("maxOffset", None, 1000, ("page-reach-added", "breaking")),
        ("maxOffset", 1000, None, ("page-reach-removed", "info")),
        ("linkHeader", False, True, ("page-links-added", "info")),
        ("linkHeader", True, False, ("page-links-removed", "breaking")),
    ],
)
def test_how_far_pages_reach_is_judged(word: str, old: Any, new: Any, wanted: tuple[str, str]) -> None:
    """Nearer, or without the links that clients follow, is less."""
    profiles = [{"style": "offset", **({} if value is None else {word: value})} for value in (old, new)]
    pages = [{"pagination": {"default": profile}} for profile in profiles]
    assert judged("root", *pages) == [wanted]
