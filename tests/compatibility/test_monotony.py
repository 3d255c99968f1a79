"""Containment follows from that of the parts where a law says so, and nowhere else."""

from __future__ import annotations

import random
from typing import Any

import jsonschema_rs
import pytest

from troth.compatibility.containment import covers
from troth.compatibility.monotony import follows_from_parts

JSON = Any
WIDE: JSON = {"type": ["string", "integer"]}
NARROW: JSON = {"type": "string"}

LAWS = [
    lambda part: {"items": part},
    lambda part: {"prefixItems": [{}, part], "items": False},
    lambda part: {"properties": {"a": part, "b": True}},
    lambda part: {"patternProperties": {"^a": part}, "additionalProperties": False},
    lambda part: {"additionalProperties": part, "properties": {"a": True}},
    lambda part: {"propertyNames": part},
    lambda part: {"dependentSchemas": {"a": part}},
    lambda part: {"allOf": [part, {"minLength": 1}]},
    lambda part: {"anyOf": [part, {"const": None}]},
    lambda part: {"contains": part, "minContains": 2},
    lambda part: {"if": {"minLength": 2}, "then": part, "else": False},
    lambda part: {"if": {"minLength": 2}, "else": part},
    lambda part: {"not": {"not": part}},
    lambda part: {"items": part, "contains": part, "maxItems": 4},
    lambda part: {"items": {"$ref": "#/$defs/A", **part}, "$defs": {"A": {"maxLength": 4}}},
]


@pytest.mark.parametrize("law", LAWS)
def test_a_schema_admits_more_when_a_part_does(law: Any) -> None:
    assert follows_from_parts(law(WIDE), law(NARROW), covers)
    assert not follows_from_parts(law(NARROW), law(WIDE), covers)


def test_not_admits_more_when_its_part_admits_less() -> None:
    assert follows_from_parts({"not": NARROW}, {"not": WIDE}, covers)
    assert not follows_from_parts({"not": WIDE}, {"not": NARROW}, covers)


LAWLESS = [
    lambda part: {"oneOf": [part, {"maxLength": 3}]},
    lambda part: {"if": part, "then": {"minLength": 2}},
    lambda part: {"contains": part, "maxContains": 2},
    lambda part: {"allOf": [part], "unevaluatedProperties": False},
    lambda part: {"anyOf": [part], "unevaluatedItems": False},
    lambda part: {"enum": [part]},
    lambda part: {"items": {"$ref": "#/$defs/A"}, "$defs": {"A": part}},
    lambda part: {"items": part, "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": part}},
    lambda part: {"properties": {"a": part, ("b" if part is WIDE else "c"): True}},
]


@pytest.mark.parametrize("law", LAWLESS)
def test_nothing_follows_where_no_law_holds(law: Any) -> None:
    """Neither way, whatever the parts admit: values may be lost or not."""
    assert not follows_from_parts(law(WIDE), law(NARROW), lambda _wide, _narrow: True)
    assert not follows_from_parts(law(NARROW), law(WIDE), lambda _wide, _narrow: True)


def test_equal_schemas_and_such_as_say_more_prove_nothing_here() -> None:
    assert not follows_from_parts({"items": WIDE}, {"items": WIDE}, covers)
    assert not follows_from_parts({"items": WIDE}, {"items": NARROW, "maxItems": 2}, covers)
    assert not follows_from_parts({"items": {"const": True}}, {"items": {"const": 1}}, covers)
    assert not follows_from_parts(True, NARROW, covers)


def some_schema(chance: random.Random, depth: int = 0) -> JSON:
    """Schemas of few values, with conditions, so that the laws meet."""
    leaves: list[JSON] = [
        {"type": "string"},
        {"const": 1},
        {"enum": ["a", 1]},
        {"maxLength": 1},
        {"minimum": 1},
        True,
    ]
    if depth == 3 or chance.random() < 0.2:
        return chance.choice(leaves)
    keyword = chance.choice(
        [
            "items",
            "properties",
            "not",
            "contains",
            "additionalProperties",
            "anyOf",
            "allOf",
            "if",
            "oneOf",
            "prefixItems",
        ]
    )
    part = some_schema(chance, depth + 1)
    made: dict[str, JSON] = {
        "properties": {"properties": {"a": part}},
        "anyOf": {"anyOf": [part, chance.choice(leaves)]},
        "oneOf": {"oneOf": [part, chance.choice(leaves)]},
        "allOf": {"allOf": [part, chance.choice(leaves)]},
        "prefixItems": {"prefixItems": [part]},
        "if": {"if": chance.choice(leaves), chance.choice(["then", "else"]): part},
    }
    found = dict(made.get(keyword) or {keyword: part})
    if keyword == "contains" and chance.random() < 0.5:
        found[chance.choice(["minContains", "maxContains"])] = chance.randint(0, 2)
    return found


def with_another_leaf(chance: random.Random, schema: JSON) -> JSON:
    """The same schema with one other part somewhere below."""
    if not isinstance(schema, dict) or chance.random() < 0.25:
        return chance.choice(
            [{"type": ["string", "integer"]}, {"const": "a"}, {"minLength": 1}, False, {"minimum": 0}]
        )
    below = [key for key, value in schema.items() if isinstance(value, dict | list | bool)]
    if not below:
        return some_schema(chance, 2)
    key = chance.choice(below)
    value = schema[key]
    if key == "properties":
        return {**schema, key: {"a": with_another_leaf(chance, value["a"])}}
    if isinstance(value, list):
        if key == "enum":
            return {"enum": ["a"]}
        return {**schema, key: [with_another_leaf(chance, value[0]), *value[1:]]}
    return {**schema, key: with_another_leaf(chance, value)}


VALUES: list[JSON] = [
    *("", "a", "ab", 0, 1, 2, None, True, [], ["a"], [1], ["a", 1], [1, 1], [1, 1, 1], [0, "ab"]),
    *({}, {"a": "a"}, {"a": 1}, {"a": 0}, {"b": "ab"}, {"a": []}, {"a": [1]}, [[1]], [{}], [{"a": 1}], {"a": {"a": 1}}),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(250))
def test_no_value_contradicts_what_follows(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(8):
        one = some_schema(chance)
        other = with_another_leaf(chance, one)
        for wide, narrow in ((one, other), (other, one)):
            if covers(wide, narrow):
                left, right = (jsonschema_rs.Draft202012Validator(schema) for schema in (wide, narrow))
                assert [v for v in VALUES if right.is_valid(v) and not left.is_valid(v)] == [], (wide, narrow)
