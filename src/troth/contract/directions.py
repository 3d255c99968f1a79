"""``required`` as each direction reads it.

``readOnly`` members are not asked of a request, ``writeOnly`` ones not of a response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.contract.pointers import local, resolve

__all__ = ["narrowed"]

_EXEMPT = {"request": "readOnly", "response": "writeOnly"}


def narrowed(document: Mapping[str, Any], direction: str) -> Mapping[str, Any]:
    """The document with shorter ``required`` lists for one direction; the document itself when none gets shorter."""
    flag = _EXEMPT[direction]
    if not any(node.get(flag) is True for node in _objects(document)):
        return document
    narrowing = _Narrowing(document, flag)
    copy: Mapping[str, Any] = narrowing.copy(document, frozenset())
    return copy if narrowing.changed else document


def _objects(node: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting += [below for below in found.values() if isinstance(below, dict | list)]
        elif isinstance(found, list):
            waiting += [below for below in found if isinstance(below, dict | list)]


class _Narrowing:
    """Copies a document. Examples that look like schemas are changed too, which no validator notices."""

    def __init__(self, document: Mapping[str, Any], flag: str) -> None:
        self.document = document
        self.flag = flag
        self.changed = False

    def copy(self, node: Any, inherited: frozenset[str]) -> Any:
        """``inherited`` are the exempt names of the schema that this one is an ``allOf`` branch of."""
        if isinstance(node, list):
            return [self.copy(item, frozenset()) for item in node]
        if not isinstance(node, dict):
            return node
        exempt = inherited
        if "required" in node or "allOf" in node or "anyOf" in node or "oneOf" in node:
            exempt = inherited | self.exempt(node, set())
        copied = {}
        for name, value in node.items():
            if name == "required" and isinstance(value, list) and exempt:
                copied[name] = [item for item in value if not isinstance(item, str) or item not in exempt]
                self.changed = self.changed or len(copied[name]) != len(value)
            elif name in ("allOf", "anyOf", "oneOf") and isinstance(value, list):
                copied[name] = [self.copy(item, exempt) for item in value]
            else:
                copied[name] = self.copy(value, frozenset())
        return copied

    def exempt(self, schema: Any, seen: set[int]) -> set[str]:
        """The names that a schema, its references and its ``allOf`` branches mark with the flag."""
        if not isinstance(schema, dict) or id(schema) in seen:
            return set()
        seen.add(id(schema))
        properties = schema.get("properties")
        found = {
            name
            for name, below in (properties.items() if isinstance(properties, dict) else ())
            if self.is_flagged(below, set())
        }
        branches = schema.get("allOf")
        for branch in branches if isinstance(branches, list) else ():
            found |= self.exempt(branch, seen)
        return found | self.exempt(self.target(schema), seen)

    def is_flagged(self, schema: Any, seen: set[int]) -> bool:
        """Whether a property's schema carries the flag, itself or through references and ``allOf``."""
        if not isinstance(schema, dict) or id(schema) in seen:
            return False
        seen.add(id(schema))
        if schema.get(self.flag) is True:
            return True
        branches = schema.get("allOf")
        below = [*(branches if isinstance(branches, list) else ()), self.target(schema)]
        return any(self.is_flagged(branch, seen) for branch in below)

    def target(self, schema: Mapping[str, Any]) -> Any:
        found = schema.get("$ref")
        pointer = local(found) if isinstance(found, str) else None
        try:
            return None if pointer is None else resolve(self.document, pointer)
        except KeyError:
            return None
