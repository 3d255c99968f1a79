"""Schemas of one contract as JSON Schemas that stand alone, for the validator and for the containment oracle.

The two directions read differently: a request leaves out ``readOnly`` properties, a response ``writeOnly`` ones, and
a response is *open*: what it forbids besides the documented properties says nothing about a client that ignores
what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.compatibility.facts import Direction, Pointers
from troth.compatibility.normal import Normaliser, target_of
from troth.contract.pointers import join

__all__ = ["LISTS", "MAPS", "SINGLE", "expand", "guarded"]

JSON = Any

MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLE = frozenset(
    {"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames",
     "unevaluatedProperties", "unevaluatedItems"},
)  # fmt: skip
SILENT = frozenset(
    {"title", "description", "default", "deprecated", "readOnly", "writeOnly", "example", "examples", "discriminator",
     "xml", "externalDocs", "$comment", "$schema", "$id", "$anchor"},
)  # fmt: skip


def guarded(node_annotations: Mapping[str, JSON], direction: Direction | None) -> bool:
    """Whether a property with these annotations does not travel in a direction."""
    if direction == "request":
        return node_annotations.get("readOnly") is True
    return direction == "response" and node_annotations.get("writeOnly") is True


def expand(reader: Normaliser, pointers: Pointers, direction: Direction | None = None) -> dict[str, JSON]:
    """The conjunction as one self-contained schema; referenced schemas move under ``$defs``."""
    return _Expansion(reader, direction).schema(pointers)


class _Expansion:
    def __init__(self, reader: Normaliser, direction: Direction | None) -> None:
        self.reader = reader
        self.direction = direction
        self.definitions: dict[str, JSON] = {}
        self.names: dict[str, str] = {}

    def schema(self, pointers: Pointers) -> dict[str, JSON]:
        parts = [self._copy(self.reader.raw(pointer), pointer) for pointer in pointers]
        found: dict[str, JSON] = (
            dict(parts[0]) if len(parts) == 1 and isinstance(parts[0], dict) else {"allOf": parts}
        )
        if not parts:
            found = {}
        if self.definitions:
            found["$defs"] = self.definitions
        return found

    def _copy(self, schema: JSON, pointer: str) -> JSON:
        if not isinstance(schema, Mapping):
            return schema
        found: dict[str, JSON] = {}
        for keyword, value in schema.items():
            if keyword in SILENT or keyword.startswith("x-"):
                continue
            if keyword == "$ref" and isinstance(value, str):
                found["$ref"] = f"#/$defs/{self._define(target_of(value))}"
            elif self._is_open(keyword, value):
                continue
            else:
                found[keyword] = self._value(keyword, value, join(pointer, keyword))
        return self._without_guarded(found, pointer)

    def _value(self, keyword: str, value: JSON, pointer: str) -> JSON:
        if keyword in MAPS and isinstance(value, Mapping):
            return {name: self._copy(part, join(pointer, name)) for name, part in value.items()}
        if keyword in LISTS and isinstance(value, list):
            return [self._copy(part, join(pointer, at)) for at, part in enumerate(value)]
        return self._copy(value, pointer) if keyword in SINGLE else value

    def _is_open(self, keyword: str, value: JSON) -> bool:
        return (
            self.direction == "response"
            and value is False
            and keyword in ("additionalProperties", "unevaluatedProperties")
        )

    def _define(self, pointer: str) -> str:
        name = self.names.get(pointer)
        if name is None:
            name = self.names[pointer] = f"s{len(self.names)}"
            self.definitions[name] = self._copy(self.reader.raw(pointer), pointer)
        return name

    def _without_guarded(self, schema: dict[str, JSON], pointer: str) -> dict[str, JSON]:
        properties = schema.get("properties")
        if self.direction is None or not isinstance(properties, dict):
            return schema
        silent = {
            name
            for name in properties
            if guarded(
                self.reader.node(self.reader.key((join(pointer, "properties", name),))).annotations,
                self.direction,
            )
        }
        if not silent:
            return schema
        kept = {name: part for name, part in properties.items() if name not in silent}
        return {
            **schema,
            "properties": kept,
            "required": [n for n in schema.get("required", ()) if n not in silent],
        }
