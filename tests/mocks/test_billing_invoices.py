"""Invoices: lists by status, one with its lines and customer, new ones, and their totals."""

from __future__ import annotations

import uuid
from typing import Any

import pytest


def listed(billing: Any, query: str = "") -> Any:
    answer = billing.owner.send("GET", f"/invoices{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("repeated", "separated", "asked"),
    [
        ("?status=draft", "?status=draft", ["draft"]),
        ("?status=draft&status=paid", "?status=draft,paid", ["draft", "paid"]),
        ("?status=issued&status=draft", "?status=issued%2Cdraft", ["issued", "draft"]),
        (
            "?status=paid&status=issued&status=draft",
            "?status=paid,issued&status=draft",
            ["paid", "issued", "draft"],
        ),
        ("?status=draft&status=draft", "?status=draft,draft", ["draft"]),
    ],
)
def test_r9_r10_states_are_repeated_or_separated(
    billing: Any, repeated: str, separated: str, asked: list[str]
) -> None:
    """Both spellings keep exactly the invoices in one of the states, and ``meta`` says which were asked for."""
    whole = listed(billing)["data"]
    answer = listed(billing, repeated)
    assert answer == listed(billing, separated)
    assert answer["data"] == [row for row in whole if row["status"] in asked]
    assert answer["meta"] == {"limit": 100, "offset": 0, "status": asked}


def test_r9_the_window_is_cut_out_of_the_filtered_list(billing: Any) -> None:
    """``limit`` and ``offset`` count the invoices that are left."""
    drafts = listed(billing, "?status=draft")["data"]
    answer = listed(billing, "?status=draft&limit=3&offset=4")
    assert answer["data"] == drafts[4:7]
    assert answer["meta"] == {"limit": 3, "offset": 4, "status": ["draft"]}


@pytest.mark.parametrize("value", ["void", "draft,void", "Draft", "", "draft,", "draft, paid"])
def test_r9_an_unknown_state_is_refused(billing: Any, value: str) -> None:
    """Also as one of several."""
    billing.refused(billing.owner.get("/invoices", status=value), 400, "invalid_request")


def test_r10_without_a_filter_meta_has_no_status(billing: Any) -> None:
    """It is absent, not null and not empty."""
    assert listed(billing)["meta"] == {"limit": 100, "offset": 0}


def test_r11_invoices_are_draft_issued_or_paid(billing: Any) -> None:
    """The seed data has each of the three, in both workspaces."""
    for member in (billing.owner, billing.peer):
        rows = member.get("/invoices").json()["data"]
        assert {row["status"] for row in rows} == {"draft", "issued", "paid"}
        for row in rows:
            assert (row["issued_at"] is None) is (row["status"] == "draft")
            assert (row["paid_at"] is None) is (row["status"] != "paid")


def test_r12_one_invoice_has_its_lines_and_customer(billing: Any) -> None:
    """The list leaves both out; everything else is the same."""
    summary = listed(billing)["data"][0]
    whole = billing.owner.row("/invoices", summary["id"])
    assert {name: whole[name] for name in summary} == summary
    assert set(whole) - set(summary) == {"lines", "customer"}
    assert set(whole["customer"]) == {"id", "name", "email"}
    assert whole["customer"]["id"] == whole["customer_id"]
    fields = {"id", "description", "quantity", "unit_price", "tax_rate", "net", "tax", "total"}
    assert all(set(line) == fields for line in whole["lines"])


def test_r12_an_absent_and_a_foreign_invoice_are_404(billing: Any) -> None:
    """With the same answer."""
    foreign = billing.owner.get(f"/invoices/{billing.seeded('invoices', 0, 'juniper')}")
    absent = billing.owner.get(f"/invoices/{uuid.uuid4()}")
    assert billing.refused(foreign, 404, "not_found") == billing.refused(absent, 404, "not_found")


def test_r12_what_was_issued_keeps_its_customer(billing: Any) -> None:
    """A later change of the customer shows in drafts, not in what has been issued or paid."""
    customer = billing.owner.created("/customers", {"name": "Before", "email": "before@acme.example"})
    old = {"id": customer["id"], "name": "Before", "email": "before@acme.example"}
    draft = billing.invoice(customer_id=customer["id"])
    issued = billing.invoice(customer_id=customer["id"], status="issued")
    assert draft["customer"] == issued["customer"] == old
    billing.owner.updated("/customers", customer["id"], name="After", email="")
    new = {"id": customer["id"], "name": "After", "email": None}
    assert billing.owner.row("/invoices", issued["id"])["customer"] == old
    assert billing.owner.row("/invoices", draft["id"])["customer"] == new
    assert billing.owner.updated("/invoices", draft["id"], status="issued")["customer"] == new
    billing.owner.updated("/customers", customer["id"], name="Much later")
    assert billing.owner.row("/invoices", draft["id"])["customer"] == new


def test_r12_the_seed_has_customers_under_older_names(billing: Any) -> None:
    """Three invoices were issued before their customers took another name."""
    for index in (14, 15, 16):
        invoice = billing.owner.row("/invoices", billing.seeded("invoices", index))
        customer = billing.owner.row("/customers", invoice["customer_id"])
        assert invoice["customer"]["name"] == f"{customer['name']} (old name)"


def test_r13_an_invoice_is_issued_unless_it_says_draft(billing: Any) -> None:
    """The default is ``issued``, with the moment in ``issued_at``."""
    body = {"customer_id": billing.seeded("customers", 0), "lines": billing.draft["lines"]}
    issued = billing.owner.created("/invoices", body)
    assert issued["status"] == "issued"
    assert issued["issued_at"] == issued["created_at"]
    draft = billing.owner.created("/invoices", {**body, "status": "draft"})
    assert (draft["status"], draft["issued_at"]) == ("draft", None)
    assert billing.owner.row("/invoices", draft["id"]) == draft


def test_r13_the_seeds_own_example_is_accepted(billing: Any) -> None:
    """Two lines under a number of the client's choice."""
    made = billing.invoice(
        number="INV-2048",
        lines=[
            {"description": "Consulting", "quantity": 2, "unit_price": 150, "tax_rate": 20},
            {"description": "Materials", "quantity": 1, "unit_price": 49.99, "tax_rate": 0},
        ],
    )
    assert made["number"] == "INV-2048"
    assert [line["description"] for line in made["lines"]] == ["Consulting", "Materials"]
    assert (made["subtotal"], made["tax_total"], made["total"]) == (349.99, 60, 409.99)


@pytest.mark.parametrize("status", ["paid", "void", "", None])
def test_r13_no_invoice_begins_in_another_state(billing: Any, status: Any) -> None:
    """Only ``draft`` and ``issued`` are written."""
    body = {"customer_id": billing.seeded("customers", 0), "lines": billing.draft["lines"], "status": status}
    billing.refused(billing.owner.post("/invoices", body), 400, "invalid_request")


def test_r14_fifty_lines_are_accepted_and_one_more_is_not(billing: Any) -> None:
    """None at all is refused as well."""
    line = billing.draft["lines"][0]
    assert len(billing.invoice(lines=[line] * 50)["lines"]) == 50
    for lines in ([line] * 51, []):
        body = {"customer_id": billing.seeded("customers", 0), "lines": lines}
        billing.refused(billing.owner.post("/invoices", body), 400, "invalid_request")


def test_r14_one_line_may_stand_beside_the_other_fields(billing: Any) -> None:
    """It makes the same invoice as a list of one, and nothing of it stays at the top."""
    line = {"description": "Support, March", "quantity": 3, "unit_price": 320.5, "tax_rate": 20}
    short, long = billing.invoice(**line), billing.invoice(lines=[line])
    assert len(short["lines"]) == 1
    for name in ("description", "quantity", "unit_price", "tax_rate", "net", "tax", "total"):
        assert short["lines"][0][name] == long["lines"][0][name]
    assert (short["subtotal"], short["total"]) == (long["subtotal"], long["total"]) == (961.5, 1153.8)
    assert {"description", "quantity", "unit_price", "tax_rate"}.isdisjoint(short)
    assert billing.owner.row("/invoices", short["id"]) == short


def test_r14_a_line_is_one_piece_without_tax_unless_it_says_so(billing: Any) -> None:
    """In either spelling."""
    for given in ({"lines": [{"description": "x", "unit_price": 5}]}, {"description": "x", "unit_price": 5}):
        line = billing.invoice(**given)["lines"][0]
        assert (line["quantity"], line["tax_rate"], line["total"]) == (1, 0, 5)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"description": "x"},
        {"unit_price": 5},
        {"lines": [{"description": "x", "unit_price": 5}], "description": "x"},
        {"lines": [{"description": "x", "unit_price": 5}], "tax_rate": 20},
        {"lines": [{"description": "x", "unit_price": 5, "quantity": 0}]},
        {"lines": [{"description": "x", "unit_price": -1}]},
        {"lines": [{"description": "x", "unit_price": 5, "tax_rate": 101}]},
        {"lines": [{"unit_price": 5}]},
    ],
)
def test_r14_neither_or_both_spellings_are_refused(billing: Any, given: dict[str, Any]) -> None:
    """Rows or the fields of a single one, complete and within their bounds."""
    body = {"customer_id": billing.seeded("customers", 0), **given}
    billing.refused(billing.owner.post("/invoices", body), 400, "invalid_request")


@pytest.mark.parametrize(
    ("quantity", "price", "rate", "net", "tax"),
    [
        (3, 1.115, 0, 3.35, 0),
        (1, 0.005, 0, 0.01, 0),
        (1, 1.005, 0, 1.01, 0),
        (1, 10.25, 10, 10.25, 1.03),
        (2.5, 49.99, 12.5, 124.98, 15.62),
        (7, 0.33, 19, 2.31, 0.44),
        (1, 0.5, 1, 0.5, 0.01),
    ],
)
def test_r15_lines_are_rounded_half_up(
    billing: Any, quantity: float, price: float, rate: float, net: float, tax: float
) -> None:
    """Net is quantity times price, tax a percentage of it, each to two decimals; the total is their sum."""
    line = {"description": "x", "quantity": quantity, "unit_price": price, "tax_rate": rate}
    made = billing.invoice(lines=[line])["lines"][0]
    assert (made["net"], made["tax"], made["total"]) == (net, tax, round(net + tax, 2))


def test_r15_an_invoice_adds_up_its_rounded_lines(billing: Any) -> None:
    """Three times 0.335 is three times 0.34, not 1.01."""
    lines = [{"description": "x", "unit_price": 0.335, "tax_rate": 20}] * 3
    made = billing.invoice(lines=lines)
    assert (made["subtotal"], made["tax_total"], made["total"]) == (1.02, 0.21, 1.23)
    for row in listed(billing)["data"]:
        whole = billing.owner.row("/invoices", row["id"])
        assert row["subtotal"] == pytest.approx(sum(line["net"] for line in whole["lines"]), abs=0.001)
        assert row["tax_total"] == pytest.approx(sum(line["tax"] for line in whole["lines"]), abs=0.001)
        assert row["total"] == pytest.approx(row["subtotal"] + row["tax_total"], abs=0.001)


def test_r15_amounts_cannot_be_written(billing: Any) -> None:
    """They are the server's, on the invoice as well as in its lines."""
    body = {"customer_id": billing.seeded("customers", 0), "lines": billing.draft["lines"]}
    billing.refused(billing.owner.post("/invoices", {**body, "total": 1}), 400, "invalid_request")
    made = billing.owner.created("/invoices", {**body, "lines": [{**body["lines"][0], "net": 1, "total": 1}]})
    assert made["lines"][0]["total"] == made["total"] == 100


def test_r15_the_customer_must_be_one_of_the_workspace(billing: Any) -> None:
    """One of another workspace, of nobody, or something else is refused the same way."""
    for customer in (billing.seeded("customers", 0, "juniper"), str(uuid.uuid4()), "none", None):
        body = {**billing.draft, "customer_id": customer}
        billing.refused(billing.owner.post("/invoices", body), 400, "invalid_request")


def test_r15_a_number_is_used_once_in_a_workspace(billing: Any) -> None:
    """A second invoice with it is a conflict; another workspace may have it too."""
    made = billing.invoice(number="A-1")
    body = {**billing.draft, "customer_id": made["customer_id"], "number": "A-1"}
    billing.refused(billing.owner.post("/invoices", body), 409, "conflict")
    theirs = {**body, "customer_id": billing.seeded("customers", 0, "juniper")}
    assert billing.peer.created("/invoices", theirs)["number"] == "A-1"
    billing.owner.delete(f"/invoices/{made['id']}")
    assert billing.invoice(number="A-1")["number"] == "A-1"


def test_r15_numbers_that_are_left_out_are_counted(billing: Any) -> None:
    """Each is new, also where a client has already taken the next one by hand."""
    first = int(billing.invoice()["number"].removeprefix("INV-"))
    billing.invoice(number=f"INV-{first + 1:04d}")
    assert billing.invoice()["number"] == f"INV-{first + 2:04d}"
