"""A baseline: violations that somebody answers for, for a reason, until a day. Anything else fails the run.

An entry names a violation by its identity (:mod:`troth.conformance.deviations`): never by a text, a line or an id of a
row, so rewording a message or moving a statement makes no new violation, and another cause on one operation is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from troth.conformance.deviations import DEVIATIONS, ROLES
from troth.errors import UsageError, did_you_mean
from troth.findings import Case, Finding

__all__ = ["Baseline", "Entry", "accepted", "baseline_of"]

_MEMBERS = ("violation", "owner", "reason", "expires")
_FORM = "clause@operation role deviation /field"


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted violation, by its identity."""

    violation: str
    owner: str
    reason: str
    expires: date

    @property
    def clause(self) -> str:
        """``clause@operation``."""
        return self.violation.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Baseline:
    entries: tuple[Entry, ...]


def baseline_of(document: Any, source: str) -> Baseline:
    """A baseline from JSON or TOML: ``{"accepted": [{violation, owner, reason, expires}]}``. Raises UsageError."""
    listed = document.get("accepted") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise UsageError(
            f"{source}: a baseline has a list 'accepted' of violation, owner, reason and expires."
        )
    entries = [_entry(given, f"{source}: entry {number}") for number, given in enumerate(listed, 1)]
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        if entry.violation in seen:
            raise UsageError(f"{source}: entry {number}: {entry.violation} is accepted twice.")
        seen.add(entry.violation)
    return Baseline(tuple(entries))


def _entry(given: Any, where: str) -> Entry:
    if not isinstance(given, Mapping):
        raise UsageError(f"{where} is no table of violation, owner, reason and expires.")
    if "clause" in given and "violation" not in given:
        raise UsageError(
            f"{where}: 'clause' is the older form, which takes two causes for one. Run troth verify --json without the "
            f"baseline, and write violation = what the finding of {given['clause']!r} has as its identity."
        )
    for name in given:
        if name not in _MEMBERS:
            raise UsageError(f"{where}: there is no member {name!r}; an entry has {', '.join(_MEMBERS)}.")
    for name in _MEMBERS:
        if not given.get(name):
            raise UsageError(
                f"{where}: '{name}' is missing. Somebody answers for it, for a reason, until a day."
            )
    try:
        expires = (
            given["expires"] if isinstance(given["expires"], date) else date.fromisoformat(given["expires"])
        )
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{where}: expires is a day such as 2027-01-31, not {given['expires']!r}."
        ) from error
    violation = _identity(str(given["violation"]), where)
    return Entry(violation, str(given["owner"]), str(given["reason"]), expires)


def _identity(text: str, where: str) -> str:
    """An identity with single spaces. Raises UsageError for anything else."""
    words = text.split()
    if not 3 <= len(words) <= 4 or "@" not in words[0]:  # noqa: PLR2004 - the field may be left out
        raise UsageError(f"{where}: {text!r} is no identity of a violation; that is '{_FORM}'.")
    for word, known, what in ((words[1], ROLES, "role"), (words[2], DEVIATIONS, "deviation")):
        if word not in known:
            raise UsageError(
                f"{where}: {word!r} is no {what}; known are {', '.join(known)}.{did_you_mean(word, known)}"
            )
    return " ".join(words)


def accepted(
    cases: Sequence[Case], baseline: Baseline, *, today: date, known: Iterable[str]
) -> tuple[tuple[Case, ...], tuple[Finding, ...]]:
    """The cases with accepted violations told as such, and findings about entries that have expired or are stale.

    ``known`` are the clauses of the whole contract: an entry for another shard's clause is not stale.
    """
    entries = {entry.violation: entry for entry in baseline.entries}
    judged, clauses = {case.name: case for case in cases}, set(known)
    problems = [
        problem
        for entry in baseline.entries
        if (problem := _problem(entry, judged.get(entry.clause), today, clauses)) is not None
    ]
    return tuple(_told(case, entries, today) for case in cases), tuple(problems)


def _told(case: Case, entries: Mapping[str, Entry], today: date) -> Case:
    """A case whose findings are all accepted is told as such; of another, the findings that are."""
    if case.verdict != "violate":
        return case
    findings, details = [], []
    for finding in case.findings:
        entry = entries.get(finding.identity)
        if entry is None or today > entry.expires:
            findings.append(finding)
            continue
        details.append(f"accepted until {entry.expires} by {entry.owner}: {entry.reason}")
        findings.append(replace(finding, severity="info", detail=details[-1]))
    whole = details and len(details) == len(findings)
    return replace(case, detail=details[0] if whole else case.detail, findings=tuple(findings))


def _problem(entry: Entry, case: Case | None, today: date, known: set[str]) -> Finding | None:
    if entry.clause not in known:
        return _finding(entry, "stale", "The baseline accepts a clause that the contract does not have")
    if case is None:
        return None  # another shard's, or not selected
    if case.verdict == "conform":
        return _finding(entry, "stale", "The baseline accepts a violation that is gone")
    shown = entry.violation in {finding.identity for finding in case.findings}
    if case.verdict == "violate" and shown and today > entry.expires:
        return _finding(entry, "expired", f"The baseline's entry has expired on {entry.expires}")
    return None


def _finding(entry: Entry, word: str, title: str) -> Finding:
    detail = f"{entry.owner} accepted '{entry.violation}' until {entry.expires}: {entry.reason}. "
    detail += "Remove the entry." if word == "stale" else "Mend the server, or give the entry another day."
    operation = entry.clause.partition("@")[2]
    return Finding(
        f"baseline-{word}", "error", title, detail, operation=operation, clause=entry.clause,
        identity=f"baseline-{word} {entry.violation}",
    )  # fmt: skip
