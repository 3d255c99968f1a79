"""Recorded exchanges: what was sent and what came back, with every credential masked in what is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from troth.conformance.secrecy import bare_url, masked
from troth.conformance.worn import placed

__all__ = ["Exchange"]

_LONGEST = 8000


@dataclass(frozen=True)
class Exchange:
    """One request and its response. Response header names are in lower case."""

    principal: str
    operation: str | None
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    response_headers: Mapping[str, str]
    content: bytes
    #: Grows with the run: what turns out to be a secret later is masked as well.
    secrets: AbstractSet[str] = field(default_factory=frozenset, repr=False, compare=False)
    #: Which of the batches of a run it left with; None for one that left alone.
    batch: int | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - success (RFC 9110 section 15.3)

    @property
    def broken(self) -> bool:
        """Whether the server failed. HEAD may be refused with 501, as something that it does not do."""
        return self.status >= 500 and (self.method, self.status) != ("HEAD", 501)  # noqa: PLR2004 - server error (RFC 9110 section 15.6)

    @cached_property
    def json(self) -> Any:
        """The response body as JSON, None when it is not."""
        return parsed(self.content) if self.content else None

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query; the last of each name."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        return self.response_headers.get(name.lower())

    def as_evidence(self) -> dict[str, Any]:
        """The exchange as JSON, without credentials."""
        url, headers = placed(self.url, self.headers)
        return {
            "principal": self.principal,
            "request": {
                "method": self.method,
                "url": masked(bare_url(url), self.secrets),
                "headers": {name: masked(value, self.secrets) for name, value in headers.items()},
                "body": masked(_text(self.body), self.secrets),
            },
            "response": {
                "status": self.status,
                "headers": {
                    name: masked(value, self.secrets) for name, value in self.response_headers.items()
                },
                "body": masked(_text(self.content), self.secrets),
            },
        }


def parsed(content: bytes) -> Any:
    """A text as JSON, None when it is not. The fast parser is strict: what it refuses, the lenient one may take."""
    try:
        return orjson.loads(content)
    except ValueError:
        pass
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _text(body: bytes) -> str:
    text = body[:_LONGEST].decode("utf-8", "replace")
    return text if len(body) <= _LONGEST else f"{text}… ({len(body) - _LONGEST} more bytes)"
