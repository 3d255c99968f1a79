"""Documents of Clearmargin: how they are written, what the server works out, and what its answers look like."""

from __future__ import annotations

import re
from typing import Any

import pytest

from troth.contract import load_contract

OBJECT_ID = re.compile(r"[0-9a-f]{24}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
#: The least that creates a document, and what its kind is called.
LEAST = {
    "clients": ({"name": "Acme Corp"}, "Client"),
    "projects": ({"name": "Site", "client": "$client"}, "Project"),
    "invoices": ({"client": "$client"}, "Invoice"),
    "proposals": ({"title": "Offer", "client": "$client"}, "Proposal"),
    "time-entries": ({"project": "$project", "date": "2026-03-14", "hours": 2.5}, "Time Entry"),
    "transactions": ({"name": "Fonts", "amount": 20, "direction": "cost"}, "Transaction"),
    "catalog-items": ({"name": "Workshop", "type": "charge"}, "Catalog Item"),
    "contacts": ({"name": "Jane Smith"}, "Contact"),
    "milestones": ({"title": "Done", "parent": {"relationTo": "projects", "value": "$project"}}, "Milestone"),
    "calendar-events": (
        {
            "title": "Call",
            "startDateTime": "2026-07-01T10:00:00.000Z",
            "endDateTime": "2026-07-01T11:00:00.000Z",
        },
        "Calendar Event",
    ),
}


@pytest.fixture(params=LEAST)
def collection(request: pytest.FixtureRequest) -> str:
    """Each of the ten collections."""
    return str(request.param)


def least(margin: Any, collection: str) -> Any:
    ids = {f"${one}": margin.seeded(f"{one}s", 2) for one in ("client", "project")}

    def filled(value: Any) -> Any:
        return {k: filled(v) for k, v in value.items()} if isinstance(value, dict) else ids.get(value, value)

    return filled(LEAST[collection][0]), LEAST[collection][1]


def test_r21_a_write_answers_with_the_document_and_a_message(margin: Any, collection: str) -> None:
    """201 and 200 with ``doc`` and ``message``; reading one gives the document alone; deleting, what it was."""
    body, label = least(margin, collection)
    made = margin.studio.send("POST", collection, json=body)
    assert made.status_code == 201
    assert set(made.json()) == {"doc", "message"}
    assert made.json()["message"] == f"{label} successfully created."
    at = f"{collection}/{made.json()['doc']['id']}"
    assert margin.studio.shown(at, 1) == made.json()["doc"]
    changed = margin.studio.patch(at, {})
    assert (changed.status_code, changed.json()["message"]) == (200, "Updated successfully.")
    assert margin.studio.shown(at, 1) == changed.json()["doc"]
    gone = margin.studio.delete(at)
    assert (gone.status_code, gone.json()) == (200, {**changed.json(), "message": "Deleted successfully."})
    margin.refused(margin.studio.get(at), 404, "Not Found")


def test_r11_ids_and_moments_have_one_form(margin: Any, collection: str) -> None:
    """Ids are 24 hexadecimal digits and moments UTC with milliseconds, in seeded and in new documents."""
    body, _ = least(margin, collection)
    docs = [*margin.studio.every(collection), margin.studio.made(collection, **body)]
    assert all(OBJECT_ID.fullmatch(doc["id"]) for doc in docs)
    assert all(MOMENT.fullmatch(doc[name]) for doc in docs for name in ("createdAt", "updatedAt"))
    assert len({doc["id"] for doc in docs}) == len(docs)


def test_r11_a_client_of_the_documentation(margin: Any) -> None:
    """What was sent comes back, is active, and both moments are now; a change moves one of them."""
    made = margin.studio.made("clients", name="Acme Corp", email="billing@acme.com")
    assert (made["name"], made["email"], made["status"]) == ("Acme Corp", "billing@acme.com", "active")
    assert made["createdAt"] == made["updatedAt"] == "2026-06-15T09:00:00.000Z"
    margin.advance("1h")
    changed = margin.studio.changed(f"clients/{made['id']}", status="inactive")
    assert changed == {**made, "status": "inactive", "updatedAt": "2026-06-15T10:00:00.000Z"}


def test_r12_a_time_entry_of_the_documentation(margin: Any) -> None:
    """It belongs to its project's client, counts in the project's hours, and takes its rate from the catalogue."""
    project = margin.studio.made("projects", name="API", client=margin.seeded("clients", 1), scopeHours=3)
    body = {"hours": 2.5, "date": "2026-03-14", "description": "API integration work", "billable": True}
    entry = margin.studio.made("time-entries", project=project["id"], **body)
    assert {name: entry[name] for name in body} == body
    assert entry["client"] == project["client"]
    assert entry["effectiveRate"] is None
    assert margin.studio.shown(f"projects/{project['id']}")["hoursLogged"] == 2.5
    item = margin.studio.made("catalog-items", name="Integration", type="charge", defaultRate=95)
    changed = margin.studio.changed(f"time-entries/{entry['id']}", catalogItem=item["id"], hours=4)
    assert changed["effectiveRate"] == 95
    after = margin.studio.shown(f"projects/{project['id']}")
    assert (after["hoursLogged"], after["overScope"]) == (4, True)


def test_r14_an_invoice_adds_up(margin: Any) -> None:
    """Discounts are taken off each line, tax is the client's, numbers count up, and due is in 30 days."""
    tax = {"defaultTaxable": True, "overrideTaxRate": True, "taxRate": 8.5}
    client = margin.studio.made("clients", name="Taxed", taxSettings=tax)["id"]
    lines = [
        {"description": "Sprint", "quantity": 2, "unitPrice": 1150, "taxable": True},
        {"description": "Workshop", "quantity": 1, "unitPrice": 200, "discountPercent": 50},
    ]
    made = margin.studio.made("invoices", client=client, lineItems=lines)
    totals = {name: made[name] for name in ("subtotal", "discountAmount", "taxAmount", "total", "balanceDue")}
    assert totals == {
        "subtotal": 2500, "discountAmount": 100, "taxAmount": 195.5, "total": 2595.5, "balanceDue": 2595.5
    }  # fmt: skip
    assert (made["status"], made["issueDate"], made["dueDate"]) == ("draft", "2026-06-15", "2026-07-15")
    assert all(OBJECT_ID.fullmatch(line["id"]) for line in made["lineItems"])
    following = margin.invoice()
    assert int(following["invoiceNumber"][4:]) == int(made["invoiceNumber"][4:]) + 1
    paid = margin.studio.changed(f"invoices/{made['id']}", status="paid")
    assert (paid["amountPaid"], paid["balanceDue"], paid["paidAt"]) == (2595.5, 0, "2026-06-15T09:00:00.000Z")


def test_r14_the_clock_makes_an_invoice_overdue(margin: Any) -> None:
    """What is sent and not paid on its due date is overdue the day after, in single documents and conditions."""
    made = margin.invoice(status="sent", dueDate="2026-06-20")
    query = {"where[status][equals]": "overdue", "where[id][equals]": made["id"]}
    assert (made["status"], margin.studio.every("invoices", query)) == ("sent", [])
    margin.advance("6d")
    assert margin.studio.shown(f"invoices/{made['id']}")["status"] == "overdue"
    assert len(margin.studio.every("invoices", query)) == 1


def test_r23_fields_have_payload_names(margin: Any) -> None:
    """Relations are called after what they lead to, and a milestone's parent says which collection it is of."""
    relations = {
        "projects": {"client"}, "invoices": {"client", "contact", "projects"}, "contacts": {"client"},
        "proposals": {"client", "contact", "project"}, "time-entries": {"project", "client", "catalogItem"},
        "transactions": {"catalogItem"}, "catalog-items": {"client"}, "calendar-events": {"project", "client"},
    }  # fmt: skip
    for collection, names in relations.items():
        doc = margin.studio.every(collection)[0]
        assert names <= doc.keys()
        assert not any(name.endswith(("Id", "Ids")) and name != "vendorTaxId" for name in doc)
    parents = [doc["parent"] for doc in margin.studio.every("milestones")]
    assert {parent["relationTo"] for parent in parents} == {"projects", "proposals"}


def test_r23_a_reference_must_lead_somewhere(margin: Any) -> None:
    """Also inside the objects of a list and in a milestone's parent, which must be of the collection it names."""
    proposal, studio = margin.seeded("proposals", 0), margin.studio
    wrong = {"relationTo": "projects", "value": proposal}
    answer = studio.post("milestones", {"title": "x", "parent": wrong})
    assert (
        margin.refused(answer, 400, "Parent", "ValidationError")["data"]["errors"][0]["path"]
        == "parent.value"
    )
    right = studio.made("milestones", title="x", parent={"relationTo": "proposals", "value": proposal})
    assert right["parent"]["value"] == proposal
    cost = {"name": "x", "amount": 1, "direction": "cost", "assignments": [{"project": proposal}]}
    error = margin.refused(studio.post("transactions", cost), 400, "invalid", "ValidationError")
    assert error["data"]["errors"][0]["path"] == "assignments.0.project"


def test_r22_bulk_writes_and_counts_do_not_exist(margin: Any) -> None:
    """PATCH and DELETE of a collection are 405, and ``count`` is an id that does not exist."""
    for method in ("PATCH", "DELETE"):
        answer = margin.studio.send(method, "clients", params={"where[status][equals]": "spam"}, json={})
        margin.refused(answer, 405)
        assert set(answer.headers["allow"].split(", ")) >= {"GET", "POST"}
    margin.refused(margin.studio.get("clients/count"), 404, "Not Found")


def test_r23_releases_say_what_came_when() -> None:
    """The preview had seven collections; the release has ten, as the changelog tells."""
    paths = [
        {o.path.split("/")[1] for o in load_contract(name).operations}
        for name in ("clearmargin@0.9.0", "clearmargin")
    ]
    assert paths[1] == set(LEAST)
    assert paths[1] - paths[0] == {"transactions", "catalog-items", "calendar-events"}
