"""Webhooks: the vendor sends them although its API has no operations for them, so the control plane subscribes."""

from __future__ import annotations

from typing import Any


def subscribed(crm: Any, *events: str) -> None:
    given = {"tenant": "harbourline", "url": "https://hooks.example.test/crm", "secret": "whsec_test_1"}
    crm.control("POST", "/subscriptions", **given, **({"events": list(events)} if events else {}))


def emitted(crm: Any) -> list[str]:
    return [delivery["event"] for delivery in crm.deliveries()]


def test_r30_writes_are_announced(crm: Any) -> None:
    """Creating, changing and deleting each have an event; a refused write has none."""
    subscribed(crm)
    made = crm.office.made("customers", company="Tern Rigging")
    crm.office.changed(f"customers/{made['id']}", city="Rockland")
    crm.office.put(f"customers/{made['id']}", country=987654)
    crm.office.delete(f"customers/{made['id']}")
    assert emitted(crm) == ["customer.created", "customer.updated", "customer.deleted"]


def test_r30_an_invoice_announces_what_payments_do_to_it(crm: Any) -> None:
    """Partly paid, then paid, although only payments were written; overdue when the day comes."""
    subscribed(crm, "invoice.partially_paid", "invoice.paid", "invoice.overdue", "payment.created")
    made = crm.office.made("invoices", customer_id=1, total=100)["id"]
    late = crm.office.made("invoices", customer_id=1, total=100, duedate="2026-06-16")["id"]
    for amount in (40, 60):
        crm.office.made("payments", invoiceid=made, amount=amount, date="2026-06-15")
    assert sorted(emitted(crm)) == [
        "invoice.paid",
        "invoice.partially_paid",
        "payment.created",
        "payment.created",
    ]
    crm.advance("2d")
    crm.office.get("taxes")
    assert "invoice.overdue" in emitted(crm)
    assert late in [row["id"] for row in crm.office.data("invoices") if row["status"] == 4]


def test_r30_actions_are_announced(crm: Any) -> None:
    """Converting a lead announces the lead and its customer; nobody else hears of it."""
    subscribed(crm, "lead.converted", "customer.created", "proposal.accepted", "task.completed")
    crm.office.post("leads/1/convert", None)
    crm.office.post("leads/1/convert", None)
    crm.office.done("tasks/1/mark-complete")
    crm.other.post(f"leads/{crm.other.every('leads')[0]['id']}/convert", None)
    assert sorted(emitted(crm)) == ["customer.created", "lead.converted", "task.completed"]
