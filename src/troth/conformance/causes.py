"""One cause, one finding: what a schema that many operations share brings about is told once, with where it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from troth.findings import Case, Finding

__all__ = ["gathered"]


def gathered(cases: Sequence[Case]) -> tuple[Case, ...]:
    """The cases with findings of one id and one cause left at the first of them, which says where it reaches.

    The others stay violated and name that first one. What somebody answers for already is left alone.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for index, case in enumerate(cases):
        if (cause := _cause(case)) is not None:
            groups.setdefault(cause, []).append(index)
    told = list(cases)
    for first, *others in groups.values():
        if not others:
            continue
        finding = told[first].findings[0]
        reach = [name for index in (first, *others) for name in _reach(told[index].findings[0])]
        told[first] = replace(told[first], findings=(replace(finding, reach=tuple(dict.fromkeys(reach))),))
        for index in others:
            told[index] = replace(told[index], findings=(), detail=f"the same cause as {told[first].name}")
    return tuple(told)


def _cause(case: Case) -> tuple[str, str] | None:
    """What tells the cause of the only finding of a case; None where nothing does."""
    if case.verdict != "violate" or len(case.findings) != 1 or case.findings[0].severity == "info":
        return None
    cause = case.findings[0].evidence.get("cause")
    return (case.findings[0].id, str(cause)) if cause else None


def _reach(finding: Finding) -> tuple[str, ...]:
    return finding.reach or (finding.operation or "",)
