"""Slips that leave a document usable are named with their place, and the rest is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from troth.behaviour import behaviour_of
from troth.contract import Validators, load_contract

SLIPPING = """\
openapi: 3.1.0
info: {title: Slipping}
security: [{nobody: []}]
paths:
  /things:
    get:
      parameters:
        - {name: made_gte, in: query, schema: {type: string}}
        - {name: size_gte, in: query, schema: {type: integer}}
      responses:
        "200":
          description: All.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Thing"}}}}
components:
  schemas:
    Thing:
      type: object
      required: [id, id]
      anyOf: []
      $recursiveAnchor: true
      properties:
        id: {type: string}
        made: {type: string}
        size: {type: integer, minimum: 1, exclusiveMinimum: true}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    place = tmp_path / "slipping.yaml"
    place.write_text(SLIPPING, encoding="utf-8")
    return place


def test_each_is_named_with_its_line(document: Path) -> None:
    """And nothing else is."""
    flaws = load_contract(document).flaws
    assert [(f.id, f.severity, f.location and f.location.line) for f in flaws] == [
        ("missing-info", "error", 2),
        ("empty-alternatives", "error", 19),
        ("required-twice", "error", 18),
        ("recursive-anchor", "error", 20),
        ("boolean-bound", "error", 24),
        ("unknown-security-scheme", "error", 3),
    ]


def test_what_is_left_is_meant(document: Path) -> None:
    """The bound is exclusive, and nobody is asked for a credential that nothing describes."""
    contract = load_contract(document)
    fits = Validators(contract).at("/components/schemas/Thing", "response").is_valid
    assert [fits({"id": "a", "size": size}) for size in (1, 2)] == [False, True]
    assert (contract.version, contract.operations[0].security) == ("", ())


def test_texts_that_are_no_days_are_not_limited(document: Path) -> None:
    """``made_gte`` could mean anything; ``size_gte`` cannot."""
    (binding,) = behaviour_of(load_contract(document)).bindings.values()
    assert [found.parameter for found in binding.filters] == ["size_gte"]
