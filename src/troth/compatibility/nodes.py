"""The normal form of a schema: what it asserts at its own level, however that was written.

Inlined or referenced, split into ``allOf`` or not, nullable by a type array or by ``anyOf``, ``const`` or a one-value
``enum``: each pair of spellings gives the same :class:`Node`. Children stay pointers, so a recursive schema has a
finite normal form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from troth.compatibility.facts import Pointers

__all__ = ["ANYTHING", "EVERY_TYPE", "TYPES", "Node", "Union", "kind_of", "meet", "shared_types"]

JSON = Any
TYPES = ("array", "boolean", "integer", "number", "object", "string")
EVERY_TYPE = frozenset(TYPES) - {"integer"}

LOWER = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
UPPER = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")


@dataclass(frozen=True, slots=True)
class Union:
    """Alternatives that do not fold into one node. ``null`` is admitted beside them when it is set."""

    keyword: str
    branches: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Node:
    """One schema in normal form. ``types`` never holds ``null``: that is the flag ``null``.

    ``enum`` is None where values are not listed. ``assertions`` maps a keyword to its value; ``children`` maps a
    keyword that holds one schema (``items``, ``additionalProperties``, ``contains``, ...) to the schemas that all
    apply. ``where`` maps each keyword to the pointer of the schema that states it.
    """

    types: frozenset[str] = EVERY_TYPE
    null: bool = True
    enum: tuple[JSON, ...] | None = None
    assertions: Mapping[str, JSON] = field(default_factory=dict)
    patterns: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    properties: Mapping[str, Pointers] = field(default_factory=dict)
    pattern_properties: Mapping[str, Pointers] = field(default_factory=dict)
    prefix: tuple[Pointers, ...] = ()
    children: Mapping[str, Pointers] = field(default_factory=dict)
    unions: tuple[Union, ...] = ()
    conditions: Mapping[str, Pointers] = field(default_factory=dict)
    annotations: Mapping[str, JSON] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def bare(self) -> bool:
        """Whether the node says nothing beyond its types or its listed values."""
        return not (
            self.assertions
            or self.patterns
            or self.required
            or self.properties
            or self.pattern_properties
            or self.prefix
            or self.children
            or self.unions
            or self.conditions
        )


ANYTHING = Node()


def kind_of(value: JSON) -> str:
    """The JSON Schema type of a value; a float without a fraction is an integer (2020-12 section 4.2.3)."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, (list, tuple)) else "object"


def meet(left: Node, right: Node) -> Node:
    """The node that both nodes describe together: exactly the values that each of them admits."""
    if right is ANYTHING:
        return left
    if left is ANYTHING:
        return right
    found = Node(
        types=shared_types(left.types, right.types),
        null=left.null and right.null,
        enum=_meet_enums(left.enum, right.enum),
        assertions=_meet_assertions(left.assertions, right.assertions),
        patterns=left.patterns | right.patterns,
        required=left.required | right.required,
        properties=_meet_children(left.properties, right.properties),
        pattern_properties=_meet_children(left.pattern_properties, right.pattern_properties),
        prefix=_meet_prefixes(left.prefix, right.prefix),
        children=_meet_children(left.children, right.children),
        unions=left.unions + tuple(union for union in right.unions if union not in left.unions),
        conditions=_meet_children(left.conditions, right.conditions),
        annotations=_meet_annotations(left.annotations, right.annotations),
        where={**right.where, **left.where, **_tightest(left, right)},
    )
    return settle(found)


def settle(node: Node) -> Node:
    """Listed values decide the types: a value of a type that is not allowed is not listed either.

    A number that is a multiple of a whole number is an integer, and each integer is a multiple of one.
    """
    step = node.assertions.get("multipleOf")
    if step is not None and node.types != EVERY_TYPE and isinstance(step, (int, float)) and step % 1 == 0:
        types = frozenset("integer" if kind == "number" else kind for kind in node.types)
        kept = {keyword: value for keyword, value in node.assertions.items() if keyword != "multipleOf"}
        assertions = kept if step == 1 and "integer" in types else node.assertions
        node = replace(node, types=types, assertions=assertions)
    if node.enum is None:
        return node
    enum = tuple(value for value in node.enum if value is not None and _allows(node.types, kind_of(value)))
    null = node.null and any(value is None for value in node.enum)
    types = frozenset(kind_of(value) for value in enum)
    return replace(node, enum=(*enum, None) if null else enum, null=null, types=_widest(types))


def _allows(types: frozenset[str], kind: str) -> bool:
    return kind in types or (kind == "integer" and "number" in types)


def _widest(types: frozenset[str]) -> frozenset[str]:
    return types - {"integer"} if "number" in types else types


def shared_types(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    """The types that both sides allow; an integer is a number."""
    both = {kind for kind in left if _allows(right, kind)} | {kind for kind in right if _allows(left, kind)}
    return _widest(frozenset(both))


def _meet_enums(left: tuple[JSON, ...] | None, right: tuple[JSON, ...] | None) -> tuple[JSON, ...] | None:
    if left is None or right is None:
        return right if left is None else left
    return tuple(value for value in left if any(_same(value, other) for other in right))


def _same(left: JSON, right: JSON) -> bool:
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _meet_assertions(left: Mapping[str, JSON], right: Mapping[str, JSON]) -> dict[str, JSON]:
    found = {**left, **right}
    for keyword in left.keys() & right.keys():
        one, other = left[keyword], right[keyword]
        if keyword in LOWER:
            found[keyword] = max(one, other)
        elif keyword in UPPER:
            found[keyword] = min(one, other)
        elif keyword == "uniqueItems":
            found[keyword] = one or other
        elif keyword == "multipleOf" and isinstance(one, int) and isinstance(other, int):
            found[keyword] = _least_multiple(one, other)
    return found


def _meet_annotations(left: Mapping[str, JSON], right: Mapping[str, JSON]) -> dict[str, JSON]:
    """What both say; where they contradict each other, the same one whichever comes first."""
    found = {**right, **left}
    for keyword in left.keys() & right.keys():
        one, other = left[keyword], right[keyword]
        if one != other:
            found[keyword] = other if other is True or (one is not True and repr(other) < repr(one)) else one
    return found


def _least_multiple(one: int, other: int) -> int:
    a, b = one, other
    while b:
        a, b = b, a % b
    return one * other // a


def _tightest(left: Node, right: Node) -> dict[str, str]:
    """Where both sides bound the same thing, the place of the tighter bound."""
    found = {}
    for keyword in left.assertions.keys() & right.assertions.keys():
        one, other = left.assertions[keyword], right.assertions[keyword]
        tighter = (keyword in LOWER and other > one) or (keyword in UPPER and other < one)
        if tighter and keyword in right.where:
            found[keyword] = right.where[keyword]
    return found


def _meet_children(left: Mapping[str, Pointers], right: Mapping[str, Pointers]) -> dict[str, Pointers]:
    found = dict(left)
    for name, pointers in right.items():
        known = found.get(name, ())
        found[name] = known + tuple(pointer for pointer in pointers if pointer not in known)
    return found


def _meet_prefixes(left: tuple[Pointers, ...], right: tuple[Pointers, ...]) -> tuple[Pointers, ...]:
    size = max(len(left), len(right))
    return tuple(
        (left[at] if at < len(left) else ()) + (right[at] if at < len(right) else ()) for at in range(size)
    )
