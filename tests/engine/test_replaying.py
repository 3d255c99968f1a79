"""Idempotency keys: the first answer again, to the same request only, while it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from troth.behaviour.model import Idempotency
from troth.engine.clock import Clock
from troth.engine.identity import Identities
from troth.engine.messages import Request, Response
from troth.engine.refusing import Refusal
from troth.engine.replaying import Replays
from troth.engine.state import State

POLICY = Idempotency("idempotency-key", frozenset({"POST"}), 3600, 10, "tenant", "conflict", "/x")
ANSWER = Response(201, [(b"x", b"y")], b"made")


def request(**changes: Any) -> Request:
    given = {
        "method": "POST",
        "path": "/a",
        "query": "q=1",
        "headers": {"idempotency-key": "k"},
        "body": b"body",
    }
    return Request(**{**given, **changes})


def state() -> State:
    return State(Clock(frozen_at=0.0), Identities(1))


def kept(*faults: str) -> tuple[Replays, State]:
    replays, memory = Replays(POLICY, frozenset(faults)), state()
    replays.keep(memory, "t", "k", request(), ANSWER)
    return replays, memory


def test_the_same_request_gets_the_first_answer() -> None:
    """Headers other than the key play no part."""
    replays, memory = kept()
    again = request(headers={"idempotency-key": "k", "x-other": "1"})
    assert replays.recall(memory, "t", "k", again) == ANSWER


@pytest.mark.parametrize(
    "change", [{"body": b"other"}, {"path": "/b"}, {"query": "q=2"}, {"method": "PATCH"}]
)
def test_another_request_under_the_same_key_is_refused(change: dict[str, Any]) -> None:
    """Method, path, query and body are what makes a request the same."""
    replays, memory = kept()
    with pytest.raises(Refusal) as refused:
        replays.recall(memory, "t", "k", request(**change))
    assert refused.value.kind == "conflict"
    lenient, memory = kept("idempotency-mismatch-accepted")
    assert lenient.recall(memory, "t", "k", request(**change)) == ANSWER


def test_keys_belong_to_their_scope() -> None:
    """Another tenant's key is another key, but for the fault that forgets this."""
    replays, memory = kept()
    assert replays.recall(memory, "u", "k", request()) is None
    shared, memory = kept("idempotency-cross-tenant")
    assert shared.recall(memory, "u", "k", request()) == ANSWER


def test_a_key_is_forgotten_after_its_time() -> None:
    """From that second on it is new, for a different request too."""
    replays, memory = kept()
    memory.clock.advance(3599)
    assert replays.recall(memory, "t", "k", request()) == ANSWER
    memory.clock.advance(1)
    assert replays.recall(memory, "t", "k", request(body=b"other")) is None


@pytest.mark.parametrize(("key", "ok"), [("k", True), ("k" * 10, True), ("k" * 11, False), ("", False)])
def test_keys_have_a_length(key: str, ok: bool) -> None:
    """Empty and overlong ones are refused; none at all is no key."""
    replays = Replays(POLICY, frozenset())
    asked = request(headers={"idempotency-key": key})
    if ok:
        assert replays.key(asked) == key
    else:
        with pytest.raises(Refusal):
            replays.key(asked)
    assert replays.key(request(headers={})) is None
