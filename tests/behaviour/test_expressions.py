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
