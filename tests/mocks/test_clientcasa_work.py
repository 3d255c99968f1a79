"""Time, milestones, calendar and expenses: what other facts freeze, own or synchronise cannot be changed."""

from __future__ import annotations

from typing import Any

import pytest

FROZEN = range(36, 44)


@pytest.mark.parametrize("index", FROZEN)
def test_r18_time_on_a_paid_invoice_is_frozen(mock: Any, index: int) -> None:
    """An entry billed to a paid invoice answers 409 to PATCH and DELETE and stays as it is, in both organisations."""
    for caller, tenant in ((mock.owner, "northlight"), (mock.peer, "thornfield")):
        found = caller.row("time-entries", mock.seeded("time-entries", index, tenant))
        at = f"time-entries/{found['id']}"
        for answer in (
            caller.patch(at, {"hours": 9}),
            caller.patch(at, {"description": "x"}),
            caller.delete(at),
        ):
            mock.refused(answer, 409, "conflict")
        assert caller.row("time-entries", found["id"]) == found


@pytest.mark.parametrize("index", [0, 14, 20, 24, 28, 32])
def test_r18_other_time_can_be_changed(mock: Any, index: int) -> None:
    """What is not on a paid invoice can be edited and deleted."""
    identifier = mock.seeded("time-entries", index)
    assert mock.owner.updated("time-entries", identifier, hours=7.5)["hours"] == 7.5
    assert mock.owner.delete(f"time-entries/{identifier}").status_code == 204


def test_r18_a_refunded_invoice_frees_its_time(mock: Any) -> None:
    """The freeze ends when the invoice is no longer paid, and begins again with the payment."""
    entry = mock.seeded("time-entries", 36)
    paid = mock.owner.row("payments", mock.seeded("payments", 0))
    assert mock.owner.row("invoices", paid["invoiceId"])["status"] == "paid"
    back = {name: paid[name] for name in ("clientId", "invoiceId", "receivedDate")} | {"method": "check"}
    mock.owner.created(
        "payments", back | {"kind": "refund", "amount": -paid["amount"], "refundOfId": paid["id"]}
    )
    mock.owner.updated("time-entries", entry, hours=1)
    mock.owner.created("payments", back | {"amount": paid["amount"]})
    mock.refused(mock.owner.patch(f"time-entries/{entry}", {"hours": 2}), 409, "conflict")


def test_r18_the_invoice_link_is_not_shown(mock: Any) -> None:
    """What an entry was billed to is the dashboard's business."""
    assert all(not any("nvoice" in name for name in row) for row in mock.owner.rows("time-entries"))


def test_r18_client_and_rate_follow_from_project_and_item(mock: Any) -> None:
    """``clientId`` is the project's client; ``effectiveRate`` is the override, else the item's rate, else null."""
    item = mock.owner.created("catalog-items", {**mock.body("catalog-items"), "defaultRate": 90})
    body = mock.body("time-entries")
    made = mock.owner.created("time-entries", {**body, "catalogItemId": item["id"]})
    assert made["clientId"] == mock.owner.row("projects", body["projectId"])["clientId"]
    assert made["effectiveRate"] == 90
    assert mock.owner.updated("time-entries", made["id"], rateOverride=120)["effectiveRate"] == 120
    assert mock.owner.created("time-entries", body)["effectiveRate"] is None
    for name in ("clientId", "effectiveRate"):
        answer = mock.owner.patch(f"time-entries/{made['id']}", {name: made[name]})
        assert name in str(mock.refused(answer, 400, "invalid_request"))


@pytest.mark.parametrize("hours", [0, -1, "2"])
def test_r18_hours_are_positive(mock: Any, hours: Any) -> None:
    """No, negative or quoted hours are refused."""
    mock.refused(
        mock.owner.post("time-entries", {**mock.body("time-entries"), "hours": hours}), 400, "invalid_request"
    )


@pytest.mark.parametrize("parent", ["projects", "client-documents"])
def test_r19_a_milestone_hangs_below_either_parent(mock: Any, parent: str) -> None:
    """Both kinds of parent are accepted when the named row is there, and found by filter."""
    identifier = mock.owner.rows(parent)[0]["id"]
    made = mock.owner.created(
        "milestones", {**mock.body("milestones"), "parentType": parent, "parentId": identifier}
    )
    assert (made["parentType"], made["parentId"], made["status"]) == (parent, identifier, "pending")
    assert made in mock.owner.rows("milestones", parentType=parent, parentId=identifier)


def test_r19_the_parent_is_of_the_kind_that_is_named(mock: Any) -> None:
    """A project's id does not pass as a document's, nor the reverse; other kinds do not exist."""
    project, document = (mock.owner.rows(name)[0]["id"] for name in ("projects", "client-documents"))
    body = mock.body("milestones")
    for kind, identifier in (("client-documents", project), ("projects", document)):
        answer = mock.owner.post("milestones", {**body, "parentType": kind, "parentId": identifier})
        mock.refused(answer, 404, "not_found")
    mock.refused(mock.owner.post("milestones", {**body, "parentType": "invoices"}), 400, "invalid_request")


def test_r19_a_template_is_no_parent(mock: Any) -> None:
    """A document that the API does not show cannot be referred to."""
    shown = {row["id"] for row in mock.owner.rows("client-documents")}
    hidden = [
        i for i in (mock.seeded("client-documents", n) for n in range(len(shown) + 20)) if i not in shown
    ]
    body = {**mock.body("milestones"), "parentType": "client-documents"}
    for identifier in hidden:
        mock.refused(mock.owner.post("milestones", {**body, "parentId": identifier}), 404, "not_found")


@pytest.mark.parametrize("name", ["parentType", "parentId"])
def test_r19_the_parent_is_required_and_never_changes(mock: Any, name: str) -> None:
    """Both are required in a create and refused by name in an update, whatever their value."""
    body = mock.body("milestones")
    short = {key: value for key, value in body.items() if key != name}
    assert name in str(mock.refused(mock.owner.post("milestones", short), 400, "invalid_request"))
    made = mock.owner.created("milestones", body)
    other = {"parentType": "client-documents", "parentId": mock.seeded("projects", 5)}[name]
    for value in (other, made[name]):
        error = mock.refused(
            mock.owner.patch(f"milestones/{made['id']}", {name: value}), 400, "invalid_request"
        )
        assert name in str(error)
    assert mock.owner.row("milestones", made["id"]) == made


def test_r19_completion_is_stamped(mock: Any) -> None:
    """``completedAt`` is set when the status becomes completed and cleared when it leaves."""
    made = mock.owner.created("milestones", mock.body("milestones"))
    mock.advance("1h")
    assert (
        mock.owner.updated("milestones", made["id"], status="completed")["completedAt"]
        == "2026-06-15T10:00:00.000Z"
    )
    mock.advance("1h")
    assert (
        mock.owner.updated("milestones", made["id"], title="x")["completedAt"] == "2026-06-15T10:00:00.000Z"
    )
    assert mock.owner.updated("milestones", made["id"], status="in-progress")["completedAt"] is None


@pytest.mark.parametrize("source", ["google", "microsoft", "apple"])
def test_r20_synced_events_are_read_only(mock: Any, source: str) -> None:
    """They say ``readOnly``, answer 409 to PATCH and DELETE, and stay as they are."""
    found = [row for caller in (mock.owner, mock.peer) for row in caller.rows("calendar-events")]
    synced = [row for row in found if row["source"] == source]
    assert synced
    for row in synced:
        assert row["readOnly"] is True
        caller = mock.owner if row in mock.owner.rows("calendar-events") else mock.peer
        at = f"calendar-events/{row['id']}"
        mock.refused(caller.patch(at, {"title": "Moved"}), 409, "conflict")
        mock.refused(caller.delete(at), 409, "conflict")
        assert caller.row("calendar-events", row["id"]) == row


def test_r20_the_api_makes_manual_events_only(mock: Any) -> None:
    """A new event is manual and writable; ``source`` and ``readOnly`` cannot be sent."""
    made = mock.owner.created("calendar-events", mock.body("calendar-events"))
    assert (made["source"], made["readOnly"]) == ("manual", False)
    for name, value in (("source", "google"), ("source", "manual"), ("readOnly", False)):
        for answer in (
            mock.owner.post("calendar-events", {**mock.body("calendar-events"), name: value}),
            mock.owner.patch(f"calendar-events/{made['id']}", {name: value}),
        ):
            assert name in str(mock.refused(answer, 400, "invalid_request"))


def test_r20_an_event_does_not_end_before_it_starts(mock: Any) -> None:
    """Start and end are compared as moments, whatever their offsets, in create and update."""
    body = mock.body("calendar-events")
    early = {"startDateTime": "2026-07-01T10:00:00+02:00", "endDateTime": "2026-07-01T07:30:00Z"}
    mock.refused(mock.owner.post("calendar-events", {**body, **early}), 400, "invalid_request")
    late = {"startDateTime": "2026-07-01T10:00:00+02:00", "endDateTime": "2026-07-01T09:00:00Z"}
    made = mock.owner.created("calendar-events", {**body, **late})
    mock.refused(
        mock.owner.patch(f"calendar-events/{made['id']}", {"endDateTime": "2026-07-01T07:59:59Z"}),
        400,
        "invalid_request",
    )


def test_r21_a_billed_transaction_is_frozen(mock: Any) -> None:
    """Each billed transaction answers 409 to PATCH and DELETE and stays; each other one can be changed."""
    for caller in (mock.owner, mock.peer):
        rows = caller.rows("transactions")
        billed = [row for row in rows if row["billedAmount"] is not None]
        assert billed
        assert len(billed) < len(rows)
        for row in rows:
            at = f"transactions/{row['id']}"
            if row in billed:
                mock.refused(caller.patch(at, {"amount": 1}), 409, "conflict")
                mock.refused(caller.delete(at), 409, "conflict")
                assert caller.row("transactions", row["id"]) == row
            else:
                assert caller.updated("transactions", row["id"], notes="n")["notes"] == "n"


@pytest.mark.parametrize("amount", [0, -3, None, "4"])
def test_r21_an_amount_is_positive(mock: Any, amount: Any) -> None:
    """A transaction's sign is its direction; its amount is above zero."""
    mock.refused(
        mock.owner.post("transactions", {**mock.body("transactions"), "amount": amount}),
        400,
        "invalid_request",
    )


def test_r21_assignments_are_kept(mock: Any) -> None:
    """What a cost is split over comes back complete."""
    project, client = mock.seeded("projects", 1), mock.seeded("clients", 1)
    given = [{"projectId": project, "percentage": 60}, {"clientId": client, "fixedAmount": 12.5}]
    made = mock.owner.created(
        "transactions", {**mock.body("transactions"), "mode": "split", "assignments": given}
    )
    empty = dict.fromkeys(
        ("projectId", "clientId", "amount", "percentage", "fixedAmount", "startDate", "endDate")
    )
    assert made["assignments"] == [{**empty, **one} for one in given]


def test_r22_composition_is_the_dashboards(mock: Any) -> None:
    """A new item is an atom; composition and bundle prices are shown and cannot be sent."""
    made = mock.owner.created("catalog-items", mock.body("catalog-items"))
    assert (made["composition"], made["bundlePriceMode"], made["bundleFixedPrice"]) == ("atom", None, None)
    for name, value in (("composition", "bundle"), ("bundlePriceMode", "sum"), ("bundleFixedPrice", 5)):
        answer = mock.owner.patch(f"catalog-items/{made['id']}", {name: value})
        assert name in str(mock.refused(answer, 400, "invalid_request"))


def test_r22_an_item_gets_its_defaults(mock: Any) -> None:
    """Unit, frequency, pricing and status of a bare item are the documented ones."""
    made = mock.owner.created("catalog-items", mock.body("catalog-items"))
    found = {name: made[name] for name in ("unit", "defaultFrequency", "pricingMode", "status")}
    assert found == {
        "unit": "flat",
        "defaultFrequency": "one-time",
        "pricingMode": "fixed",
        "status": "active",
    }
