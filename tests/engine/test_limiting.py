"""Rate limits: a window opens with the first request, counts, closes, and says so in headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.behaviour.model import RateLimit
from troth.engine.clock import Clock
from troth.engine.identity import Identities
from troth.engine.limiting import Limiter
from troth.engine.refusing import Refusal
from troth.engine.state import State

NAMES = {"limit": "X-Limit", "remaining": "X-Remaining", "reset": "X-Reset"}


def policy(limit: int = 3, window: int = 60, reset: str = "epoch") -> RateLimit:
    return RateLimit("p", limit, window, "credential", NAMES, reset, "/x")  # type: ignore[arg-type]


def at(seconds: float) -> State:
    return State(Clock(frozen_at=seconds), Identities(1))


def test_every_answer_says_where_the_caller_stands() -> None:
    """Limit, what is left, and when the window ends; the refusal too, with a time to wait."""
    state, limiter = at(1000.0), Limiter(policy(), frozenset())
    taken = [dict(limiter.take(state, "me")) for _ in range(3)]
    assert [headers[b"x-remaining"] for headers in taken] == [b"2", b"1", b"0"]
    assert {headers[b"x-limit"] for headers in taken} == {b"3"}
    assert {headers[b"x-reset"] for headers in taken} == {b"1060"}
    state.clock.advance(10)
    with pytest.raises(Refusal) as refused:
        limiter.take(state, "me")
    assert refused.value.kind == "rate-limited"
    assert dict(refused.value.headers) == {
        b"x-limit": b"3",
        b"x-remaining": b"0",
        b"x-reset": b"1060",
        b"retry-after": b"50",
    }


def test_partitions_are_counted_apart() -> None:
    """One caller's requests are not another's."""
    state, limiter = at(0.0), Limiter(policy(limit=1), frozenset())
    limiter.take(state, "me")
    limiter.take(state, "you")
    with pytest.raises(Refusal):
        limiter.take(state, "me")


def test_reset_may_be_seconds_from_now() -> None:
    """As RFC drafts for RateLimit fields have it."""
    state, limiter = at(1000.0), Limiter(policy(reset="seconds"), frozenset())
    limiter.take(state, "me")
    state.clock.advance(15)
    assert dict(limiter.take(state, "me"))[b"x-reset"] == b"45"


@given(st.floats(0, 1e9), st.integers(1, 5), st.integers(1, 7200), st.lists(st.floats(0, 4000), max_size=30))
def test_waiting_as_told_is_enough_and_no_more_than_a_window(
    start: float, limit: int, window: int, pauses: list[float]
) -> None:
    """Whenever requests come: never more than the limit in a window, and ``Retry-After`` is true."""
    state, limiter = at(start), Limiter(policy(limit, window), frozenset())
    served = 0
    for pause in [0.0, *pauses]:
        state.clock.advance(pause)
        opened = ("p", "me") not in state.windows or state.clock.now() >= state.windows["p", "me"][0]
        served = 0 if opened else served
        try:
            limiter.take(state, "me")
            served += 1
            assert served <= limit
        except Refusal as refusal:
            assert served == limit
            wait = int(dict(refusal.headers)[b"retry-after"])
            assert 1 <= wait <= window
            later = state.fork()
            later.clock.advance(wait)
            assert dict(limiter.take(later, "me"))[b"x-remaining"] == str(limit - 1).encode()


@pytest.mark.parametrize(
    ("fault", "missing"),
    [("rate-limit-headers-missing", b"x-limit"), ("retry-after-missing", b"retry-after")],
)
def test_headers_may_be_withheld(fault: str, missing: bytes) -> None:
    """By a fault; the refusal itself stays."""
    state, limiter = at(0.0), Limiter(policy(limit=1), frozenset({fault}))
    limiter.take(state, "me")
    with pytest.raises(Refusal) as refused:
        limiter.take(state, "me")
    assert missing not in dict(refused.value.headers)


def test_a_limit_may_be_announced_and_not_kept() -> None:
    """By the fault of that name."""
    state, limiter = at(0.0), Limiter(policy(limit=1), frozenset({"rate-limit-unenforced"}))
    assert [dict(limiter.take(state, "me"))[b"x-remaining"] for _ in range(3)] == [b"0"] * 3


def test_the_end_of_a_window_may_be_counted_by_several_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a fault: the counter is read before the others are let in, and written after them. Elsewhere it is not."""
    state, limiter = at(0.0), Limiter(policy(limit=6), frozenset({"race-on-limit"}))
    told: list[bytes] = []
    let_in = iter((True,))

    def take() -> None:
        told.append(dict(limiter.take(state, "me"))[b"x-remaining"])

    monkeypatch.setattr(state, "open_window", lambda: take() if next(let_in, False) else None)
    take()
    take()
    assert told == [b"5", b"4"]
    take()
    assert told[2:] == [b"3", b"3"]
