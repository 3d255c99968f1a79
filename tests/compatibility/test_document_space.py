"""Every field of an OpenAPI document is compared, or there is a reason why it says nothing that clients rely on.

The fields come from the meta-schema of OpenAPI 3.2, so a field that nobody thought of is a failure here.
"""

# ruff: noqa: E501 - one row a field: a table is read across
from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from troth.compatibility import compare
from troth.contract.pointers import split

JSON = Any
GONE: Any = object()
S = {"type": "string"}
FORM = "/paths/~1orders/post/requestBody/content/multipart~1form-data"
GET = "/paths/~1orders/get"
OK = f"{GET}/responses/200"
LINK = f"{OK}/links/next"
HEADER = f"{OK}/headers/X-Left"
SCHEMES = "/components/securitySchemes"
FLOWS = f"{SCHEMES}/oauth/flows"

BASE: dict[str, JSON] = {
    "openapi": "3.2.0",
    "info": {"title": "Shop", "version": "1.0.0"},
    "servers": [{"url": "https://{region}.shop.example", "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}}}],
    "paths": {
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "tags": ["Orders"],
                "parameters": [{"name": "q", "in": "query", "schema": S}, {"name": "w", "in": "query", "content": {"application/json": {"schema": S}}}],
                "responses": {
                    "200": {
                        "description": "-",
                        "headers": {"X-Left": {"schema": S}},
                        "content": {"application/json": {"schema": S}},
                        "links": {"next": {"operationId": "listOrders", "parameters": {"q": "$response.body#/q"}}},
                    },
                },
            },
            "post": {
                "operationId": "createOrder",
                "requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object", "properties": {"a": S}}, "encoding": {"a": {"contentType": "text/plain"}}}}},
                "responses": {"204": {"description": "-"}},
            },
        },
    },
    "components": {
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "x-key"},
            "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://id.example/t", "scopes": {"a": "A"}}}},
        },
    },
}  # fmt: skip

FLOW = {
    "authorizationUrl": "https://id.example/a",
    "tokenUrl": "https://id.example/t",
    "deviceAuthorizationUrl": "https://id.example/d",
    "scopes": {},
}
OPERATION = {"operationId": "other", "responses": {"204": {"description": "-"}}}
# A field of an object of the meta-schema, and an edit of it: a pointer and what stands there afterwards.
COMPARED: dict[str, tuple[str, JSON]] = {
    "server.url": ("/servers/0/url", "https://{region}.store.example"),
    "server.variables": ("/servers/0/variables/region/enum", ["eu"]),
    "server-variable.enum": ("/servers/0/variables/region/enum", ["eu"]),
    "server-variable.default": ("/servers/0/variables/region/default", "us"),
    "path-item.servers": ("/paths/~1orders/servers", [{"url": "https://other.example"}]),
    "path-item.parameters": ("/paths/~1orders/parameters", [{"name": "z", "in": "query", "schema": S}]),
    "path-item.additionalOperations": ("/paths/~1orders/additionalOperations", {"COPY": OPERATION}),
    **{f"path-item.{method}": (f"/paths/~1orders/{method}", OPERATION) for method in ("put", "delete", "options", "head", "patch", "trace", "query")},
    "path-item.get": (GET, GONE),
    "path-item.post": ("/paths/~1orders/post", GONE),
    "operation.tags": (f"{GET}/tags", ["Sales"]),
    "operation.operationId": (f"{GET}/operationId", "findOrders"),
    "operation.parameters": (f"{GET}/parameters/0", GONE),
    "operation.requestBody": ("/paths/~1orders/post/requestBody", GONE),
    "operation.responses": (f"{GET}/responses/404", {"description": "-"}),
    "operation.callbacks": (f"{GET}/callbacks", {"on": {"{$request.query.q}": {"post": {"responses": {"204": {"description": "-"}}}}}}),
    "operation.deprecated": (f"{GET}/deprecated", True),
    "operation.security": (f"{GET}/security", [{"key": []}]),
    "operation.servers": (f"{GET}/servers", [{"url": "https://other.example"}]),
    "parameter.name": (f"{GET}/parameters/0/name", "z"),
    "parameter.in": (f"{GET}/parameters/0/in", "header"),
    "parameter.required": (f"{GET}/parameters/0/required", True),
    "parameter.deprecated": (f"{GET}/parameters/0/deprecated", True),
    "parameter.schema": (f"{GET}/parameters/0/schema", {"type": "integer"}),
    "parameter.content": (f"{GET}/parameters/1/content", {"text/plain": {"schema": S}}),
    "request-body.content": ("/paths/~1orders/post/requestBody/content/text~1csv", {"schema": S}),
    "request-body.required": ("/paths/~1orders/post/requestBody/required", True),
    "media-type.schema": (f"{OK}/content/application~1json/schema", {"type": "integer"}),
    "media-type.itemSchema": (f"{OK}/content/application~1json", {"schema": S, "itemSchema": S}),
    "media-type.encoding": (f"{FORM}/encoding", {}),
    "media-type.prefixEncoding": (f"{FORM}/prefixEncoding", [{"contentType": "text/csv"}]),
    "media-type.itemEncoding": (f"{FORM}/itemEncoding", {"contentType": "text/csv"}),
    "encoding.contentType": (f"{FORM}/encoding/a/contentType", "text/csv"),
    "encoding.headers": (f"{FORM}/encoding/a/headers", {"X-Part": {"schema": S}}),
    "encoding.style": (f"{FORM}/encoding/a/style", "pipeDelimited"),
    "encoding.explode": (f"{FORM}/encoding/a/explode", False),
    "encoding.allowReserved": (f"{FORM}/encoding/a/allowReserved", True),
    "encoding.encoding": (f"{FORM}/encoding/a/encoding", {"b": {"contentType": "text/csv"}}),
    "encoding.prefixEncoding": (f"{FORM}/encoding/a/prefixEncoding", [{"contentType": "text/csv"}]),
    "encoding.itemEncoding": (f"{FORM}/encoding/a/itemEncoding", {"contentType": "text/csv"}),
    "responses.default": (f"{GET}/responses/default", {"description": "-"}),
    "response.headers": (HEADER, GONE),
    "response.content": (f"{OK}/content/text~1csv", {"schema": S}),
    "response.links": (LINK, GONE),
    "link.operationRef": (LINK, {"operationRef": "#/paths/~1orders/post"}),
    "link.operationId": (f"{LINK}/operationId", "createOrder"),
    "link.parameters": (f"{LINK}/parameters/q", "$response.body#/z"),
    "link.requestBody": (f"{LINK}/requestBody", "$response.body"),
    "link.server": (f"{LINK}/server", {"url": "https://other.example"}),
    "header.required": (f"{HEADER}/required", True),
    "header.deprecated": (f"{HEADER}/deprecated", True),
    "header.schema": (f"{HEADER}/schema/type", "integer"),
    "header.content": (HEADER, {"content": {"application/json": {"schema": S}}}),
    "security-scheme.type": (f"{SCHEMES}/key", {"type": "http", "scheme": "basic"}),
    "security-scheme.deprecated": (f"{SCHEMES}/key/deprecated", True),
    **{f"oauth-flows.{flow}": (f"{FLOWS}/{flow}", {k: v for k, v in FLOW.items() if k in fields}) for flow, fields in {
        "implicit": ("authorizationUrl", "scopes"), "password": ("tokenUrl", "scopes"),
        "authorizationCode": ("authorizationUrl", "tokenUrl", "scopes"),
        "deviceAuthorization": ("deviceAuthorizationUrl", "tokenUrl", "scopes")}.items()},
    "oauth-flows.clientCredentials": (f"{FLOWS}/clientCredentials/tokenUrl", "https://id.example/u"),
}  # fmt: skip
PROSE = ("description", "summary", "title", "externalDocs", "termsOfService", "contact", "license")
LEFT_OUT = {
    **{f"info.{name}": "for people" for name in ("title", "summary", "description", "termsOfService", "contact", "license")},
    "info.version": "what the whole comparison is about",
    "server.name": "for people",
    "path-item.$ref": "followed",
    "reference.$ref": "followed",
    **{f"components.{name}": "compared where it is used" for name in (
        "schemas", "responses", "parameters", "examples", "requestBodies", "headers", "securitySchemes", "links",
        "callbacks", "pathItems", "mediaTypes")},
}  # fmt: skip
FOR_PEOPLE = ("contact", "license", "external-documentation", "example", "examples", "tag")
"""Objects that say nothing a client relies on."""


@cache
def fields() -> frozenset[str]:
    text = (
        files("openapi_spec_validator")
        .joinpath("resources/schemas/v3.2/schema.json")
        .read_text(encoding="utf-8")
    )
    definitions = json.loads(text)["$defs"]
    return frozenset(
        f"{name}.{field}"
        for name, definition in definitions.items()
        for field in definition.get("properties") or {}
        if name not in FOR_PEOPLE and field not in (*PROSE, "$comment")
    )


def test_every_field_of_the_meta_schema_is_compared_or_left_out_for_a_reason() -> None:
    assert fields() == {*COMPARED, *(name for name in LEFT_OUT if name.rpartition(".")[2] not in PROSE)}


def edited(pointer: str, value: JSON) -> JSON:
    document: Any = deepcopy(BASE)
    *steps, last = split(pointer)
    node = document
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    if value is GONE:
        del node[int(last) if isinstance(node, list) else last]
    else:
        node[last] = value
    return document


@pytest.mark.parametrize("field", COMPARED)
def test_an_edit_of_a_field_is_told_both_ways(field: str, contract: Any) -> None:
    old, new = contract(BASE), contract(edited(*COMPARED[field]))
    assert compare(old, new, policy="strict").findings != ()
    assert compare(new, old, policy="strict").findings != ()


@pytest.mark.parametrize(
    "pointer", ["/info", "/servers/0", GET, f"{GET}/parameters/0", OK, HEADER, LINK, f"{SCHEMES}/key"]
)
def test_prose_is_no_difference(pointer: str, contract: Any) -> None:
    new = edited(f"{pointer}/description", "Other words.")
    assert compare(contract(BASE), contract(new), policy="strict").findings == ()
