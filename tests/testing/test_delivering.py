"""Webhook deliveries in-process: to a function, to a client, retried as the contract says."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Any

import httpx
import pytest

from troth.errors import UsageError
from troth.testing import Mock

HOOK = "https://app.test/in"
GIVEN = {"name": "Test", "url": HOOK, "events": ["client_created"]}


@pytest.fixture
def subscribed(mock: Mock) -> Mock:
    made = mock.client().post("/v1/webhooks", json=GIVEN)
    assert made.status_code == 201, made.text
    return mock


def test_a_function_gets_each_due_delivery_once(subscribed: Mock) -> None:
    """The function sees the request as it would arrive; returning nothing accepts it."""
    subscribed.client().post("/v1/clients", json={"name": "Told"})
    seen: list[httpx.Request] = []
    sent = subscribed.deliver(seen.append, below=HOOK)
    assert [d.outcome for d in sent] == ["delivered"]
    assert [str(r.url) for r in seen] == [HOOK]
    assert seen[0].headers["content-type"] == "application/json"
    assert b'"Told"' in seen[0].content
    assert subscribed.deliver(seen.append, below=HOOK) == []
    assert [d.id for d in subscribed.deliveries if d.url == HOOK] == [d.id for d in sent]


def test_deliveries_are_signed_as_the_contract_says(mock: Mock) -> None:
    """HMAC-SHA256 over timestamp and body, recomputed here by hand."""
    made = mock.client().post(
        "/v1/webhooks",
        json={"url": HOOK, "name": "Test", "events": ["client_created"], "secret": "s3cret-value-0001"},
    )
    assert made.status_code == 201, made.text
    mock.client().post("/v1/clients", json={"name": "Signed"})
    seen: list[httpx.Request] = []
    mock.deliver(seen.append, below=HOOK)
    (request,) = seen
    content = request.headers["x-webhook-timestamp"].encode() + b"." + request.content
    expected = hmac.new(b"s3cret-value-0001", content, hashlib.sha256).hexdigest()
    assert request.headers["x-signature"] == f"sha256={expected}"


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        (200, "delivered", 200),
        (httpx.Response(299), "delivered", 299),
        (302, "pending", 302),
        (500, "pending", 500),
    ],
)
def test_the_answer_decides_the_outcome(subscribed: Mock, answer: Any, outcome: str, status: int) -> None:
    """2xx is accepted; everything else, redirects too, is tried again later."""
    subscribed.client().post("/v1/clients", json={"name": "Told"})
    (delivery,) = subscribed.deliver(lambda _request: answer, below=HOOK)
    assert delivery.outcome == outcome
    assert [a.status for a in delivery.attempts] == [status]


def test_retries_wait_for_the_clock_and_end(subscribed: Mock) -> None:
    """1, 5 and 30 minutes after a failure, then the delivery has failed for good."""
    subscribed.client().post("/v1/clients", json={"name": "Never"})
    pauses = []
    for pause in ("0s", "1m", "5m", "30m"):
        assert subscribed.deliver(lambda _request: 500, below=HOOK) == [] or pause == "0s"
        subscribed.advance(pause)
        pauses.append(len(subscribed.deliver(lambda _request: 500, below=HOOK)))
    (delivery,) = (d for d in subscribed.deliveries if d.url == HOOK)
    assert delivery.outcome == "failed"
    assert len(delivery.attempts) == 4
    subscribed.advance("1w")
    assert subscribed.deliver(lambda _request: 200, below=HOOK) == []


def test_a_client_that_cannot_connect_is_a_failed_attempt(subscribed: Mock) -> None:
    """The error is recorded with the attempt and on the subscription."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    subscribed.client().post("/v1/clients", json={"name": "Unheard"})
    with httpx.Client(transport=httpx.MockTransport(refuse)) as client:
        (delivery,) = subscribed.deliver(client, below=HOOK)
    assert delivery.attempts[0].error == "ConnectError: refused"
    assert delivery.attempts[0].status is None
    rows = subscribed.client().get("/v1/webhooks?pageSize=100").json()["data"]
    assert [row["consecutiveFailures"] for row in rows if row["url"] == HOOK] == [1]


def test_an_assertion_in_the_function_reaches_the_test(subscribed: Mock) -> None:
    """What the test's own code raises is not swallowed, and the attempt is recorded."""
    subscribed.client().post("/v1/clients", json={"name": "Wrong"})

    def check(_request: httpx.Request) -> None:
        raise AssertionError("not what I expected")

    with pytest.raises(AssertionError, match="not what I expected"):
        subscribed.deliver(check, below=HOOK)
    assert [len(d.attempts) for d in subscribed.deliveries if d.url == HOOK] == [1]


def test_an_application_in_process_can_be_told(subscribed: Mock) -> None:
    """An asynchronous client with an ASGI transport is the application's own front door."""
    bodies: list[bytes] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert scope["path"] == "/in"
        bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def deliver() -> list[str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application)) as client:
            return [d.outcome for d in await subscribed.deliver_async(client, below=HOOK)]

    subscribed.client().post("/v1/clients", json={"name": "Inside"})
    assert asyncio.run(deliver()) == ["delivered"]
    assert b'"Inside"' in bodies[0]


def test_a_receiver_may_call_the_api_back(subscribed: Mock) -> None:
    """Nothing is locked while a delivery is on its way."""
    client = subscribed.client()
    made = client.post("/v1/clients", json={"name": "Echo"}).json()

    def read_back(_request: httpx.Request) -> int:
        return client.get(f"/v1/clients/{made['id']}").status_code

    assert [d.attempts[0].status for d in subscribed.deliver(read_back, below=HOOK)] == [200]


def test_an_event_can_be_triggered(subscribed: Mock) -> None:
    """With given data or about a stored row; the number of deliveries comes back."""
    assert subscribed.trigger("client_created", data={"hello": "there"}) >= 1
    row = subscribed.client().get("/v1/clients").json()["data"][0]
    assert subscribed.trigger("client_created", resource="clients", identifier=row["id"]) >= 1
    assert subscribed.trigger("client_created", tenant="thornfield", data={}) >= 0
    with pytest.raises(UsageError, match="no tenant 'thornfeld'"):
        subscribed.trigger("client_created", tenant="thornfeld")
    seen: list[httpx.Request] = []
    subscribed.deliver(seen.append, below=HOOK)
    assert len(seen) == 2
    assert b'"hello":"there"' in seen[0].content
    assert row["name"].encode() in seen[1].content
