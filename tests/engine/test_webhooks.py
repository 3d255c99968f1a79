"""Subscriptions and their deliveries: confirmed, expired, switched off, in order, in modes, given up and revived."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from troth.testing import Mock

BEACON = Path(__file__).resolve().parents[1] / "conformance" / "beacon" / "openapi.yaml"
HOOK = "https://app.test/in"
Row = dict[str, Any]


class Receiver:
    """A receiver that repeats the secret of a handshake; ``answers`` are statuses, the last one for good."""

    def __init__(self) -> None:
        self.got: list[httpx.Request] = []
        self.answers: list[int | httpx.Response] = [204]
        self.agrees = True

    def __call__(self, request: httpx.Request) -> httpx.Response:
        secret = request.headers.get("x-hook-secret")
        if secret is not None:
            return httpx.Response(200, headers={"x-hook-secret": secret} if self.agrees else {})
        self.got.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(answer) if isinstance(answer, int) else answer

    @property
    def events(self) -> list[str]:
        return [json.loads(request.content)["type"] for request in self.got]


class Beacon:
    """The API, its control plane and a receiver in one place."""

    def __init__(self, mock: Mock) -> None:
        self.mock, self.receiver, self.http = mock, Receiver(), mock.client()

    def hook(self, *events: str, **more: Any) -> Row:
        given = {"url": HOOK, "about": "note", "events": list(events or ["*"]), **more}
        answer = self.http.post("/hooks", json=given)
        assert answer.status_code == 201, answer.text
        found: Row = answer.json()
        return found

    def confirmed(self, *events: str, **more: Any) -> Row:
        made = self.hook(*events, **more)
        self.deliver()
        return made

    def note(self, **given: Any) -> Row:
        found: Row = self.http.post("/notes", json={"text": "one", **given}).json()
        return found

    def change(self, note: Row, **changes: Any) -> None:
        assert self.http.patch(f"/notes/{note['id']}", json=changes).status_code == 200

    def deliver(self) -> list[Any]:
        return self.mock.deliver(self.receiver, below="https://app.test")

    def shown(self, hook: Row) -> Row:
        found: Row = self.http.get(f"/hooks/{hook['id']}").json()
        return found

    def control(self, method: str, path: str, body: Any = None) -> Row:
        answer = self.http.request(method, self.http.base_url.join(f"/__troth{path}"), json=body)
        assert answer.is_success, answer.text
        found: Row = answer.json()
        return found

    def outcomes(self) -> list[str]:
        return [delivery.outcome for delivery in self.mock.deliveries]


@pytest.fixture(scope="module")
def made() -> Mock:
    return Mock(str(BEACON), seed=7, empty=True)


@pytest.fixture
def beacon(made: Mock) -> Beacon:
    made.reset()
    return Beacon(made)


# -- the secret and the handshake -------------------------------------------------------------------------------------


def test_a_secret_is_shown_once(beacon: Beacon) -> None:
    """The answer to the create has it; reading, listing and changing never do."""
    hook = beacon.hook()
    assert hook["secret"].startswith("whsec_")
    shown = [
        beacon.shown(hook),
        *beacon.http.get("/hooks").json(),
        beacon.http.patch(f"/hooks/{hook['id']}", json={"events": ["late"]}).json(),
    ]
    assert len(shown) == 3
    assert hook["secret"] not in json.dumps(shown)
    assert all("secret" not in one for one in shown)


def test_a_secret_that_is_brought_is_kept(beacon: Beacon) -> None:
    """Otherwise each subscription gets its own."""
    given = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
    assert beacon.hook(secret=given)["secret"] == given
    assert beacon.hook()["secret"] != beacon.hook()["secret"]


def test_a_subscription_is_pending_until_its_receiver_agrees(beacon: Beacon) -> None:
    """The first request carries the secret; without the echo nothing is delivered, with it everything is."""
    beacon.receiver.agrees = False
    hook = beacon.confirmed()
    assert beacon.shown(hook)["status"] == "pending"
    beacon.note()
    assert beacon.deliver() == []
    beacon.receiver.agrees = True
    second = beacon.confirmed()
    assert beacon.shown(second)["status"] == "enabled"
    beacon.note()
    beacon.deliver()
    assert beacon.receiver.events == ["note.created"]


def test_the_second_step_can_come_later(beacon: Beacon) -> None:
    """The control plane switches a pending subscription on."""
    beacon.receiver.agrees = False
    hook = beacon.confirmed()
    beacon.control("POST", f"/subscriptions/{hook['id']}/activate")
    assert beacon.shown(hook)["status"] == "enabled"


def test_a_handshake_that_fails_is_tried_again(beacon: Beacon) -> None:
    """By the same schedule as deliveries."""
    hook = beacon.hook()
    beacon.mock.deliver(lambda _request: 500, below=HOOK)
    assert beacon.shown(hook)["status"] == "pending"
    beacon.mock.advance("5s")
    beacon.deliver()
    assert beacon.shown(hook)["status"] == "enabled"


# -- signatures -------------------------------------------------------------------------------------------------------


def test_a_delivery_is_signed_as_standard_webhooks_has_it(
    beacon: Beacon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package verifies it with the secret that the create showed; the id stays over retries, the time does not."""
    hook = beacon.confirmed("created")
    beacon.receiver.answers = [500, 204]
    beacon.note()
    beacon.deliver()
    beacon.mock.advance("5s")
    beacon.deliver()
    first, second = beacon.receiver.got
    for request in (first, second):
        moment = int(request.headers["webhook-timestamp"])
        monkeypatch.setattr("standardwebhooks.webhooks.datetime", _At(moment))
        Webhook(hook["secret"]).verify(request.content, dict(request.headers))
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 5
    assert first.content == second.content


class _At:
    """A ``datetime`` whose now is the mock's: its clock stands on a day of its own."""

    def __init__(self, moment: int) -> None:
        self._moment = moment

    def now(self, tz: Any = None) -> Any:
        from datetime import datetime  # noqa: PLC0415 - the real one

        return datetime.fromtimestamp(self._moment, tz)

    def fromtimestamp(self, moment: float, tz: Any = None) -> Any:
        from datetime import datetime  # noqa: PLC0415 - the real one

        return datetime.fromtimestamp(moment, tz)


def test_a_replaced_secret_signs_for_an_hour_more(beacon: Beacon) -> None:
    """Two signatures while they overlap, one after that."""
    hook = beacon.confirmed("created")
    beacon.http.patch(f"/hooks/{hook['id']}", json={"secret": "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"})
    counts = []
    for _ in range(2):
        beacon.note()
        beacon.deliver()
        counts.append(len(beacon.receiver.got[-1].headers["webhook-signature"].split()))
        beacon.mock.advance("1h")
    assert counts == [2, 1]


# -- who is told ------------------------------------------------------------------------------------------------------


def test_an_expired_subscription_hears_nothing(beacon: Beacon) -> None:
    now = beacon.control("GET", "/clock")["now"]
    day = int(now[8:10])
    beacon.confirmed("created", expiresAt=f"{now[:8]}{day + 1:02d}{now[10:]}")
    beacon.note()
    beacon.mock.advance("23h")
    beacon.note()
    beacon.mock.advance("1h")
    beacon.note()
    beacon.deliver()
    assert beacon.receiver.events == []  # what waited past the end is called off as well
    assert beacon.outcomes()[1:] == ["cancelled", "cancelled"]


def test_what_waits_for_a_removed_subscription_is_called_off(beacon: Beacon) -> None:
    """A retry is not sent to whoever has left or was suspended meanwhile."""
    for leave in (
        lambda hook: beacon.http.delete(f"/hooks/{hook['id']}"),
        lambda hook: beacon.http.patch(f"/hooks/{hook['id']}", json={"status": "suspended"}),
    ):
        hook = beacon.confirmed("created")
        beacon.receiver.answers = [500]
        beacon.note()
        beacon.deliver()
        count = len(beacon.receiver.got)
        leave(hook)
        beacon.mock.advance("1h")
        beacon.deliver()
        assert len(beacon.receiver.got) == count
        assert beacon.outcomes()[-1] == "cancelled"


def test_failures_in_a_row_switch_a_subscription_off(beacon: Beacon) -> None:
    """The fourth one does; a success in between starts the count again."""
    hook = beacon.confirmed("created")
    beacon.receiver.answers = [500, 500, 204, 500, 500, 500, 500]
    for _ in range(3):
        beacon.note()
        for pause in ("0s", "5s", "5m"):
            beacon.mock.advance(pause)
            beacon.deliver()
    assert beacon.shown(hook)["status"] == "suspended"
    assert len(beacon.receiver.got) == 7
    assert beacon.outcomes()[-2:] == ["failed", "cancelled"]


def test_410_ends_a_subscription_at_once(beacon: Beacon) -> None:
    hook = beacon.confirmed("created")
    beacon.receiver.answers = [410]
    beacon.note()
    beacon.deliver()
    assert beacon.shown(hook)["status"] == "suspended"


def test_a_receiver_that_asks_for_time_gets_it(beacon: Beacon) -> None:
    """Retry-After on 429 is longer than the schedule, so it is kept."""
    beacon.confirmed("created")
    beacon.receiver.answers = [httpx.Response(429, headers={"retry-after": "60"}), 204]
    beacon.note()
    for pause, count in (("0s", 1), ("59s", 1), ("1s", 2)):
        beacon.mock.advance(pause)
        beacon.deliver()
        assert len(beacon.receiver.got) == count


# -- order and modes --------------------------------------------------------------------------------------------------


def test_deliveries_keep_their_order(beacon: Beacon) -> None:
    """While one is tried again, the next waits."""
    beacon.confirmed("created", "updated")
    beacon.receiver.answers = [500, 204]
    note = beacon.note()
    beacon.change(note, text="two")
    for pause in ("0s", "4s", "1s", "0s"):
        beacon.mock.advance(pause)
        beacon.deliver()
    assert beacon.receiver.events == ["note.created", "note.created", "note.updated"]


def test_a_debounced_subscription_hears_the_last_word(beacon: Beacon) -> None:
    """Changes of one note within two seconds are one delivery; another note has its own."""
    beacon.confirmed("updated", mode="smart")
    one, two = beacon.note(), beacon.note()
    for text in ("a", "b", "c"):
        beacon.change(one, text=text)
        beacon.mock.advance("1s")
    beacon.change(two, text="d")
    beacon.mock.advance("1s")
    due = beacon.control("POST", "/deliveries/flush")["due"]
    assert due == 0 or beacon.mock.deliveries
    beacon.mock.advance("2s")
    for _ in range(2):
        beacon.deliver()
    assert [json.loads(one.content)["data"]["text"] for one in beacon.receiver.got] == ["c", "d"]
    beacon.change(one, text="e")
    beacon.mock.advance("2s")
    beacon.deliver()
    assert beacon.receiver.events == ["note.updated"] * 3


# -- the control plane ------------------------------------------------------------------------------------------------


def test_dead_letters_can_be_read_and_sent_again(beacon: Beacon) -> None:
    """What was given up is there with its attempts, narrowed by event, and leaves when it arrives."""
    beacon.confirmed("created", "deleted")
    beacon.receiver.answers = [500]
    beacon.note()
    for pause in ("0s", "5s", "5m"):
        beacon.mock.advance(pause)
        beacon.deliver()
    (dead,) = beacon.control("GET", "/dead-letters")["deadLetters"]
    assert (dead["event"], len(dead["attempts"])) == ("note.created", 3)
    assert beacon.control("GET", "/dead-letters?event=note.deleted")["deadLetters"] == []
    beacon.receiver.answers = [204]
    assert beacon.control("POST", "/dead-letters/redeliver")["redelivering"] == [dead["id"]]
    beacon.deliver()
    assert beacon.control("GET", "/dead-letters")["deadLetters"] == []
    assert beacon.control("GET", "/deliveries?outcome=delivered&event=note.created&limit=1")["deliveries"]


def test_receivers_can_be_led_elsewhere(beacon: Beacon) -> None:
    """What goes to a name that does not resolve is due as soon as the control plane says where it leads."""
    beacon.confirmed("created")
    beacon.note()
    assert beacon.control("POST", "/deliveries/flush")["due"] == 0
    beacon.control("PUT", "/receivers", {"receivers": {"https://app.test": "http://127.0.0.1:9"}})
    beacon.note()
    assert beacon.control("POST", "/deliveries/flush")["due"] == 1
    assert beacon.control("GET", "/receivers")["receivers"] == {"https://app.test": "http://127.0.0.1:9"}
    answer = beacon.http.put(
        beacon.http.base_url.join("/__troth/receivers"), json={"receivers": {"app": "http://127.0.0.1:9"}}
    )
    assert answer.status_code == 400
    assert "'app' is not an http(s) URL" in answer.json()["detail"]


def test_the_control_plane_subscribes_past_the_api(beacon: Beacon) -> None:
    """A row like any other: the API shows it, its receiver is greeted, and it can be taken back."""
    made = beacon.control("POST", "/subscriptions", {"url": HOOK, "events": ["note.created", "note.late"]})
    assert (made["state"], made["events"]) == ("pending", ["note.created", "note.late"])
    assert beacon.shown(made)["events"] == ["created", "late"]
    beacon.deliver()
    assert beacon.control("GET", "/subscriptions")["subscriptions"][0]["state"] == "active"
    beacon.note()
    beacon.deliver()
    assert beacon.receiver.events == ["note.created"]
    beacon.control("DELETE", f"/subscriptions/{made['id']}")
    assert beacon.http.get("/hooks").json() == []


def test_a_handshake_without_an_api_for_subscriptions(tmp_path: Path) -> None:
    """Subscriptions of the control plane are pending as well, end when they say so, and sign the body alone."""
    text = BEACON.read_text(encoding="utf-8")
    start, end = text.index("    resource: hooks\n"), text.index("    payload: {type")
    text = text[:start] + "    subscriptions: control\n" + text[end:]
    text = text.replace(
        "signing: {profile: standard-webhooks, tolerance: 5m, overlap: 1h}", "signing: {profile: body}"
    )
    path = tmp_path / "controlled.yaml"
    path.write_text(text.replace("    ordered: true\n", ""), encoding="utf-8")
    beacon = Beacon(Mock(str(path), seed=7, empty=True))
    given = {"url": HOOK, "secret": "s3cret", "expires": "2026-06-16T09:00:00Z"}
    made = beacon.control("POST", "/subscriptions", given)
    assert made["state"] == "pending"
    beacon.deliver()
    beacon.note()
    beacon.deliver()
    (request,) = beacon.receiver.got
    expected = hmac.new(b"s3cret", request.content, hashlib.sha256).hexdigest()
    assert request.headers["x-hook-signature"] == expected
    beacon.mock.advance("1d")
    beacon.note()
    assert beacon.deliver() == []


def test_no_secret_is_read_from_behind(beacon: Beacon) -> None:
    """The journal has the create and its answer, the log of deliveries the handshake, and neither the secret."""
    secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
    beacon.confirmed(secret=secret)
    shown = [
        beacon.control("GET", "/journal"),
        beacon.control("GET", "/deliveries"),
        beacon.control("GET", "/subscriptions"),
    ]
    assert '"POST"' in json.dumps(shown[0])
    assert "x-hook-secret" in json.dumps(shown[1])
    assert secret not in json.dumps(shown)
