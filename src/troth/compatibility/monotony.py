"""Containment of schemas that differ in some of their parts, from the containment of those parts.

Where everything else is the same, a schema admits more when a part of it does, and ``not`` admits more when its part
admits less. ``oneOf`` and ``if`` have no such law, and ``contains`` has it only without a highest number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

__all__ = ["Covers", "follows_from_parts"]

JSON = Any
Covers = Callable[[JSON, JSON], bool]

PARTS = frozenset({"items", "additionalProperties", "contains", "propertyNames", "then", "else", "not"})
NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
LISTED = frozenset({"allOf", "anyOf", "prefixItems"})
READERS = frozenset({"unevaluatedProperties", "unevaluatedItems"})
"""Keywords beside which a part is also read for what it looked at."""


def follows_from_parts(wide: JSON, narrow: JSON, covers: Covers) -> bool:
    """Whether the parts in which two schemas differ prove that one covers the other. They must differ in some."""
    if not isinstance(wide, Mapping) or not isinstance(narrow, Mapping) or wide.keys() != narrow.keys():
        return False
    differing = [
        keyword for keyword in wide if keyword != "$defs" and not _same(wide[keyword], narrow[keyword])
    ]
    if not differing or wide.keys() & READERS or not _share_definitions(wide, narrow, differing):
        return False
    pairs = []
    for keyword in differing:
        found = list(_pairs(keyword, wide, narrow))
        if not found or None in found:
            return False
        pairs += found
    return all(covers(*pair) for pair in pairs if pair is not None)


def _pairs(
    keyword: str, wide: Mapping[str, JSON], narrow: Mapping[str, JSON]
) -> Iterator[tuple[JSON, JSON] | None]:
    """The parts of a keyword that differ, the one that must cover the other first; None where no law holds."""
    one, other = wide[keyword], narrow[keyword]
    if keyword == "not":
        yield _with_definitions(other, narrow), _with_definitions(one, wide)
        return
    if keyword == "contains" and ("maxContains" in wide or wide.get("minContains") == 0):
        yield None
        return
    parts: Iterator[tuple[JSON, JSON]] | None = None
    if keyword in PARTS:
        parts = iter([(one, other)])
    elif (
        keyword in NAMED
        and isinstance(one, Mapping)
        and isinstance(other, Mapping)
        and one.keys() == other.keys()
    ):
        parts = ((one[name], other[name]) for name in one)
    elif keyword in LISTED and isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        parts = zip(one, other, strict=True)
    if parts is None:
        yield None
        return
    for left, right in parts:
        if not _same(left, right):
            yield _with_definitions(left, wide), _with_definitions(right, narrow)


def _with_definitions(part: JSON, root: Mapping[str, JSON]) -> JSON:
    if "$defs" in root and isinstance(part, Mapping) and "$defs" not in part:
        return {**part, "$defs": root["$defs"]}
    return part


def _share_definitions(wide: Mapping[str, JSON], narrow: Mapping[str, JSON], differing: list[str]) -> bool:
    """Whether what stands the same in both means the same: it refers to nothing that differs."""
    if _same(wide.get("$defs"), narrow.get("$defs")):
        return True
    return b'"$ref"' not in orjson.dumps(
        {k: v for k, v in wide.items() if k not in differing and k != "$defs"}
    ) and all(isinstance(wide[keyword], Mapping) and keyword in PARTS for keyword in differing)


def _same(one: JSON, other: JSON) -> bool:
    """Equal as JSON: ``1`` is not ``true``."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
