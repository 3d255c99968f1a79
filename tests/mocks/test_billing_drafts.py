"""Drafts can be edited and deleted; what has been issued cannot."""

from __future__ import annotations

from typing import Any

import pytest

LINE = {"description": "Consulting", "quantity": 2, "unit_price": 175, "tax_rate": 20}


def test_r16_the_fields_of_the_only_line_are_adjusted(billing: Any) -> None:
    """What is not named stays, the line keeps its id, and the totals follow."""
    draft = billing.invoice(**LINE)
    changed = billing.owner.updated("/invoices", draft["id"], unit_price=200)
    assert changed["lines"] == [{**draft["lines"][0], "unit_price": 200, "net": 400, "tax": 80, "total": 480}]
    assert (changed["subtotal"], changed["tax_total"], changed["total"]) == (400, 80, 480)
    renamed = billing.owner.updated("/invoices", draft["id"], description="Advice", quantity=1.5)
    assert (renamed["lines"][0]["description"], renamed["total"]) == ("Advice", 360)
    assert billing.owner.row("/invoices", draft["id"]) == renamed


def test_r16_several_lines_cannot_be_adjusted_as_one(billing: Any) -> None:
    """Nothing says which of them is meant, so it is refused and nothing changes."""
    draft = billing.invoice(lines=[LINE, LINE])
    billing.refused(
        billing.owner.patch(f"/invoices/{draft['id']}", {"unit_price": 1}), 400, "invalid_request"
    )
    assert billing.owner.row("/invoices", draft["id"]) == draft


def test_r16_lines_replace_all_rows(billing: Any) -> None:
    """More or fewer than before; the old ones are gone."""
    draft = billing.invoice(lines=[LINE, LINE, LINE])
    one = billing.owner.updated("/invoices", draft["id"], lines=[{"description": "Flat", "unit_price": 90}])
    assert [line["description"] for line in one["lines"]] == ["Flat"]
    assert one["lines"][0]["id"] not in {line["id"] for line in draft["lines"]}
    assert one["total"] == 90
    assert len(billing.owner.updated("/invoices", draft["id"], lines=[LINE] * 50)["lines"]) == 50


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": []},
        {"lines": [LINE] * 51},
        {"lines": [LINE], "unit_price": 1},
        {"status": "draft"},
        {"status": "paid"},
        {"unit_price": -1},
        {"total": 1},
    ],
)
def test_r16_a_senseless_edit_is_refused(billing: Any, body: dict[str, Any]) -> None:
    """Nothing at all, no rows, too many, both spellings, other states, amounts."""
    draft = billing.invoice(**LINE)
    billing.refused(billing.owner.patch(f"/invoices/{draft['id']}", body), 400, "invalid_request")
    assert billing.owner.row("/invoices", draft["id"]) == draft


def test_r16_number_and_customer_stay(billing: Any) -> None:
    """Neither can be edited afterwards."""
    draft = billing.invoice()
    for body in ({"number": "other"}, {"customer_id": billing.seeded("customers", 1)}):
        billing.refused(billing.owner.patch(f"/invoices/{draft['id']}", body), 400, "invalid_request")
    assert billing.owner.row("/invoices", draft["id"]) == draft


def test_r16_a_draft_is_finalised(billing: Any) -> None:
    """``issued`` sets the moment and ends all editing."""
    draft = billing.invoice()
    billing.advance("1h")
    issued = billing.owner.updated("/invoices", draft["id"], status="issued")
    assert issued["status"] == "issued"
    assert issued["issued_at"] == issued["updated_at"] == "2026-06-15T10:00:00.000Z"
    billing.refused(billing.owner.patch(f"/invoices/{draft['id']}", {"unit_price": 1}), 409, "conflict")


def test_r16_new_lines_and_the_end_of_the_draft_go_together(billing: Any) -> None:
    """The seed's own example: one request replaces the rows and issues the invoice."""
    draft = billing.invoice(lines=[LINE, LINE])
    issued = billing.owner.updated("/invoices", draft["id"], lines=[LINE], status="issued")
    assert (issued["status"], len(issued["lines"]), issued["total"]) == ("issued", 1, 420)
    assert issued["issued_at"] is not None
    assert billing.owner.row("/invoices", draft["id"]) == issued


@pytest.mark.parametrize("index", [0, 14, 20])
@pytest.mark.parametrize("body", [{"unit_price": 1}, {"lines": [LINE]}, {"status": "issued"}])
def test_r16_what_is_no_draft_cannot_be_edited(billing: Any, index: int, body: dict[str, Any]) -> None:
    """Paid and issued invoices answer 409 and stay as they were."""
    at = billing.seeded("invoices", index)
    before = billing.owner.row("/invoices", at)
    assert before["status"] != "draft"
    if "unit_price" in body and len(before["lines"]) > 1:
        body = {"lines": [LINE]}
    billing.refused(billing.owner.patch(f"/invoices/{at}", body), 409, "conflict")
    assert billing.owner.row("/invoices", at) == before


def test_r17_a_draft_is_deleted(billing: Any) -> None:
    """204 without a body, and it is gone from the list and by its id."""
    draft = billing.invoice()
    answer = billing.owner.delete(f"/invoices/{draft['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    billing.refused(billing.owner.get(f"/invoices/{draft['id']}"), 404, "not_found")
    billing.refused(billing.owner.delete(f"/invoices/{draft['id']}"), 404, "not_found")
    assert draft["id"] not in {row["id"] for row in billing.owner.get("/invoices").json()["data"]}


@pytest.mark.parametrize("index", [0, 15, 25])
def test_r17_only_a_draft_is_deleted(billing: Any, index: int) -> None:
    """Paid and issued invoices answer 409 and stay."""
    at = billing.seeded("invoices", index)
    billing.refused(billing.owner.delete(f"/invoices/{at}"), 409, "conflict")
    assert billing.owner.row("/invoices", at)["status"] != "draft"
