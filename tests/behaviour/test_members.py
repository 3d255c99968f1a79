"""What an expression asks other rows for is read from its text; in doubt, they are handed over whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from troth.behaviour.expressions import compile_expression
from troth.behaviour.members import of_function, of_name


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("status == 'paid' && old.status != 'paid'", {"status"}),
        ("old == null || !old.overdue", {"overdue"}),
        ("old != null && has(old.plan.tier)", {"plan"}),
        ("status == 'old' && old.total > 1.0", {"total"}),
        ("old.lines.filter(l, l.taxable).size() > 0", {"lines"}),
        ("threshold > 1.0 && this.old.status == 'x'", set()),
    ],
)
def test_members_of_a_row_are_named(text: str, members: set[str]) -> None:
    assert of_name(text, "old") == members


@pytest.mark.parametrize(
    "text",
    ["old == this", "old['total'] > 1.0", "'total' in old", "size(old)", "old.exists(k, k == 'total')"],
)
def test_a_row_that_is_used_as_a_whole_stays_whole(text: str) -> None:
    assert of_name(text, "old") is None


@pytest.mark.parametrize(
    ("text", "members"),
    [
        (
            "sum(related('payments', 'invoiceId').filter(p, p.status == 'ok').map(p, p.amount))",
            {"status", "amount"},
        ),
        ("size(related('payments', 'invoiceId')) > 0", set()),
        ("related('payments', 'invoiceId').filter(p, p.open).size() == 0", {"open"}),
        ("related('payments', 'invoiceId').exists(p, p.amount > sum(lines.map(l, l.total)))", {"amount"}),
        ("related('payments', 'invoiceId').filter(p, p.open)[0].amount > 1.0", {"open", "amount"}),
        ("related('payments', 'invoiceId')[size(lines) - 1].amount", {"amount"}),
        ("sum(related('a', 'x').map(p, p.n)) + sum(related('b', 'y').map(q, q.m))", {"n", "m"}),
    ],
)
def test_members_of_related_rows_are_named(text: str, members: set[str]) -> None:
    assert of_function(text, "related") == members


@pytest.mark.parametrize(
    "text",
    [
        "related('payments', 'invoiceId').map(p, p)",
        "related('payments', 'invoiceId').filter(p, p.open)",
        "related('payments', 'invoiceId').filter(p, p.open)[0] != other",
        "related('payments', 'invoiceId').exists(i, p, p.amount > 1.0)",
        "related('payments', 'invoiceId').exists(p, p == other)",
    ],
)
def test_related_rows_that_are_used_as_a_whole_stay_whole(text: str) -> None:
    assert of_function(text, "related") is None


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("lookup('clients', clientId) == null || lookup('clients', clientId).tax.rate > 0.0", {"tax"}),
        ("has(lookup('a', size(x) > 1 ? y : z).name)", {"name"}),
        ("lookup('clients', clientId)", None),
        ("lookup('a', x) == lookup('b', y)", None),
    ],
)
def test_members_of_a_row_that_is_looked_up_are_named(text: str, members: set[str] | None) -> None:
    assert of_function(text, "lookup") == members


class _World:
    """Two rows of everything."""

    viewer: Mapping[str, Any] = {}
    rows = ({"id": "1", "amount": 2, "open": True}, {"id": "2", "amount": 3, "open": False})

    def today(self) -> str:
        return "2026-06-15"

    def now(self) -> str:
        return "2026-06-15T09:00:00.000Z"

    def related(self, _resource: str, _field: str, _row: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in self.rows]

    def lookup(self, _resource: str, identifier: Any) -> dict[str, Any] | None:
        return next((dict(row) for row in self.rows if row["id"] == identifier), None)

    def seen(self, _resource: str, _identifier: Any) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(related('a', 'x').filter(p, p.open).map(p, p.amount))", 2.0),
        ("related('a', 'x').filter(p, p.open)", [{"id": "1", "amount": 2, "open": True}]),
        ("lookup('a', '2').amount + 1.0", 4.0),
        ("lookup('a', '3') == null ? 'none' : lookup('a', '3').id", "none"),
        ("lookup('a', '2')", {"amount": 3, "id": "2", "open": False}),
        ("has(old.gone) ? old.gone : old.amount", 5.0),
    ],
)
def test_what_is_left_out_is_never_missed(text: str, value: Any) -> None:
    assert compile_expression(text).evaluate({}, _World(), {"old": {"amount": 5, "note": "n"}}) == value
