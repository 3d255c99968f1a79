"""A fact is one edit between two contracts, without an opinion on it.

``subject`` and ``action`` are the words by which the table of rules is looked up; ``old`` and ``new`` are the JSON
values on the two sides; ``uses`` says which operations the edited place reaches, and in which direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["DIRECTIONS", "Direction", "Fact", "Found", "Pair", "Pointers", "Use"]

JSON = Any
Direction = Literal["request", "response"]
DIRECTIONS: tuple[Direction, ...] = ("request", "response")
Pointers = tuple[str, ...]
"""Schemas that must all hold, by pointer: a conjunction. One pointer is the usual case."""


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """An operation that an edited schema reaches, and the way the value travels.

    ``position`` is the kind of place at which the schema hangs: ``parameter``, ``path`` for a parameter of the path,
    ``header``, ``body``, or ``xml`` for a body of an XML media type.
    """

    operation: str
    direction: Direction
    position: str = "body"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two schemas that are compared with each other, one from each contract."""

    old: Pointers
    new: Pointers


@dataclass(frozen=True, slots=True)
class Fact:
    """One edit at the place where it was made.

    ``place`` is that place in words (``Client.name``, ``query parameter page of listClients``); ``names`` are the
    words a changelog may call the edited thing by; ``pair`` is set where sets of values can be compared, ``union``
    where the edit stands in one of several alternatives.
    """

    subject: str
    action: str
    place: str
    old: JSON = None
    new: JSON = None
    old_pointer: str | None = None
    new_pointer: str | None = None
    operation: str | None = None
    uses: tuple[Use, ...] = ()
    pair: Pair | None = None
    union: Pair | None = None
    names: tuple[str, ...] = ()
    context: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions in which the edited place travels, request first; empty for a fact beside the wire."""
        found = {use.direction for use in self.uses}
        return tuple(direction for direction in ("request", "response") if direction in found)

    @property
    def reach(self) -> tuple[str, ...]:
        """The ids of the operations reached, sorted."""
        return self.reach_in(None)

    def reach_in(self, direction: Direction | None) -> tuple[str, ...]:
        """The ids of the operations reached in one direction; None is either."""
        if self.operation is not None:
            return (self.operation,)
        return tuple(sorted({use.operation for use in self.uses if direction in (None, use.direction)}))


@dataclass(frozen=True, slots=True)
class Found:
    """A schema fact before its reach is known; it does not travel in the directions of ``blocked``."""

    fact: Fact
    pair: Pair
    blocked: frozenset[Direction] = frozenset()
