"""Pages: metamorphic, so no rows need to be known. The same list in pages of two sizes is the same list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from troth.behaviour.model import Binding, Kind, Pagination
from troth.conformance.assurances import assure
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import cursor_of, items_of, pointer_of, related, slot_of, walked
from troth.conformance.relating import Related, Walked
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = [
    "complete",
    "cursor",
    "filters_of",
    "has_more",
    "ids",
    "max_size",
    "size",
    "survivors",
    "undisturbed",
    "whole_list",
]

_ENOUGH = 3
_PAGES = 4


def whole_list(scene: Scene, binding: Binding) -> tuple[list[Row], list[Exchange]]:
    """The list in large pages, with at least three rows in it. Raises NotExercised."""
    rows, exchanges = scene.listed(binding, scene.owner)
    resource = binding.resource
    if (
        len(rows) < _ENOUGH
        and resource
        and scene.behaviour.binding(resource.name, Kind.CREATE)
        and not binding.parents
    ):
        for _ in range(_ENOUGH - len(rows)):
            scene.created(resource, scene.owner)
        rows, exchanges = scene.listed(binding, scene.owner)
    if len(rows) < _ENOUGH:
        raise NotExercised(f"the list has {len(rows)} rows and no way to get more; paging needs {_ENOUGH}")
    return rows, exchanges


def ids(binding: Binding, rows: Sequence[Row]) -> list[Any]:
    """What tells rows apart: their ids, or all that they show where that is not among it."""
    name = binding.resource.id_field if binding.resource else "id"
    return [row[name] if name in row else json.dumps(row, sort_keys=True) for row in rows]


def complete(scene: Scene, binding: Binding) -> None:
    """Every row once: no page loses or repeats one, and none but the last is short."""
    whole, large = whole_list(scene, binding)
    turned, exchanges = scene.listed(binding, scene.owner, size=scene.cut(len(whole)))
    expected, found = Counter(map(str, ids(binding, whole))), Counter(map(str, ids(binding, turned)))
    most = _deviating(binding, ids(binding, whole), exchanges)
    roles = {"whole": walked(binding, large), "other": walked(binding, exchanges, most=most)}
    relation = related(binding, "same-rows", roles, ordered=True, least=_ENOUGH)
    if expected == found:
        _in_order(binding, whole, turned, exchanges, relation)
        _filled(binding, exchanges)
        return
    lost, repeated = sorted(expected - found), sorted(found - expected)
    told = f"loses {len(lost)} and repeats {len(repeated)} of {len(whole)} rows"
    title = f"Walking in pages of {scene.cut(len(whole))} {told}"
    raise Violated(
        title,
        *exchanges[:3],
        lost=lost[:5],
        repeated=repeated[:5],
        deviation="missing" if lost else "extra",
        relation=relation,
    )


def _deviating(binding: Binding, whole: Sequence[Any], exchanges: Sequence[Exchange]) -> int:
    """How many pages there are up to the first that is not what the whole list has there, and one more."""
    found: list[Any] = []
    for number, exchange in enumerate(exchanges, 1):
        found += ids(binding, items_of(binding, exchange))
        if found != whole[: len(found)]:
            return number + 1
    return len(exchanges) + 1


def _in_order(
    binding: Binding,
    whole: Sequence[Row],
    turned: Sequence[Row],
    exchanges: Sequence[Exchange],
    relation: Related,
) -> None:
    """Smaller pages have the rows in the same order; without one no walk could be relied upon."""
    wanted, given = ids(binding, whole), ids(binding, turned)
    if wanted != given:
        at = next(index for index, pair in enumerate(zip(wanted, given, strict=True)) if pair[0] != pair[1])
        title = f"Walking in pages of {len(items_of(binding, exchanges[0]))} has another order from row {at + 1} on"
        raise Violated(
            title, *exchanges[:3], expected=wanted[at : at + 5], found=given[at : at + 5], deviation="order",
            relation=relation,
        )  # fmt: skip


def _filled(binding: Binding, exchanges: Sequence[Exchange]) -> None:
    """A page by number or offset is as long as the first, unless it is the last one with rows.

    A place in it that stays empty is that of a row which was left out after the list had been cut, and says so.
    """
    paging = binding.pagination
    if paging is None or paging.style not in ("page", "offset") or not paging.size:
        return
    counts = [len(items_of(binding, exchange)) for exchange in exchanges]
    while counts and not counts[-1]:
        counts.pop()
    for at, count in enumerate(counts[1:-1], 1):
        if count < counts[0]:
            title = f"Page {at + 1} has {count} rows instead of {counts[0]}, though more follow"
            relation = related(binding, "full-pages", {"whole": walked(binding, exchanges)}, least=_ENOUGH)
            raise Violated(title, *exchanges[at - 1 : at + 2], deviation="count", relation=relation)


def cursor(scene: Scene, binding: Binding) -> None:
    """Every row that was there at the beginning comes once, though another one is made on the way."""

    def made(turn: int, _page: Sequence[Row]) -> None:
        resource = binding.resource
        if turn == 1 and resource and scene.behaviour.binding(resource.name, Kind.CREATE):
            scene.created(resource, scene.owner)

    _walk(scene, binding, made)


def undisturbed(scene: Scene, binding: Binding) -> None:
    """The same while nothing happens."""
    _walk(scene, binding, lambda _turn, _page: None)


def survivors(scene: Scene, binding: Binding) -> None:
    """The row that the cursor stands behind goes, and the others come once."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only where rows can be deleted
    deleter = scene.operation(resource, Kind.DELETE)
    gone: list[str] = []

    def dropped(turn: int, page: Sequence[Row]) -> None:
        if turn <= _PAGES and not gone and page:
            identifier = page[-1][resource.id_field]
            if scene.call(scene.owner, deleter, identifier=identifier, row=page[-1]).ok:
                gone.append(str(identifier))

    for _ in range(_ENOUGH):
        scene.created(resource, scene.owner)
    try:
        _walk(scene, binding, dropped)
    except Violated:
        assure(scene, binding, undisturbed, "pagination.cursor")
        raise
    if not gone:
        raise Inconclusive("no row at the end of a page could be deleted")


def _walk(scene: Scene, binding: Binding, between: Callable[[int, Sequence[Row]], None]) -> None:
    """From cursor to cursor, with something done after each page."""
    whole, large = whole_list(scene, binding)
    paging = binding.pagination
    assert paging is not None  # noqa: S101 - as above
    found: list[Any] = []
    exchanges: list[Exchange] = []
    position: Any = None if paging.style == "cursor" else ""
    for turn in range(1, _PAGES + 4):
        query = [(paging.size, scene.cut(len(whole)))] if paging.size else []
        query += [] if position is None else [(paging.cursor, position)]
        exchange = scene.call(scene.owner, binding, query=query)
        exchanges.append(exchange)
        page = items_of(binding, exchange)
        found += ids(binding, page)
        position = cursor_of(binding, exchange)
        if position is None:
            break
        between(turn, page)
    counted = Counter(map(str, found))
    expected = Counter(map(str, ids(binding, whole)))
    lost = [one for one in expected if one not in counted]
    repeated = sorted(one for one, times in counted.items() if times > max(1, expected[one]))
    if lost or repeated or position is not None:
        title = (
            f"Walking by '{paging.cursor}' loses {len(lost)} and repeats {len(repeated)} of {len(whole)} rows"
        )
        raise Violated(
            title,
            *exchanges[:3],
            lost=lost[:5],
            repeated=repeated[:5],
            deviation="missing" if lost else "extra",
            relation=_broken_off(binding, large, exchanges, ids(binding, whole)),
        )


def _broken_off(
    binding: Binding, large: Sequence[Exchange], pages: Sequence[Exchange], order: Sequence[Any]
) -> Related | None:
    """The first page that does not go on, in the order of the whole list, where the one before it has ended."""
    for page, then in pairwise(pages):
        known = [one for one in ids(binding, items_of(binding, page)) if one in order]
        given = [one for one in ids(binding, items_of(binding, then)) if one in order]
        wanted = order[order.index(known[-1]) + 1 :] if known else []
        if known and (given != wanted[: len(given)] or (wanted and not given)):
            roles: dict[str, Exchange | Walked] = {
                "whole": walked(binding, large),
                "page": page,
                "then": then,
            }
            return related(binding, "follows", roles, least=_ENOUGH)
    return None


def size(scene: Scene, binding: Binding) -> None:
    """A page has exactly the rows that were asked for, and says so."""
    whole, large = whole_list(scene, binding)
    paging = binding.pagination
    assert paging is not None  # noqa: S101 - the clause exists only for paged lists
    for wanted in sorted({1, scene.cut(len(whole)), min(len(whole) - 1, paging.max_size or len(whole))}):
        exchange = scene.call(scene.owner, binding, query=[(paging.size, wanted)])
        found = items_of(binding, exchange)
        if len(found) != wanted:
            raise Violated(
                f"{paging.size}={wanted} gives {len(found)} rows",
                exchange,
                deviation="count",
                relation=related(
                    binding, "as-many", {"whole": walked(binding, large), "page": exchange},
                    size=wanted, least=wanted + 1,
                ),
            )  # fmt: skip
        told = slot_of(binding, exchange, "size")
        if told is not None and told != wanted:
            raise Violated(
                f"{paging.size}={wanted} is answered with a page size of {told}",
                exchange,
                deviation="value",
                relation=_said(binding, exchange, "size", wanted),
            )
    parameter = binding.operation.parameter("query", paging.size)
    if parameter is not None and parameter.required:
        return  # there is no page without it
    usual = scene.call(scene.owner, binding)
    for query in _spelled_out(paging):
        asked = scene.call(scene.owner, binding, query=query)
        if not asked.ok or ids(binding, items_of(binding, usual)) == ids(binding, items_of(binding, asked)):
            continue
        (name, value) = query[-1]
        title = f"Without '{name}' the page is not that of {name}={value}"
        relation = related(binding, "same-rows", {"whole": usual, "other": asked}, ordered=True, least=1)
        raise Violated(title, usual, asked, deviation="value", relation=relation)


def _spelled_out(paging: Pagination) -> Iterator[list[tuple[str, Any]]]:
    """What a list is asked for that says nothing about its page: the usual size, and from the beginning."""
    usual = [(paging.size, paging.default_size)]
    yield usual
    if paging.position and paging.style != "cursor":
        yield [*usual, (paging.position, paging.first)]


def _said(binding: Binding, exchange: Exchange, slot: str, right: Any) -> Related:
    """What a page must say under a slot of its envelope, whatever rows it has."""
    return related(binding, "says", {"answer": exchange}, at=pointer_of(binding, slot) or "", right=right)


def max_size(scene: Scene, binding: Binding) -> None:
    """One more than the maximum is refused, or cut down to it, as the contract says; so is 0 where it means that."""
    paging = binding.pagination
    assert paging is not None  # noqa: S101 - as above
    assert paging.max_size is not None  # noqa: S101 - the clause exists only with a maximum
    if paging.zero == "max":
        nothing = scene.call(scene.owner, binding, query=[(paging.size, 0)])
        if nothing.ok and slot_of(binding, nothing, "size") not in (None, paging.max_size):
            told = slot_of(binding, nothing, "size")
            raise Violated(
                f"{paging.size}=0 is answered with a page size of {told}",
                nothing,
                deviation="value",
                relation=_said(binding, nothing, "size", paging.max_size),
            )
        _all_of_them(binding, nothing, paging.max_size)
    exchange = scene.call(scene.owner, binding, query=[(paging.size, paging.max_size + 1)])
    if paging.oversize == "reject":
        if exchange.ok:
            if scene.call(scene.owner, binding, query=[(paging.size, "many")]).ok:
                raise Inconclusive(f"any '{paging.size}' is accepted, even one that is no number")
            raise Violated(
                f"{paging.size}={paging.max_size + 1} is accepted, the maximum is {paging.max_size}", exchange
            )
        return
    told, found = slot_of(binding, exchange, "size"), items_of(binding, exchange)
    if len(found) > paging.max_size or (isinstance(told, int) and told > paging.max_size):
        relation = related(binding, "at-most", {"page": exchange}, size=paging.max_size)
        if len(found) <= paging.max_size:
            relation = _said(binding, exchange, "size", paging.max_size)
        raise Violated(f"A page of more than {paging.max_size} rows is given", exchange, relation=relation)
    if len(found) < paging.max_size and not isinstance(told, int):
        raise NotExercised(f"the list has fewer than {paging.max_size} rows, so the maximum cannot be seen")


def _all_of_them(binding: Binding, exchange: Exchange, most: int) -> None:
    """A page that is as large as pages get has all rows, or as many as fit in."""
    total = slot_of(binding, exchange, "total") if exchange.ok else None
    if isinstance(total, int) and len(items_of(binding, exchange)) != min(total, most):
        title = f"A page of at most {most} rows has {len(items_of(binding, exchange))} of {total}"
        raise Violated(title, exchange, deviation="count")


def filters_of(binding: Binding, whole: Sequence[Row]) -> Iterator[tuple[str, Any, list[Row]]]:
    """Filters with a value for which some rows are kept but not all, and those rows."""
    for one in binding.filters:
        if one.op != "eq" or one.where or one.separator:
            continue
        for value in {
            str(row[one.field]): row[one.field] for row in whole if _is_plain(row.get(one.field))
        }.values():
            kept = [row for row in whole if row.get(one.field) == value]
            if 1 < len(kept) < len(whole):
                yield one.parameter, value, kept


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def has_more(scene: Scene, binding: Binding) -> None:
    """True on the first of several pages, false on the page that has the last row, though it be full."""
    whole, pages = whole_list(scene, binding)
    paging = binding.pagination
    assert paging is not None  # noqa: S101 - as above
    first = (
        scene.call(scene.owner, binding, query=[(paging.size, scene.cut(len(whole)))])
        if paging.size
        else pages[0]
    )
    seen = len(items_of(binding, first))
    told = slot_of(binding, first, "hasMore")
    if seen < len(whole) and told is not True:
        raise Violated(
            f"After {seen} of {len(whole)} rows the flag for a next page is {told}",
            first,
            deviation="value",
            relation=_flagged(binding, first),
        )
    last = next(page for page in reversed(pages) if items_of(binding, page))
    if paging.size and len(whole) <= (paging.max_size or len(whole)):
        full = scene.call(scene.owner, binding, query=[(paging.size, len(whole))])
        last = full if len(items_of(binding, full)) == len(whole) else last
    if (told := slot_of(binding, last, "hasMore")) is not False:
        raise Violated(
            f"After the last of {len(whole)} rows the flag for a next page is {told}",
            last,
            deviation="value",
            relation=_flagged(binding, pages[0] if last in pages else last, None if last in pages else 1),
        )


def _flagged(binding: Binding, page: Exchange, rows: int | None = None) -> Related:
    """Each page of a walk says whether more follow; pages of one row are full up to the last."""
    return related(
        binding,
        "more",
        {"whole": walked(binding, [page], rows)},
        at=pointer_of(binding, "hasMore"),
        least=_ENOUGH,
    )
