"""What a probe found not to hold between answers, said so that it can be looked for on any server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troth.conformance.exchanges import Exchange

__all__ = ["Related", "Walked"]


@dataclass(frozen=True, slots=True)
class Walked:
    """A list that was read from its first page on: the first request, and how to go on from page to page."""

    first: Exchange
    how: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Related:
    """A relation by its name, the exchanges in its roles, and what else it needs.

    ``least`` rows are needed to tell; ``makes`` is the operation that makes some.
    """

    name: str
    roles: Mapping[str, Exchange | Walked]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def exchange(self, role: str) -> Exchange:
        """The exchange in a role, of a walk the first."""
        found = self.roles[role]
        return found.first if isinstance(found, Walked) else found
