"""Activity hours visibility: some users do not see how long others worked."""

from __future__ import annotations

from typing import Any

import pytest

#: Saanvi Iyer, whose token is the junior's.
SAANVI = 5
HIDDEN = (
    "quantity", "rounded_quantity", "quantity_in_hours", "rounded_quantity_in_hours", "total", "non_billable_total"
)  # fmt: skip
FIELDS = ",".join(("id", "type", "price", "note", "user", "matter{id}", *HIDDEN))


def is_hers(activity: dict[str, Any], matters: dict[int, int]) -> bool:
    responsible = matters.get((activity["matter"] or {}).get("id", 0))
    return activity["type"] != "TimeEntry" or SAANVI in (activity["user"]["id"], responsible)


def responsible(clio: Any) -> dict[int, int]:
    found = clio.partner.data("matters", "id,responsible_attorney{id}")
    return {matter["id"]: matter["responsible_attorney"]["id"] for matter in found}


def test_r42_visibility_is_set_for_each_user(clio: Any) -> None:
    """Without the setting nothing is redacted; with it, what others worked on matters of others."""
    matters = responsible(clio)
    everything = clio.partner.data("activities", FIELDS)
    assert not any("quantity_redacted" in row for row in everything)
    shown = {row["id"]: row for row in clio.junior.data("activities", FIELDS)}
    assert set(shown) == {row["id"] for row in everything}
    for row in everything:
        if is_hers(row, matters):
            assert shown[row["id"]] == row
    assert {is_hers(row, matters) for row in everything} == {True, False}


def test_r43_hours_of_others_are_null(clio: Any) -> None:
    """All six fields, with quantity_redacted; the rest of the entry is there."""
    matters = responsible(clio)
    hidden = [row for row in clio.partner.data("activities", FIELDS) if not is_hers(row, matters)]
    for row in hidden[:8]:
        shown = clio.junior.data(f"activities/{row['id']}", FIELDS)
        assert {name: shown[name] for name in HIDDEN} == dict.fromkeys(HIDDEN)
        assert shown["quantity_redacted"] is True
        assert (shown["note"], shown["price"], shown["type"]) == (row["note"], row["price"], "TimeEntry")


def test_r43_expenses_are_never_redacted(clio: Any) -> None:
    """The setting is about time entries."""
    for row in clio.junior.data("activities", f"{FIELDS},quantity_redacted", {"type": "ExpenseEntry"}):
        assert row["quantity"] is not None
        assert "quantity_redacted" not in row


def test_r43_the_responsible_attorney_sees_everything_of_a_matter(clio: Any) -> None:
    """From the moment that she is responsible."""
    matters = responsible(clio)
    row = next(r for r in clio.partner.data("activities", FIELDS) if not is_hers(r, matters) and r["matter"])
    assert clio.junior.data(f"activities/{row['id']}", "quantity")["quantity"] is None
    clio.partner.changing(f"matters/{row['matter']['id']}", responsible_attorney={"id": SAANVI})
    assert clio.junior.data(f"activities/{row['id']}", "quantity") == {"quantity": row["quantity"]}


def test_r44_redacted_fields_cannot_be_changed(clio: Any) -> None:
    """PATCH of the quantity of such an entry is 403; of its note it is 200."""
    matters = responsible(clio)
    row = next(r for r in clio.partner.data("activities", FIELDS) if not is_hers(r, matters))
    path = f"activities/{row['id']}"
    clio.refused(clio.junior.changing(path, quantity=3600), 403, "ForbiddenError")
    assert clio.partner.data(path, "quantity") == {"quantity": row["quantity"]}
    assert clio.junior.changing(path, "note", note="Checked").json() == {
        "data": {"note": "Checked", "quantity_redacted": True}
    }
    own = clio.junior.made(
        "activities", "id", type="TimeEntry", date="2026-06-01", quantity=1800, user={"id": SAANVI}
    )
    assert clio.junior.changing(f"activities/{own['id']}", "quantity", quantity=3600).json() == {
        "data": {"quantity": 3600}
    }


@pytest.mark.parametrize("path", ["calendar_entries", "communications", "notes", "tasks"])
def test_r45_nested_time_entries_are_redacted_alike(clio: Any, path: str) -> None:
    """In all four resources that have them."""
    matters = responsible(clio)
    known = {row["id"]: row for row in clio.partner.data("activities", FIELDS)}
    entries = [
        entry
        for row in clio.junior.data(path, f"id,time_entries{{id,{','.join(HIDDEN)}}}")
        for entry in row["time_entries"]
    ]
    assert entries
    redacted = 0
    for entry in entries:
        if is_hers(known[entry["id"]], matters):
            assert entry["quantity"] == known[entry["id"]]["quantity"]
        else:
            redacted += 1
            assert entry == {"id": entry["id"], **dict.fromkeys(HIDDEN), "quantity_redacted": True}
    assert redacted


def test_r46_the_redacted_fields_may_be_null(clio: Any) -> None:
    """The document says so of each of them."""
    document = clio.http.get(f"{clio.root}/__troth/openapi.json").json()
    properties = document["components"]["schemas"]["ActivityBase"]["properties"]
    for name in HIDDEN:
        found = properties[name]
        assert "null" in found["type"] or found.get("nullable") is True
