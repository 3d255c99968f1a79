"""Two documents and what a comparison must say about operations, parameters, bodies, responses, security, behaviour."""

# ruff: noqa: E501 - one row a case: a table is read across
from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from troth.compatibility import compare

JSON = Any
Path = tuple[str | int, ...]

S = {"type": "string"}
BASE: dict[str, JSON] = {
    "servers": [{"url": "https://shop.example/api"}],
    "x-behaviour": {
        "pagination": {"default": {"style": "page", "position": "page", "size": "pageSize", "maxSize": 100, "defaultSize": 25}},
        "idempotency": {"header": "Idempotency-Key", "methods": {"POST": True, "PATCH": True}, "ttl": "24h"},
        "rateLimits": {"hourly": {"limit": 1000, "window": "1h", "headers": {"limit": "X-Limit"}}},
        "oauth": {"scheme": "oauth", "accessTtl": "1h"},
        "tenancy": {"from": "credential", "foreign": {"read": "not-found"}},
        "scopes": {"read": "{resource}:read", "write": "{resource}:write", "aliases": {"{access}:{resource}": True}},
        "errors": {"envelope": {"error": {"code": "$code"}}, "kinds": {"conflict": {"status": 409, "code": "conflict"}}},
        "writes": {"readOnly": "ignore"},
        "changelog": {"policy": "additive"},
    },
    "paths": {
        "/orders": {
            "parameters": [{"name": "X-Trace", "in": "header", "schema": S}],
            "get": {
                "operationId": "listOrders",
                "tags": ["Orders"],
                "security": [{"key": []}, {"oauth": ["orders:read"]}],
                "parameters": [
                    {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    {"name": "ids", "in": "query", "schema": {"type": "array", "items": S}},
                    {"name": "old", "in": "query", "required": True, "schema": S},
                ],
                "responses": {
                    "200": {
                        "description": "Orders.",
                        "headers": {"X-Count": {"required": True, "schema": {"type": "integer"}}, "X-Hint": {"schema": S}},
                        "content": {
                            "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}},
                            "text/csv": {"schema": S},
                        },
                    },
                    "404": {"description": "None."},
                },
                "x-behaviour": {"scopes": {"orders:read": True}},
            },
            "post": {
                "operationId": "createOrder",
                "tags": ["Orders"],
                "security": [{"key": []}, {"oauth": ["orders:write"]}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
                        "application/xml": {"schema": S},
                    },
                },
                "responses": {
                    "201": {"description": "An order.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                },
            },
        },
        "/orders/{id}": {
            "get": {
                "operationId": "getOrder",
                "tags": ["Orders"],
                "security": [{"key": []}],
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": S}],
                "responses": {
                    "200": {"description": "An order.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                },
            },
        },
        "/open": {"get": {"operationId": "getOpen", "responses": {"204": {"description": "Fine."}}}},
    },
    "webhooks": {
        "orderPaid": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}}},
                "responses": {"204": {"description": "Heard."}},
            },
        },
    },
    "components": {
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            "oauth": {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "https://shop.example/authorize",
                        "tokenUrl": "https://shop.example/token",
                        "scopes": {"orders:read": "Read.", "orders:write": "Write."},
                    },
                },
            },
        },
        "schemas": {
            "Event": {"type": "object", "properties": {"kind": {"enum": ["paid"]}}, "required": ["kind"]},
            "Order": {
                "type": "object",
                "required": ["status"],
                "properties": {
                    "status": {"type": "string", "enum": ["draft", "sent", "void"]},
                    "customerId": {"type": "string", "x-behaviour": {"references": "customers", "immutable": True}},
                    "weight": {"type": "number", "x-behaviour": {"unit": "kg", "computed": "net + 1.0"}},
                    "note": {"type": "string", "x-behaviour": {"initial": "none"}},
                },
                "x-behaviour": {
                    "resource": "orders",
                    "lifecycle": {
                        "field": "status",
                        "transitions": {
                            "send": {"from": {"draft": True, "void": True}, "to": "sent"},
                            "cancel": {"from": {"sent": True}, "to": "void"},
                        },
                    },
                    "rules": {"positive": {"require": "weight > 0.0", "refused": "invalid"}},
                    "events": {"order_sent": {"on": {"update": True}}},
                    "visible": "status != 'void'",
                    "order": "-status",
                },
            },
        },
    },
}  # fmt: skip

GONE = object()


def edited(*edits: tuple[Path, JSON]) -> dict[str, JSON]:
    """The base document with values replaced, added or (GONE) removed."""
    document = deepcopy(BASE)
    for path, value in edits:
        node: Any = document
        for step in path[:-1]:
            node = node[step]
        if value is GONE:
            del node[path[-1]]
        elif isinstance(node, list) and path[-1] == len(node):
            node.append(value)
        else:
            node[path[-1]] = value
    return document


LIST: Path = ("paths", "/orders", "get")
POST: Path = ("paths", "/orders", "post")
READ: Path = ("paths", "/orders/{id}", "get")
ROOT: Path = ("x-behaviour",)
ORDER: Path = ("components", "schemas", "Order")
FIELDS: Path = (*ORDER, "properties")
SCHEMES: Path = ("components", "securitySchemes")
FLOW: Path = (*SCHEMES, "oauth", "flows", "authorizationCode")

# What is done to the base document, and the findings that it must give: (id, severity).
EDITS: dict[str, tuple[tuple[tuple[Path, JSON], ...], tuple[tuple[str, str], ...]]] = {
    "operation removed": ((((*READ,), GONE),), (("operation-removed", "breaking"),)),
    "operation deprecated": ((((*READ, "deprecated"), True),), (("operation-deprecation-added", "info"),)),
    "operation sunset announced": ((((*READ, "x-sunset"), "2027-01-01"),), (("operation-sunset-added", "info"),)),
    "operation id changed": ((((*READ, "operationId"), "fetchOrder"),), (("operation-id-changed", "warning"),)),
    "summary and description changed": ((((*READ, "summary"), "Another."), ((*READ, "description"), "Text.")), ()),
    "optional parameter added": (
        (((*READ, "parameters", 1), {"name": "deep", "in": "query", "schema": S}),), (("parameter-added", "info"),)),
    "required parameter added": (
        (((*READ, "parameters", 1), {"name": "deep", "in": "query", "required": True, "schema": S}),),
        (("required-parameter-added", "breaking"),)),
    "parameter removed": ((((*LIST, "parameters", 0), GONE),), (("parameter-removed", "breaking"),)),
    "required parameter removed": ((((*LIST, "parameters", 2), GONE),), (("required-parameter-removed", "breaking"),)),
    "parameter became required": (
        (((*LIST, "parameters", 0, "required"), True),), (("parameter-requirement-added", "breaking"),)),
    "parameter became optional": (
        (((*LIST, "parameters", 2, "required"), False),), (("parameter-requirement-removed", "info"),)),
    "parameter deprecated": ((((*LIST, "parameters", 0, "deprecated"), True),), (("parameter-deprecation-added", "info"),)),
    "parameter style changed": (
        (((*LIST, "parameters", 1, "style"), "pipeDelimited"), ((*LIST, "parameters", 1, "explode"), False)),
        (("parameter-style-changed", "breaking"),)),
    "list written otherwise": ((((*LIST, "parameters", 1, "explode"), False),), (("parameter-explode-changed", "breaking"),)),
    "explode of a plain value": ((((*LIST, "parameters", 0, "explode"), False),), ()),
    "parameter schema narrowed": ((((*LIST, "parameters", 0, "schema", "minimum"), 2),), (("request-minimum-increased", "breaking"),)),
    "shared parameter moved to the operations": (
        ((("paths", "/orders", "parameters"), GONE),
         ((*LIST, "parameters", 3), {"name": "x-trace", "in": "header", "schema": S}),
         ((*POST, "parameters"), [{"name": "X-Trace", "in": "header", "schema": S}])), ()),
    "path parameter renamed": (
        ((("paths",), {**{k: v for k, v in BASE["paths"].items() if k != "/orders/{id}"}, "/orders/{orderId}": {"get": {
            **BASE["paths"]["/orders/{id}"]["get"],
            "parameters": [{"name": "orderId", "in": "path", "required": True, "schema": S}]}}}),),
        (("path-parameter-renamed", "info"),)),
    "body became required": ((((*POST, "requestBody", "required"), True),), (("body-requirement-added", "breaking"),)),
    "body removed": ((((*POST, "requestBody"), GONE),), (("body-removed", "breaking"),)),
    "body added": (
        (((*LIST, "requestBody"), {"content": {"application/json": {"schema": S}}}),), (("body-added", "info"),)),
    "request media type removed": (
        (((*POST, "requestBody", "content", "application/xml"), GONE),), (("request-media-type-removed", "breaking"),)),
    "request media type added": (
        (((*POST, "requestBody", "content", "text/plain"), {"schema": S}),), (("request-media-type-added", "info"),)),
    "response media type removed": (
        (((*LIST, "responses", "200", "content", "text/csv"), GONE),), (("response-media-type-removed", "breaking"),)),
    "response media type without a schema": (
        (((*LIST, "responses", "200", "content", "text/csv"), {}),), (("response-media-schema-removed", "breaking"),)),
    "success status moved": (
        (((*POST, "responses", "200"), BASE["paths"]["/orders"]["post"]["responses"]["201"]), ((*POST, "responses", "201"), GONE)),
        (("success-status-removed", "breaking"), ("success-status-added", "warning"))),
    "error status added": ((((*READ, "responses", "404"), {"description": "None."}),), (("error-status-added", "info"),)),
    "error status removed": ((((*LIST, "responses", "404"), GONE),), (("error-status-removed", "warning"),)),
    "header removed": ((((*LIST, "responses", "200", "headers", "X-Hint"), GONE),), (("header-removed", "breaking"),)),
    "required header removed": (
        (((*LIST, "responses", "200", "headers", "X-Count"), GONE),), (("required-header-removed", "breaking"),)),
    "header became optional": (
        (((*LIST, "responses", "200", "headers", "X-Count", "required"), False),), (("header-requirement-removed", "breaking"),)),
    "header schema widened": (
        (((*LIST, "responses", "200", "headers", "X-Count", "schema", "type"), "number"),), (("response-type-widened", "breaking"),)),
    "scope added": ((((*LIST, "security", 1, "oauth"), ["orders:read", "orders:write"]),), (("scope-added", "breaking"),)),
    "scope removed": ((((*LIST, "security", 1, "oauth"), []),), (("scope-removed", "info"),)),
    "alternative removed": ((((*LIST, "security"), [{"oauth": ["orders:read"]}]),), (("security-alternative-removed", "breaking"),)),
    "alternative added": ((((*READ, "security", 1), {"oauth": ["orders:read"]}),), (("security-alternative-added", "info"),)),
    "both schemes together": (
        (((*LIST, "security"), [{"key": [], "oauth": ["orders:read"]}]),),
        (("security-alternative-removed", "breaking"), ("security-alternative-removed", "breaking"), ("security-alternative-added", "info"))),
    "credentials required": ((((*("paths", "/open", "get"), "security"), [{"key": []}]),), (("security-added", "breaking"),)),
    "credentials no longer required": ((((*READ, "security"), []),), (("security-removed", "info"),)),
    "key sent elsewhere": ((((*SCHEMES, "key", "name"), "x-key"),), (("security-scheme-changed", "breaking"),)),
    "token URL moved": ((((*FLOW, "tokenUrl"), "https://id.example/token"),), (("security-flow-url-changed", "breaking"),)),
    "scope offered": ((((*FLOW, "scopes", "orders:all"), "All."),), (("offered-scope-added", "info"),)),
    "server moved": (
        ((("servers",), [{"url": "https://eu.shop.example/api"}]),), (("server-removed", "breaking"), ("server-added", "info"))),
    "webhook removed": ((((("webhooks", "orderPaid")), GONE),), (("webhook-removed", "breaking"),)),
    "webhook value added": (
        ((("components", "schemas", "Event", "properties", "kind", "enum"), ["paid", "void"]),),
        (("response-enum-value-added", "warning"),)),
    "webhook property became optional": (
        ((("components", "schemas", "Event", "required"), GONE),), (("response-required-removed", "breaking"),)),
    "schema edited where it is used both ways": (
        (((*FIELDS, "note", "maxLength"), 10),), (("request-max-length-added", "breaking"),)),
    "largest page lowered": (((("x-behaviour", "pagination", "default", "maxSize"), 50),), (("page-maximum-decreased", "breaking"),)),
    "largest page raised": (((("x-behaviour", "pagination", "default", "maxSize"), 200),), (("page-maximum-increased", "info"),)),
    "usual page changed": (((("x-behaviour", "pagination", "default", "defaultSize"), 10),), (("page-default-changed", "warning"),)),
    "replay window shortened": (((("x-behaviour", "idempotency", "ttl"), "60m"),), (("replay-window-decreased", "breaking"),)),
    "replay window written otherwise": (((("x-behaviour", "idempotency", "ttl"), "1d"),), ()),
    "replay window lengthened": (((("x-behaviour", "idempotency", "ttl"), "2d"),), (("replay-window-increased", "info"),)),
    "idempotent method dropped": (
        (((*ROOT, "idempotency", "methods", "PATCH"), GONE),), (("idempotent-method-removed", "breaking"),)),
    "idempotency dropped": ((((*ROOT, "idempotency"), GONE),), (("idempotency-removed", "breaking"),)),
    "rate limit lowered": ((((*ROOT, "rateLimits", "hourly", "limit"), 100),), (("rate-limit-decreased", "breaking"),)),
    "rate window shortened": ((((*ROOT, "rateLimits", "hourly", "window"), "1m"),), (("rate-window-decreased", "info"),)),
    "rate limit added": (
        (((*ROOT, "rateLimits", "daily"), {"limit": 10, "window": "1d"}),), (("rate-limit-added", "breaking"),)),
    "tokens live shorter": ((((*ROOT, "oauth", "accessTtl"), "10m"),), (("token-lifetime-decreased", "breaking"),)),
    "foreign objects answered otherwise": (
        (((*ROOT, "tenancy", "foreign", "read"), "forbidden"),), (("tenancy-changed", "breaking"),)),
    "scope spelling dropped": ((((*ROOT, "scopes", "aliases"), {}),), (("scope-alias-removed", "breaking"),)),
    "error code changed": ((((*ROOT, "errors", "kinds", "conflict", "status"), 422),), (("error-code-changed", "breaking"),)),
    "error envelope changed": (
        (((*ROOT, "errors", "envelope", "error", "requestId"), "$requestId"),), (("error-envelope-added", "info"),)),
    "writes refused": ((((*ROOT, "writes", "readOnly"), "reject"),), (("write-policy-changed", "breaking"),)),
    "scope required by behaviour": (
        (((*LIST, "x-behaviour", "scopes", "orders:all"), True),), (("required-scope-added", "breaking"),)),
    "transition removed": ((((*ORDER, "x-behaviour", "lifecycle", "transitions", "cancel"), GONE),), (("transition-removed", "breaking"),)),
    "transition added": (
        (((*ORDER, "x-behaviour", "lifecycle", "transitions", "reopen"), {"from": {"void": True}, "to": "draft"}),),
        (("transition-added", "info"),)),
    "transition starts from less": (
        (((*ORDER, "x-behaviour", "lifecycle", "transitions", "send", "from", "void"), False),),
        (("transition-origin-removed", "breaking"),)),
    "transition leads elsewhere": (
        (((*ORDER, "x-behaviour", "lifecycle", "transitions", "cancel", "to"), "draft"),), (("transition-changed", "breaking"),)),
    "rule added": (
        (((*ORDER, "x-behaviour", "rules", "light"), {"require": "weight < 100.0"}),), (("invariant-added", "breaking"),)),
    "rule changed": ((((*ORDER, "x-behaviour", "rules", "positive", "require"), "weight > 1.0"),), (("invariant-changed", "warning"),)),
    "event removed": ((((*ORDER, "x-behaviour", "events", "order_sent"), GONE),), (("event-removed", "breaking"),)),
    "order changed": ((((*ORDER, "x-behaviour", "order"), "status"),), (("order-changed", "warning"),)),
    "unit changed": ((((*FIELDS, "weight", "x-behaviour", "unit"), "g"),), (("unit-changed", "breaking"),)),
    "computed otherwise": ((((*FIELDS, "weight", "x-behaviour", "computed"), "net"),), (("computation-changed", "warning"),)),
    "became immutable": ((((*FIELDS, "note", "x-behaviour", "immutable"), True),), (("immutability-added", "breaking"),)),
    "immutability lifted": ((((*FIELDS, "customerId", "x-behaviour", "immutable"), False),), (("immutability-removed", "info"),)),
    "reference added": ((((*FIELDS, "note", "x-behaviour", "references"), "notes"),), (("reference-added", "breaking"),)),
    "a keyword that no rule knows": ((((*ROOT, "telepathy"), {"range": 3}),), (("behaviour-added", "warning"),)),
    "changelog policy": ((((*ROOT, "changelog", "policy"), "strict"),), ()),
    "policy of the contract decides": (
        (((*ROOT, "changelog"), {"severities": {"operation-removed": "info"}}), ((*READ,), GONE)), (("operation-removed", "info"),)),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_exactly_its_findings(name: str, contract: Any) -> None:
    edits, expected = EDITS[name]
    found = compare(contract(BASE), contract(edited(*edits)))
    assert sorted((f.id, f.severity) for f in found.findings) == sorted(expected)


@pytest.mark.parametrize("name", EDITS)
def test_undoing_an_edit_gives_findings_as_well(name: str, contract: Any) -> None:
    """What one direction notices, the other notices too; only the judgement differs."""
    edits, _ = EDITS[name]
    there = compare(contract(BASE), contract(edited(*edits)))
    back = compare(contract(edited(*edits)), contract(BASE))
    assert len(there.findings) == len(back.findings)


def test_a_breaking_finding_points_at_the_edited_place(contract: Any) -> None:
    new = contract(edited(((*FIELDS, "note", "maxLength"), 10)))
    (finding,) = compare(contract(BASE), new).findings
    assert finding.location == new.locate("/components/schemas/Order/properties/note/maxLength")
    assert finding.witness == "texttexttex"
    assert finding.reach == ("createOrder",)


def test_what_is_gone_is_located_in_the_old_document(contract: Any) -> None:
    old = contract(BASE)
    (finding,) = compare(old, contract(edited(((*READ,), GONE)))).findings
    assert finding.location == old.locate("/paths/~1orders~1{id}/get")
    assert finding.witness == {"request": "GET /orders/{id}"}


def test_one_edit_of_a_shared_component_is_one_finding_however_often_it_is_used(contract: Any) -> None:
    paths = {
        f"/things/{at}": {"get": {"operationId": f"get{at}", "responses": {"200": {
            "description": "It.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}}}}
        for at in range(50)
    }  # fmt: skip
    old = {**BASE, "paths": paths}
    new = edited(((*ORDER, "required"), []))
    (finding,) = compare(contract(old), contract({**new, "paths": paths})).findings
    assert finding.id == "response-required-removed"
    assert len(finding.reach) == 50


def test_to_describe_behaviour_is_not_to_change_it(contract: Any) -> None:
    bare = json.loads(
        json.dumps(BASE), object_hook=lambda node: {k: v for k, v in node.items() if k != "x-behaviour"}
    )
    assert [(f.id, f.severity) for f in compare(contract(bare), contract(BASE)).findings] == [
        ("behaviour-description-added", "info")
    ]


SHARED = {
    "paths": {
        f"/{name}": {
            "get": {
                "operationId": f"list{name}",
                "parameters": [{"$ref": "#/components/parameters/Limit"}],
                "responses": {"200": {"$ref": "#/components/responses/Rows"}},
            },
        }
        for name in ("A", "B", "C")
    },
    "components": {
        "parameters": {
            "Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}
        },
        "headers": {"Left": {"required": True, "schema": {"type": "integer"}}},
        "responses": {
            "Rows": {
                "description": "Rows.",
                "headers": {"X-Left": {"$ref": "#/components/headers/Left"}},
                "content": {
                    "application/json": {"schema": {"type": "array", "items": S}},
                    "text/csv": {"schema": S},
                },
            },
        },
    },
}
PARTS: Path = ("components",)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ((*PARTS, "parameters", "Limit", "required"), True, ("parameter-requirement-added", "query parameter limit became required")),
        ((*PARTS, "parameters", "Limit", "schema", "maximum"), 50, ("request-maximum-decreased", "parameter Limit: maximum decreased from 100 to 50")),
        ((*PARTS, "headers", "Left", "required"), False, ("header-requirement-removed", "header X-Left of response 200 is no longer always sent")),
        ((*PARTS, "headers", "Left", "schema", "type"), "number", ("response-type-widened", "header Left: type widened from integer to number")),
        ((*PARTS, "responses", "Rows", "content", "text/csv"), GONE, ("response-media-type-removed", "text/csv 200 response was removed")),
        ((*PARTS, "responses", "Rows", "content", "application/json", "schema", "minItems"), 1,
         ("response-min-items-added", "response Rows: minimum number of items 1 was set")),
    ],
)  # fmt: skip
def test_an_edit_of_a_shared_part_is_told_once_with_its_reach(
    path: Path, value: JSON, expected: tuple[str, str], contract: Any
) -> None:
    document = deepcopy(SHARED)
    node: Any = document
    for step in path[:-1]:
        node = node[step]
    if value is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    (finding,) = compare(contract(SHARED), contract(document)).findings
    assert (finding.id, finding.title) == expected
    assert finding.reach == ("listA", "listB", "listC")
