"""Pagination and list envelopes: from the parameters and the response schema, bent by declared profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Pagination, plain
from troth.behaviour.resources import nullable
from troth.behaviour.shapes import list_form, response_media
from troth.contract.model import Contract, Operation, Parameter
from troth.contract.pointers import join
from troth.errors import BehaviourError, did_you_mean

__all__ = ["narrows_nothing", "pagination_of"]

# Names are compared without case and punctuation: page_size, pageSize and PageSize are one.
_SIZES = ("pagesize", "perpage", "limit", "size", "count", "maxresults", "maxitems", "first", "top")
_PAGES = ("page", "pagenumber", "pageno")
_OFFSETS = ("offset", "skip", "start")
_CURSORS = (
    "cursor",
    "pagetoken",
    "startingafter",
    "after",
    "nexttoken",
    "continuationtoken",
    "continuation",
    "marker",
)
_QUERYING = ("sort", "order", "sortby", "fields", "expand")
_NEVER_FILTERS = frozenset((*_SIZES, *_PAGES, *_OFFSETS, *_CURSORS, *_QUERYING))

#: Property names of list envelopes and what they hold.
_SLOTS: Mapping[str, str] = {
    **dict.fromkeys(("page", "currentpage", "pagenumber"), "$page"),
    **dict.fromkeys(("pagesize", "perpage", "limit", "size"), "$size"),
    **dict.fromkeys(("total", "totalcount", "totalitems", "totaldocs", "totalresults"), "$total"),
    **dict.fromkeys(("totalpages", "pages", "pagecount", "lastpage"), "$pages"),
    **dict.fromkeys(("hasmore", "hasnext", "hasnextpage"), "$hasMore"),
    **dict.fromkeys(("hasprev", "hasprevpage", "hasprevious"), "$hasPrevious"),
    **dict.fromkeys(("offset", "skip"), "$offset"),
    **dict.fromkeys(("count",), "$count"),
    **dict.fromkeys(
        ("nextcursor", "nextpagetoken", "nexttoken", "nextmarker", "continuationtoken"), "$nextCursor"
    ),
    **dict.fromkeys(("nextpage",), "$nextPage"),
    **dict.fromkeys(("prevpage", "previouspage"), "$previousPage"),
}


#: What the next cursor is called among cursors.
_NEXT = frozenset({"next", "after", "end"})


def narrows_nothing(parameter: str) -> bool:
    """Whether a query parameter pages, orders or projects by its name, and so never filters."""
    return plain(parameter) in _NEVER_FILTERS


#: Property names that hold the address of another page where their values are URLs.
_LINKS: Mapping[str, str] = {
    **dict.fromkeys(("next", "nextUrl", "next_url", "nextLink", "next_link", "@odata.nextLink"), "$nextLink"),
    **dict.fromkeys(
        ("previous", "prev", "previousUrl", "previous_url", "prev_url", "prevLink"), "$previousLink"
    ),
    **dict.fromkeys(("first", "firstUrl", "first_url"), "$firstLink"),
    **dict.fromkeys(("last", "lastUrl", "last_url"), "$lastLink"),
}


def _named(operation: Operation, names: tuple[str, ...]) -> Parameter | None:
    asked = {plain(p.name): p for p in operation.parameters if p.location == "query"}
    return next((asked[name] for name in names if name in asked), None)


def _style(operation: Operation, given: Mapping[str, Any]) -> tuple[Any, str, str]:
    size = str(given.get("size") or getattr(_named(operation, _SIZES), "name", ""))
    if given.get("style"):
        return given["style"], str(given.get("position", "page")), size
    for style, names in (("page", _PAGES), ("offset", _OFFSETS), ("cursor", _CURSORS)):
        if found := _named(operation, names):
            return style, found.name, size
    return ("offset", "", size) if size else ("none", "", "")


def _profile(contract: Contract, operation: Operation) -> tuple[str, Mapping[str, Any]]:
    profiles = contract.extension.get("pagination") or {}
    name = operation.extension.get("pagination", "default")
    if name not in profiles and name != "default":
        at = join(operation.pointer, "x-behaviour", "pagination")
        raise BehaviourError(
            f"unknown pagination profile {name!r}.{did_you_mean(name, profiles)}", contract.locate(at)
        )
    return str(name), profiles.get(name) or {}


def _bound(parameter: Parameter | None, key: str) -> int | None:
    value = parameter.schema.get(key) if parameter and isinstance(parameter.schema, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _template(contract: Contract, pointer: str, rows: str, depth: int = 0, *, cursors: bool = False) -> Any:
    """An envelope template from a response schema: known names become slots, the rest null or left out."""
    at, schema = contract.follow(pointer)
    template: dict[str, Any] = {}
    required = schema.get("required") or ()
    for name in schema.get("properties") or {}:
        _, inner = contract.follow(join(at, "properties", name))
        if depth == 0 and name == rows:
            template[name] = "$items"
        elif name in _LINKS and str(inner.get("format", "")).startswith("ur"):
            kept = name in required or nullable(inner)
            template[name if kept else f"{name}?"] = _LINKS[name]
        elif plain(name) in _SLOTS and not inner.get("properties"):
            template[name] = _SLOTS[plain(name)]
        elif cursors and plain(name) in _NEXT and not inner.get("properties"):
            template[name] = "$nextCursor"
        elif inner.get("properties") and depth < 2:  # noqa: PLR2004 - envelopes nest their metadata once
            within = join(at, "properties", name)
            template[name] = _template(contract, within, "", depth + 1, cursors="cursor" in plain(name))
        elif name in required:
            template[name] = None
    return template


def _tells_cursors(envelope: Any) -> bool:
    return any(slot in repr(envelope) for slot in ("'$nextCursor'", "'$nextLink'"))


def _cursor(operation: Operation, given: Mapping[str, Any], style: str, position: str) -> str:
    """The parameter that takes opaque places; that of the style, or one beside an offset."""
    if style == "cursor":
        return position
    found = operation.parameter("query", str(given.get("cursor", "")))
    return found.name if found else ""


def pagination_of(contract: Contract, operation: Operation, collection: str = "") -> Pagination | None:
    """The pagination of a list operation; style ``none`` where it has no paging parameters. None if not a list."""
    media = response_media(operation)
    form = list_form(contract, media.schema_pointer, collection) if media and media.schema_pointer else None
    if media is None or media.schema_pointer is None or form is None:
        return None
    name, given = _profile(contract, operation)
    usual = "$items" if form[0] == "" else _template(contract, media.schema_pointer, form[0])
    envelope = given.get("envelope", usual)
    style, position, size = _style(operation, given)
    if style == "cursor" and not given and not _tells_cursors(envelope):
        # Where no answer shows a cursor, nobody can ask for another page.
        style, position = "offset" if size else "none", ""
    size_parameter = operation.parameter("query", size)
    position_parameter = operation.parameter("query", position)
    stated = {name: int(given[name]) for name in ("maxSize", "defaultSize") if name in given}
    maximum = stated.get("maxSize", _bound(size_parameter, "maximum"))
    default = stated.get("defaultSize", _bound(size_parameter, "default")) or 0
    default = default if default > 0 else min(20, maximum or 20)  # -1 stands for as many as there are
    return Pagination(
        name=name,
        style=style,
        position=position,
        size=size,
        first=_bound(position_parameter, "default") or (1 if style == "page" else 0),
        default_size=default,
        max_size=maximum,
        oversize=given.get("oversize", "reject"),
        envelope=envelope,
        source="x-behaviour pagination profile " + repr(name)
        if given
        else "query parameters and response schema",
        zero=given.get("zero", "default"),
        cursor=_cursor(operation, given, style, position),
        max_offset=given.get("maxOffset"),
        link_header=bool(given.get("linkHeader")),
    )
