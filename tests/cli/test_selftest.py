"""``troth selftest`` from outside: the matrix, its JSON, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def troth(*words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "troth", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_the_matrix_has_a_row_a_clause_and_ends_with_the_score() -> None:
    lines = troth("selftest", "billing", "--only", "tenancy.read", "--only", "delete-noop").splitlines()
    assert lines[0].split() == ["drop", "invert", "widen", "off-by-one", "stale", "swap-identity"]
    assert [line.split()[0] for line in lines[1:3]] == ["tenancy.read", "resource.delete"]
    assert lines[-1].startswith("billing: 2 of 2 faults noticed by the right clause (100.0%)")


def test_json_says_who_noticed_what() -> None:
    """Two processes give what one gives."""
    found = json.loads(
        troth("selftest", "billing", "--only", "pagination", "--workers", "2", "--seeds", "2", "--json")
    )
    assert found["total"] == found["killed"] == len(found["faults"]) > 3
    assert found["false_alarms"] == []
    assert {"name", "clause", "killed_by"} <= found["faults"][0].keys()
    assert all(fault["clause"] in fault["killed_by"] for fault in found["faults"])


#: Nothing that a client can do archives a note, so nobody can tell whether the rule holds.
NOTES = """
openapi: 3.1.0
info: {title: Notes, version: "1"}
paths:
  /notes:
    post:
      operationId: createNote
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
      responses: {"201": {$ref: "#/components/responses/Note"}}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    patch:
      operationId: updateNote
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
      responses: {"200": {$ref: "#/components/responses/Note"}}
components:
  responses:
    Note: {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
  schemas:
    Note:
      type: object
      x-behaviour:
        resource: notes
        rules: {open: {on: {update: true}, require: "archived == false", message: It is archived.}}
      properties:
        id: {type: string, readOnly: true}
        archived: {type: boolean, readOnly: true, x-behaviour: {initial: false}}
        text: {type: string}
"""


def test_a_bar_that_is_missed_ends_with_1(tmp_path: Path) -> None:
    """A fault that nothing shows survives, and the command says which."""
    path = tmp_path / "notes.yaml"
    path.write_text(NOTES, encoding="utf-8")
    out = troth("selftest", str(path), "--only", "rules.held:*", code=1)
    assert "not noticed  rules.held:drop:notes.open" in out


def test_faults_are_listed_without_a_trial() -> None:
    found = json.loads(troth("selftest", "billing", "--list", "--json"))
    assert {"name", "clause", "operator", "summary"} == set(found[0])
    assert any(fault["name"].startswith("rules.held:drop:") for fault in found)


def test_an_unknown_fault_is_a_usage_error() -> None:
    troth("selftest", "billing", "--only", "leak-foreign-rea", code=2)


def test_stock_schemathesis_has_a_column_and_a_place_in_the_json() -> None:
    """It notices a server error, and nothing of another tenant's reading."""
    words = [
        "selftest",
        "billing",
        "--schemathesis",
        "--examples",
        "1",
        "--only",
        "crash",
        "--only",
        "tenancy.read",
    ]
    lines = troth(*words).splitlines()
    assert lines[0].split()[-1] == "schemathesis"
    assert {line.split()[0]: line.split()[-1] for line in lines[1:3]} == {
        "tenancy.read": "0/1",
        "validation.no-server-error": "1/1",
    }
    assert "Stock Schemathesis noticed 1 of 2." in lines
    stock = json.loads(troth(*words, "--json"))["schemathesis"]
    assert (stock["total"], stock["killed"]) == (2, 1)
    assert "not_a_server_error" in stock["faults"]["crash"]
    assert stock["faults"]["leak-foreign-read"] == []
