"""One fault heard: ground after ground a bent mock is asked what the correct one was, and judged where it departs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from troth.behaviour.clauses import Clause
from troth.conformance.lockstep import Step, departing
from troth.conformance.running import Run
from troth.engine import Engine

__all__ = ["Hearing", "Record"]


class Record:
    """What the correct mock was asked in a run, by sandbox; ``first`` is the one that all grounds stand on."""

    def __init__(self, steps: Iterable[Step], first: str, public: str) -> None:
        self.first = first
        self.public = public
        self._steps: dict[str, list[Step]] = {}
        for step in steps:
            self._steps.setdefault(step.sandbox, []).append(step)

    def sandbox(self, ground: str) -> str:
        return f"{self.first}-{ground}"

    def of(self, sandbox: str) -> Sequence[Step]:
        return self._steps.get(sandbox, ())

    def about(self, ground: str, clauses: Iterable[Clause]) -> list[Step]:
        """What was asked on a ground for the sake of some clauses."""
        names = {clause.name for clause in clauses}
        return [step for step in self.of(self.sandbox(ground)) if step.clause in names]


class Hearing:
    """A run against a bent mock beside the record of the correct one; ``twin`` is the same mock before the run."""

    def __init__(self, twin: Engine, record: Record, run: Run) -> None:
        self._twin = twin
        self._record = record
        self._run = run
        #: The names of the clauses that were judged since an answer differed, and of those that were found broken.
        self.judged: set[str] = set()
        self.broken: set[str] = set()
        #: How many grounds were asked, and on how many an answer differed.
        self.asked = self.differing = 0
        self._everywhere = any(self._departs(one, record.of(one)) for one in ("", record.first))

    def hear(self, ground: str, clauses: Sequence[Clause]) -> bool:
        """Ask what was asked for the first clauses of a ground; judge them where an answer differs, and say so."""
        self.asked += 1
        steps = self._record.about(ground, clauses)
        differs = self._everywhere or self._departs(self._record.sandbox(ground), steps)
        if differs:
            self.differing += 1
            self.judged |= {one.name for one in clauses}
            self.broken |= {one.name for one in clauses if not self._run.holds(one)}
        return differs

    def _departs(self, sandbox: str, steps: Sequence[Step]) -> bool:
        return bool(departing(self._twin, steps, {sandbox}, self._record.public))

    def noticed(self, named: Collection[str]) -> bool:
        """Whether any of some clauses was found broken."""
        return any(name.partition("@")[0] in named for name in self.broken)

    def close(self) -> None:
        self._twin.sandboxes.clear()  # frees most of what it left behind without a garbage collection
