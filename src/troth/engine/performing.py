"""What operations do: list, create, read, update, replace, delete, act. One compiled performer an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from troth.behaviour.model import Behaviour, Binding, Kind
from troth.contract.model import Contract
from troth.engine.acting import acting
from troth.engine.calls import Call, Performer, Rows
from troth.engine.following import following
from troth.engine.keeping import Keeper
from troth.engine.lists import lister
from troth.engine.messages import Response
from troth.engine.printing import printing
from troth.engine.refusing import Refusal
from troth.engine.spoiling import spoilt
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["performer_for"]


def _creator(rows: Rows) -> Performer:
    resource, keeper, checks = rows.resource, rows.keeper, rows.checks
    plain = rows.writable & resource.fields.keys()
    needed = checks.on_create()
    refuses = "valid-refused" in rows.faults
    blank = rows.kind.blank(rows.defaults)
    chooses = _may_choose_id(rows)
    parents = bool(rows.binding.parents)
    add = keeper.adder(resource)
    lost = "create-not-persisted" in rows.faults

    def perform(call: Call) -> Response:
        body = rows.given(call)
        body = rows.spelling.spelled_out(body, None)
        if refuses and len(body) > 1:
            raise Refusal("invalid")
        world = call.world
        if body.keys() <= plain:
            data = {**blank, **body}
        else:
            checks.traits(body, rows.writable, None)
            data = {**blank, **_accepted(body, rows)}
        if parents:
            data |= rows.parent_values(call)
        identifier = _chosen_id(data, rows, call) if chooses else None
        data = rows.kind.completed(data, world, identifier)
        for check in needed:
            check(data, world)
        row = add(data, world)
        if lost:
            call.state.table(world.tenant, resource.name).drop(row.id)
        return rows.one(row, world, rows.binding.success, values=call.values, also=rows.once)

    return perform


def _may_choose_id(rows: Rows) -> bool:
    """Whether a create may say which id the new row gets."""
    field = rows.resource.fields.get(rows.resource.id_field)
    return rows.resource.id_field in rows.writable and not (field and field.read_only)


def _chosen_id(data: Mapping[str, Any], rows: Rows, call: Call) -> Any:
    """The id that the client has chosen, unless it is taken; None lets the engine make one."""
    chosen = data.get(rows.resource.id_field)
    if chosen is None:
        return None
    if call.state.table(call.world.tenant, rows.resource.name).get(rows.resource.key(data)) is not None:
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
    conditions, success = rows.conditions, rows.binding.success

    def perform(call: Call) -> Response:
        leaked = rows.leaked(call, "leak-foreign-read")
        if leaked:
            return rows.one(leaked[0], leaked[1], success, values=call.values)
        known = rows.leaked(call, "tag-leaked")
        if known and conditions and (unchanged := conditions.unchanged(call.request, *known)):
            return unchanged
        row = rows.find(call)
        if conditions is not None and (unchanged := conditions.unchanged(call.request, row, call.world)):
            return unchanged
        return rows.one(row, call.world, success, values=call.values)

    return perform


def _updater(rows: Rows, *, replace: bool) -> Performer:
    resource, kind, keeper, checks = rows.resource, rows.kind, rows.keeper, rows.checks
    stuck = "updated-stuck" in rows.faults
    updated = [f.name for f in resource.fields.values() if f.generated == "updated" and not stuck]
    immutable = frozenset(f.name for f in resource.fields.values() if f.immutable)
    fixed = {*resource.within, resource.id_field} if resource.within else frozenset()
    effects, races = rows.effects, "race-on-row" in rows.faults

    def perform(call: Call) -> Response:
        row, world = rows.subject(call, "leak-foreign-write")
        if rows.conditions is not None:
            rows.conditions.demand(call.request, row, world)
        body = rows.given(call)
        rows.guard(row, world, None if replace else body)
        before = kind.full(row, world)
        body = rows.spelling.spelled_out(body, None if replace else before)
        changes = {name: value for name, value in _accepted(body, rows).items() if name not in fixed}
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
        if rows.faults:
            data = spoilt(data, row, changes, rows)
        data |= dict.fromkeys(updated, world.now())
        checks.references(data, changes, world)
        checks.rules("update", {**before, **changes}, world, before, changes)
        checks.unique(data, world)
        if effects is not None:
            further, made = effects.changes(call.body, {**before, **changes}, before, world)
            data |= further
            effects.store(made, world)
        if races:
            world.state.open_window()
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
        if name in row.data
        and (field.read_only or field.immutable or name not in rows.writable or name in rows.resource.within)
    }
    identifier = row.data.get(rows.resource.id_field)
    return rows.kind.filled({**fixed, **changes}, world, identifier=identifier)


def _deleter(rows: Rows) -> Performer:
    def perform(call: Call) -> Response:
        row, world = rows.subject(call, "leak-foreign-write")
        rows.guard(row, world)
        if rows.conditions is not None:
            rows.conditions.demand(call.request, row, world)
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
    acts = binding.effect or binding.prints or binding.through
    if binding.resource is None or (binding.kind is Kind.ACTION and not acts):
        return None
    if binding.resource.name not in keeper.kinds:
        return None  # an older version's operation on rows that nothing keeps any more
    rows = Rows(binding, binding.resource, contract, behaviour, keeper, faults)
    if binding.prints:
        return printing(rows)
    if binding.through is not None:
        return _checked(following(rows, binding.through), rows)
    if binding.kind is Kind.ACTION and rows.effects is not None:
        perform = acting(rows, rows.effects, binding.answers)
        if _HALF_DONE[Kind.ACTION] in faults:
            free = Rows(binding, binding.resource, contract, behaviour, keeper, _UNCHECKED)
            assert free.effects is not None  # noqa: S101 - as above
            perform = _half_done(perform, acting(free, free.effects, binding.answers))
        return _checked(perform, rows)
    makers: Mapping[Kind, Callable[[], Performer]] = {
        Kind.LIST: lambda: lister(rows),
        Kind.CREATE: lambda: _creator(rows),
        Kind.READ: lambda: _reader(rows),
        Kind.UPDATE: lambda: _updater(rows, replace=False),
        Kind.REPLACE: lambda: _updater(rows, replace=True),
        Kind.DELETE: lambda: _deleter(rows),
    }
    perform = makers[binding.kind]()
    if _HALF_DONE.get(binding.kind) in faults:
        lenient = performer_for(binding, contract, behaviour, keeper, _UNCHECKED)
        perform = _half_done(perform, lenient) if lenient else perform
    return perform if rows.showing.plain else _checked(perform, rows)


#: The faults by which writes are refused and done all the same, and those that take the checks out of the way.
_HALF_DONE = {
    Kind.CREATE: "refused-create-kept",
    Kind.UPDATE: "refused-update-kept",
    Kind.REPLACE: "refused-update-kept",
    Kind.ACTION: "refused-action-kept",
}
_UNCHECKED = frozenset(
    {
        "rule-ignored",
        "dangling-reference-accepted",
        "unique-ignored",
        "transition-unchecked",
        "action-unchecked",
    }
)


def _half_done(perform: Performer, lenient: Performer) -> Performer:
    """A fault: a request that a check refuses is done by a performer without the checks, and refused after that."""

    def performed(call: Call) -> Response:
        try:
            return perform(call)
        except Refusal:
            with suppress(Refusal):
                lenient(call)
            raise

    return performed


def _checked(perform: Performer, rows: Rows) -> Performer:
    """The performer, which does nothing for a request that asks to be shown what cannot be."""

    def performed(call: Call) -> Response:
        rows.showing.check(call.values)
        return perform(call)

    return performed
