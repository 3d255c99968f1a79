"""Closed schemas that are put together: ``additionalProperties: false`` knows the properties beside it and no others.

Beside ``allOf`` it forbids, by the letter, what the parts describe, and inside ``allOf`` what the other parts do. No
author means that, so what is written closed is closed to what none of the parts knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from troth.contract.pointers import join, local
from troth.contract.positions import Positions
from troth.findings import Finding

__all__ = ["reconciled", "simplify"]

_SCALARS = ("boolean", "integer", "number", "string")
_CHOICES = ("anyOf", "oneOf")
#: What says nothing about values, so that it may stand beside a reference without being lost to who follows it.
_WORDS = frozenset(
    ("allOf", "default", "deprecated", "description", "example", "examples", "externalDocs", "readOnly", "title",
     "writeOnly", "xml"),
)  # fmt: skip


def simplify(schemas: Mapping[str, Any], references: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write ``allOf`` with one reference as that reference, in place: OpenAPI 3.0 lets no words stand beside one.

    So patterns and formats of named texts and numbers are found where they are used. Where a reference leads into the
    ``allOf``, or it leads back to itself, it stays as it is; so do objects, which have members of their own to tell.
    """
    targets = [local(node["$ref"]) or "" for _, node in references if isinstance(node.get("$ref"), str)]
    inside = {target.partition("/allOf/")[0] for target in targets if "/allOf/" in target}
    for at, schema in schemas.items():
        if not isinstance(schema, dict) or at in inside or any(word not in _WORDS for word in schema):
            continue
        parts = schema.get("allOf")
        if (
            isinstance(parts, list)
            and len(parts) == 1
            and isinstance(parts[0], dict)
            and [*parts[0]] == ["$ref"]
        ):
            ends = list(_ends(schemas, at, schema, ("allOf",)))
            if ends and ends[0] != at and schemas[ends[0]].get("type") in _SCALARS:
                schema["$ref"] = schema.pop("allOf")[0]["$ref"]


def reconciled(schemas: Mapping[str, Any], positions: Positions) -> list[Finding]:
    """Open, in place, what closes its own parts out. ``schemas`` maps pointers to schemas, nested ones too."""
    composed = {at: schema for at, schema in schemas.items() if isinstance(schema, dict) and _parts(schema)}
    chosen = {end for at, schema in composed.items() for end in _ends(schemas, at, schema, _CHOICES)}
    return [
        Finding(
            "closed-composition", "error", message, location=positions.locate(f"{at}/additionalProperties")
        )
        for start, schema in composed.items()
        for at, message in _opened(schemas, start, schema, chosen)
    ]


def _opened(
    schemas: Mapping[str, Any], start: str, schema: dict[str, Any], chosen: set[str]
) -> Iterator[tuple[str, str]]:
    """Where the schema, or a part of it, was open to nothing that another part describes."""
    named = _named(schemas, start, frozenset())
    if _is_closed(schema) and named - set(schema.get("properties") or {}):
        del schema["additionalProperties"]
        schema.setdefault("unevaluatedProperties", False)
        yield start, "'additionalProperties: false' forbids what 'allOf' describes; it is read with all parts"
    for end in _ends(schemas, start, schema, ("allOf",)):
        part = schemas[end]
        if end not in chosen and _is_closed(part) and named - _named(schemas, end, frozenset()):
            del part["additionalProperties"]
            yield (
                end,
                "'additionalProperties: false' in a part of an 'allOf' forbids the other parts; it is passed over",
            )


def _is_closed(schema: Any) -> bool:
    closed = isinstance(schema, dict) and schema.get("additionalProperties") is False
    return closed and not schema.get("patternProperties")


def _parts(schema: Mapping[str, Any]) -> bool:
    return any(isinstance(schema.get(word), list) and schema[word] for word in ("allOf", *_CHOICES))


def _ends(
    schemas: Mapping[str, Any], start: str, schema: Mapping[str, Any], words: tuple[str, ...]
) -> Iterator[str]:
    """Where the parts of a schema are written, behind their references."""
    for word in words:
        for index in range(len(schema.get(word) or ())):
            at, seen = join(start, word, index), set[str]()
            while at in schemas and at not in seen and isinstance(schemas[at], dict):
                seen.add(at)
                target = local(schemas[at]["$ref"]) if isinstance(schemas[at].get("$ref"), str) else None
                if target is None:
                    yield at
                    break
                at = target


def _named(schemas: Mapping[str, Any], start: str, seen: frozenset[str]) -> frozenset[str]:
    """The properties that a schema and its parts describe."""
    schema = schemas.get(start)
    if not isinstance(schema, dict) or start in seen:
        return frozenset()
    own = schema.get("properties")
    below = [
        _named(schemas, end, seen | {start}) for end in _ends(schemas, start, schema, ("allOf", *_CHOICES))
    ]
    return frozenset(own if isinstance(own, dict) else ()).union(*below)
