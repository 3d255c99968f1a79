"""Plain values: what a schema gives by itself, and the smallest scalar that its keywords allow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

__all__ = ["GUESSES", "given", "later", "number", "string", "type_of"]

_TEXTS: Mapping[str, str] = {
    "date": "2026-06-15",
    "date-time": "2026-06-15T09:30:00.000Z",
    "time": "09:30:00Z",
    "email": "someone@example.com",
    "uri": "https://here.example/there",
    "url": "https://here.example/there",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "3f2c8f0e-58a4-4a52-9d0a-5a2f0c6f1e77",
    "duration": "PT1H",
    "byte": "dHJvdGg=",
}
#: Tried in order where a pattern is given and no example fits it.
GUESSES = (
    "12:30", "2026-06-15", "2026-06", "https://here.example/there", "USD", "usd", "US", "en", "en-US", "abc", "ABC",
    "a1", "A-1", "123", "12345", "1234567890", "12.50", "+15035550142", "#a1b2c3", "abc-def", "abc_def", "Europe/Paris",
    "someone@example.com", "1.0.0", "0123456789abcdef0123456789abcdef",
)  # fmt: skip


def given(schema: Mapping[str, Any]) -> tuple[Any] | None:
    if "const" in schema:
        return (schema["const"],)
    for word in ("example", "default"):
        if schema.get(word) is not None:
            return (schema[word],)
    for word in ("examples", "enum"):
        listed = schema.get(word)
        if isinstance(listed, list) and any(item is not None for item in listed):
            return (next(item for item in listed if item is not None),)
    return None


def type_of(schema: Mapping[str, Any]) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = next((k for k in kind if k != "null"), "null")
    if kind is None and ("properties" in schema or "allOf" in schema):
        return "object"
    return str(kind) if kind is not None else None


def number(kind: str, schema: Mapping[str, Any]) -> int | float:
    low, high = schema.get("minimum"), schema.get("maximum")
    step = schema.get("multipleOf") or 1
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + (
            step if kind == "integer" or "exclusiveMaximum" not in schema else 0.01
        )
    start = low if low is not None else min(1, high) if high is not None else 1
    start = max(start, 1) if high is None or high >= 1 else start
    found = -(-start // step) * step if schema.get("multipleOf") else start
    return int(found) if kind == "integer" else found


def string(schema: Mapping[str, Any]) -> str:
    shape, pattern = str(schema.get("format")), schema.get("pattern")
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 10_000))
    candidates = [_TEXTS[shape]] if shape in _TEXTS else []
    candidates += [*GUESSES] if pattern else ["some text"]
    for text in candidates:
        fitted = text if shape in _TEXTS or pattern else text.ljust(least, "x")[:most]
        if least <= len(fitted) <= most and (not pattern or _matches(pattern, fitted)):
            return fitted
    return candidates[0]


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def later(text: str) -> str:
    """The next day of a date or date-time, anything else as it is."""
    try:
        return (date.fromisoformat(text[:10]) + timedelta(days=1)).isoformat() + text[10:]
    except (ValueError, OverflowError):
        return text
