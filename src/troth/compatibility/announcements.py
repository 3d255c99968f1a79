"""A release announced by lines of its own: its date, when it becomes the default, when older versions get it.

The form of vendors that date their versions: a heading of any words, below it ``Release Date: 2022-11-21``,
``Promotion to default version: 2023-02-21`` (or ``n/a``), a sentence with *backfilled* and a date, and below
*Summary of Changes* a list, a table, or both. A page without Markdown's marks reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["SUMMARY", "Announcement", "announced", "is_announced", "marked"]

SUMMARY = "Summary of Changes"
"""The section of entries that are filed under no heading of Keep a Changelog."""
RELEASED = re.compile(r"^[*_\s]*release date\b[*_\s]*:[*_\s]*(.+)$", re.IGNORECASE | re.MULTILINE)
PROMOTED = re.compile(
    r"^[*_\s]*promotion to default(?: version)?[*_\s]*:[*_\s]*(.+)$", re.IGNORECASE | re.MULTILINE
)
BACKFILLED = re.compile(r"[^.\n]*\bbackfill[^.\n]*", re.IGNORECASE)
ISO = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
LONG = re.compile(r"\b([A-Z][a-z]+ \d{1,2}, \d{4})\b")


@dataclass(frozen=True, slots=True)
class Announcement:
    """Dates are ISO 8601, None where none is given (``n/a``)."""

    released: str | None = None
    promoted: str | None = None
    backfilled: str | None = None


def is_announced(text: str) -> bool:
    """Whether a paragraph begins with the date of a release."""
    return RELEASED.match(text) is not None


def announced(text: str) -> Announcement:
    """The dates in the paragraphs below a release's heading."""
    released, promoted = RELEASED.search(text), PROMOTED.search(text)
    backfilled = next((day for found in BACKFILLED.findall(text) if (day := _date(found))), None)
    return Announcement(
        _date(released[1]) if released else None, _date(promoted[1]) if promoted else None, backfilled
    )


def marked(text: str) -> str:
    """The page with Markdown's marks where they were left out; every line keeps its number."""
    return "\n".join(_marked(text.split("\n")))


def _marked(lines: list[str]) -> Iterator[str]:
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if (
            line.strip()
            and not line.lstrip().startswith(("#", "|", "-", "*", "<"))
            and is_announced(following)
        ):
            yield f"## {line.strip()}"
        elif line.strip().casefold() == SUMMARY.casefold():
            yield f"### {SUMMARY}"
        else:
            yield line


def _date(text: str) -> str | None:
    iso, long = ISO.search(text), LONG.search(text)
    if iso:
        return iso[1]
    if long is None:
        return None
    try:
        return datetime.strptime(long[1], "%B %d, %Y").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        return None
