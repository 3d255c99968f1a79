"""uvicorn's HTTP protocol with the head and the body of a response in one write: one system call instead of two.

The write is the dearest thing that a small response costs. ``HttpToolsProtocol`` is uvicorn's own class for
``Config(http=...)``; what this module relies on is watched by a contract test.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["JoiningProtocol"]

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
