"""What operations do: list, create, read, update, replace, delete, act. One compiled performer an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from troth.behaviour.model import Behaviour, Binding, Kind, Resource
from troth.behaviour.resources import properties_of
from troth.behaviour.shapes import item_form
from troth.contract.model import Contract
from troth.engine.acting import Effects, acting
from troth.engine.authenticating import Principal
from troth.engine.checking import WriteChecks
from troth.engine.filtering import FilterSet
from troth.engine.keeping import Keeper
from troth.engine.listing import Page, Pager
from troth.engine.messages import Response, dump
from troth.engine.populating import Known, Populator
from troth.engine.printing import printing
from troth.engine.querying import ListQuery
from troth.engine.refusing import Refusal, compile_template
from troth.engine.rows import RowKind
from troth.engine.spelling import Spelling
from troth.engine.state import Row, State
from troth.engine.world import TenantWorld

__all__ = ["Call", "Performer", "Rows", "performer_for"]

_JSON = (b"content-type", b"application/json")
_PAGES = 64


class Call(NamedTuple):
    """One validated request."""

    principal: Principal
    state: State
    world: TenantWorld
    values: Mapping[tuple[str, str], Any]
    body: Any


Performer = Callable[[Call], Response]
Values = Mapping[tuple[str, str], Any]

_NO_VALUES: Values = {}


class Rows:
    """What every performer of a resource's operation shares."""

    def __init__(
        self,
        binding: Binding,
        resource: Resource,
        contract: Contract,
        behaviour: Behaviour,
        keeper: Keeper,
        faults: frozenset[str],
    ) -> None:
        self.binding = binding
        self.resource = resource
        self.keeper = keeper
        self.faults = faults
        self.kind: RowKind = keeper.kinds[resource.name]
        self.checks = WriteChecks(resource, behaviour, faults)
        self._foreign_write = behaviour.tenancy.foreign_write
        self._foreign_read = behaviour.tenancy.foreign_read
        self._id = ("path", binding.id_parameter or "")
        pointer = _request_pointer(binding)
        form = item_form(contract, pointer) if pointer else None
        self._inside = form.wrapper if form and form.wrapper not in resource.fields else None
        if form is not None and self._inside is not None:
            pointer = form.pointer
        documented = binding.operation.response_for(binding.success)
        self.spelling = Spelling(binding, resource, faults)
        self._silent = binding.writes and documented is not None and not documented.media
        self.writable = _writable(contract, pointer, resource)
        self.defaults = _defaults(contract, pointer)
        self._wrapper = binding.wrapper
        self._answer = _answering(binding, resource, faults)
        profile = binding.query.populate
        self.populator = Populator(profile, keeper, faults) if profile else None
        query = ListQuery(binding, contract, behaviour, faults)
        self.query = query if query.active else None
        self._leaks = "write-only-leaked" in faults
        self._secrets = tuple(f.name for f in resource.fields.values() if f.write_only)
        declared = binding.effect or binding.rules
        self.effects = Effects(binding, resource, behaviour, keeper, faults) if declared else None

    def find(self, call: Call) -> Row:
        """The row that the path names. Raises Refusal as the contract's tenancy says."""
        identifier = str(call.values.get(self._id, ""))
        row = call.state.table(call.world.tenant, self.resource.name).get(identifier)
        if (
            row is not None
            and (row.visible or "hidden-shown" in self.faults)
            and self._below_parents(row.data, call)
        ):
            return row
        if "crash" in self.faults and row is None:
            raise RuntimeError("the fault 'crash' is on")
        raise Refusal(self._missing(identifier, call), None)

    def _missing(self, identifier: str, call: Call) -> str:
        if "foreign-forbidden" in self.faults and foreign(call, self.resource.name, identifier):
            return "forbidden"
        return self._foreign_write if self.binding.writes else self._foreign_read

    def leaked(self, call: Call, fault: str) -> tuple[Row, TenantWorld] | None:
        """Another tenant's row, when a fault lets it through."""
        if fault not in self.faults:
            return None
        found = foreign(call, self.resource.name, str(call.values.get(self._id, "")))
        return None if found is None else (found[1], self.keeper.world(call.state, found[0]))

    def _below_parents(self, data: Mapping[str, Any], call: Call) -> bool:
        return all(
            _belongs(data.get(parent.field), str(call.values.get(("path", parent.parameter))))
            for parent in self.binding.parents
        )

    def parent_values(self, call: Call) -> dict[str, Any]:
        """The fields that the path gives. Raises Refusal when one of the rows that it names does not exist."""
        for parent in self.binding.parents:
            if parent.resource in self.keeper.kinds:
                value = str(call.values.get(("path", parent.parameter)))
                row = call.state.table(call.world.tenant, parent.resource).get(value)
                if row is None or not row.visible:
                    raise Refusal(self._foreign_read)
        return {p.field: call.values.get(("path", p.parameter)) for p in self.binding.parents}

    def given(self, call: Call) -> Mapping[str, Any]:
        """The members of the request's object, which may stand under a wrapper."""
        body = call.body
        if self._inside is not None and isinstance(body, Mapping):
            body = body.get(self._inside)
        return self.spelling.plain(body) if isinstance(body, Mapping) else {}

    def one(
        self,
        row: Row,
        world: TenantWorld,
        status: int,
        kind: RowKind | None = None,
        values: Values = _NO_VALUES,
    ) -> Response:
        """The answer that shows one row; ``kind`` where it is of another resource."""
        if status == 204 or self._silent:  # noqa: PLR2004 - No Content
            return Response(status, [])
        body = (kind or self.kind).body(row, world)
        if self._leaks:
            body = dump({**self.kind.view(row, world), **{n: row.data.get(n) for n in self._secrets}})
        if self.populator is not None:
            depth = self.populator.depth(values)
            body = self.populator.body((kind or self.kind).resource.name, row, world, depth)
        if self._answer is not None:
            body = dump(self._answer({"row": orjson.Fragment(body)}))
        elif self._wrapper:
            body = dump({self._wrapper: orjson.Fragment(body)})
        return Response(status, [_JSON], body)


def _answering(
    binding: Binding, resource: Resource, faults: frozenset[str]
) -> Callable[[Mapping[str, Any]], Any] | None:
    """The declared answer of a write as a function of the slot ``row``."""
    if binding.answer is None:
        return None
    template = "$row" if "answer-bare" in faults else _labelled(binding.answer.template, resource.label)
    return compile_template(template)


def _labelled(template: Any, label: str) -> Any:
    if isinstance(template, Mapping):
        return {name: _labelled(inner, label) for name, inner in template.items()}
    return template.replace("{label}", label) if isinstance(template, str) else template


def _request_pointer(binding: Binding) -> str | None:
    """The schema of what a request sends: JSON before forms."""
    media = binding.operation.body.media if binding.operation.body else {}
    for word in ("json", "urlencoded"):
        found = next((m.schema_pointer for t, m in media.items() if word in t), None)
        if found is not None:
            return found
    return None


def foreign(call: Call, resource: str, identifier: str) -> tuple[str, Row] | None:
    """The tenant and row of an id that belongs to somebody else."""
    for (tenant, name), table in call.state.tables.items():
        if name == resource and tenant != call.world.tenant and (row := table.get(identifier)):
            return tenant, row
    return None


def _writable(contract: Contract, pointer: str | None, resource: Resource) -> frozenset[str]:
    """What an operation may set: the properties of its request schema that are not read-only there."""
    if pointer is None:
        return frozenset(name for name, field in resource.fields.items() if not field.read_only)
    found = {name: contract.follow(at)[1] for name, at in properties_of(contract, pointer).items()}
    shared = contract.follow(pointer)[0] == resource.schema_pointer
    return frozenset(
        name
        for name, schema in found.items()
        if not (isinstance(schema, Mapping) and schema.get("readOnly"))
        and not (shared and name in resource.fields and resource.fields[name].read_only)
    )


def _defaults(contract: Contract, pointer: str | None) -> dict[str, Any]:
    if pointer is None:
        return {}
    found = {}
    for name, at in properties_of(contract, pointer).items():
        try:
            _, schema = contract.follow(at)
        except KeyError:
            continue
        if isinstance(schema, Mapping) and "default" in schema:
            found[name] = schema["default"]
    return found


def _lister(rows: Rows) -> Performer:
    binding, resource, kind = rows.binding, rows.resource, rows.kind
    filters = FilterSet(binding.filters, resource)
    assert binding.pagination is not None or binding.envelope is None  # noqa: S101 - inference guarantees it
    pager = Pager(binding.pagination, rows.faults) if binding.pagination else None
    masks = {f.name: f.in_list for f in resource.fields.values() if f.in_list}

    def rendered(row: Row, world: TenantWorld) -> Any:
        if not masks:
            return orjson.Fragment(kind.body(row, world))
        view = {k: v for k, v in kind.view(row, world).items() if masks.get(k) != "omit"}
        return {**view, **{name: None for name, how in masks.items() if how == "null"}}

    plain = not (binding.parents or binding.where or resource.order or rows.faults)
    plain = plain and rows.query is None and rows.populator is None

    def perform(call: Call) -> Response:
        """An unfiltered page is rendered once and kept until a row changes (or the day, where rows depend on it)."""
        world = call.world
        page = pager.page(call.values) if pager else None
        if not plain or filters.used(call.values):
            return Response(binding.success, [_JSON], render(call, page))
        rendered = call.state.table(world.tenant, resource.name).rendered
        key = (binding.id, page, world.today() if kind.daily else "")
        body = rendered.get(key)
        if body is None:
            if len(rendered) >= _PAGES:
                rendered.clear()
            body = rendered[key] = render(call, page)
        return Response(binding.success, [_JSON], body)

    def render(call: Call, page: Page | None) -> bytes:
        world = call.world
        found = _candidates(rows, call, filters)
        page, chosen = pager.cut(page, found) if pager else (None, found)
        if rows.populator is None:
            items = [rendered(row, world) for row in chosen]
        else:
            items = _populated(rows.populator, resource.name, chosen, call)
        if pager is None:
            return dump(items)
        asked = filters.asked(call.values) if pager.echoes else {}
        return dump(pager.render(items, page, len(found), asked | pager.pointer(page, chosen, len(found))))

    return perform


def _populated(populator: Populator, resource: str, chosen: list[Row], call: Call) -> list[Any]:
    depth = populator.depth(call.values)
    known: Known = {}
    return [populator.shown(resource, row, call.world, depth, known) for row in chosen]


def _candidates(rows: Rows, call: Call, filters: FilterSet) -> list[Row]:
    """The rows of a list before paging: the tenant's visible ones, below the parents, filtered and ordered."""
    kind, world = rows.kind, call.world
    table = call.state.table(world.tenant, rows.resource.name)
    found = list(table.all()) if "hidden-shown" in rows.faults else table.shown()
    if "leak-foreign-list" in rows.faults:
        found = [
            r for (_, name), t in call.state.tables.items() if name == rows.resource.name for r in t.shown()
        ]
    parents = rows.parent_values(call)
    if parents:
        found = [row for row in found if all(_belongs(row.data.get(k), str(v)) for k, v in parents.items())]
    where = rows.binding.where
    if where is not None and "where-ignored" not in rows.faults:
        asked = {"query": {name: value for (place, name), value in call.values.items() if place == "query"}}
        found = [row for row in found if where.holds(kind.full(row, world), world, asked)]
    if "shared-apart" in rows.faults and rows.resource.shared:
        first = min(tenant for tenant, _ in call.state.tables if tenant)
        found = found if world.tenant == first else found[1:]
    predicate = None if "filter-ignored" in rows.faults else filters.predicate(call.values)
    if predicate is not None:
        found = [row for row in found if predicate(kind.view(row, world))]
        if "filter-drops-row" in rows.faults:
            found = found[1:]
    for name, descending in reversed(rows.resource.order):
        found = sorted(found, key=lambda row, n=name: _sortable(row.data.get(n)), reverse=descending)  # type: ignore[misc]
    return rows.query.chosen(found, kind, call.values, world) if rows.query else found


def _belongs(value: Any, wanted: str) -> bool:
    """Whether a field holds an id, alone or in a list."""
    return any(str(one) == wanted for one in value) if isinstance(value, list) else str(value) == wanted


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value))


def _creator(rows: Rows) -> Performer:
    resource, keeper, checks = rows.resource, rows.keeper, rows.checks
    plain = rows.writable & resource.fields.keys()
    needed = checks.on_create()

    def perform(call: Call) -> Response:
        body = rows.given(call)
        body = rows.spelling.spelled_out(body, None)
        world = call.world
        if body.keys() <= plain:
            given = {**rows.defaults, **body}
        else:
            checks.traits(body, rows.writable, None)
            given = {**rows.defaults, **_accepted(body, rows)}
        if rows.binding.parents:
            given |= rows.parent_values(call)
        identifier = _chosen_id(given, rows, call)
        data = rows.kind.filled(given, world, identifier=identifier)
        for check in needed:
            check(data, world)
        row = keeper.add(resource, data, world)
        if "create-not-persisted" in rows.faults:
            call.state.table(world.tenant, resource.name).drop(row.id)
        return rows.one(row, world, rows.binding.success, values=call.values)

    return perform


def _chosen_id(given: dict[str, Any], rows: Rows, call: Call) -> Any:
    """An id that the client may choose, unless it is taken; None lets the engine make one."""
    chosen = given.pop(rows.resource.id_field, None)
    field = rows.resource.fields.get(rows.resource.id_field)
    if chosen is None or (field and field.read_only) or rows.resource.id_field not in rows.writable:
        return None
    if call.state.table(call.world.tenant, rows.resource.name).get(str(chosen)) is not None:
        raise Refusal("conflict", f"There is already a row with the id {chosen!r}.")
    return chosen


def _accepted(body: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
    """The members of a body that are stored: what the resource knows and the operation may write."""
    fields = rows.resource.fields
    if not fields:
        return dict(body)
    trusting = "read-only-accepted" in rows.faults
    return {
        name: value for name, value in body.items() if name in fields and (trusting or name in rows.writable)
    }


def _reader(rows: Rows) -> Performer:
    def perform(call: Call) -> Response:
        leaked = rows.leaked(call, "leak-foreign-read")
        if leaked:
            return rows.one(leaked[0], leaked[1], rows.binding.success, values=call.values)
        return rows.one(rows.find(call), call.world, rows.binding.success, values=call.values)

    return perform


def _updater(rows: Rows, *, replace: bool) -> Performer:
    resource, kind, keeper, checks = rows.resource, rows.kind, rows.keeper, rows.checks
    updated = [f.name for f in resource.fields.values() if f.generated == "updated"]
    immutable = frozenset(f.name for f in resource.fields.values() if f.immutable)
    effects = rows.effects

    def perform(call: Call) -> Response:
        leaked = rows.leaked(call, "leak-foreign-write")
        row, world = leaked or (rows.find(call), call.world)
        body = rows.given(call)
        before = kind.full(row, world)
        body = rows.spelling.spelled_out(body, None if replace else before)
        changes = _accepted(body, rows)
        if "immutable-changed" in rows.faults:
            changes |= {name: value for name, value in body.items() if name in immutable}
            checks.traits(
                {name: value for name, value in body.items() if name not in immutable}, rows.writable, before
            )
        else:
            checks.traits(body, rows.writable, before)
        checks.editable(changes, before, world)
        checks.lifecycle(changes, row, before, world)
        data = _replaced(rows, row, changes, world) if replace else {**row.data, **changes}
        if "update-clobbers" in rows.faults and not replace:
            data = {
                **row.data,
                **{f.name: None for f in resource.fields.values() if f.nullable and f.computed is None},
                **changes,
            }
        data |= dict.fromkeys(updated, world.now())
        checks.references(data, changes, world)
        checks.rules("update", {**before, **changes}, world, before, changes)
        checks.unique(data, world)
        if effects is not None:
            further, made = effects.changes(call.body, {**before, **changes}, before, world)
            data |= further
            effects.store(made, world)
        if "update-not-persisted" in rows.faults:
            row = kind.make(kind.settled(data, world), world)
        else:
            row = keeper.change(resource, row, data, world)
        return rows.one(row, world, rows.binding.success, values=call.values)

    return perform


def _replaced(rows: Rows, row: Row, changes: Mapping[str, Any], world: TenantWorld) -> dict[str, Any]:
    """What PUT leaves: the new fields, initial values for the rest, and what no client can set."""
    fixed = {
        name: row.data[name]
        for name, field in rows.resource.fields.items()
        if name in row.data and (field.read_only or field.immutable or name not in rows.writable)
    }
    identifier = row.data.get(rows.resource.id_field)
    return rows.kind.filled({**fixed, **changes}, world, identifier=identifier)


def _deleter(rows: Rows) -> Performer:
    def perform(call: Call) -> Response:
        leaked = rows.leaked(call, "leak-foreign-write")
        row, world = leaked or (rows.find(call), call.world)
        view = rows.kind.full(row, world)
        rows.checks.rules("delete", view, world, view)
        answered = rows.one(row, world, rows.binding.success, values=call.values)  # while all is as it was
        if "delete-noop" not in rows.faults:
            rows.keeper.remove(rows.resource, row, world)
        return answered

    return perform


def performer_for(
    binding: Binding, contract: Contract, behaviour: Behaviour, keeper: Keeper, faults: frozenset[str]
) -> Performer | None:
    """The performer of one operation; None where nothing says what it does."""
    if binding.resource is None or (binding.kind is Kind.ACTION and not (binding.effect or binding.prints)):
        return None
    rows = Rows(binding, binding.resource, contract, behaviour, keeper, faults)
    if binding.prints:
        return printing(rows)
    if binding.kind is Kind.ACTION and rows.effects is not None:
        return acting(rows, rows.effects, binding.answers)
    makers: Mapping[Kind, Callable[[], Performer]] = {
        Kind.LIST: lambda: _lister(rows),
        Kind.CREATE: lambda: _creator(rows),
        Kind.READ: lambda: _reader(rows),
        Kind.UPDATE: lambda: _updater(rows, replace=False),
        Kind.REPLACE: lambda: _updater(rows, replace=True),
        Kind.DELETE: lambda: _deleter(rows),
    }
    return makers[binding.kind]()
