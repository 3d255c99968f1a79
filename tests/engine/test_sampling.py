"""Samples: values that satisfy their schemas, by an independent judge."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.contract import Contract, validators
from troth.contract.model import Contract as ContractModel
from troth.engine.sampling import Sampler
from troth.testing import Mock

FORMATS = ["date", "date-time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname", "time"]
PATTERNS = [r"^\d{2}:\d{2}$", "^[a-f0-9]{6}$", "^(red|green)$", "^https://", "[A-Z]{2,}", r"^\+?[0-9]+$"]
strings = (
    st.sampled_from([{"type": "string", "format": form} for form in FORMATS])
    | st.sampled_from([{"type": "string", "pattern": pattern} for pattern in PATTERNS])
    | st.tuples(st.integers(0, 12), st.integers(0, 20)).map(
        lambda pair: {"type": "string", "minLength": pair[0], "maxLength": pair[0] + pair[1]}
    )
)
bounds = st.integers(-50, 50)
integers = st.fixed_dictionaries(
    {"type": st.just("integer")},
    optional={"multipleOf": st.sampled_from([1, 2, 7, 2.5]), "minimum": bounds, "exclusiveMinimum": bounds},
) | st.tuples(bounds, st.integers(0, 40)).map(
    lambda pair: {"type": "integer", "minimum": pair[0], "maximum": pair[0] + pair[1]}
)
numbers = st.sampled_from(
    [{"type": "number"}, {"type": "number", "exclusiveMinimum": 0}, {"type": "number", "multipleOf": 0.25}]
) | st.tuples(bounds, st.integers(1, 40)).map(
    lambda pair: {"type": "number", "minimum": pair[0], "exclusiveMaximum": pair[0] + pair[1]}
)
leaves = (
    strings
    | integers
    | numbers
    | st.sampled_from(
        [
            {"type": "boolean"},
            {"type": "null"},
            {"type": ["string", "null"]},
            {"const": [1]},
            {"enum": ["a", None, 3]},
        ]
    )
)
schemas = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(inner, st.integers(0, 3)).map(lambda p: {"type": "array", "items": p[0], "minItems": p[1]})
        | st.tuples(inner, st.integers(1, 3)).map(
            lambda p: {"type": "array", "items": p[0], "maxItems": p[1]}
        )
        | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3).map(
            lambda properties: {"type": "object", "properties": properties, "required": sorted(properties)}
        )
        | st.lists(inner, min_size=1, max_size=2).map(lambda branches: {"anyOf": branches})
        | inner.map(lambda part: {"allOf": [part], "description": "A reference in disguise."})
        | st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3).map(
            lambda properties: {
                "type": "object",
                "properties": properties,
                "oneOf": [{"required": [name]} for name in sorted(properties)[:1]],
            }
        )
        | st.dictionaries(st.sampled_from("ab"), inner, min_size=1).map(
            lambda properties: {
                "allOf": [{"type": "object", "properties": properties, "required": sorted(properties)}]
            }
        )
    ),
    max_leaves=6,
)


def contract_with(schema: Any) -> Contract:
    return ContractModel(
        name="t",
        title="t",
        version="1",
        base_path="",
        document={"components": {"schemas": {"S": schema}}},
        operations=(),
        security_schemes={},
        directory=None,
        source="t",
    )


@settings(max_examples=300, deadline=None)
@given(schemas, st.one_of(st.none(), st.integers(0, 1000)))
def test_a_sample_satisfies_its_schema(schema: Any, seed: int | None) -> None:
    """Plain and random ones, judged by the reference implementation of JSON Schema."""
    sampler = Sampler(contract_with(schema), None if seed is None else random.Random(seed))
    value = sampler.sample("/components/schemas/S")
    judge = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    assert [error.message for error in judge.iter_errors(value)] == [], value


@given(st.integers(0, 100))
@settings(max_examples=10)
def test_one_seed_gives_one_sample(seed: int) -> None:
    """Whatever the schema draws."""
    schema = {"type": "array", "minItems": 5, "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}
    first, second = (
        Sampler(contract_with(schema), random.Random(seed)).sample("/components/schemas/S") for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_every_schema_of_a_real_contract_is_sampled(clientcasa: Mock, seed: int | None) -> None:
    """All component schemas of ClientCasa, for requests and for responses."""
    contract = clientcasa.contract
    checks = validators(contract)
    for name in contract.schemas:
        pointer = f"/components/schemas/{name}"
        sampler = Sampler(contract, None if seed is None else random.Random(seed))
        violations = checks.at(pointer, "response").violations(sampler.sample(pointer))
        assert violations == [], name


def test_recursion_ends(contract_of: Callable[[str], Contract]) -> None:
    """A tree stops growing, and what is required is there."""
    contract = contract_of(
        "paths: {}\ncomponents: {schemas: {Node: {type: object, required: [name], properties: {name: {type: string}, "
        "left: {$ref: '#/components/schemas/Node'}, kids: {type: array, items: {$ref: '#/components/schemas/Node'}}}}}}"
    )
    value = Sampler(contract).sample("/components/schemas/Node")
    assert validators(contract).at("/components/schemas/Node", "response").violations(value) == []


def test_examples_come_first(contract_of: Callable[[str], Contract]) -> None:
    """In a plain sample; a random one makes its own."""
    contract = contract_of(
        "paths: {}\ncomponents: {schemas: {S: {type: string, example: given, minLength: 3}}}\n"
    )
    pointer = "/components/schemas/S"
    assert Sampler(contract).sample(pointer) == "given"
    assert Sampler(contract, random.Random(1)).sample(pointer) != "given"
    assert Sampler(contract).sample("/components/schemas/None") is None
