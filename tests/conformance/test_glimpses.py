"""Rows that nothing lists or creates are known from the rows that refer to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from troth.conformance import Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.outcome import Outcome
from troth.conformance.selftest import Bench
from troth.contract import load_contract

#: Errands have kinds and helpers; kinds and helpers have no operation. A helper is named together with a role.
ERRANDS = """
openapi: 3.1.0
info: {title: Errands, version: "1"}
paths:
  /errands:
    get: {operationId: listErrands, responses: {"200": {$ref: "#/components/responses/Errands"}}}
    post:
      operationId: createErrand
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Errand"}}}}
      responses: {"201": {$ref: "#/components/responses/Errand"}, "422": {description: No.}}
components:
  responses:
    Errand: {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Errand"}}}}
    Errands:
      description: All.
      content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Errand"}}}}
  schemas:
    Errand:
      type: object
      required: [title]
      x-behaviour: {resource: errands}
      properties:
        id: {type: integer, readOnly: true}
        title: {type: string}
        kind:
          type: object
          properties: {id: {type: integer}}
          x-behaviour: {references: {to: kinds, at: id}}
        helpers:
          type: array
          items:
            type: object
            required: [id, role]
            properties: {id: {type: integer}, role: {type: string, enum: [carries, drives]}}
          x-behaviour: {references: {to: helpers, at: id}}
    Kind:
      type: object
      x-behaviour: {resource: kinds}
      properties: {id: {type: integer, readOnly: true}, name: {type: string}}
    Helper:
      type: object
      x-behaviour: {resource: helpers}
      properties: {id: {type: integer, readOnly: true}, name: {type: string}}
"""

SEED = """
rows:
  kinds: [{row: {name: Shopping}}]
  helpers: [{row: {name: Ines}}]
  errands:
    - row: {title: Buy bread, kind: {id: {$row: kinds}}, helpers: [{id: {$row: helpers}, role: carries}]}
"""

UNNAMED = "rows: {kinds: [{row: {name: Shopping}}], errands: [{row: {title: Buy bread}}]}\n"


def judged(folder: Path, seed: str, *faults: str) -> Outcome:
    """What is said of references where the mock has some faults."""
    contract, rows = folder / "errands.yaml", folder / "seed.yaml"
    contract.write_text(ERRANDS, encoding="utf-8")
    rows.write_text(seed, encoding="utf-8")
    bench = Bench(load_contract(str(contract)), rows)
    target = Target("http://mock.test", connection=Loopback(bench.engine.misbehaving(faults)))
    return verify(bench.contract, target, only=["references.exists"], reproduce=False)


@pytest.mark.parametrize("field", ["kind", "helpers"])
def test_a_reference_to_what_nothing_lists_is_tried_with_a_row_that_another_row_names(
    field: str, tmp_path: Path
) -> None:
    """An object beside the id has all that it must have, so that it is the id that is refused."""
    found = judged(tmp_path, SEED, f"references.exists:drop:errands.{field}").findings
    assert [str(one.clause) for one in found] == ["references.exists@createErrand"]
    assert f"'{field}'" in found[0].title


def test_a_correct_server_refuses_what_no_row_has(tmp_path: Path) -> None:
    assert [one.verdict for one in judged(tmp_path, SEED).cases] == ["conform"]


def test_a_row_that_nothing_names_is_unknown(tmp_path: Path) -> None:
    (case,) = judged(tmp_path, UNNAMED).cases
    assert case.verdict == "not-exercised"
    assert "no operation can create one of kinds" in case.detail
