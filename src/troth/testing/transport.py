"""An httpx transport, for both kinds of client, that ends in the engine instead of a socket."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlencode

import anyio
import httpx

from troth.engine import Engine, Request, Response
from troth.engine.control import CONTROL_PATH, Control
from troth.engine.engine import MAX_BODY, SANDBOX_HEADER
from troth.engine.forcing import parse_prefer
from troth.engine.messages import fold_headers

__all__ = ["MockTransport"]

_BODILESS = (204, 304)


class MockTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers as the mock does over HTTP, byte for byte, except that there is no ``date`` header.

    ``Prefer: wait=…`` longer than the client's read timeout raises ``httpx.ReadTimeout`` at once; a shorter one waits.
    """

    def __init__(
        self,
        engine: Engine,
        control: Control,
        *,
        sandbox: str = "",
        prefix: str | None = None,
        asked: Mapping[str, str] | None = None,
    ) -> None:
        self._engine = engine
        self._control = control
        self._sandbox = sandbox
        self._asked = urlencode(asked or {})
        base = engine.contract.base_path
        self._move = None if prefix is None or prefix == base else (prefix, base)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.Client``."""
        body = request.read()
        wait = _wait(request)
        if wait:
            time.sleep(wait)
        return self._answer(request, body)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.AsyncClient``, on asyncio or trio."""
        body = await request.aread()
        wait = _wait(request)
        if wait:
            await anyio.sleep(wait)
        return self._answer(request, body)

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        headers = fold_headers(request.headers.raw)
        if self._sandbox:
            headers.setdefault(SANDBOX_HEADER, self._sandbox)
        path, _, query = request.url.raw_path.decode("latin-1").partition("?")
        query = "&".join(filter(None, (query, self._asked)))
        made = Request(
            request.method, self._moved(path), query, headers, body, "127.0.0.1", request.url.scheme
        )
        response = self._respond(made)
        _raise_timeout(request)
        raw = list(response.headers)
        if response.status not in _BODILESS:
            raw.append((b"content-length", str(len(response.body)).encode()))
        shown = b"" if request.method == "HEAD" else response.body
        return httpx.Response(response.status, headers=raw, stream=httpx.ByteStream(shown))

    def _respond(self, made: Request) -> Response:
        if len(made.body) > MAX_BODY:
            response = self._engine.malformed("too-large", f"The body is longer than {MAX_BODY} bytes.")
            response.headers.append((b"connection", b"close"))
            return response
        if made.path == CONTROL_PATH or made.path.startswith(CONTROL_PATH + "/"):
            return self._control.handle(made)
        return self._engine.handle(made)

    def _moved(self, path: str) -> str:
        """The path as the contract knows it, when the mock stands in for a server with another base path."""
        if self._move is None or path.startswith(CONTROL_PATH):
            return path
        prefix, base = self._move
        inside = path == prefix or path.startswith(prefix + "/")
        return base + path.removeprefix(prefix) if inside else path


def _read_timeout(request: httpx.Request) -> float | None:
    limits = request.extensions.get("timeout") or {}
    found: float | None = limits.get("read")
    return found


def _wished(request: httpx.Request) -> float:
    prefer = ", ".join(request.headers.get_list("prefer"))
    return parse_prefer(prefer).wait if prefer else 0.0


def _wait(request: httpx.Request) -> float:
    """How long to wait before answering; nothing when the client would give up first."""
    wished, limit = _wished(request), _read_timeout(request)
    return 0.0 if limit is not None and wished > limit else wished


def _raise_timeout(request: httpx.Request) -> None:
    """A server that answers too late has done its work: this comes after the request was handled."""
    wished, limit = _wished(request), _read_timeout(request)
    if limit is not None and wished > limit:
        raise httpx.ReadTimeout(
            f"The mock would have waited {wished:g} s, the client waits {limit:g} s.", request=request
        )
