"""Invoices, payments, items and notes."""

from __future__ import annotations

from typing import Any

import pytest

UNPAID, PAID, PARTLY, OVERDUE = 1, 2, 3, 4


def invoice(crm: Any, **given: Any) -> Any:
    return crm.office.made("invoices", **{"customer_id": 1, "total": 100.0, **given})


def found(crm: Any, identifier: int) -> Any:
    """An invoice as its list shows it: there is no other way to read one."""
    return next(row for row in crm.office.data("invoices") if row["id"] == identifier)


def paid(crm: Any, identifier: int, amount: float, **given: Any) -> Any:
    return crm.office.made(
        "payments", **{"invoiceid": identifier, "amount": amount, "date": "2026-06-15", **given}
    )


def test_r9_customer_and_total_make_an_invoice(crm: Any) -> None:
    """Number, dates and status follow."""
    made = invoice(crm)
    assert (made["total"], made["amount_due"], made["status"], made["sent"]) == (100.0, 100.0, UNPAID, 0)
    assert (made["date"], made["duedate"]) == ("2026-06-15", "2026-07-15")
    assert made["number"].startswith("INV-")
    assert made in crm.office.data("invoices")
    for field in ("customer_id", "total"):
        body = {"customer_id": 1, "total": 5}
        del body[field]
        crm.refused(crm.office.post("invoices", body), 400, field)


def test_r9_sending_sets_the_flag(crm: Any) -> None:
    """``send`` says that and when the invoice went out, and can be repeated."""
    made = invoice(crm)
    sent = crm.office.done(f"invoices/{made['id']}/send")
    assert (sent["sent"], sent["datesend"]) == (1, crm.now().strftime("%Y-%m-%d %H:%M:%S"))
    assert found(crm, made["id"]) == sent
    assert crm.office.done(f"invoices/{made['id']}/send") == sent


def test_r9_payments_of_an_invoice(crm: Any) -> None:
    """The sub-list has its payments and no others."""
    made = invoice(crm)
    payment = paid(crm, made["id"], 25)
    assert crm.office.data(f"invoices/{made['id']}/payments") == [payment]
    crm.refused(crm.office.get("invoices/987654/payments"), 404)


def test_r9_an_invoice_has_a_document(crm: Any) -> None:
    """A PDF that shows the invoice: the same bytes for the same row, others once it changes, 404 without one."""
    made = invoice(crm, number="INV-(7)")
    first = crm.office.get(f"invoices/{made['id']}/pdf")
    assert first.headers["content-type"] == "application/pdf"
    assert f"invoice-{made['id']}.pdf" in first.headers["content-disposition"]
    assert first.content.startswith(b"%PDF-1.4")
    assert b"number: INV-\\(7\\)" in first.content
    assert crm.office.get(f"invoices/{made['id']}/pdf").content == first.content
    paid(crm, made["id"], 25)
    assert crm.office.get(f"invoices/{made['id']}/pdf").content != first.content
    crm.refused(crm.office.get("invoices/987654/pdf"), 404)
    crm.refused(crm.other.get(f"invoices/{made['id']}/pdf"), 404)


def test_r9_the_document_is_well_formed(crm: Any) -> None:
    """Its table of contents says where each object stands."""
    content = crm.office.get("invoices/1/pdf").content
    start = int(content.rsplit(b"startxref", 1)[1].split()[0])
    assert content[start : start + 4] == b"xref"
    places = [int(line[:10]) for line in content[start:].splitlines()[3:] if line.endswith(b" n ")]
    assert places
    for number, place in enumerate(places, 1):
        assert content[place:].startswith(b"%d 0 obj" % number)


def test_r20_payments_move_the_invoice(crm: Any) -> None:
    """Part, all, less again, none: the status follows creating, changing and deleting payments."""
    made = invoice(crm)["id"]
    first = paid(crm, made, 40)
    assert (found(crm, made)["status"], found(crm, made)["amount_due"]) == (PARTLY, 60.0)
    second = paid(crm, made, 60)
    assert (found(crm, made)["status"], found(crm, made)["total_paid"]) == (PAID, 100.0)
    assert crm.office.changed(f"payments/{second['id']}", amount=10, note="Part")["note"] == "Part"
    assert (found(crm, made)["status"], found(crm, made)["amount_due"]) == (PARTLY, 50.0)
    for payment in (first, second):
        assert crm.office.delete(f"payments/{payment['id']}").status_code == 200
    assert (found(crm, made)["status"], found(crm, made)["amount_due"]) == (UNPAID, 100.0)
    crm.advance("31d")
    assert found(crm, made)["status"] == OVERDUE


@pytest.mark.parametrize("missing", ["invoiceid", "amount", "date"])
def test_r20_a_payment_needs_three_fields(crm: Any, missing: str) -> None:
    """Each of them is named when it is missing."""
    body = {"invoiceid": 1, "amount": 5, "date": "2026-06-15"}
    crm.refused(crm.office.post("payments", {k: v for k, v in body.items() if k != missing}), 400, missing)


def test_r20_filters_narrow_payments(crm: Any) -> None:
    """By invoice, customer, way of paying and day."""
    everything = crm.office.every("payments")
    one = everything[4]
    fields = {"invoice_id": "invoiceid", "customer_id": "customer_id", "payment_mode": "paymentmode"}
    for parameter, field in fields.items():
        wanted = [p for p in everything if p[field] == one[field]]
        assert crm.office.every("payments", **{parameter: one[field]}) == wanted
    day = sorted(p["date"] for p in everything)[12]
    assert crm.office.every("payments", date_from=day) == [p for p in everything if p["date"] >= day]
    assert crm.office.every("payments", date_to=day) == [p for p in everything if p["date"] <= day]


def test_r20_a_payment_stays_with_its_invoice(crm: Any) -> None:
    """Its customer is the invoice's; neither can be changed."""
    made = invoice(crm, customer_id=2)["id"]
    payment = paid(crm, made, 10, paymentmode="cash")
    assert (payment["customer_id"], payment["paymentmode"]) == (2, "cash")
    crm.refused(crm.office.put(f"payments/{payment['id']}", invoiceid=1), 400, "invoiceid")
    crm.refused(crm.office.put(f"payments/{payment['id']}", customer_id=1), 400, "customer_id")


def test_r21_items_are_managed(crm: Any) -> None:
    """Description and rate make one; group and unit are optional."""
    made = crm.office.made("items", description="Antifouling", rate=64.0, group_id=1, unit="litre")
    assert (made["rate"], made["group_id"], made["unit"]) == (64.0, 1, "litre")
    for field in ("description", "rate"):
        body = {"description": "D", "rate": 1}
        del body[field]
        crm.refused(crm.office.post("items", body), 400, field)
    assert crm.office.changed(f"items/{made['id']}", rate=66.0)["rate"] == 66.0
    assert crm.office.delete(f"items/{made['id']}").status_code == 200


def test_r21_filters_narrow_items(crm: Any) -> None:
    """By group and by text in any case."""
    crm.office.made("items", description="Antifouling", rate=64.0, group_id=2)
    everything = crm.office.every("items")
    assert crm.office.every("items", group_id=2) == [i for i in everything if i["group_id"] == 2]
    assert [i["description"] for i in crm.office.every("items", search="ANTIFOUL")] == ["Antifouling"]


@pytest.mark.parametrize(
    "kind",
    [
        "customer",
        "lead",
        "invoice",
        "estimate",
        "contract",
        "proposal",
        "project",
        "task",
        "expense",
        "staff",
    ],
)
def test_r24_notes_stand_by_ten_kinds_of_things(crm: Any, kind: str) -> None:
    """The thing must exist, and what a note is about never changes."""
    made = crm.office.made("notes", rel_type=kind, rel_id=1, description="Remember.")
    assert (made["rel_type"], made["rel_id"]) == (kind, 1)
    crm.refused(
        crm.office.post("notes", {"rel_type": kind, "rel_id": 987654, "description": "D"}), 400, "rel_id"
    )
    at = f"notes/{made['id']}"
    assert crm.office.changed(at, description="Never mind.", rel_id=1)["description"] == "Never mind."
    crm.refused(crm.office.put(at, rel_id=2), 400, "rel_id")
    crm.refused(crm.office.put(at, rel_type="lead" if kind != "lead" else "task"), 400, "rel_type")
    assert crm.office.delete(at).status_code == 200


def test_r24_other_kinds_are_refused(crm: Any) -> None:
    """There are ten, and three fields are needed."""
    body = {"rel_type": "lead", "rel_id": 1, "description": "D"}
    crm.refused(crm.office.post("notes", {**body, "rel_type": "ticket"}), 400, "rel_type")
    for field in body:
        crm.refused(crm.office.post("notes", {k: v for k, v in body.items() if k != field}), 400, field)


def test_r24_filters_narrow_notes(crm: Any) -> None:
    """By kind, thing, author and day."""
    everything = crm.office.every("notes")
    one = next(n for n in everything if n["staff_id"] is not None)
    for name in ("rel_type", "rel_id", "staff_id"):
        assert crm.office.every("notes", **{name: one[name]}) == [
            n for n in everything if n[name] == one[name]
        ]
    day = sorted(n["dateadded"] for n in everything)[12][:10]
    assert crm.office.every("notes", date_from=day) == [n for n in everything if n["dateadded"][:10] >= day]
    assert crm.office.every("notes", date_to=day) == [n for n in everything if n["dateadded"][:10] <= day]
