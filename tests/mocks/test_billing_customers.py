"""Customers: lists in windows, and how they are made and changed."""

from __future__ import annotations

from typing import Any

import pytest


def test_r4_a_list_has_100_rows_unless_asked(billing: Any) -> None:
    """The workspace has 28 customers, so all of them come, oldest first as they were made."""
    answer = billing.owner.get("/customers").json()
    assert len(answer["data"]) == 28
    assert answer["meta"] == {"limit": 100, "offset": 0}
    made = billing.owner.created("/customers", {"name": "The last one"})
    assert billing.owner.get("/customers").json()["data"][-1] == made


@pytest.mark.parametrize(
    ("limit", "offset", "count"), [(1, 0, 1), (10, 20, 8), (100, 0, 28), (5, 28, 0), (7, 500, 0)]
)
def test_r4_r5_limit_and_offset_cut_a_window(billing: Any, limit: int, offset: int, count: int) -> None:
    """The window is that part of the whole list, and ``meta`` repeats both numbers."""
    whole = billing.owner.get("/customers").json()["data"]
    answer = billing.owner.get("/customers", limit=limit, offset=offset).json()
    assert answer == {"data": whole[offset : offset + limit], "meta": {"limit": limit, "offset": offset}}
    assert len(answer["data"]) == count


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"limit": -1}, {"limit": "ten"}, {"offset": -1}, {"offset": "x"}]
)
@pytest.mark.parametrize("resource", ["customers", "invoices"])
def test_r4_numbers_out_of_range_are_refused(billing: Any, resource: str, query: dict[str, Any]) -> None:
    """1 to 100 rows, from 0 on; the message says what is wrong."""
    billing.refused(billing.owner.get(f"/{resource}", **query), 400, "invalid_request")


@pytest.mark.parametrize("resource", ["customers", "invoices"])
def test_r5_lists_have_data_and_meta(billing: Any, resource: str) -> None:
    """``{data, meta: {limit, offset}}`` and nothing else while nothing else was asked."""
    answer = billing.owner.get(f"/{resource}", limit=50).json()
    assert set(answer) == {"data", "meta"}
    assert answer["meta"] == {"limit": 50, "offset": 0}


def test_r7_name_and_address_change_alone_and_together(billing: Any) -> None:
    """What is not named stays, and the moment of the change is noted."""
    at = billing.seeded("customers", 3)
    before = billing.owner.row("/customers", at)
    renamed = billing.owner.updated("/customers", at, name="Acme Holdings Ltd")
    assert renamed == {**before, "name": "Acme Holdings Ltd", "updated_at": renamed["updated_at"]}
    assert renamed["updated_at"] > before["updated_at"]
    moved = billing.owner.updated("/customers", at, email="ap@acme.example")
    assert moved["name"] == "Acme Holdings Ltd"
    both = billing.owner.updated("/customers", at, name="Acme", email="bills@acme.example")
    assert (both["name"], both["email"]) == ("Acme", "bills@acme.example")
    assert billing.owner.row("/customers", at) == both


def test_r7_an_empty_address_clears_it(billing: Any) -> None:
    """It reads null from then on, in the row and in the list, and can be set again."""
    at = billing.seeded("customers", 0)
    assert billing.owner.row("/customers", at)["email"] is not None
    assert billing.owner.updated("/customers", at, email="")["email"] is None
    assert billing.owner.row("/customers", at)["email"] is None
    assert billing.owner.get("/customers", limit=1).json()["data"][0]["email"] is None
    assert billing.owner.updated("/customers", at, email="a@b.example")["email"] == "a@b.example"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": None},
        {"email": None},
        {"email": "nobody"},
        {"name": 7},
        {"phone": "1"},
    ],
)
def test_r7_an_update_that_says_nothing_usable_is_refused(billing: Any, body: dict[str, Any]) -> None:
    """No field at all, an empty name, an address that is none; the customer stays as it was."""
    at = billing.seeded("customers", 3)
    before = billing.owner.row("/customers", at)
    billing.refused(billing.owner.patch(f"/customers/{at}", body), 400, "invalid_request")
    assert billing.owner.row("/customers", at) == before


def test_r7_what_the_server_sets_cannot_be_written(billing: Any) -> None:
    """The id and the moments are refused by name."""
    at = billing.seeded("customers", 3)
    for name, value in (("id", billing.seeded("customers", 4)), ("created_at", "2026-01-01T00:00:00.000Z")):
        error = billing.refused(
            billing.owner.patch(f"/customers/{at}", {"name": "x", name: value}), 400, "invalid_request"
        )
        assert name in error["message"]


def test_r8_a_new_customer_can_be_invoiced(billing: Any) -> None:
    """201 with the row, whose id goes straight into an invoice."""
    made = billing.owner.created("/customers", {"name": "Acme Ltd", "email": "billing@acme.example"})
    assert set(made) == {"id", "name", "email", "created_at", "updated_at"}
    assert billing.owner.row("/customers", made["id"]) == made
    invoice = billing.invoice(customer_id=made["id"])
    assert invoice["customer"] == {"id": made["id"], "name": "Acme Ltd", "email": "billing@acme.example"}


def test_r8_the_address_is_optional(billing: Any) -> None:
    """Left out or empty, it is null."""
    assert billing.owner.created("/customers", {"name": "Acme"})["email"] is None
    assert billing.owner.created("/customers", {"name": "Acme", "email": ""})["email"] is None


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"email": "a@b.example"}, {"name": "x", "email": "b.example"}]
)
def test_r8_a_customer_needs_a_name(billing: Any, body: dict[str, Any]) -> None:
    """And its address must be one."""
    billing.refused(billing.owner.post("/customers", body), 400, "invalid_request")
