"""Reads schemas of one contract into their normal form.

A conjunction of pointers becomes one :class:`Node`; results are cached by conjunction, so a component is read once
however often it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from troth.compatibility.facts import Pointers
from troth.compatibility.nodes import ANYTHING, EVERY_TYPE, TYPES, Node, Union, meet, settle
from troth.contract.model import Contract
from troth.contract.pointers import join, local

__all__ = ["Normaliser", "parts_of", "target_of"]

JSON = Any

ASSERTIONS = (
    "maxLength", "minLength", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "maxItems", "minItems",
    "maxProperties", "minProperties", "multipleOf", "uniqueItems", "format", "contentEncoding", "contentMediaType",
)  # fmt: skip
CHILDREN = ("items", "additionalProperties", "unevaluatedProperties")
CONDITIONS = (
    "not", "if", "then", "else", "contains", "minContains", "maxContains", "propertyNames", "dependentSchemas",
    "dependentRequired", "unevaluatedItems", "contentSchema",
)  # fmt: skip
ANNOTATIONS = (
    "readOnly", "writeOnly", "deprecated", "default", "discriminator", "x-extensible-enum", "x-sunset",
    "x-deprecated-since", "x-behaviour", "xml",
)  # fmt: skip


_UNREAD = object()


class Normaliser:
    """Normal forms of one contract's schemas, read on demand."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._nodes: dict[Pointers, Node] = {}
        self._raw: dict[str, JSON] = {}
        self._ends: dict[str, str] = {}
        self._open: set[str] = set()

    def key(self, pointers: Iterable[str]) -> Pointers:
        """The conjunction with every plain ``$ref`` followed to its end, without repetition."""
        return tuple(dict.fromkeys(self._end(pointer) for pointer in pointers))

    def node(self, pointers: Pointers) -> Node:
        """The normal form of a conjunction; the empty one admits anything."""
        found = self._nodes.get(pointers)
        if found is None:
            found = ANYTHING
            for pointer in pointers:
                found = meet(found, self._read(pointer))
            if not self._open:  # inside a cycle a node may be cut short: only whole readings are kept
                self._nodes[pointers] = found
        return found

    def raw(self, pointer: str) -> JSON:
        found = self._raw.get(pointer, _UNREAD)
        if found is _UNREAD:
            found = self._raw[pointer] = self.contract.node(pointer)
        return found

    def _end(self, pointer: str) -> str:
        found = self._ends.get(pointer)
        if found is None:
            found = self._ends[pointer] = self._followed(pointer)
        return found

    def _followed(self, pointer: str) -> str:
        """The end of a chain of references that stand alone; one with words beside it is a schema of its own."""
        seen = set()
        while pointer not in seen:
            seen.add(pointer)
            schema = self.raw(pointer)
            if not (isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str)):
                return pointer
            if any(keyword in schema for keyword in _MEANINGFUL):
                return pointer
            pointer = target_of(schema["$ref"])
        return pointer

    def _read(self, pointer: str) -> Node:
        """One schema object. A schema that contains itself without a step in between adds nothing to itself."""
        schema = self.raw(pointer)
        if schema is True or pointer in self._open:
            return ANYTHING
        if schema is False:
            return replace(ANYTHING, types=frozenset(), null=False, where={"type": pointer})
        if not isinstance(schema, Mapping):
            return ANYTHING
        self._open.add(pointer)
        try:
            node = own = _own_level(schema, pointer)
            for part in parts_of(schema, pointer):
                node = meet(node, self._read(part))
            if node is not own and "default" in own.annotations:
                # What stands beside the parts is said over theirs.
                node = replace(node, annotations={**node.annotations, "default": own.annotations["default"]})
            for keyword in ("anyOf", "oneOf"):
                if isinstance(schema.get(keyword), list):
                    node = meet(node, self._union(keyword, schema[keyword], pointer))
            return node
        finally:
            self._open.discard(pointer)

    def _union(self, keyword: str, branches: list[JSON], pointer: str) -> Node:
        """The union as one node where it folds (one branch, listed values, bare types), else as a Union."""
        pointers = [join(pointer, keyword, at) for at in range(len(branches))]
        read = {at: self._read(at) for at in pointers}
        admitting = sum(node.null for node in read.values())
        null = admitting == 1 if keyword == "oneOf" else admitting > 0
        rest = [at for at in pointers if read[at].types]
        folded = _fold(keyword, [read[at] for at in rest])
        if folded is None:
            union = Union(keyword, tuple(rest), join(pointer, keyword))
            kinds = frozenset(chain.from_iterable(read[at].types for at in rest))
            return Node(types=_widened(kinds), null=null, unions=(union,), where={keyword: pointer})
        folded = replace(folded, null=null)
        if folded.enum is not None:
            listed = tuple(value for value in folded.enum if value is not None)
            folded = replace(folded, enum=(*listed, None) if null else listed)
        return folded


def parts_of(schema: Mapping[str, JSON], pointer: str) -> list[str]:
    """The schemas that hold together with a schema: what it refers to, and the parts of its ``allOf``."""
    parts = [target_of(schema["$ref"])] if isinstance(schema.get("$ref"), str) else []
    parts += [join(pointer, "allOf", at) for at in range(len(schema.get("allOf", ())))]
    return parts


def _own_level(schema: Mapping[str, JSON], pointer: str) -> Node:
    where = dict.fromkeys(schema, pointer)
    types, null = _types(schema.get("type"))
    children = {
        "additionalProperties" if keyword == "unevaluatedProperties" else keyword: (join(pointer, keyword),)
        for keyword in CHILDREN
        if keyword in schema and schema[keyword] is not True
    }
    properties = {
        name: (join(pointer, "properties", name),)
        for name, part in _mapping(schema, "properties").items()
        if _is_shown(part)
    }
    patterns = schema.get("pattern")
    node = Node(
        types=types,
        null=null,
        enum=_listed(schema),
        assertions=_assertions(schema),
        patterns=frozenset({patterns} if isinstance(patterns, str) else ()),
        required=frozenset(name for name in schema.get("required", ()) if isinstance(name, str)),
        properties=properties,
        pattern_properties={
            name: (join(pointer, "patternProperties", name),)
            for name in _mapping(schema, "patternProperties")
        },
        prefix=tuple((join(pointer, "prefixItems", at),) for at in range(len(schema.get("prefixItems", ())))),
        children=children,
        conditions={keyword: (join(pointer, keyword),) for keyword in CONDITIONS if keyword in schema},
        annotations={keyword: schema[keyword] for keyword in ANNOTATIONS if schema.get(keyword) is not None},
        where={**where, **{f"properties/{name}": join(pointer, "properties", name) for name in properties}},
    )
    return settle(node)


def _is_shown(schema: JSON) -> bool:
    """Whether the API has a property.

    It has not when it is hidden, nor when only a behaviour overlay speaks of it, laid over an earlier release.
    """
    if not isinstance(schema, Mapping) or not isinstance(schema.get("x-behaviour"), Mapping):
        return True
    return schema.keys() != {"x-behaviour"} and schema["x-behaviour"].get("hidden") is not True


def _assertions(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """The bounds that say something: a minimum length of 0 or ``uniqueItems: false`` says nothing."""
    found = {keyword: schema[keyword] for keyword in ASSERTIONS if keyword in schema}
    for keyword in ("minLength", "minItems", "minProperties", "uniqueItems"):
        if not found.get(keyword, True):
            del found[keyword]
    return found


def _mapping(schema: Mapping[str, JSON], keyword: str) -> Mapping[str, JSON]:
    found = schema.get(keyword)
    return found if isinstance(found, Mapping) else {}


def _listed(schema: Mapping[str, JSON]) -> tuple[JSON, ...] | None:
    listed = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(listed, list):
        return None
    found: list[JSON] = []
    for value in listed:
        if not any(type(value) is type(other) and value == other for other in found):
            found.append(value)
    return tuple(found)


def _types(stated: JSON) -> tuple[frozenset[str], bool]:
    if stated is None:
        return EVERY_TYPE, True
    kinds = {stated} if isinstance(stated, str) else set(stated)
    return _widened(frozenset(kinds) & frozenset(TYPES)), "null" in kinds


def _widened(kinds: frozenset[str]) -> frozenset[str]:
    return kinds - {"integer"} if "number" in kinds else kinds


def _fold(keyword: str, nodes: list[Node]) -> Node | None:
    """One node for alternatives that only list values or only name types; None where they say more."""
    if len(nodes) <= 1:
        return nodes[0] if nodes else Node(types=frozenset())
    if not all(node.bare for node in nodes):
        return None
    listed = [node.enum for node in nodes if node.enum is not None]
    if len(listed) == len(nodes):
        return _one_list(keyword, list(chain.from_iterable(listed)), nodes[0].where)
    kinds = [kind for node in nodes for kind in node.types]
    overlap = len(set(kinds)) != len(kinds) or {"integer", "number"} <= set(kinds)
    if listed or (keyword == "oneOf" and overlap):
        return None
    return Node(types=_widened(frozenset(kinds)), where=nodes[0].where)


def _one_list(keyword: str, values: list[JSON], where: Mapping[str, str]) -> Node | None:
    distinct = tuple(value for at, value in enumerate(values) if value not in values[:at])
    if keyword == "oneOf" and len(distinct) != len(values):
        return None
    return settle(Node(enum=distinct, where=where))


def target_of(reference: str) -> str:
    """The pointer that a local reference names: percent signs in a URI fragment are decoded (RFC 6901, section 6)."""
    found = local(reference)
    return reference.removeprefix("#") if found is None else found


_MEANINGFUL = frozenset(
    (*ASSERTIONS, *CHILDREN, *CONDITIONS, *ANNOTATIONS, "type", "enum", "const", "pattern", "required", "properties",
     "patternProperties", "prefixItems", "allOf", "anyOf", "oneOf"),
)  # fmt: skip
