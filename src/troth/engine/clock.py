"""The clock of a mock: real, shifted or standing still, and never read by anything but this module."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

__all__ = ["Clock", "instant", "parse_instant"]

_DAY = 86_400


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    """The date of a number of days since 1970-01-01. Raises OverflowError beyond the year 9999."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def instant(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds: ``2026-05-19T09:30:00.000Z``."""
    return _instant(round(seconds * 1000))


@lru_cache(maxsize=64)
def _instant(moment: int) -> str:
    day, milliseconds = divmod(moment, 86_400_000)
    hour, rest = divmod(milliseconds, 3_600_000)
    minute, rest = divmod(rest, 60_000)
    second, thousandth = divmod(rest, 1000)
    return f"{_date(day)}T{hour:02d}:{minute:02d}:{second:02d}.{thousandth:03d}Z"


def parse_instant(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 date or date-time. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class Clock:
    """Seconds since the epoch, with an offset; frozen clocks move only by :meth:`advance` and :meth:`set`."""

    def __init__(self, *, frozen_at: float | None = None) -> None:
        self._offset = 0.0
        self._frozen = frozen_at

    def now(self) -> float:
        return self._frozen if self._frozen is not None else time.time() + self._offset

    def iso(self) -> str:
        return instant(self.now())

    def today(self) -> str:
        """The date in UTC."""
        return _date(int(self.now() // _DAY))

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def freeze(self, at: float | None = None) -> None:
        self._frozen = self.now() if at is None else at

    def resume(self) -> None:
        """Run again from wherever the clock stands."""
        now = self.now()
        self._frozen = None
        self._offset = now - time.time()

    def set(self, at: float) -> None:
        if self._frozen is not None:
            self._frozen = at
        else:
            self._offset = at - time.time()

    def advance(self, seconds: float) -> None:
        self.set(self.now() + seconds)

    def copy(self) -> Clock:
        twin = Clock(frozen_at=self._frozen)
        twin._offset = self._offset
        return twin
