"""Steps of a walk and the book of its rows: what each side calls the row that a step made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from troth.conformance.client import ABSENT

__all__ = ["Book", "Known", "Ref", "Step"]


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for the id of a row of this walk, by its name there."""

    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One request, the same for both sides. ``makes`` names the row that a success gives; ``wild`` what is wrong.

    ``row`` and ``parents`` (field, row) say where it goes; ``key`` numbers its idempotency key.
    """

    role: str | None
    operation: str
    row: Ref | None = None
    parents: tuple[tuple[str, Ref], ...] = ()
    query: tuple[tuple[str, Any], ...] = ()
    body: Any = ABSENT
    key: str | None = None
    size: int | None = None
    makes: str = ""
    wild: str = ""

    @property
    def needs(self) -> frozenset[str]:
        """The rows that must be there for this step to mean anything."""
        found = {ref.name for ref in _refs(self.body)} | {ref.name for _, ref in self.parents}
        found |= {ref.name for _, value in self.query for ref in _refs(value)}
        return frozenset(found | ({self.row.name} if self.row else set()))


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


@dataclass(slots=True)
class Known:
    """A row of a walk: whose it is, its id on each side, and what was last seen of it on each."""

    name: str
    resource: str
    role: str
    target: Any
    model: Any
    gone: bool = False
    #: The target had it before: what refers to it there the model does not know.
    old: bool = False
    given: frozenset[str] = frozenset()
    seen: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)


class Book:
    """Every row of one walk. The two ids of a row are a pair for good, and no id is in two pairs."""

    def __init__(self) -> None:
        self.rows: dict[str, Known] = {}
        self._targets: dict[tuple[str, str], Known] = {}
        self._models: dict[tuple[str, str], Known] = {}
        self._texts: dict[str, str] = {}

    def add(self, known: Known) -> None:
        self.rows[known.name] = known
        self._targets[known.resource, str(known.target)] = known
        self._models[known.resource, str(known.model)] = known
        if isinstance(known.target, str):
            self._texts[known.target] = known.model

    def of_target(self, resource: str, identifier: Any) -> Known | None:
        return self._targets.get((resource, str(identifier)))

    def of_model(self, resource: str, identifier: Any) -> Known | None:
        return self._models.get((resource, str(identifier)))

    def live(self, resource: str, role: str | None = None) -> list[Known]:
        """The rows of a resource that are there, of one tenant where a role is given."""
        return [
            known
            for known in self.rows.values()
            if known.resource == resource and not known.gone and role in (None, known.role)
        ]

    def filled(self, value: Any, side: str) -> Any:
        """A value with the ids that one side has for its rows."""
        if isinstance(value, Ref):
            return getattr(self.rows[value.name], side)
        if isinstance(value, Mapping):
            return {name: self.filled(inner, side) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner, side) for inner in value]
        return value

    def translated(self, value: Any) -> Any:
        """What the target shows, with the model's ids in place of its own where they are texts."""
        if isinstance(value, str):
            return self._texts.get(value, value)
        if isinstance(value, Mapping):
            return {name: self.translated(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.translated(inner) for inner in value]
        return value
