"""``troth explain``: readable in a terminal, parseable in a pipe."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from troth.cli import main


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["explain", *words])


def test_one_operation_is_explained_with_its_sources() -> None:
    """A heading, statements by topic, below each the line that says so."""
    result = run("clientcasa", "updateInvoice")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "updateInvoice  PATCH /api/v1/invoices/{id}  Update an invoice"
    (at,) = [index for index, line in enumerate(lines) if "'status' draft → sent (send)" in line]
    assert lines[at].startswith("  transition")
    assert "x-behaviour, " in lines[at + 1]
    assert "behaviour.overlay.yaml:" in lines[at + 1]


def test_all_operations_are_explained() -> None:
    """Without a name, the whole contract, in document order."""
    result = run("clientcasa", "--json")
    explained = json.loads(result.stdout)
    assert len(explained) == 69
    assert explained[0]["operation"] == "listClients"
    fact = explained[0]["facts"][0]
    assert fact["topic"] == "kind"
    assert fact["statement"] == "list"
    assert fact["location"]["line"] > 0
    assert run("clientcasa").stdout.count("\n\n") == 68


@pytest.mark.parametrize(
    "name", ["getInvoice", "GET /v1/invoices/{id}", "get  /v1/invoices/{id}", "GET /api/v1/invoices/{id}"]
)
def test_an_operation_can_be_named_by_method_and_path(name: str) -> None:
    """With the base path or without, in any case."""
    (explained,) = json.loads(run("clientcasa", name, "--json").stdout)
    assert explained["operation"] == "getInvoice"


def test_a_misspelt_operation_is_answered_with_the_nearest() -> None:
    """A typing error costs one look."""
    result = run("clientcasa", "updatInvoice")
    assert result.exit_code == 2
    assert "There is no operation 'updatInvoice'. Did you mean 'updateInvoice'?" in result.stderr


def test_an_operation_unlike_any_other_gets_some_names() -> None:
    """Enough to see how they are spelt."""
    assert "Known are listClients, createClient, " in run("clientcasa", "xyzzy").stderr


def test_the_vocabulary_can_be_printed() -> None:
    """Every keyword as Markdown, or as the schema that it is."""
    assert "| `lifecycle.transitions.*.from` |" in run("--vocabulary").stdout
    schema = json.loads(run("--vocabulary", "--json").stdout)
    assert schema["title"] == "x-behaviour"


def test_a_contract_must_be_named() -> None:
    """Nothing to explain is a usage error with an example."""
    result = run()
    assert result.exit_code == 2
    assert "troth explain clientcasa" in result.stderr
