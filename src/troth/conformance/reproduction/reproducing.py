"""From what a probe saw to the fewest steps that show it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

from troth.behaviour import Behaviour
from troth.conformance.actors import Actor, Cast
from troth.conformance.applications import Application
from troth.conformance.client import Client
from troth.conformance.connections import Connection
from troth.conformance.control import Control
from troth.conformance.exchanges import Exchange
from troth.conformance.instruments import Instruments
from troth.conformance.paging import path_to
from troth.conformance.post import Post
from troth.conformance.relating import Related
from troth.conformance.reproduction.anchoring import anchor, standing, succeeds
from troth.conformance.reproduction.comparing import difference, is_own, parted, shown
from troth.conformance.reproduction.contests import contest
from troth.conformance.reproduction.folding import Attempt, counted, folded, index_at, places_of, pruned
from troth.conformance.reproduction.minimising import delete_many, delete_one, needed
from troth.conformance.reproduction.naming import Surroundings
from troth.conformance.reproduction.playing import Played, Stage, quietly
from troth.conformance.reproduction.references import bare, references
from troth.conformance.reproduction.relating import leans, places_in, shortest, supply
from troth.conformance.reproduction.steps import Expectation, Relation, Reproduction, Step
from troth.conformance.reproduction.tracing import trace
from troth.conformance.secrecy import masked
from troth.conformance.target import Target
from troth.conformance.timeline import Entry, Looked
from troth.contract.pointers import join

__all__ = ["Recording", "Reproducer"]

_MOST_STEPS = 160
_TRIES = 60
_LONGEST = 1500
_TOO_MANY = 429
#: On a server that has no sandboxes: its state is not ours, and neither is its time.
_MOST_OF_A_STRANGER, _TRIES_ON_A_STRANGER = 40, 12
#: Requests that tries may take together: where a limit of a thousand is run against, each try takes as many.
_REQUESTS, _REQUESTS_TO_A_STRANGER = 6000, 600


@dataclass(frozen=True, slots=True)
class Recording:
    """What happened on one ground up to a violation: ``since`` when for this clause, and what proves it."""

    log: tuple[Entry, ...]
    since: int
    proof: tuple[Exchange, ...]
    mark: str
    concept: str = ""
    #: Of requests at once that no order explains: the members of rows that tell.
    fields: tuple[str, ...] | None = None
    #: What does not hold between answers, and the operations that make rows which it may be about.
    relation: Related | None = None
    makes: frozenset[str] = frozenset()

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
        self._concept = ""
        self._correct: dict[bool, list[Stage]] = {}
        #: Whether what tells must not hang on the rows of a server.
        self._anywhere = True
        self._stage = Stage(
            connection, target.base_url, target.principals, control,
            post=post, applications=applications, pace=self._pace, secrets=cast.secrets,
        )  # fmt: skip

    @property
    def _references(self) -> list[Stage]:
        """Correct mocks of the contract; their rate limits hold where limits are what is judged."""
        limited = self._concept == "rate-limit"
        if limited not in self._correct:
            self._correct[limited] = references(self._instruments, self._tenants, self._now, limited=limited)
        return self._correct[limited]

    @cached_property
    def _bare(self) -> Stage:
        """A correct mock without rows."""
        return bare(self._instruments, self._tenants, self._now)

    @property
    def _tenants(self) -> list[str]:
        actors = (self._cast.owner, self._cast.peer)
        return list(dict.fromkeys(one.tenant for one in actors if one and one.tenant))

    def _right(self, short: Reproduction) -> list[Played]:
        """Plays on correct mocks: also on one without rows, where that can play as much."""
        found = [quietly(stage, short) for stage in self._references]
        if self._anywhere and self._concept != "rate-limit":
            on_bare = quietly(self._bare, short)
            statuses = [answer.status for answer in found[0].answers]
            found += [on_bare] if [answer.status for answer in on_bare.answers] == statuses else []
        return found

    def _headers(self, concept: str) -> list[str]:
        """Places of the headers that the contract speaks of; of when a limit begins anew, only whether it is said.

        Whether there is a limit, what it is and how much of it is left depends on the server's settings and on who
        else asks: all that is looked at only where limits are what a clause is about.
        """
        behaviour = self._instruments.behaviour
        limits = behaviour.rate_limits if concept == "rate-limit" else ()
        named = [pair for limit in limits for pair in limit.headers.items()]
        exact = {"limit", "remaining"} if self._control is not None else {"limit"}
        found = [f"{'header' if word in exact else 'given'}:{name.lower()}" for word, name in named]
        echo = behaviour.versions.echo if behaviour.versions else None
        return found + ([f"header:{echo.lower()}"] if echo else [])

    def _pace(self) -> None:
        """Requests of a replay count like any others."""
        self._client.pace()
        self._client.sent += 1

    def _now(self) -> datetime:
        return self._control.now() if self._control else datetime.now(UTC)

    # -- from a recording to steps --------------------------------------------------------------------------------

    def reproduced(self, recording: Recording, *, thoroughly: bool) -> Reproduction | str:
        """The fewest steps found, else why there are none."""
        self._concept = recording.concept
        if not recording.telling:
            return "nothing was sent that could be sent again"
        if recording.fields is not None:
            return self._contested(recording, recording.fields)
        if recording.relation is not None:
            found = self._related(recording, recording.relation, thoroughly=thoroughly)
            if isinstance(found, Reproduction):
                return found
        return self._parted(recording, thoroughly=thoroughly)

    def leans(self, recording: Recording) -> bool:
        """Whether what shows a violation takes something of rows that were there before, or is about such rows."""
        attempt = self._attempts(recording)[0]
        return recording.relation is not None or leans(attempt.whole, attempt.kept)

    def _related(self, recording: Recording, relation: Related, *, thoroughly: bool) -> Reproduction | str:
        """Steps after which a relation does not hold on the target, and holds on correct mocks."""
        log = recording.log
        roles = {role: relation.exchange(role) for role in relation.roles}
        places = places_in(log, roles)
        if places is None:
            return "what the relation is between was not recorded"
        whole = trace(log, self._around(recording), {*places.values()}, (relation, places))
        made = supply(log, recording.makes)
        tries = (_TRIES if self._control is not None else _TRIES_ON_A_STRANGER) if thoroughly else 0
        found = shortest(whole, made, recording.since, self._breaks, tries)
        if isinstance(found, str):
            return found
        expects, secrets, played = found.expects, self._cast.secrets, quietly(self._stage, found)
        assert isinstance(expects, Relation)  # noqa: S101 - what was looked for
        answers = tuple(_masked(shown(a), secrets) for a in played.answers)
        return found.with_steps(found.steps, replace(expects, wrong=_masked(played.told, secrets)), answers)

    def _breaks(self, short: Reproduction) -> str:
        """Why steps do not show that a relation is broken; nothing where they do."""
        most = _MOST_STEPS if self._control is not None else _MOST_OF_A_STRANGER
        if len(short.steps) > most:
            return f"it takes {len(short.steps)} steps; at most {most} are played again"
        for stage, wanted, who in (
            *((stage, True, "a correct mock") for stage in self._references),
            (self._stage, False, "the target"),
        ):
            played = quietly(stage, short)
            if played.holds is not wanted:
                return f"played again on {who}: {played.stuck or played.told}"
        return ""

    def _parted(self, recording: Recording, *, thoroughly: bool) -> Reproduction | str:
        """Steps that the target answers otherwise than correct mocks."""
        reason, most = "", _MOST_STEPS if self._control is not None else _MOST_OF_A_STRANGER
        for attempt in self._attempts(recording):
            short, _ = folded(attempt)
            if len(short.steps) > most:
                reason = reason or f"it takes {len(short.steps)} steps; at most {most} are played again"
                continue
            found, why = self._shown(attempt, recording)
            if found is not None:
                return self._finished(attempt, found, recording, thoroughly=thoroughly)
            reason = why or reason
        return reason

    def _contested(self, recording: Recording, fields: Sequence[str]) -> Reproduction | str:
        """Requests at once, again and again, with all that some order of them comes to."""
        whole = trace(recording.log, self._around(recording), set(recording.telling))
        found = contest(whole, recording.telling, fields, self._references[0])
        if isinstance(found, str):
            return found
        short = whole.with_steps((found,), Expectation(0, "/explained", right=True, wrong=False))
        for stage, wanted in ((self._references[1], True), (self._stage, False)):
            played = quietly(stage, short)
            if not played.answers or played.answers[0].json["explained"] is not wanted:
                return played.stuck or "played again, what the requests at once come to did not show it"
        return replace(short, answers=(_masked(shown(played.answers[0]), self._cast.secrets),))

    def _attempts(self, recording: Recording) -> list[Attempt]:
        """What the proof is made of; everything that was done for the clause; everything on the ground until then."""
        telling = recording.telling
        own, every = recording.looks(recording.since), recording.looks(0)
        whole = trace(recording.log, self._around(recording), {*telling, *every})
        after = [at for at, one in enumerate(recording.log) if at > telling[-1] and isinstance(one, Exchange)]
        found: list[Attempt] = []
        for wanted, told in (
            (telling, telling),
            ([*range(recording.since, len(recording.log)), *telling], sorted({*telling, *own, *after})),
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
            }, recording.mark, self._applications, behaviour.webhooks, _naming(behaviour),
            behaviour.idempotency.header if behaviour.idempotency else "",
        )  # fmt: skip

    # -- playing ----------------------------------------------------------------------------------------------------

    def _shown(self, attempt: Attempt, recording: Recording) -> tuple[Expectation | None, str]:
        """What tells the target from a correct server after these steps, else why nothing does."""
        short, places = folded(attempt)
        wrong = [quietly(self._stage, short) for _ in range(2)]
        self._anywhere = True
        right = self._right(short)
        for played, who in ((right[0], "a correct mock"), (wrong[0], "the target")):
            if played.stuck and len(played.answers) <= min(places):
                return None, f"its steps cannot be played again on {who}: {played.stuck}"
        if any(answer.status == _TOO_MANY for played in wrong for answer in played.answers) and not any(
            isinstance(one, Exchange) and one.status == _TOO_MANY for one in recording.log
        ):
            return None, "its steps cannot be played again: the target's rate limit stands in the way"
        trusted = partial(self._trusts, short, right)
        headers = self._headers(recording.concept)
        found = difference(right, wrong, places, headers, trusted)
        if found is None and self._control is not None:
            self._anywhere = False
            found = difference(right[: len(self._references)], wrong, places, headers, trusted)
        why = "played again, the target answers these steps as a correct mock does"
        if self._control is None:
            why += ", as far as that does not depend on the rows that it has"
        return found, "" if found else why

    def _trusts(self, short: Reproduction, right: Sequence[Played], found: Expectation) -> bool:
        """Whether something tells on this target: one that is no mock has other rows and other words than a mock."""
        if self._control is not None:
            return True
        envelope = self._instruments.behaviour.errors.envelope
        paths = [path_to(envelope, f"${slot}") for slot in ("code", "status")]
        codes = {join("", *path) for path in paths if path is not None}
        words = (path_to(envelope, "$message") or (None,))[-1]
        return is_own(short.steps, found, right[0].answers[found.step], codes, words)

    def _finished(
        self, attempt: Attempt, found: Expectation, recording: Recording, *, thoroughly: bool
    ) -> Reproduction | str:
        """With as few steps as possible, up to the one that tells, and its answers."""
        tries = self._tries(folded(attempt)[0]) if thoroughly else 0
        best, expects = self._least(attempt, found, tries)
        best, expects = self._anchored(best, expects, recording)
        short, _ = folded(best)
        wrong = quietly(self._stage, short)
        right = self._right(short)
        told = parted(right, [wrong], expects.step, expects.at)
        if told is None:
            return "played again, the target answers these steps now one way and now another"
        steps = pruned(counted(short.steps, right[0], wrong)[: told.step + 1], told)
        secrets = self._cast.secrets
        answers = tuple(_masked(shown(a), secrets) for a in wrong.answers[: len(steps)])
        expects = replace(
            told, right=_masked(told.right, secrets), wrong=_masked(told.wrong, secrets),
            stands=standing(steps, [*right[: len(self._references)], wrong]),
        )  # fmt: skip
        return short.with_steps(steps, expects, answers)

    def _tries(self, short: Reproduction) -> int:
        """How often shorter steps may be tried: less often where they take many requests."""
        asked = sum(step.times if isinstance(step, Step) else 1 for step in short.steps)
        if self._control is not None:
            return min(_TRIES, _REQUESTS // max(1, asked))
        return min(_TRIES_ON_A_STRANGER, _REQUESTS_TO_A_STRANGER // max(1, asked))

    def _anchored(
        self, attempt: Attempt, found: Expectation, recording: Recording
    ) -> tuple[Attempt, Expectation]:
        """With a request of the kind that succeeds, where a server may refuse it for what it lacks."""
        essential = index_at(attempt, found.step)
        before = anchor(attempt.whole, recording.log, essential) if found.at == "status" else None
        if before is None or before in attempt.kept:
            return attempt, found
        more = attempt.with_kept(sorted({*attempt.kept, *needed(attempt.whole.steps, [before])}))
        short, _ = folded(more)
        first, place = (places_of(more)[more.kept.index(index)] for index in (before, essential))
        if succeeds(quietly(self._bare, short), first):
            return attempt, found
        told = parted(self._right(short), [quietly(self._stage, short)], place, found.at)
        return (attempt, found) if told is None else (more, told)

    def _least(self, attempt: Attempt, found: Expectation, tries: int) -> tuple[Attempt, Expectation]:
        """First what the telling step needs and shows; then fewer and fewer, each time played on both."""
        essential = index_at(attempt, found.step)
        best, expects = attempt, found

        def shows(shorter: Sequence[int]) -> bool:
            nonlocal best, expects
            tried = attempt.with_kept(shorter)
            short, _ = folded(tried)
            place = places_of(tried)[tried.kept.index(essential)]
            right = self._right(short)
            told = parted(right, [quietly(self._stage, short)], place, found.at)
            if told is None or not self._trusts(short, right, told):
                return False
            best, expects = tried, told
            return True

        names = set(re.findall(r"\{\{(\w+)\}\}", f"{found.right!r} {found.wrong!r}"))
        sources = [index for index in attempt.kept if names & attempt.whole.steps[index].keeps.keys()]
        kept = [
            index for index in needed(attempt.whole.steps, [essential, *sources]) if index in attempt.kept
        ]
        if tries and len(kept) < len(attempt.kept):
            shows(kept)
        kept = delete_many(best.kept, frozenset({essential}), shows, tries)
        delete_one(kept, frozenset({essential}), shows, tries)
        return best, expects


def _naming(behaviour: Behaviour) -> frozenset[str]:
    """The fields that are ids of rows, or name rows by theirs."""
    found = {resource.id_field for resource in behaviour.resources.values()}
    for resource in behaviour.resources.values():
        found |= {one.field for one in resource.references if one.at is None}
    return frozenset(found)


def _masked(value: Any, secrets: Collection[str]) -> Any:
    """The same JSON without secrets, long texts cut."""
    if isinstance(value, Mapping):
        return {name: _masked(inner, secrets) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner, secrets) for inner in value]
    return masked(value, secrets)[:_LONGEST] if isinstance(value, str) else value
