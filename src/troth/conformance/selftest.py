"""The suite, proved: each fault of a contract is switched on behind its mock, and the right clause must notice."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from troth.conformance.connections import Loopback
from troth.conformance.instruments import Instruments
from troth.conformance.outcome import Outcome
from troth.conformance.reach import Followed, Footprint, reach_of
from troth.conformance.running import verify
from troth.conformance.subjects import Subject
from troth.conformance.target import Target
from troth.contract import Contract
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
    def _unbent(self) -> tuple[Outcome, Mapping[str, Footprint]]:
        """The verdict about the correct mock, and what was asked for it on the ground of each operation."""
        connection = Followed(self.engine.misbehaving(()))
        outcome = self.held(connection)
        return outcome, {
            name.partition("-")[2].partition("-")[2]: f for name, f in connection.footprints.items()
        }

    def held(
        self,
        connection: Loopback,
        seed: int = _SEED,
        operations: Collection[str] | None = None,
        only: Iterable[str] = (),
    ) -> Outcome:
        """The verdict about a mock, on the grounds of some operations or of all; ``only`` of some clauses."""
        target = Target(f"http://mock.invalid{self.contract.base_path}", connection=connection)
        instruments = self.instruments
        if operations is not None:
            clauses = tuple(clause for clause in instruments.clauses if clause.operation in operations)
            instruments = replace(instruments, clauses=clauses)
        with calm():
            return verify(
                self.contract, target, only=only, reproduce=False, seed=seed, nonce=f"{seed:08x}",
                instruments=instruments,
            )  # fmt: skip

    def tried(self, subject: Subject, *, everywhere: bool = False) -> Trial:
        """The suite against one fault: on the grounds that it can reach, the others' verdicts stand as they were."""
        started = time.perf_counter()
        engine = self.engine.misbehaving([subject.name])
        operations = None if everywhere else self._reached(engine)
        outcome = self.held(Loopback(engine), operations=operations)
        findings = outcome.findings
        if operations is not None:
            findings += tuple(one for one in self._unbent[0].findings if one.operation not in operations)
        violated = dict.fromkeys(str(finding.clause).partition("@")[0] for finding in findings)
        return Trial(subject, tuple(violated), outcome.requests, time.perf_counter() - started)

    def _reached(self, engine: Engine) -> frozenset[str] | None:
        """The operations on whose grounds a bent mock may answer otherwise than the correct one; None: all."""
        if engine.faults & FAULTS.keys():
            return None
        behaviour = self.engine.behaviour
        reach = reach_of(behaviour, engine.program().behaviour)
        if reach is None:
            return None
        return frozenset(name for name, found in self._unbent[1].items() if reach.meets(found, behaviour))

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
