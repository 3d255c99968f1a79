"""Records: the rows that a write leaves in other resources, in the same breath."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from troth.behaviour.model import Behaviour, Record, Resource
from troth.engine.fitting import evaluated, fitted
from troth.engine.world import TenantWorld

if TYPE_CHECKING:
    from troth.engine.keeping import Keeper

__all__ = ["Recorder"]


class Recorder:
    """The compiled records of a contract. ``wanted`` maps (resource, moment) to those that apply."""

    def __init__(self, behaviour: Behaviour, keeper: Keeper, *, lost: bool) -> None:
        self._keeper = keeper
        self._resources = behaviour.resources
        self.wanted: Mapping[tuple[str, str], tuple[Record, ...]] = {
            (resource.name, moment): tuple(record for record in resource.records if moment in record.on)
            for resource in behaviour.resources.values()
            for moment in ("create", "update", "delete")
            if any(moment in record.on for record in resource.records) and not lost
        }

    def write(
        self,
        resource: Resource,
        moment: str,
        row: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        world: TenantWorld,
    ) -> None:
        """Add the rows of one write. They bring about neither events nor further records."""
        extra = {"old": old}
        for record in self.wanted.get((resource.name, moment), ()):
            target = self._resources.get(record.into)
            if target is None or (record.when is not None and not record.when.holds(row, world, extra)):
                continue
            given = {
                name: fitted(evaluated(formula, row, world, extra), target.fields.get(name))
                for name, formula in record.row.items()
            }
            named = given.get(target.id_field)  # None: the row gets an id of its own
            data = self._keeper.kinds[target.name].filled(given, world, identifier=named)
            self._keeper.add(target, data, world, quiet=True)
