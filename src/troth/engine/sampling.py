"""Values that satisfy a schema: examples first, then the smallest value that the keywords allow.

Used for responses of operations whose behaviour nobody described, for ``Prefer: dynamic=true`` and for fields that
the API must show but nobody wrote.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from typing import Any

from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = ["Sampler"]

_DEPTH = 6
_FORMATS: Mapping[str, str] = {
    "date": "2026-05-19",
    "date-time": "2026-05-19T09:30:00.000Z",
    "time": "09:30:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "duration": "PT1H",
    "byte": "dHJvdGg=",
}


class Sampler:
    """Samples of one contract's schemas. ``rng`` None gives the same plain value every time."""

    def __init__(self, contract: Contract, rng: random.Random | None = None) -> None:
        self._contract = contract
        self._rng = rng

    def sample(self, pointer: str, depth: int = 0) -> Any:
        """One value for the schema at a pointer."""
        try:
            pointer, schema = self._contract.follow(pointer)
        except KeyError:
            return None
        if not isinstance(schema, Mapping):
            return None
        given = self._given(schema)
        if given is not None:
            return given[0]
        for word in ("oneOf", "anyOf"):
            branches = schema.get(word)
            if isinstance(branches, list) and branches:
                index = self._pick(len(branches))
                return self.sample(join(pointer, word, index), depth + 1) if depth < _DEPTH else None
        return self._typed(pointer, schema, depth)

    def _pick(self, count: int) -> int:
        return self._rng.randrange(count) if self._rng else 0

    def _given(self, schema: Mapping[str, Any]) -> tuple[Any] | None:
        if "const" in schema:
            return (schema["const"],)
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return (schema["enum"][self._pick(len(schema["enum"]))],)
        if self._rng is None:
            for word in ("example", "default"):
                if word in schema:
                    return (schema[word],)
            if isinstance(schema.get("examples"), list) and schema["examples"]:
                return (schema["examples"][0],)
        return None

    def _typed(self, pointer: str, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), "null")
        if kind == "object" or (kind is None and ("properties" in schema or "allOf" in schema)):
            return self._object(pointer, schema, depth)
        if kind == "array":
            least = max(int(schema.get("minItems", 0)), 0 if depth >= _DEPTH else 1)
            return [self.sample(join(pointer, "items"), depth + 1) for _ in range(min(least, 50))]
        return self.scalar(kind, schema)

    def _object(self, pointer: str, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for index in range(len(schema.get("allOf") or ())):
            part = self.sample(join(pointer, "allOf", index), depth)
            if isinstance(part, dict):
                made |= part
        required = schema.get("required") or ()
        for name in schema.get("properties") or {}:
            if depth < _DEPTH or name in required:
                made[str(name)] = self.sample(join(pointer, "properties", name), depth + 1)
        return made

    def scalar(self, kind: Any, schema: Mapping[str, Any]) -> Any:
        """A string, number, boolean or null within its bounds."""
        if kind in ("integer", "number"):
            return self._number(kind, schema)
        if kind == "boolean":
            return bool(self._pick(2))
        return self._string(schema) if kind == "string" or kind is None else None

    def _number(self, kind: str, schema: Mapping[str, Any]) -> int | float:
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        start = low if low is not None else (min(0, high) if high is not None else 0)
        if (low is None and high is None) or ("minimum" not in schema and low is not None):
            start = start + (1 if kind == "integer" else 0.5)
        if self._rng and kind == "integer":
            start = self._rng.randint(int(start), int(high) if high is not None else int(start) + 1000)
        step = schema.get("multipleOf")
        if step:
            start = -(-start // step) * step
        return int(start) if kind == "integer" else start

    def _string(self, schema: Mapping[str, Any]) -> str:
        shape = schema.get("format")
        if shape == "uuid":
            bits = self._rng.getrandbits(128) if self._rng else 1
            return str(uuid.UUID(int=bits, version=4))
        if shape in _FORMATS:
            return _FORMATS[str(shape)]
        text = (
            "".join(self._rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8))
            if self._rng
            else "string"
        )
        text = text.ljust(int(schema.get("minLength", 0)), "x")
        return text[: int(schema.get("maxLength", len(text)))]
