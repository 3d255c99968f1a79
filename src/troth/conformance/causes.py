"""One cause, one finding: what a schema that many operations share brings about is told once, with where it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from troth.findings import Case, Finding

__all__ = ["gathered"]


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
    for first, *others in groups.values():
        if not others:
            continue
        gone = [told[index].findings[0] for index in (first, *others)]
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
    cause = case.findings[0].evidence.get("cause")
    return (case.findings[0].id, str(cause)) if cause else None


def _identities(finding: Finding) -> tuple[str, ...]:
    return tuple(finding.evidence.get("identities") or filter(None, [finding.identity]))


def _reach(finding: Finding) -> tuple[str, ...]:
    return finding.reach or (finding.operation or "",)
