"""Webhooks are subscriptions with a secret that goes in and never comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest

SECRET = "whsec_test_do_not_tell_1"


def texts(mock: Any) -> str:
    """Everything that the mock says about its subscriptions, through the API and the control plane."""
    webhooks = mock.owner.get("webhooks", pageSize=100).text
    singles = "".join(mock.owner.get(f"webhooks/{row['id']}").text for row in mock.owner.rows("webhooks"))
    observed = [mock.control("GET", path) for path in ("/journal?limit=1000", "/deliveries")]
    return webhooks + singles + json.dumps(observed)


def test_r23_a_secret_never_comes_back(mock: Any) -> None:
    """Not from create, get, list, update, replay, refusal or delete, nor in journal and deliveries."""
    secret, second = "whsec_never_to_be_seen_1", "whsec_never_to_be_seen_2"
    body = {**mock.body("webhooks"), "events": ["client_created"], "secret": secret}
    made = mock.owner.post("webhooks", body, key="one")
    at = f"webhooks/{made.json()['id']}"
    mock.owner.created("clients", {"name": "A"})
    answers = [
        made,
        mock.owner.post("webhooks", body, key="one"),
        mock.owner.post("webhooks", {**body, "name": "other"}, key="one"),
        mock.owner.post("webhooks", {**body, "events": []}),
        mock.owner.patch(at, {"secret": second}),
        mock.owner.patch(at, {"secret": second, "url": "http://plain.example.test"}),
        mock.reader.patch(at, {"secret": second}),
        mock.peer.patch(at, {"secret": second}),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 409, 400, 200, 400, 403, 404]
    said = "".join(answer.text for answer in answers) + texts(mock) + mock.owner.delete(at).text
    assert "never_to_be_seen" not in said
    assert "whsec_" not in said


@pytest.mark.parametrize(
    "secret", ["short_secret", "long_secret" * 20, ["listed_secret"], {"is": "nested_secret"}]
)
def test_r23_a_refused_secret_is_not_repeated(mock: Any, secret: Any) -> None:
    """The error about a secret of 16 to 200 characters does not quote it."""
    made = mock.owner.created("webhooks", mock.body("webhooks"))
    for answer in (
        mock.owner.post("webhooks", {**mock.body("webhooks"), "secret": secret}),
        mock.owner.patch(f"webhooks/{made['id']}", {"secret": secret}),
    ):
        error = mock.refused(answer, 400, "invalid_request")
        assert "/secret" in str(error["details"])
        assert "_secret" not in answer.text


def test_r23_no_webhook_shows_a_secret(mock: Any) -> None:
    """Each has ``hasSecret`` and no member named secret, in list, get and for both organisations."""
    for caller in (mock.owner, mock.peer):
        rows = caller.rows("webhooks")
        assert {row["hasSecret"] for row in rows} == {True, False}
        for row in rows:
            assert "secret" not in row
            assert caller.row("webhooks", row["id"]) == row


def test_r23_has_secret_follows_the_secret(mock: Any) -> None:
    """It is false without one, true with one, unmoved by other changes, and false after ``secret: null``."""
    plain = mock.owner.created("webhooks", mock.body("webhooks"))
    assert plain["hasSecret"] is False
    assert mock.owner.updated("webhooks", plain["id"], secret=SECRET)["hasSecret"] is True
    assert mock.owner.updated("webhooks", plain["id"], name="renamed")["hasSecret"] is True
    assert mock.owner.updated("webhooks", plain["id"], secret=None)["hasSecret"] is False
    assert mock.owner.row("webhooks", plain["id"])["hasSecret"] is False
    assert mock.owner.created("webhooks", {**mock.body("webhooks"), "secret": SECRET})["hasSecret"] is True
    for answer in (
        mock.owner.post("webhooks", {**mock.body("webhooks"), "hasSecret": True}),
        mock.owner.patch(f"webhooks/{plain['id']}", {"hasSecret": True}),
    ):
        assert "hasSecret" in str(mock.refused(answer, 400, "invalid_request"))


@pytest.mark.parametrize(("length", "status"), [(15, 400), (16, 201), (200, 201), (201, 400)])
def test_r23_a_secret_has_16_to_200_characters(mock: Any, length: int, status: int) -> None:
    """Both limits are inclusive."""
    assert (
        mock.owner.post("webhooks", {**mock.body("webhooks"), "secret": "s" * length}).status_code == status
    )


@pytest.mark.parametrize(
    "url", ["http://hooks.example.test/x", "ftp://hooks.example.test", "hooks", "", "https://", None, 5]
)
def test_r23_a_url_is_https(mock: Any, url: Any) -> None:
    """Anything else is refused in create and update."""
    made = mock.owner.created("webhooks", mock.body("webhooks"))
    for answer in (
        mock.owner.post("webhooks", {**mock.body("webhooks"), "url": url}),
        mock.owner.patch(f"webhooks/{made['id']}", {"url": url}),
    ):
        assert "/url" in str(mock.refused(answer, 400, "invalid_request")["details"])


@pytest.mark.parametrize(
    "events", [[], ["client_exploded"], "client_created", None, ["client_created", "nonsense"]]
)
def test_r23_events_are_known_and_at_least_one(mock: Any, events: Any) -> None:
    """An empty list and an unknown event are refused."""
    answer = mock.owner.post("webhooks", {**mock.body("webhooks"), "events": events})
    assert "events" in str(mock.refused(answer, 400, "invalid_request"))


@pytest.mark.parametrize("name", ["source", "lastTriggered", "lastStatus", "consecutiveFailures"])
def test_r23_what_deliveries_leave_behind_is_read_only(mock: Any, name: str) -> None:
    """Source and delivery results are refused by name."""
    made = mock.owner.created("webhooks", mock.body("webhooks"))
    assert (made["source"], made["lastTriggered"], made["lastStatus"], made["consecutiveFailures"]) == (
        "manual",
        None,
        None,
        0,
    )
    answer = mock.owner.patch(f"webhooks/{made['id']}", {name: made[name]})
    assert name in str(mock.refused(answer, 400, "invalid_request"))
