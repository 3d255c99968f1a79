"""One cause, one finding: what many operations share is told once, with where it reaches.

They share a schema, or the machinery that breaks one promise in the same way wherever it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from troth.findings import Case, Finding

__all__ = ["ALIKE", "gathered"]

#: In how many operations the same promise is broken in the same way when that is no accident.
_MANY = 3


#: How a cause begins that is told by who asked and what deviates, whatever the operation.
ALIKE = "alike: "


def gathered(cases: Sequence[Case]) -> tuple[Case, ...]:
    """The cases with findings of one id and one cause left at the first of them, which says where it reaches.

    The others stay violated and name that first one; their identities are in its evidence, for a baseline. What
    somebody answers for already is left alone.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for index, case in enumerate(cases):
        if (cause := _cause(case)) is not None:
            groups.setdefault(cause, []).append(index)
    told = list(cases)
    for (_, cause_of), (first, *others) in groups.items():
        gone = [told[index].findings[0] for index in (first, *others)]
        if not others or (cause_of.startswith(ALIKE) and sum(map(len, map(_reach, gone))) < _MANY):
            continue
        reach = dict.fromkeys(name for finding in gone for name in _reach(finding))
        identities = dict.fromkeys(name for finding in gone for name in _identities(finding))
        evidence = {**gone[0].evidence, **({"identities": list(identities)} if identities else {})}
        kept = replace(gone[0], reach=tuple(reach), evidence=evidence)
        told[first] = replace(told[first], findings=(kept,))
        for index in others:
            told[index] = replace(told[index], findings=(), detail=f"the same cause as {told[first].name}")
    return tuple(told)


def _cause(case: Case) -> tuple[str, str] | None:
    """What tells the cause of the only finding of a case; None where nothing does."""
    if case.verdict != "violate" or len(case.findings) != 1 or case.findings[0].severity == "info":
        return None
    finding = case.findings[0]
    cause = finding.evidence.get("cause")
    if not cause and finding.identity:
        cause = ALIKE + finding.identity.partition(" ")[2]
    return (finding.id, str(cause)) if cause else None


def _identities(finding: Finding) -> tuple[str, ...]:
    return tuple(finding.evidence.get("identities") or filter(None, [finding.identity]))


def _reach(finding: Finding) -> tuple[str, ...]:
    return finding.reach or (finding.operation or "",)
