"""Lists: the rows that a request may see, filtered, ordered, cut into a page and put into the envelope."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from troth.behaviour.expressions import Expression
from troth.engine.calls import Call, Performer, Rows, belongs
from troth.engine.faults import FAULTS
from troth.engine.filtering import FilterSet
from troth.engine.listing import Page, Pager
from troth.engine.messages import Response, dump
from troth.engine.querying import Look
from troth.engine.rows import RowKind
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["lister"]

_PAGES = 64
_Headers = tuple[tuple[bytes, bytes], ...]


def lister(rows: Rows) -> Performer:
    binding, resource, kind = rows.binding, rows.resource, rows.kind
    filters = FilterSet(binding.filters, resource, rows.faults)
    assert binding.pagination is not None or binding.envelope is None  # noqa: S101 - inference guarantees it
    path = binding.operation.path
    pager = Pager(binding.pagination, rows.faults, path) if binding.pagination else None
    linked = pager is not None and pager.linker.active
    # What is derived from the contract is bent before anything is compiled: it is rendered like the right thing.
    plain = not (binding.parents or binding.where or resource.order or rows.faults & FAULTS.keys())
    plain = plain and rows.query is None and rows.sight.same

    def perform(call: Call) -> Response:
        """An unfiltered page is rendered once and kept until a row changes (or the day, where rows depend on it)."""
        world = call.world
        page = pager.page(call.values) if pager else None
        asked = rows.showing.key(call.values) if plain else None
        if asked is None or filters.used(call.values):
            headers, body = render(call, page)
            return Response(binding.success, [*headers], body)
        rendered = call.state.table(world.tenant, resource.name).rendered
        key = (binding.id, page, world.today() if kind.daily else "", asked, _place(call) if linked else None)
        answer = rendered.get(key)
        if answer is None:
            if len(rendered) >= _PAGES:
                rendered.clear()
            answer = rendered[key] = render(call, page)
        return Response(binding.success, [*answer[0]], answer[1])

    def render(call: Call, page: Page | None) -> tuple[_Headers, bytes]:
        found = _candidates(rows, call, filters)
        page, found, extra = _placed(rows, call, page, found, pager)
        found = _ordered(rows, call, found, later=page is not None and page.start > 0)
        page, chosen, total = pager.cut(page, found, extra=extra) if pager else (None, found, 0)
        items = rows.showing.items(resource.name, chosen, call.world, call.values)
        if "write-only-listed" in rows.faults:
            items = [
                rows.unveiled(orjson.loads(dump(item)), row) for item, row in zip(items, chosen, strict=True)
            ]
        if pager is None:
            return (rows.json,), dump(items)
        slots = filters.asked(call.values) if pager.echoes else {}
        slots |= pager.pointer(page, chosen, total)
        slots |= _miscounted(rows, call, total) if rows.faults else {}
        headers: _Headers = (rows.json,)
        if linked:
            urls = pager.links(call.request, page, chosen, total)
            slots |= pager.linker.slots(urls)
            headers += pager.linker.header(urls)
        if pager.cursors:
            call.state.table(call.world.tenant, resource.name).watch()
        return headers, dump(pager.render(items, page, total, slots))

    return _stale(perform, resource.name) if "list-stale" in rows.faults else perform


def _stale(perform: Performer, name: str) -> Performer:
    """The same answer as before while there are as many rows; only a fault wants that."""
    known: dict[Any, Response] = {}

    def performed(call: Call) -> Response:
        table, request = call.state.table(call.world.tenant, name), call.request
        key = (id(call.state), call.principal.secret, request.path, request.query, len(table.shown()))
        first = known.setdefault(key, perform(call))
        return Response(first.status, [*first.headers], first.body)

    return performed


def _miscounted(rows: Rows, call: Call, total: int) -> dict[str, int]:
    """The slot of the total as faults make it."""
    counted = [(tenant, t) for (tenant, name), t in call.state.tables.items() if name == rows.resource.name]
    rules = rows.sight.rules
    if "hidden-counted" in rows.faults and rules is not None:
        own = call.state.table(call.world.tenant, rows.resource.name).shown()
        plain = total == len(rules.listed(own, call.world, filtering=False))
        return {"total": len(own)} if plain else {}
    if "deleted-counted" in rows.faults:
        return {"total": total + len(call.state.gone.get((call.world.tenant, rows.resource.name), ()))}
    if "leak-foreign-total" in rows.faults:
        return {"total": total + sum(len(t.shown()) for tenant, t in counted if tenant != call.world.tenant)}
    if "total-unfiltered" in rows.faults:
        return {
            "total": max(total, *(len(t.shown()) for tenant, t in counted if tenant == call.world.tenant))
        }
    return {}


def _place(call: Call) -> tuple[str, ...]:
    """What links depend on beside the page."""
    request = call.request
    return request.scheme, request.headers.get("host", ""), request.path, request.query


def _placed(
    rows: Rows, call: Call, page: Page | None, found: list[Row], pager: Pager | None
) -> tuple[Page | None, list[Row], bool]:
    """The rows of a list with the one that a cursor names where it belongs, should it be there no longer."""
    if page is None or not page.after or pager is None or any(row.id == page.after for row in found):
        return page, found, False
    standing = call.state.table(call.world.tenant, rows.resource.name).standing(page.after)
    if standing is None:
        return pager.lost(page.size), found, False
    row, before = standing
    at = next((index for index, one in enumerate(found) if one.id not in before), len(found))
    return page, [*found[:at], row, *found[at:]], True


def _candidates(rows: Rows, call: Call, filters: FilterSet) -> list[Row]:
    """The rows of a list before paging: the tenant's visible ones, below the parents, filtered; as they were made."""
    kind, world = rows.kind, call.world
    table = call.state.table(world.tenant, rows.resource.name)
    found = list(table.all()) if "hidden-shown" in rows.faults else table.shown()
    rules, look = rows.sight.rules, _look(rows, world)
    used = filters.used(call.values) or (rows.query is not None and rows.query.used(call.values))
    if rules is not None:
        found = rules.listed(found, world, filtering=used)
    if "deleted-found" in rows.faults and filters.used(call.values):
        found = [*found, *call.state.gone.get((world.tenant, rows.resource.name), ())]
    if _leaks(rows, call, filters):
        found = [
            r for (_, name), t in call.state.tables.items() if name == rows.resource.name for r in t.shown()
        ]
    parents = rows.parent_values(call)
    if parents and "parent-ignored" not in rows.faults:
        above, known = [(p, str(parents[p.field])) for p in rows.binding.parents], rows.keeper.kinds
        found = [row for row in found if all(belongs(row.data, *one, known) for one in above)]
    where = rows.binding.where
    if where is not None and "where-ignored" not in rows.faults:
        asked = {"query": {name: value for (place, name), value in call.values.items() if place == "query"}}
        found = _satisfying(where, found, kind, world, asked)
    if "shared-apart" in rows.faults and rows.resource.shared:
        first = min(tenant for tenant, _ in call.state.tables if tenant)
        found = found if world.tenant == first else found[1:]
    predicate = None if "filter-ignored" in rows.faults else filters.predicate(call.values)
    if predicate is not None:
        found = [row for row in found if predicate(look(row, world))]
        if "filter-drops-row" in rows.faults:
            found = found[1:]
    return rows.query.chosen(found, look, call.values, world) if rows.query else found


def _satisfying(
    where: Expression, found: list[Row], kind: RowKind, world: TenantWorld, asked: Mapping[str, Any]
) -> list[Row]:
    """The rows for which a condition holds; all or none of them where what is asked says that already."""
    every = where.everywhere(world, asked)
    if every is not None:
        return found if every is True else []
    reads = where.reads
    return [row for row in found if where.holds(kind.members(row, world, reads), world, asked)]


def _leaks(rows: Rows, call: Call, filters: FilterSet) -> bool:
    """Whether a fault lets other tenants' rows into a list that is asked for like this."""
    conditioned = rows.query is not None and rows.query.used(call.values)
    filtered = filters.used(call.values)
    return (
        "leak-foreign-list" in rows.faults
        or ("leak-foreign-below" in rows.faults and (bool(rows.binding.parents) or filtered or conditioned))
        or ("leak-foreign-condition" in rows.faults and conditioned)
    )


def _ordered(rows: Rows, call: Call, found: list[Row], *, later: bool = False) -> list[Row]:
    """The rows in the order of the resource, or in the one that is asked for."""
    if later and "ties-turned" in rows.faults and rows.query is not None and rows.query.sorted(call.values):
        found = [*reversed(found)]
    world, look = call.world, _look(rows, call.world, withheld="hidden-sorted" not in rows.faults)
    fields, whole = rows.resource.fields, look == rows.kind.view

    def rank(row: Row, name: str) -> tuple[int, Any]:
        beyond = whole or name not in fields or fields[name].hidden
        return _sortable((row.data if beyond else look(row, world)).get(name))

    for name, descending in reversed(rows.resource.order):
        found = sorted(found, key=partial(rank, name=name), reverse=descending)
    if rows.query:
        found = rows.query.ordered(found, look, call.values, world)
    asked = rows.query is not None and rows.query.sorted(call.values)
    return [*reversed(found)] if "list-reversed" in rows.faults and not asked else found


def _look(rows: Rows, world: TenantWorld, *, withheld: bool = True) -> Look:
    """What filters and sorting may see of a row, in the version of the request."""
    rules, translation = rows.sight.rules if withheld else None, rows.translation
    look = rules.searchable if rules is not None and rules.applies(world) else rows.kind.view
    if translation is None or not translation.differs:
        return look
    return lambda row, world: translation.view(look(row, world), row, world)


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value))
