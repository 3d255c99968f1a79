"""The suite, proved: each fault of a contract is switched on behind its mock, and the right clause must notice."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from troth.conformance.connections import Loopback
from troth.conformance.hearing import Hearing, Record
from troth.conformance.instruments import Instruments
from troth.conformance.lockstep import Recorder
from troth.conformance.outcome import Outcome
from troth.conformance.reach import reach_of
from troth.conformance.running import Event, Listener, Run, Started, verify
from troth.conformance.settling import Agenda
from troth.conformance.subjects import Subject
from troth.conformance.target import Target
from troth.contract import Contract
from troth.contract.collecting import set_aside, without_collection
from troth.engine import Engine, Settings
from troth.engine.faults import FAULTS

__all__ = ["Bench", "KillMatrix", "Trial", "calm"]

_SEED = 7


@dataclass(frozen=True, slots=True)
class Extent:
    """Of ``grounds`` so many were ``asked``, and ``judged`` where an answer was another one."""

    grounds: int
    asked: int
    judged: int

    def as_json(self) -> dict[str, int]:
        return {"all": self.grounds, "asked": self.asked, "judged": self.judged}


@dataclass(frozen=True, slots=True)
class Trial:
    """What the suite said about one fault: the clauses that it broke, each once."""

    subject: Subject
    violated: tuple[str, ...]
    requests: int
    extent: Extent
    seconds: float = 0.0

    @property
    def killed_by(self) -> tuple[str, ...]:
        """The clauses that name the fault rightly, and were found broken."""
        return tuple(clause for clause in self.violated if clause in self.subject.clauses)

    @property
    def killed(self) -> bool:
        return bool(self.killed_by)

    @property
    def also(self) -> tuple[str, ...]:
        """Clauses that were found broken and are not named for the fault."""
        return tuple(clause for clause in self.violated if clause not in self.subject.clauses)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.subject.name,
            "clause": self.subject.clause,
            "operator": self.subject.operator,
            "killed_by": list(self.killed_by),
            "also": list(self.also),
            "requests": self.requests,
            "grounds": self.extent.as_json(),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class KillMatrix:
    """Every trial of one contract, and what broke on the correct mock: nothing, in a suite that may be trusted."""

    contract: str
    trials: tuple[Trial, ...]
    alarms: tuple[str, ...] = ()

    @property
    def killed(self) -> int:
        return sum(trial.killed for trial in self.trials)

    @property
    def share(self) -> float:
        return self.killed / len(self.trials) if self.trials else 0.0

    @property
    def findings(self) -> float:
        """Causes named for each fault that was noticed at all, on average."""
        noticed = [len(trial.violated) for trial in self.trials if trial.violated]
        return sum(noticed) / len(noticed) if noticed else 0.0

    @property
    def grounds(self) -> int:
        return max((trial.extent.grounds for trial in self.trials), default=0)

    @property
    def extent(self) -> tuple[float, float]:
        """How many grounds were asked for a fault, and how many judged, on average."""
        found, count = [trial.extent for trial in self.trials], max(1, len(self.trials))
        return sum(one.asked for one in found) / count, sum(one.judged for one in found) / count

    def as_json(self) -> dict[str, Any]:
        return {
            "contract": self.contract,
            "total": len(self.trials),
            "killed": self.killed,
            "share": round(self.share, 4),
            "findings_per_fault": round(self.findings, 3),
            "false_alarms": list(self.alarms),
            "faults": [trial.as_json() for trial in self.trials],
        }


class Bench:
    """One contract's mock in this process, ready to misbehave: contract, seed data and validators are read once."""

    def __init__(self, contract: Contract, seed_file: Path | None = None) -> None:
        self.contract = contract
        self._seed_file = seed_file

    @cached_property
    def instruments(self) -> Instruments:
        return Instruments.of(self.contract)

    @cached_property
    def engine(self) -> Engine:
        """The correct mock."""
        return Engine(self.contract, Settings(seed=_SEED, seed_file=self._seed_file))

    @cached_property
    def _unbent(self) -> tuple[Outcome, Recorder]:
        """The verdict about the correct mock, and all that was asked for it."""
        connection = Recorder(self.engine.misbehaving(()))

        def noted(event: Event) -> None:
            if isinstance(event, Started):
                connection.clause = event.clause.name

        outcome = self.held(connection, listener=noted)
        connection.engine.sandboxes.clear()
        set_aside()  # half a million values of a large contract, after every other trial
        return outcome, connection

    @cached_property
    def _record(self) -> Record:
        recorder = self._unbent[1]
        return Record(recorder.steps, f"verify-{_SEED:08x}", recorder.public)

    @cached_property
    def _agenda(self) -> Agenda:
        return Agenda(
            self.instruments.clauses, lambda ground: len(self._record.of(self._record.sandbox(ground)))
        )

    def held(
        self,
        connection: Loopback,
        seed: int = _SEED,
        only: Iterable[str] = (),
        listener: Listener | None = None,
    ) -> Outcome:
        """The verdict about a mock; ``only`` of some clauses."""
        with calm():
            return verify(
                self.contract, self._target(connection), only=only, reproduce=False, seed=seed, nonce=f"{seed:08x}",
                instruments=self.instruments, listener=listener,
            )  # fmt: skip

    def _target(self, connection: Loopback) -> Target:
        return Target(f"http://mock.invalid{self.contract.base_path}", connection=connection)

    def tried(self, subject: Subject, *, everywhere: bool = False) -> Trial:
        """The suite against one fault, until that is settled or ``everywhere``."""
        agenda, started = self._agenda, time.perf_counter()  # what serves all trials is no part of one
        with without_collection():
            engine = self.engine.misbehaving([subject.name])
            trial = self._whole(subject, engine) if everywhere else self._settled(subject, engine, agenda)
            engine.sandboxes.clear()  # frees most of what the run left behind without a garbage collection
        gc.collect()  # the rest: left alone, it would be the cost of a later trial, and so many times as much
        return replace(trial, seconds=time.perf_counter() - started)

    def _whole(self, subject: Subject, engine: Engine) -> Trial:
        """All that the suite says about a bent mock."""
        outcome = self.held(Loopback(engine))
        every = len(self._agenda.grounds)
        broken = {str(finding.clause) for finding in outcome.findings}
        return Trial(subject, self._ids(broken), outcome.requests, Extent(every, every, every))

    def _ids(self, broken: Collection[str]) -> tuple[str, ...]:
        """The ids of clauses that were found broken somewhere, in the order of the contract."""
        return tuple(dict.fromkeys(one.id for one in self.instruments.clauses if one.name in broken))

    def _settled(self, subject: Subject, engine: Engine, agenda: Agenda) -> Trial:
        """What the suite says on the grounds that were looked at; the verdicts of all others stand as they were."""
        twin, target = engine.fork(), self._target(Loopback(engine))
        with calm(), Run(
            self.contract, target, seed=_SEED, nonce=f"{_SEED:08x}", instruments=self.instruments
        ) as run:  # fmt: skip
            hearing = Hearing(twin, self._record, run)
            agenda.settle(
                subject.clauses, self._reached(engine), hearing.hear, lambda: hearing.noticed(subject.clauses)
            )
            hearing.close()
        told = {str(finding.clause) for finding in self._unbent[0].findings}
        broken, extent = (
            hearing.broken | (told - hearing.judged),
            Extent(len(agenda.grounds), hearing.asked, hearing.differing),
        )
        return Trial(subject, self._ids(broken), run.client.sent, extent)

    def _reached(self, engine: Engine) -> frozenset[str] | None:
        """The grounds on which a bent mock may answer otherwise than the correct one; None where that may be all."""
        footprints, behaviour = self._unbent[1].footprints, self.engine.behaviour
        reach = None if engine.faults & FAULTS.keys() else reach_of(behaviour, engine.program().behaviour)
        if reach is None:
            return None
        places = ((name, footprints.get(self._record.sandbox(name))) for name in self._agenda.grounds)
        return frozenset(name for name, found in places if found and reach.meets(found, behaviour))

    def alarms(self, seed: int = _SEED) -> tuple[str, ...]:
        """What the suite finds broken on the correct mock; another seed gives other ids and other marks."""
        engine = self.engine.misbehaving(())
        engine.reseed(seed)
        outcome = self.held(Loopback(engine), seed)
        told = tuple(f"{finding.clause}: {finding.title}" for finding in outcome.findings)
        return (*told, outcome.shortfall) if outcome.shortfall else told


@contextmanager
def calm() -> Iterator[None]:
    """Without the tracebacks that a mock logs when a fault makes it crash."""
    logger = logging.getLogger("troth.engine")
    disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = disabled
