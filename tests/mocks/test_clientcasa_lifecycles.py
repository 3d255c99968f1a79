"""Objects are created, read, changed and deleted, and every answer has the documented status."""

from __future__ import annotations

from typing import Any

import pytest

#: A change of each resource that needs nothing else.
CHANGES = {
    "clients": {"notes": "Prefers mornings."},
    "contacts": {"phone": "+1 555 0100"},
    "projects": {"status": "paused"},
    "invoices": {"subject": "Second stage"},
    "contracts": {"title": "Amended agreement"},
    "payments": {"reference": "Check 1187"},
    "time-entries": {"hours": 2.25},
    "milestones": {"title": "Permit denied"},
    "calendar-events": {"allDay": True},
    "transactions": {"amount": 43.5},
    "catalog-items": {"defaultRate": 120},
    "webhooks": {"enabled": False},
}


def live(mock: Any, resource: str) -> None:
    """From create to delete, looking at the object by id and in the list after each step."""
    owner, body = mock.owner, mock.body(resource)
    before = owner.rows(resource)
    answer = owner.post(resource, body)
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in body if name != "lineItems"} == {
        name: value for name, value in body.items() if name != "lineItems"
    }
    assert set(made) == set(before[0])
    assert made["id"] not in {row["id"] for row in before}
    assert owner.row(resource, made["id"]) == made
    after = owner.rows(resource)
    assert [row for row in after if row["id"] == made["id"]] == [made]
    assert len(after) == len(before) + 1
    change(mock, resource, made)
    remove(mock, resource, made["id"], before)


def change(mock: Any, resource: str, made: dict[str, Any]) -> None:
    mock.advance("5m")
    changed = mock.owner.updated(resource, made["id"], **CHANGES[resource])
    expected = made | CHANGES[resource]
    assert changed["updatedAt"] > made["updatedAt"]
    assert {**changed, "updatedAt": ""} == {**expected, "updatedAt": ""}
    assert mock.owner.row(resource, made["id"]) == changed


def remove(mock: Any, resource: str, identifier: str, before: list[dict[str, Any]]) -> None:
    at = f"{resource}/{identifier}"
    answer = mock.owner.delete(at)
    assert (answer.status_code, answer.content) == (204, b"")
    for again in (mock.owner.get(at), mock.owner.patch(at, CHANGES[resource]), mock.owner.delete(at)):
        mock.refused(again, 404, "not_found")
    assert mock.owner.rows(resource) == before


def test_r5_clients_live_from_create_to_delete(mock: Any) -> None:
    """Clients have list, create, get, update and delete."""
    live(mock, "clients")


def test_r5_clients_need_their_own_scopes(mock: Any) -> None:
    """``clients:read`` lists and gets, ``clients:write`` creates, updates and deletes; neither does the other's."""
    reading, writing = mock.scoped("clients:read"), mock.scoped("clients:write")
    assert reading.get("clients").status_code == 200
    made = writing.created("clients", mock.body("clients"))
    assert reading.row("clients", made["id"]) == made
    mock.refused(reading.post("clients", mock.body("clients")), 403, "forbidden")
    mock.refused(writing.get("clients"), 403, "forbidden")


def test_r7_contacts_live_from_create_to_delete(mock: Any) -> None:
    """Contacts have list, create, get, update and delete."""
    live(mock, "contacts")


def test_r8_projects_live_from_create_to_delete(mock: Any) -> None:
    """Projects have list, create, get, update and delete."""
    live(mock, "projects")


def test_r9_invoices_live_from_create_to_delete(mock: Any) -> None:
    """A draft invoice has list, create, get, update and delete."""
    live(mock, "invoices")


def test_r11_contracts_live_from_create_to_delete(mock: Any) -> None:
    """Contracts have list, create, get, update and delete."""
    live(mock, "contracts")


def test_r18_time_entries_live_from_create_to_delete(mock: Any) -> None:
    """Time entries have list, create, get, update and delete."""
    live(mock, "time-entries")


def test_r19_milestones_live_from_create_to_delete(mock: Any) -> None:
    """Milestones have list, create, get, update and delete."""
    live(mock, "milestones")


def test_r20_calendar_events_live_from_create_to_delete(mock: Any) -> None:
    """Calendar events have list, create, get, update and delete."""
    live(mock, "calendar-events")


def test_r21_transactions_live_from_create_to_delete(mock: Any) -> None:
    """Transactions have list, create, get, update and delete."""
    live(mock, "transactions")


def test_r22_catalog_items_live_from_create_to_delete(mock: Any) -> None:
    """Catalog items have list, create, get, update and delete."""
    live(mock, "catalog-items")


def test_r23_webhooks_live_from_create_to_delete(mock: Any) -> None:
    """Webhooks have list, create, get, update and delete."""
    live(mock, "webhooks")


def test_r38_a_create_fills_what_the_server_owns(mock: Any, creatable: str) -> None:
    """201 carries the whole object, with an id and moments of the server's clock."""
    made = mock.owner.created(creatable, mock.body(creatable))
    assert made["createdAt"] == made["updatedAt"] == "2026-06-15T09:00:00.000Z"
    assert len(made["id"]) == 36


def test_r38_what_the_server_owns_cannot_be_sent(mock: Any, creatable: str) -> None:
    """``id``, ``createdAt`` and ``updatedAt`` are refused by name in create and update."""
    made = mock.owner.created(creatable, mock.body(creatable))
    for name in ("id", "createdAt", "updatedAt"):
        value = made["id"] if name == "id" else "2020-01-01T00:00:00.000Z"
        error = mock.refused(
            mock.owner.post(creatable, {**mock.body(creatable), name: value}), 400, "invalid_request"
        )
        assert name in str(error)
        error = mock.refused(
            mock.owner.patch(f"{creatable}/{made['id']}", {name: value}), 400, "invalid_request"
        )
        assert name in str(error)
    assert mock.owner.row(creatable, made["id"]) == made


def test_r38_required_members_are_required(mock: Any, creatable: str) -> None:
    """A create without one of its required members is refused, names the member and creates nothing."""
    body = mock.body(creatable)
    count = len(mock.owner.rows(creatable))
    for name in body:
        short = {key: value for key, value in body.items() if key != name}
        error = mock.refused(mock.owner.post(creatable, short), 400, "invalid_request")
        assert name in str(error)
    assert len(mock.owner.rows(creatable)) == count


def test_r38_an_update_with_nothing_changes_nothing(mock: Any, creatable: str) -> None:
    """An empty PATCH is 200 and leaves every field but ``updatedAt``."""
    made = mock.owner.created(creatable, mock.body(creatable))
    changed = mock.owner.updated(creatable, made["id"])
    assert {**changed, "updatedAt": ""} == {**made, "updatedAt": ""}


@pytest.mark.parametrize("index", range(5, 35, 6))
def test_r38_a_sent_invoice_cannot_be_deleted(mock: Any, index: int) -> None:
    """Only a draft can be deleted: sent, partial, paid and overdue invoices answer 409 and stay."""
    found = mock.owner.row("invoices", mock.seeded("invoices", index))
    assert found["status"] != "draft"
    mock.refused(mock.owner.delete(f"invoices/{found['id']}"), 409, "conflict")
    assert mock.owner.row("invoices", found["id"]) == found
