"""A run: plan, reach the target, judge clause after clause, sum up. Everything seen on the way is told as events."""

from __future__ import annotations

import secrets
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import unquote, urlsplit

from troth import __version__
from troth.behaviour import Behaviour
from troth.behaviour.clauses import Clause
from troth.behaviour.model import Kind
from troth.conformance.actors import Cast
from troth.conformance.applications import Application
from troth.conformance.baseline import Baseline, accepted
from troth.conformance.causes import gathered
from troth.conformance.cleaning import Cleaner, Watched
from troth.conformance.client import Client
from troth.conformance.connections import Loopback
from troth.conformance.control import Control
from troth.conformance.deviations import identity_of, role_of
from troth.conformance.exchanges import Exchange
from troth.conformance.instruments import Instruments
from troth.conformance.outcome import Outcome, advised, shortfall
from troth.conformance.pioneer import Pioneer
from troth.conformance.planning import Plan, Skip, plan
from troth.conformance.post import Post
from troth.conformance.probes import PROBES
from troth.conformance.reference import Reference
from troth.conformance.reproduction import Recording, Reproducer, Reproduction
from troth.conformance.scene import Scene
from troth.conformance.secrecy import bare_url, concealed
from troth.conformance.subscribing import withdraw
from troth.conformance.target import Target, reached
from troth.conformance.timeline import Entry
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated
from troth.contract import Contract
from troth.errors import TargetError
from troth.findings import Case, Finding, Verdict

if TYPE_CHECKING:
    from troth.conformance.fuzzing import Fuzzed
    from troth.conformance.walks import WalkFlaw

__all__ = [
    "Budget", "Event", "Fuzzing", "Judged", "Listener", "Planned", "Run", "Started", "ground_of", "verify"
]  # fmt: skip

Budget = Literal["pr", "nightly"]

#: The ground of the walks beside the reference model.
WALKS = "walks"

#: How many lists are asked for before a target is said to serve nobody.
_GREETINGS = 3

#: Clauses whose requests leave a target in a state that hangs on who came first: nothing else is asked there.
APART = frozenset({"concurrency.key", "concurrency.order"})

#: The clause that any answer with 5xx breaks, whatever was being judged.
NO_ERROR = "validation.no-server-error"

#: Clauses that fuzzing has a say in.
FUZZED = frozenset({"schema.response", NO_ERROR, "validation.rejected"})


@dataclass(frozen=True, slots=True)
class Planned:
    """The run begins."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Started:
    """A clause is being judged."""

    clause: Clause


@dataclass(frozen=True, slots=True)
class Judged:
    """A clause got its verdict."""

    clause: Clause
    case: Case


@dataclass(frozen=True, slots=True)
class Fuzzing:
    """Fuzzing has reached an operation."""

    label: str


Event = Planned | Started | Judged | Fuzzing
Listener = Callable[[Event], None]


@dataclass(slots=True)
class _Ground:
    """Where the clauses of one operation are judged: own memory, own marks, and a sandbox where there are some.

    So an operation is asked the same questions whatever else is judged, before it or in another shard.
    """

    scene: Scene
    control: Control | None
    log: list[Entry] = field(default_factory=list)


def ground_of(clause: Clause) -> str:
    """The ground on which a clause is judged, where there are several."""
    return f"{clause.operation}-apart" if clause.id in APART else clause.operation


class Run:
    """One contract against one target. A context manager: the connection is closed at its end."""

    def __init__(
        self,
        contract: Contract,
        target: Target,
        *,
        seed: int = 0,
        budget: Budget = "pr",
        nonce: str | None = None,
        instruments: Instruments | None = None,
    ) -> None:
        self.contract = contract
        self.instruments = instruments or Instruments.of(contract)
        self.behaviour: Behaviour = self.instruments.behaviour
        self.clauses = self.instruments.clauses
        self.seed = seed
        self.budget = budget
        self._sandbox = f"verify-{nonce or secrets.token_hex(4)}"
        self.target, self._connection, self._control = reached(target, self._sandbox)
        names = [name for principal in self.target.principals for name in principal.headers]
        self._cleaner = Cleaner(self.instruments, self.target.base_url, names)
        if self._control is None and not isinstance(self._connection, Loopback):
            self._connection = Watched(self._connection, self._cleaner)
        self.nonce = nonce or self._mark()
        self.cast = Cast(self.target.principals, self.behaviour, self._control, self.nonce)
        self.client = Client(
            self.target, self._connection, self._control, self.cast, self.behaviour.rate_limits
        )
        if (versions := self.behaviour.versions) is not None:
            self.client.version = versions.place, versions.parameter, versions.newest.name
        hooks = self.behaviour.webhooks
        self._post = Post(self.target, self._connection, hooks.handshake) if hooks else None
        if self._post is not None:
            self._post.noticed = self._notice
        self._applications = self._known_applications()
        password = unquote(urlsplit(self.target.base_url).password or "")
        given = (password, *(one.secret for one in self._applications))
        self.cast.secrets |= {secret for secret in given if secret}
        self._grounds: dict[str, _Ground] = {}
        self._recordings: dict[str, Recording] = {}
        #: The clauses that probes, and no walks or fuzzers, have found broken.
        self._probed: dict[str, Clause] = {}
        self._current = ""
        self.scene = self._ground("").scene

    def __enter__(self) -> Self:
        return self

    def cleaned(self) -> dict[str, str]:
        """Delete what this run has made, where it has no sandbox of its own. What is left, by resource."""
        if not len(self._cleaner) or not self.target.cleanup:
            return {}
        self._enter("")
        return self._cleaner.clean(self.scene)

    def __exit__(self, *_: object) -> None:
        if self._post is not None:
            for ground in self._grounds.values():
                if ground.control is None:
                    withdraw(ground.scene)
            self._post.close()
        self.client.close()
        for ground in self._grounds.values():
            ground.log.clear()  # thousands of exchanges that need not wait for the garbage collection
        with suppress(TargetError):  # after an interruption as well
            self.cleaned()
        self._connection.close()

    def _known_applications(self) -> tuple[Application, ...]:
        """The clients that may ask for tokens: those that the target file names, else those of the control plane."""
        if self.target.applications or self._control is None or not self.behaviour.authentication.oauth:
            return self.target.applications
        return tuple(Application(*about) for about in self._control.applications())

    def _mark(self) -> str:
        """What keys and names of this run have in them: from the seed where every run has sandboxes of its own.

        Elsewhere idempotency keys outlive a run, so two runs with one seed must not share them.
        """
        if self._control is None:
            return secrets.token_hex(4)
        words = f"{self.seed}:{self.contract.name}:{self.contract.version}:{__version__}"
        return f"{zlib.crc32(words.encode()):08x}"

    def _ground(self, operation: str, made: type[Scene] = Scene) -> _Ground:
        if operation not in self._grounds:
            mark = f"{zlib.crc32(f'{self.nonce}:{operation}'.encode()):08x}"
            control = self._control.at(f"{self._sandbox}-{operation}") if self._control else None
            if control is not None:
                control.noticed = self._notice
            scene = made(
                self.contract, self.behaviour, self.instruments.validators, self.client, self.cast, control, mark,
                second_opinion=self.instruments.second_opinion(self.client.base_url),
                editions=self.instruments.editions, promised=self.instruments.promised,
                reference=lambda: self._reference,
                seed=self.seed, thorough=self.budget == "nightly", post=self._post,
                known_bodies=self.instruments.bodies, applications=self._applications,
            )  # fmt: skip
            self._grounds[operation] = _Ground(scene, control)
        return self._grounds[operation]

    def _notice(self, entry: Entry) -> None:
        """Something has happened between two requests."""
        self.client.log.append(entry)

    def _enter(self, operation: str, made: type[Scene] = Scene) -> _Ground:
        """The ground of an operation, with the client standing on it."""
        ground = self._ground(operation, made)
        if operation != self._current:
            self._current, self.client.log = operation, ground.log
            if ground.control is not None:
                self.client.sandbox = ground.control.sandbox
                self.cast.rest()
        return ground

    def judge(self, clause: Clause) -> Case:
        """The verdict on one clause. Raises TargetError when the target goes away."""
        started = time.monotonic()
        verdict, detail, findings = self._verdict(clause)
        return Case(clause.name, clause.concept, verdict, findings, detail, time.monotonic() - started)

    def _verdict(self, clause: Clause) -> tuple[Verdict, str, tuple[Finding, ...]]:
        ground = self._enter(clause.operation if self._control is None else ground_of(clause))
        since = len(ground.log)
        try:
            PROBES[clause.id](ground.scene, self.behaviour.bindings[clause.operation])
        except Violated as violation:
            self._recordings[clause.name] = self._recorded(clause, ground, since, violation)
            self._probed[clause.name] = clause
            return "violate", violation.title, (self._finding(clause, violation),)
        except Inconclusive as reason:
            return "inconclusive", str(reason), ()
        except NotExercised as reason:
            return "not-exercised", str(reason), ()
        except KeyError as missing:
            return "inconclusive", f"an answer lacks the member {missing}", ()
        return "conform", "", ()

    def holds(self, clause: Clause) -> bool:
        """Whether nothing speaks against a clause, for those who ask for no more: no case is made of it."""
        ground = self._enter(clause.operation if self._control is None else ground_of(clause))
        try:
            with suppress(Inconclusive, NotExercised, KeyError):
                PROBES[clause.id](ground.scene, self.behaviour.bindings[clause.operation])
        except Violated:
            return False
        return True

    def _recorded(self, clause: Clause, ground: _Ground, since: int, violation: Violated) -> Recording:
        """What happened on a ground up to a violation."""
        resource = self.behaviour.bindings[clause.operation].resource
        maker = self.behaviour.binding(resource.name, Kind.CREATE) if resource else None
        return Recording(
            tuple(ground.log), since, violation.exchanges, ground.scene.nonce, clause.concept,
            violation.facts.get("fields"), violation.relation, frozenset({maker.id} if maker else ()),
        )  # fmt: skip

    def _anew(self, clause: Clause) -> Iterator[Recording]:
        """The same violation where every row is made for it, as plain as it may be and then with all that it may have.

        Nothing where it does not show there.
        """
        binding = self.behaviour.bindings[clause.operation]
        peer = self.cast.peer if clause.concept == "tenancy" or clause.id == "pagination.total" else None
        for sparing in (True, False):
            ground = self._enter(f"{clause.operation}-anew-{'plain' if sparing else 'full'}", Pioneer)
            scene, since = ground.scene, len(ground.log)
            assert isinstance(scene, Pioneer)  # noqa: S101 - made a line above
            scene.sparing = sparing
            try:
                scene.stocked(binding, [self.cast.owner, *([peer] if peer else [])])
                PROBES[clause.id](scene, binding)
            except Violated as violation:
                yield self._recorded(clause, ground, since, violation)
            except (Inconclusive, NotExercised, KeyError):
                continue

    @cached_property
    def _reference(self) -> Reference:
        """The reference model with the owner as its caller."""
        return Reference(self.contract, {"owner": self.cast.owner}, self.instruments.model())

    @cached_property
    def _reproducer(self) -> Reproducer:
        return Reproducer(
            self.instruments, self.target, self._connection, self._control, self.cast, self.client,
            post=self._post, applications=self._applications,
        )  # fmt: skip

    def reproduced(self, case: Case, *, thoroughly: bool) -> Case:
        """The same case with the fewest steps that show its violation, or why none were found."""
        recording = self._recordings.get(case.name)
        if recording is None:
            return case
        clause = self._probed.get(case.name)
        found: Reproduction | str = ""
        if clause is not None and clause.id not in APART and self._reproducer.leans(recording):
            anew = (self._reproducer.reproduced(one, thoroughly=thoroughly) for one in self._anew(clause))
            found = next((one for one in anew if isinstance(one, Reproduction)), "")
        if isinstance(found, str):
            found = self._reproducer.reproduced(recording, thoroughly=thoroughly)
        told = {"unreproduced": found} if isinstance(found, str) else {"reproduction": found.as_json()}
        findings = tuple(replace(finding, evidence={**finding.evidence, **told}) for finding in case.findings)
        return replace(case, findings=findings)

    def failed(self, cases: Sequence[Case], chosen: Plan) -> list[Case]:
        """The same cases; an operation that answered any of its probes with 5xx has broken its word not to.

        Only what no other finding about the operation shows already: one bug is told once.
        """
        shown = {str(one.clause).partition("@")[2] for case in cases for one in case.findings}
        open_clauses = {
            c.name: c for c in chosen.clauses if c.id == NO_ERROR and c.name not in chosen.skipped
        }
        return [self._failed(case, open_clauses.get(case.name), shown) for case in cases]

    def _failed(self, case: Case, clause: Clause | None, shown: Collection[str]) -> Case:
        ground = self._grounds.get(clause.operation) if clause else None
        if clause is None or ground is None or case.verdict == "violate" or clause.operation in shown:
            return case
        asked = [one for one in ground.log if isinstance(one, Exchange) and one.operation == clause.operation]
        broken = next((one for one in asked if one.broken), None)
        if broken is None:
            return case
        violation = Violated(f"{broken.method} {clause.operation} answers {broken.status}", broken)
        self._recordings[clause.name] = self._recorded(clause, ground, ground.log.index(broken), violation)
        finding = self._finding(clause, violation)
        return replace(case, verdict="violate", detail=violation.title, findings=(finding,))

    @property
    def served(self) -> bool:
        """Whether any request of the owner succeeded."""
        return any(ground.scene.successes for ground in self._grounds.values())

    def greet(self) -> None:
        """An ordinary request of the owner, where all that was judged brings about refusals alone."""
        lists = (b for b in self.behaviour.bindings.values() if b.kind is Kind.LIST and not b.parents)
        for binding in islice(lists, _GREETINGS):
            if self.served or not self.secured:
                return
            with suppress(Inconclusive, NotExercised):
                self._enter("").scene.success(binding)

    @property
    def secured(self) -> bool:
        """Whether any operation asks for a credential."""
        return any(binding.operation.security for binding in self.behaviour.bindings.values())

    def shortfall(self, cases: Sequence[Case], skipped: Mapping[str, str] | None = None) -> str:
        """Why the cases so far prove too little; empty when they prove enough."""
        served = self.served or not self.secured
        return shortfall(cases, skipped or {}, served=served, throttled=self.client.starved)

    def advice(self, cases: Sequence[Case], skipped: Mapping[str, str] | None = None) -> str:
        """What to do where the cases prove too little; may be empty."""
        if not self.shortfall(cases, skipped):
            return ""
        return advised(self.client.answers, cases, served=self.served or not self.secured)

    def fuzzed(self, cases: Sequence[Case], chosen: Plan, tell: Listener) -> list[Case]:
        """The same cases after fuzzing: what it broke is violated, whatever the probe said."""
        # Schemathesis and Hypothesis take most of a second to import.
        from troth.conformance.fuzzing import fuzz  # noqa: PLC0415

        clauses = {c.name: c for c in chosen.clauses if c.id in FUZZED and c.name not in chosen.skipped}
        if not clauses or not self.served:
            return list(cases)
        found = fuzz(
            self.contract, self.behaviour, self.target, self.cast, self._control, seed=self.seed,
            budget=self.budget, operations=frozenset(c.operation for c in clauses.values()),
            validators=self.instruments.validators, tell=lambda label: tell(Fuzzing(label)), made=self._made,
        )  # fmt: skip
        self.client.sent += found.requests
        self.client.starved = self.client.starved or found.limited
        return [self._merged(case, clauses.get(case.name), found) for case in cases]

    def _made(self, operation: str, shown: object) -> None:
        """Fuzzing has made a row, as the owner."""
        if self._control is None:
            self._cleaner.note(self.behaviour.bindings[operation], shown, self.cast.owner)

    def walked(
        self, cases: Sequence[Case], chosen: Plan, tell: Listener, whole: frozenset[str] | None = None
    ) -> list[Case]:
        """The same cases after walks beside the reference model; ``whole`` are the operations of all shards."""
        from troth.conformance.walks import told_by_clause, walk_target  # noqa: PLC0415 - imports Hypothesis, as above

        open_clauses = {c.name: c for c in chosen.clauses if c.name not in chosen.skipped}
        if not open_clauses or not self.served:
            return list(cases)
        found = walk_target(
            self._enter(WALKS).scene, chosen_seed=self.seed, budget=self.budget,
            operations=frozenset(c.operation for c in open_clauses.values()),
            tell=lambda label: tell(Fuzzing(label)), whole=whole,
            ground=lambda name: self._enter(f"{WALKS}-{name}").scene,
        )  # fmt: skip
        flaws = told_by_clause(found, self.behaviour, self.clauses, cases)
        return [self._parted(case, open_clauses.get(case.name), flaws.get(case.name)) for case in cases]

    def _parted(self, case: Case, clause: Clause | None, flaw: WalkFlaw | None) -> Case:
        if clause is None or flaw is None or case.verdict == "violate":
            return case
        deviation, field = flaw.difference.deviation
        violation = Violated(flaw.title, *flaw.exchanges, deviation=deviation, field=field)
        self._record(clause, flaw.exchanges, flaw.mark)
        return replace(
            case, verdict="violate", detail=flaw.title, findings=(self._finding(clause, violation),)
        )

    def _merged(self, case: Case, clause: Clause | None, found: Fuzzed) -> Case:
        flaw = found.flaws.get((clause.id, clause.operation)) if clause else None
        if clause is None or flaw is None or case.verdict == "violate":
            return case
        if flaw.sent is not None:
            self._record(clause, (flaw.sent,), self.nonce)
        sent = (flaw.sent,) if flaw.sent is not None else ()
        finding = self._finding(clause, Violated(flaw.title, *sent, detail=flaw.detail))
        evidence = {"exchanges": [flaw.exchange] if flaw.exchange else []}
        finding = replace(finding, evidence={**evidence, **({"cause": flaw.cause} if flaw.cause else {})})
        return replace(case, verdict="violate", detail=flaw.title, findings=(finding,))

    def _record(self, clause: Clause, exchanges: tuple[Exchange, ...], mark: str) -> None:
        """Exchanges that stand on their own, the last of which tells."""
        self._recordings[clause.name] = Recording(exchanges, 0, exchanges[-1:], mark, clause.concept)

    def reproduced_anew(self, before: Sequence[Case], after: Sequence[Case]) -> list[Case]:
        """The cases after a further stage, those that it found violated with the fewest steps that show it."""
        return [
            case if case is old or case.verdict != "violate" else self.reproduced(case, thoroughly=True)
            for old, case in zip(before, after, strict=True)
        ]

    def _finding(self, clause: Clause, violation: Violated) -> Finding:
        exchanges = [exchange.as_evidence() for exchange in violation.exchanges]
        return Finding(
            id=clause.id.replace(".", "-"),
            # What MAY be left out must be right where it is there.
            severity="warning" if clause.level == "SHOULD" else "error",
            title=violation.title,
            detail=violation.detail or f"{clause.level}: {clause.statement}",
            location=self.contract.locate(clause.pointer),
            operation=clause.operation,
            clause=clause.name,
            evidence={
                **violation.facts,
                "exchanges": exchanges,
                "contract": self.instruments.excerpt(clause.pointer),
            },
            identity=identity_of(
                clause.name,
                role_of(violation.exchanges, self.cast, self.client.actors),
                violation.deviation,
                violation.field,
            ),
        )


def verify(
    contract: Contract,
    target: Target,
    *,
    only: Iterable[str] = (),
    skips: Iterable[Skip] = (),
    shard: tuple[int, int] = (1, 1),
    baseline: Baseline | None = None,
    seed: int = 0,
    budget: Budget = "pr",
    fuzz: bool = True,
    reproduce: bool = True,
    walks: bool | None = None,
    nonce: str | None = None,
    instruments: Instruments | None = None,
    listener: Listener | None = None,
) -> Outcome:
    """Hold a target to a contract; ``walks`` beside the reference model are taken where other tools could fuzz.

    Raises TargetError when nothing answers, UsageError for a senseless plan.
    """
    tell = listener or (lambda _event: None)
    only, skips, started = tuple(only), tuple(skips), time.monotonic()
    instruments = instruments or Instruments.of(contract)
    today = datetime.now(UTC).date()
    chosen = plan(instruments.clauses, only=only, skips=skips, shard=shard, today=today)
    tell(Planned(chosen))
    with Run(contract, target, seed=seed, budget=budget, nonce=nonce, instruments=instruments) as run:
        cases, shown = [], set[str]()
        for clause in chosen.clauses:
            tell(Started(clause))
            reason = chosen.skipped.get(clause.name)
            case = (
                Case(clause.name, clause.concept, "not-exercised", (), reason)
                if reason
                else run.judge(clause)
            )
            if case.verdict == "violate" and reproduce:
                case = run.reproduced(case, thoroughly=clause.id not in shown)
                shown.add(clause.id)
            cases.append(case)
            tell(Judged(clause, case))
        before, cases = cases, run.failed(cases, chosen)
        cases = run.reproduced_anew(before, cases) if reproduce else cases
        run.greet()
        if fuzz and (target.networked if walks is None else walks):
            every = plan(instruments.clauses, only=only, skips=skips, today=today)
            whole = frozenset(c.operation for c in every.clauses if c.name not in every.skipped)
            before, cases = cases, run.walked(cases, chosen, tell, whole)
            cases = run.reproduced_anew(before, cases) if reproduce else cases
        if fuzz and target.networked:
            before, cases = cases, run.fuzzed(cases, chosen, tell)
            cases = run.reproduced_anew(before, cases) if reproduce else cases
        cases = concealed(cases, run.cast.secrets)
        known = frozenset(clause.name for clause in instruments.clauses)
        told, further = accepted(cases, baseline or Baseline(()), today=today, known=known)
        return Outcome(
            f"{contract.title} {contract.version}", bare_url(target.base_url), seed, gathered(told),
            run.shortfall(cases, chosen.skipped), run.client.sent, time.monotonic() - started, further, shard,
            run.served or not run.secured, run.client.starved, run.cleaned(), run.advice(cases, chosen.skipped),
        )  # fmt: skip
