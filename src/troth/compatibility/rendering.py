"""A changelog written out again, as Markdown in the form in which it was read, or as JSON."""

from __future__ import annotations

from typing import Any

from troth.compatibility.announcements import SUMMARY
from troth.compatibility.changelog import Changelog, Item, Release

__all__ = ["changelog_json", "changelog_markdown"]

JSON = Any
COLUMNS = ("Endpoint", "HTTP Method", "Object", "Fields", "Description")


def changelog_markdown(told: Changelog) -> str:
    """Releases, sections, entries and tables; prose between them is left out."""
    return "\n\n".join("\n\n".join(_blocks(release)) for release in told.releases) + "\n"


def _blocks(release: Release) -> list[str]:
    blocks = [f"## {release.heading}"]
    if release.announced:
        dates = (("Release Date", release.date), ("Promotion to default version", release.promoted))
        blocks.append("\n".join(f"{words}: {day or 'n/a'}" for words, day in dates))
        if release.backfilled:
            blocks.append(f"Backfilled to previous versions on {release.backfilled}.")
    sections: dict[str, list[Item]] = {}
    for item in release.items:
        sections.setdefault(SUMMARY if release.announced else item.section, []).append(item)
    for section, items in sections.items():
        blocks += [f"### {section}"] if section else []
        listed = [f"- {item.markdown}" for item in items if item.row is None]
        blocks += ["\n".join(listed)] if listed else []
        rows = [_line(item) for item in items if item.row is not None]
        if rows:
            blocks.append("\n".join([f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|", *rows]))
    return blocks


def _line(item: Item) -> str:
    row = item.row
    if row is None:
        return ""
    cells = (row.endpoint, "/".join(row.methods), row.object, ", ".join(row.fields) or "all", row.description)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def changelog_json(told: Changelog) -> list[JSON]:
    """One object a release, with its entries and their lines."""
    return [_release(release) for release in told.releases]


def _release(release: Release) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "version": release.version,
        "date": release.date,
        "heading": release.heading,
        "line": release.line,
        "entries": [
            {"section": item.section, "resource": item.label, "text": item.text, "line": item.line}
            | ({"endpoint": item.row.endpoint, "methods": list(item.row.methods), "object": item.row.object,
                "fields": list(item.row.fields)} if item.row else {})
            for item in release.items
        ],
    }  # fmt: skip
    return found | (
        {"promoted": release.promoted, "backfilled": release.backfilled} if release.announced else {}
    )
