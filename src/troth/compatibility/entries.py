"""Facts gathered into entries, one for a resource and section, as a maintainer would write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from troth.compatibility.comparison import Comparison
from troth.compatibility.delta import Delta
from troth.compatibility.judgement import Judged
from troth.compatibility.places import path_within
from troth.compatibility.resources import EVERYWHERE, labels_of, section_of

__all__ = ["Entry", "draft_entries", "write_entries"]

FIELDS = frozenset({"property", "required-property", "ended-property", "early-property"})
PARAMETERS = frozenset({"parameter", "required-parameter", "ended-parameter", "early-parameter"})
OPERATIONS = frozenset({"operation", "deprecated-operation", "ended-operation", "early-operation"})
BREAKS = "**breaking**: "
ACCESS = {
    ("request", "response"): "to read and to write",
    ("response",): "read-only",
    ("request",): "to write",
    (): "used by no operation",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One list item: ``parts`` are phrases with the names in backticks; ``items`` is what they say."""

    section: str
    resource: str
    parts: tuple[str, ...]
    items: tuple[Judged, ...]


def draft_entries(comparison: Comparison) -> tuple[Entry, ...]:
    """Entries in the order of the policy's sections, those with operations first, then by resource."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for item in comparison.judged:
        labels = labels_of(item.fact, comparison.delta)
        resource = labels[0] if len(labels) == 1 else EVERYWHERE
        groups.setdefault((section_of(item), resource), []).append(item)
    entries = [
        Entry(section, resource, tuple(_parts(items, comparison.delta)), tuple(items))
        for (section, resource), items in groups.items()
    ]
    order = [*comparison.policy.sections, *sorted({entry.section for entry in entries})]
    return tuple(
        sorted(entries, key=lambda entry: (order.index(entry.section), _rank(entry), entry.resource))
    )


def _rank(entry: Entry) -> int:
    """New operations first, what concerns the whole API last."""
    if entry.resource == EVERYWHERE:
        return 2
    return 0 if any(item.fact.subject in OPERATIONS for item in entry.items) else 1


def write_entries(entries: Iterable[Entry]) -> str:
    """The entries as sections of a changelog."""
    lines: list[str] = []
    section = None
    for entry in entries:
        if entry.section != section:
            lines += ["", f"### {entry.section}", ""] if lines else [f"### {entry.section}", ""]
            section = entry.section
        lines.append(f"- **{entry.resource}** — {'; '.join(entry.parts)}.")
    return "\n".join(lines) + "\n" if lines else ""


def _parts(items: list[Judged], found: Delta) -> Iterator[str]:
    operations = [item.fact.place for item in items if item.fact.subject in OPERATIONS]
    if operations:
        yield ", ".join(f"`{operation}`" for operation in operations)
    fields = [item for item in items if item.fact.subject in FIELDS]
    yield from _fields([item for item in fields if not _breaks(item)])
    yield from (BREAKS + part for part in _fields([item for item in fields if _breaks(item)]))
    for item in items:
        if item.fact.subject in PARAMETERS:
            yield (BREAKS if _breaks(item) else "") + _parameter(item, found)
    for item in items:
        if item.fact.subject not in FIELDS | PARAMETERS | OPERATIONS:
            yield (BREAKS if _breaks(item) else "") + _quoted(item)


def _breaks(item: Judged) -> bool:
    """Whether an entry must warn of what it tells; under *Removed* the heading does."""
    return item.finding.severity == "breaking" and section_of(item) == "Changed"


def _fields(items: list[Judged]) -> Iterator[str]:
    """Fields by what clients can do with them: one field of three schemas of a resource is named once."""
    travels: dict[str, set[str]] = {}
    for item in items:
        travels.setdefault(path_within(item.fact.place), set()).update(item.fact.directions)
    by_access: dict[str, list[str]] = {}
    for name, directions in travels.items():
        by_access.setdefault(ACCESS[tuple(sorted(directions))], []).append(name)
    for access, names in by_access.items():
        noun = "field" if len(names) == 1 else "fields"
        yield f"the {noun} {_list(names)} ({access})"


def _list(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _parameter(item: Judged, found: Delta) -> str:
    fact = item.fact
    kind, _, name = fact.place.partition(" of ")[0].rpartition(" ")
    operation = (
        (found.new.operation(fact.operation) or found.old.operation(fact.operation))
        if fact.operation
        else None
    )
    return f"the {kind} `{name}`" + (
        f" of `{operation.method.upper()} {operation.path}`" if operation else ""
    )


def _quoted(item: Judged) -> str:
    """A finding's title with its place and names in backticks, so that a check finds them again."""
    title, place = item.finding.title, item.fact.place
    return title.replace(place, f"`{place}`", 1) if place in title else title
