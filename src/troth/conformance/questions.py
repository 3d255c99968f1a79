"""What expressions of the contract ask for, answered by the target's own API and clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.expressions import Expression
from troth.behaviour.model import Kind
from troth.behaviour.moments import moment_writer
from troth.conformance.actors import Actor, Onlooker
from troth.conformance.scene import Scene
from troth.engine.state import held

__all__ = ["Questions"]


class Questions:
    """A world for :class:`troth.behaviour.expressions.Expression`, seen through one actor's eyes."""

    def __init__(self, scene: Scene, actor: Actor) -> None:
        self._scene = scene
        self._actor = actor
        self._found: dict[tuple[str, str], dict[str, Any] | None] = {}
        self.viewer = Onlooker(scene.behaviour, actor.settings).viewer

    def now(self) -> str:
        exact = self._scene.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return moment_writer(self._scene.behaviour.moment)(exact)

    def today(self) -> str:
        return self._scene.now().strftime("%Y-%m-%d")

    def lookup(self, resource: str, identifier: Any) -> dict[str, Any] | None:
        if isinstance(identifier, float) and identifier.is_integer():
            identifier = int(identifier)  # expressions see every number as a double
        key = (resource, str(identifier))
        if key not in self._found:
            self._found[key] = self._read(resource, identifier)
        return self._found[key]

    def _read(self, resource: str, identifier: Any) -> dict[str, Any] | None:
        binding = self._scene.behaviour.binding(resource, Kind.READ)
        if binding is None or identifier is None:
            return None
        exchange = self._scene.call(self._actor, binding, identifier=identifier)
        return dict(self._scene.unwrapped(binding, exchange)) if exchange.ok else None

    def seen(self, resource: str, identifier: Any) -> bool:
        """Whether the row can be read at all: what is withheld of it, only the contract knows."""
        return self.lookup(resource, identifier) is not None

    def reaches(self, *expressions: Expression | None) -> bool:
        """Whether every row that the expressions ask for can be seen: lists as a whole, single rows by id."""
        behaviour = self._scene.behaviour
        for expression in filter(None, expressions):
            if "seen" in expression.functions:
                return False
            for name, _ in expression.related:
                lister = behaviour.binding(name, Kind.LIST)
                if lister is None or lister.parents or lister.where is not None:
                    return False
            if any(behaviour.binding(name, Kind.READ) is None for name, _ in expression.looked_up):
                return False
        return True

    def related(self, resource: str, field: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of ``resource`` that name this row's id in ``field``."""
        found = self._scene.behaviour.resources.get(resource)
        if found is None:
            return []
        identifier = row.get("$id", row.get("id"))
        return [
            dict(other)
            for other in self._scene.rows(found, self._actor)
            if (value := held(other, field)) == identifier
            or (isinstance(value, list) and identifier in value)
        ]
