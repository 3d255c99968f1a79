"""The fewest steps that still show it: first what the proof is made of, then halves, then one step less at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from troth.conformance.reproduction.steps import AnyStep, Inbox

__all__ = ["delete_many", "delete_one", "needed"]


def needed(steps: Sequence[AnyStep], wanted: Iterable[int]) -> list[int]:
    """The indexes of some steps and of those that give what they need, and so on."""
    sources = {name: index for index, step in enumerate(steps) for name in step.keeps}
    for index, step in enumerate(steps):
        sources |= dict.fromkeys(step.gives, index) if isinstance(step, Inbox) else {}
    found: set[int] = set()
    open_ = list(wanted)
    while open_:
        index = open_.pop()
        if index not in found:
            found.add(index)
            open_ += [sources[name] for name in steps[index].needs if name in sources]
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


def delete_many(
    kept: Sequence[int], essential: frozenset[int], shows: Callable[[Sequence[int]], bool], most: int
) -> list[int]:
    """Half of the steps at a time, then a quarter, and so on down to two; ``most`` tries in all."""
    found, tries = list(kept), 0
    size = len(found) // 2
    while size > 1:
        for start in range((len(found) - 1) // size * size, -1, -size):
            part = set(found[start : start + size]) - essential
            shorter = [one for one in found if one not in part]
            if tries >= most or len(shorter) == len(found):
                continue
            tries += 1
            if shows(shorter):
                found = shorter
        size //= 2
    return found
