"""A baseline accepts a violation for somebody, for a reason, until a day; expired and stale entries fail the run."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from typing import Any

import pytest

from troth.conformance import Outcome, Target, verify
from troth.conformance.baseline import Baseline, baseline_of
from troth.conformance.connections import Loopback
from troth.conformance.crew import bench_of
from troth.conformance.deviations import DEVIATIONS, ROLES, identity_of
from troth.conformance.exchanges import Exchange
from troth.conformance.selftest import Bench
from troth.conformance.verdicts import Violated
from troth.errors import UsageError
from troth.findings import Finding, Location
from troth.reporting import render

ENTRY = {
    "violation": "resource.delete@deleteInvoice owner extra",
    "owner": "ada",
    "reason": "ticket 42",
    "expires": "9999-01-01",
}


@cache
def bench() -> Bench:
    return bench_of("billing")


def judged(
    baseline: Baseline,
    *faults: str,
    shard: tuple[int, int] = (1, 1),
    only: tuple[str, ...] = ("resource",),
    **how: Any,
) -> Outcome:
    engine = bench().engine.misbehaving(faults)
    target = Target(f"http://mock.invalid{bench().contract.base_path}", connection=Loopback(engine))
    return verify(
        bench().contract, target, baseline=baseline, reproduce=False, shard=shard, instruments=bench().instruments,
        only=only, **how,
    )  # fmt: skip


CLAUSES = ("resource", "fields", "tenancy", "webhooks", "pagination", "filter")


def identities(*faults: str, **how: Any) -> dict[str, str]:
    """The identity of each violation of a mock with faults, by clause and operation."""
    outcome = judged(Baseline(()), *faults, only=CLAUSES, **how)
    return {str(finding.clause): finding.identity for finding in outcome.findings}


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
    gone = judged(baseline(violation="resource.delete@dropInvoice owner extra"), "delete-noop")
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
        (
            {"violation": "resource.delete owner extra"},
            "is no identity of a violation; that is 'clause@operation",
        ),
        ({"violation": "resource.delete@deleteInvoice owner"}, "is no identity of a violation"),
        ({"violation": "resource.delete@deleteInvoice owner extras"}, "no deviation.*Did you mean 'extra'"),
        (
            {"violation": "resource.delete@deleteInvoice boss extra"},
            "'boss' is no role; known are owner, peer",
        ),
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


def test_the_older_form_says_what_to_do() -> None:
    """It named a clause alone, which two causes share."""
    entry = {name: value for name, value in ENTRY.items() if name != "violation"}
    older = {"accepted": [{**entry, "clause": "resource.delete@deleteInvoice"}]}
    with pytest.raises(UsageError, match=r"entry 1: 'clause' is the older form.*write violation ="):
        baseline_of(older, "baseline.json")


def test_another_cause_on_the_same_operation_is_another_violation() -> None:
    """Who accepted one computed field accepted no other."""
    faults = ("fields.computed:off-by-one:invoices.subtotal", "fields.computed:off-by-one:invoices.tax_total")
    found = [identities(fault)["fields.computed@getInvoice"] for fault in faults]
    assert found == [f"fields.computed@getInvoice owner value /{name}" for name in ("subtotal", "tax_total")]
    entry = baseline(violation=found[0])
    assert [judged(entry, fault, only=("fields.computed",)).exit_code for fault in faults] == [0, 1]


@pytest.mark.parametrize(
    "faults",
    [
        ("fields.computed:off-by-one:invoices.total",),
        ("leak-foreign-read",),
        ("unique-ignored",),
        ("event-lost", "signature-wrong"),
        ("page-skips-row", "filter-drops-row"),
    ],
)
def test_an_identity_survives_other_runs_seeds_and_words(
    faults: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another seed, other ids and marks, other messages: the same violations."""
    first = identities(*faults)
    assert first
    assert identities(*faults, seed=11, nonce="0badcafe") == first

    def reworded(self: Violated, title: str, *exchanges: Exchange, **options: Any) -> None:
        before(self, f"Now it says: {title[::-1]}", *exchanges, **options)

    before = Violated.__init__
    monkeypatch.setattr(Violated, "__init__", reworded)
    assert identities(*faults) == first


def test_no_identity_has_an_id_a_value_or_a_text_in_it() -> None:
    """Clause, role, a word of the vocabulary, and perhaps the field."""
    for identity in identities(
        "leak-foreign-read", "update-clobbers", "delete-noop", "computed-stale"
    ).values():
        clause, role, deviation, *field = identity.split(" ")
        assert "@" in clause
        assert role in ROLES
        assert deviation in DEVIATIONS
        assert all(re.fullmatch(r"(/[A-Za-z_*]+)+", one) for one in field)
    assert identity_of("a@b", "owner", "value", "/lines/0/total") == "a@b owner value /lines/*/total"
    assert identity_of("a@b", "owner", "value", "/rows/12") == "a@b owner value /rows/*"


def test_a_fingerprint_is_that_of_the_identity() -> None:
    """For code scanning: words and lines may change, causes may not."""

    def prints(**changes: Any) -> str:
        given = {
            "id": "a",
            "severity": "error",
            "title": "T",
            "clause": "a.b@c",
            "identity": "a.b@c owner value /x",
        }
        log = json.loads(render([Finding(**{**given, **changes})], "sarif", title="R"))
        return str(log["runs"][0]["results"][0]["partialFingerprints"])

    assert prints() == prints(title="Other words", location=Location("x.yaml", "/y", 7))
    assert prints() != prints(identity="a.b@c owner value /y")
