"""Schemas are checked against the 2020-12 meta-schema when a contract is loaded, not when a request comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from troth.contract.pointers import join, resolve
from troth.contract.positions import Positions
from troth.contract.sentences import describe, shown
from troth.contract.spellings import readable_pattern
from troth.errors import DocumentError, did_you_mean
from troth.findings import Finding, Location

__all__ = ["check_schemas"]

_META = "https://json-schema.org/draft/2020-12/schema"
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")


@cache
def _meta_validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": _META}, validate_formats=False)


def check_schemas(schemas: Mapping[str, Any], positions: Positions) -> list[Finding]:
    """Leave in every schema what the meta-schema knows. ``schemas`` maps pointers to schemas, nested ones too.

    A keyword that cannot be read, as a pattern that no spelling makes readable, is taken out, since everything else
    can still be held; the findings say where.
    """
    validator = _meta_validator()
    flaws = [flaw for pointer, schema in schemas.items() for flaw in _mended(pointer, schema, positions)]
    for pointer, schema in sorted(schemas.items(), key=lambda pair: pair[0].count("/")):
        while not validator.is_valid(schema):
            flaws.append(_without(pointer, schema, positions))
    return flaws


def _without(pointer: str, schema: Any, positions: Positions) -> Finding:
    """Take the innermost keyword that cannot be read out of a schema."""
    errors = _meta_validator().iter_errors(schema)
    error = max(errors, key=lambda found: len(found.instance_path))
    path = list(error.instance_path)
    message, at = _sentence(error, schema), positions.locate(join(pointer, *path))
    while path and isinstance(path[-1], int):
        path.pop()  # an item of a keyword's list
    if not path:
        raise DocumentError(message, at)
    del resolve(schema, join("", *path[:-1]))[path[-1]]
    return Finding("unreadable-keyword", "error", f"{message}; nothing is held to it", location=at)


def _mended(pointer: str, schema: Any, positions: Positions) -> Iterator[Finding]:
    """Put patterns into a spelling that the validator reads, or take them out and say so."""
    if not isinstance(schema, dict):
        return
    yield from _modern(pointer, schema, positions)
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        readable = readable_pattern(pattern)
        if readable is not None:
            schema["pattern"] = readable
        else:
            del schema["pattern"]
            yield _unreadable(pattern, positions.locate(join(pointer, "pattern")))
    named = schema.get("patternProperties")
    if not isinstance(named, dict):
        return
    for name in list(named):
        readable = readable_pattern(name)
        if readable is None:
            del named[name]
            yield _unreadable(name, positions.locate(join(pointer, "patternProperties", name)))
        elif readable != name:
            named[readable] = named.pop(name)


def _modern(pointer: str, schema: dict[str, Any], positions: Positions) -> Iterator[Finding]:
    """Say as 2020-12 does what older drafts say otherwise, and leave out what says nothing."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(exclusive), bool):
            at = positions.locate(join(pointer, exclusive))
            flag = schema.pop(exclusive)
            if flag and bound in schema:
                schema[exclusive] = schema.pop(bound)
            message = (
                f"the schema keyword {exclusive!r} cannot be {shown(flag)}: it is a number since OpenAPI 3.1"
            )
            yield Finding("boolean-bound", "error", message, location=at)
    named = schema.get("examples")
    if isinstance(named, dict):  # the form that media types and parameters have
        values = [one["value"] if isinstance(one, dict) and "value" in one else one for one in named.values()]
        schema["examples"] = values
        at = positions.locate(join(pointer, "examples"))
        message = "the schema keyword 'examples' is a list of values; this map of examples is read as one"
        yield Finding("named-examples", "error", message, location=at)
    for word in [w for w in ("allOf", "anyOf", "oneOf") if schema.get(w) == []]:
        message = f"the schema keyword {word!r} names no schema, so nothing is held to it"
        yield Finding("empty-alternatives", "error", message, location=positions.locate(join(pointer, word)))
        del schema[word]
    named = schema.get("required")
    if isinstance(named, list) and all(isinstance(n, str) for n in named) and len(set(named)) < len(named):
        twice = shown(next(name for name in named if named.count(name) > 1))
        at = positions.locate(join(pointer, "required"))
        schema["required"] = list(dict.fromkeys(named))
        yield Finding("required-twice", "error", f"the property {twice} is required twice", location=at)
    if isinstance(schema.get("$recursiveAnchor"), bool):
        at = positions.locate(join(pointer, "$recursiveAnchor"))
        del schema["$recursiveAnchor"]
        message = "the schema keyword '$recursiveAnchor' is none since OpenAPI 3.1, so nothing is held to it"
        yield Finding("recursive-anchor", "error", message, location=at)


def _unreadable(pattern: str, at: Location) -> Finding:
    message = f"{shown(pattern)} is not a regular expression of ECMA-262, so nothing is held to it"
    return Finding("unreadable-pattern", "error", message, location=at)


def _sentence(error: jsonschema_rs.ValidationError, schema: Any) -> str:
    path = error.instance_path
    keyword = str(path[-1]) if path else ""
    if len(path) > 1 and isinstance(path[-1], int):
        keyword = str(path[-2])
    found: Any = schema
    for step in path:
        found = found[step]
    value = shown(found)
    if keyword == "type":
        hint = did_you_mean(found, _TYPES) if isinstance(found, str) else ""
        return f"{value} is not a type; a type is one of {', '.join(_TYPES)}, or a list of them.{hint}"
    return f"the schema keyword {keyword!r} cannot be {value}: {describe(error)}"
