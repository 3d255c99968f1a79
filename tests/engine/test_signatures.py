"""Signatures: each profile is what its receivers verify, recomputed by hand or by the vendor's own package."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import replace

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from troth.behaviour.signing import SIGNINGS
from troth.engine.signatures import Signer

BODY = b'{"n":"{id} {timestamp}"}'
NOW = 1_781_514_000.9
SECRET, OTHER = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"


def mac(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def test_hex_signs_time_and_body() -> None:
    made = Signer(SIGNINGS["hex"]).headers(["k"], "dlv_1", NOW, BODY)
    assert made == {
        "X-Webhook-Timestamp": "1781514000",
        "X-Signature": "sha256=" + mac("k", b"1781514000." + BODY),
    }


def test_body_signs_the_body_alone() -> None:
    assert Signer(SIGNINGS["body"]).headers(["k"], "dlv_1", NOW, BODY) == {"X-Hook-Signature": mac("k", BODY)}


def test_stripe_has_time_and_signatures_in_one_header() -> None:
    """A replaced secret signs beside the new one."""
    made = Signer(SIGNINGS["stripe"]).headers(["new", "old"], "dlv_1", NOW, BODY)
    content = b"1781514000." + BODY
    assert made == {"Stripe-Signature": f"t=1781514000,v1={mac('new', content)},v1={mac('old', content)}"}


def test_the_package_of_standard_webhooks_verifies() -> None:
    """Its own verifier takes what is signed, under the new and the old secret, and refuses anything else."""
    made = Signer(SIGNINGS["standard-webhooks"]).headers([SECRET, OTHER], "dlv_1", time.time(), BODY)
    assert set(made) == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(BODY, made)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", made)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, {**made, "webhook-id": "dlv_2"})
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_bm90IHRoZSBzZWNyZXQgYXQgYWxs").verify(BODY, made)
    late = Signer(SIGNINGS["standard-webhooks"]).headers([SECRET], "dlv_1", time.time() - 3600, BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, late)


def test_a_header_for_one_signature_has_the_newest() -> None:
    one = Signer(SIGNINGS["hex"])
    assert one.headers(["new", "old"], "i", NOW, BODY) == one.headers(["new"], "i", NOW, BODY)


def test_the_words_of_a_profile_can_be_changed() -> None:
    signing = replace(SIGNINGS["stripe"], header="X-Crm-Signature", content="{id}|{body}")
    made = Signer(signing).headers(["k"], "dlv_1", NOW, BODY)
    assert made == {"X-Crm-Signature": f"t=1781514000,v1={mac('k', b'dlv_1|' + BODY)}"}
