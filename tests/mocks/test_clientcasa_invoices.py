"""The status of an invoice follows from payments and the clock, and a replacement names what it replaces."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

CENT = Decimal("0.01")


def cents(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(CENT, rounding=ROUND_HALF_UP)


def billed(mock: Any, **more: Any) -> Any:
    """A sent invoice over 200 that is due in 30 days."""
    lines = [{"description": "Survey", "quantity": 2, "unitPrice": 100}]
    return mock.owner.created(
        "invoices", {**mock.body("invoices"), "lineItems": lines, "status": "sent", **more}
    )


def pay(mock: Any, invoice: Any, amount: float, **more: Any) -> Any:
    given = {
        **mock.body("payments"),
        "clientId": invoice["clientId"],
        "invoiceId": invoice["id"],
        "amount": amount,
    }
    return mock.owner.created("payments", given | more)


def standing(mock: Any, invoice: Any) -> tuple[str, float, float, bool]:
    found = mock.owner.row("invoices", invoice["id"])
    return found["status"], found["amountPaid"], found["balanceDue"], found["overdue"]


@pytest.mark.parametrize("status", ["paid", "partial", "overdue"])
def test_r9_a_derived_status_cannot_be_written(mock: Any, status: str) -> None:
    """``paid``, ``partial`` and ``overdue`` are refused in create and update, and nothing changes."""
    made = billed(mock)
    mock.refused(
        mock.owner.post("invoices", {**mock.body("invoices"), "status": status}), 400, "invalid_request"
    )
    error = mock.refused(
        mock.owner.patch(f"invoices/{made['id']}", {"status": status}), 400, "invalid_request"
    )
    assert "status" in str(error)
    assert mock.owner.row("invoices", made["id"]) == made


@pytest.mark.parametrize(
    "amount",
    ["subtotal", "discountAmount", "taxAmount", "total", "amountPaid", "balanceDue", "overdue", "paidAt",
     "invoiceNumber", "currency", "supersedesInvoice"],
)  # fmt: skip
def test_r9_what_follows_cannot_be_written(mock: Any, amount: str) -> None:
    """Amounts, number and lineage are refused by name in create and update."""
    made = billed(mock)
    for answer in (
        mock.owner.post("invoices", {**mock.body("invoices"), amount: made[amount]}),
        mock.owner.patch(f"invoices/{made['id']}", {amount: made[amount]}),
    ):
        assert amount in str(mock.refused(answer, 400, "invalid_request"))


def test_r9_draft_sent_and_void_are_written(mock: Any) -> None:
    """An invoice starts as a draft, is sent, and is voided; nothing leads back."""
    made = mock.owner.created("invoices", mock.body("invoices"))
    assert made["status"] == "draft"
    at = f"invoices/{made['id']}"
    assert mock.owner.updated("invoices", made["id"], status="sent")["status"] == "sent"
    mock.refused(mock.owner.patch(at, {"status": "draft"}), 409, "conflict")
    assert mock.owner.updated("invoices", made["id"], status="void")["status"] == "void"
    for status in ("draft", "sent"):
        mock.refused(mock.owner.patch(at, {"status": status}), 409, "conflict")
    assert mock.owner.row("invoices", made["id"])["status"] == "void"


def test_r9_a_create_may_not_be_void(mock: Any) -> None:
    """A create takes ``draft`` or ``sent``."""
    mock.refused(
        mock.owner.post("invoices", {**mock.body("invoices"), "status": "void"}), 400, "invalid_request"
    )


def test_r10_payments_make_an_invoice_partial_and_paid(mock: Any) -> None:
    """Less than the total is partial, the total is paid; balance and ``paidAt`` follow."""
    invoice = billed(mock)
    assert standing(mock, invoice) == ("sent", 0, 200, False)
    pay(mock, invoice, 60.5)
    assert standing(mock, invoice) == ("partial", 60.5, 139.5, False)
    assert mock.owner.row("invoices", invoice["id"])["paidAt"] is None
    mock.advance("2h")
    pay(mock, invoice, 139.5)
    assert standing(mock, invoice) == ("paid", 200, 0, False)
    assert mock.owner.row("invoices", invoice["id"])["paidAt"] == "2026-06-15T11:00:00.000Z"


def test_r10_more_than_the_total_is_paid(mock: Any) -> None:
    """An overpaid invoice is paid and owes nothing."""
    invoice = billed(mock)
    pay(mock, invoice, 250)
    status, paid, balance, overdue = standing(mock, invoice)
    assert (status, paid, overdue) == ("paid", 250, False)
    assert balance <= 0


def test_r10_a_payment_of_another_invoice_changes_nothing(mock: Any) -> None:
    """Only payments that name the invoice count towards it."""
    first, second = billed(mock), billed(mock)
    pay(mock, first, 200)
    mock.owner.created("payments", {**mock.body("payments"), "clientId": second["clientId"], "amount": 200})
    assert standing(mock, second) == ("sent", 0, 200, False)


def test_r10_the_clock_makes_an_invoice_overdue(mock: Any) -> None:
    """On its due date it is not late; the day after it is, without anyone touching it."""
    invoice = billed(mock, issueDate="2026-06-01", dueDate="2026-06-20")
    mock.control("POST", "/clock/set", at="2026-06-20T23:59:59Z")
    assert standing(mock, invoice) == ("sent", 0, 200, False)
    mock.advance("1s")
    assert standing(mock, invoice) == ("overdue", 0, 200, True)
    for query in ({"status": "overdue"}, {"overdue": "true"}):
        assert invoice["id"] in {row["id"] for row in mock.owner.rows("invoices", **query)}
    assert invoice["id"] not in {row["id"] for row in mock.owner.rows("invoices", status="sent")}


def test_r10_a_late_invoice_that_is_partly_paid_is_both(mock: Any) -> None:
    """Its status is partial and the flag ``overdue`` is up until the rest is paid."""
    invoice = billed(mock, dueDate="2026-06-20")
    pay(mock, invoice, 50)
    mock.advance("10d")
    assert standing(mock, invoice) == ("partial", 50, 150, True)
    pay(mock, invoice, 150)
    assert standing(mock, invoice) == ("paid", 200, 0, False)


def test_r10_drafts_and_void_invoices_are_never_overdue(mock: Any) -> None:
    """Time does nothing to what is not owed."""
    draft = mock.owner.created("invoices", {**mock.body("invoices"), "dueDate": "2026-06-20"})
    void = billed(mock, dueDate="2026-06-20")
    mock.owner.updated("invoices", void["id"], status="void")
    mock.advance("30d")
    assert standing(mock, draft)[0::3] == ("draft", False)
    assert standing(mock, void)[0::3] == ("void", False)


def test_r10_a_later_due_date_ends_being_overdue(mock: Any) -> None:
    """The status follows the due date in both directions."""
    invoice = billed(mock, dueDate="2026-06-20")
    mock.advance("10d")
    assert standing(mock, invoice)[0] == "overdue"
    assert mock.owner.updated("invoices", invoice["id"], dueDate="2026-08-01")["status"] == "sent"
    assert standing(mock, invoice)[3] is False


def test_r10_every_seeded_invoice_agrees_with_its_payments(mock: Any) -> None:
    """For both organisations status, ``amountPaid``, ``balanceDue`` and ``overdue`` follow from the ledger."""
    for caller in (mock.owner, mock.peer):
        payments = [p for p in caller.rows("payments") if p["status"] == "succeeded"]
        statuses = set()
        for invoice in caller.rows("invoices"):
            paid = sum((cents(p["amount"]) for p in payments if p["invoiceId"] == invoice["id"]), Decimal(0))
            assert cents(invoice["amountPaid"]) == paid
            assert cents(invoice["balanceDue"]) == cents(invoice["total"]) - paid
            late = invoice["dueDate"] < "2026-06-15"
            if invoice["status"] not in ("draft", "void"):
                whole = paid >= cents(invoice["total"]) and paid > 0
                expected = "paid" if whole else "partial" if paid > 0 else "overdue" if late else "sent"
                assert invoice["status"] == expected
                assert invoice["overdue"] is (late and not whole)
                assert (invoice["paidAt"] is not None) is whole
            statuses.add(invoice["status"])
        assert statuses == {"draft", "sent", "partial", "paid", "overdue", "void"}


def test_r37_a_replacement_names_what_it_replaces(mock: Any) -> None:
    """``supersedesInvoice`` is null or a void invoice of the organisation, and the filter finds the successor."""
    rows = mock.owner.rows("invoices")
    by_id = {row["id"]: row for row in rows}
    successors = [row for row in rows if row["supersedesInvoice"]]
    assert successors
    for row in successors:
        assert by_id[row["supersedesInvoice"]]["status"] == "void"
        assert mock.owner.rows("invoices", supersedesInvoice=row["supersedesInvoice"]) == [row]
    other = next(row for row in rows if row["status"] == "sent")
    assert mock.owner.rows("invoices", supersedesInvoice=other["id"]) == []


def test_r37_other_organisations_successors_are_not_found(mock: Any) -> None:
    """A voided invoice of another organisation has no successor here."""
    foreign = next(row for row in mock.peer.rows("invoices") if row["supersedesInvoice"])
    assert mock.owner.rows("invoices", supersedesInvoice=foreign["supersedesInvoice"]) == []
