"""Idempotency keys of actions and deletes are judged where a contract promises them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from troth.conformance import Outcome
from troth.conformance.instruments import Instruments
from troth.conformance.subjects import subjects_of
from troth.contract import Contract, load_contract

Held = Callable[..., Outcome]

_OVERLAY = """\
overlay: 1.0.0
info: {title: Keys on deletes too, version: "1"}
actions:
  - target: $['x-behaviour'].idempotency
    update: {methods: {DELETE: true}, maxLength: 64}
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    overlay = tmp_path_factory.mktemp("studio") / "keys.overlay.yaml"
    overlay.write_text(_OVERLAY)
    return load_contract(str(Path(__file__).parent / "studio"), overlays=[overlay])


@pytest.mark.parametrize(
    ("fault", "clause", "told"),
    [
        ("idempotency-ignored", "idempotency.replay@deleteCourse", "answer is 204, the repetition 404"),
        ("idempotency-ignored", "idempotency.replay@publishCourse", "answer is 200, the repetition 409"),
        ("idempotency.replay:drop:delete", "idempotency.replay@deleteCourse", "the repetition 404"),
        ("idempotency.replay:drop:actions", "idempotency.replay@spendFromWallet", "acts again"),
        ("replay-acts", "idempotency.replay@spendFromWallet", "acts again"),
        ("mismatch-acts", "idempotency.mismatch@deleteCourse", "refused for its key acts"),
        ("mismatch-acts", "idempotency.mismatch@markCourse", "refused for its key acts"),
        ("idempotency-mismatch-accepted", "idempotency.mismatch@deleteCourse", "is accepted for another"),
        ("idempotency-mismatch-accepted", "idempotency.mismatch@markCourse", "gives its answer for another"),
        ("idempotency-cross-tenant", "idempotency.scope@deleteCourse", "is refused because of a key"),
        ("idempotency-cross-tenant", "idempotency.scope@spendFromWallet", "is refused because of a key"),
        ("key-unbounded", "idempotency.form@deleteCourse", "A key of 65 characters is accepted"),
        ("key-unbounded", "idempotency.form@markCourse", "A key of 65 characters is accepted"),
    ],
)
def test_a_key_that_means_nothing_is_noticed(
    held: Held, studio: Contract, fault: str, clause: str, told: str
) -> None:
    (finding,) = held([fault], studio, only=[clause]).findings
    assert told in finding.title
    assert [case.verdict for case in held([], studio, only=[clause]).cases] == ["conform"]


def test_only_what_takes_keys_loses_them(studio: Contract, clientcasa: Contract) -> None:
    """A fault of actions stands only where an action takes a key."""
    dropped = "idempotency.replay:drop:actions"
    assert dropped in {one.name for one in subjects_of(Instruments.of(studio))}
    assert dropped not in {one.name for one in subjects_of(Instruments.of(clientcasa))}
