"""Conditions: whatever is written under ``where`` is understood or refused, and operators mean their opposites."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.behaviour.querying import OPERATORS
from troth.testing import Mock

FIELDS = (
    "name",
    "status",
    "createdAt",
    "taxSettings.taxRate",
    "taxSettings.defaultTaxable",
    "id",
    "nothing",
    "",
)
OPERANDS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.sampled_from(["null", "true", "active", "2026-01-01", "2026-13-45", "a", "8.5"]),
)  # fmt: skip
CONSTRAINTS = st.dictionaries(
    st.sampled_from([*OPERATORS, "sounds_like"]),
    st.one_of(OPERANDS, st.lists(OPERANDS, max_size=3)),
    max_size=2,
)
TREES = st.recursive(
    st.dictionaries(st.sampled_from(FIELDS), st.one_of(CONSTRAINTS, OPERANDS), max_size=2),
    lambda inner: st.dictionaries(
        st.sampled_from(["and", "or", "OR"]), st.one_of(inner, st.lists(inner, max_size=3))
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def client() -> httpx.Client:
    """Clearmargin in this process, asked as an owner."""
    return Mock("clearmargin", rate_limit="off").client("fernwood-owner")


def kept(client: httpx.Client, where: Any) -> list[str]:
    answer = client.get("/clients", params={"where": json.dumps(where), "limit": 100, "depth": 0})
    assert answer.status_code == 200, answer.text
    return [doc["id"] for doc in answer.json()["docs"]]


@given(tree=TREES)
@settings(max_examples=120, deadline=None)
def test_any_tree_is_answered_or_refused(client: httpx.Client, tree: Any) -> None:
    """200 with a subset of the list, or 400 that names what cannot be queried; nothing breaks."""
    answer = client.get("/clients", params={"where": json.dumps(tree)})
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        (error,) = answer.json()["errors"]
        assert error["name"] == "QueryError"
        assert error["data"]


@given(field=st.sampled_from(FIELDS[:6]), operand=OPERANDS)
@settings(max_examples=60, deadline=None)
def test_equals_and_not_equals_are_the_whole(client: httpx.Client, field: str, operand: Any) -> None:
    """Every document satisfies exactly one of them, whatever the operand; an or has both, an and neither."""
    is_, is_not = {field: {"equals": operand}}, {field: {"not_equals": operand}}
    every = kept(client, {})
    assert sorted(kept(client, is_) + kept(client, is_not)) == sorted(every)
    assert kept(client, {"or": [is_, is_not]}) == every
    assert kept(client, {"and": [is_, is_not]}) == []


@pytest.mark.parametrize("field", ["createdAt", "taxSettings.taxRate"])
def test_orders_split_where_there_is_something(client: httpx.Client, field: str) -> None:
    """Less, and greater or equal, make up what exists; null is neither."""
    operand = {"createdAt": "2026-01-01", "taxSettings.taxRate": 8}[field]
    there = kept(client, {field: {"exists": True}})
    halves = [kept(client, {field: {word: operand}}) for word in ("less_than", "greater_than_equal")]
    assert sorted(halves[0] + halves[1]) == sorted(there)
    assert all(halves)
    nothing = kept(client, {field: {"exists": False}})
    assert not set(nothing) & set(there)
