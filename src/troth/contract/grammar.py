"""The shape of an OpenAPI 3 document as one table: which field holds what, and where schemas and references stand.

A field's kind is a word of the table, one of the primitives ``text`` (any scalar), ``string``, ``boolean``,
``object``, ``any``, or a composition: ``[Kind]`` a list, ``{Kind}`` a map with free names, ``<Kind>`` a map in
which names that start with ``x-`` are extensions. A name that ends with ``!`` must be present.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

__all__ = ["METHODS", "Shape", "is_referable", "schema_field", "shape"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

_CONTENT = {"schema": "Schema", "example": "any", "examples": "{Example}", "content": "{MediaType}"}

_TABLE: dict[str, dict[str, str]] = {
    "OpenAPI": {
        "openapi!": "text",
        "info!": "Info",
        "paths": "<PathItem>",
        "webhooks": "{PathItem}",
        "components": "Components",
        "security": "[SecurityRequirement]",
        "servers": "[Server]",
        "tags": "[Tag]",
        "externalDocs": "object",
        "jsonSchemaDialect": "string",
    },
    "Info": {
        "title!": "text",
        "version!": "text",
        "summary": "text",
        "description": "text",
        "termsOfService": "text",
        "contact": "object",
        "license": "object",
    },
    "Server": {"url!": "string", "description": "text", "name": "text", "variables": "{ServerVariable}"},
    "ServerVariable": {"default!": "text", "enum": "[text]", "description": "text"},
    "Tag": {"name!": "text"},
    "Components": {
        "schemas": "{Schema}",
        "responses": "{Response}",
        "parameters": "{Parameter}",
        "examples": "{Example}",
        "requestBodies": "{RequestBody}",
        "headers": "{Header}",
        "securitySchemes": "{SecurityScheme}",
        "links": "{Link}",
        "callbacks": "{Callback}",
        "pathItems": "{PathItem}",
        "mediaTypes": "{MediaType}",
    },
    "PathItem": {
        "summary": "text",
        "description": "text",
        "servers": "[Server]",
        "parameters": "[Parameter]",
        "additionalOperations": "{Operation}",
        **dict.fromkeys(METHODS, "Operation"),
    },
    "Operation": {
        "tags": "[text]",
        "summary": "text",
        "description": "text",
        "externalDocs": "object",
        "operationId": "text",
        "parameters": "[Parameter]",
        "requestBody": "RequestBody",
        "responses": "<Response>",
        "callbacks": "{Callback}",
        "deprecated": "boolean",
        "security": "[SecurityRequirement]",
        "servers": "[Server]",
    },
    "Parameter": {
        "name!": "string",
        "in!": "string",
        "description": "text",
        "required": "boolean",
        "deprecated": "boolean",
        "allowEmptyValue": "boolean",
        "style": "string",
        "explode": "boolean",
        "allowReserved": "boolean",
        **_CONTENT,
    },
    "RequestBody": {"description": "text", "content!": "{MediaType}", "required": "boolean"},
    "MediaType": {
        "schema": "Schema",
        "itemSchema": "Schema",
        "example": "any",
        "examples": "{Example}",
        "encoding": "{Encoding}",
    },
    "Encoding": {"contentType": "text", "headers": "{Header}", "style": "string", "explode": "boolean"},
    "Response": {
        "description": "text",
        "summary": "text",
        "headers": "{Header}",
        "content": "{MediaType}",
        "links": "{Link}",
    },
    "Header": {
        "description": "text",
        "required": "boolean",
        "deprecated": "boolean",
        "style": "string",
        "explode": "boolean",
        **_CONTENT,
    },
    "Callback": {},
    "Example": {"summary": "text", "description": "text", "value": "any", "externalValue": "string"},
    "Link": {"operationId": "text", "operationRef": "string", "parameters": "object", "description": "text"},
    "SecurityScheme": {"type!": "string", "name": "string", "in": "string", "scheme": "string"},
    "SecurityRequirement": {},
}

# Callback and SecurityRequirement have free names only: expression to path item, scheme name to scopes.
_REST = {"Callback": "PathItem", "SecurityRequirement": "[text]"}

_REFERABLE = frozenset(
    (
        "Callback",
        "Example",
        "Header",
        "Link",
        "MediaType",
        "Parameter",
        "PathItem",
        "RequestBody",
        "Response",
        "Schema",
        "SecurityScheme",
    )
)

_SCHEMA = {
    **dict.fromkeys(
        (
            "additionalItems",
            "additionalProperties",
            "contains",
            "contentSchema",
            "else",
            "if",
            "items",
            "not",
            "propertyNames",
            "then",
            "unevaluatedItems",
            "unevaluatedProperties",
        ),
        "Schema",
    ),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), "[Schema]"),
    **dict.fromkeys(
        ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties"), "{Schema}"
    ),
}


class Shape(NamedTuple):
    """The fields of one kind. ``rest`` is the kind of every other member, None when others are left alone."""

    fields: dict[str, str]
    required: tuple[str, ...]
    rest: str | None
    closed: bool


@cache
def shape(kind: str) -> Shape:
    """The shape of a kind of the table."""
    table = _TABLE[kind]
    return Shape(
        {name.removesuffix("!"): held for name, held in table.items()},
        tuple(name[:-1] for name in table if name.endswith("!")),
        _REST.get(kind),
        closed=kind == "PathItem",
    )


def is_referable(kind: str) -> bool:
    """Whether a Reference Object may stand where this kind is expected."""
    return kind in _REFERABLE


def schema_field(keyword: str) -> str | None:
    """What a schema keyword holds when that is again schemas: ``Schema``, ``[Schema]`` or ``{Schema}``."""
    return _SCHEMA.get(keyword)
