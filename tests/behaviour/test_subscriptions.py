"""Webhook profiles: what a subscription wants, when it is on, and which words its fields may hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.coherence import check_coherence
from troth.behaviour.signing import SIGNINGS, key_of
from troth.behaviour.subscriptions import Webhooks
from troth.contract import load_contract
from troth.errors import BehaviourError

BEACON = Path(__file__).resolve().parents[1] / "conformance" / "beacon" / "openapi.yaml"


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], Path]:
    """The beacon contract with one text replaced by another."""

    def make(old: str, new: str) -> Path:
        text = BEACON.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "beacon.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return make


@pytest.fixture(scope="module")
def webhooks() -> Webhooks:
    found = behaviour_of(load_contract(BEACON)).webhooks
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("events", "event", "wanted"),
    [
        (["created"], "note.created", True),
        (["created"], "note.deleted", False),
        (["created"], "created", False),
        (["*"], "note.late", True),
        (["*"], "letter.late", False),
        (["cre*"], "note.created", True),
        ("created", "note.created", True),
        ([], "note.created", False),
        (None, "note.created", False),
    ],
)
def test_a_subscription_wants_what_it_lists(
    webhooks: Webhooks, events: object, event: str, *, wanted: bool
) -> None:
    """Names stand below the subject, and a star stands for any letters."""
    assert webhooks.wants({"about": "note", "events": events}, event) is wanted


def test_only_the_word_for_active_is_active(webhooks: Webhooks) -> None:
    """With words for states, any other value is off; pending is the one that waits for the handshake."""
    assert [webhooks.is_active({"status": word}) for word in ("enabled", "pending", "suspended", None)] == [
        True, False, False, False,
    ]  # fmt: skip
    assert [webhooks.is_pending({"status": word}) for word in ("enabled", "pending")] == [False, True]
    assert webhooks.switch("disabled") == "suspended"


def test_the_first_mode_is_usual(webhooks: Webhooks) -> None:
    assert webhooks.mode_of({}).name == webhooks.mode_of({"mode": "nonsense"}).name == "usual"
    assert webhooks.mode_of({"mode": "smart"}).debounce == 2


def test_a_secret_of_standard_webhooks_is_base64() -> None:
    """Its key is what follows the prefix, decoded; elsewhere the key is the text."""
    standard, plain = SIGNINGS["standard-webhooks"], SIGNINGS["hex"]
    assert key_of(standard, "whsec_aGVsbG8=") == key_of(standard, "aGVsbG8=") == b"hello"
    assert key_of(standard, "not base64!") == b"not base64!"
    assert key_of(plain, "whsec_aGVsbG8=") == b"whsec_aGVsbG8="


def test_the_beacon_contract_is_coherent() -> None:
    assert check_coherence(load_contract(BEACON)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("active: enabled", "active: enabeld", "unknown state 'enabeld'. Did you mean 'enabled'?"),
        ("smart: {debounce", "smrt: {debounce", "unknown mode 'smrt'. Did you mean 'smart'?"),
        ("expires: expiresAt", "expires: expireAt", "unknown field of hooks 'expireAt'. Did you mean 'expiresAt'?"),
        ("subject: about", "subject: abuot", "unknown field of hooks 'abuot'. Did you mean 'about'?"),
        ("note.late:", "note.lat:", "unknown event 'note.lat'. Did you mean 'note.late'?"),
        ("profile: standard-webhooks", "profile: hex", "carries one signature, so nothing overlaps."),
    ],
)  # fmt: skip
def test_words_that_no_field_lists_are_found(
    changed: Callable[[str, str], Path], old: str, new: str, message: str
) -> None:
    found = check_coherence(load_contract(changed(old, new)))
    assert message in " ".join(finding.title for finding in found)
    assert all(finding.location and finding.location.line for finding in found)


def test_a_handshake_needs_a_word_for_pending(changed: Callable[[str, str], Path]) -> None:
    path = changed("\n       states: {active: enabled, pending: pending, disabled: suspended}}", "}")
    with pytest.raises(BehaviourError, match=r"'subscription\.states' must say"):
        behaviour_of(load_contract(path))
