"""Rewriting a document without changing its meaning gives no finding; held over every shipped contract."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
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


REWRITES: tuple[Rewrite, ...] = (inlined, renamed, split, shuffled, respelt, redescribed)


@pytest.fixture(scope="module", params=shipped().names())
def published(request: pytest.FixtureRequest) -> Contract:
    """Each shipped contract, without its behaviour: that stands at pointers which a refactoring moves."""
    return load_contract(request.param, behaviour=False)


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.__name__)
def test_a_refactoring_gives_no_finding(published: Contract, rewrite: Rewrite, contract: Any) -> None:
    document = json.loads(json.dumps(published.document))
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
