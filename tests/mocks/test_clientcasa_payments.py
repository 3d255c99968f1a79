"""The ledger: payments are recorded, never changed or deleted; money goes back as a negative entry."""

from __future__ import annotations

from typing import Any

import pytest

WRITES = ("POST", "PATCH", "PUT", "DELETE")


def payment(mock: Any, amount: float = 200, **more: Any) -> Any:
    return mock.owner.created("payments", {**mock.body("payments"), "amount": amount, **more})


def invoice(mock: Any) -> Any:
    """A sent invoice over 200."""
    lines = [{"description": "Survey", "quantity": 2, "unitPrice": 100}]
    return mock.owner.created("invoices", {**mock.body("invoices"), "lineItems": lines, "status": "sent"})


def refund(mock: Any, original: Any, amount: Any = -50, **more: Any) -> Any:
    """The answer to an attempt to give money back."""
    body = {**mock.body("payments"), "kind": "refund", "amount": amount, "refundOfId": original["id"], **more}
    return mock.owner.post("payments", {name: value for name, value in body.items() if value is not None})


def test_r13_a_payment_is_listed_created_read_and_annotated(mock: Any) -> None:
    """Payments have list, create, get and update."""
    made = payment(mock, reference="Check 12")
    assert made in mock.owner.rows("payments")
    assert mock.owner.row("payments", made["id"]) == made
    assert (made["kind"], made["status"], made["currency"]) == ("payment", "succeeded", "USD")
    assert mock.owner.updated("payments", made["id"], notes="Deposit")["notes"] == "Deposit"


@pytest.mark.parametrize("index", [0, 31, 49])
def test_r13_a_payment_cannot_be_deleted(mock: Any, index: int) -> None:
    """DELETE answers 405 and says what is allowed, whoever asks and whatever the entry is; the entry stays."""
    found = mock.owner.row("payments", mock.seeded("payments", index))
    for caller in (mock.owner, mock.reader, mock.peer):
        answer = caller.delete(f"payments/{found['id']}")
        mock.refused(answer, 405, "method_not_allowed")
        assert {method.strip() for method in answer.headers["allow"].split(",")} - {"HEAD", "OPTIONS"} == {
            "GET",
            "PATCH",
        }
    assert mock.owner.row("payments", found["id"]) == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", 1),
        ("currency", "EUR"),
        ("receivedDate", "2026-01-01"),
        ("method", "cash"),
        ("kind", "adjustment"),
        ("status", "failed"),
        ("clientId", None),
        ("invoiceId", None),
        ("refundOfId", None),
        ("netAmount", 1),
        ("payoutId", None),
    ],
)
def test_r14_a_payment_is_immutable(mock: Any, name: str, value: Any) -> None:
    """Everything but reference and notes is refused by name in PATCH, alone or beside what may change."""
    made = payment(mock)
    value = mock.seeded("clients", 9) if value is None else value
    for change in ({name: value}, {name: value, "notes": "changed"}):
        error = mock.refused(mock.owner.patch(f"payments/{made['id']}", change), 400, "invalid_request")
        assert name in str(error)
    assert mock.owner.row("payments", made["id"]) == made


def test_r14_reference_and_notes_may_change(mock: Any) -> None:
    """Both can be written and emptied, and nothing else moves with them."""
    made = payment(mock)
    changed = mock.owner.updated("payments", made["id"], reference="R", notes="N")
    assert {**changed, "updatedAt": ""} == {**made, "reference": "R", "notes": "N", "updatedAt": ""}
    changed = mock.owner.updated("payments", made["id"], reference=None, notes=None)
    assert (changed["reference"], changed["notes"]) == (None, None)


def test_r15_a_refund_names_its_original(mock: Any) -> None:
    """A refund is an entry with a negative amount, kind ``refund`` and the original's id."""
    original = payment(mock)
    answer = refund(mock, original)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["kind"], made["amount"], made["refundOfId"]) == ("refund", -50, original["id"])
    assert mock.owner.row("payments", original["id"]) == original


@pytest.mark.parametrize("amount", [50, 0, 0.01])
def test_r15_a_refund_is_negative(mock: Any, amount: float) -> None:
    """A refund of zero or more is refused and recorded nowhere."""
    original = payment(mock)
    count = len(mock.owner.rows("payments"))
    mock.refused(refund(mock, original, amount), 400, "invalid_request")
    assert len(mock.owner.rows("payments")) == count


def test_r15_a_refund_without_a_known_original_is_refused(mock: Any) -> None:
    """A missing, unknown or foreign ``refundOfId`` is 400, the last two indistinguishable."""
    foreign = mock.peer.rows("payments")[0]
    unknown = {"id": "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"}
    mock.refused(refund(mock, {"id": None}), 400, "invalid_request")
    errors = [mock.refused(refund(mock, one), 400, "invalid_request") for one in (foreign, unknown)]
    assert {**errors[0], "requestId": ""} == {**errors[1], "requestId": ""}


@pytest.mark.parametrize("kind", ["payment", "adjustment"])
def test_r15_only_a_refund_names_an_original(mock: Any, kind: str) -> None:
    """``refundOfId`` in another kind of entry is refused."""
    original = payment(mock)
    mock.refused(refund(mock, original, 10, kind=kind), 400, "invalid_request")


def test_r15_a_payment_is_positive(mock: Any) -> None:
    """A negative or empty payment is refused: money goes back as a refund."""
    for amount in (-1, 0):
        answer = mock.owner.post("payments", {**mock.body("payments"), "amount": amount})
        mock.refused(answer, 400, "invalid_request")


def test_r15_a_refund_lowers_what_was_paid(mock: Any) -> None:
    """A paid invoice becomes partial after a refund of a part, and unpaid after a refund of the rest."""
    bill = invoice(mock)
    original = payment(mock, 200, invoiceId=bill["id"], clientId=bill["clientId"])
    assert mock.owner.row("invoices", bill["id"])["status"] == "paid"
    for amount, paid, status in ((-50, 150, "partial"), (-150, 0, "sent")):
        made = refund(mock, original, amount, invoiceId=bill["id"])
        assert made.status_code == 201
        found = mock.owner.row("invoices", bill["id"])
        assert (found["amountPaid"], found["balanceDue"], found["status"]) == (paid, 200 - paid, status)
        assert found["paidAt"] is None


def test_r15_a_refund_belongs_to_the_invoice_of_its_original(mock: Any) -> None:
    """A refund that names no invoice counts for the one that its original paid."""
    bill = invoice(mock)
    original = payment(mock, 200, invoiceId=bill["id"], clientId=bill["clientId"])
    assert refund(mock, original, -200).json()["invoiceId"] == bill["id"]
    assert mock.owner.row("invoices", bill["id"])["amountPaid"] == 0


def test_r16_stripe_is_not_a_method_to_record(mock: Any) -> None:
    """Card payments come from Stripe: the method is refused in a create, though entries show it."""
    error = mock.refused(
        mock.owner.post("payments", {**mock.body("payments"), "method": "stripe"}), 400, "invalid_request"
    )
    assert "method" in str(error)
    assert "stripe" in {row["method"] for row in mock.owner.rows("payments")}


@pytest.mark.parametrize(
    "method", ["check", "bank_transfer", "cash", "venmo", "zelle", "paypal", "wire", "other"]
)
def test_r16_every_other_method_can_be_recorded(mock: Any, method: str) -> None:
    """The eight methods outside Stripe are accepted."""
    assert payment(mock, method=method)["method"] == method


@pytest.mark.parametrize("kind", ["chargeback", "dispute_fee", "gift"])
def test_r16_other_kinds_are_not_created(mock: Any, kind: str) -> None:
    """Chargebacks and dispute fees come from Stripe; unknown kinds do not exist."""
    mock.refused(mock.owner.post("payments", {**mock.body("payments"), "kind": kind}), 400, "invalid_request")


@pytest.mark.parametrize("amount", [25, -25])
def test_r16_an_adjustment_goes_either_way(mock: Any, amount: float) -> None:
    """An adjustment is a correction, up or down."""
    assert payment(mock, amount, kind="adjustment")["amount"] == amount


def test_r17_payouts_can_only_be_read(mock: Any) -> None:
    """List and get answer 200; every write is 405 with Allow: GET, even for the owner, and changes nothing."""
    before = mock.owner.rows("payouts")
    found = before[0]
    assert mock.owner.row("payouts", found["id"]) == found
    for path in ("payouts", f"payouts/{found['id']}"):
        for method in WRITES:
            answer = mock.owner.send(method, path, json={"amount": 1})
            mock.refused(answer, 405, "method_not_allowed")
            assert not set(WRITES) & {name.strip() for name in answer.headers["allow"].split(",")}
    assert mock.owner.rows("payouts") == before


def test_r17_payments_lead_to_their_payouts(mock: Any) -> None:
    """Each ``payoutId`` is a payout of the organisation; only Stripe money has one."""
    payouts = {row["id"] for row in mock.owner.rows("payouts")}
    paid = [row for row in mock.owner.rows("payments") if row["payoutId"]]
    assert paid
    assert {row["payoutId"] for row in paid} <= payouts
    assert {row["method"] for row in paid} == {"stripe"}
