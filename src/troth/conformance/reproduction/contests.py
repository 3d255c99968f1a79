"""Contests as reproductions: what each order of requests comes to on a correct mock, and nothing else is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

from troth.conformance.reproduction.answers import leaves
from troth.conformance.reproduction.contesting import came_to
from troth.conformance.reproduction.minimising import needed
from troth.conformance.reproduction.playing import Stage, quietly
from troth.conformance.reproduction.steps import Contest, Reproduction, Step

__all__ = ["contest"]

_TRIES = 12
_MOST = 4
_MOST_BEFORE = 40


def contest(
    whole: Reproduction, telling: Sequence[int], fields: Sequence[str], correct: Stage
) -> Contest | str:
    """Rows are made, requests leave at once, and rows are read; with every outcome that an order gives. Else why not.

    ``fields`` are the members of what is read that count.
    """
    together = [
        step for index in telling if isinstance(step := whole.steps[index], Step) and step.batch is not None
    ]
    kept = [index for index in needed(whole.steps, telling) if index not in telling]
    before = [step for index in kept if isinstance(step := whole.steps[index], Step) and step.batch is None]
    given = {name for step in before for name in step.keeps}
    then = [
        step for index in telling
        if isinstance(step := whole.steps[index], Step) and step.batch is None and step.needs <= given
    ]  # fmt: skip
    if len(before) < len(kept) or not 1 < len(together) <= _MOST or len(before) > _MOST_BEFORE:
        return "what leads there cannot be played again"
    drawn = Contest(
        tuple(before),
        tuple(replace(one, keeps={}, batch=None) for one in together),
        tuple(then),
        tries=_TRIES,
    )
    return _with_orders(drawn, whole, fields, correct)


def _with_orders(drawn: Contest, whole: Reproduction, fields: Sequence[str], correct: Stage) -> Contest | str:
    """The contest with what each order comes to, one after the other on a correct mock."""
    first, count = len(drawn.before), len(drawn.together)
    plays = []
    for order in permutations(range(count)):
        steps = (*drawn.before, *(drawn.together[index] for index in order), *drawn.then)
        played = quietly(correct, whole.with_steps(steps, None))
        if played.stuck:
            return f"its steps cannot be played again on a correct mock: {played.stuck}"
        answers = [played.answers[first + order.index(index)] for index in range(count)]
        plays.append((answers, played.answers[first + count :]))
    places: list[tuple[int, str]] = []
    for number in range(len(drawn.then)):
        found = [pointer for _, after in plays for pointer, _ in leaves(after[number].json)]
        named = [pointer for pointer in dict.fromkeys(found) if pointer.rpartition("/")[2] in fields]
        places += [(number, "status"), *((number, pointer) for pointer in named)]
    orders: list[list[Any]] = []
    for answers, after in plays:
        outcome = came_to(answers, after, places)
        orders += [outcome] if outcome not in orders else []
    return replace(drawn, places=tuple(places), orders=tuple(tuple(one) for one in orders))
