"""What an expression was told about other rows is asked again before a value from before stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from troth.behaviour.expressions import compile_expression
from troth.behaviour.questions import as_bytes


class _World:
    """Rows by id, and a note of each question."""

    viewer: Mapping[str, Any] = {}

    def __init__(self, rows: dict[str, dict[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[tuple[str, Any]] = []

    def today(self) -> str:
        return "2026-06-15"

    def now(self) -> str:
        return "2026-06-15T09:00:00.000Z"

    def related(self, _resource: str, field: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.asked.append((field, row["id"]))
        return [one for one in self.rows.values() if one.get(field) == row["id"]]

    def lookup(self, resource: str, identifier: Any) -> dict[str, Any] | None:
        self.asked.append((resource, identifier))
        return self.rows[identifier]

    def seen(self, _resource: str, _identifier: Any) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "value", "then"),
    [
        ("lookup('a', other).amount + 1.0", 3, 8),
        ("lookup('a', lookup('a', other).next).amount", 5, 5),
        ("sum(related('a', 'owner').map(r, r.amount))", 2, 7),
    ],
)
def test_another_answer_is_another_value(text: str, value: float, then: float) -> None:
    """A row that changes changes what is computed over it, however often that was asked for before."""
    world = _World({"1": {"owner": "9", "amount": 2, "next": "2"}, "2": {"amount": 5}})
    expression = compile_expression(text)
    for wanted in (value, value):
        assert expression.evaluate({"id": "9", "other": "1"}, world) == wanted
    world.rows["1"] = {"owner": "9", "amount": 7, "next": "2"}
    assert expression.evaluate({"id": "9", "other": "1"}, world) == then


def test_nothing_is_asked_that_the_expression_would_not_ask() -> None:
    """Where a question hangs on the answer to another one, it does so the second time as well; each is asked once."""
    world = _World({"1": {"open": True, "next": "2"}, "2": {"amount": 5}})
    expression = compile_expression("lookup('a', '1').open ? lookup('a', lookup('a', '1').next).amount : 0.0")
    for _ in range(2):
        assert expression.evaluate({}, world) == 5
        assert world.asked == [("a", "1"), ("a", "2")]
        world.asked.clear()
    world.rows["1"] = {"open": False, "next": "2"}
    assert expression.evaluate({}, world) == 0
    assert world.asked == [("a", "1")]


def test_a_question_without_an_answer_is_asked_again() -> None:
    """A server that could not be asked is no reason to think so for ever."""
    world = _World({"1": {"next": "2"}})
    expression = compile_expression("lookup('a', lookup('a', '1').next).amount")
    assert expression.evaluate({}, world) is None
    world.rows["2"] = {"amount": 5}
    assert expression.evaluate({}, world) == 5
    del world.rows["2"]
    assert expression.evaluate({}, world) is None


def test_the_moment_is_never_remembered() -> None:
    """The clock goes on while nothing else happens."""
    expression, world = compile_expression("now() > since"), _World({})
    assert expression.evaluate({"since": "2026-06-15T09:30:00.000Z"}, world) is False
    world.now = lambda: "2026-06-15T10:00:00.000Z"  # type: ignore[method-assign]
    assert expression.evaluate({"since": "2026-06-15T09:30:00.000Z"}, world) is True


def test_only_equal_values_of_equal_kinds_are_equal_bytes() -> None:
    """1, 1.0 and true are equal in Python; a text that was made twice is one text."""
    values = [1, 1.0, True, "1", None, [1], {"a": 1}, {"a": 1.0}, -0.0, 0.0]
    assert len({as_bytes(value) for value in values}) == len(values)
    assert as_bytes({"name": str(12)}) == as_bytes({"name": "12"})


@pytest.mark.parametrize(
    ("query", "value"), [({}, True), ({"open": True}, None), ({"open": False, "all": True}, True)]
)
def test_what_hangs_on_no_row_is_known_without_one(query: dict[str, object], value: object) -> None:
    """A list that nobody narrows down leaves nothing out, whatever its rows hold."""
    expression = compile_expression("has(query.all) || !has(query.open) || query.open == open")
    assert expression.everywhere(_World({}), {"query": query}) is value


def test_what_asks_for_related_rows_hangs_on_the_row() -> None:
    """Related rows name the row without its being named."""
    expression = compile_expression("size(related('a', 'owner')) == 0 || !has(query.open)")
    assert expression.everywhere(_World({}), {"query": {}}) is None
    assert "id" in expression.reads
