"""Contracts begin as drafts; what is signed in the dashboard is only shown here."""

from __future__ import annotations

from typing import Any

import pytest


def in_status(mock: Any, status: str) -> Any:
    """A seeded contract in a status."""
    return mock.owner.rows("contracts", status=status)[0]


@pytest.mark.parametrize("status", ["draft", "sent", "viewed", "active", "completed", "expired", "voided"])
def test_r11_a_create_gives_a_draft_only(mock: Any, status: str) -> None:
    """``status`` cannot be sent, not even ``draft``: the new contract is a draft."""
    error = mock.refused(
        mock.owner.post("contracts", {**mock.body("contracts"), "status": status}), 400, "invalid_request"
    )
    assert "status" in str(error)
    made = mock.owner.created("contracts", mock.body("contracts"))
    assert (made["status"], made["signers"], made["signedDate"]) == ("draft", [], None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "active"),
        ("signedDate", "2026-06-15T09:00:00.000Z"),
        ("signers", []),
        ("signingMode", "counter_sign"),
        ("contentType", "pdf"),
        ("contractNumber", "CON-1"),
        ("currency", "EUR"),
    ],
)
def test_r11_signing_cannot_be_written(mock: Any, name: str, value: Any) -> None:
    """Everything about signing is refused by name in create and update."""
    made = mock.owner.created("contracts", mock.body("contracts"))
    for answer in (
        mock.owner.post("contracts", {**mock.body("contracts"), name: value}),
        mock.owner.patch(f"contracts/{made['id']}", {name: value}),
    ):
        assert name in str(mock.refused(answer, 400, "invalid_request"))
    assert mock.owner.row("contracts", made["id"]) == made


@pytest.mark.parametrize("name", ["content", "tiptapContent", "body"])
def test_r11_text_is_neither_taken_nor_shown(mock: Any, name: str) -> None:
    """The Tiptap text has no member: sent under any name it does not come back."""
    answer = mock.owner.post(
        "contracts", {**mock.body("contracts"), name: {"type": "doc", "text": "Tiptap text"}}
    )
    assert answer.status_code in (201, 400)
    assert all(name not in row for row in mock.owner.rows("contracts"))
    if answer.status_code == 201:
        assert "Tiptap text" not in answer.text
        assert "Tiptap text" not in mock.owner.get(f"contracts/{answer.json()['id']}").text


def test_r12_a_draft_takes_title_and_dates(mock: Any) -> None:
    """Title, effective and expiration date of a draft can be changed, the dates also to null."""
    made = mock.owner.created("contracts", mock.body("contracts"))
    changes = {"title": "New title", "effectiveDate": "2026-07-01", "expirationDate": "2026-12-31"}
    changed = mock.owner.updated("contracts", made["id"], **changes)
    assert {name: changed[name] for name in changes} == changes
    changed = mock.owner.updated("contracts", made["id"], effectiveDate=None, expirationDate=None)
    assert (changed["effectiveDate"], changed["expirationDate"]) == (None, None)


@pytest.mark.parametrize("status", ["sent", "viewed", "active", "completed", "expired", "voided"])
def test_r12_after_the_draft_title_and_dates_are_fixed(mock: Any, status: str) -> None:
    """From ``sent`` on each of the three is refused with 409, and only ``archived`` changes."""
    found = in_status(mock, status)
    at = f"contracts/{found['id']}"
    for change in ({"title": "X"}, {"effectiveDate": "2030-01-01"}, {"expirationDate": "2030-01-01"}):
        mock.refused(mock.owner.patch(at, change), 409, "conflict")
        mock.refused(mock.owner.patch(at, {**change, "archived": True}), 409, "conflict")
    assert mock.owner.row("contracts", found["id"]) == found
    for archived in (True, False):
        assert mock.owner.updated("contracts", found["id"], archived=archived)["archived"] is archived


@pytest.mark.parametrize(
    "name", ["clientId", "billingContactId", "projectId", "sourceTemplateId", "issueDate", "contractValue"]
)
def test_r12_the_rest_is_set_at_create_only(mock: Any, name: str) -> None:
    """Any other member of a PATCH is refused by name, in a draft too."""
    made = mock.owner.created("contracts", mock.body("contracts"))
    value = {"issueDate": "2026-06-01", "contractValue": 5}.get(name, mock.seeded("clients", 1))
    error = mock.refused(mock.owner.patch(f"contracts/{made['id']}", {name: value}), 400, "invalid_request")
    assert name in str(error)
    assert mock.owner.row("contracts", made["id"]) == made


def test_r12_archived_is_not_taken_at_create(mock: Any) -> None:
    """``archived`` belongs to updates."""
    body = {**mock.body("contracts"), "archived": True}
    assert "archived" in str(mock.refused(mock.owner.post("contracts", body), 400, "invalid_request"))
