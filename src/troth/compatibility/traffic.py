"""Recorded requests: a HAR file of a proxy or browser, or the journal of a mock, as one kind of value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from troth.errors import DocumentError
from troth.findings import Location

__all__ = ["ANONYMOUS", "Recorded", "read_traffic"]

JSON = Any
ANONYMOUS = "unknown"
ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request with its answer. Header names are in lower case; a body that is no JSON, or not recorded, is absent.

    ``consumer`` is who sent it: the mock's principal, or what a header says. ``host`` is empty in a mock's journal.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: JSON
    consumer: str
    status: str = ""
    answer: JSON = ABSENT
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    host: str = ""

    @property
    def has_body(self) -> bool:
        return self.body is not ABSENT

    @property
    def has_answer(self) -> bool:
        return self.answer is not ABSENT

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"


def read_traffic(path: Path, consumer_header: str = "user-agent") -> tuple[Recorded, ...]:
    """The requests of a file. Raises DocumentError for what is neither HAR nor a journal."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DocumentError(f"the traffic cannot be read: {error.strerror}", Location(str(path))) from error
    except UnicodeDecodeError as error:
        raise DocumentError("the traffic is not UTF-8", Location(str(path))) from error
    except json.JSONDecodeError as error:
        raise DocumentError(f"not valid JSON: {error.msg}", Location(str(path), line=error.lineno)) from error
    wanted = consumer_header.lower()
    try:
        if isinstance(content, Mapping) and "log" in content:
            return tuple(_har(content["log"]["entries"], wanted))
        journal = content["journal"] if isinstance(content, Mapping) else content
        return tuple(_journal(journal, wanted))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        message = f"neither a HAR file nor a mock's journal; {_reason(error)}"
        raise DocumentError(message, Location(str(path), line=1)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    return "expected {'log': {'entries': [...]}} or {'journal': [...]}"


def _har(entries: list[JSON], wanted: str) -> Iterator[Recorded]:
    for entry in entries:
        request, response = entry["request"], entry.get("response") or {}
        url = urlsplit(request["url"])
        headers, answered = _named(request.get("headers")), _named(response.get("headers"))
        content = response.get("content") or {}
        answered.setdefault("content-type", str(content.get("mimeType", "")))
        posted = request.get("postData") or {}
        if posted:
            headers.setdefault("content-type", str(posted.get("mimeType", "")))
        yield Recorded(
            str(request["method"]).upper(),
            url.path,
            tuple(parse_qsl(url.query, keep_blank_values=True)),
            headers,
            _parsed(posted.get("text")),
            headers.get(wanted) or ANONYMOUS,
            str(response.get("status", "")),
            _parsed(content.get("text")) if content.get("encoding") != "base64" else ABSENT,
            answered,
            url.netloc.lower(),
        )


def _journal(entries: list[JSON], wanted: str) -> Iterator[Recorded]:
    for entry in entries:
        request, response = entry["request"], entry.get("response") or {}
        headers = {name.lower(): str(value) for name, value in request.get("headers", {}).items()}
        yield Recorded(
            str(entry["method"]).upper(),
            entry["path"],
            tuple(parse_qsl(entry.get("query") or "", keep_blank_values=True)),
            headers,
            _parsed(request.get("body")),
            str(entry.get("principal") or headers.get(wanted) or ANONYMOUS),
            str(entry.get("status", "")),
            _parsed(response.get("body")),
        )


def _named(headers: JSON) -> dict[str, str]:
    return {str(header["name"]).lower(): str(header["value"]) for header in headers or ()}


def _parsed(text: JSON) -> JSON:
    if not isinstance(text, str) or not text:
        return ABSENT
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return ABSENT
