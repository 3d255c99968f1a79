"""How one operation shows rows: the members that are selected, references filled in, members that lists leave out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import orjson

from troth.behaviour.model import Binding
from troth.engine.cutting import Memo
from troth.engine.keeping import Keeper
from troth.engine.messages import dump
from troth.engine.populating import Known, Populator
from troth.engine.projecting import Projector, Selected
from troth.engine.remembering import Remembered
from troth.engine.state import Row
from troth.engine.withholding import Withheld
from troth.engine.world import TenantWorld

__all__ = ["Showing"]

Values = Mapping[tuple[str, str], Any]


class Showing:
    """The compiled form of one operation's answers, as far as rows are concerned."""

    def __init__(
        self,
        binding: Binding,
        keeper: Keeper,
        faults: frozenset[str],
    ) -> None:
        query = binding.query
        self._keeper = keeper
        self._populator = Populator(query.populate, keeper, faults) if query.populate else None
        catalogue = keeper.catalogues.of(query.select) if query.select else None
        self._projector = Projector(catalogue, keeper, faults) if catalogue else None
        kept = self._projector is not None and self._populator is None and binding.operation.method == "GET"
        self._remembered = Remembered.of(keeper, faults) if kept else None
        self._resource = binding.resource
        fields = binding.resource.fields.values() if binding.resource else ()
        masks = {found.name: found.in_list for found in fields if found.in_list}
        self._masks = {} if "list-unmasked" in faults else masks
        #: Whether a row is shown as it is seen, whatever the request.
        self.plain = self._populator is None and self._projector is None

    def check(self, values: Values) -> None:
        """Raises Refusal for a selection that cannot be answered, before anything is done."""
        if self._projector is not None and self._resource is not None:
            self._projector.selection(self._resource, values)

    def key(self, values: Values) -> Hashable | None:
        """What tells apart the answers to requests for the same rows; None where they show other rows as well."""
        if self.plain:
            return ""
        if self._populator is not None or self._projector is None or self._resource is None:
            return None
        selected = self._projector.selection(self._resource, values)
        local = selected is None or selected.local
        return self._projector.text(values) if local else None

    def body(self, resource: str, row: Row, world: TenantWorld, values: Values) -> bytes:
        """One row as JSON."""
        if self.plain:
            return self._keeper.sights[resource].body(row, world)
        selected, depth = self._selected(resource, values), self._depth(values)
        if self._remembered is not None and selected is not None:
            return next(self._remembered.rows(selected, self._keeper.sights[resource], [row], world))
        return dump(self._item(resource, selected, row, world, depth, {}, Memo()))

    def items(self, resource: str, rows: Sequence[Row], world: TenantWorld, values: Values) -> list[Any]:
        """Rows of a list as JSON values."""
        sight, memo = self._keeper.sights[resource], Memo()
        if self.plain and not self._masks:
            return [orjson.Fragment(sight.body(row, world)) for row in rows]
        selected = self._selected(resource, values)
        if self._masks and self._populator is None:
            views = (self._masked(sight.view(row, world)) for row in rows)
            return [view if selected is None else selected.cut(view, world, memo) for view in views]
        if self._remembered is not None and selected is not None:
            return [orjson.Fragment(text) for text in self._remembered.rows(selected, sight, rows, world)]
        depth, known = self._depth(values), Known()
        return [self._item(resource, selected, row, world, depth, known, memo) for row in rows]

    def _selected(self, resource: str, values: Values) -> Selected | None:
        if self._projector is None:
            return None
        return self._projector.selection(self._keeper.kinds[resource].resource, values)

    def _depth(self, values: Values) -> int:
        return 0 if self._populator is None else self._populator.depth(values)

    def _item(
        self,
        resource: str,
        selected: Selected | None,
        row: Row,
        world: TenantWorld,
        depth: int,
        known: Known,
        memo: Memo,
    ) -> Any:
        sight = self._keeper.sights[resource]
        if selected is None:
            if self._populator is not None:
                return self._populator.shown(resource, row, world, depth, known)
            return orjson.Fragment(sight.body(row, world))
        view = sight.view(row, world)
        if self._populator is not None and not isinstance(view, Withheld):
            view = self._populator.filled(resource, view, world, depth, known, selected.bare)
        return selected.cut(view, world, memo)

    def _masked(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """What lists show of a row: without the members that they omit, null for those that they empty."""
        kept = {name: value for name, value in view.items() if self._masks.get(name) != "omit"}
        return {**kept, **{name: None for name, how in self._masks.items() if how == "null"}}
