"""The ``[diff]`` table of the settings: what a team settles once about all comparisons of its contract.

Options on the command line come before it, what the contract itself says comes after it. Files are named as seen from
the file of settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from troth.cli.settings import settings_table
from troth.cli.tables import Table
from troth.compatibility import ALIASES, POLICIES, rules
from troth.errors import UsageError, did_you_mean
from troth.findings import SEVERITIES, Severity

__all__ = ["LEVELS", "Comparing", "load_comparing", "severity_of"]

LEVELS = ("breaking", "warning", "info", "never")
KEYS = ("policy", "fail-on", "severities", "as-of", "notice", "waivers", "overlays")


@dataclass(frozen=True, slots=True)
class Comparing:
    """What the table says; everything may be absent."""

    policy: str | None = None
    fail_on: str | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict)
    as_of: date | None = None
    notice: int | None = None
    waivers: Path | None = None
    overlays: tuple[str, ...] = ()


def load_comparing(path: str | Path | None = None, *, start: Path | None = None) -> Comparing:
    """The table of a file, or of the nearest one at or above ``start``; empty where there is none.

    Raises UsageError naming file, line and key for what is unknown or of a wrong type.
    """
    whole = settings_table(path, start=start)
    table = whole.table("diff") if whole is not None else None
    if table is None:
        return Comparing()
    table.only(*KEYS)
    waivers = table.string("waivers")
    return Comparing(
        policy=_word(table, "policy", (*POLICIES, *ALIASES)),
        fail_on=_word(table, "fail-on", LEVELS),
        severities=_severities(table.table("severities")),
        as_of=table.day("as-of"),
        notice=_days(table),
        waivers=table.path.parent / waivers if waivers is not None else None,
        overlays=tuple(_seen_from(table.path.parent, one) for one in table.strings("overlays", ())),
    )


def severity_of(rule: str, level: str) -> tuple[str, Severity]:
    """A rule with what it counts as. Raises UsageError for one that is unknown."""
    if rule not in rules():
        raise UsageError(f"There is no rule {rule!r}.{did_you_mean(rule, rules())}")
    if level not in SEVERITIES:
        hint = did_you_mean(level, SEVERITIES)
        raise UsageError(f"{level!r} is no severity; expected one of {', '.join(SEVERITIES)}.{hint}")
    return rule, level


def _word(table: Table, key: str, known: tuple[str, ...]) -> str | None:
    word = table.string(key)
    if word is not None and word not in known:
        hint = did_you_mean(word, known) or f" It can be {', '.join(known)}."
        raise UsageError(f"{table.where(key)}: unknown word {word!r}.{hint}")
    return word


def _severities(table: Table) -> dict[str, Severity]:
    found: dict[str, Severity] = {}
    for rule in table.content:
        own, level = table.checked(rule, partial(severity_of, rule), table.string(rule) or "")
        found[own] = level
    return found


def _days(table: Table) -> int | None:
    found = table.content.get("notice")
    if found is not None and (not isinstance(found, int) or isinstance(found, bool) or found < 0):
        raise UsageError(f"{table.where('notice')}: expected a number of days, found {found!r}.")
    return found


def _seen_from(directory: Path, overlay: str) -> str:
    return overlay if overlay.startswith("git:") or "://" in overlay else str(directory / overlay)
