"""Customers, their contacts and what hangs on them."""

from __future__ import annotations

from typing import Any

import pytest

OWNED = {
    "contacts": "userid",
    "projects": "clientid",
    "invoices": "customer_id",
    "estimates": "clientid",
    "tickets": "userid",
    "contracts": "client",
}


def test_r7_a_company_makes_a_customer(crm: Any) -> None:
    """The documented body is enough; without a company it is refused."""
    made = crm.office.made("customers", company="ACME Corp", email="contact@acme.example")
    assert (made["company"], made["email"], made["active"]) == ("ACME Corp", "contact@acme.example", 1)
    assert crm.office.data(f"customers/{made['id']}") == made
    crm.refused(crm.office.post("customers", {"email": "contact@acme.example"}), 400, "company")


@pytest.mark.parametrize(("path", "field"), OWNED.items())
def test_r7_sub_lists_have_the_customers_own_rows(crm: Any, path: str, field: str) -> None:
    """They are exactly the rows of the whole list that name the customer."""
    whole = (
        crm.office.every(path)
        if path in ("contacts", "projects", "estimates", "contracts")
        else crm.office.data(path)
    )
    customer = whole[0][field]
    assert crm.office.data(f"customers/{customer}/{path}") == [row for row in whole if row[field] == customer]
    assert crm.office.data(f"customers/{crm.customer()['id']}/{path}") == []
    crm.refused(crm.office.get(f"customers/987654/{path}"), 404)
    crm.refused(crm.other.get(f"customers/{customer}/{path}"), 404)


@pytest.mark.parametrize("missing", ["userid", "firstname", "lastname", "email"])
def test_r22_a_contact_needs_four_fields(crm: Any, missing: str) -> None:
    """Each of them is named when it is missing."""
    body = {"userid": 1, "firstname": "Ida", "lastname": "Coil", "email": "ida@coil.example"}
    crm.refused(crm.office.post("contacts", {k: v for k, v in body.items() if k != missing}), 400, missing)
    assert (
        crm.office.made("contacts", **body, phonenumber="+1-207-555-0177", title="Owner")["title"] == "Owner"
    )


def test_r22_filters_narrow_contacts(crm: Any) -> None:
    """By customer, by flag and by any text."""
    everybody = crm.office.every("contacts")
    one = everybody[3]
    assert crm.office.every("contacts", customer_id=one["userid"]) == [
        c for c in everybody if c["userid"] == one["userid"]
    ]
    for name in ("active", "is_primary"):
        assert crm.office.every("contacts", **{name: 0}) == [c for c in everybody if c[name] == 0]
    assert one in crm.office.every("contacts", search=one["email"][:8].upper())
    assert crm.office.every("contacts", search="no such text") == []


def test_r22_an_email_is_unique_for_a_customer(crm: Any) -> None:
    """The same address is fine under another customer, and refused twice under one."""
    mine, other = crm.customer()["id"], crm.customer()["id"]
    body = {"firstname": "Ida", "lastname": "Coil", "email": "ida@coil.example"}
    crm.office.made("contacts", userid=mine, **body)
    crm.refused(crm.office.post("contacts", {"userid": mine, **body}), 400, "email")
    second = crm.office.made("contacts", userid=other, **body)
    third = crm.office.made("contacts", userid=other, **{**body, "email": "ida2@coil.example"})
    crm.refused(crm.office.put(f"contacts/{third['id']}", email=second["email"]), 400, "email")


def test_r22_the_primary_contact_stays(crm: Any) -> None:
    """The first contact is primary and cannot be deleted; a second is not, and can."""
    customer = crm.customer()["id"]
    first = crm.office.made("contacts", userid=customer, firstname="A", lastname="B", email="a@b.example")
    second = crm.office.made("contacts", userid=customer, firstname="C", lastname="D", email="c@d.example")
    assert (first["is_primary"], second["is_primary"]) == (1, 0)
    assert crm.office.data(f"customers/{customer}")["primary_contact"] == first["id"]
    crm.refused(crm.office.delete(f"contacts/{first['id']}"), 400)
    crm.refused(crm.office.put(f"contacts/{second['id']}", is_primary=1), 400, "is_primary")
    assert crm.office.delete(f"contacts/{second['id']}").status_code == 200
    crm.refused(crm.office.get(f"contacts/{second['id']}"), 404)
    crm.office.changed(f"contacts/{first['id']}", is_primary=0)
    assert crm.office.delete(f"contacts/{first['id']}").status_code == 200


BAD = [
    ("projects", {"name": "P", "clientid": 987654}, "clientid"),
    ("invoices", {"customer_id": 987654, "total": 10}, "customer_id"),
    ("contracts", {"client": 987654, "subject": "S", "datestart": "2026-06-15"}, "client"),
    ("contacts", {"userid": 987654, "firstname": "A", "lastname": "B", "email": "a@b.example"}, "userid"),
    ("payments", {"invoiceid": 987654, "amount": 5, "date": "2026-06-15"}, "invoiceid"),
    ("timesheets", {"task_id": 987654, "staff_id": 1, "start_time": "2026-06-15 09:00:00"}, "task_id"),
    ("timesheets", {"task_id": 1, "staff_id": 987654, "start_time": "2026-06-15 09:00:00"}, "staff_id"),
    ("notes", {"rel_type": "lead", "rel_id": 987654, "description": "D"}, "rel_id"),
    ("tasks", {"name": "T", "rel_type": "project", "rel_id": 987654}, "rel_id"),
    ("leads", {"name": "L", "status": 987654}, "status"),
    ("expenses", {"category": 987654, "amount": 5, "date": "2026-06-15"}, "category"),
]


@pytest.mark.parametrize(("path", "body", "field"), BAD)
def test_r29_references_must_lead_somewhere(crm: Any, path: str, body: dict[str, Any], field: str) -> None:
    """A row that does not exist, or belongs to somebody else, answers 400 with the field."""
    crm.refused(crm.office.post(path, body), 400, field)


def test_r29_other_installations_rows_do_not_exist(crm: Any) -> None:
    """An id of the other installation is as good as none."""
    theirs = crm.other.every("customers")[0]["id"]
    crm.refused(crm.office.post("projects", {"name": "P", "clientid": theirs}), 400, "clientid")
    crm.refused(crm.office.put("projects/1", clientid=theirs), 400, "clientid")


def test_r29_documents_keep_a_customer(crm: Any) -> None:
    """A customer with invoices, contracts or projects cannot be deleted; one with contacts and tickets can."""
    made = crm.customer()["id"]
    contact = crm.office.made("contacts", userid=made, firstname="A", lastname="B", email="a@b.example")
    ticket = crm.office.made("tickets", subject="S", message="M", userid=made)
    project = crm.office.made("projects", name="P", clientid=made)
    crm.refused(crm.office.delete(f"customers/{made}"), 400)
    assert crm.office.data(f"customers/{made}")["id"] == made
    assert crm.office.delete(f"projects/{project['id']}").status_code == 200
    assert crm.office.delete(f"customers/{made}").json()["data"]["id"] == made
    crm.refused(crm.office.get(f"contacts/{contact['id']}"), 404)
    assert crm.office.data(f"tickets/{ticket['id']}")["userid"] is None
