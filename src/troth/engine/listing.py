"""Pages: from paging parameters to a slice and the envelope around it. Compiled per operation.

A cursor is an opaque text for the last row of a page and its place, so that rows made meanwhile move nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from troth.behaviour.model import Pagination
from troth.engine.checking import detail
from troth.engine.refusing import Refusal, compile_template
from troth.engine.state import Row

__all__ = ["Page", "Pager"]

#: Beyond this a whole number is not the same for every reader of JSON (RFC 8259 section 6).
_FARTHEST = 2**53 - 1


class Page(NamedTuple):
    """A slice of ``size`` rows from ``start``; ``number`` is the page as the API counts it.

    ``after`` is the id of the row before it, where a cursor says so; empty at the beginning.
    """

    start: int
    size: int
    number: int
    after: str | None = None


class Pager:
    """The compiled pagination of one list operation."""

    def __init__(self, pagination: Pagination, faults: frozenset[str]) -> None:
        self._pagination = pagination
        self._faults = faults
        self._envelope: Callable[[Mapping[str, Any]], Any] = compile_template(pagination.envelope)
        self._position = ("query", pagination.position)
        self._size = ("query", pagination.size)
        self._cursor = ("query", pagination.cursor)
        largest = pagination.max_size if pagination.zero == "max" else None
        self._least = largest or pagination.default_size
        echoes = "filter-echo-missing" not in faults
        #: Whether the envelope repeats what the filters ask for.
        self.echoes = echoes and "'$filter." in repr(pagination.envelope)

    def page(self, values: Mapping[tuple[str, str], Any]) -> Page | None:
        """The page that a request asks for; None when the list is not paged."""
        pagination = self._pagination
        if pagination.style == "none":
            return None
        size = values.get(self._size, pagination.default_size)
        if not isinstance(size, int) or size <= 0:
            size = pagination.default_size if size != 0 else self._least
        if pagination.max_size is not None and "page-size-unbounded" not in self._faults:
            size = min(size, pagination.max_size)
        if "page-size-ignored" in self._faults:
            size = pagination.default_size
        if pagination.cursor and self._cursor in values:
            return self._after(values[self._cursor], size, values.get(self._position))
        position = values.get(self._position, pagination.first)
        return self._at(position, size)

    def _after(self, cursor: Any, size: int, offset: Any) -> Page:
        """The page behind a cursor. Raises Refusal for a text that is none, or beside an offset."""
        name = self._pagination.cursor
        if offset not in (None, self._pagination.first):
            raise self._refused(f"'{name}' and '{self._pagination.position}' exclude each other.")
        if cursor == "":
            return Page(0, size, 1, "")
        try:
            place, _, after = base64.urlsafe_b64decode(str(cursor).encode("ascii")).decode().partition(":")
            start = int(place)
        except (binascii.Error, UnicodeError, ValueError):
            raise self._refused(f"'{name}' is not one that this list has given.") from None
        return Page(max(start, 0), size, start // size + 1, after)

    def _refused(self, message: str) -> Refusal:
        return Refusal("invalid", message, [detail(f"/{self._pagination.cursor}", "cursor", message)])

    def cut(self, page: Page | None, rows: list[Row]) -> tuple[Page | None, list[Row]]:
        """The rows of a page, and the page where they are now.

        A cursor's row that is gone has left its place to the next one.
        """
        if page is None:
            return page, rows
        if page.after:
            place = next((i + 1 for i, row in enumerate(rows) if row.id == page.after), page.start)
            page = page._replace(start=place - 1 if "cursor-repeats-row" in self._faults else place)
        return page, rows[page.start : page.start + page.size]

    @staticmethod
    def pointer(page: Page | None, chosen: Sequence[Row], total: int) -> dict[str, Any]:
        """The slot with the text from which the list goes on, where a cursor was asked for and rows are left."""
        if page is None or page.after is None or page.start + len(chosen) >= total:
            return {}
        place = f"{page.start + page.size - 1}:{chosen[-1].id}"
        return {"nextCursor": base64.urlsafe_b64encode(place.encode()).decode("ascii")}

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

    def render(
        self, items: Sequence[Any], page: Page | None, total: int, asked: Mapping[str, Any] | None = None
    ) -> Any:
        """The envelope around the rendered rows of one page; ``asked`` are the slots that repeat the filters."""
        start, size, number, _ = page or Page(0, max(total, 1), self._pagination.first)
        cursor = None if self._pagination.cursor else str(start + size)
        more = start + len(items) < total
        shown_total = total + 1 if "total-wrong" in self._faults else total
        if "has-more-when-full" in self._faults:
            more = len(items) == size
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
                "first": start + 1,
                "count": len(items),
                "nextCursor": cursor if more else None,
                "nextPage": number + 1 if more else None,
                "previousPage": number - 1 if start > 0 else None,
                **(asked or {}),
            }
        )
