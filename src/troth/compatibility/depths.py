"""Values whose parts, not only they themselves, are at the edges of what a schema says.

For witnesses that the edges of one level do not give: of conditions, of what an array must contain, of names and of
properties that depend on each other. Every value is a guess; the caller validates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, islice
from typing import Any

from troth.compatibility.samples import edges, parts_of, sample
from troth.contract.patterns import strings_of

__all__ = ["deeper"]

JSON = Any
Schema = Mapping[str, JSON]
DEEPEST = 3
EACH = 120
SHALLOW = 24
NAMES = 5
MOST_ITEMS = 12
PLAIN: tuple[JSON, ...] = (0.5, "no such value", None, False, [], {})
CONDITIONS = ("if", "then", "else", "not")


def deeper(schema: JSON, root: JSON = None, depth: int = 0) -> Iterator[JSON]:
    """Objects and arrays with one part at an edge of its own schema, the shallow ones first."""
    root = schema if root is None else root
    if not isinstance(schema, Mapping) or not isinstance(root, Mapping) or depth > DEEPEST:
        return
    whole = sample({**schema, "type": "object"}, root)
    base = whole if isinstance(whole, dict) else {}
    if _may_be(schema, "object"):
        yield from _subsets(schema, root, base)
        yield from _objects(schema, root, base, depth)
    if _may_be(schema, "array"):
        yield from _arrays(schema, root, depth)
    for part in chain(
        parts_of(schema, root), (schema[keyword] for keyword in CONDITIONS if keyword in schema)
    ):
        for value in islice(_values(part, root, depth + 1), EACH * 2):
            yield value
            if isinstance(value, dict) and base:
                yield {**base, **value}


def _may_be(schema: Schema, kind: str) -> bool:
    stated = schema.get("type", kind)
    return kind == stated or (isinstance(stated, list) and kind in stated)


def _values(schema: JSON, root: Schema, depth: int) -> Iterator[JSON]:
    """The edges of a part, one value of each type, then what is deeper in it."""
    return chain(islice(edges(schema, root, 1), SHALLOW), PLAIN, deeper(schema, root, depth))


def _subsets(schema: Schema, root: Schema, base: Mapping[str, JSON]) -> Iterator[JSON]:
    """Objects with every choice of the first few names that a schema speaks of."""
    properties = schema.get("properties") or {}
    dependent = schema.get("dependentRequired") or {}
    names = dict.fromkeys(
        chain(dependent, chain.from_iterable(dependent.values()), _demanded(schema), properties, base)
    )
    few = list(names)[:NAMES]
    values = {name: sample(properties.get(name, {}), root) for name in few}
    for size in range(len(few) + 1):
        yield from ({name: values[name] for name in chosen} for chosen in combinations(few, size))


def _demanded(schema: Schema) -> Iterator[str]:
    """Names that a schema or one of its conditions requires."""
    for part in (schema, *(schema.get(keyword) for keyword in CONDITIONS)):
        if isinstance(part, Mapping):
            yield from (name for name in part.get("required", ()) if isinstance(name, str))
    for name, part in (schema.get("dependentSchemas") or {}).items():
        yield name
        if isinstance(part, Mapping):
            yield from part.get("required", ())


def _objects(schema: Schema, root: Schema, base: Mapping[str, JSON], depth: int) -> Iterator[JSON]:
    for name, child in _children(schema):
        yield from ({**base, name: value} for value in islice(_values(child, root, depth + 1), EACH))
    for name, part in (schema.get("dependentSchemas") or {}).items():
        for value in islice(_values(part, root, depth + 1), EACH):
            if isinstance(value, dict):
                yield {**base, name: "text", **value}
    named = schema.get("propertyNames")
    if isinstance(named, Mapping):
        yield from ({name: "text"} for name in edges(named, root, 1) if isinstance(name, str))


def _children(schema: Schema) -> Iterator[tuple[str, JSON]]:
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield "undocumented", schema[keyword]
    yield from (schema.get("properties") or {}).items()
    for pattern, child in (schema.get("patternProperties") or {}).items():
        yield from ((name, child) for name in islice(strings_of(pattern), 2))


def _arrays(schema: Schema, root: Schema, depth: int) -> Iterator[JSON]:
    prefix: Sequence[JSON] = schema.get("prefixItems") or ()
    before = [sample(part, root) for part in prefix]
    for at, part in enumerate(prefix):
        yield from ([*before[:at], value] for value in islice(_values(part, root, depth + 1), EACH))
    for keyword in ("items", "unevaluatedItems"):
        if isinstance(schema.get(keyword), Mapping):
            for value in islice(_values(schema[keyword], root, depth + 1), EACH):
                yield [*before, value]
                yield [*before, value, value]
    if "contains" in schema:
        yield from _containing(schema, root, depth)
    yield from (before[:size] for size in range(len(before)))


def _containing(schema: Schema, root: Schema, depth: int) -> Iterator[JSON]:
    """Arrays with as many fitting items as are asked for, one more and one less, also beside another item."""
    item = sample(schema["contains"], root)
    for keyword in ("minContains", "maxContains"):
        count = schema.get(keyword)
        if isinstance(count, int):
            for size in range(max(0, count - 1), min(count + 2, MOST_ITEMS)):
                yield [item] * size
                yield [*[item] * size, "text"]
    for value in islice(_values(schema["contains"], root, depth + 1), EACH):
        yield [value]
        yield [value, item]
