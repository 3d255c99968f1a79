"""The shortened way out of uvicorn: what it relies on exists, and what it writes is a response."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import httpx
import pytest
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from troth.mock.protocol import JoiningProtocol, _Batch, _head, _JoiningTransport, respond


class Cycle:
    """As much of a cycle as a head needs."""

    default_headers = ((b"date", b"now"),)


def test_uvicorn_has_what_is_used() -> None:
    """The names that the module touches, in the version that is installed."""
    assert issubclass(JoiningProtocol, HttpToolsProtocol)
    source = inspect.getsource(RequestResponseCycle)
    for name in (
        "keep_alive", "disconnected", "response_started", "response_complete", "waiting_for_100_continue",
        "message_event", "on_response", "default_headers", "transport", "flow", "more_body", "body",
    ):  # fmt: skip
        assert f"self.{name}" in source, name
    assert callable(HttpToolsProtocol.on_response_complete)


def test_a_head_has_a_line_for_each_header() -> None:
    """RFC 9112 section 2.1: status line, fields, an empty line."""
    head = _head(Cycle(), 200, [(b"content-length", b"2")])  # type: ignore[arg-type]
    assert head == b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 2\r\n\r\n"


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb"])
def test_a_value_cannot_break_out_of_its_line(value: bytes) -> None:
    """Such a head is not written this way."""
    assert _head(Cycle(), 200, [(b"x", value)]) is None  # type: ignore[arg-type]


class Wire:
    """A transport that notes what is written and when it is closed."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.seen.append(data)

    def close(self) -> None:
        self.seen.append(b"closed")

    def is_closing(self) -> bool:
        return False


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_responses_of_one_round_leave_together(anyio_backend: str) -> None:
    """Nothing is written while the round lasts; then each connection gets its responses in one write, in order."""
    batch = _Batch()
    wires = [Wire(), Wire()]
    first, second = (_JoiningTransport(wire, batch) for wire in wires)  # type: ignore[arg-type]
    first.write_whole(b"1")
    second.write_whole(b"2")
    first.write_whole(b"3")
    assert [wire.seen for wire in wires] == [[], []], anyio_backend
    await asyncio.sleep(0)
    assert [wire.seen for wire in wires] == [[b"13"], [b"2"]]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_waits_goes_before_anything_else(anyio_backend: str) -> None:
    """A response in pieces, or the end of the connection, does not overtake one that waits."""
    wire = Wire()
    joined = _JoiningTransport(wire, _Batch())  # type: ignore[arg-type]
    joined.write_whole(b"1")
    joined.write(b"HTTP/1.1 200 OK")
    joined.write(b"body")
    joined.write_whole(b"2")
    joined.close()
    await asyncio.sleep(0)
    assert wire.seen == [b"1", b"HTTP/1.1 200 OKbody", b"2", b"closed"], anyio_backend


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_any_other_server_gets_plain_asgi(anyio_backend: str) -> None:
    """Two messages, as the specification says."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await respond(send, 200, [(b"content-length", b"2")], b"{}")
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"], (
        anyio_backend
    )


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_stock_uvicorn_gets_plain_asgi(anyio_backend: str) -> None:
    """Its own protocol has the same cycle, but a transport that joins nothing."""
    server = Server(Config(_hello, port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells in no other way
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient() as client:
        answers = [await client.get(f"http://127.0.0.1:{port}/") for _ in range(2)]
    server.should_exit = True
    await serving
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "{}")] * 2, anyio_backend


async def _hello(_scope: Any, _receive: Any, send: Any) -> None:
    await respond(send, 200, [(b"content-length", b"2")], b"{}")
