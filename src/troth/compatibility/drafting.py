"""A release drafted in the form of dated versions: lines with its dates, a summary, and a table of what changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.compatibility.announcements import SUMMARY
from troth.compatibility.comparison import Comparison
from troth.compatibility.delta import Delta
from troth.compatibility.entries import FIELDS, OPERATIONS, PARAMETERS
from troth.compatibility.judgement import Judged
from troth.compatibility.resources import section_of
from troth.contract.model import Operation

__all__ = ["write_announcement"]

TEMPLATED = re.compile(r"^/?(?:(?:api|v\d+(?:\.\d+)*)/)*")
MOST_ROWS = 60
HEADER = ("| Endpoint | HTTP Method | Object | Fields | Description |", "|---|---|---|---|---|")


def write_announcement(comparison: Comparison, heading: str, released: str | None = None) -> str:
    """The release as Markdown. What reaches no operation stands in the summary, everything else in the table.

    ``released`` is its date; what was kept back from older versions is promoted later, so that line says *n/a*.
    """
    found = comparison.delta
    lines = [
        f"## {heading}",
        "",
        f"Release Date: {released or 'n/a'}",
        "Promotion to default version: n/a",
        "",
    ]
    tabled = [item for item in comparison.judged if _is_tabled(item)]
    rows = [row for item in tabled for row in _rows(item, found)]
    listed = [item for item in comparison.judged if item not in tabled]
    lines += [f"### {SUMMARY}", "", *(f"- {_sentence(item)}" for item in listed)]
    if rows:
        lines += ["", *HEADER, *dict.fromkeys(rows)]
    return "\n".join(lines).rstrip() + "\n"


def _is_tabled(item: Judged) -> bool:
    """Whether a table tells a fact: it reaches operations, not half the API, and names a field or an operation."""
    fact = item.fact
    known = fact.subject in OPERATIONS or fact.subject in FIELDS or "keyword" in fact.context
    return known and 0 < len(fact.reach) <= MOST_ROWS


def _sentence(item: Judged) -> str:
    section, title, place = section_of(item), item.finding.title, item.fact.place
    quoted = title.replace(place, f"`{place}`", 1) if place in title else title
    filed = f"{section}: " if section in ("Added", "Removed", "Deprecated") else ""
    if item.fact.subject in PARAMETERS and item.fact.names:
        quoted = (
            quoted.replace(item.fact.names[0], f"`{item.fact.names[0]}`", 1) if "`" not in quoted else quoted
        )
    return f"{filed}{quoted}."


def _rows(item: Judged, found: Delta) -> Iterator[str]:
    """One row for each endpoint that a fact reaches, its methods together."""
    methods: dict[str, list[str]] = {}
    for identifier in item.fact.reach:
        operation = found.new.operation(identifier) or found.old.operation(identifier)
        if operation is not None:
            methods.setdefault(_endpoint(operation), []).append(operation.method.upper())
    owner, fields = _object(item)
    for endpoint, verbs in methods.items():
        cells = (endpoint, "/".join(sorted(set(verbs), key=_usual)), owner, fields, f"{item.finding.title}.")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _usual(method: str) -> tuple[int, str]:
    """The order in which people list methods: reading first."""
    known = ("GET", "POST", "PUT", "PATCH", "DELETE")
    return (known.index(method) if method in known else len(known)), method


def _object(item: Judged) -> tuple[str, str]:
    if item.fact.subject in OPERATIONS:
        return "", "all"
    place = item.fact.place.partition(":")[0]
    owner, _, path = place.partition(".")
    named = path.rpartition(".")[2].removesuffix("[]")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", owner).lower(), named or "all"


def _endpoint(operation: Operation) -> str:
    return TEMPLATED.sub("", operation.path).removesuffix(".json") or "/"
