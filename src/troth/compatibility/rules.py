"""The table of rules: one row says how grave one kind of fact is, in one direction, and why.

``rules.tsv`` is the table. An id is ``[direction-]subject-action``; ``severity`` holds for a reader who takes the
contract at its word, and a policy may say otherwise. ``title`` is a template over ``place``, ``old`` and ``new``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from troth.findings import SEVERITIES, Severity

__all__ = ["MIRRORS", "Rule", "rule_for", "rules"]

MIRRORS: Mapping[str, str] = {
    "added": "removed",
    "removed": "added",
    "increased": "decreased",
    "decreased": "increased",
    "widened": "narrowed",
    "narrowed": "widened",
    "changed": "changed",
    "renamed": "renamed",
}
"""The action that undoes another."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. ``direction`` is None for a fact that is on one side of the wire by its nature."""

    id: str
    area: str
    subject: str
    action: str
    direction: Literal["request", "response"] | None
    severity: Severity
    title: str
    reason: str


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by id, in the order of the table."""
    text = files("troth.compatibility").joinpath("rules.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["id"]: _rule(row) for row in rows}


@cache
def _by_fact() -> Mapping[tuple[str, str, str | None], Rule]:
    return {(rule.subject, rule.action, rule.direction): rule for rule in rules().values()}


def rule_for(subject: str, action: str, directions: Iterable[str]) -> tuple[Rule, ...]:
    """The rules for a fact: the one beside the wire, or one for each direction that it travels."""
    table = _by_fact()
    alone = table.get((subject, action, None))
    if alone is not None:
        return (alone,)
    return tuple(rule for direction in directions if (rule := table.get((subject, action, direction))))


def _rule(row: Mapping[str, str]) -> Rule:
    if row["severity"] not in SEVERITIES:
        raise ValueError(f"rules.tsv: {row['id']} has the unknown severity {row['severity']!r}.")
    direction = None if row["direction"] == "-" else cast("Literal['request', 'response']", row["direction"])
    return Rule(
        row["id"],
        row["area"],
        row["subject"],
        row["action"],
        direction,
        row["severity"],
        row["title"],
        row["reason"],
    )
