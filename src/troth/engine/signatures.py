"""Signs deliveries as the contract's profile says."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Sequence

from troth.behaviour.signing import Signing, key_of

__all__ = ["Signer"]

_SLOT = re.compile(r"\{(timestamp|id|body)\}")
_HOUR = 3600


class Signer:
    """One compiled profile. The faults sign with another key, or as of an hour ago."""

    def __init__(self, signing: Signing, faults: frozenset[str] = frozenset()) -> None:
        self._signing = signing
        self._wrong = "signature-wrong" in faults
        self._late = _HOUR if "signature-stale" in faults else 0
        # Even steps are fixed texts, odd ones the names of slots.
        self._steps = _SLOT.split(signing.content)

    def headers(self, secrets: Sequence[str], identifier: str, now: float, body: bytes) -> dict[str, str]:
        """The headers of one attempt; ``secrets`` are the present one and those that it has replaced."""
        signing = self._signing
        timestamp = str(int(now) - self._late)
        slots = {"timestamp": timestamp.encode(), "id": identifier.encode(), "body": body}
        content = b"".join(
            slots[step] if index % 2 else step.encode() for index, step in enumerate(self._steps)
        )
        used = secrets if signing.several else secrets[:1]
        signatures = signing.separator.join(signing.prefix + self._signature(one, content) for one in used)
        made = {signing.identifier: identifier} if signing.identifier else {}
        if signing.timestamp:
            made[signing.timestamp] = timestamp
        made[signing.header] = signing.lead.replace("{timestamp}", timestamp) + signatures
        return made

    def _signature(self, secret: str, content: bytes) -> str:
        key = key_of(self._signing, secret)
        digest = hmac.new(key + b"!" if self._wrong else key, content, hashlib.sha256)
        return digest.hexdigest() if self._signing.encoding == "hex" else b64encode(digest.digest()).decode()
