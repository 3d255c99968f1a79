"""The ClientCasa document states its facts; release 1.0.0 is the same document without the additions."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

SPEC = Path(__file__).parents[2] / "spec" / "clientcasa"
CURRENT = SPEC / "openapi.yaml"
RELEASE = SPEC / "releases" / "1.0.0.yaml"
DOCUMENTS = pytest.mark.parametrize("path", [CURRENT, RELEASE], ids=["current", "1.0.0"])
METHODS = ("get", "post", "put", "patch", "delete")

ENDPOINTS = """
GET /v1/clients listClients
POST /v1/clients createClient
GET /v1/clients/{id} getClient
PATCH /v1/clients/{id} updateClient
DELETE /v1/clients/{id} deleteClient
GET /v1/contacts listContacts
POST /v1/contacts createContact
GET /v1/contacts/{id} getContact
PATCH /v1/contacts/{id} updateContact
DELETE /v1/contacts/{id} deleteContact
GET /v1/projects listProjects
POST /v1/projects createProject
GET /v1/projects/{id} getProject
PATCH /v1/projects/{id} updateProject
DELETE /v1/projects/{id} deleteProject
GET /v1/invoices listInvoices
POST /v1/invoices createInvoice
GET /v1/invoices/{id} getInvoice
PATCH /v1/invoices/{id} updateInvoice
DELETE /v1/invoices/{id} deleteInvoice
GET /v1/contracts listContracts
POST /v1/contracts createContract
GET /v1/contracts/{id} getContract
PATCH /v1/contracts/{id} updateContract
DELETE /v1/contracts/{id} deleteContract
GET /v1/time-entries listTimeEntries
POST /v1/time-entries createTimeEntry
GET /v1/time-entries/{id} getTimeEntry
PATCH /v1/time-entries/{id} updateTimeEntry
DELETE /v1/time-entries/{id} deleteTimeEntry
GET /v1/milestones listMilestones
POST /v1/milestones createMilestone
GET /v1/milestones/{id} getMilestone
PATCH /v1/milestones/{id} updateMilestone
DELETE /v1/milestones/{id} deleteMilestone
GET /v1/calendar-events listCalendarEvents
POST /v1/calendar-events createCalendarEvent
GET /v1/calendar-events/{id} getCalendarEvent
PATCH /v1/calendar-events/{id} updateCalendarEvent
DELETE /v1/calendar-events/{id} deleteCalendarEvent
GET /v1/transactions listTransactions
POST /v1/transactions createTransaction
GET /v1/transactions/{id} getTransaction
PATCH /v1/transactions/{id} updateTransaction
DELETE /v1/transactions/{id} deleteTransaction
GET /v1/catalog-items listCatalogItems
POST /v1/catalog-items createCatalogItem
GET /v1/catalog-items/{id} getCatalogItem
PATCH /v1/catalog-items/{id} updateCatalogItem
DELETE /v1/catalog-items/{id} deleteCatalogItem
GET /v1/webhooks listWebhooks
POST /v1/webhooks createWebhook
GET /v1/webhooks/{id} getWebhook
PATCH /v1/webhooks/{id} updateWebhook
DELETE /v1/webhooks/{id} deleteWebhook
GET /v1/payments listPayments
POST /v1/payments createPayment
GET /v1/payments/{id} getPayment
PATCH /v1/payments/{id} updatePayment
GET /v1/payouts listPayouts
GET /v1/payouts/{id} getPayout
GET /v1/document-versions listDocumentVersions
GET /v1/document-versions/{id} getDocumentVersion
GET /v1/forms listForms
GET /v1/forms/{id} getForm
GET /v1/form-submissions listFormSubmissions
GET /v1/form-submissions/{id} getFormSubmission
GET /v1/client-documents listClientDocuments
GET /v1/client-documents/{id} getClientDocument
"""

FILTERS = {
    "listClients": "status",
    "listContacts": "clientId role",
    "listProjects": "clientId status",
    "listInvoices": "clientId status overdue supersedesInvoice",
    "listContracts": "clientId status",
    "listClientDocuments": "status clientId contactId",
    "listDocumentVersions": "documentType documentId invoiceId contractId",
    "listForms": "kind slug",
    "listFormSubmissions": "formId kind status contactId",
    "listPayments": "clientId invoiceId status kind",
    "listPayouts": "status arrivalDateFrom arrivalDateTo",
    "listTimeEntries": "projectId clientId memberId dateFrom dateTo billable",
    "listMilestones": "parentType parentId status",
    "listCalendarEvents": "projectId clientId startsAfter startsBefore",
    "listTransactions": "direction status frequency",
    "listCatalogItems": "type status composition clientId",
    "listWebhooks": "enabled event",
}

UNRELEASED = {
    "client-documents": ("ClientDocument",),
    "document-versions": ("DocumentVersion", "DocumentRef"),
    "forms": ("Form",),
    "form-submissions": ("FormSubmission", "FormSubmissionAnswer"),
}
NEW_CLIENT_FIELDS = ("taxSettings", "invoiceRemindersEnabled", "recurringBilling", "sourceSubmissionId")


@cache
def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return loaded


def walk(node: Any) -> Iterator[Any]:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(child)


def follow(document: dict[str, Any], node: dict[str, Any]) -> Any:
    found: Any = node
    while "$ref" in found:
        target = found["$ref"]
        found = document
        for token in target.removeprefix("#/").split("/"):
            found = found[token]
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def parameters(document: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [follow(document, parameter) for parameter in operation.get("parameters", [])]


def violations(document: dict[str, Any], reference: str, value: Any) -> list[str]:
    """What is wrong with a value under the schema that a local reference names; formats count."""
    registry = jsonschema_rs.Registry([("urn:document", document)])
    schema = {"$ref": f"urn:document{reference}"}
    validator = jsonschema_rs.Draft202012Validator(schema, registry=registry, validate_formats=True)
    return [error.message for error in validator.iter_errors(value)]


def rows() -> list[tuple[str, str, str]]:
    return [(row.split()[0], row.split()[1], row.split()[2]) for row in ENDPOINTS.split("\n") if row]


def test_there_are_69_operations_named_as_agreed() -> None:
    """The document has the operations of the endpoint facts and no other."""
    found = {
        (method, path, operation["operationId"]) for method, path, operation in operations(load(CURRENT))
    }
    assert found == set(rows())
    assert len(list(operations(load(CURRENT)))) == len(found) == 69


@DOCUMENTS
def test_it_is_valid_openapi_3_1(path: Path) -> None:
    """An independent validator accepts the document."""
    assert load(path)["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(load(path)).validate()


@DOCUMENTS
def test_every_reference_resolves(path: Path) -> None:
    """No reference dangles, and no schema is left that nothing refers to."""
    document = load(path)
    references = {
        node["$ref"]
        for node in walk(document)
        if isinstance(node, dict) and isinstance(node.get("$ref"), str)
    }
    for reference in references:
        assert follow(document, {"$ref": reference}) is not None
    assert {f"#/components/schemas/{name}" for name in document["components"]["schemas"]} <= references


@DOCUMENTS
def test_every_schema_example_is_valid(path: Path) -> None:
    """Each resource and each list has an example, and every example obeys its schema, formats included."""
    document = load(path)
    schemas = document["components"]["schemas"]
    exemplified = {name for name, schema in schemas.items() if "examples" in schema}
    answered = {
        media["schema"]["$ref"].rpartition("/")[2]
        for _, _, operation in operations(document)
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for media in response.get("content", {}).values()
    }
    assert exemplified == answered
    for name in exemplified:
        for example in schemas[name]["examples"]:
            assert violations(document, f"#/components/schemas/{name}", example) == [], name


@DOCUMENTS
def test_every_request_and_error_example_is_valid(path: Path) -> None:
    """Each request body and each error response shows a valid example."""
    document = load(path)
    bodies = [op["requestBody"] for _, _, op in operations(document) if "requestBody" in op]
    for holder in [*bodies, *document["components"]["responses"].values()]:
        media = holder["content"]["application/json"]
        assert violations(document, media["schema"]["$ref"], media["example"]) == []


@DOCUMENTS
def test_error_examples_carry_code_and_request_id(path: Path) -> None:
    """Each error response has its own code, known to the schema, and an id of the vendor's form."""
    document = load(path)
    shown = [
        response["content"]["application/json"]["example"]["error"]
        for response in document["components"]["responses"].values()
    ]
    assert len({error["code"] for error in shown}) == len(shown) == 8
    assert all(re.fullmatch(r"req_[a-z0-9]{24}", error["requestId"]) for error in shown)


@DOCUMENTS
def test_lists_page_and_filter(path: Path) -> None:
    """Every list has page, pageSize and its own filters, and answers data with pagination."""
    document = load(path)
    lists = {
        op["operationId"]: op for _, _, op in operations(document) if op["operationId"].startswith("list")
    }
    for name, operation in lists.items():
        known = parameters(document, operation)
        filters = FILTERS[name].split()
        if path == RELEASE:
            filters = [word for word in filters if word != "supersedesInvoice"]
        assert [parameter["name"] for parameter in known] == ["page", "pageSize", *filters]
        body = follow(document, operation["responses"]["200"]["content"]["application/json"]["schema"])
        assert body["required"] == ["data", "pagination"]
    size = document["components"]["parameters"]["PageSize"]["schema"]
    assert size == {"type": "integer", "minimum": 1, "maximum": 100, "default": 25}


@DOCUMENTS
def test_the_idempotency_key_goes_with_post_and_patch(path: Path) -> None:
    """Exactly the POST and PATCH operations take an Idempotency-Key of at most 255 characters."""
    document = load(path)
    for method, _, operation in operations(document):
        named = [p for p in parameters(document, operation) if p["name"] == "Idempotency-Key"]
        assert bool(named) == (method in {"POST", "PATCH"})
        assert all(p["schema"] == {"type": "string", "minLength": 1, "maxLength": 255} for p in named)


@DOCUMENTS
def test_each_operation_needs_the_scope_of_its_resource(path: Path) -> None:
    """Reads need `x:read`, writes `x:write`, by any of the three schemes; no scope is declared in vain."""
    document = load(path)
    used = set()
    for method, route, operation in operations(document):
        scope = f"{route.split('/')[2]}:{'read' if method == 'GET' else 'write'}"
        assert operation["security"] == [{"apiKey": [scope]}, {"bearer": [scope]}, {"oauth2": [scope]}]
        used.add(scope)
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert set(flow["scopes"]) == used
    assert len(used) == (29 if path == CURRENT else 25)


@DOCUMENTS
def test_each_answer_counts_the_requests_left(path: Path) -> None:
    """Every response declares the three rate limit headers; only 401 and 405 may lack them."""
    document = load(path)
    components = document["components"]["responses"]
    loose = [components["Unauthorized"], components["MethodNotAllowed"]]
    described = [r for _, _, op in operations(document) for r in op["responses"].values() if "$ref" not in r]
    for response in [*described, *components.values()]:
        for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
            header = follow(document, response["headers"][name])
            assert header.get("required", False) is not any(response is other for other in loose)
    assert "Retry-After" in components["TooManyRequests"]["headers"]
    assert "Allow" in components["MethodNotAllowed"]["headers"]


@DOCUMENTS
def test_each_operation_documents_its_errors(path: Path) -> None:
    """The statuses follow from the kind of operation; a body without ids cannot name a missing object."""
    common = {"401", "403", "429", "500"}
    for method, route, operation in operations(load(path)):
        by_id = route.endswith("{id}")
        expected = {
            "GET": {"200", "404"} if by_id else {"200", "400"},
            "POST": {"201", "400", "404", "409"},
            "PATCH": {"200", "400", "404", "409"},
            "DELETE": {"204", "404", "409"},
        }[method]
        if operation["operationId"] in {"createClient", "createWebhook"}:
            expected = expected - {"404"}
        assert set(operation["responses"]) == expected | common, operation["operationId"]


@DOCUMENTS
def test_the_server_alone_sets_what_no_request_accepts(path: Path) -> None:
    """In a writable resource, a property is readOnly exactly when neither create nor update takes it."""
    schemas = load(path)["components"]["schemas"]
    for name in [name.removesuffix("Update") for name in schemas if name.endswith("Update")]:
        accepted = set(schemas[f"{name}Create"]["properties"]) | set(schemas[f"{name}Update"]["properties"])
        for field, schema in schemas[name]["properties"].items():
            assert schema.get("readOnly", False) is (field not in accepted), f"{name}.{field}"


@DOCUMENTS
def test_responses_are_complete_and_updates_partial(path: Path) -> None:
    """A resource always shows all its fields; an update requires none and fills in none."""
    schemas = load(path)["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Update"):
            assert "required" not in schema
            assert not any("default" in field for field in schema["properties"].values())
        elif not name.endswith("Create") and "properties" in schema:
            assert schema["required"] == list(schema["properties"])


@DOCUMENTS
def test_invoice_status_is_written_in_three_words_and_read_in_six(path: Path) -> None:
    """`partial`, `paid` and `overdue` are shown and filtered by, never written."""
    document = load(path)
    schemas = document["components"]["schemas"]
    six = ["draft", "sent", "partial", "paid", "overdue", "void"]
    query = parameters(document, document["paths"]["/v1/invoices"]["get"])
    assert schemas["Invoice"]["properties"]["status"]["enum"] == six
    assert next(p for p in query if p["name"] == "status")["schema"]["enum"] == six
    assert schemas["InvoiceCreate"]["properties"]["status"]["enum"] == ["draft", "sent"]
    assert schemas["InvoiceUpdate"]["properties"]["status"]["enum"] == ["draft", "sent", "void"]


@DOCUMENTS
def test_a_webhook_secret_is_only_ever_written(path: Path) -> None:
    """`secret` is writeOnly in requests and absent from the response, which has `hasSecret` instead."""
    schemas = load(path)["components"]["schemas"]
    assert schemas["WebhookCreate"]["properties"]["secret"]["writeOnly"] is True
    assert schemas["WebhookUpdate"]["properties"]["secret"]["writeOnly"] is True
    assert "secret" not in schemas["Webhook"]["properties"]
    assert "hasSecret" in schemas["Webhook"]["required"]


@pytest.mark.parametrize(
    ("schema", "value", "accepted"),
    [
        ("WebhookCreate", {"name": "a", "url": "http://a.example/", "events": ["invoice_paid"]}, False),
        ("WebhookCreate", {"name": "a", "url": "https://a.example/", "events": []}, False),
        ("WebhookUpdate", {"secret": None}, True),
        ("WebhookUpdate", {"secret": "x" * 15}, False),
        ("ClientCreate", {"name": "a", "unknown": 1}, True),
        ("ClientCreate", {"name": ""}, False),
        ("InvoiceUpdate", {"status": "paid"}, False),
        ("PaymentCreate", {"method": "stripe"}, False),
        ("MilestoneUpdate", {"time": None}, True),
        ("MilestoneUpdate", {"time": "9:00"}, False),
        ("DocumentVersionList", {"data": []}, False),
    ],
)
def test_bodies_at_the_limits(schema: str, value: Any, accepted: bool) -> None:
    """The request schemas draw the line where the facts do."""
    found = violations(load(CURRENT), f"#/components/schemas/{schema}", value)
    assert (found == []) is accepted


def without_additions(document: dict[str, Any]) -> dict[str, Any]:
    """The document less everything that the changelog lists as unreleased."""
    old = copy.deepcopy(document)
    schemas, flows = old["components"]["schemas"], old["components"]["securitySchemes"]["oauth2"]["flows"]
    for resource, names in UNRELEASED.items():
        del old["paths"][f"/v1/{resource}"], old["paths"][f"/v1/{resource}/{{id}}"]
        del flows["authorizationCode"]["scopes"][f"{resource}:read"], schemas[f"{names[0]}List"]
        for name in names:
            del schemas[name]
    tags = {resource.replace("-", " ").title() for resource in UNRELEASED}
    old["tags"] = [tag for tag in old["tags"] if tag["name"] not in tags]
    del schemas["ClientTaxSettings"], schemas["ClientRecurringBilling"]
    create = old["paths"]["/v1/clients"]["post"]["requestBody"]["content"]["application/json"]["example"]
    fields = {
        "Client": NEW_CLIENT_FIELDS,
        "ClientCreate": NEW_CLIENT_FIELDS,
        "ClientUpdate": NEW_CLIENT_FIELDS,
    }
    for name, gone in {**fields, "Invoice": ("supersedesInvoice",)}.items():
        listed = [entry for e in schemas.get(f"{name}List", {}).get("examples", []) for entry in e["data"]]
        shown = [*schemas[name].get("examples", []), *listed, *([create] if name == "ClientCreate" else [])]
        for holder in [schemas[name]["properties"], *shown]:
            for field in gone:
                holder.pop(field, None)
        if "required" in schemas[name]:
            schemas[name]["required"] = [field for field in schemas[name]["required"] if field not in gone]
    invoices = old["paths"]["/v1/invoices"]["get"]
    invoices["parameters"] = [p for p in invoices["parameters"] if p.get("name") != "supersedesInvoice"]
    old["info"]["version"] = "1.0.0"
    return old


def test_release_1_0_0_differs_by_the_listed_additions_alone() -> None:
    """Taking the unreleased additions out of the current document gives the released one."""
    assert load(CURRENT)["info"]["version"].startswith("1.1.0-")
    assert without_additions(load(CURRENT)) == load(RELEASE)


def test_release_1_0_0_keeps_the_wording_and_the_order() -> None:
    """Every line of the release but the version and one list stands in the current document, in order."""
    current = iter(CURRENT.read_text("utf-8").split("\n"))
    lines = [
        line
        for line in RELEASE.read_text("utf-8").split("\n")
        if line not in {"  version: 1.0.0", "      required: [id, name, status, notes, createdAt, updatedAt]"}
    ]
    assert [line for line in lines if line not in current] == []


def test_the_changelog_names_every_addition() -> None:
    """The newest section lists each new operation, scope and field; the first release lists its own."""
    _, newest, first = (SPEC / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1:]
    assert newest.startswith("Unreleased\n\n")
    assert first.startswith("2026-05-19 — v1.0.0")
    released = {(method, path) for method, path, _ in operations(load(RELEASE))}
    assert len(released) == 61
    for method, path, _ in rows():
        text = re.sub(r"\s+", " ", first if (method, path) in released else newest)
        assert f"`{method} {path}`" in text
        assert f"`{path.split('/')[2]}:{'read' if method == 'GET' else 'write'}`" in text
    for field in (*NEW_CLIENT_FIELDS, "supersedesInvoice"):
        assert f"`{field}`" in newest
