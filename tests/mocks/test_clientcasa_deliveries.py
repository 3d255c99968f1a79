"""Deliveries reach a real receiver: signed, only what was subscribed to, and again until they are accepted."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import uuid
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
    foreign = {
        "name": "foreign",
        "url": receiver.url + "/foreign",
        "enabled": True,
        "secret": SECRET,
        "source": "manual",
    }
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


def test_r41_a_delivery_is_signed(live: Any, receiver: Receiver, eventually: Any) -> None:
    """The signature is HMAC-SHA256 of timestamp, dot and body under the subscription's secret; no other text fits."""
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


def test_r41_only_enabled_subscriptions_to_the_event_are_told(
    live: Any, receiver: Receiver, eventually: Any
) -> None:
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


def test_r41_a_disabled_subscription_hears_again_when_enabled(
    live: Any, receiver: Receiver, eventually: Any
) -> None:
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


@pytest.mark.parametrize(
    ("event", "path", "status"),
    [("milestone_approaching", "/broken", 500), ("contract_viewed", "/moved", 302)],
)
def test_r41_retries_end(
    live: Any, receiver: Receiver, eventually: Any, event: str, path: str, status: int
) -> None:
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
