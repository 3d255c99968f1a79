"""Rows that only other rows show: what no operation lists or creates is known from what refers to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from troth.behaviour.model import Behaviour, Binding, Kind, Resource
from troth.conformance.actors import Actor
from troth.conformance.stage import Row, Stage
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["Glimpses", "is_glimpsed"]

#: Ids of one resource that a list is kept for; a probe needs one that lives, and later ones are no likelier to.
_MOST = 4


def is_glimpsed(behaviour: Behaviour, resource: Resource) -> bool:
    """Whether rows of a resource can be neither listed nor made."""
    return not any(behaviour.binding(resource.name, kind) for kind in (Kind.LIST, Kind.CREATE))


class Glimpses:
    """What the lists of a target show of rows that nothing lists. Each list is walked once for each caller."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._seen: dict[tuple[str, int], dict[str, list[Any]]] = {}

    def row(self, resource: Resource, actor: Actor) -> Row | None:
        """The first row that an actor is shown a reference to, and that can be read where rows can be."""
        reader = self._stage.behaviour.binding(resource.name, Kind.READ)
        for identifier in self._identifiers(resource, actor):
            if reader is None:
                return {resource.id_field: identifier}
            exchange = self._stage.call(actor, reader, identifier=identifier)
            if exchange.ok:
                return self._stage.unwrapped(reader, exchange)
        return None

    def _identifiers(self, resource: Resource, actor: Actor) -> Iterator[Any]:
        for other in self._stage.behaviour.resources.values():
            targets = (name for reference in other.references for name in reference.to.values())
            binding = self._stage.behaviour.binding(other.name, Kind.LIST)
            if binding is not None and resource.name in targets:
                yield from self._shown(binding, other, actor).get(resource.name, ())

    def _shown(self, binding: Binding, resource: Resource, actor: Actor) -> dict[str, list[Any]]:
        """The ids that the rows of a list name, by resource; none when the list cannot be had."""
        key = (binding.id, id(actor))
        if key not in self._seen:
            found = self._seen[key] = {}
            for row in self._rows(resource, actor):
                for reference in resource.references:
                    for _, target, identifier in reference.named(row):
                        kept = found.setdefault(target or "", [])
                        if len(kept) < _MOST and identifier not in kept:
                            kept.append(identifier)
        return self._seen[key]

    def _rows(self, resource: Resource, actor: Actor) -> list[Row]:
        try:
            return self._stage.rows(resource, actor)
        except (NotExercised, Inconclusive):
            return []
