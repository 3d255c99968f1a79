"""A baseline accepts a violation for somebody, for a reason, until a day; expired and stale entries fail the run."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from troth.conformance import Outcome, Target, verify
from troth.conformance.baseline import Baseline, baseline_of
from troth.conformance.connections import Loopback
from troth.conformance.crew import bench_of
from troth.conformance.selftest import Bench
from troth.errors import UsageError

ENTRY = {
    "clause": "resource.delete@deleteInvoice",
    "owner": "ada",
    "reason": "ticket 42",
    "expires": "9999-01-01",
}


@cache
def bench() -> Bench:
    return bench_of("billing")


def judged(baseline: Baseline, *faults: str, shard: tuple[int, int] = (1, 1)) -> Outcome:
    engine = bench().engine.misbehaving(faults)
    target = Target(f"http://mock.invalid{bench().contract.base_path}", connection=Loopback(engine))
    return verify(
        bench().contract, target, baseline=baseline, reproduce=False, shard=shard, instruments=bench().instruments,
        only=["resource"],
    )  # fmt: skip


def baseline(**changes: object) -> Baseline:
    return baseline_of({"accepted": [{**ENTRY, **changes}]}, "baseline.json")


def test_an_accepted_violation_does_not_fail_the_run() -> None:
    """It is told, with who answers for it, and is no error."""
    outcome = judged(baseline(), "delete-noop")
    (finding,) = outcome.findings
    assert outcome.exit_code == 0
    assert (finding.severity, finding.detail) == ("info", "accepted until 9999-01-01 by ada: ticket 42")


def test_another_violation_still_fails_it() -> None:
    outcome = judged(baseline(), "delete-noop", "update-not-persisted")
    assert outcome.exit_code == 1
    assert {f.clause for f in outcome.findings if f.severity == "error"} >= {"resource.update@updateInvoice"}


def test_an_expired_entry_fails_the_run() -> None:
    """The violation counts again, and the entry is a finding of its own."""
    outcome = judged(baseline(expires="2001-01-01"), "delete-noop")
    assert outcome.exit_code == 1
    assert [f.id for f in outcome.findings] == ["resource-delete", "baseline-expired"]


def test_a_stale_entry_fails_the_run() -> None:
    """What it accepts is gone: the server was mended, or the contract has no such clause."""
    assert [f.id for f in judged(baseline()).findings] == ["baseline-stale"]
    assert judged(baseline()).exit_code == 1
    gone = judged(baseline(clause="resource.delete@dropInvoice"), "delete-noop")
    assert {f.id for f in gone.findings} == {"resource-delete", "baseline-stale"}


def test_an_entry_for_another_shard_is_not_stale() -> None:
    found = [judged(baseline(), "delete-noop", shard=(index, 2)).exit_code for index in (1, 2)]
    assert 1 not in found


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"owner": ""}, "entry 1: 'owner' is missing"),
        ({"reason": None}, "entry 1: 'reason' is missing"),
        ({"expires": "soon"}, "expires is a day such as 2027-01-31, not 'soon'"),
        ({"clause": "resource.delete"}, "is no clause@operation"),
        ({"line": 7}, "there is no member 'line'"),
    ],
)
def test_an_entry_has_owner_reason_and_expiry_and_nothing_else(
    entry: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        baseline(**entry)


def test_a_day_may_be_a_toml_date() -> None:
    assert baseline(expires=date(2027, 1, 31)).entries[0].expires == date(2027, 1, 31)


def test_no_violation_is_accepted_twice() -> None:
    with pytest.raises(UsageError, match="accepted twice"):
        baseline_of({"accepted": [ENTRY, ENTRY]}, "baseline.json")
