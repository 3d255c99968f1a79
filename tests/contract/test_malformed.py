"""Whatever JSON stands wherever in a document: it can be used, or a ContractError says why. Never a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from troth.contract import Contract, Router, compile_parameters, load_contract, validators
from troth.contract.documents import parse_document
from troth.contract.overlays import apply_overlay
from troth.contract.positions import Positions
from troth.errors import ContractError

RICH = yaml.safe_load((Path(__file__).parent / "rich.yaml").read_text(encoding="utf-8"))
LOWER = yaml.safe_load(
    """
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a:
    get:
      parameters:
        - {name: p, in: query, schema: {type: integer, nullable: true, minimum: 1, exclusiveMinimum: true, example: 2}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {nullable: true, allOf: [{$ref: '#/components/schemas/A'}], enum: [a]}}}
components: {schemas: {A: {type: string, nullable: true}}}
"""
)
OLD = yaml.safe_load(
    """
swagger: '2.0'
info: {title: T, version: '1'}
host: h
basePath: /b
consumes: [application/json]
paths:
  /a/{id}:
    parameters: [{name: id, in: path, type: string, required: true}]
    post:
      parameters:
        - {name: q, in: query, type: array, items: {type: integer}, collectionFormat: csv}
        - {name: body, in: body, schema: {$ref: '#/definitions/A'}, required: true}
        - {$ref: '#/parameters/P'}
      responses:
        '200': {description: ok, schema: {$ref: '#/definitions/A'}, headers: {X: {type: integer}}, examples: {a/b: 1}}
        default: {$ref: '#/responses/R'}
    put: {parameters: [{name: f, in: formData, type: file, required: true}], responses: {}}
definitions: {A: {type: object, discriminator: t, properties: {t: {type: string, x-nullable: true}}}}
parameters: {P: {name: p, in: query, type: integer}}
responses: {R: {description: r, schema: {type: string}}}
securityDefinitions: {o: {type: oauth2, flow: accessCode, scopes: {a: b}}}
"""
)
ODD: list[Any] = [
    None,
    True,
    0,
    1.5,
    "",
    "x",
    "#/nope",
    "none.yaml#/x",
    "http://[",
    "%",
    [],
    [None],
    ["x", 1],
    [{}],
    {},
    {"$ref": "#"},
    {"$ref": 1},
    {"": {}},
    {"x": None},
    {"$ref": "#/components/schemas/A"},
    {"type": "object"},
]
NAMES = ["", "$ref", "x-a", "/", "get", "default"]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in below:
        yield from places(value, (*path, step))


def holder(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def mutants(document: Any, path: tuple[Any, ...]) -> Iterator[Any]:
    """The document with another value, no value, or another name at one place."""
    if not path:
        yield from ODD
        return
    for value in ODD:
        mutant = copy.deepcopy(document)
        holder(mutant, path)[path[-1]] = value
        yield mutant
    mutant = copy.deepcopy(document)
    del holder(mutant, path)[path[-1]]
    yield mutant
    for name in NAMES if isinstance(path[-1], str) else ():
        mutant = copy.deepcopy(document)
        parent = holder(mutant, path)
        parent[name] = parent.pop(path[-1])
        yield mutant


def use(contract: Contract) -> None:
    """Everything that the other rooms do with a loaded contract."""
    Router(contract).match("GET", "/a/1%")
    every = validators(contract)
    for operation in contract.operations:
        reader = compile_parameters(contract, every, operation)
        reader.read(
            {"id": "x"}, [("p", "1,x"), ("w[id]", "a"), ("f", "{"), ("q", "1")], {}, raw_query="p=1%2C2"
        )
        contract.locate(operation.pointer)
        bodies = [*operation.responses.values(), *([operation.body] if operation.body else [])]
        for media in (media for body in bodies for media in body.media.values()):
            if media.schema_pointer is not None:
                every.at(media.schema_pointer, "request").violations({"id": 1, "c": {"t": "b"}})
                every.at(media.schema_pointer, "response").violations(None)


def judged(action: Callable[[], object]) -> bool:
    """Whether an action succeeds; anything but a ContractError with a message fails the test."""
    fault: ContractError | None = None
    try:
        action()
    except ContractError as error:
        fault = error
    assert fault is None or fault.reason
    assert fault is None or fault.location is not None
    return fault is None


def attempt(document: Any, folder: Path) -> bool:
    """Whether a document loads and can be used."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return judged(lambda: use(load_contract(path)))


@pytest.mark.parametrize("document", [RICH, LOWER, OLD], ids=["3.1", "3.0", "2.0"])
def test_one_odd_value_anywhere_never_causes_a_traceback(document: Any, tmp_path: Path) -> None:
    """Every third mutant of every place; what has nothing to do with it is used all the same."""
    outcomes = [
        attempt(mutant, tmp_path)
        for number, path in enumerate(places(document))
        for turn, mutant in enumerate(mutants(document, path))
        if (number + turn) % 3 == 0
    ]
    assert attempt(document, tmp_path)
    assert len(outcomes) // 10 * 9 < outcomes.count(True) < len(outcomes)


WORDS = [
    "openapi",
    "swagger",
    "3.1.0",
    "3.0.0",
    "2.0",
    "info",
    "title",
    "version",
    "paths",
    "/a/{id}",
    "get",
    "$ref",
]
WORDS += [
    "#/paths",
    "#",
    "parameters",
    "name",
    "in",
    "query",
    "schema",
    "type",
    "object",
    "responses",
    "200",
    "content",
]
WORDS += [
    "components",
    "schemas",
    "definitions",
    "allOf",
    "$id",
    "$anchor",
    "servers",
    "url",
    "security",
    "x-documents",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)
HEADED = st.tuples(JSON, JSON, st.sampled_from(["3.0.3", "3.1.0", "3.2.0"])).map(
    lambda drawn: {
        "openapi": drawn[2],
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": drawn[0]}},
        "components": {"schemas": {"A": drawn[1]}},
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(JSON | HEADED)
def test_any_json_loads_or_is_refused(tmp_path: Path, document: Any) -> None:
    attempt(document, tmp_path)


@settings(max_examples=150, deadline=None)
@given(st.text() | JSON.map(json.dumps) | JSON.map(yaml.safe_dump))
def test_any_text_is_read_or_refused(text: str) -> None:
    judged(lambda: parse_document(text, "a.yaml").places())


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(
        {"overlay": st.sampled_from(["1.0.0", "1.2.0"]) | JSON, "actions": st.lists(JSON, max_size=2) | JSON},
        optional={"components": JSON},
    )
    | st.lists(
        st.fixed_dictionaries(
            {"target": st.sampled_from(["$", "$.info", "$.paths.*", "$..get", "$.info.title", "$['"]) | JSON},
            optional={
                "update": JSON,
                "remove": st.booleans() | JSON,
                "copy": st.just("$.info") | JSON,
                "$ref": JSON,
            },
        ),
        min_size=1,
        max_size=3,
    ).map(lambda actions: {"overlay": "1.1.0", "info": {}, "actions": actions})
)
def test_any_overlay_is_applied_or_refused(overlay: Any) -> None:
    document = parse_document(json.dumps(LOWER), "a.json")
    positions = Positions(document.places)
    layer = parse_document(json.dumps(overlay), "o.json")
    judged(lambda: apply_overlay(document.value, positions, layer))
    assert len(positions) > 0
