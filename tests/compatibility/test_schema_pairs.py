"""Two schemas, a direction, and what a comparison must say about them."""

# ruff: noqa: E501 - one row a case: a table is read across
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from troth.compatibility import compare

JSON = Any

S = {"type": "string"}
I = {"type": "integer"}  # noqa: E741 - read as a column of types
OBJ = {"type": "object"}


def obj(properties: Mapping[str, JSON], *required: str, **more: JSON) -> dict[str, JSON]:
    return {
        "type": "object",
        "properties": dict(properties),
        **({"required": list(required)} if required else {}),
        **more,
    }


def in_request(schema: JSON, components: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
    """A document whose only operation takes the schema as its body."""
    operation = {
        "operationId": "createOrder",
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"204": {"description": "Taken."}},
    }
    return _document("/orders", "post", operation, components)


def in_response(schema: JSON, components: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
    """A document whose only operation gives the schema as its body."""
    content = {"application/json": {"schema": schema}}
    operation = {
        "operationId": "getOrder",
        "responses": {"200": {"description": "An order.", "content": content}},
    }
    return _document("/order", "get", operation, components)


def in_query(schema: JSON, components: Mapping[str, JSON] | None = None, **more: JSON) -> dict[str, JSON]:
    """A document whose only operation takes the schema as query parameter ``q``."""
    operation = {
        "operationId": "listOrders",
        "parameters": [{"name": "q", "in": "query", "schema": schema, **more}],
        "responses": {"204": {"description": "Nothing."}},
    }
    return _document("/orders", "get", operation, components)


def _document(
    path: str, method: str, operation: JSON, components: Mapping[str, JSON] | None
) -> dict[str, JSON]:
    document: dict[str, JSON] = {"paths": {path: {method: operation}}}
    if components:
        document["components"] = {"schemas": dict(components)}
    return document


@dataclass(frozen=True)
class Case:
    """``expected`` lists (id, severity, verdict) in the order of the findings' ids; empty means no finding."""

    name: str
    old: JSON
    new: JSON
    direction: str
    expected: tuple[tuple[str, str, str], ...] = ()
    old_components: Mapping[str, JSON] = field(default_factory=dict)
    new_components: Mapping[str, JSON] = field(default_factory=dict)


R, A, Q = "request", "response", "query"
BREAK, FINE, WARN = "breaking", "info", "warning"

NODE = {"type": "object", "properties": {"value": S, "next": {"$ref": "#/components/schemas/Node"}}}
NODE_INT = {"type": "object", "properties": {"value": I, "next": {"$ref": "#/components/schemas/Node"}}}
NODE_REF = {"$ref": "#/components/schemas/Node"}
MONEY = obj({"amount": I, "currency": S}, "amount", "currency")
MONEY_REF = {"$ref": "#/components/schemas/Money"}
CAT = obj({"kind": {"const": "cat"}, "lives": I}, "kind")
DOG = obj({"kind": {"const": "dog"}, "breed": S}, "kind")
BIRD = obj({"kind": {"const": "bird"}, "wings": I}, "kind")

REFACTORINGS = (
    Case("inlined reference", obj({"price": MONEY_REF}), obj({"price": MONEY}), R, (), {"Money": MONEY}, {}),
    Case("extracted reference", obj({"price": MONEY}), obj({"price": MONEY_REF}), A, (), {}, {"Money": MONEY}),
    Case("renamed component", obj({"price": MONEY_REF}), obj({"price": {"$ref": "#/components/schemas/Sum"}}), R, (),
         {"Money": MONEY}, {"Sum": MONEY}),
    Case("reordered enum", {"enum": ["a", "b"]}, {"enum": ["b", "a"]}, R),
    Case("reordered required", obj({"a": S, "b": S}, "a", "b"), obj({"a": S, "b": S}, "b", "a"), R),
    Case("reordered properties", obj({"a": S, "b": I}), obj({"b": I, "a": S}), A),
    Case("reordered oneOf", {"oneOf": [CAT, DOG]}, {"oneOf": [DOG, CAT]}, A),
    Case("reordered oneOf of references", {"oneOf": [MONEY_REF, S]}, {"oneOf": [S, MONEY_REF]}, R, (),
         {"Money": MONEY}, {"Money": MONEY}),
    Case("inlined branch of oneOf", {"oneOf": [MONEY_REF, S]}, {"oneOf": [MONEY, S]}, R, (), {"Money": MONEY}, {}),
    Case("allOf split", obj({"a": S, "b": I}, "a"),
         {"allOf": [obj({"a": S}, "a"), {"type": "object", "properties": {"b": I}}]}, R),
    Case("allOf joined", {"allOf": [obj({"a": S}), obj({"b": I}, "b")]}, obj({"a": S, "b": I}, "b"), A),
    Case("base extracted", obj({"a": S, "b": I}), {"allOf": [{"$ref": "#/components/schemas/Base"}, obj({"b": I})]}, R, (),
         {}, {"Base": obj({"a": S})}),
    Case("nullable: type array and anyOf", {"type": ["string", "null"]}, {"anyOf": [S, {"type": "null"}]}, A),
    Case("nullable: anyOf and oneOf of a reference", {"anyOf": [MONEY_REF, {"type": "null"}]},
         {"oneOf": [{"type": "null"}, MONEY_REF]}, R, (), {"Money": MONEY}, {"Money": MONEY}),
    Case("nullable enum", {"type": ["string", "null"], "enum": ["a", None]},
         {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}, A),
    Case("const and one-value enum", {"const": "a"}, {"enum": ["a"]}, R),
    Case("enum and oneOf of consts", {"enum": ["a", "b"]}, {"oneOf": [{"const": "a"}, {"const": "b", "title": "B"}]}, A),
    Case("typed and untyped enum", {"type": "string", "enum": ["a"]}, {"enum": ["a"]}, R),
    Case("type array and anyOf of types", {"type": ["string", "integer"]}, {"anyOf": [S, I]}, A),
    Case("anyOf of one", {"anyOf": [MONEY]}, MONEY, R),
    Case("minimum length nought", S, {"type": "string", "minLength": 0}, R),
    Case("exclusive bound of an integer", {"type": "integer", "minimum": 1}, {"type": "integer", "exclusiveMinimum": 0}, R),
    Case("descriptions and examples", S, {"type": "string", "description": "A word.", "examples": ["x"]}, R),
    Case("integer beside number", {"type": ["integer", "number"]}, {"type": "number"}, R),
    Case("additionalProperties said aloud", obj({"a": S}), obj({"a": S}, additionalProperties=True), R),
    Case("recursive and unchanged", NODE_REF, NODE_REF, A, (), {"Node": NODE}, {"Node": NODE}),
    Case("recursive, unrolled once", NODE_REF, {"type": "object", "properties": {"value": S, "next": NODE_REF}}, R, (),
         {"Node": NODE}, {"Node": NODE}),
    Case("not, written otherwise", {"type": "string", "not": {"const": "x"}}, {"type": "string", "not": {"enum": ["x"]}}, R),
)  # fmt: skip

REQUESTS = (
    Case("optional property added", obj({"a": S}), obj({"a": S, "b": S}), R, (("request-property-added", FINE, "proved"),)),
    Case("required property added", obj({"a": S}), obj({"a": S, "b": S}, "b"), R,
         (("request-required-property-added", BREAK, "refuted"),)),
    Case("property became required", obj({"a": S}), obj({"a": S}, "a"), R, (("request-required-added", BREAK, "refuted"),)),
    Case("property became optional", obj({"a": S}, "a"), obj({"a": S}), R, (("request-required-removed", FINE, "proved"),)),
    Case("property removed", obj({"a": S, "b": S}), obj({"a": S}), R, (("request-property-removed", BREAK, "refuted"),)),
    Case("property removed from a closed object", obj({"a": S, "b": S}, additionalProperties=False),
         obj({"a": S}, additionalProperties=False), R, (("request-property-removed", BREAK, "refuted"),)),
    Case("read-only property added, required", obj({"a": S}), obj({"a": S, "id": {**S, "readOnly": True}}, "id"), R,
         (("request-required-property-added", FINE, "proved"),)),
    Case("became read-only", obj({"a": S}), obj({"a": {**S, "readOnly": True}}), R, (("request-read-only-added", BREAK, "refuted"),)),
    Case("read-only lifted", obj({"a": {**S, "readOnly": True}}), obj({"a": S}), R, (("request-read-only-removed", FINE, "proved"),)),
    Case("read-only lifted, required", obj({"a": {**S, "readOnly": True}}, "a"), obj({"a": S}, "a"), R,
         (("request-required-read-only-removed", BREAK, "refuted"),)),
    Case("length decreased", {"type": "string", "maxLength": 200}, {"type": "string", "maxLength": 100}, R,
         (("request-max-length-decreased", BREAK, "refuted"),)),
    Case("length increased", {"type": "string", "maxLength": 100}, {"type": "string", "maxLength": 200}, R,
         (("request-max-length-increased", FINE, "proved"),)),
    Case("length set", S, {"type": "string", "maxLength": 3}, R, (("request-max-length-added", BREAK, "refuted"),)),
    Case("length dropped", {"type": "string", "maxLength": 3}, S, R, (("request-max-length-removed", FINE, "proved"),)),
    Case("minimum raised", {"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 5}, R,
         (("request-minimum-increased", BREAK, "refuted"),)),
    Case("minimum became exclusive", {"type": "number", "minimum": 0}, {"type": "number", "exclusiveMinimum": 0}, R,
         (("request-minimum-increased", BREAK, "refuted"),)),
    Case("maximum lowered", {"type": "number", "maximum": 100}, {"type": "number", "maximum": 50}, R,
         (("request-maximum-decreased", BREAK, "refuted"),)),
    Case("items limited", {"type": "array", "items": S}, {"type": "array", "items": S, "maxItems": 2}, R,
         (("request-max-items-added", BREAK, "refuted"),)),
    Case("at least one item", {"type": "array", "items": S}, {"type": "array", "items": S, "minItems": 1}, R,
         (("request-min-items-added", BREAK, "refuted"),)),
    Case("items unique", {"type": "array", "items": S}, {"type": "array", "items": S, "uniqueItems": True}, R,
         (("request-unique-items-added", BREAK, "refuted"),)),
    Case("properties limited", OBJ, {"type": "object", "maxProperties": 1}, R, (("request-max-properties-added", BREAK, "refuted"),)),
    Case("multiple", {"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 4}, R,
         (("request-multiple-of-changed", BREAK, "refuted"),)),
    Case("multiple relaxed", {"type": "integer", "multipleOf": 4}, {"type": "integer", "multipleOf": 2}, R,
         (("request-multiple-of-changed", FINE, "proved"),)),
    Case("pattern set", S, {"type": "string", "pattern": "^[a-z]+$"}, R, (("request-pattern-added", BREAK, "refuted"),)),
    Case("pattern narrowed", {"type": "string", "pattern": "^[a-z0-9]+$"}, {"type": "string", "pattern": "^[a-z]+$"}, R,
         (("request-pattern-changed", BREAK, "refuted"),)),
    Case("format set", S, {"type": "string", "format": "uuid"}, R, (("request-format-added", BREAK, "refuted"),)),
    Case("format dropped", {"type": "string", "format": "uuid"}, S, R, (("request-format-removed", FINE, "proved"),)),
    Case("format unknown to validators", {"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"}, R,
         (("request-format-changed", BREAK, "unknown"),)),
    Case("enum value removed", {"enum": ["a", "b"]}, {"enum": ["a"]}, R, (("request-enum-value-removed", BREAK, "refuted"),)),
    Case("enum value added", {"enum": ["a"]}, {"enum": ["a", "b"]}, R, (("request-enum-value-added", FINE, "proved"),)),
    Case("became enum", S, {"type": "string", "enum": ["a"]}, R, (("request-enum-added", BREAK, "refuted"),)),
    Case("type narrowed", {"type": "number"}, I, R, (("request-type-narrowed", BREAK, "refuted"),)),
    Case("type widened", I, {"type": "number"}, R, (("request-type-widened", FINE, "proved"),)),
    Case("type changed", {"type": "string", "maxLength": 5}, I, R, (("request-type-changed", BREAK, "refuted"),)),
    Case("nullable lifted", {"type": ["string", "null"]}, S, R, (("request-null-removed", BREAK, "refuted"),)),
    Case("became nullable", S, {"type": ["string", "null"]}, R, (("request-null-added", FINE, "proved"),)),
    Case("closed", obj({"a": S}), obj({"a": S}, additionalProperties=False), R,
         (("request-additional-properties-narrowed", WARN, "unknown"),)),
    Case("map closed", {"type": "object", "additionalProperties": S}, {"type": "object", "additionalProperties": False}, R,
         (("request-documented-additional-properties-narrowed", BREAK, "refuted"),)),
    Case("map value narrowed", {"type": "object", "additionalProperties": S},
         {"type": "object", "additionalProperties": {"type": "string", "maxLength": 2}}, R,
         (("request-max-length-added", BREAK, "refuted"),)),
    Case("branch removed", {"oneOf": [CAT, DOG]}, {"oneOf": [CAT]}, R, (("request-branch-removed", BREAK, "refuted"),)),
    Case("branch added", {"oneOf": [CAT, DOG]}, {"oneOf": [CAT, DOG, BIRD]}, R, (("request-branch-added", FINE, "proved"),)),
    Case("wrapped in oneOf", CAT, {"oneOf": [CAT, DOG]}, R, (("request-branch-added", FINE, "proved"),)),
    Case("edit inside a branch", {"oneOf": [CAT, DOG]}, {"oneOf": [CAT, {**DOG, "required": ["kind", "breed"]}]}, R,
         (("request-required-added", BREAK, "refuted"),)),
    Case("not widened", {"type": "string", "not": {"enum": ["x"]}}, {"type": "string", "not": {"enum": ["x", "y"]}}, R,
         (("request-condition-changed", BREAK, "refuted"),)),
    Case("not narrowed", {"type": "string", "not": {"enum": ["x", "y"]}}, {"type": "string", "not": {"enum": ["x"]}}, R,
         (("request-condition-changed", FINE, "proved"),)),
    Case("default changed", {"type": "integer", "default": 10}, {"type": "integer", "default": 20}, R,
         (("request-default-changed", BREAK, "refuted"),)),
    Case("deprecated", obj({"a": S}), obj({"a": {**S, "deprecated": True}}), R, (("request-deprecation-added", FINE, "proved"),)),
    Case("recursive, edited", NODE_REF, NODE_REF, R, (("request-type-changed", BREAK, "refuted"),), {"Node": NODE}, {"Node": NODE_INT}),
    Case("in a referenced base", {"allOf": [{"$ref": "#/components/schemas/Base"}, obj({"b": I})]},
         {"allOf": [{"$ref": "#/components/schemas/Base"}, obj({"b": I})]}, R, (("request-required-property-added", BREAK, "refuted"),),
         {"Base": obj({"a": S})}, {"Base": obj({"a": S, "c": S}, "c")}),
)  # fmt: skip

ALTERNATIVES = (
    Case("null gave way to another type", {"type": ["string", "null"]}, {"type": ["string", "boolean"]}, R,
         (("request-type-widened", FINE, "proved"), ("request-null-removed", BREAK, "refuted"))),
    Case("null gave way to a wider number", {"anyOf": [I, {"type": "null"}]}, {"anyOf": [I, {"type": "number"}]}, R,
         (("request-type-widened", FINE, "proved"), ("request-null-removed", BREAK, "refuted"))),
    Case("an overlap within a nullable", {"anyOf": [{"oneOf": [{"type": "string", "maxLength": 3}, S]}, {"type": "null"}]},
         {"anyOf": [{"oneOf": [{"type": "string", "maxLength": 3}, {"enum": ["xxxx"]}]}, {"type": "null"}]}, A,
         (("response-enum-added", FINE, "proved"), ("response-overlap-removed", BREAK, "refuted"))),
    Case("a new alternative overlaps an old one", {"oneOf": [{"enum": ["a", "b"]}, I]}, {"oneOf": [{"enum": ["a", "b"]}, I, {"type": "string", "maxLength": 1}]},
         R, (("request-branch-added", FINE, "proved"), ("request-overlap-added", BREAK, "refuted"))),
    Case("alternatives overlap no longer", {"oneOf": [{"enum": ["a"]}, S]}, {"oneOf": [{"enum": ["b"]}, S]}, A,
         (("response-const-changed", BREAK, "refuted"), ("response-overlap-added", FINE, "proved"),
          ("response-overlap-removed", BREAK, "refuted"))),
    Case("another alternative takes what one lost", {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "string", "maxLength": 9}]},
         {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "string", "maxLength": 9}]}, R, (("request-max-length-decreased", FINE, "proved"),)),
    Case("a nullable object became one of two nullable ones", {"anyOf": [CAT, {"type": "null"}]}, {"anyOf": [CAT, {"type": "null"}, DOG]}, R,
         (("request-branch-added", FINE, "proved"),)),
    Case("listed values gave way to another type", {"enum": ["a"]}, {"type": "boolean"}, R, (("request-type-changed", BREAK, "refuted"),)),
    Case("edits in two groups of alternatives", {"allOf": [{"oneOf": [CAT, DOG]}, {"anyOf": [S, OBJ]}]},
         {"allOf": [{"oneOf": [CAT, DOG, BIRD]}, {"anyOf": [S, OBJ]}]}, R, (("request-branch-added", FINE, "proved"),)),
)  # fmt: skip

RESPONSES = (
    Case("property added", obj({"a": S}), obj({"a": S, "b": S}, "b"), A, (("response-required-property-added", FINE, "proved"),)),
    Case("property added to a closed object", obj({"a": S}, additionalProperties=False),
         obj({"a": S, "b": S}, additionalProperties=False), A, (("response-property-added", FINE, "proved"),)),
    Case("required property removed", obj({"a": S, "b": S}, "a", "b"), obj({"a": S}, "a"), A,
         (("response-required-property-removed", BREAK, "refuted"),)),
    Case("optional property removed", obj({"a": S, "b": S}), obj({"a": S}), A, (("response-property-removed", BREAK, "refuted"),)),
    Case("became optional", obj({"a": S}, "a"), obj({"a": S}), A, (("response-required-removed", BREAK, "refuted"),)),
    Case("became required", obj({"a": S}), obj({"a": S}, "a"), A, (("response-required-added", FINE, "proved"),)),
    Case("write-only property removed", obj({"a": S, "pin": {**S, "writeOnly": True}}, "pin"), obj({"a": S}), A,
         (("request-required-property-removed", FINE, "proved"),)),
    Case("became write-only", obj({"a": S}), obj({"a": {**S, "writeOnly": True}}), A, (("response-write-only-added", BREAK, "refuted"),)),
    Case("length increased", {"type": "string", "maxLength": 100}, {"type": "string", "maxLength": 200}, A,
         (("response-max-length-increased", BREAK, "refuted"),)),
    Case("length decreased", {"type": "string", "maxLength": 200}, {"type": "string", "maxLength": 100}, A,
         (("response-max-length-decreased", FINE, "proved"),)),
    Case("enum value added", {"enum": ["a"]}, {"enum": ["a", "b"]}, A, (("response-enum-value-added", WARN, "refuted"),)),
    Case("enum value removed", {"enum": ["a", "b"]}, {"enum": ["a"]}, A, (("response-enum-value-removed", FINE, "proved"),)),
    Case("became nullable", S, {"type": ["string", "null"]}, A, (("response-null-added", WARN, "refuted"),)),
    Case("no longer nullable", {"type": ["string", "null"]}, S, A, (("response-null-removed", FINE, "proved"),)),
    Case("type widened", I, {"type": "number"}, A, (("response-type-widened", BREAK, "refuted"),)),
    Case("type narrowed", {"type": "number"}, I, A, (("response-type-narrowed", FINE, "proved"),)),
    Case("oneOf to one of its types", {"oneOf": [S, I]}, I, A, (("response-type-narrowed", FINE, "proved"),)),
    Case("pattern dropped", {"type": "string", "pattern": "^a"}, S, A, (("response-pattern-removed", BREAK, "refuted"),)),
    Case("pattern that a bound implies", {"type": "string", "enum": ["ab"]}, {"type": "string", "enum": ["ab"], "maxLength": 9}, A,
         (("response-max-length-added", FINE, "proved"),)),
    Case("branch added", {"oneOf": [CAT, DOG]}, {"oneOf": [CAT, DOG, BIRD]}, A, (("response-branch-added", WARN, "refuted"),)),
    Case("branch removed", {"oneOf": [CAT, DOG, BIRD]}, {"oneOf": [CAT, DOG]}, A, (("response-branch-removed", FINE, "proved"),)),
    Case("opened", obj({"a": S}, additionalProperties=False), obj({"a": S}), A, (("response-additional-properties-widened", FINE, "proved"),)),
    Case("a single magic value", {"type": "string", "not": {"const": "x"}}, S, A, (("response-condition-removed", BREAK, "refuted"),)),
    Case("recursive, edited", NODE_REF, NODE_REF, A, (("response-type-changed", BREAK, "refuted"),), {"Node": NODE}, {"Node": NODE_INT}),
    Case("extensible values grow", {"type": "string", "x-extensible-enum": ["a"]}, {"type": "string", "x-extensible-enum": ["a", "b"]}, A,
         (("response-extensible-enum-value-added", FINE, "proved"),)),
    Case("discriminator moved", {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "kind"}},
         {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "sort"}}, A, (("response-discriminator-changed", BREAK, "refuted"),)),
)  # fmt: skip

PARAMETERS = (
    Case("value narrowed", {"type": "integer", "maximum": 100}, {"type": "integer", "maximum": 50}, Q,
         (("request-maximum-decreased", BREAK, "refuted"),)),
    Case("became enum", S, {"enum": ["a", "b"]}, Q, (("request-enum-added", BREAK, "refuted"),)),
    Case("item narrowed", {"type": "array", "items": {"enum": ["a", "b"]}}, {"type": "array", "items": {"enum": ["a"]}}, Q,
         (("request-enum-value-removed", BREAK, "refuted"),)),
)  # fmt: skip

CASES = (*REFACTORINGS, *REQUESTS, *ALTERNATIVES, *RESPONSES, *PARAMETERS)
PLACES = {R: in_request, A: in_response, Q: in_query}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.direction}: {case.name}" for case in CASES])
def test_each_pair_gives_exactly_the_expected_findings(case: Case, contract: Any) -> None:
    place = PLACES[case.direction]
    found = compare(
        contract(place(case.old, case.old_components)), contract(place(case.new, case.new_components))
    )
    told = tuple(sorted((f.id, f.severity, f.verdict) for f in found.findings))
    assert told == tuple(sorted(case.expected))


@pytest.mark.parametrize("case", CASES, ids=[f"{case.direction}: {case.name}" for case in CASES])
def test_a_schema_does_not_differ_from_itself(case: Case, contract: Any) -> None:
    place = PLACES[case.direction]
    document = place(case.new, case.new_components)
    assert compare(contract(document), contract(document)).findings == ()
