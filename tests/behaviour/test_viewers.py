"""What lint finds in settings of callers and in permissions, and which permissions an operation asks for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from troth.behaviour import behaviour_of
from troth.behaviour.coherence import lint
from troth.behaviour.explaining import explain
from troth.contract import Contract, load_contract

DOCUMENT = """\
openapi: 3.1.0
info: {title: Damages, version: "1"}
security: [{key: []}]
x-behaviour:
  viewer: {reach: {values: {all: true, own: true}, default: all}, case: {row: damages}}
paths:
  /damages:
    get:
      operationId: listDamages
      responses:
        "200":
          description: Damages.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Damage"}}}}
    post:
      operationId: createDamage
      x-behaviour: {permissions: {Accounting: true, Contacts: false}}
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Damage"}}}}
      responses: {"201": {description: Made.}}
  /open:
    get: {operationId: open, security: [], responses: {"204": {description: Nothing.}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: key}}
  schemas:
    Damage:
      type: object
      x-behaviour: {permissions: {Personal Injury: true, Contacts: true}}
      properties: {id: {type: string}, amount: {type: number}}
"""

Made = Callable[..., Contract]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """The contract after changes: pairs of a dotted path and a value."""

    def make(*changes: tuple[str, Any]) -> Contract:
        document = copy.deepcopy(yaml.safe_load(DOCUMENT))
        for path, value in changes:
            *steps, last = path.split(" ")
            node = document
            for step in steps:
                node = node[step]
            node[last] = value
        file = tmp_path / "openapi.yaml"
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        return load_contract(file)

    return make


def test_permissions_add_up(made: Made) -> None:
    """Those of the resource hold for each of its operations; an operation adds its own and takes away what is false."""
    bindings = behaviour_of(made()).bindings
    assert bindings["listDamages"].permissions == {"Personal Injury", "Contacts"}
    assert bindings["createDamage"].permissions == {"Personal Injury", "Accounting"}
    assert bindings["open"].permissions == frozenset()


def test_permissions_are_explained(made: Made) -> None:
    """Each operation says which it needs, from where, and what happens without."""
    contract = made()
    told = {e.operation: e for e in explain(contract, behaviour_of(contract))}
    (fact,) = [f for f in told["listDamages"].facts if f.topic == "permissions"]
    assert fact.statement == "Contacts, Personal Injury; else 403 forbidden"
    assert fact.location.pointer == "/components/schemas/Damage/x-behaviour/permissions"
    assert "forbidden" in next(f.statement for f in told["createDamage"].facts if f.topic == "errors")


def test_the_document_is_coherent(made: Made) -> None:
    """What the test below finds comes from its one change."""
    assert lint(made()) == []


@pytest.mark.parametrize(
    ("path", "value", "finding", "message"),
    [
        ("x-behaviour viewer reach default", "al", "unknown-setting-value", "Did you mean 'all'?"),
        ("x-behaviour viewer case row", "damage", "unknown-resource", "Did you mean 'damages'?"),
        ("x-behaviour viewer reach vaules", {}, "unknown-keyword", "Did you mean 'values'?"),
        (
            "paths /damages post x-behaviour permissions Matters",
            False,
            "keyword-without-effect",
            "'Matters' is not asked for",
        ),
        (
            "paths /open get x-behaviour",
            {"permissions": {"Matters": True}},
            "permission-without-credential",
            "takes none",
        ),
    ],
)
def test_what_does_not_fit_is_found(made: Made, path: str, value: Any, finding: str, message: str) -> None:
    """With the nearest word where there is one."""
    (found,) = lint(made((path, value)))
    assert found.id == finding
    assert message in found.title
