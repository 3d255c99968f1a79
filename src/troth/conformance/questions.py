"""What expressions of the contract ask for, answered by the target's own API and clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troth.behaviour.expressions import QUOTED, Expression
from troth.behaviour.model import Kind
from troth.behaviour.moments import moment_writer
from troth.conformance.actors import Actor, Onlooker
from troth.conformance.scene import Scene
from troth.engine.state import held

__all__ = ["Questions", "is_whole"]

#: True when the query says nothing, whatever the row holds.
_ASKS = re.compile(r"!has\(query\.\w+\)\s*\|\|")


class Questions:
    """A world for :class:`troth.behaviour.expressions.Expression`, seen through one actor's eyes."""

    def __init__(self, scene: Scene, actor: Actor) -> None:
        self._scene = scene
        self._actor = actor
        self._found: dict[tuple[str, str], dict[str, Any] | None] = {}
        self._lists: dict[str, dict[str, dict[str, Any]]] = {}
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
        if binding is None:
            return self._listed(resource).get(str(identifier))
        if identifier is None:
            return None
        exchange = self._scene.call(self._actor, binding, identifier=identifier)
        return dict(self._scene.unwrapped(binding, exchange)) if exchange.ok else None

    def _listed(self, name: str) -> dict[str, dict[str, Any]]:
        """The rows of a list by id, where no operation reads a single one."""
        if name not in self._lists:
            resource = self._scene.behaviour.resources.get(name)
            rows = self._scene.rows(resource, self._actor) if resource and self._shows(name) else []
            own = resource.id_field if resource else "id"
            self._lists[name] = {str(row[own]): dict(row) for row in rows if own in row}
        return self._lists[name]

    def _shows(self, name: str) -> bool:
        """Whether rows can be looked up: one by one, or in a list that shows all of each of them."""
        behaviour = self._scene.behaviour
        if behaviour.binding(name, Kind.READ) is not None:
            return True
        lister, resource = behaviour.binding(name, Kind.LIST), behaviour.resources.get(name)
        if lister is None or resource is None or lister.parents or resource.visibility:
            return False
        masked = any(field.in_list for field in resource.fields.values())
        return is_whole(lister.where) and not masked and resource.visible is None

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
                if lister is None or lister.parents or not is_whole(lister.where):
                    return False
            if not all(self._shows(name) for name, _ in expression.looked_up):
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


def is_whole(where: Expression | None) -> bool:
    """Whether a list leaves nothing out when no query asks for it: every part of its condition asks first."""
    parts = _parts(QUOTED.sub("''", where.text)) if where is not None else []
    return all(_ASKS.match(part) and "?" not in _outside(part) for part in map(_bare, parts))


def _parts(text: str) -> list[str]:
    """The text between the ``&&`` that stand in no parentheses."""
    outside, parts, start = _outside(text), [], 0
    for found in re.finditer("&&", outside):
        parts.append(text[start : found.start()])
        start = found.end()
    return [*parts, text[start:]]


def _bare(text: str) -> str:
    """The text without the parentheses around all of it."""
    found = text.strip()
    return found[1:-1].strip() if found.startswith("(") and not _outside(found)[:-1].strip() else found


def _outside(text: str) -> str:
    """The text with blanks for everything in parentheses and for these."""
    depth, found = 0, []
    for sign in text:
        depth += sign in "([{"
        found.append(" " if depth else sign)
        depth -= sign in ")]}"
    return "".join(found)
