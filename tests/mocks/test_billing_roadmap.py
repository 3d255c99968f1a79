"""The next version, which adds to the first one without taking anything away: webhooks and richer invoices."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Received = tuple[Mapping[str, str], bytes]
SECRET = "whsec_test_do_not_tell_1"


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[Received]]]:
    """The URL of an HTTP server, and what it got so far."""
    got: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks", got
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(billing: Any, **given: Any) -> Any:
    return billing.control(
        "POST", "/subscriptions", **{"tenant": "brightwater", "url": "https://a.test/x", **given}
    )


def test_r18_an_issued_invoice_is_delivered_and_signed(
    billing: Any, receiver: tuple[str, list[Received]], eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    """Who subscribed through the control plane gets the invoice as the API shows it, with its customer and lines."""
    url, got = receiver
    subscribe(billing, url=url, events=["invoice.issued"], secret=SECRET)
    invoice = billing.owner.updated("/invoices", billing.invoice()["id"], status="issued")
    headers, body = eventually(lambda: got)[0]
    assert json.loads(body) == {
        "event": "invoice.issued",
        "timestamp": "2026-06-15T09:00:00.000Z",
        "tenant": "brightwater",
        "data": invoice,
    }
    signed = f"{headers['x-webhook-timestamp']}.".encode() + body
    wanted = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["x-signature"] == f"sha256={wanted}"
    assert eventually(lambda: billing.deliveries()[0]["outcome"] == "delivered")


def test_r18_without_a_secret_nothing_is_signed(
    billing: Any, receiver: tuple[str, list[Received]], eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    """The same delivery without the two headers."""
    url, got = receiver
    subscribe(billing, url=url)
    billing.invoice(status="issued")
    headers, _ = eventually(lambda: got)[0]
    assert not {"x-signature", "x-webhook-timestamp"} & headers.keys()


def test_r18_each_event_happens_once(billing: Any) -> None:
    """An invoice is issued when it is created so or finalised; drafts and their edits tell nobody."""
    subscribe(billing)
    draft = billing.invoice()
    billing.owner.updated("/invoices", draft["id"], notes="x")
    assert billing.deliveries() == []
    billing.owner.updated("/invoices", draft["id"], status="issued")
    billing.invoice(status="issued")
    assert [delivery["event"] for delivery in billing.deliveries()] == ["invoice.issued"] * 2


def test_r18_only_the_workspaces_own_subscriptions_to_the_event_are_told(billing: Any) -> None:
    """Another workspace hears nothing, and neither does who asked for another event."""
    subscribe(billing, events=["invoice.paid"])
    subscribe(billing, tenant="juniper")
    billing.invoice(status="issued")
    assert billing.deliveries() == []
    paid = {"event": "invoice.paid", "tenant": "brightwater", "resource": "invoices"}
    assert billing.control("POST", "/events", **paid, id=billing.seeded("invoices", 0)) == {"deliveries": 1}
    body = json.loads(billing.deliveries("invoice.paid")[0]["body"])
    assert body["data"] == billing.owner.row("/invoices", billing.seeded("invoices", 0))


def test_r18_subscriptions_are_listed_without_their_secret_and_removed(billing: Any) -> None:
    """The secret is never told again; what was removed is told nothing more."""
    made = subscribe(billing, secret=SECRET)
    assert made == {
        "id": made["id"], "tenant": "brightwater", "url": "https://a.test/x",
        "events": ["invoice.issued", "invoice.paid"], "hasSecret": True, "state": "active", "created": True,
    }  # fmt: skip
    listed = billing.control("GET", "/subscriptions")["subscriptions"]
    assert listed == [{name: value for name, value in made.items() if name != "created"}]
    billing.control("DELETE", f"/subscriptions/{made['id']}")
    assert billing.control("GET", "/subscriptions") == {"subscriptions": []}
    billing.invoice(status="issued")
    assert billing.deliveries() == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tenant": "brightwater"}, "url"),
        ({"url": "ftp://a.test"}, "ftp://a.test"),
        ({"url": "https://a.test", "tenant": "brightwatr"}, "Did you mean 'brightwater'?"),
        ({"url": "https://a.test", "events": ["invoice.isued"]}, "Did you mean 'invoice.issued'?"),
    ],
)
def test_r18_a_senseless_subscription_is_refused(billing: Any, given: Any, told: str) -> None:
    """The control plane says what is wrong with it."""
    answer = billing.http.post(
        billing.http.base_url.copy_with(path="/__troth/subscriptions"), json=given,
        headers={"x-troth-sandbox": billing.name},
    )  # fmt: skip
    assert answer.status_code == 400
    assert told in answer.json()["detail"]


def test_r18_invoices_carry_due_date_and_notes(billing: Any) -> None:
    """Both may be null, are written and read, and follow the rules of drafts."""
    plain = billing.invoice()
    assert (plain["due_date"], plain["notes"]) == (None, None)
    rich = billing.invoice(due_date="2026-07-15", notes="Thank you.")
    assert (rich["due_date"], rich["notes"]) == ("2026-07-15", "Thank you.")
    assert billing.owner.updated("/invoices", rich["id"], due_date=None)["due_date"] is None


def walked(billing: Any, path: str, between: Callable[[], Any], **query: Any) -> list[str]:
    """The ids of a list by cursor, with something done after every page."""
    found: list[str] = []
    cursor = ""
    for _ in range(40):
        answer = billing.owner.get(path, cursor=cursor, **query)
        assert answer.status_code == 200, answer.text
        found += [row["id"] for row in answer.json()["data"]]
        meta = answer.json()["meta"]
        if "next_cursor" not in meta:
            return found
        cursor = meta["next_cursor"]
        between()
    raise AssertionError(f"{path} does not end")


@pytest.mark.parametrize("limit", [1, 5, 28, 100])
def test_r18_a_cursor_walks_through_all_customers(billing: Any, limit: int) -> None:
    """In the order of the list, each of them once; the last answer has no ``next_cursor``."""
    whole = [row["id"] for row in billing.owner.get("/customers").json()["data"]]
    assert walked(billing, "/customers", lambda: None, limit=limit) == whole


def test_r18_rows_added_on_the_way_neither_skip_nor_repeat_any(billing: Any) -> None:
    """They come at the end, once each."""
    whole = [row["id"] for row in billing.owner.get("/customers").json()["data"]]
    found = walked(
        billing, "/customers", lambda: billing.owner.created("/customers", {"name": "x"}), limit=10
    )
    assert found[: len(whole)] == whole
    assert len(set(found)) == len(found) > len(whole)


def test_r18_rows_that_go_on_the_way_skip_none(billing: Any) -> None:
    """Even when it is the one that the cursor remembers, or one before it: all have been seen by then."""
    drafts = [row["id"] for row in billing.owner.get("/invoices", status="draft").json()["data"]]
    gone = iter((drafts[2], drafts[0], drafts[8]))

    def drop() -> None:
        if (at := next(gone, None)) is not None:
            assert billing.owner.delete(f"/invoices/{at}").status_code == 204

    assert walked(billing, "/invoices", drop, limit=3, status="draft") == drafts


def test_r18_a_cursor_keeps_to_the_filter(billing: Any) -> None:
    """It goes through the invoices in the states that were asked for, and ``meta`` says so."""
    wanted = [row["id"] for row in billing.owner.get("/invoices", status="issued,draft").json()["data"]]
    assert walked(billing, "/invoices", lambda: None, limit=4, status="issued,draft") == wanted
    answer = billing.owner.get("/invoices", cursor="", limit=4, status="draft").json()
    assert set(answer["meta"]) == {"limit", "offset", "status", "next_cursor"}


def test_r18_who_uses_no_cursor_sees_none(billing: Any) -> None:
    """``next_cursor`` is only in answers to ``cursor``."""
    assert set(billing.owner.get("/customers", limit=1).json()["meta"]) == {"limit", "offset"}


@pytest.mark.parametrize(
    "query", [{"cursor": "none"}, {"cursor": "é"}, {"cursor": "bm9uZQ=="}, {"cursor": "", "offset": 3}]
)
def test_r18_a_cursor_of_ones_own_is_refused(billing: Any, query: dict[str, Any]) -> None:
    """And so is one beside an offset."""
    billing.refused(billing.owner.get("/customers", **query), 400, "invalid_request")


def test_r18_the_first_version_is_served_as_it_was(
    serve: Callable[..., Any], troth: Callable[..., Any]
) -> None:
    """Its invoices know neither field, and the next version breaks nothing of it."""
    with serve("billing@1.0.0", "--seed", "7") as maker:
        caller = maker().caller(
            {"authorization": "Bearer jwt_test_brightwater_owner_0001", "x-tenant-slug": "brightwater"}
        )
        rows = caller.get("/invoices").json()["data"]
        assert len(rows) == 36
        assert not {"due_date", "notes"} & rows[0].keys()
    compared = troth("diff", "billing@1.0.0", "billing")
    assert compared.returncode == 0, compared.stdout
    assert troth("changelog", "check", "--contract", "billing").returncode == 0
