"""Values are written as the OpenAPI styles say, and read again as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from troth.contract import ParameterReader, compile_parameters, load_contract, validators
from troth.contract.model import Parameter
from troth.contract.serialization import query_pairs, written

LIST = "{type: array, items: {type: integer}}"
THING = "{type: object, properties: {a: {type: string}, b: {type: integer}}}"
DEEP = (
    "{type: object, properties: {a: {type: object, properties: {b: {type: array, items: {type: integer}}}}}}"
)


def compiled(tmp_path: Path, location: str, rest: str) -> tuple[Parameter, ParameterReader]:
    path = tmp_path / "openapi.yaml"
    required = "required: true, " if location == "path" else ""
    path.write_text(
        f"""
openapi: 3.1.0
info: {{title: Styles, version: "1"}}
paths:
  /things{"/{p}" if location == "path" else ""}:
    get:
      parameters: [{{name: p, in: {location}, {required}{rest}}}]
      responses: {{"200": {{description: OK}}}}
"""
    )
    contract = load_contract(path)
    (operation,) = contract.operations
    return operation.parameters[0], compile_parameters(contract, validators(contract), operation)


@pytest.mark.parametrize(
    ("rest", "value", "text"),
    [
        ("schema: {type: boolean}", True, "p=true"),
        ("schema: {type: integer}", 2**70, f"p={2**70}"),
        (f"schema: {LIST}", [1, 2], "p=1&p=2"),
        (f"explode: false, schema: {LIST}", [1, 2], "p=1,2"),
        (f"style: spaceDelimited, explode: false, schema: {LIST}", [1, 2], "p=1+2"),
        (f"style: pipeDelimited, explode: false, schema: {LIST}", [1, 2], "p=1%7C2"),
        (f"schema: {THING}", {"a": "x", "b": 1}, "a=x&b=1"),
        (f"explode: false, schema: {THING}", {"a": "x", "b": 1}, "p=a,x,b,1"),
        (f"style: deepObject, schema: {THING}", {"a": "x", "b": 1}, "p%5Ba%5D=x&p%5Bb%5D=1"),
        (f"style: deepObject, schema: {DEEP}", {"a": {"b": [7]}}, "p%5Ba%5D%5Bb%5D%5B0%5D=7"),
        (f"content: {{application/json: {{schema: {THING}}}}}", {"a": "x"}, "p=%7B%22a%22%3A%22x%22%7D"),
    ],
)  # fmt: skip
def test_query_parameters_are_read_as_they_were_written(
    tmp_path: Path, rest: str, value: Any, text: str
) -> None:
    """Each style, exploded or not (OpenAPI 3.1, Style Values)."""
    parameter, reader = compiled(tmp_path, "query", rest)
    query = urlencode(query_pairs(parameter, value), safe=",")
    assert query == text
    values, violations = reader.read({}, parse_qsl(query), {}, raw_query=query)
    assert (values["query", "p"], violations) == (value, [])


@pytest.mark.parametrize(
    ("rest", "value", "text"),
    [
        ("schema: {type: integer}", 5, "5"),
        (f"schema: {LIST}", [1, 2], "1,2"),
        (f"explode: true, schema: {THING}", {"a": "x", "b": 1}, "a=x,b=1"),
        (f"schema: {THING}", {"a": "x", "b": 1}, "a,x,b,1"),
        (f"style: label, explode: true, schema: {LIST}", [1, 2], ".1.2"),
        (f"style: matrix, schema: {LIST}", [1, 2], ";p=1,2"),
        (f"style: matrix, explode: true, schema: {LIST}", [1, 2], ";p=1;p=2"),
        (f"style: matrix, explode: true, schema: {THING}", {"a": "x", "b": 1}, ";a=x;b=1"),
    ],
)
def test_path_parameters_are_read_as_they_were_written(
    tmp_path: Path, rest: str, value: Any, text: str
) -> None:
    """Simple, label and matrix."""
    parameter, reader = compiled(tmp_path, "path", rest)
    assert written(parameter, value) == text
    values, violations = reader.read({"p": text}, [], {})
    assert (values["path", "p"], violations) == (value, [])


def test_headers_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Headers know the simple style alone."""
    parameter, reader = compiled(tmp_path, "header", f"schema: {LIST}")
    values, violations = reader.read({}, [], {"p": written(parameter, [1, 2])})
    assert (values["header", "p"], violations) == ([1, 2], [])
