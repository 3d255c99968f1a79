"""Findings that somebody answers for, until a day: named by rule and place, never by the words of a message.

A file of waivers is TOML::

    [[waiver]]
    rule = "response-required-removed"
    pointer = "/components/schemas/Order/properties/note"
    reason = "No client reads it: see the access log of March."
    owner = "orders@example.com"
    expires = 2027-01-01

One that is expired, or to which no finding belongs any more, is an error itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from troth.compatibility.judgement import Judged
from troth.compatibility.rules import rules
from troth.errors import DocumentError, did_you_mean
from troth.findings import Finding, Location

__all__ = ["Waiver", "apply_waivers", "read_waivers"]

FIELDS = ("rule", "pointer", "reason", "owner", "expires")
HEADING = re.compile(r"^\s*\[\[\s*waiver\s*\]\]")


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who takes a finding on themselves, why, and until when; ``location`` is where they say so."""

    rule: str
    pointer: str
    reason: str
    owner: str
    expires: date
    location: Location


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file. Raises DocumentError, with the line, for what is missing, unknown or of a wrong type."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise DocumentError(f"the waivers cannot be read: {error.strerror}", Location(str(path))) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DocumentError(f"not valid TOML: {error}", Location(str(path))) from error
    lines = [at for at, line in enumerate(text.splitlines(), 1) if HEADING.match(line)]
    unknown = next((key for key in content if key != "waiver"), None)
    if unknown is not None:
        message = f"unknown key {unknown!r}; a file of waivers holds [[waiver]] tables"
        raise DocumentError(message, Location(str(path), line=1))
    rows = content.get("waiver", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DocumentError(
            "'waiver' must be an array of tables: write [[waiver]]", Location(str(path), line=1)
        )
    lines += [1] * len(rows)
    return tuple(_waiver(row, Location(str(path), line=line)) for row, line in zip(rows, lines, strict=False))


def _waiver(row: Mapping[str, Any], where: Location) -> Waiver:
    for key in row:
        if key not in FIELDS:
            raise DocumentError(f"a waiver has no {key!r}.{did_you_mean(key, FIELDS)}", where)
    for key in FIELDS:
        if not row.get(key):
            raise DocumentError(
                f"a waiver needs {key!r}; it has {', '.join(map(repr, row)) or 'nothing'}", where
            )
    if row["rule"] not in rules():
        raise DocumentError(f"unknown rule {row['rule']!r}.{did_you_mean(str(row['rule']), rules())}", where)
    expires = row["expires"]
    if isinstance(expires, str):
        try:
            expires = date.fromisoformat(expires)
        except ValueError:
            expires = None
    if isinstance(expires, datetime):
        expires = expires.date()
    if not isinstance(expires, date):
        message = f"'expires' must be a date such as 2027-01-01, found {row['expires']!r}"
        raise DocumentError(message, where)
    pointer = str(row["pointer"]).removeprefix("#")
    return Waiver(str(row["rule"]), pointer, str(row["reason"]), str(row["owner"]), expires, where)


def apply_waivers(
    judged: Sequence[Judged], waivers: Sequence[Waiver], when: date
) -> tuple[tuple[Judged, ...], tuple[Finding, ...]]:
    """The judgements with what is waived made harmless, and an error for each waiver that is none any more."""
    standing = {(waiver.rule, waiver.pointer): waiver for waiver in waivers if waiver.expires >= when}
    used: set[tuple[str, str]] = set()
    marked: list[Judged] = []
    for item in judged:
        key = _key(item.finding)
        waiver = standing.get(key)
        if waiver is None:
            marked.append(item)
            continue
        used.add(key)
        marked.append(replace(item, finding=_waived(item.finding, waiver)))
    return tuple(marked), tuple(_faults(waivers, when, used, {_key(item.finding) for item in judged}))


def _key(finding: Finding) -> tuple[str, str]:
    return finding.id, finding.location.pointer if finding.location else ""


def _waived(finding: Finding, waiver: Waiver) -> Finding:
    said = f"Waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
    evidence = {**finding.evidence, "waived": {"owner": waiver.owner, "until": waiver.expires.isoformat(),
                "reason": waiver.reason, "severity": finding.severity}}  # fmt: skip
    return replace(finding, severity="info", detail=f"{finding.detail} {said}".strip(), evidence=evidence)


def _faults(
    waivers: Sequence[Waiver], when: date, used: set[tuple[str, str]], known: set[tuple[str, str]]
) -> Iterator[Finding]:
    for waiver in waivers:
        key = waiver.rule, waiver.pointer
        named = f"{waiver.rule} at {waiver.pointer}"
        if waiver.expires < when:
            title = f"the waiver of {named} expired on {waiver.expires}"
            detail = "Its finding still stands." if key in known else "Nothing is left to waive: remove it."
            yield Finding("waiver-expired", "error", title, f"{detail} Ask {waiver.owner}.", waiver.location)
        elif key not in used:
            pointers = sorted(pointer for rule, pointer in known if rule == waiver.rule)
            hint = did_you_mean(waiver.pointer, pointers)
            title = f"the waiver of {named} waives nothing"
            yield Finding(
                "waiver-stale", "error", title, f"No such finding is left: remove it.{hint}", waiver.location
            )
