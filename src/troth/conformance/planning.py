"""Which clauses a run judges: all of a contract's, less what was left out, cut into shards."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from troth.behaviour.clauses import Clause, chosen_clauses, is_meant
from troth.errors import UsageError

__all__ = ["Plan", "Skip", "plan"]


@dataclass(frozen=True, slots=True)
class Skip:
    """A clause, a ``clause@operation`` or a glob over them that is known not to hold, and until when that is fine."""

    clause: str
    reason: str
    until: date | None = None

    def covers(self, clause: Clause, today: date) -> bool:
        return (self.until is None or today <= self.until) and is_meant(self.clause, clause)


@dataclass(frozen=True, slots=True)
class Plan:
    """The clauses of one run, in order; ``skipped`` maps the names of known ones to their reasons."""

    clauses: tuple[Clause, ...]
    skipped: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def plan(
    clauses: Sequence[Clause],
    *,
    only: Iterable[str] = (),
    skips: Iterable[Skip] = (),
    shard: tuple[int, int] = (1, 1),
    today: date,
) -> Plan:
    """The plan of a run. Raises UsageError for a pattern that means nothing and for an impossible shard."""
    known = tuple(skips)
    chosen_clauses(clauses, [skip.clause for skip in known])
    index, count = shard
    if not 1 <= index <= count:
        raise UsageError(
            f"There is no shard {index}/{count}; the first of {max(count, 1)} is 1/{max(count, 1)}."
        )
    wanted = chosen_clauses(clauses, only)
    chosen = _by_operation(clause for clause in wanted if _part(clause, count) == index)
    reasons = {
        clause.name: f"skipped: {skip.reason}" + (f" (until {skip.until})" if skip.until else "")
        for clause in chosen
        for skip in known
        if skip.covers(clause, today)
    }
    return Plan(chosen, MappingProxyType(reasons))


def _part(clause: Clause, count: int) -> int:
    """The shard of an operation: from its name alone, so that adding one moves no other."""
    return zlib.crc32(clause.operation.encode()) % count + 1


def _by_operation(clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    """The clauses of one operation together, so that they share what they find out and no others do."""
    groups: dict[str, list[Clause]] = {}
    for clause in clauses:
        groups.setdefault(clause.operation, []).append(clause)
    return tuple(clause for group in groups.values() for clause in group)
