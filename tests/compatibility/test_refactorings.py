"""Rewriting a document without changing its meaning gives no finding; held over every contract in the repository."""

# ruff: noqa: E501 - a rewriting is read in one line

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from troth.compatibility import compare
from troth.contract import Contract, load_contract, shipped

JSON = Any
Rewrite = Callable[[dict[str, JSON]], dict[str, JSON]]
SCHEMAS = "#/components/schemas/"


def rewritten(node: JSON, change: Callable[[dict[str, JSON]], JSON]) -> JSON:
    """The document with ``change`` applied to every map, innermost first."""
    if isinstance(node, Mapping):
        return change({key: rewritten(value, change) for key, value in node.items()})
    return [rewritten(value, change) for value in node] if isinstance(node, list) else node


def is_object_schema(node: Mapping[str, JSON]) -> bool:
    return node.get("type") == "object" and isinstance(node.get("properties"), dict) and "oneOf" not in node


def inlined(document: dict[str, JSON]) -> dict[str, JSON]:
    """Every reference to a component schema replaced by a copy of it, one level deep."""
    schemas = document["components"]["schemas"]

    def inline(node: dict[str, JSON]) -> JSON:
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(SCHEMAS):
            return {
                **deepcopy(schemas[reference.removeprefix(SCHEMAS)]),
                **{k: v for k, v in node.items() if k != "$ref"},
            }
        return node

    return {**document, "paths": rewritten(document["paths"], inline)}


def renamed(document: dict[str, JSON]) -> dict[str, JSON]:
    """Every component schema under another name."""

    def rename(node: dict[str, JSON]) -> JSON:
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(SCHEMAS):
            return {**node, "$ref": f"{SCHEMAS}X{reference.removeprefix(SCHEMAS)}"}
        return node

    changed: dict[str, JSON] = rewritten(document, rename)
    components = changed["components"]
    schemas = {f"X{name}": schema for name, schema in components["schemas"].items()}
    return {**changed, "components": {**components, "schemas": schemas}}


def split(document: dict[str, JSON]) -> dict[str, JSON]:
    """Every object schema cut into two parts of an ``allOf``."""

    def cut(node: dict[str, JSON]) -> JSON:
        if not is_object_schema(node) or "additionalProperties" in node:
            return node
        names = sorted(node["properties"])
        half = {name: node["properties"][name] for name in names[: len(names) // 2]}
        rest = {name: part for name, part in node["properties"].items() if name not in half}
        others = {k: v for k, v in node.items() if k not in ("properties", "required", "type")}
        second: dict[str, JSON] = {"type": "object", "properties": rest, "required": node.get("required", [])}
        return {**others, "allOf": [{"type": "object", "properties": half}, second]}

    return {
        **document,
        "components": {
            **document["components"],
            "schemas": rewritten(document["components"]["schemas"], cut),
        },
    }


def shuffled(document: dict[str, JSON]) -> dict[str, JSON]:
    """Every ``required``, ``enum``, ``oneOf``, type array and map of properties in another order."""
    chance = random.Random(7)

    def shuffle(node: dict[str, JSON]) -> JSON:
        for keyword in ("required", "enum", "oneOf", "anyOf", "type"):
            if isinstance(node.get(keyword), list):
                node[keyword] = chance.sample(node[keyword], len(node[keyword]))
        if isinstance(node.get("properties"), dict):
            node["properties"] = dict(
                chance.sample(sorted(node["properties"].items()), len(node["properties"]))
            )
        return node

    changed: dict[str, JSON] = rewritten(document, shuffle)
    return changed


def respelt(document: dict[str, JSON]) -> dict[str, JSON]:
    """Nullable by ``anyOf`` in place of a type array, ``const`` in place of a one-value ``enum``."""

    def respell(node: dict[str, JSON]) -> JSON:
        if isinstance(node.get("enum"), list) and len(node["enum"]) == 1:
            node["const"] = node.pop("enum")[0]
        kinds = node.get("type")
        if (
            isinstance(kinds, list)
            and "null" in kinds
            and len(kinds) == 2
            and "enum" not in node
            and "x-behaviour" not in node
        ):
            kind = next(kind for kind in kinds if kind != "null")
            beside = {k: node[k] for k in ("readOnly", "writeOnly", "description", "deprecated") if k in node}
            inner = {k: v for k, v in node.items() if k not in beside and k != "type"}
            return {**beside, "anyOf": [{**inner, "type": kind}, {"type": "null"}]}
        return node

    return {
        **document,
        "components": {
            **document["components"],
            "schemas": rewritten(document["components"]["schemas"], respell),
        },
    }


def redescribed(document: dict[str, JSON]) -> dict[str, JSON]:
    """Other descriptions, summaries and examples."""

    def describe(node: dict[str, JSON]) -> JSON:
        return {
            k: "Other words." if k in ("description", "summary") and isinstance(v, str) else v
            for k, v in node.items()
        }

    changed: dict[str, JSON] = rewritten(document, describe)
    return changed


def extracted(document: dict[str, JSON]) -> dict[str, JSON]:
    """Every inline object or list of a property moved into a component of its own."""
    schemas = document["components"]["schemas"]
    moved: dict[str, JSON] = {}

    def extract(node: dict[str, JSON]) -> JSON:
        properties = node.get("properties")
        if not isinstance(properties, dict) or not is_object_schema(node):
            return node
        kept = dict(properties)
        for name, part in properties.items():
            if (
                isinstance(part, dict)
                and part.get("type") in ("object", "array")
                and "x-behaviour" not in part
            ):
                moved[f"Extracted{len(moved)}"] = part
                kept[name] = {"$ref": f"{SCHEMAS}Extracted{len(moved) - 1}"}
        return {**node, "properties": kept}

    rewritten_schemas = rewritten(schemas, extract)
    return {**document, "components": {**document["components"], "schemas": {**rewritten_schemas, **moved}}}


def lowered_parameters(document: dict[str, JSON]) -> dict[str, JSON]:
    """Parameters of a path written at each of its operations; where there are none, those of all operations lifted."""
    paths = {}
    for path, item in document["paths"].items():
        methods = [name for name in item if name in METHODS]
        shared = item.get("parameters", [])
        if shared:
            below = {
                name: {**item[name], "parameters": [*shared, *item[name].get("parameters", [])]}
                for name in methods
            }
            paths[path] = {**{key: value for key, value in item.items() if key != "parameters"}, **below}
            continue
        common = [
            p
            for p in item[methods[0]].get("parameters", [])
            if all(p in item[name].get("parameters", []) for name in methods)
        ]
        above = {
            name: {
                **item[name],
                "parameters": [p for p in item[name].get("parameters", []) if p not in common],
            }
            for name in methods
        }
        paths[path] = {**item, **above, "parameters": common}
    return {**document, "paths": paths}


def as_3_0(document: dict[str, JSON]) -> dict[str, JSON]:
    """The same API as OpenAPI 3.0 writes it: ``nullable``, bounds with a flag, one-value lists."""

    def lower(node: dict[str, JSON]) -> JSON:
        kinds = node.get("type")
        if isinstance(node.get("$ref"), str) and len(node) > 1:  # 3.0 ignores what stands beside a reference
            return {
                **{key: value for key, value in node.items() if key != "$ref"},
                "allOf": [{"$ref": node["$ref"]}],
            }
        if isinstance(kinds, list) and "null" in kinds and len(kinds) == 2:
            node = {**node, "type": next(kind for kind in kinds if kind != "null"), "nullable": True}
        if "const" in node and "type" in node:
            node = {**{key: value for key, value in node.items() if key != "const"}, "enum": [node["const"]]}
        for bound, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if (
                isinstance(node.get(flag), (int, float))
                and not isinstance(node[flag], bool)
                and bound not in node
            ):
                node = {**node, bound: node[flag], flag: True}
        return node

    def is_plain(node: JSON) -> bool:
        """Whether 3.0 can say it: no type of several kinds beside null, no keyword that it lacks."""
        text = json.dumps(node)
        return not any(f'"{word}"' in text for word in LATER)

    schemas = {name: rewritten(schema, lower) for name, schema in document["components"]["schemas"].items()}
    if not is_plain(schemas):
        pytest.skip("the document says what OpenAPI 3.0 cannot")
    lowered = {**document, "openapi": "3.0.3", "paths": rewritten(document["paths"], lower)}
    return {
        key: value
        for key, value in {**lowered, "components": {**document["components"], "schemas": schemas}}.items()
        if key != "webhooks"
    }


METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
LATER = (
    "prefixItems",
    "patternProperties",
    "if",
    "contains",
    "propertyNames",
    "dependentRequired",
    "unevaluatedProperties",
    "$defs",
)
REWRITES: tuple[Rewrite, ...] = (
    inlined, renamed, split, shuffled, respelt, redescribed, extracted, lowered_parameters, as_3_0,
)  # fmt: skip


def all_at_once(document: dict[str, JSON]) -> dict[str, JSON]:
    """One rewriting on top of the other."""
    for rewrite in (extracted, split, respelt, shuffled, lowered_parameters, renamed, redescribed):
        document = rewrite(document)
    return document


def cases() -> list[tuple[str, Rewrite]]:
    """Every rewriting of each shipped contract, and of each release all at once and as OpenAPI 3.0."""
    known = shipped()
    releases = [
        f"{name}@{path.stem}"
        for name in known.names()
        for path in sorted((known.spec / name / "releases").glob("*.yaml"))
    ]
    return [
        *((name, rewrite) for name in known.names() for rewrite in REWRITES),
        *((name, rewrite) for name in releases for rewrite in (all_at_once, as_3_0)),
    ]


@cache
def published(name: str) -> Contract:
    """A contract without its behaviour: that stands at pointers which a refactoring moves."""
    return load_contract(name, behaviour=False)


@pytest.mark.parametrize(("name", "rewrite"), cases(), ids=lambda case: getattr(case, "__name__", case))
def test_a_refactoring_gives_no_finding(name: str, rewrite: Rewrite, contract: Any) -> None:
    document = json.loads(json.dumps(published(name).document))
    if rewrite is as_3_0:
        document.pop("webhooks", None)
    changed = rewrite(deepcopy(document))
    assert changed != document
    assert [(f.id, f.title) for f in compare(contract(document), contract(changed)).findings] == []


def test_the_same_api_in_3_0_and_3_1_is_no_change(contract: Any) -> None:
    order = {"type": "object", "properties": {"note": {"type": "string", "nullable": True},
             "size": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}}}  # fmt: skip
    newer = {
        "type": "object",
        "properties": {
            "note": {"type": ["string", "null"]},
            "size": {"type": "integer", "exclusiveMinimum": 0},
        },
    }
    found = compare(contract(orders("3.0.3", order)), contract(orders("3.1.0", newer)))
    assert [(f.id, f.title) for f in found.findings] == []


def orders(version: str, schema: JSON) -> dict[str, JSON]:
    content = {"application/json": {"schema": schema}}
    operation = {
        "operationId": "createOrder",
        "requestBody": {"content": content},
        "responses": {"200": {"description": "An order.", "content": content}},
    }
    return {"openapi": version, "paths": {"/orders": {"post": operation}}}


def test_the_same_api_in_2_0_3_0_3_1_and_3_2_is_no_change(contract: Any, tmp_path: Any) -> None:
    """Bodies, lists, servers and security schemes as each version writes them."""
    note = {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string", "maxLength": 9}},
    }
    ids = {"name": "ids", "in": "query"}
    oldest = {
        "swagger": "2.0", "info": {"title": "Shop", "version": "1.0.0"}, "host": "shop.example", "basePath": "/api", "schemes": ["https"],
        "consumes": ["application/json"], "produces": ["application/json"],
        "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "x-key"}}, "security": [{"key": []}],
        "definitions": {"Note": note},
        "paths": {"/notes": {"post": {
            "operationId": "addNote",
            "parameters": [{**ids, "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
                           {"name": "note", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Note"}}],
            "responses": {"200": {"description": "-", "schema": {"$ref": "#/definitions/Note"}, "headers": {"X-Left": {"type": "integer"}}}}}}},
    }  # fmt: skip
    content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}}
    newer = {
        "servers": [{"url": "https://shop.example/api"}], "security": [{"key": []}],
        "components": {"schemas": {"Note": note}, "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-key"}}},
        "paths": {"/notes": {"post": {
            "operationId": "addNote",
            "parameters": [{**ids, "schema": {"type": "array", "items": {"type": "string"}}}],
            "requestBody": {"required": True, **content},
            "responses": {"200": {"description": "-", **content, "headers": {"X-Left": {"schema": {"type": "integer"}}}}}}}},
    }  # fmt: skip
    path = tmp_path / "swagger.json"
    path.write_text(json.dumps(oldest), encoding="utf-8")
    written = [
        load_contract(path),
        *(contract({"openapi": version, **newer}) for version in ("3.0.3", "3.1.0", "3.2.0")),
    ]
    for one in written:
        for other in written:
            assert [(f.id, f.title) for f in compare(one, other, policy="strict").findings] == []
