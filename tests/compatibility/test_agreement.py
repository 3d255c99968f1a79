"""Verdicts agree with the validator: over random schemas, random edits and random values."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from troth.compatibility import compare

JSON = Any
NAMES = ("a", "b", "c", "d")
WORDS = ("x", "yy", "zzz", "wwww", "")


def some_schema(chance: random.Random, depth: int = 0) -> dict[str, JSON]:
    """A schema of the kind that people write: typed, bounded, closed or open, sometimes nullable."""
    kinds = ["string", "integer", "enum", "boolean"] + (
        ["object", "object", "array", "union"] if depth < 2 else []
    )
    kind = chance.choice(kinds)
    if kind == "enum":
        return {"enum": chance.sample(WORDS, chance.randint(1, 3))}
    if kind == "union":
        return {"anyOf": [some_schema(chance, depth + 1), {"type": "null"}]}
    if kind == "array":
        return {
            "type": "array",
            "items": some_schema(chance, depth + 1),
            **bounds(chance, "minItems", "maxItems"),
        }
    if kind == "object":
        names = chance.sample(NAMES, chance.randint(1, 3))
        properties = {name: some_schema(chance, depth + 1) for name in names}
        required = [name for name in names if chance.random() < 0.4]
        return {"type": "object", "properties": properties, "required": required}
    if kind == "string":
        return {"type": "string", **bounds(chance, "minLength", "maxLength")}
    return {"type": kind, **(bounds(chance, "minimum", "maximum") if kind == "integer" else {})}


def bounds(chance: random.Random, low: str, high: str) -> dict[str, int]:
    found = {}
    if chance.random() < 0.4:
        found[low] = chance.randint(0, 2)
    if chance.random() < 0.4:
        found[high] = chance.randint(2, 4)
    return found


def some_value(chance: random.Random, schema: JSON) -> JSON:
    """A value that uses only what the schema documents; often valid, sometimes not."""
    if "enum" in schema or "anyOf" in schema:
        chosen = chance.choice(schema.get("enum") or schema["anyOf"])
        return chosen if "enum" in schema else some_value(chance, chosen)
    make: dict[str, Callable[[], JSON]] = {
        "object": lambda: {
            name: some_value(chance, part)
            for name, part in schema["properties"].items()
            if name in schema["required"] or chance.random() < 0.5
        },
        "array": lambda: [
            some_value(chance, schema["items"])
            for _ in range(chance.randint(schema.get("minItems", 0), schema.get("maxItems", 3)))
        ],
        "string": lambda: "t" * chance.randint(schema.get("minLength", 0), schema.get("maxLength", 5)),
        "integer": lambda: chance.randint(schema.get("minimum", -3), schema.get("maximum", 6)),
        "boolean": lambda: chance.random() < 0.5,
        "null": lambda: None,
    }
    return make[schema["type"]]()


def edited(chance: random.Random, schema: JSON, depth: int = 0) -> JSON:
    """The schema with one edit somewhere in it."""
    if "properties" in schema and chance.random() < 0.7:
        name = chance.choice(sorted(schema["properties"]))
        return {
            **schema,
            "properties": {
                **schema["properties"],
                name: edited(chance, schema["properties"][name], depth + 1),
            },
        }
    if "items" in schema and chance.random() < 0.5:
        return {**schema, "items": edited(chance, schema["items"], depth + 1)}
    if "required" in schema:
        name = chance.choice(sorted(schema["properties"]))
        wanted = set(schema["required"]) ^ {name}
        return {**schema, "required": sorted(wanted)}
    return some_schema(chance, depth)


def in_body(schema: JSON) -> dict[str, JSON]:
    content = {"application/json": {"schema": schema}}
    operation = {
        "operationId": "put",
        "requestBody": {"content": content},
        "responses": {"204": {"description": "-"}},
    }
    return {"paths": {"/it": {"put": operation}}}


def in_answer(schema: JSON) -> dict[str, JSON]:
    answer = {"200": {"description": "It.", "content": {"application/json": {"schema": schema}}}}
    return {"paths": {"/it": {"get": {"operationId": "get", "responses": answer}}}}


@pytest.mark.parametrize("seed", range(150))
@pytest.mark.parametrize("place", [in_body, in_answer], ids=["request", "response"])
def test_no_value_contradicts_a_comparison(seed: int, place: Any, contract: Any) -> None:
    """Where nothing breaks, no documented value is lost; where something is refuted, the witness shows it."""
    chance = random.Random(seed)
    old = some_schema(chance)
    new = edited(chance, old)
    found = compare(contract(place(old)), contract(place(new)), policy="strict").findings
    accepting, refusing = (old, new) if place is in_body else (new, old)
    admits, takes = (jsonschema_rs.Draft202012Validator(schema) for schema in (accepting, refusing))
    values = [value for value in (some_value(chance, accepting) for _ in range(60)) if admits.is_valid(value)]
    lost = [value for value in values if not takes.is_valid(value)]
    graver = [f for f in found if f.severity in ("breaking", "warning")]
    assert bool(graver) or not lost, (old, new, lost[:1])
    if old == new:
        assert found == ()


@pytest.mark.parametrize("seed", range(150))
@pytest.mark.parametrize("place", [in_body, in_answer], ids=["request", "response"])
def test_what_is_refuted_has_a_witness_and_what_is_proved_is_no_break(
    seed: int, place: Any, contract: Any
) -> None:
    chance = random.Random(seed + 1000)
    old = some_schema(chance, depth=2)  # a flat schema: the witness is a whole body
    new = some_schema(chance, depth=2)
    accepting, refusing = (old, new) if place is in_body else (new, old)
    admits, takes = (jsonschema_rs.Draft202012Validator(schema) for schema in (accepting, refusing))
    for finding in compare(contract(place(old)), contract(place(new)), policy="strict").findings:
        if finding.severity == "breaking":
            assert finding.verdict == "refuted", (old, new, finding)
            assert admits.is_valid(finding.witness), (old, new, finding)
            assert not takes.is_valid(finding.witness), (old, new, finding)
        else:
            assert (finding.severity, finding.verdict) == ("info", "proved")
