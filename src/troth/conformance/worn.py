"""A credential that travels in the query is kept among the headers of its caller, under its name behind a ``?``.

No header can have such a name (RFC 9110 section 5.6.2), so what masks, replaces and writes down the headers of callers
does the same for it. Where a request leaves, it moves into the URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

__all__ = ["asked", "moved", "placed", "worn"]


def worn(about: Mapping[str, Any]) -> dict[str, str]:
    """What a caller sends, of what a mock says about it."""
    return {**about["headers"], **{f"?{name}": value for name, value in (about.get("query") or {}).items()}}


def asked(headers: Mapping[str, str]) -> dict[str, str]:
    """The parameters among a caller's headers."""
    return {name[1:]: value for name, value in headers.items() if name.startswith("?")}


def placed(url: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The URL and the headers as they are sent."""
    query = asked(headers)
    if not query:
        return url, headers
    rest = {name: value for name, value in headers.items() if not name.startswith("?")}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}", rest


def moved(request: httpx.Request) -> None:
    """An event hook of a client: the same for a request that is about to leave."""
    if any(name.startswith("?") for name in request.headers):
        url, headers = placed(str(request.url), request.headers)
        request.url, request.headers = httpx.URL(url), httpx.Headers(headers)
