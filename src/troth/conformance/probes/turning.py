"""Turning pages: by links, by cursors that nobody gave, and to where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from troth.behaviour.model import Binding, Pagination
from troth.conformance.assurances import assure
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import items_of, link_of, linked, related, walked
from troth.conformance.probes.pagination import filters_of, ids, undisturbed, whole_list
from troth.conformance.relating import Walked
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["links", "max_offset", "past_end", "unknown_cursor"]

_ENOUGH = 3
#: Pages, or rows, that no list has.
_FAR = 10_000

Query = Sequence[tuple[str, Any]]


def _paging(binding: Binding) -> Pagination:
    assert binding.pagination is not None  # noqa: S101 - the clauses exist only for paged lists
    return binding.pagination


def links(scene: Scene, binding: Binding) -> None:
    """From link to link every row comes once, under a filter too; and back from the second page to the first."""
    whole, large = whole_list(scene, binding)
    paging = _paging(binding)
    _follow(scene, binding, _sized(scene, paging, whole), whole, walked(binding, large))
    for name, value, kept in filters_of(binding, whole):
        plainly = scene.call(scene.owner, binding, query=[(name, value)])
        if sorted(map(str, ids(binding, items_of(binding, plainly)))) == sorted(map(str, ids(binding, kept))):
            narrow = scene.listed(binding, scene.owner, query=[(name, value)])[1]
            _follow(
                scene, binding, [*_sized(scene, paging, kept), (name, value)], kept, walked(binding, narrow)
            )
            break  # a filter that keeps other rows is none of the links' business


def _sized(scene: Scene, paging: Pagination, rows: Sequence[Row]) -> list[tuple[str, Any]]:
    """A page size that cuts rows into a few pages."""
    return [(paging.size, scene.cut(len(rows)))] if paging.size else []


def _follow(scene: Scene, binding: Binding, query: Query, expected: Sequence[Row], whole: Walked) -> None:
    """Every page by its link, to the last one, which has none."""
    pages = [scene.call(scene.owner, binding, query=query)]
    by_link = linked(binding, pages[0])
    beyond = related(binding, "no-empty-page", {"whole": by_link}, least=1)
    roles = {"whole": whole, "other": by_link}
    found = [*items_of(binding, pages[0])]
    while (link := link_of(binding, pages[-1], "next")) is not None:
        if not items_of(binding, pages[-1]) or len(pages) > len(expected):
            raise Violated(
                "The last page still has a link to a next one",
                *pages[-2:],
                deviation="extra",
                relation=beyond,
            )
        pages.append(_linked(scene, binding, link))
        _as_long(binding, query, pages)
        found += items_of(binding, pages[-1])
    if not items_of(binding, pages[-1]) and len(pages) > 1:
        title = "A link leads to a page without rows"
        raise Violated(title, *pages[-2:], deviation="extra", relation=beyond)
    wanted, given = ids(binding, expected), ids(binding, found)
    if sorted(map(str, given)) != sorted(map(str, wanted)):
        if _paging(binding).cursor and len(set(map(str, given))) < len(given):
            assure(scene, binding, undisturbed, "pagination.cursor")
        told = f"{len(given)} rows instead of {len(wanted)}"
        raise Violated(
            f"Following the links to the next page gives {told}",
            *pages[:3],
            deviation="value",
            relation=related(binding, "same-rows", roles, least=_ENOUGH),
        )
    rows = dict(zip(map(str, wanted), expected, strict=True))
    if any(row.keys() != rows[str(one)].keys() for one, row in zip(given, found, strict=True)):
        raise Violated(
            "Rows behind a link have other members than were asked for",
            *pages[:3],
            deviation="value",
            relation=related(binding, "members", roles, least=_ENOUGH),
        )
    if len(pages) > 1 and (back := link_of(binding, pages[1], "prev")) is not None:
        before = _linked(scene, binding, back)
        if ids(binding, items_of(binding, before)) != ids(binding, items_of(binding, pages[0])):
            raise Violated(
                "The link to the previous page leads elsewhere",
                pages[0],
                pages[1],
                before,
                deviation="value",
            )


def _as_long(binding: Binding, query: Query, pages: Sequence[Exchange]) -> None:
    """A page behind a link is no longer than was asked for at the beginning."""
    size, count = dict(query).get(_paging(binding).size), len(items_of(binding, pages[-1]))
    if size is not None and count > int(size):
        title = f"A link leads to a page of {count} rows, though {size} were asked for"
        raise Violated(title, *pages[-2:], deviation="count")


def _linked(scene: Scene, binding: Binding, link: str) -> Exchange:
    """The page at an address, asked for as it stands there."""
    address = urlsplit(link)
    if not address.path.endswith(scene.path(binding).partition("?")[0]):
        raise Violated(f"A link leads to {address.path}, which is not the list", deviation="value")
    pairs = parse_qsl(address.query, keep_blank_values=True)
    return scene.call(scene.owner, binding, query=pairs, plain=False)


def unknown_cursor(scene: Scene, binding: Binding) -> None:
    """Texts that the list has not given: a word, and half of something."""
    paging = _paging(binding)
    for text in (f"no-such-{scene.nonce}", "%%%", "e30"):
        exchange = scene.call(scene.owner, binding, query=[(paging.cursor, text)])
        if exchange.broken:
            raise Inconclusive(f"{paging.cursor}={text} answers {exchange.status}")
        if exchange.ok:
            raise Violated(
                f"{paging.cursor}={text} is accepted, though the list has never given it", exchange
            )


def past_end(scene: Scene, binding: Binding) -> None:
    """The page behind the last one has no rows, and is no error."""
    whole, _ = whole_list(scene, binding)
    paging = _paging(binding)
    size = scene.cut(len(whole))
    position = -(-len(whole) // size) + paging.first + 1 if paging.style == "page" else len(whole) + size
    if paging.max_offset is not None and len(whole) > paging.max_offset:
        raise Inconclusive("the list is longer than pages can reach")
    query = [*([(paging.size, size)] if paging.size else []), (paging.position, position)]
    exchange = scene.call(scene.owner, binding, query=query)
    if exchange.broken:
        raise Inconclusive(f"{paging.position}={position} answers {exchange.status}")
    if not exchange.ok:
        shown = exchange
        with suppress(
            Inconclusive, NotExercised
        ):  # farther on there is nothing on a server with more rows, either
            far = scene.call(scene.owner, binding, query=[*query[:-1], (paging.position, position + _FAR)])
            shown = far if far.status == exchange.status and paging.max_offset is None else exchange
        raise Violated(f"The page behind the last of {len(whole)} rows answers {exchange.status}", shown)
    if paging.size and items_of(binding, exchange):
        raise Violated(
            f"The page behind the last of {len(whole)} rows has rows",
            exchange,
            deviation="extra",
        )


def max_offset(scene: Scene, binding: Binding) -> None:
    """A page that begins farther away is refused; the farthest one is not."""
    paging = _paging(binding)
    assert paging.max_offset is not None  # noqa: S101 - the clause exists only with one
    wanted = scene.kind("out-of-reach").status
    farthest = paging.max_offset
    if paging.style == "page":
        farthest = paging.max_offset // (paging.max_size or paging.default_size) + paging.first
    size = [(paging.size, paging.max_size or paging.default_size)] if paging.size else []
    for position, is_refused in ((farthest, False), (farthest + 1, True)):
        exchange = scene.call(scene.owner, binding, query=[*size, (paging.position, position)])
        if exchange.broken or (not is_refused and not exchange.ok):
            raise Inconclusive(f"{paging.position}={position} answers {exchange.status}")
        if is_refused and exchange.status != wanted:
            title = f"{paging.position}={position} answers {exchange.status} instead of {wanted}"
            raise Violated(title, exchange)
