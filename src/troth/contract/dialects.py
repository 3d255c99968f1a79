"""OpenAPI 3.0, 3.1 and 3.2 read alike: every schema becomes JSON Schema 2020-12.

3.1 and 3.2 schemas already are. 3.0 ones lose ``nullable``, boolean exclusive bounds, ``example`` and whatever
stands beside a ``$ref``, in favour of what 2020-12 says instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troth.contract.positions import Positions
from troth.errors import DocumentError, did_you_mean

__all__ = ["dialect", "raise_schema"]

_READ = "Troth reads OpenAPI 3.0, 3.1, 3.2 and Swagger 2.0"
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?(?:-.+)?")
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_BESIDE_REFERENCE = frozenset(("$ref", "description", "summary"))


def dialect(document: Any, positions: Positions) -> str:
    """``2.0``, ``3.0``, ``3.1`` or ``3.2``. Raises DocumentError for anything else."""
    if not isinstance(document, Mapping):
        raise DocumentError(
            f"a contract is an object with 'openapi', 'info' and 'paths'. {_READ}", positions.locate("")
        )
    if "swagger" in document and "openapi" not in document:
        found, at = document["swagger"], "/swagger"
    elif "openapi" in document:
        found, at = document["openapi"], "/openapi"
    else:
        for other in ("asyncapi", "arazzo", "overlay"):
            if other in document:
                message = f"this is an {other.capitalize()} document, not an OpenAPI one. {_READ}"
                raise DocumentError(message, positions.locate(f"/{other}"))
        hint = next((hint for key in document if (hint := did_you_mean(str(key), ("openapi",)))), "")
        raise DocumentError(f"the document does not say 'openapi: 3.x'.{hint} {_READ}", positions.locate(""))
    match = _VERSION.fullmatch(str(found)) if isinstance(found, str | float) else None
    version = f"{match[1]}.{match[2]}" if match else ""
    known = ("2.0",) if at == "/swagger" else ("3.0", "3.1", "3.2")
    if version not in known:
        raise DocumentError(f"version {str(found)[:40]!r} is not known. {_READ}", positions.locate(at))
    return version


def raise_schema(schema: dict[str, Any]) -> dict[str, str]:
    """Turn one 3.0 schema object into 2020-12, in place; its subschemas are the caller's business.

    The result maps keywords that had to move to the pointers (without the first slash) where they are now.
    """
    if "$ref" in schema:
        for name in [n for n in schema if n not in _BESIDE_REFERENCE and not n.startswith("x-")]:
            del schema[name]
        return {}
    for exclusive, bound in _BOUNDS:
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            del schema[exclusive]
            if flag and bound in schema:
                schema[exclusive] = schema.pop(bound)
    if "example" in schema:
        example = schema.pop("example")
        schema.setdefault("examples", [example])
    if "nullable" in schema:
        return _raise_nullable(schema, schema.pop("nullable"))
    return {}


def _raise_nullable(schema: dict[str, Any], nullable: Any) -> dict[str, str]:
    """``nullable: true`` adds null to the type and, where there is one, to the enum (proposal 2019-10-31).

    Without a ``type`` it would mean nothing by the letter; authors mean "or null", so composed schemas get that.
    """
    if nullable is not True:
        return {}
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = [kind, "null"] if kind != "null" else kind
    elif isinstance(kind, list) and "null" not in kind:
        schema["type"] = [*kind, "null"]
    enum = schema.get("enum")
    if isinstance(enum, list) and None not in enum:
        schema["enum"] = [*enum, None]
    composed = {name: schema.pop(name) for name in ("allOf", "anyOf", "oneOf") if name in schema}
    if composed:
        schema["anyOf"] = [{"type": "null"}, composed]
    return {name: f"anyOf/1/{name}" for name in composed}
