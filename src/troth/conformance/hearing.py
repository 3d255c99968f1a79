"""One fault heard: ground after ground a bent mock is asked what the correct one was, and judged where it departs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

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


class Hearing:
    """A run against a bent mock beside the record of the correct one; ``twin`` is the same mock before the run."""

    def __init__(
        self, engine: Engine, record: Record, run: Run, clauses: Mapping[str, Sequence[Clause]]
    ) -> None:
        self._twin = engine.fork()
        self._record = record
        self._run = run
        self._clauses = clauses
        #: The names of the clauses that were found broken.
        self.broken: set[str] = set()
        #: The grounds that were asked, and those that were judged since an answer differed there.
        self.asked: list[str] = []
        self.judged: list[str] = []
        self._everywhere = any(self._departs(one) for one in ("", record.first))

    def hear(self, ground: str) -> bool:
        """Ask a ground, and judge it where an answer differs; whether one did."""
        self.asked.append(ground)
        differs = self._everywhere or self._departs(self._record.sandbox(ground))
        if differs:
            self.judged.append(ground)
            self.broken |= {one.name for one in self._clauses[ground] if not self._run.holds(one)}
        return differs

    def _departs(self, sandbox: str) -> bool:
        steps = self._record.of(sandbox)
        return bool(departing(self._twin, steps, {sandbox}, self._record.public))

    def noticed(self, named: Collection[str]) -> bool:
        """Whether any of some clauses was found broken."""
        return any(name.partition("@")[0] in named for name in self.broken)

    def close(self) -> None:
        self._twin.sandboxes.clear()  # frees most of what it left behind without a garbage collection
