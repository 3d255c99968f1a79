"""Reports of shards, put together into the one that a single run would have given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troth.conformance.causes import gathered
from troth.conformance.outcome import Outcome, shortfall
from troth.errors import UsageError
from troth.findings import Case, Finding, Location

__all__ = ["merged"]


def merged(reports: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Outcome:
    """One outcome of several JSON reports. Raises UsageError when they do not belong together."""
    outcomes = [_read(report, name) for report, name in zip(reports, names, strict=True)]
    if not outcomes:
        raise UsageError("There is nothing to merge; name the JSON reports of every shard.")
    first = outcomes[0]
    for outcome, name in zip(outcomes, names, strict=True):
        for word in ("contract", "base_url", "seed"):
            if getattr(outcome, word) != getattr(first, word):
                told = f"{getattr(outcome, word)!r}, the one of {names[0]} {getattr(first, word)!r}"
                raise UsageError(f"{name}: the {word.replace('_', ' ')} is {told}.")
    _check_shards(reports, names)
    cases = [case for outcome in outcomes for case in outcome.cases]
    skipped = {case.name: case.detail for case in cases if case.detail.startswith("skipped:")}
    short = shortfall(
        cases, skipped, served=any(report.get("served", True) for report in reports),
        throttled=any(report.get("throttled") for report in reports),
    )  # fmt: skip
    loose = {finding.id + str(finding.clause): finding for o in outcomes for finding in o.further}
    return Outcome(
        first.contract, first.base_url, first.seed, gathered(cases), short,
        sum(outcome.requests for outcome in outcomes), max(outcome.seconds for outcome in outcomes),
        tuple(loose.values()),
        advice=next((report["advice"] for report in reports if report.get("advice")), "") if short else "",
    )  # fmt: skip


def _check_shards(reports: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Each shard is there once, and none is missing."""
    shards: dict[str, str] = {}
    for report, name in zip(reports, names, strict=True):
        shard = str(report.get("shard") or "1/1")
        if shard in shards:
            raise UsageError(f"{name}: shard {shard} is in {shards[shard]} already.")
        shards[shard] = name
    count = next(iter(shards)).partition("/")[2]
    missing = [f"{i}/{count}" for i in range(1, int(count) + 1) if f"{i}/{count}" not in shards]
    if missing:
        raise UsageError(f"The shards {', '.join(missing)} are missing.")


def _read(report: Mapping[str, Any], name: str) -> Outcome:
    try:
        findings = [_finding(given) for given in report["findings"]]
        cases = tuple(_case(given, findings) for given in report["cases"])
        held = [id(finding) for case in cases for finding in case.findings]
        return Outcome(
            report["contract"], report["target"], report["seed"], cases, report["shortfall"] or "",
            report["requests"], report["seconds"], tuple(f for f in findings if id(f) not in held),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{name}: this is no JSON report of troth verify ({error}).") from error


def _case(given: Mapping[str, Any], findings: Sequence[Finding]) -> Case:
    own = tuple(f for f in findings if f.clause == given["name"] and f.id in given["findings"])
    return Case(given["name"], given["group"], given["verdict"], own, given["detail"], given["seconds"])


def _finding(given: Mapping[str, Any]) -> Finding:
    place = given["location"]
    return Finding(
        given["id"], given["severity"], given["title"], given["detail"],
        Location(place["document"], place["pointer"], place["line"]) if place else None,
        given["operation"], given["clause"], given["evidence"], reach=tuple(given.get("reach") or ()),
        identity=given.get("identity", ""),
    )  # fmt: skip
