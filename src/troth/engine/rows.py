"""Rows of one resource: how they are filled, computed, stamped and shown. Compiled once from the behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from troth.behaviour.model import Field, Resource
from troth.behaviour.resources import OBJECT_ID
from troth.engine.identity import stable_object_id, stable_text, stable_uuid
from troth.engine.messages import compact, dump
from troth.engine.sampling import Sampler
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["RowKind", "computing_order"]

#: How often an id is drawn again that is taken.
_TRIES = 20
_UUID_LENGTH = 36
#: Stands in a row's stamp while its view is being computed.
_COMPUTING = "computing"


def computing_order(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Computed fields so that each comes after those it reads; a field that names itself reads the stored value."""
    by_name = {found.name: found for found in fields}
    done: list[Field] = []
    active: set[str] = set()

    def visit(found: Field) -> None:
        if found in done or found.name in active or found.computed is None:
            return
        active.add(found.name)
        for name in sorted(found.computed.variables & by_name.keys() - {found.name}):
            visit(by_name[name])
        done.append(found)

    for found in fields:
        visit(found)
    return tuple(done)


def _late_fields(ordered: tuple[Field, ...]) -> frozenset[str]:
    found: set[str] = set()
    for computed in ordered:
        expression = computed.computed
        if expression is None:
            continue
        beyond = expression.clocked or expression.related or expression.looked_up
        if beyond or computed.frozen_when or expression.variables & found:
            found.add(computed.name)
    return frozenset(found)


def _timely_fields(late: tuple[Field, ...], daily: frozenset[str]) -> frozenset[str]:
    """The names of the fields whose value may be another one tomorrow though no row has changed."""
    found: set[str] = set()
    for field in late:
        for expression in (field.computed, field.frozen_when):
            if expression is None:
                continue
            read = {name for name, _ in expression.related | expression.looked_up}
            if expression.clocked or read & daily or expression.variables & found:
                found.add(field.name)
    return frozenset(found)


class RowKind:
    """The compiled form of one resource. ``daily`` are the resources whose views may change with the day."""

    def __init__(
        self,
        resource: Resource,
        sampler: Sampler,
        *,
        daily: frozenset[str] = frozenset(),
        faults: frozenset[str] = frozenset(),
        tag: Callable[[Mapping[str, Any]], str] | None = None,
    ) -> None:
        self.resource = resource
        self._tag_of = tag
        self._tag = next((f.name for f in resource.fields.values() if f.generated == "etag"), None)
        self._sampler = sampler
        ordered = computing_order(resource.computed)
        late = _late_fields(ordered)
        self._stored = tuple(f for f in ordered if f.name not in late)
        self._late = tuple(f for f in ordered if f.name in late)
        self._unshown = tuple(f.name for f in self._late if f.hidden or f.write_only)
        stamping = "stamp-lost" not in faults
        self._stamped = tuple(f for f in resource.fields.values() if f.stamped is not None and stamping)
        freezing = "frozen-followed" not in faults
        self._freezing = tuple(f for f in self._late if f.frozen_when is not None and freezing)
        told = "secret-shown" in faults
        self._public = tuple(
            f
            for f in resource.fields.values()
            if (not f.hidden or "hidden-field-shown" in faults)
            and (not f.write_only or (told and f.shown_once))
        )
        self._shown = tuple(f.name for f in self._public)
        # A row whose fields are all shown as they are stored is its own view.
        self._plain = not self._late and bool(self._public) and len(self._public) == len(resource.fields)
        self._plain = self._plain and self._tag is None
        self._nested = tuple(f for f in resource.fields.values() if f.items and _has_traits(f.items))
        self._open = not resource.fields
        self._blank = self._blanks()
        self._id_shape = id_shape(resource)
        self._moments = tuple(
            f.name for f in resource.fields.values() if f.generated in ("created", "updated")
        )
        fields = resource.fields.values()
        begins = "initially-ignored" not in faults
        self._dynamic = tuple(f for f in fields if f.sequence or (f.initially and begins) or f.secret)
        #: Whether moments or frozen values may have to be stamped after a write.
        self.stamps = bool(self._stamped or self._freezing)
        self.daily = resource.name in daily
        self._timely = _timely_fields(self._late, daily)
        self._repeats = "sequence-repeats" in faults
        self._races = "race-on-sequence" in faults
        follows = "first-value-follows" in faults
        self._following = tuple(f for f in fields if follows and f.hidden and f.initially)

    # -- writing ---------------------------------------------------------------------------------------------

    def filled(
        self, given: Mapping[str, Any], world: TenantWorld, *, identifier: Any = None
    ) -> dict[str, Any]:
        """A complete new row from what a create gives: generated, initial and empty values added."""
        return self.completed({**self._blank, **given}, world, identifier)

    def blank(self, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """What a row holds where a create with these defaults says nothing."""
        return {**self._blank, **defaults}

    def completed(self, data: dict[str, Any], world: TenantWorld, identifier: Any = None) -> dict[str, Any]:
        """The row with its id and everything that has to be made; ``data`` starts from :meth:`blank`."""
        data[self.resource.id_field] = self._new_id(world) if identifier is None else identifier
        for name in self._moments:
            if data.get(name) is None:
                data[name] = world.now()
        for field in self._dynamic:
            self._fill(field, data, world)
        return self.settled(data, world) if self._nested or self._stored else data

    def _fill(self, field: Field, data: dict[str, Any], world: TenantWorld) -> None:
        """One field whose first value has to be made."""
        if data.get(field.name) is not None:
            return
        if field.sequence is not None:
            data[field.name] = self._next(field, field.sequence, world)
        elif field.secret is not None:
            data[field.name] = field.secret.prefix + world.state.identities.key()
        elif field.initially is not None:
            value = field.initially.evaluate(data, world)
            if value is not None or field.nullable or field.required:
                data[field.name] = value

    def _next(self, field: Field, sequence: str, world: TenantWorld) -> str:
        """The next value of a sequence; what a client has taken by hand is skipped where it must be unique."""
        resource = self.resource.name
        if self._repeats:
            return sequence.format(1)
        if self._races:
            value = sequence.format(world.state.sequences.get((world.tenant, resource, field.name), 0) + 1)
            world.state.open_window()
            world.state.next(world.tenant, resource, field.name)
            return value
        while True:
            value = sequence.format(world.state.next(world.tenant, resource, field.name))
            if field.unique is None or not world.state.table(world.tenant, resource).holding(
                field.name, value
            ):
                return value

    def _new_id(self, world: TenantWorld) -> Any:
        if self._id_shape is not None:
            table = world.state.table(world.tenant, self.resource.name)
            drawn = (world.state.identities.shaped(self._id_shape) for _ in range(_TRIES))
            return next((text for text in drawn if table.get(text) is None), None) or (
                world.state.identities.uuid()
            )
        if self.resource.id_kind == "integer":
            return world.state.next("", self.resource.name, "$id")
        if self.resource.id_kind == "object-id":
            return world.state.identities.object_id()
        return world.state.identities.uuid()

    def _blanks(self) -> dict[str, Any]:
        """What a row holds where a create says nothing, in the order of the schema."""
        made: dict[str, Any] = {}
        for name, field in self.resource.fields.items():
            made_later = (
                field.computed or field.generated or field.sequence or field.initially or field.secret
            )
            if name == self.resource.id_field or made_later:
                # A placeholder keeps the order of the schema; what fills it comes next.
                if field.nullable or field.required:
                    made[name] = None
                continue
            if field.initial is not None or (field.nullable and not field.write_only):
                made[name] = field.initial
            elif field.required and not field.write_only:
                is_list = field.schema.get("type") == "array" and not field.schema.get("minItems")
                made[name] = [] if is_list else self._sampler.sample(field.pointer)
        return made

    def settled(self, data: dict[str, Any], world: TenantWorld) -> dict[str, Any]:
        """The row with nested objects completed and every computed field that can be stored recomputed."""
        for field in self._nested:
            items = data.get(field.name)
            if isinstance(items, list):
                data[field.name] = [_nested_item(field.items or {}, item, world) for item in items]
        for field in self._stored:
            if field.computed is not None:
                data[field.name] = field.computed.evaluate(self._scope(data), world)
        return data

    def stamp(self, row: Row, world: TenantWorld) -> Row:
        """The row with its ``stamped`` moments and frozen values set or cleared; the same when nothing changes."""
        if not self.stamps:
            return row
        changed = self._frozen(row, world)
        for field in self._stamped:
            holds = field.stamped is not None and field.stamped.holds(self.view(row, world), world)
            if holds and row.data.get(field.name) is None:
                changed[field.name] = world.now()
            elif not holds and row.data.get(field.name) is not None:
                changed[field.name] = None
        return Row(row.id, {**row.data, **changed}, visible=row.visible) if changed else row

    def _frozen(self, row: Row, world: TenantWorld) -> dict[str, Any]:
        """What freezes now, as it is shown at this moment, and what thaws."""
        changed: dict[str, Any] = {}
        for field in self._freezing:
            if not self._is_frozen(field, row.data, world):
                if row.data.get(field.name) is not None:
                    changed[field.name] = None
            elif row.data.get(field.name) is None:
                changed[field.name] = self.view(row, world)[field.name]
        return changed

    def _is_frozen(self, field: Field, data: Mapping[str, Any], world: TenantWorld) -> bool:
        return field.frozen_when is not None and field.frozen_when.holds(self._scope(data), world)

    def make(self, data: dict[str, Any], world: TenantWorld) -> Row:
        """An immutable row; ``visible`` is decided here, once."""
        visible = self.resource.visible is None or self.resource.visible.holds(data, world)
        return Row(self.resource.key(data), data, visible=visible)

    # -- reading ---------------------------------------------------------------------------------------------

    def _scope(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {**data, "$id": data.get(self.resource.id_field)}

    def view(self, row: Row, world: TenantWorld) -> Mapping[str, Any]:
        """What the API shows of a row, cached until the row or the day changes."""
        if self._following and row.stamp != _COMPUTING:
            self._follow(row, world)
        if row.view is not None and (not self.daily or row.stamp == world.today()):
            return row.view
        if self._plain and len(row.data) == len(self._shown):
            row.view = row.data
            return row.data
        scope = row.data
        if self._late:
            if (
                row.stamp == _COMPUTING
            ):  # a row that this one computes over looks back: it sees what is stored
                return row.data
            row.stamp = _COMPUTING
            scope = self._scope(row.data)
            try:
                self._compute(row, scope, world)
            finally:
                row.stamp = ""
        view = dict(row.data) if self._open else {name: scope[name] for name in self._shown if name in scope}
        if self._tag is not None and self._tag_of is not None:
            view[self._tag] = None
            view[self._tag] = self._tag_of(view)
        row.beyond = {name: scope[name] for name in self._unshown}
        row.view, row.body, row.stamp = view, None, world.today() if self.daily else ""
        return view

    def _follow(self, row: Row, world: TenantWorld) -> None:
        """First values as they would be today; only a fault wants that."""
        scope = self._scope(row.data)
        fresh = {f.name: f.initially.evaluate(scope, world) for f in self._following if f.initially}
        if any(row.data.get(name) != value for name, value in fresh.items()):
            row.view, row.body = None, None
            row.data = self.settled({**row.data, **fresh}, world)

    def _compute(self, row: Row, scope: dict[str, Any], world: TenantWorld) -> None:
        """Work out the late fields; of a row that another day has seen, those alone that days change."""
        kept = self._kept(row.data, world) if self._freezing else ()
        known = None if row.view is None else {**row.beyond, **row.view}
        for field in self._late:
            name = field.name
            if known is not None and name not in self._timely and name in known:
                scope[name] = known[name]
            elif field.computed is not None and name not in kept:
                scope[name] = field.computed.evaluate(scope, world)

    def _kept(self, data: Mapping[str, Any], world: TenantWorld) -> frozenset[str]:
        """The frozen fields whose value is kept."""
        return frozenset(
            f.name for f in self._freezing if data.get(f.name) is not None and self._is_frozen(f, data, world)
        )

    def body(self, row: Row, world: TenantWorld) -> bytes:
        """The view as JSON, cached with it."""
        view = self.view(row, world)
        if row.body is None:
            row.body = compact(dump(view))
        return row.body

    def tag(self, row: Row, world: TenantWorld) -> str:
        """The entity tag of a row: another one exactly when what everybody sees of the row is."""
        return self.tag_of(self.view(row, world))

    def tag_of(self, view: Mapping[str, Any]) -> str:
        """The entity tag of what is seen of a row."""
        if self._tag is not None and self._tag in view:
            return str(view[self._tag])
        return self._tag_of(view) if self._tag_of is not None else ""

    def retagged(self, view: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is seen of a row with the tag of just that, where it shows one."""
        if self._tag is None or self._tag_of is None or self._tag not in view:
            return view
        return {**view, self._tag: self._tag_of({**view, self._tag: None})}

    def full(self, row: Row, world: TenantWorld) -> Mapping[str, Any]:
        """The view together with the fields that the API hides, for expressions."""
        view = self.view(row, world)
        return view if view is row.data else {**row.data, **row.beyond, **view}

    def members(self, row: Row, world: TenantWorld, names: Iterable[str]) -> Mapping[str, Any]:
        """Some members of the same, null where there is none of that name."""
        view = self.view(row, world)
        data, beyond = row.data, row.beyond
        if view is data:
            return data
        return {
            name: view[name] if name in view else beyond[name] if name in beyond else data.get(name)
            for name in names
        }


def _has_traits(fields: Mapping[str, Field]) -> bool:
    return any(f.computed or f.generated or f.initial is not None or f.nullable for f in fields.values())


def _nested_item(fields: Mapping[str, Field], given: Any, world: TenantWorld) -> Any:
    if not isinstance(given, Mapping):
        return given
    item = dict(given)
    for name, field in fields.items():
        if field.generated == "id":
            short = field.schema.get("pattern") == OBJECT_ID
            identities = world.state.identities
            item.setdefault(name, identities.object_id() if short else identities.uuid())
        elif name not in item and field.computed is None:
            if field.initial is not None or field.nullable:
                item[name] = field.initial
            elif field.required and field.schema.get("type") == "boolean":
                item[name] = False
    for field in computing_order(tuple(fields.values())):
        if field.computed is not None:
            item[field.name] = field.computed.evaluate(item, world)
    return {name: item[name] for name in fields if name in item} | {
        k: v for k, v in item.items() if k not in fields
    }


def id_shape(resource: Resource) -> Mapping[str, Any] | None:
    """The schema of an id that is neither a number nor a UUID by its pattern or length; else None."""
    field = resource.fields.get(resource.id_field)
    if resource.id_kind != "string" or field is None:
        return None
    schema = field.schema
    narrow = "pattern" in schema or schema.get("maxLength", _UUID_LENGTH) < _UUID_LENGTH
    return schema if narrow or schema.get("minLength", 0) > _UUID_LENGTH else None


def seeded_identifier(resource: Resource, api: str, tenant: str, index: int, start: int) -> Any:
    """The stable id of a seed row."""
    if resource.id_kind == "integer":
        return start + index + 1
    shape = id_shape(resource)
    if shape is not None:
        return stable_text(shape, api, tenant, resource.name, index)
    make = stable_object_id if resource.id_kind == "object-id" else stable_uuid
    return make(api, tenant, resource.name, index)
