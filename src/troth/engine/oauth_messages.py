"""What the OAuth endpoints read and write: client credentials by HTTP Basic, JSON answers, redirects, errors."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus, urlencode

from troth.engine.messages import Response, dump

__all__ = ["OAuthError", "basic", "code_of", "json_answer", "redirected"]


class OAuthError(Exception):
    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.description, self.status = code, description, status


def code_of(error: OAuthError, faults: frozenset[str]) -> str:
    return "server_error" if "oauth-error-wrong" in faults else error.code


def basic(shown: str) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic; both are form-encoded there (RFC 6749 section 2.3.1)."""
    word, _, encoded = shown.partition(" ")
    if word.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def json_answer(status: int, value: Any, further: Sequence[tuple[bytes, bytes]] = ()) -> Response:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), *further]
    return Response(status, headers, dump(value))


def redirected(uri: str, parameters: Mapping[str, str]) -> Response:
    separator = "&" if "?" in uri else "?"
    return Response(302, [(b"location", f"{uri}{separator}{urlencode(parameters)}".encode())])
