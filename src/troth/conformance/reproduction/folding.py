"""Some steps of a recording, as short as they can be: the same again is repeated, what left at once stays so."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from troth.conformance.reproduction.playing import Played
from troth.conformance.reproduction.steps import (
    AnyStep,
    Expectation,
    Inbox,
    Look,
    Relation,
    Reproduction,
    Step,
    Together,
)

__all__ = ["Attempt", "counted", "folded", "index_at", "places_of", "pruned"]

_NUMBERED = re.compile(r"\{\{mark\}\}-(?:\d+|\{\{turn\}\})")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Some steps of a recording: which, which of them tell, and which are never told as one with another."""

    whole: Reproduction
    kept: tuple[int, ...]
    telling: tuple[int, ...]
    alone: frozenset[int] = frozenset()

    def with_kept(self, kept: Collection[int]) -> Attempt:
        return replace(
            self, kept=tuple(kept), telling=tuple(index for index in self.telling if index in kept)
        )


def _joined(last: AnyStep, step: AnyStep) -> AnyStep | None:
    """Two steps as one, where they are the same again or leave together."""
    if not isinstance(step, Step):
        return None
    if step.batch is not None:
        if isinstance(last, Together) and last.steps[0].batch == step.batch:
            return replace(last, steps=(*last.steps, step))
        return None
    if isinstance(last, Step) and not step.keeps and replace(last, times=1, keeps={}) == step:
        return replace(last, times=last.times + 1)
    return None


def places_of(attempt: Attempt) -> list[int]:
    """For each kept step the number of the one that it is folded into."""
    found: list[int] = []
    steps: list[AnyStep] = []
    last = -1
    for index in attempt.kept:
        step = attempt.whole.steps[index]
        apart = index in attempt.alone or (found and last in attempt.alone)
        joined = _joined(steps[-1], step) if steps and not apart else None
        last = index
        if joined is not None:
            steps[-1] = joined
        else:
            steps.append(Together((step,)) if isinstance(step, Step) and step.batch is not None else step)
        found.append(len(steps) - 1)
    return found


def folded(attempt: Attempt) -> tuple[Reproduction, list[int]]:
    """The kept steps, equal ones in a row as one that is repeated, and where the telling ones are now."""
    places = places_of(attempt)
    steps: list[AnyStep] = []
    for index, place in zip(attempt.kept, places, strict=True):
        step = attempt.whole.steps[index]
        if place < len(steps):
            steps[place] = _joined(steps[place], step) or step
        else:
            steps.append(Together((step,)) if isinstance(step, Step) and step.batch is not None else step)
    telling = [place for index, place in zip(attempt.kept, places, strict=True) if index in attempt.telling]
    return attempt.whole.with_steps(tuple(steps), None), list(dict.fromkeys(telling))


def index_at(attempt: Attempt, place: int) -> int:
    """The last of the kept steps that are folded into one."""
    return max(index for index, at in zip(attempt.kept, places_of(attempt), strict=True) if at == place)


def counted(steps: Sequence[AnyStep], right: Played, wrong: Played) -> tuple[AnyStep, ...]:
    """Looks with how much there is to wait for: as much as either server has sent by then."""
    found: list[AnyStep] = []
    for number, step in enumerate(steps):
        if isinstance(step, Look):
            each = [p.answers[number].json for p in (right, wrong) if number < len(p.answers)]
            names = dict.fromkeys(name for one in each for name in one)
            counts = {name: max(int(one.get(name, {}).get("count", 0)) for one in each) for name in names}
            found.append(replace(step, counts=counts))
        else:
            found.append(step)
    return tuple(found)


def pruned(steps: Sequence[AnyStep], expects: Expectation | Relation) -> tuple[AnyStep, ...]:
    """Without variables that nobody uses."""
    used = {name for step in steps for name in step.needs}
    used |= set(re.findall(r"\{\{(\w+)\}\}", repr(expects)))
    used |= {name for step in steps if isinstance(step, Inbox) for name in step.gives}
    return tuple(
        replace(step, keeps={name: place for name, place in step.keeps.items() if name in used})
        for step in steps
    )


def repeated(found: Reproduction) -> Reproduction:
    """Requests in a row that differ by the numbers of new words alone as one that is repeated."""
    expects = found.expects
    if not isinstance(expects, Relation):
        return found
    steps: list[AnyStep] = []
    places: list[int] = []
    for step in found.steps:
        last = steps[-1] if steps else None
        if isinstance(step, Step) and isinstance(last, Step) and not (step.keeps or last.keeps) and step.send:
            one, other = (
                replace(each, send=_NUMBERED.sub("{{mark}}-{{turn}}", each.send)) for each in (last, step)
            )
            if replace(one, times=1) == other != step:
                steps[-1] = replace(one, times=last.times + 1)
                places.append(len(steps) - 1)
                continue
        steps.append(step)
        places.append(len(steps) - 1)
    told = replace(expects, of={role: places[number] for role, number in expects.of.items()})
    return found.with_steps(tuple(steps), told)
