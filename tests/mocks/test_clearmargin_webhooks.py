"""Webhooks of Clearmargin: who is told of what, and how it is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from troth.contract import load_contract

EVENTS = {
    *(f"proposal_{word}" for word in ("sent", "expiring", "accepted", "rejected", "expired")),
    *(
        f"invoice_{word}"
        for word in ("sent", "due_soon", "overdue", "paid", "refunded", "payment_failed", "disputed")
    ),
    *(f"schedule_{word}" for word in ("deposit_ready", "installment_due", "installment_paid", "completed")),
    "receipt_sent",
}
URL = "https://hooks.example.test/clearmargin"


@pytest.fixture
def answers() -> list[int]:
    """What the receiver answers, one after the other; 204 after that."""
    return []


@pytest.fixture
def receiver(answers: list[int]) -> Iterator[tuple[str, list[Any]]]:
    """An address that takes deliveries, and what it has taken."""
    taken: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", taken
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(margin: Any, *events: str, url: str = URL, **more: Any) -> None:
    named = {"events": list(events)} if events else {}
    margin.control("POST", "/subscriptions", tenant="fernwood", url=url, **named, **more)


def told(margin: Any) -> list[Any]:
    """The payloads of all deliveries so far."""
    return [json.loads(delivery["body"]) for delivery in margin.deliveries()]


def test_r18_there_are_17_events(margin: Any) -> None:
    """All documented, all open to subscription, and no other."""
    assert set(load_contract("clearmargin").document["webhooks"]) == EVENTS
    assert len(EVENTS) == 17
    subscribe(margin)
    (made,) = margin.control("GET", "/subscriptions")["subscriptions"]
    assert set(made["events"]) == EVENTS


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_r18_every_event_can_be_triggered(margin: Any, event: str) -> None:
    """By the control plane, about a document; those who subscribed to it hear of it, others don't."""
    subscribe(margin, event)
    collection = "proposals" if event.startswith("proposal") else "invoices"
    about = {"resource": collection, "id": margin.seeded(collection, 0)}
    for name in sorted(EVENTS):
        margin.control("POST", "/events", event=name, tenant="fernwood", **about)
    (payload,) = told(margin)
    assert payload["event"] == event
    assert payload["data"]["documentId"] == about["id"]


def test_r15_webhooks_are_set_up_outside_the_api(margin: Any) -> None:
    """There is no path for them; subscriptions belong to one organization and can be taken back."""
    assert margin.studio.get("webhooks").status_code == 404
    subscribe(margin)
    client = margin.seeded("clients", 0, "kestrel")
    margin.rival.made("invoices", client=client, status="sent")
    assert told(margin) == []
    (made,) = margin.control("GET", "/subscriptions")["subscriptions"]
    margin.control("DELETE", f"/subscriptions/{made['id']}")
    margin.invoice(status="sent")
    assert told(margin) == []


def test_r16_a_payload_tells_of_the_document(margin: Any) -> None:
    """Kind, id, number, amount, client and contact; a paid invoice also how it was paid."""
    subscribe(margin, "invoice_sent", "invoice_paid")
    contact = margin.studio.shown(f"contacts/{margin.seeded('contacts', 1)}")
    client = margin.studio.shown(f"clients/{contact['client']}")
    made = margin.invoice(client=client["id"], contact=contact["id"], status="sent")
    margin.studio.changed(f"invoices/{made['id']}", status="paid")
    data = {
        "documentType": "invoice", "documentId": made["id"], "documentNumber": made["invoiceNumber"],
        "amount": made["total"], "client": {"id": client["id"], "name": client["name"]},
        "contact": {name: contact[name] for name in ("id", "name", "email")},
    }  # fmt: skip
    sent, paid = told(margin)
    assert sent == {"event": "invoice_sent", "timestamp": "2026-06-15T09:00:00.000Z", "data": data}
    assert paid["event"] == "invoice_paid"
    assert paid["data"] == {**data, "paymentMethod": "card", "last4": "4242", "brand": "visa"}


def test_r16_what_is_missing_is_null(margin: Any) -> None:
    """An invoice without a contact."""
    subscribe(margin, "invoice_sent")
    margin.invoice(status="sent")
    assert told(margin)[0]["data"]["contact"] is None


def test_r17_deliveries_are_signed_with_the_secret(
    margin: Any, receiver: tuple[str, list[Any]], eventually: Callable[..., Any]
) -> None:
    """HMAC-SHA256 over timestamp, dot and body, in hex after ``sha256=``; the timestamp is that of the attempt."""
    url, taken = receiver
    subscribe(margin, "invoice_sent", url=url, secret="s3cret")
    margin.invoice(status="sent")
    ((headers, body),) = eventually(lambda: list(taken))
    timestamp = headers["x-webhook-timestamp"]
    assert abs(int(timestamp) - margin.now().timestamp()) < 300
    wanted = hmac.new(b"s3cret", f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["x-signature"] == f"sha256={wanted}"
    assert json.loads(body)["event"] == "invoice_sent"


def test_r17_without_a_secret_nothing_is_signed(
    margin: Any, receiver: tuple[str, list[Any]], eventually: Callable[..., Any]
) -> None:
    """Neither header is there."""
    url, taken = receiver
    subscribe(margin, "invoice_sent", url=url)
    margin.invoice(status="sent")
    ((headers, _),) = eventually(lambda: list(taken))
    assert not {"x-signature", "x-webhook-timestamp"} & headers.keys()


def test_r18_a_delivery_that_fails_is_tried_again(
    margin: Any, receiver: tuple[str, list[Any]], answers: list[int], eventually: Callable[..., Any]
) -> None:
    """After a minute, then after five, by the mock's clock, with the same body; and by hand whenever wanted."""
    url, taken = receiver
    answers += [500, 503]
    subscribe(margin, "invoice_sent", url=url, secret="s3cret")
    margin.invoice(status="sent")
    for attempt, wait in ((1, "1m"), (2, "5m"), (3, "1h")):
        eventually(lambda attempt=attempt: len(margin.deliveries()[0]["attempts"]) == attempt)
        margin.advance(wait)
    (delivery,) = margin.deliveries()
    assert [one["status"] for one in delivery["attempts"]] == [500, 503, 204]
    assert delivery["outcome"] == "delivered"
    margin.control("POST", f"/deliveries/{delivery['id']}/redeliver")
    eventually(lambda: len(taken) == 4)
    assert len({body for _, body in taken}) == 1
    assert len({headers["x-webhook-timestamp"] for headers, _ in taken}) > 1


def test_r24_what_is_written_brings_events_about(margin: Any) -> None:
    """Sending, paying, accepting and rejecting, each once, however often the document is written after that."""
    subscribe(margin)
    invoice = margin.invoice()["id"]
    for status in ("draft", "sent", "sent", "paid", "paid"):
        margin.studio.changed(f"invoices/{invoice}", status=status)
    for answer in ("accepted", "rejected"):
        offer = margin.studio.made("proposals", title="x", client=margin.seeded("clients", 0), status="sent")[
            "id"
        ]
        margin.studio.changed(f"proposals/{offer}", status=answer)
        margin.studio.changed(f"proposals/{offer}", notes="Thank you")
    events = [payload["event"] for payload in told(margin)]
    assert events == [
        "invoice_sent", "invoice_paid", "proposal_sent", "proposal_accepted", "proposal_sent", "proposal_rejected"
    ]  # fmt: skip


def test_r24_time_brings_events_about(margin: Any) -> None:
    """Three days before the end it is near, the day after it has passed; each is told once."""
    invoice = margin.invoice(status="sent", dueDate="2026-06-20")["id"]
    body = {
        "title": "x",
        "client": margin.seeded("clients", 0),
        "status": "sent",
        "expirationDate": "2026-06-20",
    }
    offer = margin.studio.made("proposals", **body)["id"]
    subscribe(margin)
    days: dict[int, list[str]] = {}
    for day in range(1, 8):
        before = len(told(margin))
        margin.advance("1d")
        margin.studio.get("clients", limit=1)
        new = told(margin)[before:]
        days[day] = sorted(p["event"] for p in new if p["data"]["documentId"] in (invoice, offer))
    assert {day: events for day, events in days.items() if events} == {
        2: ["invoice_due_soon", "proposal_expiring"],
        6: ["invoice_overdue", "proposal_expired"],
    }
    assert margin.studio.shown(f"proposals/{offer}")["status"] == "expired"
