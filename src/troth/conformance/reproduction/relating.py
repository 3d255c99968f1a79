"""From a relation that a probe found broken to the fewest steps after which it is broken on any faulty server.

The steps make rows of their own first, so nothing hangs on the rows that a server has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from troth.conformance.exchanges import Exchange
from troth.conformance.reproduction.folding import Attempt, folded, places_of, pruned, repeated
from troth.conformance.reproduction.minimising import delete_many, delete_one, needed
from troth.conformance.reproduction.steps import Clock, Relation, Reproduction, Step
from troth.conformance.timeline import Entry

__all__ = ["leans", "places_in", "shortest", "supply"]

_ENOUGH = 5
#: Relations about one row or one answer, as all are that have a row come and go: other rows are made for them only as
#: far as they are needed.
_POINTED = frozenset({"differ", "few", "hides", "lacks", "lists", "no-earlier", "says"})


def places_in(log: Sequence[Entry], exchanges: dict[str, Exchange]) -> dict[str, int] | None:
    """Where the exchanges are in a recording; None when one is missing."""
    found = {id(entry): index for index, entry in enumerate(log)}
    places = {role: found.get(id(one), -1) for role, one in exchanges.items()}
    return None if -1 in places.values() else places


def supply(log: Sequence[Entry], makes: frozenset[str]) -> list[int]:
    """The first requests with which each caller made rows."""
    found: dict[str, list[int]] = {}
    for index, one in enumerate(log):
        if isinstance(one, Exchange) and one.ok and one.operation in makes:
            found.setdefault(one.principal, []).append(index)
    return sorted(index for made in found.values() for index in made[:_ENOUGH])


def shortest(
    whole: Reproduction, made: Sequence[int], since: int, shows: Callable[[Reproduction], str], tries: int
) -> Reproduction | str:
    """The fewest steps after which the relation is broken, else why there are none.

    ``made`` are steps that make rows, which stay; ``since`` is where the clause began to be judged; ``shows`` gives
    why some steps do not show it, or nothing.
    """
    expects = whole.expects
    assert isinstance(expects, Relation)  # noqa: S101 - what is looked for
    if "row" in expects.facts and not _is_own(whole, expects):
        return "what it is about was not made by the steps"
    # What makes rows has to succeed, so it has roles as well.
    roles = [*expects.of.values()]
    making = {f"made{number}": index for number, index in enumerate(made, 1) if index < max(roles)}
    expects = replace(expects, of={**expects.of, **making})
    sources = [index for index, step in enumerate(whole.steps) if expects.needs & (step.keeps or {}).keys()]
    if expects.name == "no-earlier":
        sources += [
            index
            for index, step in enumerate(whole.steps[since : max(roles)], since)
            if isinstance(step, Clock)
        ]
    pointed = expects.name in _POINTED or "gone" in expects.of
    essential = frozenset([*(roles if pointed else expects.of.values()), *sources])

    def built(kept: Sequence[int]) -> Reproduction:
        attempt = Attempt(whole, tuple(kept), (), frozenset(roles))
        places = dict(zip(kept, places_of(attempt), strict=True))
        short, _ = folded(attempt)
        of = {role: places[index] for role, index in expects.of.items() if index in places}
        told = replace(expects, of=of)
        return short.with_steps(pruned(short.steps, told), told)

    reason = ""
    for wanted in (essential, {*range(since, max(roles) + 1), *expects.of.values(), *sources}):
        kept = needed(whole.steps, wanted)
        why = shows(built(kept))
        if not why:
            kept = delete_many(kept, essential, lambda shorter: not shows(built(shorter)), tries)
            kept = delete_one(kept, essential, lambda shorter: not shows(built(shorter)), tries)
            return _compact(built(kept), shows)
        reason = reason or why
    return reason


def _is_own(whole: Reproduction, expects: Relation) -> bool:
    """Whether the row that a relation is about is one that a step makes."""
    made = {
        name
        for step in whole.steps
        if isinstance(step, Step) and step.method == "POST"
        for name in step.keeps
    }
    return bool(expects.needs) and expects.needs <= made


def _compact(found: Reproduction, shows: Callable[[Reproduction], str]) -> Reproduction:
    """With requests in a row that are alike as one, where it is shown like that as well."""
    short = repeated(found)
    return short if len(short.steps) < len(found.steps) and not shows(short) else found


def leans(steps: Reproduction, kept: Sequence[int]) -> bool:
    """Whether steps take something of rows that were there before."""
    used = {name for index in kept for name in steps.steps[index].needs}
    return any(
        isinstance(step, Step) and step.method == "GET" and used & step.keeps.keys()
        for step in (steps.steps[index] for index in kept)
    )
