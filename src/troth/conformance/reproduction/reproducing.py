"""From what a probe saw to the fewest steps that show it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from troth.conformance.actors import Actor, Cast
from troth.conformance.applications import Application
from troth.conformance.client import Client
from troth.conformance.connections import Connection, Loopback
from troth.conformance.control import Control
from troth.conformance.exchanges import Exchange, masked
from troth.conformance.instruments import Instruments
from troth.conformance.post import Post
from troth.conformance.reproduction.comparing import difference, parted, recorded, shown
from troth.conformance.reproduction.folding import Attempt, counted, folded, index_at, places_of, pruned
from troth.conformance.reproduction.minimising import delete_many, delete_one, needed
from troth.conformance.reproduction.naming import Surroundings
from troth.conformance.reproduction.playing import Played, Stage, quietly
from troth.conformance.reproduction.steps import Expectation, Reproduction
from troth.conformance.reproduction.tracing import trace
from troth.conformance.target import Principal, Target
from troth.conformance.timeline import Entry, Looked
from troth.engine import Engine, Settings
from troth.engine.seed_files import seed_file_for

__all__ = ["Recording", "Reproducer"]

_MOST_STEPS = 160
_TRIES = 60
_LONGEST = 1500
_MOCK = "http://reference.invalid"
#: Seeds of the correct mocks: what depends on them, such as made-up ids, tells nothing.
_SEEDS = (0, 1)


@dataclass(frozen=True, slots=True)
class Recording:
    """What happened on one ground up to a violation: ``since`` when for this clause, and what proves it."""

    log: tuple[Entry, ...]
    since: int
    proof: tuple[Exchange, ...]
    mark: str

    @property
    def telling(self) -> list[int]:
        """The indexes of the proof; without one, of the last thing that was answered."""
        found = [index for index, one in enumerate(self.log) if any(one is proof for proof in self.proof)]
        answered = [index for index, one in enumerate(self.log) if isinstance(one, Exchange | Looked)]
        return found or answered[-1:]

    def looks(self, since: int) -> list[int]:
        """When somebody looked at what has been delivered."""
        return [index for index, one in enumerate(self.log) if index >= since and isinstance(one, Looked)]


class Reproducer:
    """Makes reproductions for one run."""

    def __init__(
        self,
        instruments: Instruments,
        target: Target,
        connection: Connection,
        control: Control | None,
        cast: Cast,
        client: Client,
        *,
        post: Post | None = None,
        applications: Sequence[Application] = (),
    ) -> None:
        self._instruments = instruments
        self._target = target
        self._control = control
        self._cast = cast
        self._client = client
        self._applications = applications
        self._stage = Stage(
            connection, target.base_url, target.principals, control,
            post=post, applications=applications, pace=client.pace,
        )  # fmt: skip

    @cached_property
    def _references(self) -> list[Stage]:
        """Correct mocks of the contract, whose clocks stand where the target's does."""
        return [self._reference(seed) for seed in _SEEDS]

    def _reference(self, seed: int) -> Stage:
        contract, hooks = self._instruments.contract, self._instruments.behaviour.webhooks
        seed_file = seed_file_for(contract.name) or seed_file_for(contract.source)
        engine = Engine(contract, Settings(seed=seed, seed_file=seed_file))
        connection = Loopback(engine)
        control = Control(connection, f"{_MOCK}/__troth", "reference")
        principals = [Principal(*about[:4]) for about in control.principals()]
        theirs = list(dict.fromkeys(a.tenant for a in (self._cast.owner, self._cast.peer) if a and a.tenant))
        own = list(engine.seed.tenants)
        tenants = {
            tenant: tenant if tenant in own else own[index % len(own)]
            for index, tenant in enumerate(theirs)
            if own
        }
        target = Target(_MOCK + contract.base_path, connection=connection)
        return Stage(
            connection, target.base_url, principals, control, tenants=tenants, now=self._now,
            post=Post(target, connection, hooks.handshake) if hooks else None,
        )  # fmt: skip

    def _now(self) -> datetime:
        return self._control.now() if self._control else datetime.now(UTC)

    # -- from a recording to steps --------------------------------------------------------------------------------

    def reproduced(self, recording: Recording, *, thoroughly: bool) -> Reproduction | str:
        """The fewest steps found, else why there are none."""
        if not recording.telling:
            return "nothing was sent that could be sent again"
        reason = ""
        for attempt in self._attempts(recording):
            short, _ = folded(attempt)
            if len(short.steps) > _MOST_STEPS:
                reason = (
                    reason or f"it takes {len(short.steps)} steps; at most {_MOST_STEPS} are played again"
                )
                continue
            found, why = self._shown(attempt, recording)
            if found is not None:
                return self._finished(attempt, found, recording, thoroughly=thoroughly)
            reason = why or reason
        return reason

    def _attempts(self, recording: Recording) -> list[Attempt]:
        """What the proof is made of; everything that was done for the clause; everything on the ground until then."""
        telling = recording.telling
        own, every = recording.looks(recording.since), recording.looks(0)
        whole = trace(recording.log, self._around(recording), {*telling, *every})
        found: list[Attempt] = []
        for wanted, told in (
            (telling, telling),
            ([*range(recording.since, len(recording.log)), *telling], sorted({*telling, *own})),
            (range(len(recording.log)), sorted({*telling, *every})),
        ):
            kept = tuple(needed(whole.steps, wanted))
            if all(kept != other.kept for other in found):
                found.append(Attempt(whole, kept, tuple(told)))
        return found

    def _around(self, recording: Recording) -> Surroundings:
        cast = (self._cast.owner, self._cast.peer, *self._cast.known)
        actors: dict[str, Actor] = {actor.name: actor for actor in cast[::-1] if actor is not None}
        behaviour = self._instruments.behaviour
        return Surroundings(
            self._target.base_url, self._instruments.contract.base_path, self._client.actors | {
                name: actor for name, actor in actors.items() if name not in self._client.actors
            }, recording.mark, self._applications, behaviour.webhooks,
        )  # fmt: skip

    # -- playing ----------------------------------------------------------------------------------------------------

    def _wrong(self, short: Reproduction, attempt: Attempt, recording: Recording, times: int) -> list[Played]:
        if self._control is None:
            entries = [recording.log[index] for index in attempt.kept]
            steps = [attempt.whole.steps[index] for index in attempt.kept]
            told = recorded(steps, entries)
            places = places_of(attempt)
            last = {place: index for index, place in enumerate(places)}
            return [Played(tuple(told.answers[last[place]] for place in range(len(short.steps))))]
        return [quietly(self._stage, short) for _ in range(times)]

    def _shown(self, attempt: Attempt, recording: Recording) -> tuple[Expectation | None, str]:
        """What tells the target from a correct server after these steps, else why nothing does."""
        short, places = folded(attempt)
        wrong = self._wrong(short, attempt, recording, 2)
        right = [quietly(stage, short) for stage in self._references]
        for played, who in ((right[0], "a correct mock"), (wrong[0], "the target")):
            if played.stuck and len(played.answers) <= min(places):
                return None, f"its steps cannot be played again on {who}: {played.stuck}"
        limits = self._instruments.behaviour.rate_limits
        told = [name.lower() for limit in limits for word, name in limit.headers.items() if word != "reset"]
        found = difference(right, wrong, places, told)
        return found, "" if found else "played again, the target answers these steps as a correct mock does"

    def _finished(
        self, attempt: Attempt, found: Expectation, recording: Recording, *, thoroughly: bool
    ) -> Reproduction:
        """With as few steps as possible, up to the one that tells, and its answers."""
        best, expects = attempt, found
        if thoroughly and self._control is not None:
            best, expects = self._least(attempt, found)
        short, _ = folded(best)
        wrong = self._wrong(short, best, recording, 1)[0]
        right = quietly(self._references[0], short)
        steps = pruned(counted(short.steps, right, wrong)[: expects.step + 1], expects)
        secrets = self._cast.secrets
        answers = tuple(_masked(shown(a), secrets) for a in wrong.answers[: len(steps)])
        told = Expectation(
            expects.step, expects.at, *(_masked(v, secrets) for v in (expects.right, expects.wrong))
        )
        return short.with_steps(steps, told, answers)

    def _least(self, attempt: Attempt, found: Expectation) -> tuple[Attempt, Expectation]:
        """One step less at a time, each time played on both."""
        essential = index_at(attempt, found.step)
        best, expects = attempt, found

        def shows(shorter: Sequence[int]) -> bool:
            nonlocal best, expects
            tried = attempt.with_kept(shorter)
            short, _ = folded(tried)
            place = places_of(tried)[tried.kept.index(essential)]
            right = [quietly(stage, short) for stage in self._references]
            told = parted(right, [quietly(self._stage, short)], place, found.at)
            if told is None:
                return False
            best, expects = tried, told
            return True

        kept = delete_many(attempt.kept, frozenset({essential}), shows, _TRIES)
        delete_one(kept, frozenset({essential}), shows, _TRIES)
        return best, expects


def _masked(value: Any, secrets: Collection[str]) -> Any:
    """The same JSON without secrets, long texts cut."""
    if isinstance(value, Mapping):
        return {name: _masked(inner, secrets) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner, secrets) for inner in value]
    return masked(value, secrets)[:_LONGEST] if isinstance(value, str) else value
