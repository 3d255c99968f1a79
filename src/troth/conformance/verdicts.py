"""How a probe ends: it returns when the clause holds, and raises one of these otherwise."""

from __future__ import annotations

from typing import Any

from troth.conformance.deviations import Deviation, deviation_of
from troth.conformance.exchanges import Exchange
from troth.conformance.relating import Related

__all__ = ["Inconclusive", "NotExercised", "Throttled", "Violated"]


class Violated(Exception):  # noqa: N818 - a verdict, not an error
    """The target broke the clause. ``exchanges`` prove it, in order; ``facts`` are further evidence.

    ``deviation`` is the kind of what is wrong, where the last answer does not tell it, and ``field`` the name or the
    JSON pointer of what deviates: with the clause they are the violation's identity. ``relation`` is what does not hold
    between answers and holds on every correct server, whatever rows it has.
    """

    def __init__(
        self,
        title: str,
        *exchanges: Exchange,
        detail: str = "",
        deviation: Deviation | None = None,
        field: str = "",
        relation: Related | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.exchanges = exchanges
        self.facts = facts
        self.deviation: Deviation = deviation or deviation_of(exchanges, facts.get("deliveries"))
        self.field = field
        self.relation = relation


class Inconclusive(Exception):  # noqa: N818 - as above
    """The target was asked, but its answers do not decide the clause."""


class NotExercised(Exception):  # noqa: N818 - as above
    """The target could not even be asked: something is missing, and the message says what."""


class Throttled(Inconclusive):
    """The target's rate limit came in the way."""
