"""Which parts of a JSON value stand at which schema: a value and its schema, walked side by side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.facts import Pointers
from troth.compatibility.nodes import Node, kind_of
from troth.compatibility.normal import Normaliser

__all__ = ["Instances", "instances_of"]

JSON = Any
Instances = Mapping[Pointers, list[JSON]]
"""Values by the conjunction of schemas at which they stand."""
DEEPEST = 64


def instances_of(reader: Normaliser, pointer: str, value: JSON) -> Instances:
    """Every part of a value, by its schema; what no schema describes is left out."""
    found: defaultdict[Pointers, list[JSON]] = defaultdict(list)
    for key, part in _walk(reader, reader.key((pointer,)), value, 0):
        found[key].append(part)
    return found


def _walk(reader: Normaliser, key: Pointers, value: JSON, depth: int) -> Iterator[tuple[Pointers, JSON]]:
    yield key, value
    if depth > DEEPEST:
        return
    node = reader.node(key)
    for union in node.unions:
        for branch in union.branches:
            inner = reader.key((branch,))
            if inner != key and _admits(reader.node(inner), value):
                yield from _walk(reader, inner, value, depth + 1)
    for at, part in _parts(node, value):
        yield from _walk(reader, reader.key(at), part, depth + 1)


def _admits(node: Node, value: JSON) -> bool:
    """Whether a value could be of an alternative: its type fits, and what is listed and required there is there."""
    kind = kind_of(value)
    if kind == "null" or not (kind in node.types or (kind == "integer" and "number" in node.types)):
        return kind == "null" and node.null
    if node.enum is not None and value not in node.enum:
        return False
    return not isinstance(value, Mapping) or node.required <= value.keys()


def _parts(node: Node, value: JSON) -> Iterator[tuple[Pointers, JSON]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            matching = [at for pattern, at in node.pattern_properties.items() if re.search(pattern, name)]
            if name in node.properties:
                yield node.properties[name], part
            for at in matching:
                yield at, part
            if name not in node.properties and not matching and "additionalProperties" in node.children:
                yield node.children["additionalProperties"], part
    elif isinstance(value, list):
        for index, part in enumerate(value):
            if index < len(node.prefix):
                yield node.prefix[index], part
            elif "items" in node.children:
                yield node.children["items"], part
