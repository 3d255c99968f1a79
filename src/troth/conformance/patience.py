"""How long an answer may take, as a whole: a server that sends a byte now and then, or without end, is not waited for.

The timeouts of httpx are for one read; what is set here begins when a request has left.
"""

from __future__ import annotations

import ssl
import time
from typing import Any

import httpcore
import httpx

__all__ = ["PatientTransport"]

_LONGEST = 30.0
_LARGEST = 64 * 1024 * 1024


class PatientTransport(httpx.HTTPTransport):
    """httpx's network, with an end to every answer."""

    def __init__(self, longest: float = _LONGEST, largest: int = _LARGEST) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        super().__init__(context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_Backend(longest, largest),
        )


class _Backend(httpcore.SyncBackend):
    """Sockets whose answers are limited."""

    def __init__(self, longest: float, largest: int) -> None:
        self._limits = longest, largest

    def connect_tcp(self, *given: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*given, **options), *self._limits)


class _Stream(httpcore.NetworkStream):
    """A socket: what is read after a write is one answer."""

    def __init__(self, stream: httpcore.NetworkStream, longest: float, largest: int) -> None:
        self._stream = stream
        self._longest = longest
        self._largest = largest
        self._end = time.monotonic() + longest
        self._taken = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(f"the answer takes more than {self._longest:g} s")
        found = self._stream.read(max_bytes, left if timeout is None else min(left, timeout))
        self._taken += len(found)
        if self._taken > self._largest:
            raise httpcore.ReadError(f"the answer is longer than {self._largest} bytes")
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._end, self._taken = time.monotonic() + self._longest, 0

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Stream(secure, self._longest, self._largest)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()
