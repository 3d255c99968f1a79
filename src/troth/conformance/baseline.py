"""A baseline: violations that somebody answers for, for a reason, until a day. Anything else fails the run.

An entry is identified by its clause and operation and the id of the finding: never by a text, a line or an id of a
row, so rewording a message or moving a statement makes no new violation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from troth.errors import UsageError
from troth.findings import Case, Finding

__all__ = ["Baseline", "Entry", "accepted", "baseline_of"]

_MEMBERS = ("clause", "owner", "reason", "expires")


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted violation. ``clause`` is ``clause@operation``."""

    clause: str
    owner: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Baseline:
    entries: tuple[Entry, ...]


def baseline_of(document: Any, source: str) -> Baseline:
    """A baseline from JSON or TOML: ``{"accepted": [{clause, owner, reason, expires}]}``. Raises UsageError."""
    listed = document.get("accepted") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise UsageError(f"{source}: a baseline has a list 'accepted' of clause, owner, reason and expires.")
    entries = [_entry(given, f"{source}: entry {number}") for number, given in enumerate(listed, 1)]
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        if entry.clause in seen:
            raise UsageError(f"{source}: entry {number}: {entry.clause} is accepted twice.")
        seen.add(entry.clause)
    return Baseline(tuple(entries))


def _entry(given: Any, where: str) -> Entry:
    if not isinstance(given, Mapping):
        raise UsageError(f"{where} is no table of clause, owner, reason and expires.")
    for name in given:
        if name not in _MEMBERS:
            raise UsageError(f"{where}: there is no member {name!r}; an entry has {', '.join(_MEMBERS)}.")
    for name in _MEMBERS:
        if not given.get(name):
            raise UsageError(
                f"{where}: '{name}' is missing. Somebody answers for it, for a reason, until a day."
            )
    if "@" not in str(given["clause"]):
        raise UsageError(f"{where}: {given['clause']!r} is no clause@operation.")
    try:
        expires = (
            given["expires"] if isinstance(given["expires"], date) else date.fromisoformat(given["expires"])
        )
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{where}: expires is a day such as 2027-01-31, not {given['expires']!r}."
        ) from error
    return Entry(str(given["clause"]), str(given["owner"]), str(given["reason"]), expires)


def accepted(
    cases: Sequence[Case], baseline: Baseline, *, today: date, known: Iterable[str]
) -> tuple[tuple[Case, ...], tuple[Finding, ...]]:
    """The cases with accepted violations told as such, and findings about entries that have expired or are stale.

    ``known`` are the clauses of the whole contract: an entry for another shard's clause is not stale.
    """
    entries = {entry.clause: entry for entry in baseline.entries}
    judged = {case.name: case for case in cases}
    problems = [
        problem
        for entry in baseline.entries
        if (problem := _problem(entry, judged.get(entry.clause), today, set(known))) is not None
    ]
    told = []
    for case in cases:
        entry = entries.get(case.name)
        if entry is None or case.verdict != "violate" or today > entry.expires:
            told.append(case)
            continue
        detail = f"accepted until {entry.expires} by {entry.owner}: {entry.reason}"
        findings = tuple(replace(finding, severity="info", detail=detail) for finding in case.findings)
        told.append(replace(case, detail=detail, findings=findings))
    return tuple(told), tuple(problems)


def _problem(entry: Entry, case: Case | None, today: date, known: set[str]) -> Finding | None:
    if entry.clause not in known:
        return _finding(entry, "stale", "The baseline accepts a clause that the contract does not have")
    if case is None:
        return None  # another shard's, or not selected
    if case.verdict == "conform":
        return _finding(entry, "stale", "The baseline accepts a violation that is gone")
    if case.verdict == "violate" and today > entry.expires:
        return _finding(entry, "expired", f"The baseline's entry has expired on {entry.expires}")
    return None


def _finding(entry: Entry, word: str, title: str) -> Finding:
    detail = f"{entry.owner} accepted it until {entry.expires}: {entry.reason}. "
    detail += "Remove the entry." if word == "stale" else "Mend the server, or give the entry another day."
    operation = entry.clause.partition("@")[2]
    return Finding(f"baseline-{word}", "error", title, detail, operation=operation, clause=entry.clause)
