"""What a run does beside sending requests, where it did it: in between the recorded exchanges of a ground."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troth.conformance.exchanges import Exchange

__all__ = ["Closed", "Entry", "Looked", "Moved", "Opened"]


@dataclass(frozen=True, slots=True)
class Moved:
    """Time has passed: so many seconds, or up to a moment."""

    seconds: float = 0.0
    moment: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """An address of the receiver was given out. ``subscribe`` is what the control plane was asked, where it was.

    ``held`` is how many seconds the receiver takes for each delivery.
    """

    path: str
    url: str
    secret: str = field(repr=False)
    answers: tuple[int, ...] = ()
    silent: bool = False
    held: float = 0.0
    tenant: str | None = None
    subscribe: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """The control plane has ended the subscription of an address."""

    path: str


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looked at what has arrived; ``settled`` when everything that was due had been let arrive before."""

    settled: bool = True


Entry = Exchange | Moved | Opened | Closed | Looked
