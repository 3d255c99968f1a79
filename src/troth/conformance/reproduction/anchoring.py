"""What must have gone well before a refusal tells anything: else it may have been refused for another reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

from troth.conformance.exchanges import Exchange
from troth.conformance.reproduction.playing import Played
from troth.conformance.reproduction.steps import AnyStep, Reproduction, Step
from troth.conformance.timeline import Entry

__all__ = ["anchor", "standing", "succeeds"]

_SUCCESS = range(200, 300)


def anchor(whole: Reproduction, log: Sequence[Entry], telling: int) -> int | None:
    """The latest request like the telling one, of the same caller, that succeeded before it."""
    wanted = _alike(whole.steps[telling])
    for index in range(telling - 1, -1, -1):
        entry = log[index]
        if isinstance(entry, Exchange) and entry.ok and wanted and _alike(whole.steps[index]) == wanted:
            return index
    return None


def _alike(step: AnyStep) -> tuple[str | None, str, str] | None:
    """Caller, method and path of a write, whatever row it is about."""
    if not isinstance(step, Step) or not step.send or step.batch is not None:
        return None
    return step.caller, step.method, re.sub(r"\{\{\w+\}\}|\d+", "", step.path.partition("?")[0])


def succeeds(play: Played, place: int) -> bool:
    """Whether a play has come to a step, and succeeded there."""
    return len(play.answers) > place and play.answers[place].status in _SUCCESS


def standing(steps: Sequence[AnyStep], plays: Sequence[Played]) -> tuple[int, ...]:
    """The requests before the last one that succeed in every play."""
    return tuple(
        number
        for number, step in enumerate(steps[:-1])
        if isinstance(step, Step) and all(succeeds(play, number) for play in plays)
    )
