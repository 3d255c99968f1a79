"""Lists: the rows that a request may see, filtered, ordered, cut into a page and put into the envelope."""

from __future__ import annotations

from typing import Any

from troth.engine.calls import Call, Performer, Rows, belongs
from troth.engine.filtering import FilterSet
from troth.engine.listing import Page, Pager
from troth.engine.messages import Response, dump
from troth.engine.state import Row

__all__ = ["lister"]

_JSON = (b"content-type", b"application/json")
_PAGES = 64


def lister(rows: Rows) -> Performer:
    binding, resource, kind = rows.binding, rows.resource, rows.kind
    filters = FilterSet(binding.filters, resource)
    assert binding.pagination is not None or binding.envelope is None  # noqa: S101 - inference guarantees it
    pager = Pager(binding.pagination, rows.faults) if binding.pagination else None
    plain = not (binding.parents or binding.where or resource.order or rows.faults)
    plain = plain and rows.query is None and rows.sight.same

    def perform(call: Call) -> Response:
        """An unfiltered page is rendered once and kept until a row changes (or the day, where rows depend on it)."""
        world = call.world
        page = pager.page(call.values) if pager else None
        asked = rows.showing.key(call.values) if plain else None
        if asked is None or filters.used(call.values):
            return Response(binding.success, [_JSON], render(call, page))
        rendered = call.state.table(world.tenant, resource.name).rendered
        key = (binding.id, page, world.today() if kind.daily else "", asked)
        body = rendered.get(key)
        if body is None:
            if len(rendered) >= _PAGES:
                rendered.clear()
            body = rendered[key] = render(call, page)
        return Response(binding.success, [_JSON], body)

    def render(call: Call, page: Page | None) -> bytes:
        found = _candidates(rows, call, filters)
        page, chosen = pager.cut(page, found) if pager else (None, found)
        items = rows.showing.items(resource.name, chosen, call.world, call.values)
        if pager is None:
            return dump(items)
        asked = filters.asked(call.values) if pager.echoes else {}
        return dump(pager.render(items, page, len(found), asked | pager.pointer(page, chosen, len(found))))

    return perform


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
        found = [row for row in found if all(belongs(row.data.get(k), str(v)) for k, v in parents.items())]
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


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value))
