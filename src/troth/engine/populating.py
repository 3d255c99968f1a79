"""Population: rows shown with the rows that they refer to, as deep as a request asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from troth.behaviour.model import Population, Reference, Resource
from troth.engine.keeping import Keeper
from troth.engine.messages import dump
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["Known", "Populator"]

Known = dict[tuple[str, str, int], Any]


class Populator:
    """Renders rows of any resource of a contract with their references filled in."""

    def __init__(self, profile: Population, keeper: Keeper, faults: frozenset[str]) -> None:
        self._profile = profile
        self._key = ("query", profile.parameter)
        self._keeper = keeper
        self._ignored = "depth-ignored" in faults
        self._plans = {name: _plan(kind.resource) for name, kind in keeper.kinds.items()}

    def depth(self, values: Mapping[tuple[str, str], Any]) -> int:
        """How deep a request asks to go; more than the maximum is the maximum."""
        wanted = values.get(self._key, self._profile.default)
        if self._ignored or not isinstance(wanted, int):
            wanted = self._profile.default
        return max(0, min(wanted, self._profile.most))

    def shown(self, resource: str, row: Row, world: TenantWorld, depth: int, known: Known) -> Any:
        """One row as a JSON value; ``known`` keeps what was rendered before for the same answer."""
        sight, plan = self._keeper.sights[resource], self._plans[resource]
        if depth == 0 or not plan:
            return orjson.Fragment(sight.body(row, world))
        key = (resource, row.id, depth)
        if key not in known:
            known[key] = orjson.Fragment(
                dump(self.filled(resource, sight.view(row, world), world, depth, known))
            )
        return known[key]

    def filled(
        self,
        resource: str,
        view: Mapping[str, Any],
        world: TenantWorld,
        depth: int,
        known: Known,
        names: frozenset[str] | None = None,
    ) -> dict[str, Any]:
        """What is seen of a row with rows in the place of ids; only in the members ``names``, where they are given."""
        made = dict(view)
        for name, references in self._plans[resource].items() if depth else ():
            if name in view and (names is None or name in names):
                made[name] = self._filled(view, name, references, world, depth, known)
        return made

    def _filled(
        self,
        view: Mapping[str, Any],
        name: str,
        references: _Part,
        world: TenantWorld,
        depth: int,
        known: Known,
    ) -> Any:
        """The value of one member with rows instead of ids, where they exist."""
        value = view[name]
        if isinstance(references, Mapping):
            items = value if isinstance(value, list) else ()
            return [self._item(item, references, world, depth, known) for item in items]
        target = references.target(view)
        if references.at is not None:
            if not isinstance(value, Mapping):
                return value
            inner = self._row(target, value.get(references.at), world, depth, known)
            return {**value, references.at: inner}
        if isinstance(value, list):
            return [self._row(target, item, world, depth, known) for item in value]
        return self._row(target, value, world, depth, known)

    def _item(
        self, item: Any, references: Mapping[str, Reference], world: TenantWorld, depth: int, known: Known
    ) -> Any:
        if not isinstance(item, Mapping):
            return item
        filled = {
            name: self._filled(item, name, reference, world, depth, known)
            for name, reference in references.items()
            if name in item
        }
        return {**item, **filled}

    def _row(self, target: str | None, identifier: Any, world: TenantWorld, depth: int, known: Known) -> Any:
        """The row behind an id; the id itself where there is none to show."""
        if identifier is None or target not in self._plans:
            return identifier
        row = world.state.table(world.tenant, target).get(str(identifier))
        if row is None or not self._keeper.sights[target].shows(row, world):
            return identifier
        return self.shown(target, row, world, depth - 1, known)


_Part = Reference | Mapping[str, Reference]


def _plan(resource: Resource) -> dict[str, _Part]:
    """Which members of a row refer to others, themselves or inside the objects of a list."""
    plan: dict[str, _Part] = {}
    for name, field in resource.fields.items():
        inner = {n: f.reference for n, f in (field.items or {}).items() if f.reference is not None}
        if field.reference is not None:
            plan[name] = field.reference
        elif inner:
            plan[name] = inner
    return plan
