"""How requests travel: over the network by httpx, or straight into an engine of this process."""

from __future__ import annotations

import json as text
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from troth.conformance.worn import placed
from troth.engine import Engine, Request, Response
from troth.engine.control import CONTROL_PATH, Control
from troth.engine.engine import SANDBOX_HEADER
from troth.engine.messages import fold_headers

__all__ = ["Connection", "Loopback", "Receiver", "Reply"]

_FAILED = 400


class Reply(Protocol):
    """What came back. Header names are looked up in lower case."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...
    def json(self) -> Any:
        """The body, parsed. Raises ValueError."""

    def raise_for_status(self) -> Any:
        """Raises httpx.HTTPError unless the status says success."""


class Connection(Protocol):
    """An ``httpx.Client``, or something that answers like one."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
    ) -> Reply:
        """One exchange. Raises httpx.HTTPError when there is no answer."""

    def close(self) -> None:
        """Nothing is asked any more."""


class Receiver(Protocol):
    """Who takes deliveries."""

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Take one request; gives status and headers of the answer."""


@dataclass(slots=True)
class _Answer:
    status_code: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return text.loads(self.content)

    def raise_for_status(self) -> None:
        if self.status_code >= _FAILED:
            raise httpx.HTTPError(f"{self.status_code} {self.content.decode('utf-8', 'replace')[:200]}")


class Loopback:
    """A connection that ends in an engine: no socket, no HTTP parser, the same bytes as over the network."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._control = Control(engine)
        #: Who takes the deliveries of a sandbox to the URLs that begin with ``public``.
        self.receivers: dict[str, Receiver] = {}
        self.public = ""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
    ) -> Reply:
        url, headers = placed(url, headers or {})
        parts = urlsplit(url)
        body = content if content is not None else b"" if json is None else text.dumps(json).encode()
        given = {name.lower(): value for name, value in headers.items()}
        made = Request(method, parts.path, parts.query, given, body, "127.0.0.1")
        response = self.handled(made, given.get(SANDBOX_HEADER, ""))
        shown = b"" if method == "HEAD" else response.body
        return _Answer(response.status, fold_headers(response.headers), shown)

    def handled(self, made: Request, sandbox: str) -> Response:
        """What the engine answers; what is due by then has been delivered."""
        controlled = made.path == CONTROL_PATH or made.path.startswith(CONTROL_PATH + "/")
        response = self._control.handle(made) if controlled else self.engine.handle(made)
        if sandbox in self.receivers and (self.engine.prompt or made.path.endswith("/deliveries/flush")):
            self._deliver(self.receivers[sandbox], sandbox, prompt=not controlled)
        return response

    def _deliver(self, receiver: Receiver, sandbox: str, *, prompt: bool) -> None:
        """Send what is due in one sandbox until nothing is, as a server would."""
        state, sender = self.engine.state(sandbox), self.engine.program().sender
        while due := sender.due(state, prompt=prompt):
            for delivery in due:
                headers = sender.headers(state, delivery)
                status, answered, error = None, dict[str, str](), "nobody listens there"
                if delivery.url.startswith(f"{self.public}/"):
                    path = delivery.url[len(self.public) :]
                    status, answered = receiver.take(path, headers, delivery.body)
                self.engine.delivered(
                    state, delivery, headers, status, error if status is None else None, answered
                )

    def close(self) -> None:
        """Nothing to close."""
