"""The suite is proved: faults are noticed by the clause named for them, and the correct mock raises no alarm."""

from __future__ import annotations

from functools import cache

import pytest

from troth.conformance.crew import bench_of
from troth.conformance.selftest import Bench, KillMatrix, Trial
from troth.conformance.subjects import chosen, subjects_of
from troth.contract import shipped
from troth.errors import UsageError

NAMES = shipped().names()
#: A run over Clio's rows takes a minute, so it is judged in the slow part only.
QUICK = [name for name in NAMES if name != "clio"]
#: Of the larger contracts one fault in so many is tried in every run of the tests, all of them in the slow part.
EVERY = 40


@cache
def bench(name: str) -> Bench:
    return bench_of(name)


def matrix(name: str, trials: list[Trial]) -> KillMatrix:
    return KillMatrix(name, tuple(trials))


def told(found: KillMatrix) -> list[str]:
    return [trial.subject.name for trial in found.trials if not trial.killed]


def test_billing_notices_its_faults() -> None:
    """At least 95 % of all faults of the smallest contract, each named rightly, at most 1.2 causes a fault."""
    subjects = subjects_of(bench("billing").instruments)
    found = matrix("billing", [bench("billing").tried(subject) for subject in subjects])
    assert len(subjects) > 50
    assert found.share >= 0.95, told(found)
    assert found.findings <= 1.2


@pytest.mark.parametrize("name", [name for name in QUICK if name != "billing"])
def test_a_sample_of_every_contract_is_noticed(name: str) -> None:
    subjects = subjects_of(bench(name).instruments)[::EVERY]
    found = matrix(name, [bench(name).tried(subject) for subject in subjects])
    assert found.share >= 0.9, told(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_contract_notices_its_faults(name: str) -> None:
    subjects = subjects_of(bench(name).instruments)
    found = matrix(name, [bench(name).tried(subject) for subject in subjects])
    assert found.share >= 0.95, told(found)
    assert found.findings <= 1.2


@pytest.mark.parametrize("name", QUICK)
def test_the_correct_mock_raises_no_alarm(name: str) -> None:
    """With two seeds: other ids, other marks, the same verdict."""
    assert [bench(name).alarms(seed) for seed in (1, 2)] == [(), ()]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_correct_mock_raises_no_alarm_with_twenty_seeds(name: str) -> None:
    assert [bench(name).alarms(seed) for seed in range(1, 21)] == [()] * 20


def test_trials_leave_the_correct_mock_alone() -> None:
    """A fault of one trial colours neither the next one nor the mock itself."""
    subject = chosen(subjects_of(bench("billing").instruments), ["leak-foreign-read"])[0]
    first = bench("billing").tried(subject)
    assert first.killed_by == ("tenancy.read",)
    assert bench("billing").alarms() == ()
    assert bench("billing").tried(subject).violated == first.violated


def test_faults_are_chosen_by_name_clause_concept_and_operator() -> None:
    subjects = subjects_of(bench("billing").instruments)
    assert [s.name for s in chosen(subjects, ["delete-noop"])] == ["delete-noop"]
    assert {s.clause for s in chosen(subjects, ["tenancy.read"])} == {"tenancy.read"}
    assert {s.clause.partition(".")[0] for s in chosen(subjects, ["tenancy"])} == {"tenancy"}
    assert {s.operator for s in chosen(subjects, ["stale"])} == {"stale"}
    with pytest.raises(UsageError, match="Did you mean 'delete-noop'"):
        chosen(subjects, ["delete-nop"])
