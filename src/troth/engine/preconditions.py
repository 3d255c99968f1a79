"""Preconditions: tags and moments of rows, and requests that mean one state of a row (RFC 9110 sections 8.8 and 13).

``If-Match`` compares strongly, ``If-None-Match`` weakly. A row that the caller cannot see has no state to be asked for,
so whoever finds none is told that before any condition is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from troth.behaviour.conditional import changed_field
from troth.behaviour.model import Binding, Conditional, Kind
from troth.engine.clock import parse_instant
from troth.engine.messages import Request, Response, dump
from troth.engine.refusing import Refusal
from troth.engine.rows import RowKind
from troth.engine.seeing import Sight
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["Preconditions", "tagger"]

_TAGS = re.compile(r'(W/)?("[^"]*")')
Headers = tuple[tuple[bytes, bytes], ...]


@lru_cache(maxsize=1024)
def _written(moment: int) -> bytes:
    """Seconds since the epoch as a date of HTTP (RFC 9110 section 5.6.7)."""
    return formatdate(moment, usegmt=True).encode("ascii")


def tagger(profile: Conditional | None, faults: frozenset[str]) -> Callable[[Mapping[str, Any]], str]:
    """A function from what everybody sees of a row to its entity tag, as it stands in a header."""
    weak = "W/" if profile is not None and profile.etag == "weak" else ""
    frozen = "etag-frozen" in faults

    def tag(view: Mapping[str, Any]) -> str:
        digest = blake2b(b"row" if frozen else dump(view), digest_size=16).hexdigest()
        return f'{weak}"{digest}"'

    return tag


class Preconditions:
    """The compiled conditions of one operation on one row."""

    def __init__(
        self, profile: Conditional, binding: Binding, kind: RowKind, sight: Sight, faults: frozenset[str]
    ) -> None:
        self._profile = profile
        self._kind = kind
        self._tag = sight.tag
        self._changed = changed_field(binding) if profile.last_modified else None
        self._held = binding.preconditions
        self._required = binding.preconditions and binding.kind in profile.required
        self._optional = "precondition-optional" in faults
        self._races = "race-on-match" in faults
        self._always = "not-modified-ignored" in faults
        self._ageless = "modified-since-ignored" in faults
        self._stale = "stale-accepted" in faults
        self._included = "none-match-ignored" in faults
        self._timeless = "unmodified-since-ignored" in faults
        self._weakly = "weak-match-accepted" in faults
        self._reads = binding.kind is Kind.READ

    def headers(self, row: Row, world: TenantWorld) -> Headers:
        """``ETag`` and ``Last-Modified`` of a row."""
        found: Headers = ()
        if self._profile.etag != "none":
            found += ((b"etag", self._tag(row, world).encode("ascii")),)
        moment = self._moment(row, world)
        if moment is not None:
            found += ((b"last-modified", _written(moment)),)
        return found

    def _moment(self, row: Row, world: TenantWorld) -> int | None:
        """When a row last changed, in whole seconds."""
        if self._changed is None:
            return None
        try:
            return int(parse_instant(str(self._kind.view(row, world).get(self._changed))))
        except ValueError:
            return None

    def unchanged(self, request: Request, row: Row, world: TenantWorld) -> Response | None:
        """304 for a caller who has the row already. Raises Refusal for a condition that does not hold."""
        if not self._held:
            return None
        self._match(request.headers, row, world)
        known, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
        if known is not None:
            fresh = not self._always and self.knows(known, row, world)
        else:
            fresh = since is not None and not self._ageless and self._is_before(row, world, since)
        return Response(304, [*self.headers(row, world)]) if fresh else None

    def demand(self, request: Request, row: Row, world: TenantWorld) -> None:
        """Raises Refusal ``precondition-failed`` or ``precondition-required`` before a row is changed."""
        if not self._held:
            return
        headers = request.headers
        conditioned = "if-match" in headers or (
            self._changed is not None and "if-unmodified-since" in headers
        )
        if self._required and not conditioned and not self._optional:
            raise Refusal("precondition-required", "Say with If-Match which state of the row is meant.")
        self._match(headers, row, world)
        known = headers.get("if-none-match")
        if known is not None and not self._included and self.knows(known, row, world):
            raise Refusal("precondition-failed", "The row is one of those that If-None-Match excludes.")
        if self._races and conditioned:
            world.state.open_window()

    def _match(self, headers: Mapping[str, str], row: Row, world: TenantWorld) -> None:
        wanted, since = headers.get("if-match"), headers.get("if-unmodified-since")
        if wanted is not None:
            if self._stale:
                return
            if self._profile.etag != "none" and not self._is(wanted, row, world):
                raise Refusal(
                    "precondition-failed", "The row has changed: If-Match names another state of it."
                )
        elif (
            since is not None
            and not self._timeless
            and self._moment(row, world) is not None
            and not self._is_before(row, world, since)
        ):
            raise Refusal(
                "precondition-failed", "The row has changed since the moment of If-Unmodified-Since."
            )

    def _is(self, wanted: str, row: Row, world: TenantWorld) -> bool:
        """Strong comparison: weak tags are equal to none."""
        if wanted.strip() == "*":
            return True
        tag = self._tag(row, world)
        return not tag.startswith("W/") and any(
            (self._weakly or not weak) and one == tag for weak, one in _TAGS.findall(wanted)
        )

    def knows(self, known: str, row: Row, world: TenantWorld) -> bool:
        """Weak comparison with every tag of ``If-None-Match``."""
        if self._profile.etag == "none":
            return False
        if known.strip() == "*":
            return True
        tag = self._tag(row, world).removeprefix("W/")
        return any(one == tag for _, one in _TAGS.findall(known))

    def _is_before(self, row: Row, world: TenantWorld, date: str) -> bool:
        """Whether a row last changed at a moment or before; never for a date that is none."""
        moment = self._moment(row, world)
        try:
            return moment is not None and moment <= parsedate_to_datetime(date).timestamp()
        except ValueError:
            return False
