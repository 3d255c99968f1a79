"""The clock: moments as text, and a time that stands, jumps or runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.engine.clock import Clock, instant, parse_instant

moments = st.integers(min_value=0, max_value=253_000_000_000_000).map(
    lambda milliseconds: milliseconds / 1000
)


@given(moments)
def test_an_instant_reads_back_as_itself(seconds: float) -> None:
    """RFC 3339 in UTC with milliseconds, checked against the standard library."""
    text = instant(seconds)
    assert abs(parse_instant(text) - seconds) < 0.0006
    assert text.endswith("Z")
    assert datetime.fromisoformat(text).tzinfo == UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("1970-01-02", 86_400.0),
        ("1970-01-01T00:00:00.250Z", 0.25),
    ],
)
def test_offsets_and_dates_are_read(text: str, seconds: float) -> None:
    """Without an offset, a moment is in UTC."""
    assert parse_instant(text) == seconds


def test_rounding_carries_into_the_next_day() -> None:
    """0.9996 seconds before midnight is midnight to the millisecond."""
    assert instant(86_399.9996) == "1970-01-02T00:00:00.000Z"


def test_a_frozen_clock_moves_only_when_told() -> None:
    """Set and advanced exactly; the date follows."""
    clock = Clock(frozen_at=0.0)
    clock.advance(86_399.5)
    assert (clock.now(), clock.today(), clock.frozen) == (86_399.5, "1970-01-01", True)
    clock.advance(0.5)
    assert (clock.iso(), clock.today()) == ("1970-01-02T00:00:00.000Z", "1970-01-02")
    clock.set(5.0)
    assert clock.now() == 5.0


def test_a_running_clock_can_be_shifted_and_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets stay while it runs; freezing keeps the moment; resuming goes on from there."""
    real = [1000.0]
    monkeypatch.setattr("troth.engine.clock.time.time", lambda: real[0])
    clock = Clock()
    clock.set(5000.0)
    real[0] += 10
    assert clock.now() == 5010.0
    clock.freeze()
    real[0] += 10
    assert clock.now() == 5010.0
    clock.resume()
    real[0] += 10
    assert (clock.now(), clock.frozen) == (5020.0, False)


def test_a_copy_goes_its_own_way() -> None:
    """Moving either leaves the other."""
    clock = Clock(frozen_at=10.0)
    twin = clock.copy()
    clock.advance(5)
    twin.advance(1)
    assert (clock.now(), twin.now()) == (15.0, 11.0)
