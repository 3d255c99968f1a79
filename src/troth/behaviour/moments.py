"""Moments as an API writes them: a pattern such as ``YYYY-MM-DD hh:mm:ss`` instead of RFC 3339."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["RFC3339", "moment_writer"]

#: What an API writes that says nothing else.
RFC3339 = "YYYY-MM-DDThh:mm:ss.SSSZ"

_SPANS = {
    "YYYY": slice(0, 4),
    "MM": slice(5, 7),
    "DD": slice(8, 10),
    "hh": slice(11, 13),
    "mm": slice(14, 16),
    "ss": slice(17, 19),
    "SSS": slice(20, 23),
}
_TOKEN = re.compile("YYYY|MM|DD|hh|mm|SSS|ss")


def moment_writer(pattern: str) -> Callable[[str], str]:
    """A function from ``2026-05-19T09:30:00.000Z`` to the same moment in the pattern's form, in UTC."""
    if pattern == RFC3339:
        return str
    return lambda exact: _TOKEN.sub(lambda token: exact[_SPANS[token[0]]], pattern)
