"""Trials of many faults, in this process or in several: each of them reads the contract once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from troth.conformance.selftest import Bench, Trial
from troth.conformance.subjects import Subject, subjects_of
from troth.contract import load_contract
from troth.engine.seed_files import seed_file_for

__all__ = ["Crew", "bench_of"]


@dataclass(frozen=True, slots=True)
class Crew:
    """``source`` and ``overlays`` say which contract; ``workers`` how many processes share the work.

    ``everywhere``: every operation is judged for every fault, settled or not.
    """

    source: str
    overlays: tuple[Path, ...] = ()
    workers: int = 1
    everywhere: bool = False

    def tried(self, subjects: Sequence[Subject]) -> Iterator[Trial]:
        """One trial a fault, in the order of the faults, as they come."""
        if self.workers <= 1 or len(subjects) < self.workers:
            bench = bench_of(self.source, self.overlays)
            yield from (bench.tried(subject, everywhere=self.everywhere) for subject in subjects)
            return
        begun = self.source, self.overlays, self.everywhere
        with ProcessPoolExecutor(self.workers, get_context("spawn"), _begin, begun) as pool:
            yield from pool.map(_try, [subject.name for subject in subjects])


def bench_of(source: str, overlays: Sequence[Path] = ()) -> Bench:
    """The bench of a contract argument, with the seed data that is shipped for it."""
    return Bench(load_contract(source, overlays=overlays), seed_file_for(source))


_BENCH: list[
    tuple[Bench, dict[str, Subject], bool]
] = []  # one for each process of a pool, made by its initializer


def _begin(source: str, overlays: tuple[Path, ...], everywhere: bool) -> None:
    bench = bench_of(source, overlays)
    _BENCH.append((bench, {subject.name: subject for subject in subjects_of(bench.instruments)}, everywhere))


def _try(name: str) -> Trial:
    bench, subjects, everywhere = _BENCH[0]
    return bench.tried(subjects[name], everywhere=everywhere)
