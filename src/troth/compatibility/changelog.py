"""Reads a changelog into releases, sections and entries, each with its line.

The form is that of Keep a Changelog with either order in a release's heading: ``## Unreleased``,
``## 2026-05-19 — v1.0.0``, ``## [1.0.0] - 2026-05-19``; below it ``### Added`` and list items. A release may also be
announced by lines of its own, with its changes in a table (:mod:`troth.compatibility.announcements`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from troth.compatibility.announcements import SUMMARY, announced, is_announced, marked
from troth.compatibility.tables import Row, rows_of
from troth.errors import DocumentError
from troth.findings import Location

__all__ = ["Changelog", "Item", "Release", "parse_changelog", "read_changelog"]

SECTIONS = frozenset({"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"})
DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
VERSION = re.compile(r"\bv?(\d+(?:\.\d+){1,2}(?:[-+][0-9A-Za-z.+-]+)?)(?![\d-])")
DASHES = "\N{EM DASH}\N{EN DASH}"
FILED = re.compile(r"^\W*(Added|Changed|Deprecated|Removed|Fixed|Security)\W*:", re.IGNORECASE)
LABEL = re.compile(rf"^\s*([^{DASHES}:`]{{2,40}}?)(?:\s+[{DASHES}]|:)\s")


@dataclass(frozen=True, slots=True)
class Item:
    """One list item: ``label`` is the resource it begins with, ``codes`` what stands in backticks, in order.

    ``markdown`` is the item as it is written. A line of a table is one as well; ``row`` holds its cells.
    """

    line: int
    section: str
    label: str | None
    text: str
    codes: tuple[str, ...]
    row: Row | None = None
    markdown: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """One release, or what is unreleased (``version`` and ``date`` None).

    ``announced`` tells that lines below the heading give the dates; only then ``promoted`` (when it becomes the
    default version) and ``backfilled`` (when older versions get it) can be set.
    """

    line: int
    heading: str
    version: str | None
    date: str | None
    items: tuple[Item, ...] = ()
    announced: bool = False
    promoted: str | None = None
    backfilled: str | None = None

    @property
    def unreleased(self) -> bool:
        return "unreleased" in self.heading.casefold()


@dataclass(frozen=True, slots=True)
class Changelog:
    path: str
    releases: tuple[Release, ...]

    @property
    def unreleased(self) -> Release | None:
        return next((release for release in self.releases if release.unreleased), None)

    def release(self, name: str) -> Release | None:
        """The release of a version; one without a version is known by its date."""
        known = (r for r in self.releases if name in (r.version, None if r.version else r.date))
        return next(known, None)

    @property
    def announces(self) -> bool:
        """Whether the releases are announced by lines and tables rather than by sections."""
        return any(release.announced for release in self.releases)


def read_changelog(path: Path) -> Changelog:
    """The changelog in a file. Raises DocumentError when there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"the changelog cannot be read: {error.strerror}. Name another with --changelog."
        raise DocumentError(message, Location(str(path))) from error
    found = parse_changelog(text, str(path))
    if not found.releases:
        message = "the changelog has no release; expected a heading such as '## Unreleased' or '## 2026-05-19 — v1.0.0'"
        raise DocumentError(message, Location(str(path), line=1))
    return found


def parse_changelog(text: str, path: str = "CHANGELOG.md") -> Changelog:
    """Releases are headings with a version, a date or the word *Unreleased*, or with a line for the date below."""
    tokens = MarkdownIt("commonmark").enable("table").parse(marked(text))
    releases: list[Release] = []
    level, section = 0, ""
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            depth, heading, line = int(token.tag[1]), tokens[at + 1].content.strip(), _line(token)
            dated = is_announced(tokens[at + 4].content) if at + 4 < len(tokens) else False
            if depth <= (level or depth) and (dated or _is_release(heading)):
                releases.append(replace(_release(heading, line), announced=dated))
                level, section = depth, ""
            elif level and depth <= level:
                level = 0
            else:
                section = heading
        elif level and releases:
            releases[-1] = _continued(releases[-1], tokens, at, section)
    return Changelog(path, tuple(releases))


def _continued(release: Release, tokens: Sequence[Token], at: int, section: str) -> Release:
    """A release with what one more token says about it."""
    token = tokens[at]
    if token.type == "list_item_open":
        item = _item(tokens, at, section)
        if release.announced:
            if _is_detail(tokens, at):
                return release
            item = _filed(item, section)
        return replace(release, items=(*release.items, item))
    if token.type == "table_open":
        held = SUMMARY if release.announced else section
        items = (Item(row.line, held, None, row.text, (), row) for row in rows_of(tokens, at))
        return replace(release, items=(*release.items, *items))
    if token.type == "inline" and release.announced and token.level == 1:
        found = announced(token.content)
        return replace(
            release,
            date=release.date or found.released,
            promoted=release.promoted or found.promoted,
            backfilled=release.backfilled or found.backfilled,
        )
    return release


def _is_detail(tokens: Sequence[Token], at: int) -> bool:
    """Whether an item only spells out what the paragraph above its list says, or stands within another item."""
    opening = next(
        i
        for i in range(at, -1, -1)
        if tokens[i].type.endswith("_list_open") and tokens[i].level < tokens[at].level
    )
    before = tokens[opening - 2] if opening > 1 else tokens[opening]
    return tokens[opening].level > 0 or (before.type == "inline" and before.content.rstrip().endswith(":"))


def _filed(item: Item, heading: str) -> Item:
    """An item of an announced release: under the section that its first word or its heading names, else a summary."""
    found = FILED.match(item.text)
    if found:
        return replace(item, section=found[1].capitalize(), label=None)
    return item if heading in SECTIONS else replace(item, section=SUMMARY)


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1


def _is_release(heading: str) -> bool:
    return bool("unreleased" in heading.casefold() or DATE.search(heading) or VERSION.search(heading))


def _release(heading: str, line: int) -> Release:
    date = DATE.search(heading)
    version = VERSION.search(DATE.sub(" ", heading))
    return Release(line, heading, version[1] if version else None, date[1] if date else None)


def _item(tokens: Sequence[Token], at: int, section: str) -> Item:
    """One item without the items nested in it."""
    inlines = list(_own_inlines(tokens, at))
    children = [child for inline in inlines for child in inline.children or ()]
    text = "".join(" " if child.type in ("softbreak", "hardbreak") else child.content for child in children)
    codes = tuple(child.content for child in children if child.type == "code_inline")
    written = " ".join(" ".join(inline.content.split()) for inline in inlines)
    return Item(_line(tokens[at]), section, _label(children, text), text.strip(), codes, markdown=written)


def _own_inlines(tokens: Sequence[Token], at: int) -> Iterator[Token]:
    depth = tokens[at].level
    nested = 0
    for token in tokens[at + 1 :]:
        if token.type == "list_item_close" and token.level == depth:
            return
        nested += (token.type in ("bullet_list_open", "ordered_list_open")) - (
            token.type in ("bullet_list_close", "ordered_list_close")
        )
        if token.type == "inline" and nested == 0:
            yield token


def _label(children: Sequence[Token], text: str) -> str | None:
    """The bold words that an item begins with, else the words before a dash."""
    opening = next(
        (at for at, child in enumerate(children) if child.content.strip() or child.type == "strong_open"),
        None,
    )
    if opening is not None and children[opening].type == "strong_open" and opening + 1 < len(children):
        return children[opening + 1].content.strip().rstrip(":") or None
    found = LABEL.match(text)
    return found[1].strip() if found else None
