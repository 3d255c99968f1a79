"""The CRM's 156 operations, their statuses, updates, pages and names."""

from __future__ import annotations

import re
from typing import Any

import pytest

TABLE = """
customers GET POST
customers/{id} GET PUT DELETE
customers/{id}/contacts GET
customers/{id}/projects GET
customers/{id}/invoices GET
customers/{id}/estimates GET
customers/{id}/tickets GET
customers/{id}/contracts GET
tickets GET POST
tickets/{id} GET PUT DELETE
tickets/{id}/replies GET
tickets/{id}/attachments GET
tickets/{id}/assign POST
tickets/{id}/status PUT
tickets/{id}/history GET
invoices GET POST
invoices/{id}/payments GET
invoices/{id}/pdf GET
invoices/{id}/send POST
leads GET POST
leads/{id} GET PUT DELETE
leads/{id}/convert POST
leads/{id}/activities GET
leads/{id}/notes GET
projects GET POST
projects/{id} GET PUT DELETE
projects/{id}/tasks GET
projects/{id}/milestones GET
projects/{id}/files GET
projects/{id}/discussions GET
projects/{id}/activity GET
contracts GET POST
contracts/{id} GET PUT DELETE
contracts/expiring GET
contracts/expired GET
contracts/{id}/renew POST
contracts/{id}/sign POST
contracts/{id}/attachments GET
contracts/{id}/comments GET
expenses GET POST
expenses/{id} GET PUT DELETE
expenses/categories GET
estimates GET POST
estimates/{id} GET PUT DELETE
estimates/{id}/send POST
estimates/{id}/convert POST
estimates/{id}/pdf GET
tasks GET POST
tasks/{id} GET PUT DELETE
tasks/{id}/timesheets GET
tasks/{id}/comments GET
tasks/{id}/assign POST
tasks/{id}/status PUT
tasks/{id}/mark-complete POST
tasks/{id}/attachments GET
tasks/{id}/checklist GET
tasks/{id}/priority PUT
tasks/{id}/followers GET
staff GET POST
staff/{id} GET PUT DELETE
staff/roles GET
staff/departments GET
staff/{id}/permissions GET
staff/{id}/tasks GET
staff/{id}/timesheets GET
staff/{id}/change-password POST
staff/{id}/activate POST
staff/{id}/deactivate POST
proposals GET POST
proposals/{id} GET PUT DELETE
proposals/{id}/send POST
proposals/{id}/accept POST
proposals/{id}/decline POST
proposals/{id}/pdf GET
proposals/{id}/comments GET
subscriptions GET POST
subscriptions/{id} GET PUT DELETE
credit-notes GET POST
credit-notes/{id} GET PUT DELETE
credit-notes/{id}/refunds GET
credit-notes/{id}/credits GET
credit-notes/{id}/pdf GET
payments GET POST
payments/{id} GET PUT DELETE
items GET POST
items/{id} GET PUT DELETE
items/groups GET
contacts GET POST
contacts/{id} GET PUT DELETE
timesheets GET POST
timesheets/{id} GET PUT DELETE
notes GET POST
notes/{id} GET PUT DELETE
currencies GET
taxes GET
payment-modes GET
countries GET
departments GET
ticket-statuses GET
ticket-priorities GET
lead-statuses GET
lead-sources GET
contract-types GET
item-groups GET
"""
PATHS = {line.split()[0]: set(line.split()[1:]) for line in TABLE.strip().splitlines()}
OPERATIONS = [(method, path) for path, methods in PATHS.items() for method in sorted(methods)]
GROUPS = {
    "customers": 11, "tickets": 10, "invoices": 5, "leads": 8, "projects": 10, "contracts": 11, "expenses": 6,
    "estimates": 8, "tasks": 14, "staff": 13, "proposals": 10, "subscriptions": 5, "credit-notes": 8,
    "payments": 5, "items": 6, "contacts": 5, "timesheets": 5, "notes": 5,
}  # fmt: skip
TABLES = (
    "currencies", "taxes", "payment-modes", "countries", "departments", "ticket-statuses", "ticket-priorities",
    "lead-statuses", "lead-sources", "contract-types", "item-groups",
)  # fmt: skip
PAGED = (
    "customers", "leads", "projects", "contracts", "expenses", "estimates", "tasks", "proposals", "payments",
    "items", "contacts", "timesheets", "notes",
)  # fmt: skip
PLAIN = ("tickets", "invoices", "staff", "subscriptions", "credit-notes")
ROWS = tuple(path for path in PATHS if PATHS[path] >= {"GET", "PUT", "DELETE"})


def at(path: str, identifier: Any = 1) -> str:
    return path.replace("{id}", str(identifier))


def test_r1_there_are_156_operations_in_19_groups() -> None:
    """Each group has as many as the vendor's documentation counts."""
    assert len(OPERATIONS) == 156
    counted = {name: len([p for _, p in OPERATIONS if p.split("/")[0] == name]) for name in GROUPS}
    assert counted == GROUPS
    assert sorted(p for _, p in OPERATIONS if p.split("/")[0] not in GROUPS) == sorted(TABLES)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_r1_an_operation_is_there(crm: Any, method: str, path: str) -> None:
    """Without a credential it answers 401, not 404 or 405: the pair is routed."""
    crm.refused(crm.nobody.send(method, at(path)), 401)


@pytest.mark.parametrize("path", PATHS)
def test_r1_no_other_method_is_there(crm: Any, path: str) -> None:
    """Every other method on the path answers 405 and says which ones there are."""
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - PATHS[path]:
        answer = crm.office.send(method, at(path))
        crm.refused(answer, 405)
        assert PATHS[path] <= set(re.split(r", *", answer.headers["allow"]))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "invoices/1"), ("PUT", "invoices/1"), ("DELETE", "invoices/1"), ("GET", "webhooks")],
)
def test_r1_what_is_undocumented_is_not_found(crm: Any, method: str, path: str) -> None:
    """Invoices have no item operations, and there is nothing beyond the table."""
    crm.refused(crm.office.send(method, path), 404)


def test_r1_replies_cannot_be_posted(crm: Any) -> None:
    """A ticket's replies are listed only."""
    crm.refused(crm.office.post("tickets/1/replies", {"message": "Hello"}), 405)


@pytest.mark.parametrize("path", [p for p in PATHS if "GET" in PATHS[p]])
def test_r3_reading_succeeds_with_200(crm: Any, path: str) -> None:
    """Every GET answers 200 for what is there."""
    assert crm.office.get(at(path)).status_code == 200


@pytest.mark.parametrize("path", [p for p in PATHS if "{id}" in p])
def test_r3_an_unknown_row_is_404(crm: Any, path: str) -> None:
    """Every path below a row answers 404 when the row is not there, whatever the method and the body."""
    bodies: dict[str, Any] = {
        "assign": {"staff_id": 1},
        "status": None,
        "priority": {"priority": 1},
        "renew": {"dateend": "2031-01-01"},
    }
    word = path.rpartition("/")[2]
    body = bodies.get(word, {"password": "long-enough-1"} if word == "change-password" else {})
    if word == "status":
        body = {"status": "resolved" if path.startswith("tickets") else 4}
    for method in PATHS[path]:
        sent = {"json": body} if method in ("PUT", "POST") and body else {}
        if method == "PUT" and not body:
            sent = {"json": {}}
        crm.refused(crm.office.send(method, at(path, 987654), **sent), 404)


def test_r3_conflicts_and_broken_rules_are_400(crm: Any) -> None:
    """There is no 403, 409 or 422: what is taken, restricted or against a rule answers 400."""
    contact = crm.office.every("contacts")[0]
    taken = {"userid": contact["userid"], "firstname": "A", "lastname": "B", "email": contact["email"]}
    crm.refused(crm.office.post("contacts", taken), 400, "email")
    crm.refused(crm.office.delete(f"customers/{crm.office.data('invoices')[0]['customer_id']}"), 400)
    crm.refused(crm.office.put("projects/1", start_date="2026-05-02", deadline="2026-05-01"), 400)
    crm.refused(
        crm.office.send("POST", "customers", content=b"{", headers={"content-type": "application/json"}), 400
    )


@pytest.mark.parametrize("path", ROWS)
def test_r4_ids_are_integers_and_put_merges(crm: Any, path: str) -> None:
    """PUT with one field, or with none, leaves all others as they are."""
    row = crm.office.data(at(path))
    assert isinstance(row["id"], int)
    assert crm.office.changed(at(path)) == row
    text = next(
        n
        for n in (
            "note",
            "description",
            "message",
            "company",
            "subject",
            "title",
            "name",
            "firstname",
            "number",
        )
        if n in row
    )
    changed = crm.office.changed(at(path), **{text: "Q-7"})
    assert changed == {**row, text: "Q-7"}
    assert crm.office.data(at(path)) == changed
    crm.refused(crm.office.get(at(path, "abc")), 404)


@pytest.mark.parametrize("path", PAGED)
def test_r5_paged_lists_have_pages(crm: Any, path: str) -> None:
    """25 rows unless asked otherwise, 100 at most, ``data`` and ``meta``; the pages have every row once."""
    first = crm.office.get(path).json()
    assert set(first) == {"data", "meta"}
    assert set(first["meta"]) == {"page", "per_page", "total", "total_pages"}
    assert (first["meta"]["page"], first["meta"]["per_page"], len(first["data"])) == (1, 25, 25)
    pages = [
        crm.office.get(path, page=n, per_page=9).json() for n in range(1, -(-first["meta"]["total"] // 9) + 1)
    ]
    ids = [row["id"] for page in pages for row in page["data"]]
    assert len(ids) == len(set(ids)) == first["meta"]["total"]
    assert {page["meta"]["total_pages"] for page in pages} == {len(pages)}
    crm.refused(crm.office.get(path, per_page=101), 400, "per_page")
    assert crm.office.get(path, page=1000).json()["data"] == []


@pytest.mark.parametrize("path", PLAIN)
def test_r5_other_lists_come_whole(crm: Any, path: str) -> None:
    """``data`` alone, with every row, whatever page is asked for."""
    answer = crm.office.get(path).json()
    assert set(answer) == {"data"}
    assert len(answer["data"]) > 25
    assert crm.office.get(path, page=2, per_page=1).json() == answer


def test_r6_fixed_words_are_no_ids(crm: Any) -> None:
    """``/contracts/expiring`` and its like are lists, not rows."""
    for path in ("contracts/expiring", "contracts/expired", "expenses/categories", "staff/roles",
                 "staff/departments", "items/groups"):  # fmt: skip
        assert isinstance(crm.office.data(path), list)


@pytest.mark.parametrize("path", TABLES)
def test_r25_tables_can_only_be_read(crm: Any, path: str) -> None:
    """Each has rows with ids from 1, the same ones for every installation."""
    rows = crm.office.data(path)
    assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))
    assert crm.other.data(path) == rows
    assert PATHS[path] == {"GET"}


def test_r21_r25_groups_have_two_addresses(crm: Any) -> None:
    """``/items/groups`` is ``/item-groups``, and a member's department list is that of the settings."""
    assert crm.office.data("items/groups") == crm.office.data("item-groups")
    assert crm.office.data("staff/departments") == crm.office.data("departments")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("invoices", {"customer_id"}),
        ("projects", {"clientid", "start_date"}),
        ("estimates", {"clientid"}),
        ("expenses", {"clientid"}),
        ("subscriptions", {"clientid"}),
        ("credit-notes", {"clientid"}),
        ("contracts", {"client", "datestart", "dateend"}),
        ("contacts", {"userid"}),
        ("payments", {"invoiceid", "paymentmode"}),
        ("tasks", {"startdate", "duedate", "rel_type", "rel_id"}),
        ("timesheets", {"task_id", "staff_id", "start_time", "end_time"}),
    ],
)
def test_r27_names_are_as_inconsistent_as_the_vendor_has_them(crm: Any, path: str, names: set[str]) -> None:
    """The customer alone has four names."""
    row = crm.office.data(path)[0]
    assert names <= set(row)
    others = (
        {"customer_id", "clientid", "client", "userid"}
        - names
        - ({"customer_id"} if path == "payments" else set())
    )
    assert not others & set(row)


def test_r27_filters_have_other_names_than_fields(crm: Any) -> None:
    """``invoice_id`` and ``payment_mode`` select by ``invoiceid`` and ``paymentmode``."""
    payment = crm.office.every("payments")[0]
    found = crm.office.every("payments", invoice_id=payment["invoiceid"], payment_mode=payment["paymentmode"])
    assert payment in found
    assert {(p["invoiceid"], p["paymentmode"]) for p in found} == {
        (payment["invoiceid"], payment["paymentmode"])
    }
