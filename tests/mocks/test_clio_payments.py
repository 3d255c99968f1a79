"""Clio Payments and Personal Injury: what they keep, and which permissions they take."""

from __future__ import annotations

from typing import Any

import pytest

INJURY = ("medical_records_details", "damages")
LINK = {
    "subject": {"id": 3, "type": "Bill"},
    "destination_account": {"id": 1},
    "currency": "USD",
    "description": "Bill 103",
    "duration": 3600,
    "amount": 120,
}


@pytest.mark.parametrize("path", ["clio_payments/links", "clio_payments/payments"])
def test_r1_payments_take_two_permissions(clio: Any, path: str) -> None:
    """Who lacks Clio Payments or Accounting gets 403, for lists and single rows; a bookkeeper has both."""
    assert clio.bookkeeper.get(path).status_code == 200
    assert clio.partner.get(f"{path}/1").status_code == 200
    clio.refused(clio.paralegal.get(path), 403, "ForbiddenError")
    clio.refused(clio.paralegal.get(f"{path}/1"), 403, "ForbiddenError")


def test_r1_links_are_made_with_the_permissions_only(clio: Any) -> None:
    """A refused request makes nothing."""
    before = clio.partner.ids("clio_payments/links")
    clio.refused(clio.paralegal.making("clio_payments/links", **LINK), 403, "ForbiddenError")
    assert clio.partner.ids("clio_payments/links") == before


def test_r2_a_link_can_be_paid_for_a_while(clio: Any) -> None:
    """It has an address, is active until its seconds are over, and stands for the bill and its client."""
    fields = "id,url,active,expires_at,amount,bill{id},contact{id}"
    link = clio.bookkeeper.made("clio_payments/links", fields, **LINK)
    bill = clio.partner.data("bills/3", "client{id}")
    assert link["url"].startswith("https://app.clio.com/link/")
    assert link["active"] is True
    assert link["expires_at"].startswith("2026-06-15T10:00:00")
    assert (link["bill"]["id"], link["contact"], link["amount"]) == (3, bill["client"], 120)
    clio.advance("2d")
    assert clio.bookkeeper.data(f"clio_payments/links/{link['id']}", "active") == {"active": False}


def test_r2_a_link_can_be_ended(clio: Any) -> None:
    """PATCH with expired ends it at once."""
    link = clio.bookkeeper.made("clio_payments/links", "id,active", **LINK)
    answer = clio.bookkeeper.changing(f"clio_payments/links/{link['id']}", "active", expired=True)
    assert answer.json() == {"data": {"active": False}}


@pytest.mark.parametrize("missing", ["subject", "destination_account", "currency", "description", "duration"])
def test_r2_a_link_needs_these(clio: Any, missing: str) -> None:
    """Without one of them nothing is made."""
    body = {name: value for name, value in LINK.items() if name != missing}
    clio.refused(clio.bookkeeper.making("clio_payments/links", **body), 422)


def test_r2_a_link_lasts_ninety_days_at_most(clio: Any) -> None:
    """7,776,000 seconds are allowed, one more is not."""
    assert clio.bookkeeper.making("clio_payments/links", **{**LINK, "duration": 7_776_000}).status_code == 201
    clio.refused(clio.bookkeeper.making("clio_payments/links", **{**LINK, "duration": 7_776_001}), 422)


def test_r2_what_was_paid_is_a_payment(clio: Any) -> None:
    """Payments name the link that they came through, and can be narrowed by state, bill and contact."""
    payments = clio.bookkeeper.data("clio_payments/payments", "id,state,clio_payments_link{id},bills{id}")
    assert any(payment["clio_payments_link"] for payment in payments)
    completed = clio.bookkeeper.data("clio_payments/payments", "id,state", {"state": "completed"})
    assert completed == [{"id": p["id"], "state": "completed"} for p in payments if p["state"] == "completed"]
    bill = payments[0]["bills"][0]["id"]
    assert payments[0]["id"] in clio.bookkeeper.ids("clio_payments/payments", {"bill_id": bill})


@pytest.mark.parametrize("path", INJURY)
def test_r3_personal_injury_takes_its_permissions(clio: Any, path: str) -> None:
    """A paralegal has matters, documents and contacts but not Personal Injury: 403 for every method."""
    assert clio.partner.get(path).status_code == 200
    for answer in (
        clio.paralegal.get(path),
        clio.paralegal.get(f"{path}/1"),
        clio.paralegal.making(path, description="x"),
        clio.paralegal.changing(f"{path}/1", description="x"),
        clio.paralegal.delete(f"{path}/1"),
        clio.paralegal.changing("medical_bills/1", amount=1),
        clio.paralegal.delete("medical_records/1"),
    ):
        clio.refused(answer, 403, "ForbiddenError")


@pytest.mark.parametrize("lacking", ["Personal Injury", "Matters", "Documents", "Contacts"])
def test_r3_each_of_the_four_permissions_is_needed(clio: Any, lacking: str) -> None:
    """With the other three it is still 403; with all four it is 200."""
    every = ["Personal Injury", "Matters", "Documents", "Contacts"]
    for permissions, status in ((every, 200), ([p for p in every if p != lacking], 403)):
        secret = f"clio_test_{lacking[:4]}_{status}".replace(" ", "")
        clio.control("POST", "/principals", name=secret, key=secret, tenant="halden", permissions=permissions)
        assert clio.token(secret).get("damages").status_code == status


def test_r3_damages_are_made_changed_and_deleted(clio: Any) -> None:
    """A damage belongs to a matter."""
    made = clio.partner.made(
        "damages",
        "id,amount,damage_type,matter{id}",
        matter_id=8,
        amount=900,
        damage_type="general",
        description="Pain",
    )
    assert (made["matter"]["id"], made["damage_type"]) == (8, "general")
    changed = clio.partner.changing(f"damages/{made['id']}", "amount", amount=950)
    assert changed.json() == {"data": {"amount": 950}}
    assert clio.partner.delete(f"damages/{made['id']}").status_code == 204
    clio.refused(clio.partner.get(f"damages/{made['id']}"), 404, "RecordNotFound")


def test_r3_a_request_shows_its_records_and_bills(clio: Any) -> None:
    """Which are changed and deleted at paths of their own."""
    path, fields = "medical_records_details/1", "medical_bills{id,amount},medical_records{id}"
    before = clio.partner.data(path, fields)
    bill, record = before["medical_bills"][0]["id"], before["medical_records"][0]["id"]
    assert clio.partner.changing(f"medical_bills/{bill}", amount=77).status_code == 200
    assert (
        clio.partner.changing(f"medical_records/{record}", end_date="2026-05-01T00:00:00Z").status_code == 200
    )
    assert clio.partner.data(path, fields)["medical_bills"][0] == {"id": bill, "amount": 77}
    assert clio.partner.delete(f"medical_bills/{bill}").status_code == 204
    assert bill not in [one["id"] for one in clio.partner.data(path, fields)["medical_bills"]]


def test_r3_a_request_names_a_matter_and_a_provider(clio: Any) -> None:
    """Both must exist at the firm."""
    body = {
        "matter_id": 8,
        "medical_provider_id": 9,
        "in_treatment": True,
        "records_status": "requested",
        "bills_status": "received",
    }
    made = clio.partner.made("medical_records_details", "id,matter{id},medical_provider{id}", **body)
    assert (made["matter"]["id"], made["medical_provider"]["id"]) == (8, 9)
    clio.refused(clio.partner.making("medical_records_details", **{**body, "matter_id": 987654}), 422)
