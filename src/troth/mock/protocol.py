"""uvicorn's HTTP protocol, shortened for responses that are complete when they begin.

Head and body go out in one write (the dearest thing that a small response costs), and a head that the engine has made
is not checked again header by header. ``HttpToolsProtocol`` is uvicorn's own class for ``Config(http=...)``; what this
module relies on is watched by a contract test. Under any other server :func:`respond` is plain ASGI.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

__all__ = ["JoiningProtocol", "respond"]

Headers = list[tuple[bytes, bytes]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HEAD = b"HTTP/1.1 "
_INTERIM = b"HTTP/1.1 1"


class _JoiningTransport:
    """A transport that keeps a response head until the next write, flush or close."""

    __slots__ = ("_head", "_inner", "write_bytes")

    def __init__(self, inner: asyncio.Transport) -> None:
        self._inner = inner
        self._head = b""
        self.write_bytes = inner.write

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
            self.write_bytes(data)
        elif data.startswith(_HEAD) and not data.startswith(_INTERIM):
            self._head = data
        else:
            self.write_bytes(data)

    def flush(self) -> None:
        """Send a head that no body has followed: HEAD, 204, 304."""
        if self._head:
            head, self._head = self._head, b""
            self.write_bytes(head)

    def close(self) -> None:
        self.flush()
        self._inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class JoiningProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_JoiningTransport(transport))  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        self.transport.flush()  # type: ignore[attr-defined]
        super().on_response_complete()


async def respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole response; ``headers`` have lower-case names and the body's length."""
    cycle = getattr(send, "__self__", None)
    if isinstance(cycle, RequestResponseCycle) and _is_plain(cycle):
        head = _head(cycle, status, headers)
        if head is not None:
            _write(cycle, head + body)
            return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_plain(cycle: RequestResponseCycle) -> bool:
    """Whether the connection is in the state in which nearly every request finds it."""
    return cycle.keep_alive and not (cycle.disconnected or cycle.response_started or cycle.flow.write_paused)


def _head(cycle: RequestResponseCycle, status: int, headers: Headers) -> bytes | None:
    """The head of a response; None when a value would break out of its line, which uvicorn's own way refuses."""
    parts = [STATUS_LINE[status]]
    lines = 2
    for name, value in (*cycle.default_headers, *headers):
        parts += (name, b": ", value, b"\r\n")
        lines += 1
    parts.append(b"\r\n")
    head = b"".join(parts)
    return head if head.count(b"\n") == lines == head.count(b"\r") else None


def _write(cycle: RequestResponseCycle, response: bytes) -> None:
    """What ``RequestResponseCycle.send`` does at the end of a response."""
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write_bytes(response)  # type: ignore[attr-defined]
    cycle.message_event.set()
    cycle.on_response()
