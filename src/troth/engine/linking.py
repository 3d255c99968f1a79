"""Links between the pages of a list: absolute URLs that keep what else was asked, in the envelope or in ``Link``.

The header is that of RFC 8288; a relation that leads nowhere is left out, as are slots that stand for it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from hashlib import blake2s
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_plus

from troth.behaviour.model import Pagination
from troth.engine.messages import Request
from troth.engine.state import Row

__all__ = ["Cursor", "Linker", "read_cursor"]

#: Slots of the envelope, with the relations that they stand for.
_RELATIONS = {"firstLink": "first", "previousLink": "prev", "nextLink": "next", "lastLink": "last"}
_MARK = 4
#: What stays as a client has written it; the rest may not stand in a query (RFC 3986 section 3.4).
_SAFE = "%!$'()*+,;:@/?[]=~-._"


class Cursor(NamedTuple):
    """A place in a list: behind the row with an id, or before it."""

    after: str
    back: bool = False

    def text(self, list_: str) -> str:
        """An opaque text, good for one list only."""
        plain = f"{'<' if self.back else '>'}{self.after}".encode()
        return base64.urlsafe_b64encode(_mark(plain, list_) + plain).decode("ascii").rstrip("=")


def _mark(plain: bytes, list_: str) -> bytes:
    return blake2s(plain + b"\0" + list_.encode(), digest_size=_MARK).digest()


def read_cursor(text: str, list_: str) -> Cursor | None:
    """The place that a text means; None for one that the list has not given."""
    try:
        raw = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
        plain = raw[_MARK:].decode()
    except (binascii.Error, ValueError):
        return None
    if len(plain) < 2 or _mark(raw[_MARK:], list_) != raw[:_MARK]:  # noqa: PLR2004 - a sign and an id
        return None
    return Cursor(plain[1:], plain[0] == "<")


class Linker:
    """The compiled links of one list operation."""

    def __init__(self, pagination: Pagination, list_: str, faults: frozenset[str]) -> None:
        self._pagination = pagination
        self._list = list_
        self._header = pagination.link_header
        self._slots = tuple(slot for slot in _RELATIONS if f"'${slot}'" in repr(pagination.envelope))
        self._turns = frozenset({pagination.position, pagination.cursor} - {""})
        self._forgets = "link-drops-query" in faults
        self._endless = "link-beyond" in faults
        #: Whether pages have links at all.
        self.active = bool(self._slots) or self._header

    def urls(
        self, request: Request, start: int, size: int, chosen: Sequence[Row], total: int, *, by_offset: bool
    ) -> dict[str, str]:
        """Relation to URL, for the relations that lead somewhere."""
        end = start + len(chosen)
        turns: dict[str, tuple[str, Any] | None] = {"first": None}
        if self._pagination.cursor and not by_offset:
            name = self._pagination.cursor
            if chosen and start > 0:
                turns["prev"] = name, Cursor(chosen[0].id, back=True).text(self._list)
            if chosen and (end < total or self._endless):
                turns["next"] = name, Cursor(chosen[-1].id).text(self._list)
        else:
            last = max(0, total - 1) // size * size
            if start > 0:
                turns["prev"] = self._position(max(0, start - size), size)
            if end < total or self._endless:
                turns["next"] = self._position(start + size, size)
            turns["last"] = self._position(last, size)
        base = f"{request.scheme}://{request.headers.get('host', 'localhost')}{request.path}"
        return {relation: base + self._query(request, turn) for relation, turn in turns.items()}

    def _position(self, start: int, size: int) -> tuple[str, Any]:
        paging = self._pagination
        return paging.position, start if paging.style == "offset" else start // size + paging.first

    def _query(self, request: Request, turn: tuple[str, Any] | None) -> str:
        """What was asked, as it was written and each thing once, with another place in the list."""
        kept: dict[str, None] = {}
        for pair in request.query.split("&") if request.query else ():
            name = unquote_plus(pair.partition("=")[0])
            if name not in self._turns and not (self._forgets and name != self._pagination.size):
                kept[quote(pair, safe=_SAFE)] = None
        parts = [*kept, *([f"{quote(turn[0])}={quote(str(turn[1]))}"] if turn else [])]
        return "?" + "&".join(parts) if parts else ""

    def slots(self, urls: Mapping[str, str]) -> dict[str, str | None]:
        """The slots of the envelope."""
        return {slot: urls.get(_RELATIONS[slot]) for slot in self._slots}

    def header(self, urls: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
        """The ``Link`` header, where the list has one."""
        if not self._header or not urls:
            return ()
        parts = (f'<{url}>; rel="{relation}"' for relation, url in urls.items())
        return ((b"link", ", ".join(parts).encode("latin-1", "replace")),)
