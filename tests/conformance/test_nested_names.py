"""What is computed over rows that name a row in an object is followed, also where a query may narrow their list."""

from __future__ import annotations

import pytest

from troth.conformance import Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.selftest import Bench
from troth.contract import load_contract

CRATES = """
openapi: 3.1.0
info: {title: Crates, version: "1"}
paths:
  /crates:
    get:
      operationId: listCrates
      responses:
        "200":
          description: All.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Crate"}}}}
    post:
      operationId: createCrate
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Crate"}}}}
      responses: {"201": {$ref: "#/components/responses/Crate"}}
  /crates/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getCrate, responses: {"200": {$ref: "#/components/responses/Crate"}}}
  /bottles:
    get:
      operationId: listBottles
      parameters: [{name: big, in: query, schema: {type: boolean}}]
      x-behaviour: {where: "WHERE"}
      responses:
        "200":
          description: All.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Bottle"}}}}
    post:
      operationId: createBottle
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Bottle"}}}}
      responses:
        "201":
          description: One.
          content: {application/json: {schema: {$ref: "#/components/schemas/Bottle"}}}
components:
  responses:
    Crate: {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Crate"}}}}
  schemas:
    Crate:
      type: object
      properties:
        id: {type: string, readOnly: true}
        name: {type: string}
        held:
          type: integer
          readOnly: true
          x-behaviour: {computed: "size(related('bottles', 'crate.id'))"}
      x-behaviour: {resource: crates}
    Bottle:
      type: object
      properties:
        id: {type: string, readOnly: true}
        litres: {type: number, minimum: 0}
        crate:
          type: object
          required: [id]
          properties: {id: {type: string}}
          x-behaviour: {references: {to: crates, at: id, onDelete: ignore}}
      x-behaviour: {resource: bottles}
"""


@pytest.mark.parametrize(
    ("where", "fault", "verdict"),
    [
        ("!has(query.big) || litres > 1.0", "", "conform"),
        ("!has(query.big) || litres > 1.0", "computed-stale", "violate"),
        ("(!has(query.big) || litres > 1.0) && (!has(query.big) || query.big)", "computed-stale", "violate"),
        ("(!has(query.big) || litres > 1.0) && litres != 2.0", "computed-stale", "conform"),
        ("!has(query.big) || false ? litres > 1.0 : litres > 2.0", "computed-stale", "conform"),
    ],
)
def test_a_value_is_computed_again_where_no_row_can_be_left_out(
    tmp_path_factory: pytest.TempPathFactory, where: str, fault: str, verdict: str
) -> None:
    """Where the list may leave rows out, nothing but the new row that nobody names yet is judged."""
    path = tmp_path_factory.mktemp("crates") / "crates.yaml"
    path.write_text(CRATES.replace("WHERE", where), encoding="utf-8")
    bench = Bench(load_contract(str(path)))
    connection = Loopback(bench.engine.misbehaving([fault] if fault else []))
    target = Target("http://mock.test", connection=connection)
    only = ["fields.computed@getCrate"]
    cases = verify(bench.contract, target, only=only, instruments=bench.instruments, reproduce=False).cases
    assert [case.verdict for case in cases] == [verdict]
