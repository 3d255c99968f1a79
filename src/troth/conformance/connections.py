"""How requests travel: over the network by httpx, or straight into an engine of this process."""

from __future__ import annotations

import json as text
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from troth.engine import Engine, Request
from troth.engine.control import CONTROL_PATH, Control
from troth.engine.messages import fold_headers

__all__ = ["Connection", "Loopback", "Reply"]

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

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
    ) -> Reply:
        parts = urlsplit(url)
        body = content if content is not None else b"" if json is None else text.dumps(json).encode()
        given = {name.lower(): value for name, value in (headers or {}).items()}
        made = Request(method, parts.path, parts.query, given, body, "127.0.0.1")
        controlled = parts.path == CONTROL_PATH or parts.path.startswith(CONTROL_PATH + "/")
        response = self._control.handle(made) if controlled else self.engine.handle(made)
        shown = b"" if method == "HEAD" else response.body
        return _Answer(response.status, fold_headers(response.headers), shown)

    def close(self) -> None:
        """Nothing to close."""
