"""What the text of a parameter means, by its schema: JSON's own spelling of numbers, booleans and null, nothing else.

``007``, ``+5``, ``1_000`` and digits of other scripts are not numbers; ``1e3`` is a number but not an integer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.contract.styles import Raw
from troth.contract.validation import Validators

__all__ = ["Coercion", "Reading"]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_LONGEST = 400
_WORDS: Mapping[str, Any] = {"true": True, "false": False}
_COMPOSED = ("allOf", "anyOf", "oneOf")
_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
    list: "array",
    dict: "object",
}


@dataclass(slots=True)
class Reading:
    """What a schema says about text: the types it takes, and the pointers of the schemas of its parts."""

    types: set[str] = field(default_factory=set)
    items: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    additional: str | None = None

    @property
    def kind(self) -> str:
        """``array``, ``object`` or ``scalar``: how a parameter of this schema is written."""
        if "array" in self.types and not self.types - {"array", "null"}:
            return "array"
        if "object" in self.types and not self.types - {"object", "null"}:
            return "object"
        return "scalar"


class Coercion:
    """Turns raw values into JSON values for one contract; readings of schemas are kept."""

    def __init__(self, contract: Contract, validators: Validators) -> None:
        self._contract = contract
        self._validators = validators
        self._readings: dict[str, Reading] = {}

    def reading(self, pointer: str) -> Reading:
        """How the schema at a pointer reads text; references and compositions are followed."""
        found = self._readings.get(pointer)
        if found is None:
            found = self._readings[pointer] = Reading()
            self._read(pointer, found, set())
            if not found.types:
                found.types.add("string")
        return found

    def coerce(self, raw: Raw, pointer: str | None) -> Any:
        """The value of a raw one. Text that cannot be what the schema asks for stays text: validation will tell."""
        if isinstance(raw, str):
            return raw if pointer is None else self.scalar(raw, pointer)
        reading = Reading() if pointer is None else self.reading(pointer)
        if isinstance(raw, list):
            return [self.coerce(item, reading.items) for item in raw]
        return {
            name: self.coerce(value, reading.properties.get(name, reading.additional))
            for name, value in raw.items()
        }

    def scalar(self, text: str, pointer: str) -> Any:
        """The first meaning of a text that its schema accepts, else the first meaning."""
        candidates = list(_meanings(text, self.reading(pointer).types))
        if len(candidates) > 1:
            validator = self._validators.at(pointer, "request")
            for candidate in candidates:
                if validator.is_valid(candidate):
                    return candidate
        return candidates[0] if candidates else text

    def _read(self, pointer: str, reading: Reading, seen: set[str]) -> None:
        try:
            pointer, schema = self._contract.follow(pointer)
        except KeyError:
            return
        if pointer in seen or not isinstance(schema, Mapping):
            return
        seen.add(pointer)
        reading.types |= _types(schema)
        if "items" in schema:
            reading.items = reading.items or join(pointer, "items")
        for name in schema.get("properties") or {}:
            reading.properties.setdefault(name, join(pointer, "properties", name))
        if isinstance(schema.get("additionalProperties"), Mapping):
            reading.additional = reading.additional or join(pointer, "additionalProperties")
        for keyword in _COMPOSED:
            for index in range(len(schema.get(keyword) or ())):
                self._read(join(pointer, keyword, index), reading, seen)


def _types(schema: Mapping[str, Any]) -> set[str]:
    """The types that a schema names, or that its constants and other keywords imply."""
    named = schema.get("type")
    if named is not None:
        return {named} if isinstance(named, str) else set(named)
    constants = [schema["const"]] if "const" in schema else schema.get("enum") or []
    found = {_TYPES[type(value)] for value in constants}
    if "items" in schema or "prefixItems" in schema:
        found.add("array")
    if "properties" in schema or "additionalProperties" in schema:
        found.add("object")
    if not found and any(name in schema for name in ("minimum", "maximum", "multipleOf")):
        found.add("number")
    return found


def _meanings(text: str, types: set[str]) -> Iterator[Any]:
    if len(text) <= _LONGEST:
        if "integer" in types and _INTEGER.fullmatch(text):
            yield int(text)
        elif "number" in types and _NUMBER.fullmatch(text):
            number = int(text) if _INTEGER.fullmatch(text) else float(text)
            if math.isfinite(number):
                yield number
        if "boolean" in types and text in _WORDS:
            yield _WORDS[text]
        if "null" in types and text == "null":
            yield None
    if "string" in types:
        yield text
