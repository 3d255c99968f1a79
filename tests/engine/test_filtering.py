"""Filters: what each operator keeps."""

from __future__ import annotations

from typing import Any

import pytest

from troth.behaviour.model import Filter
from troth.engine.filtering import FilterSet


def kept(op: str, wanted: Any, *held: Any, field: str = "f") -> list[Any]:
    """The values that a filter over one field lets through."""
    filters = FilterSet([Filter("q", field, op, "test")], None)
    predicate = filters.predicate({("query", "q"): wanted})
    assert predicate is not None
    return [value for value in held if predicate({"f": value})]


@pytest.mark.parametrize(
    ("op", "wanted", "held", "expected"),
    [
        ("eq", "a", ["a", "b", None, "A"], ["a"]),
        ("eq", ["a", "b"], ["a", "b", "c", None], ["a", "b"]),
        ("in", ["a"], ["a", "b"], ["a"]),
        ("has", "a", [["a", "b"], ["b"], [], None], [["a", "b"]]),
        ("contains", "AR", ["bart", "bert", None], ["bart"]),
        ("from", 5, [4, 5, 6.5, None, "5"], [5, 6.5]),
        ("to", 5, [4, 5, 6], [4, 5]),
        ("after", 5, [4, 5, 6], [6]),
        ("before", 5, [4, 5, 6], [4]),
        ("from", "2026-05-02", ["2026-05-01", "2026-05-02"], ["2026-05-02"]),
        ("search", "ar", ["Bart", "bert", 5, None], ["Bart"]),
    ],
)
def test_an_operator_keeps_what_it_says(op: str, wanted: Any, held: list[Any], expected: list[Any]) -> None:
    """Missing values and values of another kind satisfy no order."""
    assert kept(op, wanted, *held) == expected


def test_moments_are_compared_as_moments() -> None:
    """Whatever their offsets and precision."""
    held = ["2026-05-02T00:30:00+02:00", "2026-05-01T22:30:00.000Z", "2026-05-01T23:00:00Z"]
    assert kept("from", "2026-05-01T22:45:00Z", *held) == held[2:]
    assert kept("to", "2026-05-02T00:30:00+02:00", *held) == held[:2]


def test_a_date_limits_moments_by_their_day() -> None:
    """Both ends are included, in UTC."""
    held = [
        "2026-05-01T23:59:59Z",
        "2026-05-02T00:00:00Z",
        "2026-05-02T23:59:59Z",
        "2026-05-03T00:00:00+02:00",
    ]
    assert kept("from", "2026-05-02", *held) == held[1:]
    assert kept("to", "2026-05-02", *held) == held
    assert kept("to", "2026-05-01", *held) == held[:1]
    assert kept("after", "2026-05-01", *held) == held[1:]
    assert kept("before", "2026-05-02", *held) == held[:1]


def test_a_moment_limits_dates_by_their_beginning() -> None:
    """A date is its midnight in UTC."""
    assert kept("from", "2026-05-02T00:00:00Z", "2026-05-01", "2026-05-02") == ["2026-05-02"]
    assert kept("from", "2026-05-02T00:00:01Z", "2026-05-01", "2026-05-02") == []


@pytest.mark.parametrize("wanted", ["2026-13-45", "2026-05-02Tnoon", "yesterday", ""])
def test_what_is_no_moment_compares_as_text(wanted: str) -> None:
    """Validation refuses it before; here it must not raise."""
    assert isinstance(kept("from", wanted, "2026-05-02T00:00:00Z", "2026-05-02", None, 5), list)


def test_members_are_reached_by_a_path() -> None:
    """``a.b`` is the member b of the member a; what is no object has none."""
    assert kept("eq", 1, {"b": 1}, {"b": 2}, {}, None, 5, field="f.b") == [{"b": 1}]


def test_filters_join() -> None:
    """Every filter that a request uses must hold, constants included; an unused one asks nothing."""
    filters = FilterSet(
        [
            Filter("a", "a", "eq", "test"),
            Filter("b", "b", "from", "test"),
            Filter("c", "c", "eq", "test", {"d": 1}),
        ],
        None,
    )
    assert filters.predicate({("query", "z"): 1}) is None
    assert filters.used({("query", "z"): 1}) is False
    both = filters.predicate({("query", "a"): 1, ("query", "b"): 2})
    assert both is not None
    assert [both({"a": a, "b": b}) for a in (1, 2) for b in (1, 2)] == [False, True, False, False]
    constant = filters.predicate({("query", "c"): 1})
    assert constant is not None
    assert [constant({"c": 1, "d": d}) for d in (1, 2, None)] == [True, False, False]
