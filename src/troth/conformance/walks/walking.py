"""A Hypothesis state machine walks target and model side by side, and shortens each walk that parts them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from troth.behaviour.clauses import Clause
from troth.behaviour.model import Behaviour, Kind, Resource
from troth.conformance.constants import no_local_constants
from troth.conformance.exchanges import Exchange
from troth.conformance.reference import Reference, model_of
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised
from troth.conformance.walks.drawing import Chance, Drawer
from troth.conformance.walks.flaws import Difference, WalkFlaw, fallbacks
from troth.conformance.walks.pair import Pair
from troth.conformance.walks.steps import Known, Step
from troth.findings import Case

__all__ = ["Walked", "told_by_clause", "walk_target"]

#: (walks in all, walks for each resource at least, steps of a walk)
_BUDGETS = {"pr": (24, 2, 10), "nightly": (1200, 40, 20)}
_ATTEMPTS = 4
_FLAWS = 12
_REPLAYS = 40
_DEEPEST = 4
_PLANTED = 100


@dataclass(slots=True)
class Walked:
    """What walking came to: the flaws by signature, the steps taken, and how often each operation succeeded."""

    flaws: dict[tuple[str, str, str], WalkFlaw] = field(default_factory=dict)
    steps: int = 0
    successes: dict[str, int] = field(default_factory=dict)


def walk_target(
    scene: Scene,
    *,
    chosen_seed: int,
    budget: str,
    operations: frozenset[str],
    tell: Callable[[str], None],
    examples: int | None = None,
    ground: Callable[[str], Scene] | None = None,
    whole: frozenset[str] | None = None,
) -> Walked:
    """Walk over every resource whose operations are chosen. The same seed takes the same steps.

    Each resource has a ``ground`` of its own, and its steps depend on no other but on how many there are in the
    ``whole``, the operations of all shards: so shards walk as a run without shards would.
    """
    callers = {"owner": scene.owner}
    model = model_of(scene.contract)
    # A document that says nothing of tenants does not say who sees whose rows.
    if scene.cast.peer is not None and len(model.seed.tenants) > 1:
        callers["peer"] = scene.cast.peer
    narrow = next(
        (a for a in scene.cast.known if a.tenant == scene.owner.tenant and "*" not in a.scopes), None
    )
    if narrow is not None:
        callers["narrow"] = narrow
    reference = Reference(scene.contract, callers, model)
    found = Walked()
    total, least, length = _BUDGETS[budget]
    everything = operations if whole is None else whole
    groups = [(name, group) for name, group in _groups(scene) if _operations(scene, name) & everything]
    for index, (name, group) in enumerate(groups):
        if not _operations(scene, name) & operations:
            continue
        tell(f"walks over {name}")
        walker = _Walker(ground(name) if ground else scene, reference, callers, group, found)
        chosen = settings(
            max_examples=examples or max(least, total // len(groups)),
            stateful_step_count=length,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        for attempt in range(_ATTEMPTS):
            machine = seed((chosen_seed * 1_000_003 + index) * _ATTEMPTS + attempt)(_machine(walker, name))
            # A target remembers earlier walks, so the same beginning may go on otherwise: what is left starts anew.
            with contextlib.suppress(Flaky), no_local_constants():
                run_state_machine_as_test(machine, settings=chosen)
                break
    return found


def _operations(scene: Scene, name: str) -> set[str]:
    """The operations on a resource."""
    bindings = scene.behaviour.bindings.values()
    return {binding.id for binding in bindings if binding.resource and binding.resource.name == name}


def _groups(scene: Scene) -> Iterator[tuple[str, frozenset[str]]]:
    """Each resource that can be written, together with those that it refers to and those that are computed over it."""
    behaviour = scene.behaviour
    for name, resource in behaviour.resources.items():
        creates = behaviour.binding(name, Kind.CREATE)
        if creates is None:
            continue
        near = {target for reference in resource.references for target in reference.to.values()}
        near |= {other for f in resource.computed if f.computed for other, _ in f.computed.related}
        yield name, frozenset({name} | near & behaviour.resources.keys())


def _unmade(scene: Scene, group: frozenset[str]) -> list[Resource]:
    """The resources without a create that those of the group refer to, and those that these refer to."""
    known, waiting = dict.fromkeys(sorted(group)), sorted(group)
    for name in waiting:
        for reference in scene.behaviour.resources[name].references:
            for target in reference.to.values():
                if target in scene.behaviour.resources and target not in known:
                    known[target] = None
                    waiting.append(target)
    found = [scene.behaviour.resources[name] for name in known]
    return [one for one in found if scene.behaviour.binding(one.name, Kind.CREATE) is None]


class _Walker:
    """Takes steps on both sides until they part; then finds the fewest steps that part them the same way."""

    def __init__(
        self,
        scene: Scene,
        reference: Reference,
        callers: Mapping[str, Any],
        group: frozenset[str],
        found: Walked,
    ) -> None:
        self.scene = scene
        self.found = found
        self._reference = reference
        self._callers = callers
        self._drawer = Drawer(scene, frozenset(callers), self._need)
        self.operations = self._drawer.operations(group)
        self._group = group
        self._count = 0
        self._tired: set[str] = set()
        self._making: list[str] = []
        self._planted: list[tuple[Resource, str, list[Mapping[str, Any]]]] | None = None
        self.pair: Pair | None = None
        self.steps: list[Step] = []
        self.over = False

    def begin(self) -> None:
        self.pair, self.steps, self.over = self._fresh(), [], False

    def _fresh(self) -> Pair:
        self._count += 1
        mark = f"{'-'.join(sorted(self._group))[:40]}-{self._count}"
        pair = Pair(self.scene, self._reference, self._callers, mark)
        for resource, role, rows in self._given():
            pair.plant(resource, role, rows)
        return pair

    def _given(self) -> list[tuple[Resource, str, list[Mapping[str, Any]]]]:
        """The rows of resources that nobody can make, and that rows of the group may refer to; read once."""
        if self._planted is None:
            self._planted = []
            for resource in _unmade(self.scene, self._group):
                for role in ("owner",) if resource.shared else ("owner", "peer"):
                    with contextlib.suppress(Inconclusive, NotExercised):
                        rows = self.scene.rows(resource, self._callers[role]) if role in self._callers else []
                        kept = [row for row in rows if resource.id_field in row][:_PLANTED]
                        self._planted.append((resource, role, kept))
        return self._planted

    def step(self, number: int) -> None:
        pair = self.pair
        if pair is None or self.over:
            return
        chance = Chance(number, len(self.steps))
        choices = [one for one in self.operations if one.id not in self._tired]
        if not choices:
            return
        drawn = self._drawer.draw(chance.of(choices), pair.book, chance)
        if drawn is not None and not self.over:
            self._take(drawn)

    def _need(self, resource: str, role: str) -> Known | None:
        """A live row of a resource for a role, made now where there is none."""
        pair = self.pair
        if pair is None or self.over:
            return None
        live = pair.book.live(resource, role)
        if live:
            return live[-1]
        creator = self.scene.behaviour.binding(resource, Kind.CREATE)
        if creator is None or creator.id in self._tired or len(self._making) >= _DEEPEST:
            return None
        self._making.append(resource)
        try:
            plain = self._drawer.plain(creator, pair.book, role)
        finally:
            self._making.pop()
        if plain is None or self.over:
            return None
        self._take(plain)
        live = pair.book.live(resource, role)
        return live[-1] if live and not self.over else None

    def _take(self, drawn: Step) -> None:
        assert self.pair is not None  # noqa: S101 - a walk has begun
        named = self.pair.named(drawn, len(self.steps))
        self.steps.append(named)
        self.found.steps += 1
        try:
            difference = self.pair.take(named)
        except (Inconclusive, NotExercised):
            self.over = True
            return
        if difference is not None:
            self.over = True
            self._note(difference)

    def _note(self, difference: Difference) -> None:
        if difference.signature in self.found.flaws:
            self._tired.add(difference.operation)
            return
        if len(self.found.flaws) >= _FLAWS:
            return
        self.found.flaws[difference.signature] = WalkFlaw(
            difference, tuple(self._shortest(difference)), self.scene.nonce
        )

    def _shortest(self, difference: Difference) -> list[Exchange]:
        """Delete one step after the other while the rest still shows the same difference."""
        assert self.pair is not None  # noqa: S101 - as above
        best, told = list(self.steps), list(self.pair.exchanges)
        replays, index = 0, len(best) - 2
        while index >= 0 and replays < _REPLAYS:
            shorter = best[:index] + best[index + 1 :]
            replays += 1
            shown = self._replayed(shorter, difference)
            if shown is not None:
                best, told = shorter, shown
            index -= 1
        return told

    def _replayed(self, steps: list[Step], wanted: Difference) -> list[Exchange] | None:
        """The exchanges of a fresh walk over the steps, if it ends in the same difference."""
        pair = self._fresh()
        for step in steps:
            if not step.needs <= pair.book.rows.keys():
                continue
            try:
                difference = pair.take(step)
            except (Inconclusive, NotExercised):
                return None
            if difference is not None:
                return pair.exchanges if difference.signature == wanted.signature else None
        return None


def _machine(walker: _Walker, name: str) -> type[RuleBasedStateMachine]:
    class Walk(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            walker.begin()

        @precondition(lambda _self: not walker.over)
        @rule(number=st.integers(0, 2**64 - 1))
        def step(self, number: int) -> None:
            walker.step(number)

        @precondition(lambda _self: walker.over)
        @rule()
        def rest(self) -> None:
            """The walk is over; Hypothesis may go on."""

    Walk.__name__ = f"Walk_{name}"
    return Walk


def told_by_clause(
    found: Walked, behaviour: Behaviour, clauses: Iterable[Clause], cases: Iterable[Case]
) -> dict[str, WalkFlaw]:
    """The flaws by the name of the clause that they break, without those of resources that a probe has a finding about.

    A bug that a probe has found shows in walks as well, and under other names; it is told once.
    """
    broken = {case.name.partition("@")[2] for case in cases if case.verdict == "violate"}
    bindings = [behaviour.bindings[name] for name in broken if name in behaviour.bindings]
    spoilt = {binding.resource.name for binding in bindings if binding.resource}
    known = {clause.name for clause in clauses}
    told: dict[str, WalkFlaw] = {}
    for flaw in found.flaws.values():
        binding = behaviour.bindings[flaw.difference.operation]
        if binding.resource is None or binding.resource.name in spoilt:
            continue
        names = (f"{word}@{binding.id}" for word in (flaw.difference.clause, *fallbacks(binding)))
        name = next((name for name in names if name in known), None)
        if name is not None:
            told.setdefault(name, flaw)
    return told
