"""What lint finds in profiles of queries, in forms of answers and in bodies of errors."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from troth.behaviour.coherence import lint
from troth.contract import load_contract

DOCUMENT = """\
openapi: 3.1.0
info: {title: Notes, version: "1"}
x-behaviour:
  query:
    conditions: {parameter: where}
    sort: {parameter: sort, default: -title}
    populate: {parameter: depth, default: 1, max: 2}
  answers:
    create: {doc: $row, message: "{label} made."}
  errors:
    envelope: {message: $message}
    kinds:
      invalid: {envelope: {list: $details}, detail: {at: $path}, summary: {one: "{labels}"}}
paths:
  /notes:
    get:
      operationId: listNotes
      parameters:
        - {name: where, in: query, style: deepObject, schema: {type: object}}
        - {name: sort, in: query, schema: {type: string}}
        - {name: depth, in: query, schema: {type: integer}}
      responses:
        "200":
          description: Notes.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Note"}}}}
    post:
      operationId: createNote
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
      responses:
        "201":
          description: The note.
          content:
            application/json:
              schema: {type: object, properties: {doc: {$ref: "#/components/schemas/Note"}, message: {type: string}}}
components:
  schemas:
    Note:
      type: object
      properties: {id: {type: string}, title: {type: string}}
"""

Linted = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def linted(tmp_path: Any) -> Linted:
    """(id, pointer below the root's ``x-behaviour``) of each finding after one change."""

    def run(*path: str, to: Any = None) -> list[tuple[str, str]]:
        document = copy.deepcopy(yaml.safe_load(DOCUMENT))
        node = document["x-behaviour"]
        for step in path[:-1]:
            node = node[step]
        if path:
            node[path[-1]] = to
        file = tmp_path / "openapi.yaml"
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        found = lint(load_contract(file))
        return [(f.id, f.location.pointer.partition("x-behaviour")[2]) for f in found if f.location]

    return run


def test_the_document_is_coherent(linted: Linted) -> None:
    """What the tests below find comes from their one change."""
    assert linted() == []


@pytest.mark.parametrize(
    ("path", "to", "finding"),
    [
        ("query.conditions.parameter", "wher", "unknown-parameter"),
        ("query.sort.parameter", "order", "unknown-parameter"),
        ("query.populate.parameter", "levels", "unknown-parameter"),
        ("query.sort.default", "-titel", "unknown-field"),
        ("query.populate.default", 3, "contradicting-sizes"),
        ("answers.create", {"message": "Made."}, "answer-without-row"),
    ],
)
def test_what_does_not_fit_is_found(linted: Linted, path: str, to: Any, finding: str) -> None:
    """At the keyword that says it, and nothing else."""
    assert linted(*path.split("."), to=to) == [(finding, "/" + path.replace(".", "/"))]


def test_what_has_no_effect_is_found(linted: Linted) -> None:
    """An answer of what is never done, details of a body that there is not."""
    assert linted("answers", "delete", to={"doc": "$row"}) == [("keyword-without-effect", "/answers/delete")]
    bare = {"detail": {"at": "$path"}, "summary": {"one": "x"}}
    at = "/errors/kinds/invalid/"
    found = linted("errors", "kinds", "invalid", to=bare)
    assert sorted(found) == [
        ("keyword-without-effect", f"{at}detail"),
        ("keyword-without-effect", f"{at}summary"),
    ]


def test_a_usual_member_that_no_row_has_is_found(linted: Linted) -> None:
    """It would never be shown."""
    to = {"parameter": "sort", "default": {"titel": True}}
    assert linted("query", "select", to=to) == [("unknown-field", "/query/select/default/titel")]
