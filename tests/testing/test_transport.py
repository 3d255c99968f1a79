"""The transport: both kinds of httpx client, the control plane, waiting, other addresses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from troth.testing import Mock


def test_an_asynchronous_client_gets_the_same_answers(mock: Mock) -> None:
    """One transport serves both kinds of client."""

    async def ask() -> httpx.Response:
        async with mock.async_client() as client:
            return await client.get("/v1/clients", params={"pageSize": 3})

    there = asyncio.run(ask())
    here = mock.client().get("/v1/clients", params={"pageSize": 3})
    assert there.content == here.content
    assert there.headers == here.headers
    assert there.status_code == here.status_code == 200


def test_streamed_bodies_are_read(mock: Mock) -> None:
    """A generator as content is a body like any other, in both kinds of client."""

    def parts() -> Iterator[bytes]:
        yield b'{"name":'
        yield b'"Streamed"}'

    headers = {"content-type": "application/json"}
    assert mock.client().post("/v1/clients", content=parts(), headers=headers).json()["name"] == "Streamed"

    async def ask() -> httpx.Response:
        async def pieces():  # noqa: ANN202 - an async generator
            for part in parts():
                yield part

        async with mock.async_client() as client:
            return await client.post("/v1/clients", content=pieces(), headers=headers)

    assert asyncio.run(ask()).json()["name"] == "Streamed"


def test_head_has_the_headers_and_no_body(mock: Mock) -> None:
    """HEAD is GET without content: same status, same length, nothing after the headers."""
    client = mock.client()
    got, head = client.get("/v1/clients"), client.head("/v1/clients")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))


def test_no_content_has_no_length(mock: Mock) -> None:
    """204 carries neither body nor content-length (RFC 9110 section 8.6)."""
    client = mock.client()
    made = client.post("/v1/clients", json={"name": "Short-lived"}).json()
    gone = client.delete(f"/v1/clients/{made['id']}")
    if gone.status_code == 204:
        assert "content-length" not in gone.headers
    assert client.options("/v1/clients").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "content-length" not in client.options("/v1/clients").headers


def test_percent_encoding_and_repeated_parameters_arrive_untouched(mock: Mock) -> None:
    """The raw path and query reach the engine, as they would over HTTP."""
    client = mock.client()
    assert client.get("/v1/clients/a%2Fb").status_code == 404
    client.get("/v1/clients?status=active&status=declined&name=%C3%A9")
    assert [(e.path, e.query) for e in mock.journal] == [
        ("/api/v1/clients/a%2Fb", ""),
        ("/api/v1/clients", "status=active&status=declined&name=%C3%A9"),
    ]


def test_the_control_plane_answers_below_the_origin(mock: Mock) -> None:
    """A test that speaks REST to the mock finds ``/__troth`` in-process too."""
    client = mock.client()
    origin = httpx.URL(mock.url).join("/")
    assert client.get(origin.join("/__troth/health")).json()["status"] == "ok"
    moved = client.post(origin.join("/__troth/clock/advance"), json={"by": "1d"})
    assert moved.json()["now"] == mock.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_an_oversized_body_is_refused(mock: Mock) -> None:
    """More than the mock reads is answered as over HTTP, and the connection closes."""
    answer = mock.client().post("/v1/clients", content=b" " * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 400
    assert answer.headers["connection"] == "close"
    assert answer.json()["error"]["code"] == "invalid_request"


def test_a_wait_longer_than_the_client_waits_is_a_timeout(mock: Mock) -> None:
    """The write has happened all the same, and nobody slept."""
    client = mock.client()
    before = client.get("/v1/clients").json()["pagination"]["total"]
    with pytest.raises(httpx.ReadTimeout, match="would have waited 30 s"):
        client.post("/v1/clients", json={"name": "Late"}, headers={"prefer": "wait=30s"})
    assert client.get("/v1/clients").json()["pagination"]["total"] == before + 1


def test_a_short_wait_is_waited(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    """``Prefer: wait`` below the timeout sleeps for that long."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    answer = mock.client().get("/v1/clients", headers={"prefer": "wait=250ms"})
    assert answer.status_code == 200
    assert slept == [0.25]


def test_a_short_wait_is_waited_asynchronously(mock: Mock) -> None:
    """Other tasks run while an asynchronous request waits."""
    order: list[str] = []

    async def ask() -> None:
        async with mock.async_client() as client:
            await client.get("/v1/clients", headers={"prefer": "wait=20ms"})
        order.append("answered")

    async def other() -> None:
        order.append("ran meanwhile")

    async def both() -> None:
        await asyncio.gather(ask(), other())

    asyncio.run(both())
    assert order == ["ran meanwhile", "answered"]


def test_a_mock_can_stand_in_for_another_address(mock: Mock) -> None:
    """The path of ``url`` replaces the contract's base path; elsewhere nothing is found."""
    twin = mock.fork(url="https://api.example.com/live/")
    client = twin.client()
    assert client.get("/v1/clients").status_code == 200
    assert str(client.get("/v1/clients").request.url) == "https://api.example.com/live/v1/clients"
    assert client.get("https://api.example.com/v1/clients").status_code == 404
    assert client.get("https://api.example.com/lively/v1/clients").status_code == 404
    assert {e.path for e in twin.journal} == {"/api/v1/clients", "/v1/clients", "/lively/v1/clients"}


def test_the_transport_of_a_sandbox_stays_in_it(mock: Mock) -> None:
    """The sandbox is part of the transport, and a header of the request still chooses another."""
    client = mock.sandbox("mine").client()
    client.post("/v1/clients", json={"name": "Mine"})
    client.post("/v1/clients", json={"name": "Yours"}, headers={"x-troth-sandbox": "yours"})
    assert [len(mock.sandbox(name).journal) for name in ("mine", "yours", "")] == [1, 1, 0]
