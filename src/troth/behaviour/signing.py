"""How deliveries are signed: HMAC-SHA256 under a few named profiles, each a small set of words that can be changed.

``hex``: the signature alone in a header, the Unix time of the attempt in another. ``body``: as ``hex``, but nothing
except the body is signed. ``stripe``: time and signatures in one header. ``standard-webhooks``: the headers, the
content and the keys of Standard Webhooks 1.0.0.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

__all__ = ["SECRET_PREFIX", "SIGNINGS", "Signing", "key_of", "signing_of"]

#: What a Standard Webhooks secret begins with; base64 of the key follows.
SECRET_PREFIX = "whsec_"  # noqa: S105 - no secret but the mark of one


@dataclass(frozen=True, slots=True)
class Signing:
    """One profile. ``lead`` comes before the signatures, ``prefix`` before each; ``separator`` stands between them.

    ``content`` and ``lead`` are templates with ``{timestamp}``, ``{id}`` and ``{body}``. ``timestamp`` and
    ``identifier`` are headers, empty for none. ``tolerance`` and ``overlap`` are seconds: how old a signature a
    receiver takes, and how long a replaced secret goes on signing.
    """

    profile: str
    header: str
    lead: str
    prefix: str
    separator: str
    timestamp: str
    identifier: str
    content: str
    encoding: Literal["hex", "base64"]
    decoded_key: bool = False
    tolerance: int = 300
    overlap: int = 0

    @property
    def timed(self) -> bool:
        """Whether a delivery says when it was signed."""
        return bool(self.timestamp) or "{timestamp}" in self.lead

    @property
    def several(self) -> bool:
        """Whether a header can carry the signatures of several secrets."""
        return bool(self.separator)


#: Every profile by name.
SIGNINGS: Mapping[str, Signing] = MappingProxyType(
    {
        found.profile: found
        for found in (
            Signing("hex", "X-Signature", "", "sha256=", "", "X-Webhook-Timestamp", "", "{timestamp}.{body}", "hex"),
            Signing("body", "X-Hook-Signature", "", "", "", "", "", "{body}", "hex"),
            Signing("stripe", "Stripe-Signature", "t={timestamp},", "v1=", ",", "", "", "{timestamp}.{body}", "hex"),
            Signing(
                "standard-webhooks", "webhook-signature", "", "v1,", " ", "webhook-timestamp", "webhook-id",
                "{id}.{timestamp}.{body}", "base64", decoded_key=True,
            ),
        )
    }
)  # fmt: skip


def signing_of(given: Mapping[str, Any], overlap: int, tolerance: int | None) -> Signing:
    """A profile with the words that the contract changes."""
    found = SIGNINGS.get(str(given.get("profile", "hex")), SIGNINGS["hex"])
    return replace(
        found,
        header=str(given.get("header", found.header)),
        prefix=str(given.get("prefix", found.prefix)),
        timestamp=str(given.get("timestamp", found.timestamp)),
        content=str(given.get("content", found.content)),
        tolerance=found.tolerance if tolerance is None else tolerance,
        overlap=overlap,
    )


def key_of(signing: Signing, secret: str) -> bytes:
    """The key that a secret stands for: its text, or what follows ``whsec_`` decoded from base64."""
    if not signing.decoded_key:
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()
