"""Bars that a comparison must clear: one edit is one finding, and nearly every break of a value shows a witness."""

# ruff: noqa: E501 - one row a case: a table is read across
from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from troth.compatibility import Comparison, compare, load_releases
from troth.compatibility.expansion import expand
from troth.compatibility.judgement import Judged
from troth.contract import load_contract, shipped

JSON = Any
S = {"type": "string"}
OPERATIONS = 500


def to(name: str) -> dict[str, JSON]:
    return {"$ref": f"#/components/schemas/{name}"}


def wide(money: JSON) -> dict[str, JSON]:
    """Five hundred operations that all take and give one component, through another one."""
    content = {"content": {"application/json": {"schema": to("Order")}}}
    paths = {
        f"/orders{at}": {
            "put": {
                "operationId": f"put{at}",
                "requestBody": content,
                "responses": {"200": {"description": "-", **content}},
            }
        }
        for at in range(OPERATIONS)
    }
    order = {"type": "object", "properties": {"total": to("Money"), "tip": to("Money")}}
    return {"paths": paths, "components": {"schemas": {"Order": order, "Money": money}}}


EDITS = {
    "type": ({"type": "object", "properties": {"amount": {"type": "integer"}}}, {"type": "object", "properties": {"amount": S}}),
    "bound": ({"type": "integer", "maximum": 9}, {"type": "integer", "maximum": 8}),
    "value": ({"enum": ["a", "b"]}, {"enum": ["a"]}),
    "property": ({"type": "object", "properties": {"a": S, "b": S}}, {"type": "object", "properties": {"a": S}}),
    "requirement": ({"type": "object", "properties": {"a": S}}, {"type": "object", "properties": {"a": S}, "required": ["a"]}),
    "null": ({"type": ["string", "null"]}, S),
    "alternative": ({"oneOf": [S, {"type": "integer"}]}, S),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_component_of_five_hundred_operations_is_one_finding(name: str, contract: Any) -> None:
    old, new = EDITS[name]
    (finding,) = compare(contract(wide(old)), contract(wide(new)), policy="strict").findings
    assert len(finding.reach) == OPERATIONS


def random_edits(document: dict[str, JSON], count: int, seed: int) -> tuple[dict[str, JSON], int]:
    """A document with so many of its schema nodes edited, each in one keyword, and how many were."""
    chance, changed = random.Random(seed), deepcopy(document)
    nodes = [
        node
        for node in schema_nodes(changed["components"]["schemas"])
        if node.get("type") in ("string", "integer")
    ]
    chosen = chance.sample(nodes, min(count, len(nodes)))
    for node in chosen:
        if node["type"] == "string":
            node["maxLength"] = node.get("maxLength", 80) - 1
        else:
            node["maximum"] = node.get("maximum", 10**6) - 1
    return changed, len(chosen)


def schema_nodes(node: JSON) -> Iterator[dict[str, JSON]]:
    """Plain schemas below a node: no lists of values, nothing in conditions."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str) and not node.keys() & {
            "enum",
            "const",
            "format",
            "pattern",
            "$ref",
        }:
            yield node
        for keyword in ("properties", "items", "allOf", "additionalProperties"):
            part = node.get(keyword)
            for child in (
                part.values()
                if keyword == "properties" and isinstance(part, dict)
                else part
                if isinstance(part, list)
                else [part]
            ):
                yield from schema_nodes(child)
        if not isinstance(node.get("type"), str) and not node.keys() & {
            "properties",
            "allOf",
            "items",
            "type",
        }:
            for child in node.values():
                yield from schema_nodes(child)


@pytest.mark.parametrize("name", shipped().names())
def test_findings_stay_close_to_the_number_of_edited_nodes(name: str, contract: Any) -> None:
    document = json.loads(json.dumps(load_contract(name, behaviour=False).document))
    changed, edited = random_edits(document, 50, seed=7)
    found = compare(contract(document), contract(changed), policy="strict").findings
    assert edited <= 50
    assert 0 < len(found) <= 1.2 * edited


def histories() -> Iterator[tuple[str, Comparison]]:
    """Each step of each shipped history, forwards and backwards: the way back is full of breaks."""
    for name in shipped().names():
        folder = shipped().spec / name / "releases"
        contracts = [*(found for _, found in load_releases(folder, name)), load_contract(name)]
        for old, new in pairwise(contracts):
            yield f"{name} {old.version}", compare(old, new, policy="strict")
            yield f"{name} {new.version} back", compare(new, old, policy="strict")


BESIDE_VALUES = frozenset(
    {
        "default",
        "discriminator",
        "discriminator-value",
        "content-encoding",
        "content-media-type",
        "extensible-enum-value",
    }
)
"""Subjects of schemas whose breaks no value shows: it is the same, and read otherwise."""


def of_values(comparison: Comparison) -> Iterator[Judged]:
    """The breaking verdicts about bodies and parameters."""
    for item in comparison.judged:
        of_schema = item.fact.pair is not None and item.rule.direction and "keyword" not in item.fact.context
        if of_schema and item.finding.severity == "breaking" and item.fact.subject not in BESIDE_VALUES:
            yield item


def is_right(item: Judged, comparison: Comparison) -> bool:
    """Whether a witness is a value of the one side that the other refuses, or that it no longer documents."""
    pair, direction, sides = item.fact.pair, item.rule.direction, comparison.delta.sides
    assert pair is not None
    assert direction is not None
    old, new = expand(sides.old, pair.old, direction), expand(sides.new, pair.new, direction)
    before, after = (old, new) if direction == "request" else (new, old)
    if item.finding.evidence.get("decided-by") == "the closed reading":
        before, after = closed(old), closed(new)
    admits, takes = (
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True) for schema in (before, after)
    )
    return bool(admits.is_valid(item.finding.witness)) and not takes.is_valid(item.finding.witness)


def closed(schema: JSON) -> JSON:
    own = {key: value for key, value in schema.items() if key != "$defs"}
    return {"allOf": [own], "unevaluatedProperties": False, "$defs": schema.get("$defs", {})}


def test_nine_of_ten_breaks_in_the_shipped_histories_show_a_right_witness() -> None:
    breaks = [(item, comparison) for _, comparison in histories() for item in of_values(comparison)]
    assert len(breaks) > 30
    shown = [(item, comparison) for item, comparison in breaks if item.finding.verdict == "refuted"]
    wrong = [item.finding.title for item, comparison in shown if not is_right(item, comparison)]
    assert wrong == []
    assert len(shown) >= 0.9 * len(breaks), [
        item.finding.title for item, _ in breaks if item.finding.verdict != "refuted"
    ]


def compatible(chance: random.Random, schema: Mapping[str, JSON], direction: str) -> dict[str, JSON]:
    """One edit that loses no value: looser in a request, tighter in a response."""
    edits: dict[str, list[dict[str, JSON]]] = {
        "request": [
            {**schema, "maxLength": schema["maxLength"] + chance.randint(1, 9)},
            {key: value for key, value in schema.items() if key != "maxLength"},
            {**schema, "type": ["string", "null"]},
            {key: value for key, value in schema.items() if key != "minLength"},
        ],
        "response": [
            {**schema, "maxLength": schema["maxLength"] - 1},
            {**schema, "minLength": schema["minLength"] + 1},
            {**schema, "enum": ["aaaa"]},
            {**schema, "pattern": "^a"},
        ],
    }
    return chance.choice(edits[direction])


def placed(chance: random.Random, schema: JSON, direction: str, depth: int) -> JSON:
    """The schema somewhere inside another one, the same way for the same chance."""
    for _ in range(depth):
        kind = chance.choice(["property", "items", "allOf", "map"])
        schema = {
            "property": {"type": "object", "properties": {"p": schema, "q": S}},
            "items": {"type": "array", "items": schema},
            "allOf": {"allOf": [schema, {"description": direction}]},
            "map": {"type": "object", "additionalProperties": schema},
        }[kind]
    return schema


def in_message(schema: JSON, direction: str) -> dict[str, JSON]:
    content = {"content": {"application/json": {"schema": schema}}}
    operation: dict[str, JSON] = {"operationId": "it", "responses": {"204": {"description": "-"}}}
    if direction == "request":
        operation["requestBody"] = content
    else:
        operation["responses"] = {"200": {"description": "-", **content}}
    return {"paths": {"/it": {"put": operation}}}


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("direction", ["request", "response"])
def test_a_random_compatible_edit_never_breaks_and_its_undoing_always_does(
    seed: int, direction: str, contract: Any
) -> None:
    """The undoing is shown by a witness, and the two comparisons are mirrors of each other."""
    chance = random.Random(seed)
    schema = {"type": "string", "minLength": 2, "maxLength": 6}
    edited, depth = compatible(chance, schema, direction), chance.randint(0, 3)
    old, new = (
        in_message(placed(random.Random(seed), value, direction, depth), direction)
        for value in (schema, edited)
    )
    there, back = (
        compare(contract(old), contract(new), policy="strict"),
        compare(contract(new), contract(old), policy="strict"),
    )
    assert {finding.severity for finding in there.findings} == {"info"}
    assert {finding.severity for finding in back.findings} == {"breaking"}
    assert {finding.verdict for finding in back.findings} == {"refuted"}
    assert [(item.fact.subject, item.fact.old_pointer) for item in there.judged] == [
        (item.fact.subject, item.fact.new_pointer) for item in back.judged
    ]
    assert compare(contract(old), contract(deepcopy(old)), policy="strict").findings == ()


def test_every_shipped_release_equals_itself() -> None:
    for name in shipped().names():
        for path in sorted((shipped().spec / name / "releases").glob("*.yaml")):
            assert (
                compare(load_contract(Path(path)), load_contract(Path(path)), policy="strict").findings == ()
            )
