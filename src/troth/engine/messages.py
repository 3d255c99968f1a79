"""Requests and responses as the engine sees them: no framework, no sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

__all__ = ["Request", "Response", "compact", "dump", "fold_headers"]


def dump(value: Any) -> bytes:
    """Compact JSON in UTF-8; what is not a JSON value becomes its text."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a whole number of more than 64 bits
        return json.dumps(value, default=_fragment, ensure_ascii=False, separators=(",", ":")).encode()


def _fragment(value: Any) -> Any:
    return json.loads(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else str(value)


def compact(text: bytes) -> bytes:
    """The same bytes without the buffer that they were written in: orjson keeps 4 KiB behind a short text."""
    return bytes(memoryview(text))


@lru_cache(maxsize=512)
def _name(raw: bytes) -> str:
    return raw.decode("latin-1").lower()


def fold_headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header fields by lower-case name; repeated ones are joined as RFC 9110 section 5.3 and RFC 6265 say."""
    headers = {_name(name): value.decode("latin-1") for name, value in raw}
    if len(headers) == len(raw):
        return headers
    headers.clear()
    for raw_name, raw_value in raw:
        name, value = _name(raw_name), raw_value.decode("latin-1")
        if name in headers:
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
    return headers


@dataclass(slots=True)
class Request:
    """One request. ``path`` is still percent-encoded and includes the base path; header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = ""
    scheme: str = "http"

    def pairs(self) -> list[tuple[str, str]]:
        """The decoded query parameters in order, empty values kept."""
        return parse_qsl(self.query, keep_blank_values=True, errors="replace") if self.query else []


@dataclass(slots=True)
class Response:
    """One response. Header names are lower-case bytes, as ASGI wants them; a body has its content type in them."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        wanted = name.lower().encode()
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), None)

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is not."""
        return orjson.loads(self.body)
