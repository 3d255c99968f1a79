"""Webhooks: the vendor sends them although its API has no operations for them, so the control plane subscribes."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

SECRET = "whsec_test_1"
HOOKS = "https://hooks.example.test"


class Receiver:
    """Listens on loopback; ``answers`` are the statuses to come, the last one for good."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = [204]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                answers = receiver.answers
                self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Requests are not printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, body in list(self.got)]


@pytest.fixture
def receiver(crm: Any) -> Iterator[Receiver]:
    """What the subscriptions of the test lead to."""
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    crm.control("PUT", "/receivers", receivers={HOOKS: made.url})
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def listening(crm: Any, mode: str, *events: str) -> None:
    """A subscription of the office's tenant in one mode of delivery."""
    given = {"tenant": "harbourline", "url": f"{HOOKS}/{mode}", "secret": SECRET, "mode": mode}
    crm.control("POST", "/subscriptions", **given, events=list(events))


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


def test_r30_a_delivery_is_signed_and_has_an_id(crm: Any, receiver: Receiver) -> None:
    """HMAC-SHA256 of time and body; the id is in the header and in the body."""
    listening(crm, "immediate", "customer.*")
    crm.office.made("customers", company="Tern Rigging")
    ((headers, body),) = receiver.got
    content = headers["x-webhook-timestamp"].encode() + b"." + body
    expected = hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()
    assert headers["x-webhook-signature"] == f"sha256={expected}"
    assert json.loads(body)["id"] == headers["x-webhook-delivery"]


def test_r30_immediate_deliveries_come_before_the_answer(crm: Any, receiver: Receiver) -> None:
    """When the API has answered, the receiver has heard."""
    listening(crm, "immediate", "customer.created")
    crm.office.made("customers", company="Tern Rigging")
    assert receiver.events == ["customer.created"]


def test_r30_smart_deliveries_wait_for_the_last_change(crm: Any, receiver: Receiver) -> None:
    """Changes within two seconds of each other are one delivery, which has what the last one left."""
    made = crm.office.made("customers", company="Tern Rigging")
    listening(crm, "smart", "customer.updated")
    for city in ("Rockland", "Camden", "Belfast"):
        crm.office.changed(f"customers/{made['id']}", city=city)
        crm.advance("1s")
    crm.control("POST", "/deliveries/flush")
    assert receiver.events == []
    crm.advance("1s")
    crm.control("POST", "/deliveries/flush")
    assert [json.loads(body)["data"]["city"] for _, body in receiver.got] == ["Belfast"]


def test_r30_asynchronous_deliveries_follow(crm: Any, receiver: Receiver, eventually: Any) -> None:
    """Each change has its own, in the background."""
    made = crm.office.made("customers", company="Tern Rigging")
    listening(crm, "async", "customer.updated")
    for city in ("Rockland", "Camden"):
        crm.office.changed(f"customers/{made['id']}", city=city)
    eventually(lambda: len(receiver.got) == 2)


def test_r30_what_never_arrives_becomes_a_dead_letter(crm: Any, receiver: Receiver) -> None:
    """Six attempts over the schedule; then it is kept, can be sent again, and is gone when it arrives."""
    listening(crm, "async", "customer.created", "customer.deleted")
    receiver.answers = [500]
    crm.office.made("customers", company="Tern Rigging")
    for pause in ("0s", "1m", "5m", "30m", "2h", "12h"):
        assert crm.control("GET", "/dead-letters")["deadLetters"] == []
        crm.advance(pause)
        crm.control("POST", "/deliveries/flush")
    (dead,) = crm.control("GET", "/dead-letters")["deadLetters"]
    assert (dead["event"], dead["outcome"], len(dead["attempts"])) == ("customer.created", "failed", 6)
    receiver.answers = [204]
    assert crm.control("POST", "/dead-letters/redeliver")["redelivering"] == [dead["id"]]
    crm.control("POST", "/deliveries/flush")
    assert crm.control("GET", "/dead-letters")["deadLetters"] == []
    assert len({body for _, body in receiver.got}) == 1
    assert len(receiver.got) == 7
