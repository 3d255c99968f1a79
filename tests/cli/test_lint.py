"""``troth lint``: a line a finding, an exit code that a build can rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from troth.cli import main

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: "2"}
paths:
  /orders:
    get:
      operationId: listOrders
      responses:
        "200":
          description: Orders.
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Order"}}
components:
  schemas:
    Order:
      type: object
      properties:
        id: {type: string}
        status: {type: string, enum: [draft, paid]}
"""

OVERLAY = """\
overlay: 1.0.0
info: {title: Behaviour, version: "1"}
actions:
  - target: $.components.schemas.Order
    update:
      x-behaviour:
        lifecycle:
          transitions:
            pay:
              from: {draft: true}
              to: STATE
"""


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["lint", *map(str, words)])


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.yaml"
    path.write_text(DOCUMENT, encoding="utf-8")
    return path


def overlay(document: Path, state: str) -> Path:
    path = document.with_name("behaviour.overlay.yaml")
    path.write_text(OVERLAY.replace("STATE", state), encoding="utf-8")
    return path


@pytest.mark.parametrize("contract", ["clientcasa", "clientcasa@1.0.0"])
def test_the_shipped_contract_passes(contract: str) -> None:
    """What Troth brings along is held to its own measure."""
    assert run(contract).exit_code == 0


def test_a_finding_is_a_line_with_its_place(document: Path) -> None:
    """File, line, pointer, what was found, what was meant."""
    behaviour = overlay(document, "payed")
    result = run(document, "--overlay", behaviour)
    assert result.exit_code == 1
    pointer = "/components/schemas/Order/x-behaviour/lifecycle/transitions/pay/to"
    assert result.stdout == f"{behaviour}:11 {pointer}: unknown state 'payed'. Did you mean 'paid'?\n"
    assert result.stderr == "Shop 2: 1 error.\n"


def test_a_coherent_contract_prints_nothing_but_a_remark(document: Path) -> None:
    """Silence on stdout is success."""
    result = run(document, "--overlay", overlay(document, "paid"))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Shop 2: coherent.\n")


def test_a_warning_fails_and_says_that_it_is_one(document: Path) -> None:
    """Warnings are for fixing; the word stands in front of the sentence."""
    text = DOCUMENT + "    Lost: {type: object, x-behaviour: {resource: lost}}\n"
    document.write_text(text, encoding="utf-8")
    result = run(document)
    assert result.exit_code == 1
    assert ": warning: nothing reads this x-behaviour" in result.stdout
    assert result.stderr == "Shop 2: 1 warning, 1 info.\n"


def test_an_info_does_not_fail(document: Path) -> None:
    """An unused component is worth a line, not a red build."""
    document.write_text(DOCUMENT + "    Spare: {type: string}\n", encoding="utf-8")
    result = run(document)
    assert result.exit_code == 0
    assert ": info: nothing refers to the component 'Spare'." in result.stdout


def test_json_has_every_finding(document: Path) -> None:
    """The same facts for a program."""
    result = run(document, "--overlay", overlay(document, "payed"), "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    (finding,) = report["findings"]
    assert finding["id"] == "unknown-state"
    assert finding["location"]["line"] == 11
    assert finding["evidence"] == {"found": "payed", "expected": ["draft", "paid"]}
    assert report["summary"]["error"] == 1


def test_a_report_can_have_another_form(document: Path, tmp_path: Path) -> None:
    """What a forge or a build server reads, printed or in a file."""
    behaviour = overlay(document, "payed")
    assert "::error" in run(document, "--overlay", behaviour, "--format", "github").stdout
    target = tmp_path / "report.sarif"
    result = run(document, "--overlay", behaviour, "--format", "sarif", "--output", target)
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        json.loads(target.read_text(encoding="utf-8"))["runs"][0]["results"][0]["ruleId"] == "unknown-state"
    )


def test_a_document_that_cannot_be_loaded_is_another_exit_code(document: Path) -> None:
    """2: there was nothing to judge."""
    document.write_text("openapi: 3.1.0\npaths: [", encoding="utf-8")
    result = run(document)
    assert result.exit_code == 2
    assert "openapi.yaml" in result.stderr
    assert run(document.with_name("absent.yaml")).exit_code == 2


def test_a_broken_behaviour_is_judged_all_the_same(document: Path) -> None:
    """A value that cannot be meant is a finding among others, not the end."""
    broken = DOCUMENT.replace("id: {type: string}", 'id: {type: string, x-behaviour: {computed: "1 +"}}')
    document.write_text(broken, encoding="utf-8")
    result = run(document, "--overlay", overlay(document, "payed"))
    assert result.exit_code == 1
    assert "'1 +' is not a CEL expression" in result.stdout
    assert "unknown state 'payed'" in result.stdout
