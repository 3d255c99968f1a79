"""uvicorn's HTTP protocol, shortened for responses that are complete when they begin.

Head and body go out in one write (the dearest thing that a small response costs), and a head that the engine has made
is not checked again header by header. ``HttpToolsProtocol`` is uvicorn's own class for ``Config(http=...)``; what this
module relies on is watched by a contract test. Under any other server :func:`respond` is plain ASGI.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

__all__ = ["JoiningProtocol", "arrived", "respond", "written"]

Headers = list[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HEAD = b"HTTP/1.1 "
_field = b": ".join
_INTERIM = b"HTTP/1.1 1"


class _Batch:
    """The responses of one round of an event loop.

    Each write wakes whoever waits at the other end, and waking is dearer than writing: a client that is woken once
    finds all its answers.
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[_JoiningTransport] = []

    def add(self, transport: _JoiningTransport) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._release)
        self._waiting.append(transport)

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport in waiting:
            transport.release()


_batches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Batch] = WeakKeyDictionary()


class _JoiningTransport:
    """A transport that keeps a response head until the next write, flush or close."""

    __slots__ = ("_batch", "_head", "_inner", "_whole", "is_closing")

    def __init__(self, inner: asyncio.Transport, batch: _Batch) -> None:
        self._inner = inner
        self._batch = batch
        self._head = b""
        self._whole = b""
        self.is_closing = inner.is_closing

    def write_whole(self, response: bytes) -> None:
        """Write a complete response together with all that this round of the loop produces."""
        if self._whole:
            self._whole += response
        else:
            self._whole = response
            self._batch.add(self)

    def release(self) -> None:
        """Hand over what the batch has kept."""
        if self._whole:
            whole, self._whole = self._whole, b""
            self._inner.write(whole)

    def write_bytes(self, data: bytes) -> None:
        self.release()
        self._inner.write(data)

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
        self.release()
        self._inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class JoiningProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        batch = _batches.get(self.loop)
        if batch is None:
            batch = _batches[self.loop] = _Batch()
        super().connection_made(_JoiningTransport(transport, batch))  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        self.transport.flush()  # type: ignore[attr-defined]
        super().on_response_complete()


async def respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole response; ``headers`` have lower-case names and the body's length."""
    if not written(send, status, headers, body):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def written(send: Send, status: int, headers: Headers, body: bytes) -> bool:
    """Write a whole response at once where that can be done; False where it has to be sent in the server's own way."""
    cycle = getattr(send, "__self__", None)
    if isinstance(cycle, RequestResponseCycle) and _is_plain(cycle):
        head = _head(cycle, status, headers)
        if head is not None:
            _write(cycle, head + body)
            return True
    return False


def arrived(receive: Receive) -> bytes | None:
    """The whole body of a request that has come in one piece; None where one has to wait for it."""
    cycle = getattr(receive, "__self__", None)
    if (
        not isinstance(cycle, RequestResponseCycle)
        or cycle.more_body
        or cycle.disconnected
        or cycle.response_complete
        or cycle.waiting_for_100_continue
    ):
        return None
    body, cycle.body = bytes(cycle.body), bytearray()
    return body


def _is_plain(cycle: RequestResponseCycle) -> bool:
    """Whether the connection is a :class:`JoiningProtocol` in the state in which nearly every request finds it."""
    whole = cycle.keep_alive and not (cycle.disconnected or cycle.response_started or cycle.flow.write_paused)
    return whole and isinstance(cycle.transport, _JoiningTransport)


def _head(cycle: RequestResponseCycle, status: int, headers: Headers) -> bytes | None:
    """The head of a response; None when a value would break out of its line, which uvicorn's own way refuses."""
    lines = [*map(_field, cycle.default_headers), *map(_field, headers), b"\r\n"]
    head = STATUS_LINE[status] + b"\r\n".join(lines)
    return head if head.count(b"\n") == len(lines) + 1 == head.count(b"\r") else None


def _write(cycle: RequestResponseCycle, response: bytes) -> None:
    """What ``RequestResponseCycle.send`` does at the end of a response."""
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write_whole(response)  # type: ignore[attr-defined]
    cycle.message_event.set()
    cycle.on_response()
