"""The comparison of two contracts as one value: facts, findings, and the changes as a maintainer would list them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from troth.compatibility.delta import Delta, delta
from troth.compatibility.facts import Fact
from troth.compatibility.judgement import Judged, judge_all
from troth.compatibility.policies import Policy, policy_of
from troth.compatibility.waivers import Waiver, apply_waivers
from troth.contract.collecting import without_collection
from troth.contract.model import Contract, Operation
from troth.errors import UsageError
from troth.findings import SEVERITIES, Finding, Severity

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed and what it means under one policy. ``judged`` is sorted, the gravest first.

    ``remarks`` are errors of the comparison's own inputs: waivers that are stale or expired.
    """

    delta: Delta
    policy: Policy
    judged: tuple[Judged, ...]
    remarks: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        found = (*self.remarks, *(item.finding for item in self.judged))
        return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(item.fact for item in self.judged)

    @property
    def worst(self) -> Severity | None:
        """The gravest severity found, None when the contracts do not differ."""
        return min((f.severity for f in self.findings), key=SEVERITIES.index, default=None)

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings that are as grave as ``severity`` or graver."""
        limit = SEVERITIES.index(severity)
        return tuple(finding for finding in self.findings if SEVERITIES.index(finding.severity) <= limit)


def compare(
    old: Contract,
    new: Contract,
    *,
    policy: str | Policy | None = None,
    as_of: date | None = None,
    waivers: Sequence[Waiver] = (),
) -> Comparison:
    """Compares two contracts. Without a policy, the new contract's own ``changelog`` behaviour says which.

    ``as_of`` is the day on which announced ends and waivers are judged. Raises UsageError for waivers without a day.
    """
    with without_collection():
        return _compare(old, new, policy, as_of, waivers)


def _compare(
    old: Contract,
    new: Contract,
    policy: str | Policy | None,
    as_of: date | None,
    waivers: Sequence[Waiver],
) -> Comparison:
    found = delta(old, new)
    chosen = policy if isinstance(policy, Policy) else policy_of(new, policy)
    judged = _settled(judge_all(found, chosen, as_of), found)
    if not waivers:
        return Comparison(found, chosen, judged)
    if as_of is None:
        raise UsageError(
            "Waivers expire, so a comparison with waivers needs the day of judgement: give as_of."
        )
    marked, remarks = apply_waivers(judged, waivers, as_of)
    ordered = sorted(marked, key=lambda item: SEVERITIES.index(item.finding.severity))
    return Comparison(found, chosen, tuple(ordered), remarks)


def _settled(judged: tuple[Judged, ...], found: Delta) -> tuple[Judged, ...]:
    """Without mere consequences: that a scope is offered, or no longer, for an operation that came or went."""
    asked = {"added": _scopes(found.paired.added), "removed": _scopes(found.paired.removed)}
    return tuple(
        item
        for item in judged
        if item.fact.subject != "offered-scope"
        or (item.fact.new or item.fact.old) not in asked.get(item.fact.action, frozenset())
    )


def _scopes(operations: Iterable[Operation]) -> frozenset[str]:
    return frozenset(
        scope
        for operation in operations
        for way in operation.security
        for scopes in way.values()
        for scope in scopes
    )
