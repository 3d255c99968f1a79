"""Clio's 98 operations: each answers what it documents, and nothing else is there."""

from __future__ import annotations

from typing import Any

import pytest

TABLE = """
clio_payments/links GET POST
clio_payments/links/{id} GET PATCH
clio_payments/payments GET
clio_payments/payments/{id} GET
medical_records_details GET POST
medical_records_details/{id} GET PATCH DELETE
medical_records/{id} PATCH DELETE
medical_bills/{id} PATCH DELETE
damages GET POST
damages/{id} GET PATCH DELETE
activities GET POST
activities/{id} GET PATCH DELETE
calendar_entries GET POST
calendar_entries/{id} GET PATCH DELETE
communications GET POST
communications/{id} GET PATCH DELETE
contacts GET POST
contacts/{id} GET PATCH DELETE
documents GET POST
documents/{id} GET PATCH DELETE
folders GET POST
folders/{id} GET PATCH DELETE
matters GET POST
matters/{id} GET PATCH DELETE
notes GET POST
notes/{id} GET PATCH DELETE
relationships GET POST
relationships/{id} GET PATCH DELETE
tasks GET POST
tasks/{id} GET PATCH DELETE
allocations GET
allocations/{id} GET
bank_transactions GET
bank_transactions/{id} GET
credit_memos GET
credit_memos/{id} GET
conversations GET
conversations/{id} GET
users GET
users/{id} GET
bank_transfers/{id} GET
billable_matters GET
outstanding_client_balances GET
trust_line_items GET
trust_line_items/{id} PATCH
bills GET
bills/{id} GET PATCH DELETE
conversation_messages GET POST
conversation_messages/{id} GET
matters/{matter_id}/client GET
matters/{matter_id}/contacts GET
documents/{id}/versions GET
document_automations GET POST
document_automations/{id} GET
"""
PATHS = {
    path: methods.split() for path, _, methods in (line.partition(" ") for line in TABLE.split("\n") if line)
}
OPERATIONS = [(method, path) for path, methods in PATHS.items() for method in methods]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def concrete(path: str) -> str:
    return path.replace("{id}", "1").replace("{matter_id}", "1")


def test_r1_r3_there_are_98_operations(clio: Any) -> None:
    """The documentation of the running mock has just these paths and methods."""
    assert len(OPERATIONS) == 98
    document = clio.http.get(f"{clio.root}/__troth/openapi.json").json()
    served = {
        (method.upper(), path.removeprefix("/api/v4/").removesuffix(".json"))
        for path, item in document["paths"].items()
        for method in item
        if method.upper() in METHODS
    }
    shown = {(method, path.strip("/").removeprefix("api/v4/")) for method, path in served}
    assert shown == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda value: value)
def test_r51_every_operation_answers(clio: Any, method: str, path: str) -> None:
    """With a partner's token: 200, 204, or a refusal of an empty body, never 404 for the path, 405 or 5xx."""
    answer = clio.partner.send(
        method, concrete(path), json={"data": {}} if method in ("POST", "PATCH") else None
    )
    expected = {"GET": (200,), "POST": (201, 400, 422), "PATCH": (200,), "DELETE": (204, 403, 409)}[method]
    if path == "calendar_entries/{id}":
        clio.refused(answer, 404, "RecordNotFound")  # its ids are no small numbers
    else:
        assert answer.status_code in expected, answer.text
    assert answer.headers["x-api-version"] == "4.0.9" or answer.status_code >= 400


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_r1_r3_other_methods_are_405(clio: Any, path: str) -> None:
    """With Allow, which names those that there are."""
    for method in METHODS:
        if method not in PATHS[path]:
            answer = clio.partner.send(method, concrete(path))
            clio.refused(answer, 405, "MethodNotAllowed")
            assert set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"} == set(PATHS[path])


@pytest.mark.parametrize(
    "path",
    [
        "medical_records",
        "medical_bills",
        "bank_transfers",
        "bills/1/preview",
        "contacts/1/notes",
        "matters/1/tasks",
        "nothing",
    ],
)
def test_r3_other_paths_are_404(clio: Any, path: str) -> None:
    """Medical records and bills have no list of their own, for one."""
    clio.refused(clio.partner.get(path), 404, "NotFound")


def test_r51_a_path_without_its_suffix_is_404(clio: Any) -> None:
    """The paths end in .json."""
    answer = clio.http.get("/contacts", headers=clio.partner.headers)
    clio.refused(answer, 404, "NotFound")
