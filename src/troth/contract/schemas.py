"""Schemas are checked against the 2020-12 meta-schema when a contract is loaded, not when a request comes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from troth.contract.pointers import join
from troth.contract.positions import Positions
from troth.contract.sentences import describe, shown
from troth.errors import DocumentError, did_you_mean

__all__ = ["check_schemas"]

_META = "https://json-schema.org/draft/2020-12/schema"
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")


@cache
def _meta_validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": _META}, validate_formats=True)


def check_schemas(schemas: Mapping[str, Any], positions: Positions) -> None:
    """Raise DocumentError at the first schema that is none. ``schemas`` maps pointers to schemas, nested ones too."""
    validator = _meta_validator()
    for pointer, schema in sorted(schemas.items(), key=lambda pair: pair[0].count("/")):
        if validator.is_valid(schema):
            continue
        error = max(validator.iter_errors(schema), key=lambda found: len(found.instance_path))
        at = join(pointer, *error.instance_path)
        raise DocumentError(_sentence(error, schema), positions.locate(at))


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
    if error.kind.name == "format":
        return f"{value} is not a regular expression"
    return f"the schema keyword {keyword!r} cannot be {value}: {describe(error)}"
