"""A node's own assertions as a small JSON Schema: its children are left out, so it never recurses.

One edited keyword is judged alone by putting it, and nothing else, into the old node's shell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from troth.compatibility.nodes import EVERY_TYPE, Node, shared_types

__all__ = ["SUBJECT_KEYWORDS", "shell", "with_subject"]

JSON = Any

SUBJECT_KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "max-length": ("maxLength",),
    "min-length": ("minLength",),
    "maximum": ("maximum", "exclusiveMaximum"),
    "minimum": ("minimum", "exclusiveMinimum"),
    "max-items": ("maxItems",),
    "min-items": ("minItems",),
    "max-properties": ("maxProperties",),
    "min-properties": ("minProperties",),
    "multiple-of": ("multipleOf",),
    "unique-items": ("uniqueItems",),
    "format": ("format",),
    "content-encoding": ("contentEncoding",),
    "content-media-type": ("contentMediaType",),
}
"""The subjects that are one assertion, with the keywords that state it."""


def shell(node: Node) -> dict[str, JSON]:
    """The values that a node admits when nothing is asked of its children."""
    found: dict[str, JSON] = dict(node.assertions)
    if node.enum is not None:
        found["enum"] = list(node.enum)
    if node.types != EVERY_TYPE or not node.null:
        found["type"] = sorted(node.types | ({"null"} if node.null else set()))
        if not found["type"]:
            return {"not": {}}
    if node.patterns:
        ordered = sorted(node.patterns)
        found["pattern"] = ordered[0]
        if len(ordered) > 1:
            found["allOf"] = [{"pattern": pattern} for pattern in ordered[1:]]
    if node.required:
        found["required"] = sorted(node.required)
    return found


def with_subject(old: Node, new: Node, subject: str) -> Node:
    """The old node with one thing taken over from the new one; everything, for a subject that is no single thing."""
    if subject in SUBJECT_KEYWORDS:
        return _with_keywords(old, new, SUBJECT_KEYWORDS[subject])
    taken = {
        "pattern": lambda: replace(old, patterns=new.patterns),
        "null": lambda: _with_null(old, new),
        "type": lambda: _with_types(old, new),
        "enum": lambda: _with_enum(old, new),
        "enum-value": lambda: _with_enum(old, new),
        "const": lambda: _with_enum(old, new),
    }.get(subject)
    return taken() if taken else new


def _with_keywords(old: Node, new: Node, keywords: tuple[str, ...]) -> Node:
    kept = {keyword: value for keyword, value in old.assertions.items() if keyword not in keywords}
    taken = {keyword: new.assertions[keyword] for keyword in keywords if keyword in new.assertions}
    return replace(old, assertions={**kept, **taken})


def _with_types(old: Node, new: Node) -> Node:
    """Types that come bring their bounds along; the types that stay keep the old ones."""
    if not shared_types(old.types, new.types):
        return new
    null = (
        new.null if EVERY_TYPE in (old.types, new.types) else old.null
    )  # otherwise null is an edit of its own
    return replace(
        old, types=new.types, null=null, enum=new.enum, assertions={**new.assertions, **old.assertions}
    )


def _with_null(old: Node, new: Node) -> Node:
    enum = old.enum
    if enum is not None:
        listed = tuple(value for value in enum if value is not None)
        enum = (*listed, None) if new.null else listed
    return replace(old, null=new.null, enum=enum)


def _with_enum(old: Node, new: Node) -> Node:
    if new.enum is None:
        return replace(old, enum=None, types=new.types)
    listed = tuple(value for value in new.enum if value is not None)
    return replace(old, enum=(*listed, None) if old.null else listed, types=new.types)
