"""Projection: rows cut down to the members that a request names, with rows in the place of references.

What a row shows to begin with is what the sight of its resource gives, for rows inside others as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troth.behaviour.braces import SelectionError
from troth.behaviour.model import Reference, Resource
from troth.behaviour.selecting import OWN, Catalogue, Picked
from troth.contract.pointers import escape
from troth.engine.checking import detail
from troth.engine.keeping import Keeper
from troth.engine.refusing import Refusal
from troth.engine.withholding import Withheld
from troth.engine.world import TenantWorld

__all__ = ["Projector", "Selected"]

Selected = Sequence[Picked]

_REMEMBERED = 512


class Projector:
    """The compiled selections of one operation, each worked out once."""

    def __init__(self, catalogue: Catalogue, keeper: Keeper, faults: frozenset[str]) -> None:
        self._catalogue = catalogue
        self._keeper = keeper
        self._key = ("query", catalogue.profile.parameter)
        self._known: dict[tuple[str, str], Selected] = {}
        self._usual: dict[str, Selected | None] = {}
        self._trusting = "unknown-selection-accepted" in faults
        self._generous = "selection-ignored" in faults
        self._unlimited = "usual-selection-ignored" in faults
        self._open = "embedded-whole" in faults

    def text(self, values: Mapping[tuple[str, str], Any]) -> str:
        """The selection as a request writes it; empty when there is none."""
        given = values.get(self._key)
        return ",".join(map(str, given)) if isinstance(given, list) else str(given or "")

    def selection(self, resource: Resource, values: Mapping[tuple[str, str], Any]) -> Selected | None:
        """What a request selects of the rows of a resource; None: everything. Raises Refusal ``unselectable``."""
        text = self.text(values)
        if not text:
            return self._default(resource)
        key = (resource.name, text)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._read(resource, text)
        return found

    def _default(self, resource: Resource) -> Selected | None:
        if self._unlimited:
            return None
        if resource.name not in self._usual:
            self._usual[resource.name] = self._catalogue.usual(resource)
        return self._usual[resource.name]

    def _read(self, resource: Resource, text: str) -> Selected:
        try:
            picked = self._catalogue.selection(resource, text)
        except SelectionError as wrong:
            if self._trusting and wrong.problems[0][0] != "syntax":
                return self._catalogue.known(resource, text)
            told = [detail(f"/{escape(name)}", rule, message) for rule, name, message in wrong.problems]
            raise Refusal("unselectable", " ".join(one[2] for one in wrong.problems), told) from None
        if self._generous:
            names = {one.name for one in picked}
            plain = (n for n, member in (self._catalogue.members(resource) or {}).items() if not member.opens)
            picked += tuple(Picked(name) for name in plain if name not in names)
        return picked

    # -- rendering --------------------------------------------------------------------------------------------------

    def shown(
        self, selected: Selected, view: Mapping[str, Any], world: TenantWorld, marks: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The selected members of what is seen of a row, and those that no selection leaves out.

        What is left of a row that is withheld is not selected from: it is shown as the rule says.
        """
        if isinstance(view, Withheld):
            return dict(view)
        made: dict[str, Any] = {}
        for name, reference, inner in selected:
            if name in view:
                value = view[name]
                made[name] = value if inner is None else self._inside(value, reference, inner, view, world)
        for name in marks:
            if name in view:
                made[name] = view[name]
        return made

    def _inside(
        self,
        value: Any,
        reference: Reference | None,
        inner: Mapping[str, Selected],
        view: Mapping[str, Any],
        world: TenantWorld,
    ) -> Any:
        """An object, each of a list, or the row behind a reference; null where there is no such row."""
        if isinstance(value, list):
            found = (self._inside(item, reference, inner, view, world) for item in value)
            return [item for item in found if item is not None]
        if value is None:
            return None
        if reference is not None:
            return self._embedded(value, reference, inner, view, world)
        own = inner.get(OWN, ())
        return self.shown(own, value, world) if isinstance(value, Mapping) else value

    def _embedded(
        self,
        value: Any,
        reference: Reference,
        inner: Mapping[str, Selected],
        view: Mapping[str, Any],
        world: TenantWorld,
    ) -> Any:
        kept: Mapping[str, Any] = {}
        identifier, holder = value, view
        if reference.at is not None:
            if not isinstance(value, Mapping):
                return value
            kept = holder = value
            identifier = value.get(reference.at)
        target = reference.to.get("" if reference.by is None else str(holder.get(reference.by)))
        if target is None or target not in inner:
            return self.shown(inner.get(OWN, ()), kept, world) if reference.at is not None else value
        row = world.state.table(world.tenant, target).get(str(identifier))
        sight = self._keeper.sights[target]
        if row is None or not sight.shows(row, world):
            return None
        seen = sight.view(row, world)
        by = reference.by
        named = {by: kept[by]} if by is not None and by in kept else {}
        if kept and not isinstance(seen, Withheld):
            fields = self._keeper.kinds[target].resource.fields
            beside = {name: item for name, item in kept.items() if name not in fields}
            if beside or named:
                seen = {**beside, **seen, **named}
        elif named:
            seen = Withheld({**seen, **named})
        return dict(seen) if self._open else self.shown(inner[target], seen, world, sight.marks)
