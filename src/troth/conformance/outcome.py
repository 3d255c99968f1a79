"""What a run came to, judged honestly: too little exercised is never a success."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from troth.findings import VERDICTS, Case, Finding, Verdict

__all__ = ["Outcome", "advised", "shortfall"]

CONFORM, VIOLATED, TOO_LITTLE = 0, 1, 5

#: Concepts that any target with the clauses at all can be asked about; one that never was leaves a hole.
_CORE = ("authentication", "tenancy", "scopes", "pagination", "resource", "schema", "validation")
_SUCCESS, _ELSEWHERE, _FAILED = 2, 3, 5
#: What to do when nothing but a refusal comes back.
_REMEDIES = {
    401: "Check the credentials: those of the owner are not accepted.",
    403: "Check the credentials: those of the owner may do nothing.",
    404: "Check the base URL: nothing of the contract is there.",
    405: "Check the base URL: nothing of the contract is there.",
    429: "Lower --rate, give more credentials, or raise the target's limit for this run.",
}
#: Of all clauses, at least this share must have got a verdict.
_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Outcome:
    """The cases of one run, one a clause. ``shortfall`` says why too little was exercised, or is empty."""

    contract: str
    base_url: str
    seed: int
    cases: tuple[Case, ...]
    shortfall: str
    requests: int
    seconds: float
    further: tuple[Finding, ...] = ()
    shard: tuple[int, int] = (1, 1)
    served: bool = True
    throttled: bool = False
    left: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of the cases, then those about the run itself."""
        return (*(finding for case in self.cases for finding in case.findings), *self.further)

    @property
    def violated(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 conform, 1 violations, 5 too little exercised."""
        return VIOLATED if self.violated else TOO_LITTLE if self.shortfall else CONFORM

    @property
    def counts(self) -> Mapping[Verdict, int]:
        found = Counter(case.verdict for case in self.cases)
        return {verdict: found[verdict] for verdict in VERDICTS}

    @property
    def sentence(self) -> str:
        """The verdict in one line."""
        judged = self.counts["conform"] + self.counts["violate"]
        effort = (
            f"{judged} of {len(self.cases)} clauses judged, {self.requests} requests, {self.seconds:.1f} s"
        )
        if self.violated:
            broken = sum(self._broken(case) for case in self.cases)
            held = f"VIOLATED: {broken} {'clause does' if broken == 1 else 'clauses do'} not hold"
            if not broken:
                held = f"VIOLATED: {len(self.further)} entries of the baseline do not hold"
            short = f" Beyond that too little was exercised: {self.shortfall}." if self.shortfall else ""
            return f"{held} ({effort}).{short}{self._hint}"
        if self.shortfall:
            return f"TOO LITTLE EXERCISED: {self.shortfall} ({effort}).{self._hint}"
        return f"CONFORM: every clause that was judged holds ({effort})."

    @staticmethod
    def _broken(case: Case) -> int:
        """How many clauses the errors of a case speak for: its own, or all that their cause reaches."""
        return max((len(f.reach) or 1 for f in case.findings if f.severity == "error"), default=0)

    @property
    def _hint(self) -> str:
        return f" {self.advice}" if self.advice else ""

    def by_concept(self) -> dict[str, dict[Verdict, int]]:
        """Counts of verdicts by concept, in the order of the clauses."""
        table: dict[str, dict[Verdict, int]] = {}
        for case in self.cases:
            row = table.setdefault(case.group, dict.fromkeys(VERDICTS, 0))
            row[case.verdict] += 1
        return table

    def head(self) -> dict[str, Any]:
        """Facts about the run, for reports."""
        return {
            "contract": self.contract,
            "target": self.base_url,
            "seed": self.seed,
            "shard": f"{self.shard[0]}/{self.shard[1]}",
            "verdict": {CONFORM: "conform", VIOLATED: "violate", TOO_LITTLE: "too-little-exercised"}[
                self.exit_code
            ],
            "exitCode": self.exit_code,
            "shortfall": self.shortfall or None,
            "advice": self.advice or None,
            "served": self.served,
            "throttled": self.throttled,
            "requests": self.requests,
            "left": dict(self.left),
            "seconds": round(self.seconds, 3),
        }


def shortfall(cases: Sequence[Case], skipped: Mapping[str, str], *, served: bool, throttled: bool) -> str:
    """Why a run proves too little; empty when it proves enough. Skipped clauses do not count."""
    counted = [case for case in cases if case.name not in skipped]
    if not counted:
        return "nothing was selected"
    judged = [case for case in counted if case.verdict in ("conform", "violate")]
    if not served:
        return f"no request of the owner succeeded{_commonest(counted)}"
    if throttled and len(judged) < len(counted):
        return "the target's rate limit cut the run short; lower --rate, or give more credentials"
    for concept in _CORE:
        group = [case for case in counted if case.group == concept]
        if group and not any(case in judged for case in group):
            return f"no clause of '{concept}' could be judged{_commonest(group)}"
    if len(judged) < _SHARE * len(counted):
        return f"only {len(judged)} of {len(counted)} clauses got a verdict{_commonest(counted)}"
    return ""


def advised(answers: Mapping[tuple[int, str], int], cases: Sequence[Case], *, served: bool) -> str:
    """What to do about a target that answers (status, media type) so often and shows too little; may be empty."""
    verdicts = Counter(case.verdict for case in cases)
    if not answers or (served and verdicts["violate"] <= verdicts["conform"]):
        return ""  # it is an API; what is missing, the shortfall says
    told: Counter[str] = Counter()
    for (status, media), count in answers.items():
        told[_remedy(status, media, served=served)] += count
    remedy, count = told.most_common(1)[0]
    return remedy if count > sum(told.values()) / 2 else ""


def _remedy(status: int, media: str, *, served: bool) -> str:
    group = status // 100
    if group == _SUCCESS and media and not media.endswith("json"):
        return f"What answers sends {media}; check that the base URL leads to the API and not to a page."
    if group == _SUCCESS:
        return "What answers has none of the rows that the contract speaks of; check the base URL."
    if group == _ELSEWHERE:
        return "What answers redirects, which is not followed; give the final address as the base URL."
    if group == _FAILED:
        return "The target fails; its own log says why."
    return "" if served else _REMEDIES.get(status, f"What answers refuses everything with {status}.")


def _commonest(cases: Sequence[Case]) -> str:
    """The reason that most cases without a verdict give."""
    reasons = Counter(
        case.detail for case in cases if case.detail and case.verdict in ("inconclusive", "not-exercised")
    )
    return f": {reasons.most_common(1)[0][0]}" if reasons else ""
