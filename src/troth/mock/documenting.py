"""The contract as the documentation routes give it: whole for programs, lowered to OpenAPI 3.0 for the UI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["displayed_document", "served_document"]

#: Keys whose members are named by the document's author: a member called ``default`` is no keyword there.
_NAMED = frozenset(
    {"$defs", "callbacks", "content", "dependentSchemas", "headers", "links", "parameters", "paths"}
    | {"patternProperties", "properties", "requestBodies", "responses", "schemas", "securitySchemes"}
)
#: Keys whose values are data.
_DATA = frozenset({"const", "default", "enum", "example", "examples"})
_NULL = {"type": "null"}


def served_document(document: Mapping[str, Any], url: str) -> dict[str, Any]:
    """The bundled document with this mock as its only server.

    Loading has raised every schema to JSON Schema 2020-12, so it is an OpenAPI 3.1 document whatever it was before.
    """
    version = str(document.get("openapi", ""))
    raised = version if version.startswith(("3.1", "3.2")) else "3.1.0"
    return {**document, "openapi": raised, "servers": [{"url": url}]}


def displayed_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """An OpenAPI 3.0 document that looks like a 3.1 one: for eyes, not for validators."""
    lowered: dict[str, Any] = _lowered({k: v for k, v in document.items() if k != "webhooks"})
    return {**lowered, "openapi": "3.0.3"}


def _lowered(node: Any) -> Any:
    if isinstance(node, list):
        return [_lowered(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    made = {str(key): _member(key, value) for key, value in node.items()}
    return _schema(made)


def _member(key: Any, value: Any) -> Any:
    if key in _DATA:
        return value
    if key in _NAMED and isinstance(value, Mapping):
        return {str(name): _lowered(inner) for name, inner in value.items()}
    return _lowered(value)


def _schema(node: dict[str, Any]) -> dict[str, Any]:
    """One object with the 3.1 spellings of a schema replaced by those of 3.0."""
    kinds = node.get("type")
    if isinstance(kinds, list):
        node = _single(node, [kind for kind in kinds if kind != "null"], nullable="null" in kinds)
    for word in ("anyOf", "oneOf"):
        branches = node.get(word)
        if isinstance(branches, list) and _NULL in branches:
            node = {**node, word: [branch for branch in branches if branch != _NULL], "nullable": True}
    if "const" in node:
        node = {**node, "enum": [node["const"]]}
        del node["const"]
    if isinstance(node.get("examples"), list):
        examples = node.pop("examples")
        node |= {"example": examples[0]} if examples else {}
    for limit, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(node.get(limit), int | float) and not isinstance(node[limit], bool):
            node = {**node, bound: node[limit], limit: True}
    return node


def _single(node: Mapping[str, Any], kinds: list[str], *, nullable: bool) -> dict[str, Any]:
    made = {key: value for key, value in node.items() if key != "type"}
    if nullable:
        made["nullable"] = True
    if len(kinds) == 1:
        made["type"] = kinds[0]
    elif kinds and "anyOf" not in made:
        made["anyOf"] = [{"type": kind} for kind in kinds]
    return made
