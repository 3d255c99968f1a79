"""Keeping rows: create, change and drop them so that everything that follows from a write follows at once.

Rows that compute over related ones are touched, moments are stamped, references of dropped rows are restricted,
cascaded or emptied, and events are emitted with the views before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Behaviour, Reference, Resource
from troth.engine.events import Dispatcher
from troth.engine.refusing import Refusal
from troth.engine.rows import RowKind
from troth.engine.sampling import Sampler
from troth.engine.state import Row, State
from troth.engine.world import TenantWorld

__all__ = ["Keeper"]


class Keeper:
    """The compiled resources of one contract."""

    def __init__(self, behaviour: Behaviour, sampler: Sampler, dispatcher: Dispatcher) -> None:
        self._behaviour = behaviour
        self._dispatcher = dispatcher
        self.sampler = sampler
        self.kinds = {name: RowKind(resource, sampler) for name, resource in behaviour.resources.items()}
        self._id_fields = {name: resource.id_field for name, resource in behaviour.resources.items()}
        self._dependents = _dependents(behaviour)
        self._referrers = _referrers(behaviour)
        self._announced = {
            (resource.name, moment): tuple(event for event in resource.events if moment in event.on)
            for resource in behaviour.resources.values()
            for moment in ("create", "update", "delete")
            if any(moment in event.on for event in resource.events)
        }
        self.timed = tuple(r for r in behaviour.resources.values() if any("time" in e.on for e in r.events))

    def world(self, state: State, tenant: str) -> TenantWorld:
        return TenantWorld(state, tenant, self._full, self._id_fields)

    def _full(self, resource: str, row: Row, world: TenantWorld) -> Mapping[str, Any]:
        kind = self.kinds.get(resource)
        return kind.full(row, world) if kind else row.data

    # -- the three writes -----------------------------------------------------------------------------------------

    def add(
        self, resource: Resource, data: dict[str, Any], world: TenantWorld, *, quiet: bool = False
    ) -> Row:
        """Store a filled row. ``quiet`` (seeding) emits nothing."""
        row = self.kinds[resource.name].make(data, world)
        return self._save(resource, None, row, world, quiet=quiet)

    def change(self, resource: Resource, before: Row, data: dict[str, Any], world: TenantWorld) -> Row:
        """Replace a row's data."""
        row = self.kinds[resource.name].make(self.kinds[resource.name].settled(data, world), world)
        return self._save(resource, before, row, world)

    def remove(self, resource: Resource, row: Row, world: TenantWorld) -> None:
        """Drop a row. Raises Refusal ``conflict`` while a restricting reference points at it."""
        self._refuse_restricted(resource.name, row.id, world)
        self._drop(resource, row, world)

    def _drop(self, resource: Resource, row: Row, world: TenantWorld) -> None:
        for owner, reference in self._referrers.get(resource.name, ()):
            for referrer in self._referring(owner, reference, resource.name, row.id, world):
                if reference.on_delete == "cascade":
                    self._drop(owner, referrer, world)
                elif reference.on_delete == "nullify":
                    kept = referrer.data[reference.field]
                    kept = [item for item in kept if str(item) != row.id] if isinstance(kept, list) else None
                    self.change(owner, referrer, {**referrer.data, reference.field: kept}, world)
        touched = self._touched(resource.name, (row,), world)
        view = self.kinds[resource.name].full(row, world)
        world.state.table(world.tenant, resource.name).drop(row.id)
        self._settle(touched, world, quiet=False)
        for event in resource.events:
            if "delete" in event.on and (event.when is None or event.when.holds(view, world, {"old": view})):
                self._dispatcher.emit(world.state, world.tenant, event, view)

    def _refuse_restricted(self, name: str, identifier: str, world: TenantWorld) -> None:
        for owner, reference in self._referrers.get(name, ()):
            if reference.on_delete == "restrict" and self._referring(
                owner, reference, name, identifier, world
            ):
                raise Refusal(
                    "conflict", f"Rows of {owner.name} still refer to this one in '{reference.field}'."
                )
            if reference.on_delete == "cascade":
                for row in self._referring(owner, reference, name, identifier, world):
                    self._refuse_restricted(owner.name, row.id, world)

    def _referring(
        self, owner: Resource, reference: Reference, target: str, identifier: str, world: TenantWorld
    ) -> list[Row]:
        wanted: Any = identifier
        if self._behaviour.resources[target].id_kind == "integer":
            wanted = int(identifier)
        rows = world.state.table(world.tenant, owner.name).holding(reference.field, wanted)
        return [row for row in rows if reference.target(row.data) == target]

    # -- what follows from a write ----------------------------------------------------------------------------------

    def _save(
        self, resource: Resource, before: Row | None, row: Row, world: TenantWorld, *, quiet: bool = False
    ) -> Row:
        kind = self.kinds[resource.name]
        moment = "create" if before is None else "update"
        announced = not quiet and (resource.name, moment) in self._announced
        old = kind.full(before, world) if before is not None and announced else None
        table = world.state.table(world.tenant, resource.name)
        if resource.name not in self._dependents:
            table.put(row)
        else:
            touched = self._touched(resource.name, (row,) if before is None else (before, row), world)
            table.put(row)
            self._settle(touched, world, quiet=quiet)
        stamped = kind.stamp(row, world)
        if stamped is not row:
            table.put(stamped)
        if announced:
            self._announce(resource, moment, stamped, old, world)
        return stamped

    def _touched(
        self, name: str, rows: tuple[Row, ...], world: TenantWorld
    ) -> list[tuple[Resource, str, Mapping[str, Any]]]:
        found: dict[tuple[str, str], tuple[Resource, str, Mapping[str, Any]]] = {}
        for owner, field in self._dependents.get(name, ()):
            for row in rows:
                target = world.state.table(world.tenant, owner.name).get(str(row.data.get(field)))
                if target is not None and (owner.name, target.id) not in found:
                    view = self.kinds[owner.name].full(target, world)
                    found[owner.name, target.id] = (owner, target.id, view)
        return list(found.values())

    def _settle(
        self, touched: list[tuple[Resource, str, Mapping[str, Any]]], world: TenantWorld, *, quiet: bool
    ) -> None:
        for owner, identifier, old in touched:
            table = world.state.table(world.tenant, owner.name)
            row = table.get(identifier)
            if row is None:
                continue
            fresh = Row(row.id, row.data, visible=row.visible)
            table.put(fresh)
            stamped = self.kinds[owner.name].stamp(fresh, world)
            if stamped is not fresh:
                table.put(stamped)
            if not quiet:
                self._announce(owner, "update", stamped, old, world)

    def _announce(
        self, resource: Resource, moment: str, row: Row, old: Mapping[str, Any] | None, world: TenantWorld
    ) -> None:
        events = self._announced.get((resource.name, moment), ())
        if not events:
            return
        kind = self.kinds[resource.name]
        view = kind.full(row, world)
        for event in events:
            if event.when is None or event.when.holds(view, world, {"old": old}):
                self._dispatcher.emit(world.state, world.tenant, event, kind.view(row, world))

    def sweep(self, state: State) -> None:
        """Emit what time alone has brought about since the last sweep; at most once a day of the clock."""
        today = state.clock.today()
        if state.swept == today:
            return
        before, state.swept = state.swept, today
        if before:
            for (tenant, name), table in list(state.tables.items()):
                resource = self._behaviour.resources.get(name)
                if resource in self.timed and resource is not None:
                    self._sweep_table(resource, list(table.all()), self.world(state, tenant), before)

    def _sweep_table(self, resource: Resource, rows: list[Row], world: TenantWorld, before: str) -> None:
        kind = self.kinds[resource.name]
        yesterday = _Earlier(world, before)
        for row in rows:
            stale = Row(row.id, row.data, visible=row.visible)
            old = kind.full(stale, yesterday)
            view = kind.full(row, world)
            for event in resource.events:
                if (
                    "time" in event.on
                    and event.when is not None
                    and event.when.holds(view, world, {"old": old})
                ):
                    self._dispatcher.emit(world.state, world.tenant, event, kind.view(row, world))


class _Earlier(TenantWorld):
    """The same rows on an earlier day."""

    __slots__ = ("_day",)

    def __init__(self, world: TenantWorld, day: str) -> None:
        super().__init__(world.state, world.tenant, world._viewer, world._id_fields)  # noqa: SLF001 - same class
        self._day = day

    def today(self) -> str:
        return self._day


def _dependents(behaviour: Behaviour) -> dict[str, list[tuple[Resource, str]]]:
    """Resource name to the (resource, field) pairs that compute over it."""
    found: dict[str, list[tuple[Resource, str]]] = {}
    for resource in behaviour.resources.values():
        for field in resource.fields.values():
            for expression in (field.computed, field.stamped):
                for name, key in sorted(expression.related) if expression else ():
                    if (resource, key) not in found.setdefault(name, []):
                        found[name].append((resource, key))
    return found


def _referrers(behaviour: Behaviour) -> dict[str, list[tuple[Resource, Reference]]]:
    found: dict[str, list[tuple[Resource, Reference]]] = {}
    for resource in behaviour.resources.values():
        for reference in resource.references:
            for target in dict.fromkeys(reference.to.values()):
                found.setdefault(target, []).append((resource, reference))
    return found
