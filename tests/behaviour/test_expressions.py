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
