"""The fewest steps that still show it: first what the proof is made of, then one step less at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from troth.conformance.reproduction.steps import Step

__all__ = ["delete_one", "needed"]

_VARIABLE = re.compile(r"\{\{(\w+)\}\}")


def used(step: Step) -> set[str]:
    """The variables that a step needs."""
    return set(_VARIABLE.findall(" ".join([step.path, step.send, *step.headers.values()]))) - {"mark"}


def needed(steps: Sequence[Step], wanted: Iterable[int]) -> list[int]:
    """The indexes of some steps and of those that give what they need, and so on."""
    sources = {name: index for index, step in enumerate(steps) for name in step.keeps}
    found: set[int] = set()
    open_ = list(wanted)
    while open_:
        index = open_.pop()
        if index not in found:
            found.add(index)
            open_ += [sources[name] for name in used(steps[index]) if name in sources]
    return sorted(found)


def delete_one(
    kept: Sequence[int], essential: frozenset[int], shows: Callable[[Sequence[int]], bool], most: int
) -> list[int]:
    """Greedy: from the end, each step is left out once, and stays out when what is left still shows it.

    At most ``most`` tries, so a server is not asked for ever.
    """
    found, tries = list(kept), 0
    for index in reversed(list(kept)):
        if index in essential or tries >= most:
            continue
        shorter = [one for one in found if one != index]
        tries += 1
        if shows(shorter):
            found = shorter
    return found
