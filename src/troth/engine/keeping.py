"""Keeping rows: create, change and drop them so that everything that follows from a write follows at once.

Rows that compute over related ones are touched, moments are stamped, references of dropped rows are restricted,
cascaded or emptied, and events are emitted with the views before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import partial
from typing import Any, NamedTuple

from troth.behaviour.catalogues import Catalogues
from troth.behaviour.editions import Edition
from troth.behaviour.model import Behaviour, Event, Reference, Resource
from troth.behaviour.moments import RFC3339, moment_writer
from troth.engine.authenticating import Principal
from troth.engine.events import Dispatcher
from troth.engine.gazing import Seer
from troth.engine.preconditions import tagger
from troth.engine.recording import Recorder
from troth.engine.refusing import Refusal
from troth.engine.rows import RowKind
from troth.engine.sampling import Sampler
from troth.engine.seeing import Sight
from troth.engine.state import Row, State, held
from troth.engine.translating import Translation, translated
from troth.engine.withholding import Withholding
from troth.engine.world import TenantWorld

__all__ = ["Keeper"]


class Keeper:
    """The compiled resources of one contract."""

    def __init__(
        self,
        behaviour: Behaviour,
        sampler: Sampler,
        dispatcher: Dispatcher,
        catalogues: Catalogues,
        faults: frozenset[str] = frozenset(),
    ) -> None:
        self._behaviour = behaviour
        self.catalogues = catalogues
        self._dispatcher = dispatcher
        self.sampler = sampler
        daily = _daily(behaviour)
        tag = tagger(behaviour.conditional, faults)
        self.kinds = {
            name: RowKind(resource, sampler, daily=daily, faults=faults, tag=tag)
            for name, resource in behaviour.resources.items()
        }
        self.translations: Mapping[str, Translation] = {}
        self._faults = faults
        self._remembers = not faults.isdisjoint(("deleted-counted", "deleted-found"))
        self._see(behaviour)
        self._nobody = {name: setting.default for name, setting in behaviour.viewer.items()}
        self._id_fields = {name: resource.id_field for name, resource in behaviour.resources.items()}
        self._dependents = (
            {}
            if "computed-stale" in faults
            else _dependents(behaviour, follows="first-value-follows" in faults)
        )
        self._referrers = _referrers(behaviour)
        self._announced = {
            (resource.name, moment): tuple(event for event in resource.events if moment in event.on)
            for resource in behaviour.resources.values()
            for moment in ("create", "update", "delete")
            if any(moment in event.on for event in resource.events)
        }
        exact = behaviour.moment == RFC3339 or "moment-exact" in faults
        self._moment = None if exact else moment_writer(behaviour.moment)
        self._recorder = Recorder(behaviour, self, lost="record-lost" in faults)
        self._watched = dispatcher.watched
        waits = "timed-event-lost" not in faults
        self.timed = tuple(
            r for r in behaviour.resources.values() if waits and any("time" in e.on for e in r.events)
        )

    def as_before(self, edition: Edition) -> Keeper:
        """The same rows, kept in the same way, as an older version shows and takes them."""
        older = edition.behaviour.resources
        translations = {
            name: Translation(kind, older[name], edition.lacking, edition.contract)
            for name, kind in self.kinds.items()
            if name in older
        }
        twin = copy(self)
        twin.translations = translations
        twin.catalogues = Catalogues(edition.contract, edition.behaviour)
        twin._see(edition.behaviour)  # noqa: SLF001 - same class
        twin.sights = {
            name: translated(sight, translations[name]) if name in translations else sight
            for name, sight in twin.sights.items()
        }
        return twin

    def _see(self, behaviour: Behaviour) -> None:
        """Show rows as the rules of visibility of a behaviour say."""
        self.seer = Seer(behaviour)
        self.sights = {name: Sight(kind) for name, kind in self.kinds.items()}
        self.withholding: dict[str, Withholding] = {}
        for name, rules in self.seer.rules.items():
            if name in self.kinds:
                made = Withholding(self.kinds[name], rules, self.seer, self._faults)
                self.withholding[name] = made
                self.sights[name].withhold(made)
        self._glimpse = self._glimpsed if self.seer.rules else None

    def world(self, state: State, tenant: str, caller: Principal | None = None) -> TenantWorld:
        return TenantWorld(
            state, tenant, self._full, self._id_fields, self._moment, caller, self._nobody, self._glimpse
        )

    def _glimpsed(self, resource: str, row: Row, world: TenantWorld) -> Mapping[str, Any] | None:
        rules = self.sights[resource].rules
        if rules is None:
            return self._full(resource, row, world)
        return rules.searchable(row, world) if rules.embeddable(row, world) else None

    def _full(
        self, resource: str, row: Row, world: TenantWorld, names: Iterable[str] | None = None
    ) -> Mapping[str, Any]:
        kind = self.kinds.get(resource)
        if kind is None:
            return row.data
        return kind.full(row, world) if names is None else kind.members(row, world, names)

    # -- the three writes -----------------------------------------------------------------------------------------

    def add(
        self, resource: Resource, data: dict[str, Any], world: TenantWorld, *, quiet: bool = False
    ) -> Row:
        """Store a filled row. ``quiet`` (seeding) emits nothing."""
        row = self.kinds[resource.name].make(data, world)
        return self._save(resource, None, row, world, quiet=quiet)

    def adder(self, resource: Resource) -> Callable[[dict[str, Any], TenantWorld], Row]:
        """:meth:`add` for one resource; where nothing follows from a new row but events, nothing is looked for."""
        name, kind = resource.name, self.kinds[resource.name]
        watched = name in (self._watched, *self._dependents)
        if watched or kind.stamps or (name, "create") in self._recorder.wanted:
            return partial(self.add, resource)
        events = self._announced.get((name, "create"), ())

        def add(data: dict[str, Any], world: TenantWorld) -> Row:
            row = kind.make(data, world)
            world.state.table(world.tenant, name).put(row)
            if events:
                self._announce(resource, events, row, None, world)
            return row

        return add

    def change(self, resource: Resource, before: Row, data: dict[str, Any], world: TenantWorld) -> Row:
        """Replace a row's data."""
        row = self.kinds[resource.name].make(self.kinds[resource.name].settled(data, world), world)
        return self._save(resource, before, row, world)

    def amend(self, state: State, tenant: str, identifier: str, changes: Mapping[str, Any]) -> None:
        """Change fields of a subscription, which may be known to the control plane alone."""
        name = self._behaviour.webhooks.resource if self._behaviour.webhooks else ""
        resource, table = self._behaviour.resources.get(name), state.table(tenant, name)
        row = table.get(identifier)
        if row is None:
            return
        if resource is None:
            table.put(Row(row.id, {**row.data, **changes}))
        else:
            self.change(resource, row, {**row.data, **changes}, self.world(state, tenant))

    def remove(self, resource: Resource, row: Row, world: TenantWorld) -> None:
        """Drop a row. Raises Refusal ``conflict`` while a restricting reference points at it."""
        if "restriction-ignored" not in self._faults:
            try:
                self._refuse_restricted(resource.name, row.id, world)
            except Refusal:
                if "refused-delete-clears" in self._faults:
                    self._let_go(resource, row, world)
                raise
        self._drop(resource, row, world)

    def _drop(self, resource: Resource, row: Row, world: TenantWorld) -> None:
        """The row goes first, so that a circle of cascading references comes to an end."""
        touched = self._touched(resource.name, (row,), world)
        view = self.kinds[resource.name].full(row, world)
        world.state.table(world.tenant, resource.name).drop(row.id)
        if self._remembers:
            world.state.gone.setdefault((world.tenant, resource.name), []).append(row)
        self._let_go(resource, row, world)
        self._settle(touched, world, quiet=False)
        for event in resource.events:
            if "delete" in event.on and (event.when is None or event.when.holds(view, world, {"old": view})):
                self._emit(resource, event, view, view, world)
        if (resource.name, "delete") in self._recorder.wanted:
            self._recorder.write(resource, "delete", view, view, world)

    def _let_go(self, resource: Resource, row: Row, world: TenantWorld) -> None:
        """What refers to a row goes as well, or refers to nothing any more."""
        for owner, reference in self._referrers.get(resource.name, ()):
            for referrer in self._referring(owner, reference, resource.name, row.id, world):
                if world.state.table(world.tenant, owner.name).get(referrer.id) is None:
                    continue
                if reference.on_delete == "cascade" and "cascade-ignored" not in self._faults:
                    self._drop(owner, referrer, world)
                elif reference.on_delete == "nullify" and "nullify-ignored" not in self._faults:
                    kept = referrer.data[reference.field]
                    kept = [item for item in kept if str(item) != row.id] if isinstance(kept, list) else None
                    self.change(owner, referrer, {**referrer.data, reference.field: kept}, world)

    def _refuse_restricted(
        self,
        name: str,
        identifier: str,
        world: TenantWorld,
        leaving: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """``leaving`` are the rows that go together; references between them restrict nothing."""
        leaving |= {(name, identifier)}
        for owner, reference in self._referrers.get(name, ()):
            if reference.on_delete not in ("restrict", "cascade"):
                continue
            for row in self._referring(owner, reference, name, identifier, world):
                if (owner.name, row.id) in leaving:
                    continue
                if reference.on_delete == "restrict":
                    message = f"Rows of {owner.name} still refer to this one in '{reference.field}'."
                    raise Refusal("conflict", message)
                self._refuse_restricted(owner.name, row.id, world, leaving)

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
        recorded = not quiet and (resource.name, moment) in self._recorder.wanted
        old = kind.full(before, world) if before is not None and (announced or recorded) else None
        table = world.state.table(world.tenant, resource.name)
        if resource.name not in self._dependents:
            table.put(row)
        else:
            left = before is not None and "computed-left-behind" in self._faults
            changed = (row,) if before is None else (before,) if left else (before, row)
            touched = self._touched(resource.name, changed, world)
            table.put(row)
            self._settle(touched, world, quiet=quiet)
            row = table.get(row.id) or row
        stamped = kind.stamp(row, world)
        if stamped is not row:
            table.put(stamped)
        if resource.name == self._watched and not quiet:
            self._dispatcher.subscribed(world.state, world.tenant, before, stamped)
        if announced:
            self._announce(resource, self._announced[resource.name, moment], stamped, old, world)
        if recorded:
            self._recorder.write(resource, moment, kind.full(stamped, world), old, world)
        return stamped

    def _touched(
        self, name: str, rows: tuple[Row, ...], world: TenantWorld
    ) -> list[tuple[Resource, str, Mapping[str, Any] | None]]:
        """The rows that compute over these, and those that compute over them in turn; nearest first.

        Each with what it shows now, where somebody hears of its changes: computing that is dear.
        """
        found: dict[tuple[str, str], tuple[Resource, str, Mapping[str, Any] | None]] = {}
        waiting = [(name, row) for row in rows]
        for source, row in waiting:
            for dependent in self._dependents.get(source, ()):
                owner = dependent.owner
                for target in self._reached(source, row, dependent, world):
                    if (owner.name, target.id) not in found:
                        heard = self._is_heard(owner.name, world)
                        view = self.kinds[owner.name].full(target, world) if heard else None
                        found[owner.name, target.id] = (owner, target.id, view)
                        waiting.append((owner.name, target))
        return list(found.values())

    def _is_heard(self, name: str, world: TenantWorld) -> bool:
        """Whether somebody of the tenant is told when a row of a resource changes."""
        events = self._announced.get((name, "update"), ())
        heard = self._dispatcher.heard(world.state, world.tenant) if events else ()
        return any(event.name in heard for event in events)

    def _reached(self, source: str, row: Row, dependent: _Dependent, world: TenantWorld) -> list[Row]:
        """The rows that compute over one row: the one that it names, or those that name it."""
        table = world.state.table(world.tenant, dependent.owner.name)
        if dependent.looks_up:
            if not dependent.field:
                return list(table.all())
            return table.holding(dependent.field, row.data.get(self._id_fields[source]))
        named = held(row.data, dependent.field)
        found = (table.get(str(one)) for one in (named if isinstance(named, list) else (named,)))
        return [target for target in found if target is not None]

    def _settle(
        self,
        touched: list[tuple[Resource, str, Mapping[str, Any] | None]],
        world: TenantWorld,
        *,
        quiet: bool,
    ) -> None:
        """Forget what the touched rows showed, all of them before any is computed again; then stamp and announce."""
        for owner, identifier, _ in touched:
            table = world.state.table(world.tenant, owner.name)
            row = table.get(identifier)
            if row is not None:
                table.put(Row(row.id, row.data, visible=row.visible))
        for owner, identifier, old in touched:
            table = world.state.table(world.tenant, owner.name)
            row = table.get(identifier)
            if row is None:
                continue
            stamped = self.kinds[owner.name].stamp(row, world)
            if stamped is not row:
                table.put(stamped)
            if not quiet:
                self._announce(owner, self._announced.get((owner.name, "update"), ()), stamped, old, world)

    def announce_again(self, resource: Resource, answer: bytes, world: TenantWorld) -> None:
        """Tell once more that the newest row in an answer was created; only a fault wants that."""
        rows = [
            row for row in world.state.table(world.tenant, resource.name).all() if row.id.encode() in answer
        ]
        for row in rows[-1:]:
            self._announce(resource, self._announced.get((resource.name, "create"), ()), row, None, world)

    def _announce(
        self,
        resource: Resource,
        events: tuple[Event, ...],
        row: Row,
        old: Mapping[str, Any] | None,
        world: TenantWorld,
    ) -> None:
        if not events or not (heard := self._dispatcher.heard(world.state, world.tenant)):
            return
        kind = self.kinds[resource.name]
        for event in events:
            if event.name not in heard:
                continue
            view = kind.full(row, world)
            if event.when is not None and not event.when.holds(view, world, {"old": old}):
                continue
            self._emit(resource, event, kind.view(row, world), view, world)

    def _emit(
        self,
        resource: Resource,
        event: Event,
        view: Mapping[str, Any],
        full: Mapping[str, Any],
        world: TenantWorld,
        *,
        timed: bool = False,
    ) -> None:
        data = self.event_data(resource, event.name, full, world)
        self._dispatcher.emit(world.state, world.tenant, event, view, data, resource, timed=timed)

    def event_data(
        self, resource: Resource, name: str, full: Mapping[str, Any], world: TenantWorld
    ) -> Mapping[str, Any] | None:
        """What an event of that name about a row carries; None where that is the row itself."""
        if resource.event_data is None:
            return None
        event = next((event for event in resource.events if event.name == name), None)
        further = event.data.evaluate(full, world) if event is not None and event.data is not None else None
        return {**(resource.event_data.evaluate(full, world) or {}), **(further or {})}

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
        heard = self._dispatcher.heard(world.state, world.tenant)
        events = [event for event in resource.events if "time" in event.on and event.name in heard]
        if not events:
            return
        kind = self.kinds[resource.name]
        yesterday = _Earlier(world, before)
        # What is remembered of that day, all of it before anything of today is computed.
        earlier = [kind.full(row, yesterday) for row in rows]
        for row, old in zip(rows, earlier, strict=True):
            view = kind.full(row, world)
            for event in events:
                if event.when is not None and event.when.holds(view, world, {"old": old}):
                    self._emit(resource, event, kind.view(row, world), view, world, timed=True)


class _Earlier(TenantWorld):
    """The same rows on an earlier day."""

    __slots__ = ("_day",)

    def __init__(self, world: TenantWorld, day: str) -> None:
        super().__init__(world.state, world.tenant, world._viewer, world._id_fields, world._moment)  # noqa: SLF001 - same class
        self._day = day

    def today(self) -> str:
        return self._day


class _Dependent(NamedTuple):
    """Rows of ``owner`` compute over another resource's rows.

    Over those whose ``field`` names them (``related``), or over the one that their own ``field`` names (``lookup``);
    an empty field there means that it cannot be told from what is stored which one that is.
    """

    owner: Resource
    field: str
    looks_up: bool


def _daily(behaviour: Behaviour) -> frozenset[str]:
    """The resources whose views may change with the day: by their own fields, or by those of related rows."""
    found: set[str] = set()
    reads = {
        name: [field.computed for field in resource.computed if field.computed is not None]
        for name, resource in behaviour.resources.items()
    }
    while True:
        more = {
            name
            for name, expressions in reads.items()
            if any(
                e.clocked or any(other in found for other, _ in e.related | e.looked_up) for e in expressions
            )
        }
        if more <= found:
            return frozenset(found)
        found |= more


def _dependents(behaviour: Behaviour, *, follows: bool = False) -> dict[str, list[_Dependent]]:
    """Resource name to what computes over its rows; ``follows``: what only its first value is computed from, too."""
    found: dict[str, dict[tuple[str, str, bool], _Dependent]] = {}
    for resource in behaviour.resources.values():
        for field in resource.fields.values():
            for expression in (
                field.computed,
                field.stamped,
                field.initially if follows and field.hidden else None,
            ):
                pairs = [(pair, False) for pair in expression.related] if expression else []
                pairs += [(pair, True) for pair in expression.looked_up] if expression else []
                for (name, key), looks_up in sorted(pairs):
                    kept = resource.fields.get(key.partition(".")[0])
                    stored = key if not looks_up or (kept is not None and kept.computed is None) else ""
                    dependent = _Dependent(resource, stored, looks_up)
                    found.setdefault(name, {})[resource.name, stored, looks_up] = dependent
    return {name: list(dependents.values()) for name, dependents in found.items()}


def _referrers(behaviour: Behaviour) -> dict[str, list[tuple[Resource, Reference]]]:
    found: dict[str, list[tuple[Resource, Reference]]] = {}
    for resource in behaviour.resources.values():
        for reference in resource.references:
            if reference.on_delete == "ignore":
                continue
            for target in dict.fromkeys(reference.to.values()):
                found.setdefault(target, []).append((resource, reference))
    return found
