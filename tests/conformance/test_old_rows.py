"""Rows that no operation makes are found in the list; they are moved where the run has a sandbox of its own."""

from __future__ import annotations

import pytest

from troth.conformance import Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.selftest import Bench
from troth.contract import load_contract
from troth.findings import Case

PARCELS = """
openapi: 3.1.0
info: {title: Parcels, version: "1"}
security: [{key: []}]
x-behaviour: {tenancy: {from: credential}}
paths:
  /parcels:
    get:
      operationId: listParcels
      responses:
        "200":
          description: All.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Parcel"}}}}
  /parcels/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getParcel, responses: {"200": {$ref: "#/components/responses/Parcel"}}}
    patch:
      operationId: updateParcel
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Change"}}}}
      responses: {"200": {$ref: "#/components/responses/Parcel"}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: x-key}}
  responses:
    Parcel: {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Parcel"}}}}
  schemas:
    State: {type: string, enum: [packed, sent, lost]}
    Change: {type: object, properties: {state: {$ref: "#/components/schemas/State"}}}
    Parcel:
      type: object
      required: [id, state]
      properties:
        id: {type: string, readOnly: true}
        state: {$ref: "#/components/schemas/State"}
      x-behaviour:
        resource: parcels
        lifecycle:
          field: state
          refused: conflict
          transitions:
            send: {from: {packed: true}, to: sent}
            lose: {from: {packed: true, sent: true}, to: lost}
"""

SEED = """
tenants: {north: {}, south: {}}
principals: {owner: {tenant: north, key: owner}, other: {tenant: south, key: other}}
rows:
  parcels:
    north: [{row: {state: packed}}, {row: {state: packed}}, {row: {state: sent}}, {row: {state: lost}}]
    south: [{row: {state: packed}}]
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("parcels")
    (folder / "openapi.yaml").write_text(PARCELS, encoding="utf-8")
    (folder / "seed.yaml").write_text(SEED, encoding="utf-8")
    return Bench(load_contract(str(folder / "openapi.yaml")), folder / "seed.yaml")


def case(bench: Bench, fault: str) -> Case:
    """The verdict on the moves of parcels, whose mock has one fault or none."""
    connection = Loopback(bench.engine.misbehaving([fault] if fault else []))
    target = Target("http://mock.test", connection=connection)
    only = ["lifecycle.transition@updateParcel"]
    (found,) = verify(bench.contract, target, only=only, instruments=bench.instruments, reproduce=False).cases
    return found


def test_the_moves_of_rows_that_were_there_conform(bench: Bench) -> None:
    assert case(bench, "").verdict == "conform"


@pytest.mark.parametrize(
    "fault",
    [
        "transition-unchecked",
        "lifecycle.transition:drop:parcels.send",
        "lifecycle.transition:widen:parcels.send",
        "lifecycle.transition:drop:parcels.lose",
    ],
)
def test_a_wrong_move_of_a_row_that_was_there_is_noticed(bench: Bench, fault: str) -> None:
    assert case(bench, fault).verdict == "violate"
