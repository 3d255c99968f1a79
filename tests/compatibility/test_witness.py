"""Containment is proved, refuted with a value that shows it, or left open."""

# ruff: noqa: E501 - one row a case: a table is read across
from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest

from troth.compatibility.containment import covers, equal_values
from troth.compatibility.samples import sample
from troth.compatibility.witness import judge
from troth.contract.patterns import strings_of

JSON = Any
S = {"type": "string"}

PATTERNS = (
    "^a+$",
    "^[a-z]{3,5}$",
    r"^\d{2}:\d{2}$",
    "^(draft|sent)$",
    "x",
    "^inv_[0-9a-f]+$",
    r"^[^\s@]+@[^\s@]+$",
    "^$",
    "(?:ab)*c?",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_guessed_strings_match_their_pattern(pattern: str) -> None:
    found = strings_of(pattern)
    assert found
    assert [text for text in found if not re.search(pattern, text)] == []


def test_a_pattern_that_cannot_be_read_gives_no_guess() -> None:
    assert strings_of("(") == ()


@pytest.mark.parametrize(
    ("admitted", "by", "verdict"),
    [
        ({"enum": ["a"]}, S, "proved"),
        (S, {"enum": ["a"]}, "refuted"),
        ({"type": "string", "pattern": "^[a-z0-9]+$"}, {"type": "string", "pattern": "^[a-z]+$"}, "refuted"),
        ({"type": "integer", "multipleOf": 6}, {"type": "integer", "multipleOf": 4}, "refuted"),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "minimum": 0}, "proved"),
        ({"type": "array", "items": S, "minItems": 2}, {"type": "array", "uniqueItems": True}, "refuted"),
        ({"oneOf": [S, {"type": "integer"}]}, {"type": ["string", "integer"]}, "proved"),
        ({"type": "object", "required": ["a", "b"]}, {"type": "object", "required": ["a"]}, "proved"),
        ({"type": "object", "required": ["a"]}, {"type": "object", "required": ["a", "b"]}, "refuted"),
        ({"type": "string", "format": "uuid"}, {"type": "string", "format": "date"}, "refuted"),
        ({"not": {"const": 1}}, {"not": {"enum": [1, 2]}}, "refuted"),
    ],
)
def test_a_judgement_is_what_the_validator_says(admitted: JSON, by: JSON, verdict: str) -> None:
    found = judge(admitted, by)
    assert found.verdict == verdict
    if verdict == "refuted":
        options = {"validate_formats": True}
        assert jsonschema_rs.Draft202012Validator(admitted, **options).is_valid(found.witness)
        assert not jsonschema_rs.Draft202012Validator(by, **options).is_valid(found.witness)


def test_what_cannot_be_decided_says_so() -> None:
    """Nobody guesses: two patterns that mean the same and are not regular."""
    found = judge({"type": "string", "pattern": r"^(a)\1$"}, {"type": "string", "pattern": r"^(?:(a)\1)$"})
    assert found.verdict == "unknown"
    assert "refers back to a group" in found.reason


def test_equal_sets_are_equal_however_they_are_written() -> None:
    assert equal_values({"anyOf": [S, {"type": "null"}]}, {"type": ["string", "null"]})
    assert not equal_values(S, {"type": ["string", "null"]})
    assert covers(True, S)
    assert not covers({"type": "nonsense"}, S)


SCHEMAS: tuple[JSON, ...] = (
    {"type": "object", "required": ["id", "at"], "properties": {"id": {"type": "string", "format": "uuid"}, "at": {"type": "string", "format": "date-time"}}},
    {"type": "array", "items": {"type": "integer", "minimum": 5, "multipleOf": 5}, "minItems": 2, "uniqueItems": True},
    {"allOf": [{"type": "object", "properties": {"a": {"const": 1}}}, {"required": ["a"]}]},
    {"oneOf": [{"type": "object", "properties": {"k": {"const": "x"}}, "required": ["k"]}, {"type": "null"}]},
    {"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "properties": {"next": {"$ref": "#/$defs/n"}, "v": {"type": "number", "exclusiveMinimum": 0}}, "required": ["v"]}}},
    {"type": "string", "minLength": 3, "maxLength": 6},
    {"type": ["null", "boolean"]},
    {"type": "object", "minProperties": 2},
)  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_sample_fits_its_schema(schema: JSON) -> None:
    assert jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(sample(schema))
