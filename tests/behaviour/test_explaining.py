"""What is derived can be read, sentence by sentence, with the place that says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from troth.behaviour.explaining import Explanation, explain
from troth.behaviour.inference import behaviour_of
from troth.contract import load_contract
from troth.contract.model import Contract
from troth.findings import Location

Shop = Callable[..., Contract]


def of(contract: Contract, operation: str) -> Explanation:
    found = {one.operation: one for one in explain(contract, behaviour_of(contract))}
    return found[operation]


def told(explanation: Explanation, topic: str) -> list[str]:
    return [fact.statement for fact in explanation.facts if fact.topic == topic]


@pytest.fixture(scope="session")
def clientcasa() -> Contract:
    return load_contract("clientcasa")


def line_of(location: Location) -> str:
    return Path(location.document).read_text(encoding="utf-8").splitlines()[(location.line or 0) - 1]


def test_every_operation_is_explained(clientcasa: Contract) -> None:
    """Each has at least a kind, an answer and the errors, each statement has a source and a line."""
    found = explain(clientcasa, behaviour_of(clientcasa))
    assert [one.operation for one in found] == [operation.id for operation in clientcasa.operations]
    for one in found:
        assert {"kind", "credential", "success", "errors"} <= {fact.topic for fact in one.facts}
        assert [
            fact for fact in one.facts if not (fact.source and fact.location.line and fact.statement)
        ] == []


def test_a_list_is_explained(clientcasa: Contract) -> None:
    """Pages, filters with their field and comparison, isolation."""
    one = of(clientcasa, "listCalendarEvents")
    assert (one.method, one.path) == ("GET", "/api/v1/calendar-events")
    assert told(one, "kind") == ["list"]
    assert told(one, "pagination") == [
        "by page in 'page', size in 'pageSize', 25 rows, at most 100 (more gives 400 invalid_request)"
    ]
    assert "startsAfter: 'startDateTime' is later" in told(one, "filter")
    assert told(one, "tenancy") == ["only rows of the caller's tenant"]
    assert told(one, "scopes") == ["calendar-events:read; else 403 forbidden"]
    assert told(one, "success") == ["200 One page of calendar events"]


def test_a_filter_that_also_fixes_another_field_is_explained(clientcasa: Contract) -> None:
    """The constant is part of the sentence."""
    assert "invoiceId: 'documentRef.value' is the value and 'documentType' is 'invoice'" in told(
        of(clientcasa, "listDocumentVersions"), "filter"
    )


def test_a_create_is_explained(clientcasa: Contract) -> None:
    """Starting values, references, rules, keys, events, and what all of it can answer."""
    one = of(clientcasa, "createPayment")
    assert "'kind' starts as \"payment\"" in told(one, "field")
    assert "'refundOfId' names one of payments that exists; else 400 invalid_request" in told(
        one, "reference"
    )
    assert "when kind == 'refund': amount < 0.0; else 400 invalid_request" in told(one, "rule")
    assert told(one, "idempotency") == [
        (
            "'Idempotency-Key' is remembered for 24h for each tenant; "
            "the same key with another request answers 409 conflict"
        )
    ]
    assert told(one, "rate limit") == ["1000 requests in 1h for each credential; then 429 rate_limited"]
    assert "payment_refunded when kind == 'refund'" in told(one, "event")
    assert "409 conflict (conflict)" in told(one, "errors")[0]


def test_an_update_is_explained(clientcasa: Contract) -> None:
    """Transitions, immutable and read-only fields."""
    one = of(clientcasa, "updateInvoice")
    assert "'status' draft → sent (send)" in told(one, "transition")
    assert "any other answers 409 conflict" in told(one, "transition")
    assert "'status'" not in told(one, "read-only")[0].split(", ")
    assert "total" in told(one, "read-only")[0].split(", ")
    assert told(one, "missing row") == ["answers 404 not_found"]
    assert "'balanceDue' = round(total - amountPaid, 2)" in told(one, "field")


def test_a_delete_is_explained(clientcasa: Contract) -> None:
    """What becomes of the rows that refer to the one that goes."""
    effects = told(of(clientcasa, "deleteProject"), "on delete")
    assert "milestones whose 'parentId' names the row are deleted with it" in effects
    assert "invoices whose 'projectIds' names the row lose the reference" in effects
    assert any("keep it from being deleted: 409 conflict" in effect for effect in effects)


def test_what_is_never_shown_is_explained(clientcasa: Contract) -> None:
    """Write-only and hidden fields, and rows that stay out of sight."""
    assert told(of(clientcasa, "getWebhook"), "never shown") == ["secret"]
    assert told(of(clientcasa, "getTimeEntry"), "never shown") == ["billedInvoiceId"]
    assert told(of(clientcasa, "listClientDocuments"), "visible") == [
        "only rows for which isTemplate != true"
    ]
    assert told(of(clientcasa, "listFormSubmissions"), "in lists") == ["'answers' is null"]


@pytest.mark.parametrize(
    ("operation", "topic", "source", "words"),
    [
        ("updateOrder", "kind", "path shape and method", "patch:"),
        ("updateOrder", "resource", "x-behaviour", "resource: orders"),
        ("updateOrder", "parent", "path shape", "patch:"),
        ("listOrders", "parent", "x-behaviour", "parents: {customerId: customerId}"),
        ("listOrders", "filter", "x-behaviour filters", "since: {field: placed, op: from}"),
        ("listOrders", "pagination", "x-behaviour pagination profile 'default'", "default:"),
        ("getCustomer", "scopes", "security of the operation", 'security: [{login: ["customers:read"]}]'),
        ("listCustomers", "order", "x-behaviour", 'order: "name,-id"'),
        ("createCustomer", "idempotency", "x-behaviour", "idempotency:"),
        ("createCustomer", "body", "requestBody", "requestBody:"),
        ("updateOrder", "transition", "x-behaviour", "pay: {from: {draft: true}, to: paid}"),
        ("updateOrder", "rule", "x-behaviour", "positive:"),
        ("updateOrder", "event", "x-behaviour", "order_paid:"),
        ("createOrder", "reference", "x-behaviour", "references: customers"),
        ("createCustomer", "errors", "x-behaviour", "errors:"),
    ],
)
def test_a_statement_names_its_source(
    shop: Shop, operation: str, topic: str, source: str, words: str
) -> None:
    """What it was derived from, and the line that says so."""
    fact = next(fact for fact in of(shop(), operation).facts if fact.topic == topic)
    assert fact.source == source
    assert words in line_of(fact.location)


def test_a_plain_document_is_explained_too(tmp_path: Path) -> None:
    """Without any behaviour, path shapes and schemas still say a lot."""
    document = tmp_path / "openapi.yaml"
    document.write_text(
        """\
openapi: 3.1.0
info: {title: Plain, version: "1"}
paths:
  /things:
    post: {responses: {"201": {description: Made.}}}
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      responses:
        "200":
          description: A thing.
          content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}
  /things/{id}/polish:
    post:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"202": {description: Later.}}
""",
        encoding="utf-8",
    )
    _, read, act = explain(contract := load_contract(document), behaviour_of(contract))
    assert read.operation == "GET /things/{id}"
    assert told(read, "kind") == ["read"]
    assert told(read, "credential") == ["none is needed"]
    assert told(read, "errors") == ["400 invalid (invalid), 404 not-found (not-found)"]
    assert told(act, "kind") == ["an action: answers its documented response"]
    assert told(act, "success") == ["202 Later"]
    assert told(act, "missing row") == []
