"""Webhooks: a secret that never comes back, and signed deliveries of what was subscribed to."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

SEED = Path(__file__).resolve().parents[2] / "mocks" / "clientcasa" / "seed.yaml"
SECRET = "whsec_test_do_not_tell_1"
NORTHLIGHT = "32833106-536e-45df-80b2-d002cc92d33d"
#: What the seeded subscriptions of the second mock listen to, by path at the receiver.
SUBSCRIPTIONS = {
    "/signed": {"events": ["client_created", "invoice_paid", "payout_paid"], "secret": SECRET},
    "/plain": {"events": ["client_created"], "secret": None},
    "/other": {"events": ["contact_created", "client_lost"], "secret": SECRET},
    "/disabled": {"events": ["client_created"], "secret": SECRET, "enabled": False},
    "/flaky": {"events": ["payout_failed"], "secret": SECRET},
    "/broken": {"events": ["milestone_approaching"], "secret": SECRET},
    "/moved": {"events": ["contract_viewed"], "secret": SECRET},
}


class Received(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """An HTTP server that keeps what it gets; ``/flaky`` fails on the first time, ``/broken`` always."""

    def __init__(self) -> None:
        self.got: list[Received] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = sum(one.body == body for one in receiver.got)
                receiver.got.append(Received(self.path, headers, body))
                flaky = 200 if seen else 503
                status = {"/flaky": flaky, "/broken": 500, "/moved": 302}.get(self.path, 204)
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "/signed")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Requests are not printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def about(self, marker: str) -> list[Received]:
        """What arrived with a word in its body."""
        return [one for one in list(self.got) if marker.encode() in one.body]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def delivering(
    serve: Any, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Any]]:
    """A mock whose seeded subscriptions lead to the receiver; each organisation has its own."""
    seed = yaml.load(SEED.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    rows = [
        {"row": {"name": path[1:], "url": receiver.url + path, "enabled": True, "source": "manual", **about}}
        for path, about in SUBSCRIPTIONS.items()
    ]
    foreign = {"name": "foreign", "url": receiver.url + "/foreign", "enabled": True, "secret": SECRET, "source": "manual"}
    every = sorted({event for about in SUBSCRIPTIONS.values() for event in about["events"]})
    seed["rows"]["webhooks"] = {"northlight": rows, "thornfield": [{"row": {**foreign, "events": every}}]}
    file = tmp_path_factory.mktemp("seed") / "seed.yaml"
    file.write_text(yaml.safe_dump(seed), encoding="utf-8")
    with serve("clientcasa", "--seed", "7", "--seed-file", str(file)) as maker:
        yield maker


@pytest.fixture
def live(delivering: Callable[[], Any]) -> Any:
    return delivering()


def subscription(mock: Any, path: str) -> Any:
    """The seeded subscription of a path, as the API shows it."""
    return next(row for row in mock.owner.rows("webhooks") if row["name"] == path[1:])


def emit(mock: Any, event: str) -> str:
    """Trigger an event; gives a word by which its deliveries are known."""
    marker = uuid.uuid4().hex
    mock.control("POST", "/events", event=event, tenant="northlight", data={"marker": marker})
    return marker


def attempts(mock: Any, marker: str) -> list[Any]:
    """The recorded attempts of the one delivery with a word."""
    (delivery,) = [one for one in mock.deliveries() if marker in one["body"]]
    found: list[Any] = delivery["attempts"]
    return found


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


# -- the resource ---------------------------------------------------------------------------------------------------


def texts(mock: Any) -> str:
    """Everything that the mock says about its subscriptions, through the API and the control plane."""
    webhooks = mock.owner.get("webhooks", pageSize=100).text
    singles = "".join(mock.owner.get(f"webhooks/{row['id']}").text for row in mock.owner.rows("webhooks"))
    observed = [mock.control("GET", path) for path in ("/journal?limit=1000", "/deliveries")]
    return webhooks + singles + json.dumps(observed)


def test_r23_a_secret_never_comes_back(mock: Any) -> None:
    """Not from create, get, list, update, replay, refusal or delete, nor in journal and deliveries."""
    secret, second = "whsec_never_to_be_seen_1", "whsec_never_to_be_seen_2"
    body = {**mock.body("webhooks"), "events": ["client_created"], "secret": secret}
    made = mock.owner.post("webhooks", body, key="one")
    at = f"webhooks/{made.json()['id']}"
    mock.owner.created("clients", {"name": "A"})
    answers = [
        made,
        mock.owner.post("webhooks", body, key="one"),
        mock.owner.post("webhooks", {**body, "name": "other"}, key="one"),
        mock.owner.post("webhooks", {**body, "events": []}),
        mock.owner.patch(at, {"secret": second}),
        mock.owner.patch(at, {"secret": second, "url": "http://plain.example.test"}),
        mock.reader.patch(at, {"secret": second}),
        mock.peer.patch(at, {"secret": second}),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 409, 400, 200, 400, 403, 404]
    said = "".join(answer.text for answer in answers) + texts(mock) + mock.owner.delete(at).text
    assert "never_to_be_seen" not in said
    assert "whsec_" not in said


@pytest.mark.parametrize("secret", ["short_secret", "long_secret" * 20, ["listed_secret"], {"is": "nested_secret"}])
def test_r23_a_refused_secret_is_not_repeated(mock: Any, secret: Any) -> None:
    """The error about a secret of 16 to 200 characters does not quote it."""
    made = mock.owner.created("webhooks", mock.body("webhooks"))
    for answer in (
        mock.owner.post("webhooks", {**mock.body("webhooks"), "secret": secret}),
        mock.owner.patch(f"webhooks/{made['id']}", {"secret": secret}),
    ):
        error = mock.refused(answer, 400, "invalid_request")
        assert "/secret" in str(error["details"])
        assert "_secret" not in answer.text


def test_r23_no_webhook_shows_a_secret(mock: Any) -> None:
    """Each has ``hasSecret`` and no member named secret, in list, get and for both organisations."""
    for caller in (mock.owner, mock.peer):
        rows = caller.rows("webhooks")
        assert {row["hasSecret"] for row in rows} == {True, False}
        for row in rows:
            assert "secret" not in row
            assert caller.row("webhooks", row["id"]) == row


def test_r23_has_secret_follows_the_secret(mock: Any) -> None:
    """It is false without one, true with one, unmoved by other changes, and false after ``secret: null``."""
    plain = mock.owner.created("webhooks", mock.body("webhooks"))
    assert plain["hasSecret"] is False
    assert mock.owner.updated("webhooks", plain["id"], secret=SECRET)["hasSecret"] is True
    assert mock.owner.updated("webhooks", plain["id"], name="renamed")["hasSecret"] is True
    assert mock.owner.updated("webhooks", plain["id"], secret=None)["hasSecret"] is False
    assert mock.owner.row("webhooks", plain["id"])["hasSecret"] is False
    assert mock.owner.created("webhooks", {**mock.body("webhooks"), "secret": SECRET})["hasSecret"] is True
    for answer in (
        mock.owner.post("webhooks", {**mock.body("webhooks"), "hasSecret": True}),
        mock.owner.patch(f"webhooks/{plain['id']}", {"hasSecret": True}),
    ):
        assert "hasSecret" in str(mock.refused(answer, 400, "invalid_request"))


@pytest.mark.parametrize(("length", "status"), [(15, 400), (16, 201), (200, 201), (201, 400)])
def test_r23_a_secret_has_16_to_200_characters(mock: Any, length: int, status: int) -> None:
    """Both limits are inclusive."""
    assert mock.owner.post("webhooks", {**mock.body("webhooks"), "secret": "s" * length}).status_code == status


@pytest.mark.parametrize("url", ["http://hooks.example.test/x", "ftp://hooks.example.test", "hooks", "", "https://", None, 5])
def test_r23_a_url_is_https(mock: Any, url: Any) -> None:
    """Anything else is refused in create and update."""
    made = mock.owner.created("webhooks", mock.body("webhooks"))
    for answer in (
        mock.owner.post("webhooks", {**mock.body("webhooks"), "url": url}),
        mock.owner.patch(f"webhooks/{made['id']}", {"url": url}),
    ):
        assert "/url" in str(mock.refused(answer, 400, "invalid_request")["details"])


@pytest.mark.parametrize("events", [[], ["client_exploded"], "client_created", None, ["client_created", "nonsense"]])
def test_r23_events_are_known_and_at_least_one(mock: Any, events: Any) -> None:
    """An empty list and an unknown event are refused."""
    answer = mock.owner.post("webhooks", {**mock.body("webhooks"), "events": events})
    assert "events" in str(mock.refused(answer, 400, "invalid_request"))


@pytest.mark.parametrize("name", ["source", "lastTriggered", "lastStatus", "consecutiveFailures"])
def test_r23_what_deliveries_leave_behind_is_read_only(mock: Any, name: str) -> None:
    """Source and delivery results are refused by name."""
    made = mock.owner.created("webhooks", mock.body("webhooks"))
    assert (made["source"], made["lastTriggered"], made["lastStatus"], made["consecutiveFailures"]) == ("manual", None, None, 0)
    answer = mock.owner.patch(f"webhooks/{made['id']}", {name: made[name]})
    assert name in str(mock.refused(answer, 400, "invalid_request"))


# -- deliveries -----------------------------------------------------------------------------------------------------


def test_r41_a_delivery_is_signed(live: Any, receiver: Receiver, eventually: Any) -> None:
    """The signature is HMAC-SHA256 of timestamp, dot and body under the subscription's secret; nothing else verifies."""
    marker = emit(live, "payout_paid")
    (got,) = eventually(lambda: receiver.about(marker))
    timestamp = got.headers["x-webhook-timestamp"]
    assert got.path == "/signed"
    assert timestamp == str(int(datetime.fromisoformat("2026-06-15T09:00:00+00:00").timestamp()))
    assert hmac.compare_digest(got.headers["x-signature"], signature(SECRET, timestamp, got.body))
    later = str(int(timestamp) + 1)
    for forged in (
        signature(SECRET, timestamp, got.body.replace(marker.encode(), b"tampered")),
        signature(SECRET, later, got.body),
        signature("another_secret_of_16", timestamp, got.body),
        signature(SECRET, timestamp, got.body + b" "),
    ):
        assert got.headers["x-signature"] != forged


def test_r41_a_delivery_says_what_happened(live: Any, receiver: Receiver, eventually: Any) -> None:
    """JSON with event, moment, organisation, and the object as the API shows it."""
    name = uuid.uuid4().hex
    made = live.owner.created("clients", {"name": name})
    eventually(lambda: len(receiver.about(name)) >= 2)
    got = {one.path: one for one in receiver.about(name)}
    assert set(got) == {"/signed", "/plain"}
    assert got["/signed"].headers["content-type"].startswith("application/json")
    assert json.loads(got["/signed"].body) == {
        "event": "client_created",
        "timestamp": "2026-06-15T09:00:00.000Z",
        "organizationId": NORTHLIGHT,
        "data": made,
    }


def test_r41_without_a_secret_nothing_is_signed(live: Any, receiver: Receiver, eventually: Any) -> None:
    """Neither signature nor timestamp header is there."""
    name = uuid.uuid4().hex
    live.owner.created("clients", {"name": name})
    got = eventually(lambda: [one for one in receiver.about(name) if one.path == "/plain"])[0]
    assert not {"x-signature", "x-webhook-timestamp"} & set(got.headers)


def test_r41_only_enabled_subscriptions_to_the_event_are_told(live: Any, receiver: Receiver, eventually: Any) -> None:
    """Not the disabled one, not other events' subscribers, not the other organisation."""
    expected = {
        "client_created": {"/signed", "/plain"},
        "contact_created": {"/other"},
        "payout_paid": {"/signed"},
        "timer_running_reminder": set(),
    }
    for event, paths in expected.items():
        marker = emit(live, event)
        about = [one for one in live.deliveries() if marker in one["body"]]
        assert {one["url"].removeprefix(receiver.url) for one in about} == paths
        eventually(lambda marker=marker, paths=paths: len(receiver.about(marker)) == len(paths))
        assert {one.path for one in receiver.about(marker)} == paths


def test_r41_a_disabled_subscription_hears_again_when_enabled(live: Any, receiver: Receiver, eventually: Any) -> None:
    """Enabling, new events and removal take effect at once."""
    found = subscription(live, "/disabled")
    live.owner.updated("webhooks", found["id"], enabled=True, events=["client_lost"])
    marker = emit(live, "client_lost")
    eventually(lambda: {one.path for one in receiver.about(marker)} == {"/disabled", "/other"})
    live.owner.delete(f"webhooks/{found['id']}")
    marker = emit(live, "client_lost")
    eventually(lambda: receiver.about(marker))
    assert {one["url"] for one in live.deliveries() if marker in one["body"]} == {receiver.url + "/other"}


def test_r41_a_new_secret_signs_from_then_on(live: Any, receiver: Receiver, eventually: Any) -> None:
    """A rotated secret replaces the old one, and a removed secret ends signing."""
    found, second = subscription(live, "/signed"), "whsec_test_the_second_one"
    live.owner.updated("webhooks", found["id"], secret=second)
    marker = emit(live, "payout_paid")
    (got,) = eventually(lambda: receiver.about(marker))
    assert got.headers["x-signature"] == signature(second, got.headers["x-webhook-timestamp"], got.body)
    live.owner.updated("webhooks", found["id"], secret=None)
    marker = emit(live, "payout_paid")
    (got,) = eventually(lambda: receiver.about(marker))
    assert "x-signature" not in got.headers


def test_r41_a_failed_delivery_is_tried_again(live: Any, receiver: Receiver, eventually: Any) -> None:
    """After 503 it waits a minute of the clock, then sends the same body, freshly signed, and is done."""
    marker = emit(live, "payout_failed")
    eventually(lambda: len(attempts(live, marker)) == 1)
    found = subscription(live, "/flaky")
    assert (found["lastStatus"], found["consecutiveFailures"]) == (503, 1)
    live.advance("59s")
    live.control("POST", "/deliveries/flush")
    assert len(receiver.about(marker)) == 1
    live.advance("1s")
    eventually(lambda: len(attempts(live, marker)) == 2)
    first, second = receiver.about(marker)
    assert first.body == second.body
    times = [int(one.headers["x-webhook-timestamp"]) for one in (first, second)]
    assert times[1] - times[0] == 60
    assert second.headers["x-signature"] == signature(SECRET, str(times[1]), second.body)
    found = subscription(live, "/flaky")
    assert (found["lastStatus"], found["consecutiveFailures"]) == (200, 0)
    assert found["lastTriggered"] == "2026-06-15T09:01:00.000Z"
    live.advance("30d")
    live.control("POST", "/deliveries/flush")
    assert len(receiver.about(marker)) == 2


@pytest.mark.parametrize(("event", "path", "status"), [("milestone_approaching", "/broken", 500), ("contract_viewed", "/moved", 302)])
def test_r41_retries_end(live: Any, receiver: Receiver, eventually: Any, event: str, path: str, status: int) -> None:
    """After 1, 5 and 30 more minutes it is given up; failures are counted, and a redirect is one and not followed."""
    marker = emit(live, event)
    for number, wait in enumerate(("1m", "5m", "30m", "365d"), 1):
        eventually(lambda number=number: len(attempts(live, marker)) == number)
        found = subscription(live, path)
        assert (found["lastStatus"], found["consecutiveFailures"]) == (status, number)
        live.advance(wait)
    live.control("POST", "/deliveries/flush")
    assert [one.path for one in receiver.about(marker)] == [path] * 4
    (delivery,) = [one for one in live.deliveries() if marker in one["body"]]
    assert (delivery["outcome"], delivery["due"]) == ("failed", None)


def test_r41_a_delivery_can_be_sent_again(live: Any, receiver: Receiver, eventually: Any) -> None:
    """The control plane redelivers: same id and body, one more attempt."""
    marker = emit(live, "payout_paid")
    eventually(lambda: len(attempts(live, marker)) == 1)
    (delivery,) = [one for one in live.deliveries() if marker in one["body"]]
    assert delivery["outcome"] == "delivered"
    live.control("POST", f"/deliveries/{delivery['id']}/redeliver")
    eventually(lambda: len(attempts(live, marker)) == 2)
    first, second = receiver.about(marker)
    assert (first.path, first.body) == (second.path, second.body)
    assert first.headers["x-webhook-delivery"] == second.headers["x-webhook-delivery"] == delivery["id"]


# -- what is an event -----------------------------------------------------------------------------------------------


@pytest.fixture
def heard(mock: Any) -> Callable[[], Counter[str]]:
    """Counts the events since the last question, as one subscription to every event hears them."""
    events = yaml.load((SEED.parents[2] / "spec/clientcasa/openapi.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    names = events["components"]["schemas"]["WebhookEvent"]["enum"]
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
    bill = mock.owner.created("invoices", {**mock.body("invoices"), "lineItems": lines, "dueDate": "2026-06-20"})
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
        told = [one for one in mock.deliveries("invoice_overdue") if f"2026-06-{day}T" in one["body"] and bill["id"] in one["body"]]
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
    ("resource", "event"), [("contacts", "contact_created"), ("projects", "project_created"), ("time-entries", "time_entry_created")]
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
