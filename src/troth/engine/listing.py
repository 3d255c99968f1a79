"""Pages: from paging parameters to a slice and the envelope around it. Compiled per operation.

A cursor is an opaque text for the last row of a page, so that rows made or gone meanwhile move nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from troth.behaviour.model import Pagination
from troth.engine.checking import detail
from troth.engine.linking import Cursor, Linker, read_cursor
from troth.engine.messages import Request
from troth.engine.refusing import Refusal, compile_template
from troth.engine.state import Row

__all__ = ["Page", "Pager"]

#: Beyond this a whole number is not the same for every reader of JSON (RFC 8259 section 6).
_FARTHEST = 2**53 - 1
_LONGEST = 16


class Page(NamedTuple):
    """A slice of ``size`` rows from ``start``; ``number`` is the page as the API counts it.

    ``after`` is the id of the row before it, where a cursor says so; empty at the beginning. ``back``: that of the row
    behind it.
    """

    start: int
    size: int
    number: int
    after: str | None = None
    back: bool = False


class Pager:
    """The compiled pagination of one list operation."""

    def __init__(self, pagination: Pagination, faults: frozenset[str], list_: str = "") -> None:
        self._list = list_
        self.linker = Linker(pagination, list_, faults)
        self._pagination = pagination
        self._faults = faults
        self._envelope: Callable[[Mapping[str, Any]], Any] = compile_template(pagination.envelope)
        self._position = ("query", pagination.position)
        self._size = ("query", pagination.size)
        self._cursor = ("query", pagination.cursor)
        #: Whether answers may hold a cursor.
        self.cursors = bool(pagination.cursor)
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
        size = _whole(values.get(self._size, pagination.default_size))
        if not isinstance(size, int) or size <= 0:
            size = pagination.default_size if size != 0 else self._least
        if pagination.max_size is not None and "page-size-unbounded" not in self._faults:
            size = min(size, pagination.max_size)
        if "page-size-ignored" in self._faults:
            size = pagination.default_size
        if pagination.cursor and self._cursor in values:
            return self._after(values[self._cursor], size, values.get(self._position))
        return self._at(values.get(self._position, pagination.first), size)

    def _after(self, cursor: Any, size: int, offset: Any) -> Page:
        """The page at a cursor. Raises Refusal for a text that is none, or beside an offset."""
        name = self._pagination.cursor
        if name != self._pagination.position and offset not in (None, self._pagination.first):
            raise self._refused(f"'{name}' and '{self._pagination.position}' exclude each other.")
        if cursor == "":
            return Page(0, size, 1, "")
        place = read_cursor(str(cursor), self._list)
        if place is None:
            return self.lost(size)
        return Page(0, size, 1, place.after, place.back)

    def lost(self, size: int) -> Page:
        """The page at a cursor that leads nowhere. Raises Refusal."""
        if "unknown-cursor-accepted" in self._faults:
            return Page(0, size, 1, "")
        raise self._refused(f"'{self._pagination.cursor}' is not one that this list has given.")

    def _refused(self, message: str) -> Refusal:
        return Refusal("invalid", message, [detail(f"/{self._pagination.cursor}", "cursor", message)])

    def cut(
        self, page: Page | None, rows: list[Row], *, extra: bool = False
    ) -> tuple[Page | None, list[Row], int]:
        """The rows of a page, the page where they are now, and how many rows there are.

        ``extra``: the row of the cursor is among them only to show its place.
        """
        if page is None:
            return page, rows, len(rows)
        if not page.after:
            if "past-end-missing" in self._faults and rows and page.start >= len(rows):
                raise Refusal("not-found")
            chosen = self._cut_late(page, rows)
            turned = "page-reversed" in self._faults and page.start > 0
            return page, chosen[::-1] if turned else chosen, len(rows)
        at = next(index for index, row in enumerate(rows) if row.id == page.after)
        if extra:
            rows = [*rows[:at], *rows[at + 1 :]]
        if page.back:
            start = max(0, at - page.size)
            chosen = rows[start:at]
        else:
            start = at if extra else at + 1
            start += (extra and "cursor-skips-row" in self._faults) - ("cursor-repeats-row" in self._faults)
            chosen = rows[start : start + page.size]
        return page._replace(start=start, number=start // page.size + 1), chosen, len(rows)

    def _cut_late(self, page: Page, rows: list[Row]) -> list[Row]:
        """The rows from a place on; with a fault the first place of the second page belongs to a row not shown."""
        start, end = page.start, page.start + page.size
        if "page-gap" in self._faults and start >= page.size:
            start, end = max(start - 1, page.size), end - 1
        return rows[start:end]

    def pointer(self, page: Page | None, chosen: Sequence[Row], total: int) -> dict[str, Any]:
        """The slot with the text from which the list goes on, where a cursor was asked for and rows are left."""
        by_cursor = self._pagination.style == "cursor" or (page is not None and page.after is not None)
        if page is None or not by_cursor or not chosen or page.start + len(chosen) >= total:
            return {}
        return {"nextCursor": Cursor(chosen[-1].id).text(self._list)}

    def links(self, request: Request, page: Page | None, chosen: Sequence[Row], total: int) -> dict[str, str]:
        """Relation to URL of the pages around one."""
        if page is None or not self.linker.active:
            return {}
        by_offset = page.after is None and page.start > 0
        return self.linker.urls(request, page.start, page.size, chosen, total, by_offset=by_offset)

    def _at(self, position: Any, size: int) -> Page:
        position = _whole(position)
        if self._pagination.style == "page":
            number = min(position, _FARTHEST) if isinstance(position, int) else self._pagination.first
            start = (number - self._pagination.first) * size
        else:
            start = min(int(position), _FARTHEST) if str(position).isdecimal() else 0
            number = start // size + 1
        self._reach(start)
        if "page-skips-row" in self._faults and start:
            start += 1
        if "page-repeats-row" in self._faults and start:
            start -= 1
        return Page(max(start, 0), size, number)

    def _reach(self, start: int) -> None:
        """Raises Refusal for a page that begins too far behind the first row."""
        farthest = self._pagination.max_offset
        if farthest is not None and start > farthest and "offset-unbounded" not in self._faults:
            name = self._pagination.position
            message = f"'{name}' leads to row {start}; the farthest is {farthest}."
            raise Refusal("out-of-reach", message, [detail(f"/{name}", "max-offset", message)])

    def render(
        self, items: Sequence[Any], page: Page | None, total: int, asked: Mapping[str, Any] | None = None
    ) -> Any:
        """The envelope around the rendered rows of one page; ``asked`` are the slots that repeat the filters."""
        start, size, number, *_ = page or Page(0, max(total, 1), self._pagination.first)
        cursor = None if self._pagination.cursor else str(start + size)
        more = start + len(items) < total
        shown_total = total + 1 if "total-wrong" in self._faults else total
        faults = self._faults
        first, behind = start > 0 and "previous-lost" not in faults, "page-misnumbered" in faults
        pages = total // size if "pages-short" in faults else -(-total // size)
        if "has-more-when-full" in self._faults:
            more = len(items) == size
        if "has-more-wrong" in self._faults:
            more = not more
        return self._envelope(
            {
                "items": items,
                "page": number + behind,
                "size": size,
                "total": shown_total,
                "pages": pages,
                "hasMore": more,
                "hasPrevious": first,
                "offset": start + behind,
                "first": start + 1,
                "count": len(items),
                "nextCursor": cursor if more else None,
                "nextPage": number + 1 if more else None,
                "previousPage": number - 1 if first else None,
                **(asked or {}),
            }
        )


def _whole(value: Any) -> Any:
    """A number that a document declares as text is one all the same."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < _LONGEST else value
