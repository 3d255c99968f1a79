"""Every keyword of JSON Schema, edited in every way, in every position, in both directions, against the oracle.

The keywords come from the meta-schemas, so a keyword that nobody thought of is a failure here. A cell is one edit;
containment says whether values are lost by it, or a value that the validator checked shows that they are. Cells whose
truth is not decided are listed in ``edit_space.txt`` by name; the file must name them exactly.
"""

# ruff: noqa: E501 - one row a keyword: a table is read across
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema_specifications import REGISTRY

from troth.compatibility import Comparison, compare
from troth.compatibility.containment import covers
from troth.compatibility.witness import MISSING, find_witness

JSON = Any
META = "https://json-schema.org/draft/2020-12/"
ABSENT: Any = object()
UNDECIDED = Path(__file__).parent / "edit_space.txt"
S, WHOLE, NUMBER, ARRAY, OBJECT = (
    {"type": kind} for kind in ("string", "integer", "number", "array", "object")
)
AB = {"type": "object", "properties": {"a": S, "b": S, "c": S}}
IF = {**AB, "if": {"required": ["a"]}}

# A keyword, the schema that it stands in, and two values. The edits are: added, removed, first to second, and back.
KEYWORDS: dict[str, tuple[JSON, JSON, JSON]] = {
    "type": ({}, "string", ["string", "integer"]),
    "const": (S, "a", "b"),
    "enum": (S, ["a", "b"], ["a"]),
    "multipleOf": (WHOLE, 2, 4),
    "maximum": (NUMBER, 5, 3),
    "exclusiveMaximum": (NUMBER, 5, 3),
    "minimum": (NUMBER, 3, 5),
    "exclusiveMinimum": (NUMBER, 3, 5),
    "maxLength": (S, 5, 3),
    "minLength": (S, 3, 5),
    "pattern": (S, "^a", "^ab"),
    "format": (S, "date", "date-time"),
    "maxItems": (ARRAY, 5, 3),
    "minItems": (ARRAY, 3, 5),
    "uniqueItems": (ARRAY, True, False),
    "maxContains": ({**ARRAY, "contains": {"const": 1}}, 5, 3),
    "minContains": ({**ARRAY, "contains": {"const": 1}}, 2, 3),
    "maxProperties": (OBJECT, 5, 3),
    "minProperties": (OBJECT, 3, 5),
    "required": (AB, ["a"], ["a", "b"]),
    "dependentRequired": (AB, {"a": ["b"]}, {"a": ["b", "c"]}),
    "dependentSchemas": (AB, {"a": {"required": ["b"]}}, {"a": {"required": ["b", "c"]}}),
    "propertyNames": (OBJECT, {"maxLength": 5}, {"maxLength": 3}),
    "additionalProperties": (AB, S, {"type": "string", "maxLength": 3}),
    "unevaluatedProperties": (AB, S, {"type": "string", "maxLength": 3}),
    "unevaluatedItems": ({**ARRAY, "prefixItems": [S]}, S, {"type": "string", "maxLength": 3}),
    "items": (ARRAY, S, {"type": "string", "maxLength": 3}),
    "prefixItems": (ARRAY, [S], [S, WHOLE]),
    "contains": (ARRAY, WHOLE, {"const": 1}),
    "properties": (OBJECT, {"a": S}, {"a": S, "b": S}),
    "patternProperties": (OBJECT, {"^x": S}, {"^x": {"type": "string", "maxLength": 3}}),
    "allOf": (S, [{"maxLength": 5}], [{"maxLength": 5}, {"minLength": 2}]),
    "anyOf": ({}, [S], [S, WHOLE]),
    "oneOf": ({}, [S], [S, WHOLE]),
    "not": (S, {"const": "a"}, {"enum": ["a", "b"]}),
    "if": ({**AB, "then": {"required": ["b"]}}, {"required": ["a"]}, {"required": ["c"]}),
    "then": (IF, {"required": ["b"]}, {"required": ["b", "c"]}),
    "else": (IF, {"required": ["b"]}, {"required": ["b", "c"]}),
    "$ref": ({}, "#/components/schemas/Long", "#/components/schemas/Short"),
}  # fmt: skip
# What is said beside values: an edit is told, but no containment decides what it means.
ANNOTATIONS: dict[str, tuple[JSON, JSON, JSON]] = {
    "default": (S, "a", "b"),
    "deprecated": (S, True, False),
    "readOnly": (S, True, False),
    "writeOnly": (S, True, False),
    "contentEncoding": (S, "base64", "base16"),
    "contentMediaType": (S, "text/csv", "text/plain"),
    "contentSchema": ({**S, "contentMediaType": "application/json"}, S, WHOLE),
}
PROSE: dict[str, tuple[JSON, JSON, JSON]] = {
    "title": (S, "A", "B"),
    "description": (S, "A", "B"),
    "examples": (S, ["a"], ["b"]),
    "$comment": (S, "A", "B"),
}
# Keywords of the meta-schemas that no cell is made of, and why.
LEFT_OUT = {
    "$id": "names a schema", "$schema": "names a dialect", "$anchor": "names a place", "$defs": "holds what is referred to",
    "$vocabulary": "belongs to meta-schemas", "$dynamicAnchor": "names a place",
    "$dynamicRef": "read as a reference to its anchor", "definitions": "the old name of $defs",
    "dependencies": "of an older draft", "$recursiveAnchor": "of an older draft", "$recursiveRef": "of an older draft",
}  # fmt: skip
COMPONENTS = {"Long": {"type": "string", "maxLength": 5}, "Short": {"type": "string", "maxLength": 3}}

POSITIONS: dict[str, Callable[[JSON], JSON]] = {
    "root": lambda s: s,
    "property": lambda s: {"type": "object", "properties": {"p": s}},
    "required property": lambda s: {"type": "object", "properties": {"p": s}, "required": ["p"]},
    "items": lambda s: {"type": "array", "items": s},
    "prefixItems": lambda s: {"type": "array", "prefixItems": [s]},
    "additionalProperties": lambda s: {"type": "object", "additionalProperties": s},
    "patternProperties": lambda s: {"type": "object", "patternProperties": {"^p": s}},
    "allOf": lambda s: {"allOf": [s, {"description": "More."}]},
    "anyOf": lambda s: {"anyOf": [s, {"const": "other"}]},
    "oneOf": lambda s: {"oneOf": [s, {"type": "boolean", "const": False}]},
    "not": lambda s: {"not": s},
    "then": lambda s: {"type": "object", "if": {"required": ["p"]}, "then": {"properties": {"p": s}}},
    "contains": lambda s: {"type": "array", "contains": s},
    "dependentSchemas": lambda s: {"type": "object", "dependentSchemas": {"k": {"properties": {"p": s}}}},
}

# Where the rules say more than sets of values do, on purpose: (keyword, edit, direction) and the reason.
NO_LONGER_TAKEN = (
    "an open schema takes any field, but a documented one that goes is no longer promised to be read"
)
CLOSED = "a client sends what is documented, and that was not"
CONVENTIONS = {
    ("properties", "added", "request"): CLOSED,
    ("properties", "changed", "request"): CLOSED,
    ("patternProperties", "added", "request"): CLOSED,
    ("additionalProperties", "added", "request"): CLOSED,
    ("unevaluatedProperties", "added", "request"): CLOSED,
    ("properties", "removed", "request"): NO_LONGER_TAKEN,
    ("properties", "changed back", "request"): NO_LONGER_TAKEN,
    ("patternProperties", "removed", "request"): NO_LONGER_TAKEN,
}


@dataclass(frozen=True)
class Cell:
    """One edit of one keyword in one position, in one direction."""

    keyword: str
    edit: str
    position: str
    direction: str
    old: JSON
    new: JSON

    @property
    def name(self) -> str:
        return f"{self.keyword} {self.edit} in {self.position} of a {self.direction}"

    @property
    def operation(self) -> str:
        return f"{self.edit}-{self.position}-{self.direction}".replace(" ", "-")


def cells(keyword: str, row: tuple[JSON, JSON, JSON]) -> Iterator[Cell]:
    context, first, second = row
    edits = {
        "added": (ABSENT, first),
        "removed": (first, ABSENT),
        "changed": (first, second),
        "changed back": (second, first),
    }
    for edit, values in edits.items():
        old, new = ({**context, **({} if value is ABSENT else {keyword: value})} for value in values)
        for position, wrap in POSITIONS.items():
            for direction in ("request", "response"):
                yield Cell(keyword, edit, position, direction, wrap(old), wrap(new))


def document(found: list[Cell], side: str) -> dict[str, JSON]:
    """One operation for each cell."""
    paths: dict[str, JSON] = {}
    for cell in found:
        content = {"content": {"application/json": {"schema": getattr(cell, side)}}}
        operation: dict[str, JSON] = {
            "operationId": cell.operation,
            "responses": {"204": {"description": "-"}},
        }
        if cell.direction == "request":
            operation["requestBody"] = content
        else:
            operation["responses"] = {"200": {"description": "-", **content}}
        paths[f"/{cell.operation}"] = {"put": operation}
    return {"paths": paths, "components": {"schemas": COMPONENTS}}


def worst(comparison: Comparison, cell: Cell) -> str | None:
    reached = [
        f.severity for f in comparison.findings if cell.operation in f.reach or cell.operation == f.operation
    ]
    return min(reached, key=("breaking", "error", "warning", "info").index, default=None)


def truth(cell: Cell) -> str:
    """``lost`` with a value that shows it, ``kept`` where containment proves it, else ``undecided``."""
    accepting, refusing = (cell.old, cell.new) if cell.direction == "request" else (cell.new, cell.old)
    before, after = standing_alone(accepting), standing_alone(refusing)
    if find_witness((before,), (after,)) is not MISSING:
        return "lost"
    return "kept" if covers(after, before) else "undecided"


def standing_alone(schema: JSON) -> JSON:
    text = json.dumps(schema).replace("#/components/schemas/", "#/$defs/")
    return {**json.loads(text), "$defs": COMPONENTS}


@cache
def known_keywords() -> frozenset[str]:
    found: set[str] = set()
    for uri in REGISTRY:
        if uri.startswith(META):
            found |= (REGISTRY.contents(uri).get("properties") or {}).keys()
    return frozenset(found)


def test_every_keyword_of_the_meta_schemas_has_its_cells_or_a_reason_why_not() -> None:
    assert known_keywords() == {*KEYWORDS, *ANNOTATIONS, *PROSE, *LEFT_OUT}


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_the_rules_say_what_the_values_say(keyword: str, contract: Any) -> None:
    found = list(cells(keyword, KEYWORDS[keyword]))
    comparison = compare(contract(document(found, "old")), contract(document(found, "new")), policy="strict")
    wrong, undecided = [], []
    for cell in found:
        said, true = worst(comparison, cell), truth(cell)
        if true == "undecided":
            undecided.append(cell.name)
        elif (said == "breaking") is not (true == "lost") and (
            keyword,
            cell.edit,
            cell.direction,
        ) not in CONVENTIONS:
            wrong.append((cell.name, said, true))
    assert wrong == []
    listed = [line for line in listed_cells() if line.startswith(f"{keyword} ")]
    assert undecided == listed


def listed_cells() -> list[str]:
    return [
        line
        for line in UNDECIDED.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]


def test_the_conventions_are_needed(contract: Any) -> None:
    """A reason that no cell needs any more must go."""
    for keyword, edit, direction in CONVENTIONS:
        found = [
            cell
            for cell in cells(keyword, KEYWORDS[keyword])
            if (cell.edit, cell.direction) == (edit, direction)
        ]
        comparison = compare(
            contract(document(found, "old")), contract(document(found, "new")), policy="strict"
        )
        assert any((worst(comparison, cell) == "breaking") is not (truth(cell) == "lost") for cell in found)


def test_every_undecided_cell_is_one_of_the_space() -> None:
    names = {cell.name for keyword, row in KEYWORDS.items() for cell in cells(keyword, row)}
    listed = listed_cells()
    assert set(listed) <= names
    assert len(set(listed)) == len(listed)
    assert len(listed) < len(names) * 0.02


# Within a condition the condition is one thing; what travels one way only is a quality of a property.
COMPARED = [
    position for position in POSITIONS if position not in ("not", "then", "contains", "dependentSchemas")
]
TRAVEL = {"readOnly": "request", "writeOnly": "response"}


@pytest.mark.parametrize("keyword", ANNOTATIONS)
def test_what_is_said_beside_values_is_told(keyword: str, contract: Any) -> None:
    direction = TRAVEL.get(keyword)
    positions = ["property", "required property"] if direction else COMPARED
    found = [
        cell
        for cell in cells(keyword, ANNOTATIONS[keyword])
        if cell.position in positions and direction in (None, cell.direction)
    ]
    told = compare(contract(document(found, "old")), contract(document(found, "new")), policy="strict")
    assert [cell.name for cell in found if worst(told, cell) is None] == []


@pytest.mark.parametrize("keyword", PROSE)
def test_prose_is_no_difference(keyword: str, contract: Any) -> None:
    found = list(cells(keyword, PROSE[keyword]))
    assert (
        compare(contract(document(found, "old")), contract(document(found, "new")), policy="strict").findings
        == ()
    )
