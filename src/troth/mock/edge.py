"""The engine as a plain ASGI application, and the whole mock around it: API, control plane, documentation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol

from troth.contract import Match, MethodNotAllowed
from troth.engine import Engine, Request, Response
from troth.engine.control import CONTROL_PATH, Control, problem
from troth.engine.engine import MAX_BODY
from troth.engine.faults import RACES
from troth.engine.forcing import parse_prefer
from troth.engine.messages import fold_headers
from troth.mock.delivering import Courier
from troth.mock.protocol import arrived, respond, written
from troth.mock.sharing import preflight, share
from troth.mock.shell import MATCH, build_shell

__all__ = ["MockApplication", "build_application", "run_beside", "send_response"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Companion(Protocol):
    """Runs beside the application, from its start to its end."""

    def start(self) -> None: ...
    async def stop(self) -> None: ...


class _TooLargeError(Exception):
    """The body is longer than a mock reads."""


class _GoneError(Exception):
    """The client went away before its request was complete."""


async def _body(receive: Receive) -> bytes:
    """The whole body. One that is too long is read on for a while, so that its sender gets to see the refusal."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _GoneError
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return _bounded(body)
    parts, length = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        part: bytes = message.get("body", b"")
        length += len(part)
        if length <= MAX_BODY:
            parts.append(part)
        elif length > 2 * MAX_BODY:
            break
    if length > MAX_BODY:
        raise _TooLargeError
    return b"".join(parts)


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_BODY:
        raise _TooLargeError
    return body


def _request(scope: Scope) -> Request:
    client = scope.get("client")
    return Request(
        scope["method"],
        (scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        fold_headers(scope["headers"]),
        b"",
        client[0] if client else "",
        scope.get("scheme", "http"),
    )


def _races(engine: Engine, prefer: str | None) -> bool:
    """Whether a fault lets other requests in while this one is answered."""
    asked = parse_prefer(prefer).faults if prefer else frozenset[str]()
    return not RACES.isdisjoint(engine.faults | asked)


async def send_response(send: Send, response: Response, *, head: bool) -> None:
    """Head and body in one; ``head``: without the body."""
    _measure(response)
    await respond(send, response.status, response.headers, b"" if head else response.body)


def _measure(response: Response) -> None:
    if response.status not in (204, 304):  # neither has a length of its own (RFC 9110 section 8.6)
        response.headers.append((b"content-length", b"%d" % len(response.body)))


async def _send_last(send: Send, response: Response) -> None:
    """A refusal after which the connection closes; the server's own way sees to that."""
    response.headers += [(b"content-length", b"%d" % len(response.body)), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
    await send({"type": "http.response.body", "body": response.body})


async def run_beside(companions: Iterable[Companion], receive: Receive, send: Send) -> None:
    """The lifespan of an application: its companions run from start to stop."""
    await receive()
    running = list(companions)
    for companion in running:
        companion.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for companion in running:
        await companion.stop()
    await send({"type": "lifespan.shutdown.complete"})


class MockApplication:
    """The ASGI application of one mock. ``engine`` may be swapped while it runs (``--watch``)."""

    def __init__(self, engine: Engine, *, control: bool = True) -> None:
        self.engine = engine
        self.courier = Courier(engine)
        self.companions: list[Companion] = [self.courier]
        self._control = Control(engine) if control else None
        self._mount = engine.contract.mount
        self._control_path = self._mount + CONTROL_PATH
        self._shell = build_shell(self._api, engine, documented=self._control is not None)

    @property
    def controlled(self) -> bool:
        """Whether it has a control plane."""
        return self._control is not None

    def swap(self, engine: Engine) -> None:
        """Serve another engine from the next request on."""
        self._shell = build_shell(self._api, engine, documented=self._control is not None)
        self._control = Control(engine) if self._control else None
        self.courier.engine = engine
        self.engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self._control is None or not self._is_control(scope["path"]):
                await self._shell(scope, receive, send)
            else:
                await self._operate(scope, receive, send)
        elif scope["type"] == "lifespan":
            await run_beside(self.companions, receive, send)

    def _is_control(self, path: str) -> bool:
        root = self._control_path
        return (path == root or path.startswith(f"{root}/")) and not path.startswith(
            (f"{root}/ui", f"{root}/openapi")
        )

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The innermost application: one request through the engine."""
        engine = self.engine
        request = _request(scope)
        headers = request.headers
        try:
            if "content-length" in headers or "transfer-encoding" in headers:
                whole = arrived(receive)
                request.body = await _body(receive) if whole is None else _bounded(whole)
        except _GoneError:
            return
        except _TooLargeError:
            message = f"The body is longer than {MAX_BODY} bytes."
            await _send_last(send, engine.malformed("too-large", message))
            return
        if "origin" in headers and (allowed := preflight(request)):
            await send_response(send, allowed, head=False)
            return
        prefer = headers.get("prefer")
        if prefer and (wait := parse_prefer(prefer).wait):
            await asyncio.sleep(wait)
        matched: Match | MethodNotAllowed | None = scope.get(MATCH)
        if (engine.faults or prefer) and _races(engine, prefer):
            # A race takes two: what waits in the middle of one request must not hold up the loop that reads the next.
            response = await asyncio.to_thread(engine.handle, request, matched)
        else:
            response = engine.handle(request, matched)
        if engine.prompt:
            await self.courier.deliver(prompt=True)
        self.courier.wake()
        if "origin" in headers:
            share(request, response)
        _measure(response)
        body = b"" if request.method == "HEAD" else response.body
        if not written(send, response.status, response.headers, body):
            await respond(send, response.status, response.headers, body)

    async def _operate(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._control is not None  # noqa: S101 - the caller has looked
        try:
            request = _request(scope)
            request.path = request.path.removeprefix(self._mount)
            request.body = await _body(receive)
        except _GoneError:
            return
        except _TooLargeError:
            await _send_last(send, problem(413, f"The body is longer than {MAX_BODY} bytes."))
            return
        response = self._control.handle(request)
        if request.path.endswith("/deliveries/flush"):
            await self.courier.deliver()
        self.courier.wake()
        await send_response(send, response, head=request.method == "HEAD")


def build_application(engine: Engine, *, control: bool = True) -> MockApplication:
    """The ASGI application of a mock."""
    return MockApplication(engine, control=control)
