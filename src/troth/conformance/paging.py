"""Walking lists: page by page, whatever the style, without trusting what the pages say about each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from troth.behaviour.model import Binding, Pagination
from troth.conformance.exchanges import Exchange
from troth.conformance.relating import Related, Walked
from troth.conformance.verdicts import Inconclusive
from troth.contract.pointers import join

__all__ = [
    "cursor_of",
    "few_like",
    "holds_slot",
    "is_cut",
    "items_of",
    "link_of",
    "path_to",
    "pointer_of",
    "related",
    "slot_of",
    "walk",
    "walked",
]

_MOST_PAGES = 80
#: No server's own limit of a page is below it.
_SHORT = 10
_ABSENT: Any = object()
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r"rel=\"?([^\";,]+)", re.IGNORECASE)

Turn = Callable[[Sequence[tuple[str, Any]]], Exchange]
"""Sends one list request with the paging parameters given."""


def path_to(template: Any, slot: str) -> tuple[str, ...] | None:
    """The members that lead to a slot of an envelope; None where it has no such slot."""
    if template == slot:
        return ()
    if isinstance(template, Mapping):
        for key, inner in template.items():
            below = path_to(inner, slot)
            if below is not None:
                return (str(key).removesuffix("?"), *below)
    return None


def holds_slot(binding: Binding, slot: str) -> bool:
    """Whether the envelope of a list has a slot such as ``total``."""
    return path_to(binding.envelope, f"${slot}") is not None


def pointer_of(binding: Binding, slot: str) -> str | None:
    """Where answers have a slot of the envelope, as a JSON pointer; None when they have none."""
    if binding.envelope is None:
        return "" if slot == "items" else None
    path = path_to(binding.envelope, f"${slot}")
    return None if path is None else join("", *path)


def slot_of(binding: Binding, exchange: Exchange, slot: str) -> Any:
    """What an answer says under an envelope slot such as ``total``; None when it has none."""
    path = (
        path_to(binding.envelope, f"${slot}")
        if binding.envelope is not None
        else ()
        if slot == "items"
        else None
    )
    if path is None:
        return None
    value = exchange.json
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def link_of(binding: Binding, exchange: Exchange, relation: str) -> str | None:
    """Where an answer says another page is: in a slot of its envelope, or in ``Link`` (RFC 8288)."""
    slot = {"next": "nextLink", "prev": "previousLink"}[relation]
    found = slot_of(binding, exchange, slot) if holds_slot(binding, slot) else None
    if found is None and binding.pagination is not None and binding.pagination.link_header:
        found = _linked(exchange.header("link") or "", relation)
    return None if found is None else urljoin(exchange.url, str(found))


def _linked(header: str, relation: str) -> str | None:
    for target, parameters in _LINK.findall(header):
        rels = _REL.search(parameters)
        if rels and relation in rels[1].lower().split():
            return str(target)
    return None


def cursor_of(binding: Binding, exchange: Exchange) -> str | None:
    """The text from which a list goes on: in its own slot, or within the link to the next page."""
    if holds_slot(binding, "nextCursor"):
        told = slot_of(binding, exchange, "nextCursor")
        return None if told is None else str(told)
    link = link_of(binding, exchange, "next")
    name = binding.pagination.cursor if binding.pagination else ""
    return dict(parse_qsl(urlsplit(link).query)).get(name) if link else None


def items_of(binding: Binding, exchange: Exchange) -> list[Mapping[str, Any]]:
    """The rows of one page. Raises Inconclusive when the answer is no list."""
    if not exchange.ok:
        raise Inconclusive(f"{exchange.method} {exchange.url} answers {exchange.status}")
    found = slot_of(binding, exchange, "items")
    if not isinstance(found, list):
        raise Inconclusive(f"{exchange.method} {exchange.url} answers no list of rows")
    return found


def walk(
    binding: Binding, turn: Turn, size: int | None = None
) -> tuple[list[Mapping[str, Any]], list[Exchange]]:
    """All rows, page by page, and the exchanges. Stops at a page that is short, empty or without a next cursor."""
    paging = binding.pagination
    if paging is None or paging.style == "none":
        only = turn(())
        return items_of(binding, only), [only]
    wanted = size or paging.max_size or paging.default_size
    rows: list[Mapping[str, Any]] = []
    exchanges: list[Exchange] = []
    position: Any = paging.first
    for _page in range(_MOST_PAGES):
        exchange = turn(_parameters(paging, position, wanted))
        exchanges.append(exchange)
        found = items_of(binding, exchange)
        rows += found
        position = _next(binding, paging, exchange, position, len(found))
        if not found or position is None or not paging.position or _is_last(binding, exchange, rows, wanted):
            break
    return rows, exchanges


def is_cut(binding: Binding, count: int) -> bool:
    """Whether a list may have more rows than were seen: nothing asks for another page, and the one seen may be full."""
    paging = binding.pagination
    return bool(paging and paging.size and not paging.position and count >= min(paging.default_size, _SHORT))


def _parameters(paging: Pagination, position: Any, size: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [(paging.size, size)] if paging.size else []
    first = paging.style == "cursor" and position == paging.first
    return found if first or not paging.position else [*found, (paging.position, position)]


def _is_last(binding: Binding, exchange: Exchange, rows: Sequence[Any], size: int) -> bool:
    """Whether a short page ends the walk: not while the total promises more (the size may have been ignored)."""
    if binding.pagination is None or binding.pagination.style == "cursor":
        return False
    total = slot_of(binding, exchange, "total")
    short = len(items_of(binding, exchange)) < size
    return short and not (isinstance(total, int) and len(rows) < total)


def _next(binding: Binding, paging: Pagination, exchange: Exchange, position: Any, count: int) -> Any:
    if paging.style == "cursor":
        return cursor_of(binding, exchange)
    return position + 1 if paging.style == "page" else position + count


def related(binding: Binding, name: str, roles: Mapping[str, Exchange | Walked], **facts: Any) -> Related:
    """A relation between lists of one operation: how its rows are told apart, and where a page has them."""
    about = {
        "items": pointer_of(binding, "items") or "",
        "id": binding.resource.id_field if binding.resource else "id",
    }
    return Related(name, roles, {**about, **facts})


def walked(
    binding: Binding, exchanges: Sequence[Exchange], rows: int | None = None, most: int | None = None
) -> Walked:
    """The walk that some exchanges are the pages of; other ``rows`` to a page and the ``most`` pages may be said."""
    paging = binding.pagination
    how: dict[str, Any] = {"items": pointer_of(binding, "items") or "", "style": "none"}
    how |= {"most": most} if most else {}
    if paging is None or paging.style == "none":
        return Walked(exchanges[0], how)
    asked = rows or exchanges[0].query.get(paging.size)
    places = {slot: pointer_of(binding, slot) for slot in ("nextCursor", "nextLink", "total")}
    how |= {"style": paging.style, "position": paging.position, "first": paging.first}
    how |= {"size": paging.size, "of": int(asked)} if paging.size and asked else {}
    if paging.style == "cursor":
        how |= {"next": places["nextCursor"] or places["nextLink"] or ""}
        how |= {} if places["nextCursor"] else {"link": True}
    elif places["total"]:
        how["total"] = places["total"]
    return Walked(exchanges[0], how)


def few_like(
    binding: Binding,
    pages: Sequence[Exchange],
    sent: Mapping[str, Any],
    shown: Mapping[str, Any],
    mark: str,
    most: int,
) -> Related | None:
    """No more than so many rows of a list have the marked words that a request sent; None where rows show none."""
    own = {n: v for n, v in sent.items() if isinstance(v, str) and mark in v and shown.get(n) == v}
    tests = [{"field": name, "op": "eq", "value": value} for name, value in own.items()]
    about = {"where": {"all": tests}, "most": most}
    return related(binding, "few", {"whole": walked(binding, pages)}, **about) if own else None


def linked(binding: Binding, first: Exchange) -> Walked:
    """The walk from a page to the end of its list, by the links to the next page."""
    how = {
        "items": pointer_of(binding, "items") or "",
        "style": "links",
        "next": pointer_of(binding, "nextLink") or "",
    }
    return Walked(first, {**how, "link": True})
