"""A bent mock that is asked what the correct one was asked departs where its fault shows, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from troth.conformance.crew import bench_of
from troth.conformance.lockstep import Recorder, Step, departing
from troth.conformance.selftest import Bench

RUN = "verify-00000007-"


@cache
def bench() -> Bench:
    return bench_of("billing")


@cache
def recorded() -> Recorder:
    connection = Recorder(bench().engine.misbehaving(()))
    bench().held(connection)
    return connection


def grounds(*faults: str, steps: list[Step] | None = None) -> set[str]:
    """The grounds on which some faults show."""
    steps = recorded().steps if steps is None else steps
    engine = bench().engine.misbehaving(faults)
    found = departing(engine, steps, {step.sandbox for step in steps}, recorded().public)
    return {name.removeprefix(RUN) for name in found}


def test_the_correct_mock_departs_nowhere() -> None:
    assert len(recorded().steps) > 300
    assert grounds() == set()


def test_a_fault_of_one_filter_departs_where_that_is_used() -> None:
    assert grounds("filter.exact:drop:listInvoices.status") == {"listInvoices"}


def test_a_fault_of_every_refusal_departs_on_every_ground() -> None:
    every = {step.sandbox.removeprefix(RUN) for step in recorded().steps if step.sandbox.startswith(RUN)}
    assert {name for name in every if not name.endswith("-apart")} <= grounds("error-envelope-broken")


def test_a_fault_of_deliveries_departs_although_every_answer_is_the_same() -> None:
    """Signatures are in no answer; without a receiver nobody would see them."""
    unheard = [replace(step, deliveries=None) for step in recorded().steps]
    assert grounds("signature-wrong", steps=unheard) == grounds(steps=unheard)
    assert grounds("signature-wrong") == {
        step.sandbox.removeprefix(RUN) for step in recorded().steps if step.deliveries
    }


def test_a_fault_that_lets_parallel_requests_into_each_other_departs_although_they_come_one_by_one() -> None:
    assert grounds("race-on-unique")
