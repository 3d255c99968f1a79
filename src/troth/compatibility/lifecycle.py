"""Ends that were announced: what a removal means before and after its day, and whether an announcement can be true.

Nothing here asks a clock: the day of judgement is given, so a comparison says the same tomorrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from troth.compatibility.facts import Fact

__all__ = ["dated", "day_of"]

JSON = Any
ENDS = frozenset({"sunset", "operation-sunset", "parameter-sunset"})
REMOVABLE: Mapping[str, str] = {
    "operation": "operation",
    "deprecated-operation": "operation",
    "parameter": "parameter",
    "required-parameter": "parameter",
    "property": "property",
    "required-property": "property",
}


def dated(fact: Fact, when: date | None, notice: int = 0) -> Fact:
    """The fact as it is to be judged on a day; ``notice`` is how many days an announcement must come before its end.

    Without a day only what two announced dates say about each other is judged.
    """
    if fact.subject in ENDS and fact.action in ("added", "changed"):
        return _announcement(fact, when, notice)
    if fact.action == "removed" and fact.subject in REMOVABLE and when is not None:
        return _removal(fact, when)
    return fact


def day_of(value: JSON) -> date | None:
    """The day of an ISO 8601 date or date-time; None for anything else."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _announcement(fact: Fact, when: date | None, notice: int) -> Fact:
    end, since = day_of(fact.new), day_of(fact.context.get("since"))
    if end is None:
        return replace(fact, subject="invalid-sunset", action="added", old=None)
    if since is not None and end < since:
        return replace(fact, subject="sunset-before-deprecation", action="added", old=since.isoformat())
    before = day_of(fact.old)
    if when is not None and (end - when).days < notice and (before is None or end < before):
        context = {**fact.context, "as-of": when.isoformat(), "notice": notice}
        return replace(fact, subject="short-notice", action="added", old=None, context=context)
    if before is None:  # nothing was announced, or nothing that could be understood
        return replace(fact, action="added", old=None)
    return replace(fact, action="increased" if end > before else "decreased")


def _removal(fact: Fact, when: date) -> Fact:
    end = day_of(fact.context.get("sunset"))
    if end is None:
        return fact
    kind = "ended" if end <= when else "early"
    return replace(fact, subject=f"{kind}-{REMOVABLE[fact.subject]}", old=end.isoformat())
