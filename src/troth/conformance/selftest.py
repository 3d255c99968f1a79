"""The suite, proved: each fault of a contract is switched on behind its mock, and the right clause must notice."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from troth.conformance.connections import Loopback
from troth.conformance.instruments import Instruments
from troth.conformance.lockstep import Recorder, departing
from troth.conformance.outcome import Outcome
from troth.conformance.reach import reach_of
from troth.conformance.running import ground_of, verify
from troth.conformance.subjects import Subject
from troth.conformance.target import Target
from troth.contract import Contract
from troth.contract.collecting import without_collection
from troth.engine import Engine, Settings
from troth.engine.faults import FAULTS

__all__ = ["Bench", "KillMatrix", "Trial", "calm"]

_SEED = 7


@dataclass(frozen=True, slots=True)
class Trial:
    """What the suite said about one fault: the clauses that it broke, each once."""

    subject: Subject
    violated: tuple[str, ...]
    requests: int
    seconds: float

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
        return self.held(connection), connection

    def held(
        self,
        connection: Loopback,
        seed: int = _SEED,
        grounds: Collection[str] | None = None,
        only: Iterable[str] = (),
    ) -> Outcome:
        """The verdict about a mock, on some grounds or on all; ``only`` of some clauses."""
        target = Target(f"http://mock.invalid{self.contract.base_path}", connection=connection)
        instruments = self.instruments
        if grounds is not None:
            clauses = tuple(clause for clause in instruments.clauses if ground_of(clause) in grounds)
            instruments = replace(instruments, clauses=clauses)
        with calm():
            return verify(
                self.contract, target, only=only, reproduce=False, seed=seed, nonce=f"{seed:08x}",
                instruments=instruments,
            )  # fmt: skip

    def tried(self, subject: Subject, *, everywhere: bool = False) -> Trial:
        """The suite against one fault: on the grounds that show it, the others' verdicts stand as they were."""
        started = time.perf_counter()
        with without_collection():
            engine = self.engine.misbehaving([subject.name])
            grounds = None if everywhere else self._showing(engine)
            outcome = self.held(Loopback(engine), grounds=grounds)
            engine.sandboxes.clear()  # frees most of what the run left behind without a garbage collection
        findings = outcome.findings
        if grounds is not None:
            judged = {case.name for case in outcome.cases}
            findings += tuple(one for one in self._unbent[0].findings if one.clause not in judged)
        violated = dict.fromkeys(str(finding.clause).partition("@")[0] for finding in findings)
        return Trial(subject, tuple(violated), outcome.requests, time.perf_counter() - started)

    def _showing(self, engine: Engine) -> frozenset[str] | None:
        """The grounds on which a bent mock answers otherwise than the correct one; None: all."""
        recorder, first = self._unbent[1], f"verify-{_SEED:08x}"
        shared = {"", first}  # what all grounds stand on
        with calm():
            twin = engine.fork()
            found = departing(twin, recorder.steps, self._reached(engine) | shared, recorder.public)
            twin.sandboxes.clear()
        return None if found & shared else frozenset(name.removeprefix(f"{first}-") for name in found)

    def _reached(self, engine: Engine) -> frozenset[str]:
        """The sandboxes in which a bent mock may answer otherwise than the correct one."""
        footprints, behaviour = self._unbent[1].footprints, self.engine.behaviour
        reach = None if engine.faults & FAULTS.keys() else reach_of(behaviour, engine.program().behaviour)
        return frozenset(
            name for name, found in footprints.items() if reach is None or reach.meets(found, behaviour)
        )

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
