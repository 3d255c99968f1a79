"""Requests that leave at once, each a little after the one before it, and what they come to.

It needs nothing but Python's standard library, so that scripts carry it along.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from troth.conformance.reproduction.answers import Answer, seen

__all__ = ["busy", "came_to", "staggered"]

#: Refusals that may say no more than that another request was under way.
UNDER_WAY = (409, 423, 425, 429)


def staggered(calls: Sequence[Callable[[], Any]], gap: float) -> list[Any]:
    """What the calls give, each on a thread of its own, begun in this order with so many seconds between them."""
    gates = [threading.Event() for _ in range(len(calls) + 1)]
    gates[0].set()

    def called(index: int) -> Any:
        gates[index].wait()
        if index and gap:
            time.sleep(gap)
        gates[index + 1].set()
        return calls[index]()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(called, range(len(calls))))


def came_to(answers: Sequence[Answer], after: Sequence[Answer], places: Sequence[Sequence[Any]]) -> list[Any]:
    """Which requests succeeded, and what is at some places of the answers to what was read afterwards."""
    succeeded = [200 <= answer.status < 300 for answer in answers]  # noqa: PLR2004 - success
    return [*succeeded, *(seen(after[index], place) for index, place in places)]


def busy(answers: Sequence[Answer]) -> bool:
    """Whether a refusal, or a failure, may have to do with haste alone."""
    return any(answer.status in UNDER_WAY or answer.status >= 500 for answer in answers)  # noqa: PLR2004 - failure
