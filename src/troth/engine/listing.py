"""Pages: from paging parameters to a slice and the envelope around it. Compiled per operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from troth.behaviour.model import Pagination
from troth.engine.refusing import compile_template

__all__ = ["Page", "Pager"]

#: Beyond this a whole number is not the same for every reader of JSON (RFC 8259 section 6).
_FARTHEST = 2**53 - 1


class Page(NamedTuple):
    """A slice of ``size`` rows from ``start``; ``number`` is the page as the API counts it."""

    start: int
    size: int
    number: int


class Pager:
    """The compiled pagination of one list operation."""

    def __init__(self, pagination: Pagination, faults: frozenset[str]) -> None:
        self._pagination = pagination
        self._faults = faults
        self._envelope: Callable[[Mapping[str, Any]], Any] = compile_template(pagination.envelope)
        self._position = ("query", pagination.position)
        self._size = ("query", pagination.size)

    def page(self, values: Mapping[tuple[str, str], Any]) -> Page | None:
        """The page that a request asks for; None when the list is not paged."""
        pagination = self._pagination
        if pagination.style == "none":
            return None
        size = values.get(self._size, pagination.default_size)
        size = size if isinstance(size, int) and size > 0 else pagination.default_size
        if pagination.max_size is not None and "page-size-unbounded" not in self._faults:
            size = min(size, pagination.max_size)
        if "page-size-ignored" in self._faults:
            size = pagination.default_size
        position = values.get(self._position, pagination.first)
        return self._at(position, size)

    def _at(self, position: Any, size: int) -> Page:
        if self._pagination.style == "page":
            number = min(position, _FARTHEST) if isinstance(position, int) else self._pagination.first
            start = (number - self._pagination.first) * size
        else:
            start = min(int(position), _FARTHEST) if str(position).isdecimal() else 0
            number = start // size + 1
        if "page-skips-row" in self._faults and start:
            start += 1
        if "page-repeats-row" in self._faults and start:
            start -= 1
        return Page(max(start, 0), size, number)

    def render(self, items: Sequence[Any], page: Page | None, total: int) -> Any:
        """The envelope around the rendered rows of one page."""
        start, size, number = page or Page(0, max(total, 1), self._pagination.first)
        more = start + len(items) < total
        shown_total = total + 1 if "total-wrong" in self._faults else total
        if "has-more-wrong" in self._faults:
            more = not more
        return self._envelope(
            {
                "items": items,
                "page": number,
                "size": size,
                "total": shown_total,
                "pages": -(-total // size),
                "hasMore": more,
                "hasPrevious": start > 0,
                "offset": start,
                "count": len(items),
                "nextCursor": str(start + size) if more else None,
                "nextPage": number + 1 if more else None,
                "previousPage": number - 1 if start > 0 else None,
            }
        )
