"""What happens in the API is told to whoever subscribed: which events, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CONTRACT = Path(__file__).resolve().parents[2] / "spec" / "clientcasa" / "openapi.yaml"


@pytest.fixture
def heard(mock: Any) -> Callable[[], Counter[str]]:
    """Counts the events since the last question, as one subscription to every event hears them."""
    schemas = yaml.load(CONTRACT.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["components"][
        "schemas"
    ]
    names = schemas["WebhookEvent"]["enum"]
    made = mock.owner.created("webhooks", {**mock.body("webhooks"), "events": names})
    seen: Counter[str] = Counter()

    def since() -> Counter[str]:
        now = Counter(one["event"] for one in mock.deliveries() if one["subscription"] == made["id"])
        fresh = now - seen
        seen.update(fresh)
        return fresh

    return since


def test_r41_an_invoice_tells_its_life(mock: Any, heard: Any) -> None:
    """Sending, paying, refunding and falling due are told once each; drafting and editing are not."""
    lines = [{"description": "Survey", "quantity": 2, "unitPrice": 100}]
    bill = mock.owner.created(
        "invoices", {**mock.body("invoices"), "lineItems": lines, "dueDate": "2026-06-20"}
    )
    mock.owner.updated("invoices", bill["id"], notes="n")
    assert heard() == {}
    mock.owner.updated("invoices", bill["id"], status="sent")
    assert heard() == {"invoice_sent": 1}
    money = {**mock.body("payments"), "invoiceId": bill["id"]}
    mock.owner.created("payments", money | {"amount": 50})
    assert heard() == {"payment_received": 1, "payment_applied": 1}
    paid = mock.owner.created("payments", money | {"amount": 150})
    assert heard() == {"payment_received": 1, "payment_applied": 1, "invoice_paid": 1}
    mock.owner.created("payments", money | {"kind": "refund", "amount": -200, "refundOfId": paid["id"]})
    assert heard() == {"payment_refunded": 1}
    mock.owner.updated("invoices", bill["id"], notes="m")
    assert heard() == {}


def test_r41_a_late_invoice_is_told_once(mock: Any, heard: Any) -> None:
    """The day after the due date ``invoice_overdue`` comes, and not again on later days."""
    about = {**mock.body("invoices"), "status": "sent", "dueDate": "2026-06-16"}
    bill = mock.owner.created("invoices", about)
    heard()
    for day, expected in ((16, 0), (17, 1), (18, 0), (25, 0)):
        mock.control("POST", "/clock/set", at=f"2026-06-{day}T12:00:00Z")
        heard()
        overdue = [one for one in mock.deliveries("invoice_overdue") if bill["id"] in one["body"]]
        told = [one for one in overdue if f'"timestamp":"2026-06-{day}T' in one["body"]]
        assert len({one["subscription"] for one in told}) == len(told)
        assert bool(told) is bool(expected), day


def test_r41_leads_tell_where_they_go(mock: Any, heard: Any) -> None:
    """A new lead, its steps, and being won or lost are events; an ordinary client is only created."""
    mock.owner.created("clients", {"name": "A"})
    assert heard() == {"client_created": 1}
    lead = mock.owner.created("clients", {"name": "B", "status": "new"})
    assert heard() == {"client_created": 1, "lead_created": 1}
    mock.owner.updated("clients", lead["id"], status="qualified")
    assert heard() == {"lead_status_changed": 1}
    mock.owner.updated("clients", lead["id"], status="active")
    assert heard() == {"lead_status_changed": 1, "client_won": 1}
    mock.owner.updated("clients", lead["id"], notes="n")
    assert heard() == {}
    other = mock.owner.created("clients", {"name": "C", "status": "contacted"})
    heard()
    mock.owner.updated("clients", other["id"], status="declined")
    assert heard() == {"lead_status_changed": 1, "client_lost": 1}


@pytest.mark.parametrize(
    ("resource", "event"),
    [
        ("contacts", "contact_created"),
        ("projects", "project_created"),
        ("time-entries", "time_entry_created"),
    ],
)
def test_r41_creates_are_told(mock: Any, heard: Any, resource: str, event: str) -> None:
    """Contacts, projects and time entries tell of their creation; a refused create tells nothing."""
    mock.owner.post(resource, {})
    assert heard() == {}
    mock.owner.created(resource, mock.body(resource))
    assert heard() == {event: 1}


def test_r41_other_organisations_are_not_told(mock: Any, heard: Any) -> None:
    """What happens there is not heard here."""
    mock.peer.created("clients", {"name": "A", "status": "new"})
    assert heard() == {}
