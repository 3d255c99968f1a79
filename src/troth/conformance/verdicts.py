"""How a probe ends: it returns when the clause holds, and raises one of these otherwise."""

from __future__ import annotations

from typing import Any

from troth.conformance.exchanges import Exchange

__all__ = ["Inconclusive", "NotExercised", "Throttled", "Violated"]


class Violated(Exception):  # noqa: N818 - a verdict, not an error
    """The target broke the clause. ``exchanges`` prove it, in order; ``facts`` are further evidence."""

    def __init__(self, title: str, *exchanges: Exchange, detail: str = "", **facts: Any) -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.exchanges = exchanges
        self.facts = facts


class Inconclusive(Exception):  # noqa: N818 - as above
    """The target was asked, but its answers do not decide the clause."""


class NotExercised(Exception):  # noqa: N818 - as above
    """The target could not even be asked: something is missing, and the message says what."""


class Throttled(Inconclusive):
    """The target's rate limit came in the way."""
