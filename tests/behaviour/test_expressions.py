"""An expression over values of the wrong kind is null, and nothing is printed about it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from troth.behaviour.expressions import compile_expression


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("sum(items.map(l, l.rate))", {"items": [{"rate": 1}, {"rate": {"not": "this"}}]}),
        ("days(date, 30)", {"date": "not a day"}),
        ("total - paid", {"total": 5, "paid": None}),
    ],
)
def test_what_cannot_be_computed_is_null_in_silence(
    text: str, row: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """A target whose rows are odd fills no console."""
    world = SimpleNamespace(viewer={}, today=lambda: "2026-06-15", now=lambda: "2026-06-15T09:00:00.000Z")
    assert compile_expression(text).evaluate(row, world) is None
    assert not caplog.records


@pytest.mark.parametrize(
    ("row", "value"),
    [({"status": "paid", "total": 12}, 12), ({"status": "sent", "total": 12}, None)],
)
def test_a_value_may_not_hang_on_what_is_unknown(row: dict[str, object], value: object) -> None:
    """What is paid is the total, whatever was received; of the rest only who knows that can say."""
    world = SimpleNamespace(viewer={}, today=lambda: "2026-06-15", now=lambda: "2026-06-15T09:00:00.000Z")
    paid = compile_expression("status == 'paid' ? total : received == null ? 0.0 : received")
    assert paid.regardless({"received"}, row, world) == value


def _on(day: str, **viewer: object) -> SimpleNamespace:
    return SimpleNamespace(viewer=viewer, today=lambda: day, now=lambda: f"{day}T09:00:00.000Z")


@pytest.mark.parametrize(
    ("text", "row", "other"),
    [
        ("sum(lines.map(l, l.net))", {"lines": [{"net": 1}]}, {"lines": [{"net": 1, "note": "n"}]}),
        ("owner.id == viewer.user", {"owner": {"id": 1}}, {"owner": {"id": 1, "name": "Ida"}}),
        ("due < today()", {"due": "2026-01-01"}, {"due": "2026-01-01", "paid": True}),
    ],
)
def test_rows_that_are_equal_in_what_is_asked_are_one(
    text: str, row: dict[str, object], other: dict[str, object]
) -> None:
    """What costs most of an expression is handing values over, so one value is found once."""
    expression, world = compile_expression(text), _on("2026-06-15", user=1)
    assert expression.evaluate(row, world) == expression.evaluate(other, world)
    assert len(expression.memo) == 1


@pytest.mark.parametrize(
    ("text", "row", "first", "second"),
    [
        ("due < today()", {"due": "2026-06-15"}, _on("2026-06-15"), _on("2026-06-16")),
        (
            "owner.id == viewer.user",
            {"owner": {"id": 2}},
            _on("2026-06-15", user=1),
            _on("2026-06-15", user=2),
        ),
        ("query.open", {}, _on("2026-06-15"), _on("2026-06-15")),
    ],
)
def test_another_day_caller_or_question_is_another_value(
    text: str, row: dict[str, object], first: SimpleNamespace, second: SimpleNamespace
) -> None:
    """What is remembered holds for all that an expression reads, not for its row alone."""
    expression = compile_expression(text)
    assert expression.evaluate(row, first, {"query": {"open": False}}) is False
    assert expression.evaluate(row, second, {"query": {"open": True}}) is True


def test_numbers_of_different_kinds_and_nothing_are_told_apart() -> None:
    """1, true and null are three values, also inside of what is remembered."""
    expression, world = (
        compile_expression("x.n == null ? 'none' : x.n == true ? 'yes' : 'number'"),
        _on("2026-06-15"),
    )
    assert [expression.evaluate({"x": {"n": n}}, world) for n in (1, True, None)] == ["number", "yes", "none"]


def test_what_is_remembered_has_a_limit() -> None:
    """Neither many values nor long ones fill the memory of a mock that runs for weeks."""
    expression, world = compile_expression("text == 'x'"), _on("2026-06-15")
    for number in range(3000):
        expression.evaluate({"text": str(number)}, world)
    expression.evaluate({"text": "long" * 1000}, world)
    assert len(expression.memo) <= 1024
    assert max(len(key) for key in expression.memo) <= 1024
