"""What two nodes assert differently at their own level: types, listed values, bounds, patterns, formats, children.

A keyword is compared only where its type is possible on both sides: a length means nothing once a string became a
number, and the change of type is the one fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from troth.compatibility.annotations import annotation_facts
from troth.compatibility.bounds import bound_of, is_higher, shown
from troth.compatibility.facts import Fact, Pair
from troth.compatibility.keys import keyed_alike
from troth.compatibility.nodes import EVERY_TYPE, Node, shared_types
from troth.compatibility.sides import Sides
from troth.compatibility.texts import Text, implies
from troth.contract.pointers import join

__all__ = ["assertion_facts"]

JSON = Any

SIZES = (
    ("max-length", "maxLength", "string"),
    ("min-length", "minLength", "string"),
    ("max-items", "maxItems", "array"),
    ("min-items", "minItems", "array"),
    ("max-properties", "maxProperties", "object"),
    ("min-properties", "minProperties", "object"),
)
VALUES = (
    ("multiple-of", "multipleOf", "number"),
    ("unique-items", "uniqueItems", "array"),
    ("format", "format", None),
    ("content-encoding", "contentEncoding", "string"),
    ("content-media-type", "contentMediaType", "string"),
)
GROUPS = (
    ("not", ("not",)),
    ("if", ("if", "then", "else")),
    ("contains", ("contains", "minContains", "maxContains")),
    ("propertyNames", ("propertyNames",)),
    ("dependentSchemas", ("dependentSchemas",)),
    ("dependentRequired", ("dependentRequired",)),
    ("unevaluatedItems", ("unevaluatedItems",)),
    ("contentSchema", ("contentSchema",)),
)


def assertion_facts(sides: Sides, pair: Pair, old: Node, new: Node) -> Iterator[Fact]:
    """The differences of one pair, in the order in which a reader meets the keywords."""
    return _Comparison(sides, pair, old, new).facts()


class _Comparison:
    def __init__(self, sides: Sides, pair: Pair, old: Node, new: Node) -> None:
        self.sides, self.pair, self.old, self.new = sides, pair, old, new

    def facts(self) -> Iterator[Fact]:
        yield from self._types()
        yield from self._listed()
        for subject, keyword, kind in SIZES:
            if self._both(kind):
                yield from self._sized(subject, keyword)
        if self._both("number"):
            yield from self._range("maximum", "exclusiveMaximum", -1)
            yield from self._range("minimum", "exclusiveMinimum", 1)
        for subject, keyword, applies in VALUES:
            if applies is None or self._both(applies):
                yield from self._valued(subject, keyword)
        if self._both("string"):
            yield from self._patterns()
        yield from self._children()
        yield from self._conditions()
        yield from annotation_facts(self.old, self.new, self._fact)

    def _both(self, kind: str) -> bool:
        if kind == "number":
            return all(node.types & {"number", "integer"} for node in (self.old, self.new))
        return kind in self.old.types and kind in self.new.types

    def _fact(self, subject: str, action: str, old: JSON, new: JSON, keyword: str, **more: Any) -> Fact:
        schema_old = self.old.where.get(keyword, self.pair.old[0])
        schema_new = self.new.where.get(keyword, self.pair.new[0])
        where_old = self._where(schema_old, keyword, self.sides.old.raw)
        where_new = self._where(schema_new, keyword, self.sides.new.raw)
        place = self.sides.place(action, schema_old, schema_new)
        return Fact(subject, action, place, old, new, where_old, where_new, pair=self.pair, **more)

    @staticmethod
    def _where(pointer: str, keyword: str, raw: Callable[[str], JSON]) -> str:
        schema = raw(pointer)
        return join(pointer, keyword) if isinstance(schema, Mapping) and keyword in schema else pointer

    def _types(self) -> Iterator[Fact]:
        old, new = self.old, self.new
        listed = (old.enum is not None) + (new.enum is not None)
        narrowed = not _within(old.types, new.types)
        widened = not _within(new.types, old.types)
        anything = EVERY_TYPE in (old.types, new.types)
        if self._is_another_type() or (not listed and (narrowed or widened)):
            action = "narrowed" if not widened else "widened" if not narrowed else "changed"
            yield self._fact("type", action, _kinds(old), _kinds(new), "type")
            if shared_types(old.types, new.types) and old.null != new.null and not anything:
                yield self._null()
        elif old.null != new.null and (listed != 1 or not anything):
            yield self._null()

    def _is_another_type(self) -> bool:
        """Whether values are listed on one side only, and some are of a type that the other side has not."""
        old, new = self.old, self.new
        if old.enum is not None:
            return new.enum is None and not _within(old.types, new.types)
        return new.enum is not None and not _within(new.types, old.types)

    def _null(self) -> Fact:
        keyword = next((k for k in ("type", "enum", "anyOf", "oneOf") if k in self.new.where), "type")
        return self._fact(
            "null", "added" if self.new.null else "removed", self.old.null, self.new.null, keyword
        )

    def _listed(self) -> Iterator[Fact]:
        old, new = self.old.enum, self.new.enum
        if (old is None and new is None) or self._is_another_type():
            return
        if old is None or new is None:
            yield self._fact(
                "enum", "added" if old is None else "removed", old and list(old), new and list(new), "enum"
            )
            return
        gone = [value for value in old if value is not None and not _among(value, new)]
        come = [value for value in new if value is not None and not _among(value, old)]
        if gone and come and _is_one(old) and _is_one(new):
            yield self._fact("const", "changed", gone[0], come[0], "enum", names=_words([*come, *gone]))
            return
        if gone:
            yield self._fact("enum-value", "removed", gone, None, "enum", names=_words(gone))
        if come:
            yield self._fact("enum-value", "added", None, come, "enum", names=_words(come))

    def _sized(self, subject: str, keyword: str) -> Iterator[Fact]:
        yield from self._moved(
            subject, keyword, self.old.assertions.get(keyword), self.new.assertions.get(keyword)
        )

    def _moved(self, subject: str, keyword: str, old: JSON, new: JSON) -> Iterator[Fact]:
        if old == new:
            return
        if old is None or new is None:
            yield self._fact(subject, "added" if old is None else "removed", old, new, keyword)
            return
        yield self._fact(subject, "increased" if new > old else "decreased", old, new, keyword)

    def _range(self, inclusive: str, exclusive: str, inward: int) -> Iterator[Fact]:
        """A bound with its exclusiveness: moving ``maximum: 5`` to ``exclusiveMaximum: 6`` of an integer is nothing."""
        old, new = (bound_of(node, inclusive, exclusive, inward) for node in (self.old, self.new))
        if old == new:
            return
        keyword = exclusive if exclusive in self.new.assertions else inclusive
        shown_old, shown_new = (shown(bound) for bound in (old, new))
        if old is None or new is None:
            yield self._fact(inclusive, "added" if old is None else "removed", shown_old, shown_new, keyword)
            return
        action = "increased" if is_higher(new, old, inward) else "decreased"
        yield self._fact(inclusive, action, shown_old, shown_new, keyword)

    def _valued(self, subject: str, keyword: str) -> Iterator[Fact]:
        old, new = self.old.assertions.get(keyword), self.new.assertions.get(keyword)
        if old == new or (keyword == "format" and self._format_beside_the_point()):
            return
        action = "added" if old is None else "removed" if new is None else "changed"
        yield self._fact(subject, action, old, new, keyword)

    def _format_beside_the_point(self) -> bool:
        """A format on a listed value, or one that goes with a change of type, is no second edit."""
        return self.new.enum is not None or not shared_types(self.old.types, self.new.types)

    def _patterns(self) -> Iterator[Fact]:
        old, new = self.old.patterns, self.new.patterns
        if old == new or _same_texts(old, new):
            return
        action = "added" if old < new else "removed" if new < old else "changed"
        yield self._fact("pattern", action, _only(old), _only(new), "pattern")

    def _children(self) -> Iterator[Fact]:
        yield from self._additional()
        if self._both("array"):
            old, new = self.old.children.get("items"), self.new.children.get("items")
            if (old is None) is not (new is None):
                yield self._fact("items", "added" if old is None else "removed", None, None, "items")
            yield from self._prefix()
        if self._both("object"):
            before, after = self.old.pattern_properties, keyed_alike(self.old, self.new)
            for name in sorted(after.keys() - before.keys()):
                yield self._fact("pattern-property", "added", None, name, "patternProperties", names=(name,))
            for name in sorted(before.keys() - after.keys()):
                yield self._fact(
                    "pattern-property", "removed", name, None, "patternProperties", names=(name,)
                )

    def _prefix(self) -> Iterator[Fact]:
        before, after = len(self.old.prefix), len(self.new.prefix)
        if before != after:
            yield self._fact(
                "prefix-items", "added" if after > before else "removed", before, after, "prefixItems"
            )

    def _additional(self) -> Iterator[Fact]:
        if not self._both("object"):
            return
        keyword = "additionalProperties"
        old, new = self._openness(self.old, self.sides.old.raw), self._openness(self.new, self.sides.new.raw)
        if old == new:
            return
        order = ("forbidden", "described", "open")
        action = "widened" if order.index(new) > order.index(old) else "narrowed"
        explicit = keyword in self.old.where and old != "forbidden"
        subject = (
            "documented-additional-properties"
            if (action == "narrowed" and explicit) or (action == "widened" and old == "described")
            else "additional-properties"
        )
        yield self._fact(subject, action, old, new, keyword)

    @staticmethod
    def _openness(node: Node, raw: Callable[[str], JSON]) -> str:
        pointers = node.children.get("additionalProperties", ())
        if any(raw(pointer) is False for pointer in pointers):
            return "forbidden"
        return "described" if pointers else "open"

    def _conditions(self) -> Iterator[Fact]:
        for leader, keywords in GROUPS:
            before = {k: v for k in keywords if (v := self.old.conditions.get(k))}
            after = {k: v for k in keywords if (v := self.new.conditions.get(k))}
            if not before and not after:
                continue
            if before.keys() == after.keys() and all(self._alike(before[k], after[k]) for k in before):
                continue
            asserted = leader != "contentSchema"  # an annotation: equal values say nothing about it
            if asserted and before and after and self.sides.same(self.pair.old, self.pair.new):
                continue
            action = "added" if not before else "removed" if not after else "changed"
            keyword = next(iter(after or before))
            yield self._fact(
                "condition", action, leader if before else None, leader if after else None, keyword
            )

    def _alike(self, old: tuple[str, ...], new: tuple[str, ...]) -> bool:
        left, right = [self.sides.old.raw(p) for p in old], [self.sides.new.raw(p) for p in new]
        if any(not isinstance(value, (Mapping, bool)) for value in (*left, *right)) or "dependent" in old[0]:
            return left == right
        return self.sides.same(old, new)


def _same_texts(old: frozenset[str], new: frozenset[str]) -> bool:
    """Whether patterns were only written otherwise."""
    before, after = Text(old), Text(new)
    return bool(old and new) and all(
        all(implies(text, pattern) for pattern in others) for text, others in ((before, new), (after, old))
    )


def _within(inner: frozenset[str], outer: frozenset[str]) -> bool:
    return all(kind in outer or (kind == "integer" and "number" in outer) for kind in inner)


def _kinds(node: Node) -> JSON:
    kinds = sorted(node.types) + (["null"] if node.null else [])
    if node.types == EVERY_TYPE:
        return "any"
    return kinds[0] if len(kinds) == 1 else kinds


def _among(value: JSON, values: tuple[JSON, ...]) -> bool:
    return any(isinstance(value, bool) is isinstance(other, bool) and value == other for other in values)


def _is_one(listed: tuple[JSON, ...]) -> bool:
    """Whether one value is listed, null aside."""
    return len([value for value in listed if value is not None]) == 1


def _words(values: list[JSON]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _only(patterns: frozenset[str]) -> JSON:
    ordered = sorted(patterns)
    return None if not ordered else ordered[0] if len(ordered) == 1 else ordered
