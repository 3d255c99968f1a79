"""What Clearmargin answers when something is wrong."""

from __future__ import annotations

from typing import Any

import pytest


def test_r20_every_error_has_a_list_of_errors(margin: Any) -> None:
    """400, 401, 403, 404, 405 and 429 alike; only a path that leads nowhere is told in another form."""
    studio = margin.studio
    half = studio.send("POST", "clients", content=b'{"name":', headers={"content-type": "application/json"})
    margin.refused(half, 400, "Invalid JSON")
    margin.refused(margin.nobody.get("clients"), 401)
    margin.refused(margin.timesheets.get("clients"), 403)
    margin.refused(studio.get("clients/nothing"), 404, "Not Found")
    margin.refused(studio.send("PUT", "clients", json={}), 405)
    answer = studio.get("nothing")
    assert (answer.status_code, answer.json()) == (404, {"message": 'Route not found "/api/nothing"'})


def test_r20_a_missing_field_is_named(margin: Any) -> None:
    """One: the message names it; several: all of them, each with its path, label and sentence."""
    one = margin.refused(margin.studio.post("clients", {}), 400, name="ValidationError")
    assert one["message"] == "The following field is invalid: Name"
    errors = [{"label": "Name", "message": "This field is required.", "path": "name"}]
    assert one["data"] == {"collection": "clients", "errors": errors}
    two = margin.refused(margin.studio.post("proposals", {}), 400, name="ValidationError")
    assert two["message"] == "The following fields are invalid: Title, Client"
    assert [entry["path"] for entry in two["data"]["errors"]] == ["title", "client"]


@pytest.mark.parametrize(
    ("collection", "body", "path", "message"),
    [
        ("clients", {"name": "x", "email": "nobody"}, "email", "Please enter a valid email address."),
        ("clients", {"name": "x", "status": "fine"}, "status", "This field has an invalid selection."),
        ("clients", {"name": ""}, "name", "This field is required."),
        (
            "transactions",
            {"name": "x", "direction": "cost", "amount": "1"},
            "amount",
            "Please enter a valid number.",
        ),
        (
            "contacts",
            {"name": "x", "isPrimary": 1},
            "isPrimary",
            "This field can only be equal to true or false.",
        ),
    ],
)
def test_r20_each_rule_has_its_sentence(
    margin: Any, collection: str, body: Any, path: str, message: str
) -> None:
    """As Payload words them."""
    error = margin.refused(margin.studio.post(collection, body), 400, name="ValidationError")
    assert [(e["path"], e["message"]) for e in error["data"]["errors"]] == [(path, message)]


def test_r20_a_line_item_is_named_by_its_place(margin: Any) -> None:
    """Index and member, with dots between."""
    lines = [{"description": "x", "quantity": quantity, "unitPrice": 1} for quantity in (1, "2")]
    answer = margin.studio.post("invoices", {"client": margin.seeded("clients", 0), "lineItems": lines})
    (entry,) = margin.refused(answer, 400, name="ValidationError")["data"]["errors"]
    assert (entry["path"], entry["message"]) == ("lineItems.1.quantity", "Please enter a valid number.")


def test_r20_a_rule_of_two_fields_has_its_own_sentence(margin: Any) -> None:
    """An event that ends before it starts."""
    body = {"title": "x", "startDateTime": "2026-07-01T10:00:00Z", "endDateTime": "2026-07-01T09:00:00Z"}
    error = margin.refused(
        margin.studio.post("calendar-events", body), 400, "End Date Time", "ValidationError"
    )
    assert error["data"]["errors"][0]["message"] == "The event ends before it starts."


def test_r19_a_server_error_has_the_same_form(serve: Any) -> None:
    """500 says that something went wrong, and no more."""
    with serve("clearmargin", "--seed", "7", "--fault", "crash") as maker:
        key = {"x-api-key": "sk_test_fernwood_owner_0001"}
        answer = maker().http.get("/clients/nothing", headers=key)
        assert (answer.status_code, answer.json()) == (
            500,
            {"errors": [{"message": "Something went wrong."}]},
        )


def test_r19_success_is_200_and_201(margin: Any) -> None:
    """201 for what is made, 200 for everything else."""
    made = margin.studio.post("clients", {"name": "x"})
    at = f"clients/{made.json()['doc']['id']}"
    studio = margin.studio
    others = [studio.get("clients"), studio.get(at), studio.patch(at, {}), studio.delete(at)]
    assert [made.status_code, *(answer.status_code for answer in others)] == [201, 200, 200, 200, 200]


def test_r20_what_only_the_server_writes_is_passed_over(margin: Any) -> None:
    """Unknown members and read-only ones change nothing."""
    made = margin.studio.made(
        "clients", name="x", id="0" * 24, createdAt="2020-01-01T00:00:00.000Z", colour="red"
    )
    assert made["id"] != "0" * 24
    assert made["createdAt"].startswith("2026-06-15")
    assert "colour" not in made
