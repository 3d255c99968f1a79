"""A changelog as one self-contained HTML page: by version or by resource, readable in the dark, no script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from string import Template
from typing import Literal

from markdown_it import MarkdownIt

from troth.compatibility.changelog import Changelog, Item, Release
from troth.compatibility.resources import EVERYWHERE, folded
from troth.compatibility.tables import endpoint_of

__all__ = ["Grouping", "changelog_page", "of_resource"]

Grouping = Literal["version", "resource"]
PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; --edge: #8884; --quiet: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
nav { columns: 14rem; border: 1px solid var(--edge); border-radius: .3rem; padding: .8rem; }
nav a { display: block; }
h2 { border-top: 1px solid var(--edge); padding-top: 1.5rem; margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
code { background: var(--quiet); padding: .1rem .3rem; overflow-wrap: anywhere; }
time, .when { opacity: .7; }
.Removed { border-left: .3rem solid #d33; padding-left: .6rem; }
.Deprecated { border-left: .3rem solid #d90; padding-left: .6rem; }
.Added { border-left: .3rem solid #3a3; padding-left: .6rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem; border-top: 1px solid var(--edge); }
</style>
</head>
<body>
<h1>$title</h1>
<nav>$contents</nav>
$body
</body>
</html>
""")


def of_resource(told: Changelog, resource: str) -> Changelog:
    """The changelog of one resource: its entries, and the releases that have any."""
    wanted = folded(resource)
    releases = []
    for release in told.releases:
        items = tuple(item for item in release.items if folded(_resource(item)) == wanted)
        if items:
            releases.append(_with_items(release, items))
    return Changelog(told.path, tuple(releases))


def changelog_page(told: Changelog, title: str, by: Grouping = "version") -> str:
    """The page: a list of contents, then a part for each version or for each resource."""
    parts = list(_by_version(told) if by == "version" else _by_resource(told))
    contents = "\n".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name, _ in parts)
    body = "\n".join(
        f'<section id="{_anchor(name)}">\n<h2>{escape(name)}</h2>\n{inner}\n</section>'
        for name, inner in parts
    )
    return PAGE.substitute(title=escape(title), contents=contents, body=body)


def _by_version(told: Changelog) -> Iterator[tuple[str, str]]:
    for release in told.releases:
        yield release.heading, _dates(release) + _sections(release.items)


def _by_resource(told: Changelog) -> Iterator[tuple[str, str]]:
    resources: dict[str, str] = {}
    for release in told.releases:
        for item in release.items:
            resources.setdefault(folded(_resource(item)), _resource(item))
    for resource in sorted(resources.values(), key=lambda name: (name == EVERYWHERE, name.casefold())):
        yield (
            resource,
            "\n".join(
                f"<h3>{escape(release.heading)}</h3>\n{_sections(release.items)}"
                for release in of_resource(told, resource).releases
            ),
        )


def _resource(item: Item) -> str:
    """What an entry is about: its label, for a line of a table the first step of its endpoint."""
    if item.row is not None:
        step = endpoint_of(item.row.endpoint).partition("/")[0]
        return re.sub(r"[-_]+", " ", step).title() or EVERYWHERE
    return item.label or EVERYWHERE


def _with_items(release: Release, items: tuple[Item, ...]) -> Release:
    return Release(
        release.line, release.heading, release.version, release.date, items, release.announced,
        release.promoted, release.backfilled,
    )  # fmt: skip


def _dates(release: Release) -> str:
    """What the heading does not say of a release's dates."""
    said = (
        ("Released", release.date),
        ("Default from", release.promoted),
        ("In older versions from", release.backfilled),
    )
    days = [f"{words} <time>{day}</time>" for words, day in said if day and day not in release.heading]
    return f'<p class="when">{" · ".join(days)}</p>\n' if days else ""


def _sections(items: Iterable[Item]) -> str:
    parts: list[str] = []
    sections: dict[str, list[Item]] = {}
    for item in items:
        sections.setdefault(item.section, []).append(item)
    for section, found in sections.items():
        listed = [f"<li>{_inline(item)}</li>" for item in found if item.row is None]
        rows = [_row(item) for item in found if item.row is not None]
        inner = f"<ul>\n{chr(10).join(listed)}\n</ul>" if listed else ""
        if rows:
            head = "".join(
                f"<th>{name}</th>" for name in ("Endpoint", "Method", "Object", "Fields", "Description")
            )
            inner += f"<table>\n<tr>{head}</tr>\n{chr(10).join(rows)}\n</table>"
        parts.append(f'<div class="{escape(section)}">\n<h3>{escape(section)}</h3>\n{inner}\n</div>')
    return "\n".join(parts)


def _row(item: Item) -> str:
    row = item.row
    if row is None:
        return ""
    cells = (f"<code>{escape(row.endpoint)}</code>", escape(", ".join(row.methods)), escape(row.object),
             escape(", ".join(row.fields) or "all"), escape(row.description))  # fmt: skip
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _inline(item: Item) -> str:
    """The item's own Markdown as HTML; HTML in it is shown as text."""
    return str(MarkdownIt("commonmark", {"html": False}).renderInline(item.markdown))


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
