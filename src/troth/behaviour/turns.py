"""Where the clauses about turning pages apply: by number, by cursor, by link."""

from __future__ import annotations

from troth.behaviour.model import Kind
from troth.behaviour.occasions import Place, paged, slotted

__all__ = ["PLACES", "bounded", "by_number", "cursors", "linked", "placed", "pointed", "thinned"]

#: The slots of an envelope that follow from where its page stands.
PLACES = ("page", "pages", "offset", "count", "hasPrevious", "previousPage", "nextPage")


def pointed(at: Place) -> str | None:
    """Where a cursor may take the place of an offset."""
    paging = at.binding.pagination
    told = any(slotted(name)(at) for name in ("nextCursor", "nextLink")) or (paging and paging.link_header)
    return paged(at) if paging and paging.cursor and told else None


def cursors(at: Place) -> str | None:
    """Where a place in a list is an opaque text."""
    paging = at.binding.pagination
    return paged(at) if paging and paging.cursor else None


def linked(at: Place) -> str | None:
    """Where a page says at which address the next one is."""
    paging = at.binding.pagination
    told = paging is not None and (paging.link_header or slotted("nextLink")(at))
    return paged(at) if told else None


def thinned(at: Place) -> str | None:
    """Where a cursor leads through rows that can be deleted, whatever their state."""
    resource = at.binding.resource
    if resource is None or any("delete" in rule.on for rule in resource.rules):
        return None
    return pointed(at) if at.behaviour.binding(resource.name, Kind.DELETE) else None


def by_number(at: Place) -> str | None:
    """Where any page can be asked for by its number, or by that of its first row."""
    paging = at.binding.pagination
    return paged(at) if paging and paging.position and paging.style != "cursor" else None


def placed(at: Place) -> str | None:
    """Where pages that are cut to a size say where they stand."""
    paging = at.binding.pagination
    told = any(slotted(name)(at) for name in PLACES)
    return by_number(at) if paging and paging.size and told else None


def bounded(at: Place) -> str | None:
    """Where pages end before the list does."""
    paging = at.binding.pagination
    return by_number(at) if paging and paging.max_offset is not None else None
