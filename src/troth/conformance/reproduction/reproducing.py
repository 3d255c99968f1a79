"""From what a probe saw to the fewest steps that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from troth.conformance.actors import Actor, Cast
from troth.conformance.connections import Connection, Loopback
from troth.conformance.control import Control
from troth.conformance.exchanges import Exchange, masked
from troth.conformance.instruments import Instruments
from troth.conformance.reproduction.minimising import delete_one, needed
from troth.conformance.reproduction.playing import Answer, Stage, answer_of, difference
from troth.conformance.reproduction.steps import Expectation, Reproduction, Step
from troth.conformance.reproduction.tracing import trace
from troth.conformance.target import Principal, Target
from troth.engine import Engine, Settings
from troth.engine.seed_files import seed_file_for
from troth.errors import TrothError

__all__ = ["Recording", "Reproducer"]

_MOST_STEPS = 120
_TRIES = 60
_LONGEST = 1500
_MOCK = "http://reference.invalid"


@dataclass(frozen=True, slots=True)
class Recording:
    """What was exchanged on one ground up to a violation: ``since`` when for this clause, and what proves it."""

    log: tuple[Exchange, ...]
    since: int
    proof: tuple[Exchange, ...]
    mark: str

    @property
    def telling(self) -> list[int]:
        """The indexes of the proof, the last exchange without one."""
        found = [index for index, one in enumerate(self.log) if any(one is proof for proof in self.proof)]
        return found or ([len(self.log) - 1] if self.log else [])


class Reproducer:
    """Makes reproductions for one run."""

    def __init__(
        self,
        instruments: Instruments,
        target: Target,
        connection: Connection,
        control: Control | None,
        cast: Cast,
        actors: Mapping[str, Actor],
    ) -> None:
        self._instruments = instruments
        self._target = target
        self._control = control
        self._cast = cast
        self._actors = actors
        self._stage = Stage(connection, target.base_url, target.principals, control)

    @cached_property
    def _reference(self) -> Stage:
        """A correct mock of the contract, whose clock stands where the target's does."""
        contract = self._instruments.contract
        seed_file = seed_file_for(contract.name) or seed_file_for(contract.source)
        engine = Engine(contract, Settings(seed=0, seed_file=seed_file))
        connection = Loopback(engine)
        control = Control(connection, f"{_MOCK}/__troth", "reference")
        principals = [Principal(*about[:4]) for about in control.principals()]
        now = self._control.now() if self._control else None
        theirs = list(dict.fromkeys(a.tenant for a in (self._cast.owner, self._cast.peer) if a and a.tenant))
        own = list(engine.seed.tenants)
        tenants = {
            tenant: tenant if tenant in own else own[index % len(own)]
            for index, tenant in enumerate(theirs)
            if own
        }
        return Stage(connection, _MOCK + contract.base_path, principals, control, tenants=tenants, now=now)

    def reproduced(self, recording: Recording, *, thoroughly: bool) -> Reproduction | None:
        """The fewest steps found; None when the model answers everything as the target did, or cannot be asked."""
        telling = recording.telling
        if not telling:
            return None
        whole = trace(recording.log, self._target.base_url, self._actors, recording.mark)
        own = range(recording.since, len(recording.log))
        for wanted in (telling, [*own, *telling]):
            kept = needed(whole.steps, wanted)
            if len(kept) > _MOST_STEPS and len(_folded(whole, kept, telling)[0].steps) > _MOST_STEPS:
                continue
            found = self._shown(whole, kept, telling, recording)
            if found is not None:
                return self._least(whole, kept, found, recording) if thoroughly and self._control else found
        return None

    def _least(
        self, whole: Reproduction, kept: list[int], found: Reproduction, recording: Recording
    ) -> Reproduction:
        """One step less at a time, each time played on both."""
        assert found.expects is not None  # noqa: S101 - only such are looked at
        best, place = found, found.expects.at
        telling = [index for index in recording.telling if index in kept]

        def shows(shorter: Sequence[int]) -> bool:
            nonlocal best
            tried = self._shown(whole, list(shorter), [i for i in telling if i in shorter], recording)
            if tried is None or tried.expects is None or tried.expects.at != place:
                return False
            best = tried
            return True

        delete_one(kept, frozenset(telling[-1:]), shows, _TRIES)
        return best

    def _shown(
        self, whole: Reproduction, kept: list[int], telling: list[int], recording: Recording
    ) -> Reproduction | None:
        """The steps with what they expect, when the model and the target part ways on them."""
        short, places = _folded(whole, kept, telling)
        try:
            right = self._reference.play(short.callers, short.steps)
            wrong = (
                self._stage.play(short.callers, short.steps)
                if self._control
                else [answer_of(recording.log[index]) for index in kept]
            )
        except (TrothError, KeyError):
            return None
        expects = self._parting(right, wrong, places) if len(right) == len(wrong) else None
        if expects is None:
            return None
        secrets = self._cast.secrets
        answers = tuple({"status": a.status, "body": masked(a.text[:_LONGEST], secrets)} for a in wrong)
        return short.with_steps(short.steps, expects, answers)

    def _parting(
        self, right: Sequence[Answer], wrong: Sequence[Answer], places: Sequence[int]
    ) -> Expectation | None:
        limits = self._instruments.behaviour.rate_limits
        told = [name.lower() for limit in limits for word, name in limit.headers.items() if word != "reset"]
        return difference(right, wrong, places, ["content-type", "allow", "retry-after", *told])


def _folded(
    whole: Reproduction, kept: Sequence[int], telling: Sequence[int]
) -> tuple[Reproduction, list[int]]:
    """The kept steps, equal ones in a row as one that is repeated, and where the telling ones are now."""
    steps: list[Step] = []
    places: list[int] = []
    for index in kept:
        step = whole.steps[index]
        last = steps[-1] if steps else None
        if last is not None and not step.keeps and replace(last, times=1, keeps={}) == step:
            steps[-1] = replace(last, times=last.times + 1)
        else:
            steps.append(step)
        if index in telling:
            places.append(len(steps) - 1)
    return whole.with_steps(tuple(steps), None), list(dict.fromkeys(places))
