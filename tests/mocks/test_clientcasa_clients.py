"""Leads are clients, and clients carry settings and a billing plan."""

from __future__ import annotations

from typing import Any

import pytest

STATUSES = ["new", "contacted", "qualified", "active", "inactive", "declined", "spam"]


def test_r6_there_is_no_resource_for_leads(mock: Any) -> None:
    """``/v1/leads`` is no path, by any method."""
    for method in ("GET", "POST", "PATCH", "DELETE"):
        mock.refused(mock.owner.send(method, "leads"), 404, "not_found")


@pytest.mark.parametrize("status", STATUSES)
def test_r6_a_status_filter_gives_exactly_those_clients(mock: Any, status: str) -> None:
    """Each status value returns the clients in it, all of them and no other."""
    for caller in (mock.owner, mock.peer):
        everyone = caller.rows("clients")
        found = caller.rows("clients", status=status)
        assert found == [client for client in everyone if client["status"] == status]
        assert 0 < len(found) < len(everyone)


def test_r6_leads_are_clients_at_an_early_stage(mock: Any) -> None:
    """A new lead shows under its status, moves with it, and is a client by id all the time."""
    lead = mock.owner.created("clients", {"name": "Moss & Fern", "status": "new"})
    for stage in ("contacted", "qualified", "active"):
        before = lead["status"]
        lead = mock.owner.updated("clients", lead["id"], status=stage)
        assert lead["id"] in {row["id"] for row in mock.owner.rows("clients", status=stage)}
        assert lead["id"] not in {row["id"] for row in mock.owner.rows("clients", status=before)}
        assert mock.owner.row("clients", lead["id"]) == lead


def test_r6_an_unknown_stage_is_refused(mock: Any) -> None:
    """A status that does not exist is refused in filters and writes."""
    mock.refused(mock.owner.get("clients", status="lead"), 400, "invalid_request")
    mock.refused(mock.owner.post("clients", {"name": "A", "status": "lead"}), 400, "invalid_request")


def test_r36_tax_settings_and_reminders_can_be_written(mock: Any) -> None:
    """Both are taken at create and update and come back as they were sent."""
    tax = {"defaultTaxable": True, "overrideTaxRate": True, "taxRate": 7.25}
    made = mock.owner.created("clients", {"name": "A", "taxSettings": tax, "invoiceRemindersEnabled": False})
    assert (made["taxSettings"], made["invoiceRemindersEnabled"]) == (tax, False)
    none = {"defaultTaxable": False, "overrideTaxRate": False, "taxRate": None}
    changed = mock.owner.updated("clients", made["id"], taxSettings=none, invoiceRemindersEnabled=True)
    assert (changed["taxSettings"], changed["invoiceRemindersEnabled"]) == (none, True)
    assert mock.owner.row("clients", made["id"]) == changed


def test_r36_a_client_without_settings_has_plain_ones(mock: Any) -> None:
    """A create that says nothing gets complete settings, no plan and no submission."""
    made = mock.owner.created("clients", {"name": "A"})
    assert set(made["taxSettings"]) == {"defaultTaxable", "overrideTaxRate", "taxRate"}
    assert isinstance(made["invoiceRemindersEnabled"], bool)
    assert made["recurringBilling"] is None
    assert made["sourceSubmissionId"] is None
    assert made["status"] == "active"


@pytest.mark.parametrize("rate", [-1, 101, "8"])
def test_r36_a_tax_rate_is_a_percentage(mock: Any, rate: Any) -> None:
    """Rates below 0, above 100 or in quotes are refused."""
    tax = {"defaultTaxable": True, "overrideTaxRate": True, "taxRate": rate}
    error = mock.refused(
        mock.owner.post("clients", {"name": "A", "taxSettings": tax}), 400, "invalid_request"
    )
    assert "/taxSettings/taxRate" in str(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recurringBilling", {"status": "active", "nextBillingDate": "2026-07-01"}),
        ("recurringBilling", None),
        ("sourceSubmissionId", "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"),
        ("sourceSubmissionId", None),
    ],
)
def test_r36_plan_and_submission_are_read_only(mock: Any, name: str, value: Any) -> None:
    """Sent in a write they are refused by name, and nothing changes."""
    before = mock.owner.row("clients", mock.seeded("clients", 2))
    assert before["recurringBilling"]["status"] == "active"
    for answer in (
        mock.owner.patch(f"clients/{before['id']}", {"notes": "changed", name: value}),
        mock.owner.post("clients", {"name": "A", name: value}),
    ):
        assert name in str(mock.refused(answer, 400, "invalid_request"))
    assert mock.owner.row("clients", before["id"]) == before


def test_r36_plans_show_their_state_and_next_date(mock: Any) -> None:
    """``recurringBilling`` is null or a state with a date that may be null; every state occurs in the seed."""
    plans = [client["recurringBilling"] for client in mock.owner.rows("clients")]
    assert None in plans
    found = [plan for plan in plans if plan]
    assert all(set(plan) == {"status", "nextBillingDate"} for plan in found)
    assert {p["status"] for p in found} == {"active", "past_due", "paused", "suspended", "pending_setup"}


def test_r36_leads_name_the_submission_they_came_from(mock: Any) -> None:
    """``sourceSubmissionId`` is a form submission of the same organisation."""
    submissions = {row["id"] for row in mock.owner.rows("form-submissions")}
    sources = {c["sourceSubmissionId"] for c in mock.owner.rows("clients")} - {None}
    assert sources
    assert sources <= submissions
