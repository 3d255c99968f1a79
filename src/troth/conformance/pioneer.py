"""A scene that stands on nothing: of every resource that can be made, the rows that probes use are its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.actors import Actor
from troth.conformance.exchanges import Exchange
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["Pioneer"]

#: Two full pages and a bit, for what goes wrong within a page.
_ENOUGH = 5


class Pioneer(Scene):
    """What is seen here can be seen again on an empty server, and on one that is full of rows of others."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._own: dict[tuple[str, int], Row] = {}
        #: Of what a row is being looked for.
        self._trying: set[str] = set()
        #: Of what no row can be made.
        self._barren: set[tuple[str, int]] = set()
        self._made: set[tuple[str, str]] = set()
        #: Whether bodies leave out references that need not be there.
        self.sparing = True

    def row(self, resource: Resource, actor: Actor, depth: int = 0) -> Row:
        """A row made for this; one that was there only where none can be made. Raises NotExercised."""
        key = (resource.name, id(actor))
        if key not in self._own:
            trying = resource.name in self._trying
            self._trying.add(resource.name)
            try:
                found = None if key in self._barren else self._first(resource, actor, depth)
                self._own[key] = found if found is not None else super().row(resource, actor, depth)
            finally:
                self._trying -= set() if trying else {resource.name}
        return self._own[key]

    def _first(self, resource: Resource, actor: Actor, depth: int) -> Row | None:
        """A new row, None where none can be made; that is tried once."""
        try:
            return self.created(resource, actor, depth=depth + 1)
        except (NotExercised, Inconclusive):
            self._barren |= set() if depth else {(resource.name, id(actor))}
            return None

    def rows(self, resource: Resource, actor: Actor) -> list[Row]:
        """The rows of its own that an actor sees; every row where none can be made."""
        if resource.name not in self._trying:
            with suppress(NotExercised, Inconclusive):
                self.row(resource, self.owner)
        return self.telling(resource, super().rows(resource, actor))

    def created(self, resource: Resource, actor: Actor, depth: int = 0) -> Row:
        row = super().created(resource, actor, depth)
        self._made.add((resource.name, str(row[resource.id_field])))
        return row

    def creation(
        self, binding: Binding, actor: Actor, *, headers: Mapping[str, str] | None = None, depth: int = 0
    ) -> tuple[Any, Exchange]:
        """A body with the references that must be there, else with all that it may have."""
        if not self.sparing:
            return super().creation(binding, actor, headers=headers, depth=depth)
        try:
            return super().creation(binding, actor, headers=headers, depth=depth)
        except (NotExercised, Inconclusive):
            self.sparing = False
            try:
                return super().creation(binding, actor, headers=headers, depth=depth)
            finally:
                self.sparing = True

    def referring(self, binding: Binding, body: Any, actor: Actor, depth: int = 0) -> Any:
        if self.sparing and binding.kind is Kind.CREATE and binding.resource and isinstance(body, Mapping):
            required = self.bodies.required(binding)
            dropped = {one.field for one in binding.resource.references} - set(required)
            body = {name: value for name, value in body.items() if name not in dropped}
        return super().referring(binding, body, actor, depth)

    def telling(self, resource: Resource | None, rows: Sequence[Row]) -> list[Row]:
        """The rows that this scene has made, where it can make some: what these tell, they tell on any server."""
        if resource is None:
            return list(rows)
        made = {identifier for name, identifier in self._made if name == resource.name}
        return [row for row in rows if str(row.get(resource.id_field)) in made] if made else list(rows)

    def cut(self, count: int) -> int:
        """A size that cuts the rows of this scene into pages, though there be no others."""
        return super().cut(min(count, _ENOUGH))

    def stocked(self, binding: Binding, actors: Sequence[Actor]) -> None:
        """Some rows on the list of each of some actors, where they can be made."""
        resource = binding.resource
        if resource is None or binding.kind is not Kind.LIST:
            return
        for actor in actors:
            with suppress(NotExercised, Inconclusive):
                for _ in range(_ENOUGH):
                    self.created(resource, actor)
