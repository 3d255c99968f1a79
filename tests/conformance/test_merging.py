"""Reports of shards put together are the report of the whole."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from troth.conformance import Outcome, Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.crew import bench_of
from troth.conformance.merging import merged
from troth.conformance.selftest import Bench
from troth.errors import UsageError
from troth.reporting import render


@cache
def bench() -> Bench:
    return bench_of("billing")


@cache
def outcome(shard: tuple[int, int] = (1, 1)) -> Outcome:
    engine = bench().engine.misbehaving(["delete-noop"])
    target = Target(f"http://mock.invalid{bench().contract.base_path}", connection=Loopback(engine))
    return verify(bench().contract, target, shard=shard, instruments=bench().instruments)


def report(found: Outcome) -> dict[str, Any]:
    text = render(found.findings, "json", title="a run", cases=found.cases, head=found.head())
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def shards(count: int) -> list[dict[str, Any]]:
    return [report(outcome((index, count))) for index in range(1, count + 1)]


def names(count: int) -> list[str]:
    return [f"{index}.json" for index in range(1, count + 1)]


def test_three_shards_are_the_whole() -> None:
    """Cases, verdicts, findings with their evidence, requests: the same as of one run."""
    whole, found = outcome(), merged(shards(3), names(3))
    assert {case.name: case.verdict for case in found.cases} == {
        case.name: case.verdict for case in whole.cases
    }
    assert {f.clause for f in found.findings} == {f.clause for f in whole.findings}
    assert all("reproduction" in f.evidence for f in found.findings)
    assert found.requests == whole.requests
    assert (found.exit_code, found.shortfall) == (whole.exit_code, whole.shortfall) == (1, "")


def test_a_missing_shard_is_named() -> None:
    with pytest.raises(UsageError, match="The shards 2/3 are missing"):
        merged([shards(3)[0], shards(3)[2]], ["1.json", "3.json"])


def test_a_shard_is_merged_once() -> None:
    with pytest.raises(UsageError, match=r"2.json: shard 1/3 is in 1.json already"):
        merged([shards(3)[0]] * 2, names(2))


def test_reports_of_different_runs_do_not_belong_together() -> None:
    other = {**shards(3)[1], "seed": 4}
    with pytest.raises(UsageError, match=r"2.json: the seed is 4, the one of 1.json 0"):
        merged([shards(3)[0], other], names(2))
    with pytest.raises(UsageError, match="no JSON report of troth verify"):
        merged([{"findings": []}], ["1.json"])
