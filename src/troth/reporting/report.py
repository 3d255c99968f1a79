"""One report: a title, findings, the cases that were judged, and facts about the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from troth.findings import SEVERITIES, VERDICTS, Case, Finding

__all__ = ["Report", "plural"]


@dataclass(frozen=True, slots=True)
class Report:
    """What every writer receives. ``head`` is JSON about the run: contract, seed, verdict."""

    title: str
    findings: tuple[Finding, ...] = ()
    cases: tuple[Case, ...] = ()
    head: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        findings: Sequence[Finding],
        *,
        title: str,
        cases: Sequence[Case] = (),
        head: Mapping[str, Any] | None = None,
    ) -> Report:
        """A report with the findings given and those of the cases, each once, the gravest first."""
        every = list(findings)
        for case in cases:
            every += [finding for finding in case.findings if finding not in every]
        every.sort(key=lambda finding: SEVERITIES.index(finding.severity))
        return cls(title, tuple(every), tuple(cases), dict(head or {}))

    @property
    def summary(self) -> dict[str, int]:
        """Counts by verdict when cases were judged, by severity otherwise; a zero is a fact too."""
        if self.cases:
            verdicts = Counter(case.verdict for case in self.cases)
            return {verdict: verdicts[verdict] for verdict in VERDICTS}
        severities = Counter(finding.severity for finding in self.findings)
        return {severity: severities[severity] for severity in SEVERITIES}

    @property
    def sentence(self) -> str:
        """The summary in words: ``12 conform, 1 violate`` or ``2 errors, 1 warning``."""
        if self.cases:
            named = [
                f"{count} {verdict.replace('-', ' ')}" for verdict, count in self.summary.items() if count
            ]
            return ", ".join(named)
        counted = [_counted(severity, count) for severity, count in self.summary.items() if count]
        return ", ".join(counted) or "nothing found"

    @property
    def unjudged(self) -> tuple[Case, ...]:
        """The cases without a verdict either way: inconclusive or not exercised."""
        return tuple(case for case in self.cases if case.verdict in {"inconclusive", "not-exercised"})


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _counted(severity: str, count: int) -> str:
    return plural(count, f"{severity} change" if severity == "breaking" else severity).replace(
        "infos", "info"
    )
