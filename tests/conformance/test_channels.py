"""Every way by which somebody might learn or do what is not theirs is judged, or means nothing for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from troth.behaviour.clauses import CLAUSE_IDS
from troth.conformance.connections import Loopback
from troth.conformance.crew import bench_of
from troth.conformance.probes import PROBES
from troth.conformance.selftest import Bench
from troth.contract import shipped
from troth.engine.faults import FAULTS

from .channels import ACTORS, CHANNELS, TABLE, Cell

bench = cache(bench_of)


def cells() -> Iterator[tuple[tuple[str, str], str, Cell]]:
    for actor, row in TABLE.items():
        yield from ((actor, channel, cell) for channel, cell in row.items() if isinstance(cell, Cell))


def params() -> Iterator[object]:
    """One run for each cell that differs."""
    seen: set[Cell] = set()
    for (who, what), channel, cell in cells():
        if cell not in seen:
            seen.add(cell)
            yield pytest.param(cell, id=f"{who}, {what}, {channel}")


def test_no_channel_is_left_out() -> None:
    """Each actor has a cell for each channel: a clause, or a sentence that says why there is none."""
    assert set(TABLE) == set(ACTORS)
    for row in TABLE.values():
        assert set(row) == set(CHANNELS)
        assert all(isinstance(cell, Cell) or len(cell.split()) > 3 for cell in row.values())


def test_every_cell_names_what_is_there() -> None:
    """The contract is shipped and makes the promise, which has a probe; the fault is one that breaks it."""
    known = {name: {clause.name for clause in bench(name).instruments.clauses} for name in shipped().names()}
    for _, _, (contract, clause, fault) in cells():
        concept = clause.partition("@")[0]
        assert clause in known[contract], clause
        assert concept in CLAUSE_IDS
        assert concept in PROBES
        assert FAULTS[fault].clause == concept, fault


@pytest.mark.parametrize("cell", list(params()))
def test_a_leak_through_a_channel_is_noticed(cell: Cell) -> None:
    """The clause does not hold with the fault, and holds without it."""
    made: Bench = bench(cell.contract)
    clause = cell.clause
    found = made.held(Loopback(made.engine.misbehaving([cell.fault])), only=[clause])
    assert [str(one.clause) for one in found.findings] == [clause]
    (case,) = made.held(Loopback(made.engine.misbehaving([])), only=[clause]).cases
    assert case.verdict == "conform"


def test_actors_differ_in_what_keeps_them_out() -> None:
    """No actor's channels are all judged at one operation."""
    for row in TABLE.values():
        assert len({cell.clause for cell in row.values() if isinstance(cell, Cell)}) > 3
