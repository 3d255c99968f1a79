"""Clio's webhooks: agreed on by a handshake, signed over the body alone, ended by a date."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from troth.testing import Mock

HOOK = "https://intake.test/clio"
SECRET = "a_secret_of_the_firm"


@pytest.fixture(scope="module")
def served() -> Mock:
    return Mock("clio", seed=7)


@pytest.fixture
def clio(served: Mock) -> Mock:
    served.reset()
    return served


def listen(clio: Mock, *events: str, **more: Any) -> dict[str, Any]:
    given = {"tenant": "halden", "url": HOOK, "events": list(events), "secret": SECRET, **more}
    with clio.client() as http:
        answer = http.post(http.base_url.join("/__troth/subscriptions"), json=given)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


def write(clio: Mock) -> None:
    """A task of the firm, made and finished."""
    http = clio.client("halden-partner")
    user = http.get("/users.json?limit=1&fields=id").json()["data"][0]["id"]
    body = {"data": {"name": "File the brief", "description": "x", "assignee": {"id": user, "type": "User"}}}
    made = http.post("/tasks.json", json=body)
    assert made.status_code == 201, made.text
    changed = http.patch(f"/tasks/{made.json()['data']['id']}.json", json={"data": {"status": "complete"}})
    assert changed.status_code == 200, changed.text


def test_a_receiver_must_repeat_the_secret(clio: Mock) -> None:
    """The first request carries it; a receiver that only says 200 is told nothing."""
    listen(clio, "task.created")
    seen: list[httpx.Request] = []
    clio.deliver(seen.append, below=HOOK)
    assert seen[0].headers["x-hook-secret"] == SECRET
    write(clio)
    assert clio.deliver(seen.append, below=HOOK) == []


def test_deliveries_are_signed_over_the_body(clio: Mock) -> None:
    """Only the events that were asked for, each with the row and the name of the event."""
    listen(clio, "task.created", "task.updated")
    seen: list[httpx.Request] = []

    def agree(request: httpx.Request) -> httpx.Response:
        if "x-hook-secret" in request.headers:
            return httpx.Response(200, headers={"X-Hook-Secret": request.headers["x-hook-secret"]})
        seen.append(request)
        return httpx.Response(200)

    clio.deliver(agree, below=HOOK)
    write(clio)
    clio.deliver(agree, below=HOOK)
    payloads = [json.loads(request.content) for request in seen]
    assert [payload["meta"]["event"] for payload in payloads] == ["task.created", "task.updated"]
    assert payloads[1]["data"]["status"] == "complete"
    for request in seen:
        expected = hmac.new(SECRET.encode(), request.content, hashlib.sha256).hexdigest()
        assert request.headers["x-hook-signature"] == expected


def test_the_second_step_can_come_later_and_the_end_by_date(clio: Mock) -> None:
    """A pending subscription is switched on by hand; after its date it hears nothing."""
    made = listen(clio, "task.created", expires="2026-06-16T09:00:00Z")
    assert made["state"] == "pending"
    with clio.client() as http:
        control = http.base_url.join(f"/__troth/subscriptions/{made['id']}/activate")
        assert http.post(control).json() == {"active": made["id"]}
    seen: list[httpx.Request] = []
    write(clio)
    clio.deliver(seen.append, below=HOOK)
    assert len(seen) == 1
    clio.advance("1d")
    write(clio)
    assert clio.deliver(seen.append, below=HOOK) == []
