"""Recorded exchanges to paste: curl for the request, a transcript for the response, no secrets."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = ["REDACTED", "curl", "excerpt", "exchanges", "redact", "transcript"]

REDACTED = "[redacted]"

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_SECRET_HEADER_ENDINGS = ("api-key", "apikey", "-token", "-secret", "-password")
# Field and parameter names, compared without case, hyphens and underscores.
_SECRET_FIELDS = frozenset(
    [
        "accesstoken",
        "apikey",
        "clientsecret",
        "codeverifier",
        "idtoken",
        "password",
        "refreshtoken",
        "secret",
        "sharedsecret",
        "signingsecret",
        "token",
    ]
)
_LONGEST_BODY = 2000


def redact(value: Any, *, headers: bool = False) -> Any:
    """The same JSON without secrets: credential headers, token fields and token query parameters.

    ``headers`` says that the value is a map or a list of pairs of HTTP headers.
    """
    if headers:
        return {name: _redacted_header(name, content) for name, content in _pairs(value)}
    if isinstance(value, Mapping):
        return {str(key): _redacted_field(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redact(inner) for inner in value]
    return value


def exchanges(evidence: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The exchanges of a finding's evidence: itself, or those in its ``exchanges`` list; redacted."""
    listed = evidence.get("exchanges")
    found = listed if isinstance(listed, list | tuple) else [evidence]
    return [
        redact(one) for one in found if isinstance(one, Mapping) and isinstance(one.get("request"), Mapping)
    ]


def curl(request: Mapping[str, Any], principal: str | None = None) -> str:
    """A redacted request as a command. A secret becomes an environment variable of its caller and header.

    The name is the one that a reproduction's script reads: ``OWNER_X_API_KEY``.
    """
    method = str(request.get("method", "GET")).upper()
    words = ["curl -i"] if method == "GET" else [f"curl -i -X {shlex.quote(method)}"]
    words.append(shlex.quote(str(request.get("url", ""))))
    lines = [" ".join(words)]
    caller = f"{principal}_" if principal else ""
    lines += [
        f"-H {_header_word(name, value, caller)}" for name, value in _pairs(request.get("headers") or {})
    ]
    body = request.get("body")
    if body not in (None, "", b""):
        lines.append(f"--data-raw {shlex.quote(_text(body))}")
    return " \\\n  ".join(lines)


def transcript(response: Mapping[str, Any], longest: int = _LONGEST_BODY) -> str:
    """A redacted response: status line, headers, body, as it would be on the wire (a long body is cut)."""
    lines = [f"HTTP {response.get('status', '?')}"]
    lines += [f"{name}: {value}" for name, value in _pairs(response.get("headers") or {})]
    body = response.get("body")
    if body not in (None, "", b""):
        lines += ["", excerpt(_text(body, indent=True), longest)]
    return "\n".join(lines)


def excerpt(text: str, longest: int = _LONGEST_BODY) -> str:
    """The text, or its start and the number of characters left out."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest} more characters)"


def _pairs(headers: Any) -> Iterable[tuple[str, Any]]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [(str(name), value) for name, value in pairs]


def _is_secret_header(name: str) -> bool:
    return name.lower() in _SECRET_HEADERS or name.lower().endswith(_SECRET_HEADER_ENDINGS)


def _is_secret_field(name: str) -> bool:
    return name.lower().replace("_", "").replace("-", "") in _SECRET_FIELDS


def _redacted_header(name: str, value: Any) -> Any:
    """The value of a header; of a credential only its scheme (``Bearer``), which says how it was sent."""
    if not _is_secret_header(name) or value is None or _stands_for_one(value):
        return value
    scheme = re.match(r"(Bearer|Basic|Digest|Token) ", str(value), re.IGNORECASE)
    return f"{scheme[1]} {REDACTED}" if scheme else REDACTED


def _stands_for_one(value: Any) -> bool:
    """Whether a value is a variable of a reproduction, such as ``Bearer {{id3}}``."""
    return re.fullmatch(r"(?:\w+ )?\{\{[^{}]+\}\}", str(value)) is not None


def _redacted_field(key: str, value: Any) -> Any:
    if key == "headers" and isinstance(value, Mapping | list | tuple):
        return redact(value, headers=True)
    if _is_secret_field(key) and value is not None and not isinstance(value, bool):
        return value if _stands_for_one(value) else REDACTED
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if key == "url" and isinstance(value, str):
        return _redacted_url(value)
    if key == "body" and isinstance(value, str):
        return _redacted_body(value)
    return redact(value)


def _redacted_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # what was taken out may have left no URL
        return url
    if not any(_is_secret_field(name) for name, _ in parse_qsl(parts.query)):
        return url
    return urlunsplit(parts._replace(query=_redacted_form(parts.query)))


def _redacted_form(form: str) -> str:
    pairs = parse_qsl(form, keep_blank_values=True)
    return urlencode(
        [(name, REDACTED if _is_secret_field(name) else value) for name, value in pairs], safe="[]"
    )


def _redacted_body(body: str) -> Any:
    """A body that was recorded as text: JSON and forms are looked into, anything else is kept as it is."""
    try:
        parsed = json.loads(body)
    except ValueError:
        secret = any(_is_secret_field(name) for name, _ in parse_qsl(body))
        return _redacted_form(body) if secret else body
    clean = redact(parsed)
    return body if clean == parsed else json.dumps(clean, ensure_ascii=False)


def _header_word(name: str, value: Any, caller: str) -> str:
    if REDACTED not in str(value):
        return shlex.quote(f"{name}: {value}")
    variable = re.sub(r"\W+", "_", f"{caller}{name}").upper()
    return f'"{name}: {str(value).replace(REDACTED, f"${{{variable}}}")}"'


def _text(body: Any, *, indent: bool = False) -> str:
    if isinstance(body, bytes):
        return body.decode(errors="replace")
    if isinstance(body, str):
        return body
    return json.dumps(body, ensure_ascii=False, indent=2 if indent else None, default=str)
