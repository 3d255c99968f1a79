"""Faults that show only in rows of a certain kind are found there, and what follows from one cause is blamed once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from troth.conformance import Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.crew import bench_of
from troth.conformance.selftest import Bench
from troth.conformance.subjects import subjects_of
from troth.contract import load_contract
from troth.findings import Case


@cache
def bench() -> Bench:
    return bench_of("crm")


def case(fault: str, clause: str) -> Case:
    """The verdict on one clause of the CRM, whose mock has one fault or none."""
    contract = bench().contract
    connection = Loopback(bench().engine.misbehaving([fault] if fault else []))
    target = Target(f"http://mock.test{contract.base_path}", connection=connection)
    outcome = verify(contract, target, only=[clause], instruments=bench().instruments, reproduce=False)
    (found,) = outcome.cases
    return found


@pytest.mark.parametrize(
    ("fault", "clause"),
    [
        ("action.effect:drop:sendInvoice.status", "action.effect@sendInvoice"),  # a listed draft
        (
            "action.effect:drop:activateStaffMember.active",
            "action.effect@activateStaffMember",
        ),  # after another action
        ("action.refused:drop:sendInvoice.not-cancelled", "action.refused@sendInvoice"),  # a listed row
        ("action.refused:drop:convertEstimate.worth", "action.refused@convertEstimate"),  # made below zero
        ("records.written:drop:tickets.assigned", "records.written@assignTicket"),  # only an action assigns
        ("records.written:drop:leads.converted", "records.written@convertLead"),
        (
            "references.exists:drop:contacts.userid",
            "references.exists@createContact",
        ),  # a rule refuses it first
    ],
)
def test_a_fault_is_found_in_the_state_in_which_it_shows(fault: str, clause: str) -> None:
    assert case("", clause).verdict == "conform"
    assert case(fault, clause).verdict == "violate"


@pytest.mark.parametrize(
    ("fault", "clause"),
    [
        ("update-not-persisted", "webhooks.delivered@setTicketStatus"),
        ("update-not-persisted", "records.written@setTicketStatus"),
        ("delete-noop", "webhooks.delivered@deleteCustomer"),
        ("effect-ignored", "webhooks.delivered@assignTicket"),
        ("action.effect:drop:sendProposal.send", "action.refused@sendProposal"),
        ("bad-credential-accepted", "authentication.expiry@listCustomers"),
        ("leak-foreign-list", "webhooks.timed@listInvoices"),
    ],
)
def test_what_follows_from_another_fault_is_not_blamed(fault: str, clause: str) -> None:
    """A write that is not kept need not be announced, an action that leads nowhere starts anywhere, and so on."""
    assert case("", clause).verdict == "conform"
    assert case(fault, clause).verdict == "inconclusive"


def test_what_is_unique_below_a_row_of_the_tenant_cannot_clash_with_another_tenant() -> None:
    """No promise, and so no fault that nothing could notice; a value that is unique in the tenant has both."""
    told = {clause.id for clause in bench().instruments.clauses}
    assert "fields.unique" in told
    assert "tenancy.unique" not in told
    assert "unique-across-tenants" not in {subject.name for subject in subjects_of(bench().instruments)}


def test_what_is_unique_in_the_tenant_is_tried_from_another_one() -> None:
    assert any(clause.id == "tenancy.unique" for clause in bench_of("billing").instruments.clauses)


#: One schema for requests and answers: what is read-only stands in bodies as well, and is ignored there.
SHELF = """
openapi: 3.1.0
info: {title: Shelf, version: "1"}
paths:
  /books:
    get: {operationId: listBooks, responses: {"200": {$ref: "#/components/responses/Books"}}}
    post:
      operationId: createBook
      requestBody: {$ref: "#/components/requestBodies/Book"}
      responses: {"201": {$ref: "#/components/responses/Book"}}
  /books/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getBook, responses: {"200": {$ref: "#/components/responses/Book"}}}
    patch:
      operationId: updateBook
      requestBody: {$ref: "#/components/requestBodies/Book"}
      responses: {"200": {$ref: "#/components/responses/Book"}}
components:
  requestBodies:
    Book: {content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}}
  responses:
    Book: {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}}
    Books:
      description: All.
      content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Book"}}}}
  schemas:
    Book:
      type: object
      required: [title]
      x-behaviour:
        resource: books
        rules: {lent: {on: {update: true}, require: "lent == false", message: It is lent.}}
      properties:
        id: {type: string, readOnly: true}
        title: {type: string}
        lent: {type: boolean, readOnly: true, x-behaviour: {initial: false}}
        before: {type: [string, "null"], readOnly: true, x-behaviour: {references: books}}
"""


def test_what_is_read_only_in_a_shared_schema_is_not_taken_for_writable(tmp_path: Path) -> None:
    """A correct server that ignores it breaks no rule, and promises nothing about a reference that nobody sets."""
    path = tmp_path / "shelf.yaml"
    path.write_text(SHELF, encoding="utf-8")
    contract = load_contract(str(path))
    target = Target("http://mock.test", connection=Loopback(Bench(contract).engine))
    outcome = verify(contract, target, reproduce=False)
    assert [(str(found.clause), found.title) for found in outcome.findings] == []
    assert not [case.name for case in outcome.cases if case.name.startswith("references.")]
