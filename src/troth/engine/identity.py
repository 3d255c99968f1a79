"""Ids, request ids and tokens from one source of randomness, so that a seed gives the same bytes twice."""

from __future__ import annotations

import random
import uuid
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from troth.engine.scalars import string

__all__ = ["Identities", "stable_object_id", "stable_text", "stable_uuid"]

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Two of them at a time, the first one changing fastest.
_PAIRS = tuple(first + second for second in _ALPHABET for first in _ALPHABET)
#: The two bits of the variant are fixed, the other two of the digit are random.
_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_NAMESPACE = uuid.UUID("6f1c1b9e-6f0e-5d3a-9a53-7d0c8a1f2b11")


def stable_uuid(*parts: object) -> str:
    """The same UUID (version 5) for the same words: ids of seed rows."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(str(part) for part in parts)))


def stable_text(schema: Mapping[str, Any], *parts: object) -> str:
    """The same text of the pattern and length that a schema wants for the same words."""
    return string(schema, random.Random("/".join(map(str, parts))))  # noqa: S311 - reproducible on purpose


def stable_object_id(*parts: object) -> str:
    """The same 24 hexadecimal digits for the same words."""
    return stable_uuid(*parts).replace("-", "")[:24]


class Identities:
    """A generator of ids. Not for secrets of a real service: it is a mock's."""

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible on purpose

    def uuid(self) -> str:
        """A random UUID, version 4 (RFC 9562 section 5.4)."""
        digits = f"{self._random.getrandbits(128):032x}"
        variant = _VARIANTS[digits[16]]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def object_id(self) -> str:
        """24 random hexadecimal digits."""
        return f"{self._random.getrandbits(96):024x}"

    def shaped(self, schema: Mapping[str, Any]) -> str:
        """A text of the pattern and length that a schema wants."""
        return string(schema, self._random)

    def word(self, length: int) -> str:
        """Lower-case letters and digits."""
        bits = self._random.getrandbits(length * 6)
        pairs = []
        for _ in range(0, length, 2):
            bits, index = divmod(bits, 1296)
            pairs.append(_PAIRS[index])
        return "".join(pairs)[:length]

    def key(self) -> str:
        """24 random bytes in base64, which is 32 characters without padding."""
        return b64encode(self._random.getrandbits(192).to_bytes(24)).decode()

    def copy(self) -> Identities:
        twin = Identities(0)
        twin._random.setstate(self._random.getstate())
        return twin
