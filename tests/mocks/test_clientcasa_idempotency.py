"""A request with an idempotency key can be repeated for 24 hours and acts once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

DAY = 86_400


def new(mock: Any, resource: str, before: list[Any]) -> list[Any]:
    return [row for row in mock.owner.rows(resource) if row not in before]


def test_r29_a_repeated_create_acts_once(mock: Any, creatable: str) -> None:
    """I1: the same key and body give the same status and the same bytes, and one new row."""
    before = mock.owner.rows(creatable)
    answers = [mock.owner.post(creatable, mock.body(creatable), key="one") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["content-type"] for answer in answers}) == 1
    assert new(mock, creatable, before) == [answers[0].json()]


def test_r29_a_repeated_update_acts_once(mock: Any, creatable: str) -> None:
    """PATCH replays as well: a repetition does not undo what came in between."""
    made = mock.owner.created(creatable, mock.body(creatable))
    at = f"{creatable}/{made['id']}"
    first = mock.owner.patch(at, {}, key="one")
    mock.advance("1h")
    later = mock.owner.updated(creatable, made["id"])
    again = mock.owner.patch(at, {}, key="one")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert mock.owner.row(creatable, made["id"]) == later != first.json()


def test_r29_without_a_key_each_request_acts(mock: Any) -> None:
    """Two creates without a key, and two with different keys, make four rows."""
    before = mock.owner.rows("clients")
    for key in (None, None, "a", "b"):
        assert mock.owner.post("clients", {"name": "A"}, key=key).status_code == 201
    assert len(new(mock, "clients", before)) == 4


def test_r29_a_key_belongs_to_one_request(mock: Any) -> None:
    """I2: another body, path or method under a used key is a conflict, changes nothing, and leaves the record."""
    before = mock.owner.rows("clients")
    first = mock.owner.post("clients", {"name": "A"}, key="one")
    at = f"clients/{first.json()['id']}"
    for answer in (
        mock.owner.post("clients", {"name": "B"}, key="one"),
        mock.owner.post("contacts", {"name": "A"}, key="one"),
        mock.owner.patch(at, {"name": "A"}, key="one"),
    ):
        mock.refused(answer, 409, "conflict")
    assert new(mock, "clients", before) == [first.json()]
    assert mock.owner.post("clients", {"name": "A"}, key="one").content == first.content


def test_r29_a_key_belongs_to_one_object(mock: Any) -> None:
    """The same change to another object under a used key is a conflict."""
    first, second = (mock.owner.created("clients", {"name": name}) for name in "AB")
    assert mock.owner.patch(f"clients/{first['id']}", {"notes": "n"}, key="one").status_code == 200
    mock.refused(mock.owner.patch(f"clients/{second['id']}", {"notes": "n"}, key="one"), 409, "conflict")
    assert mock.owner.row("clients", second["id"]) == second


def test_r29_other_organisations_keys_are_their_own(mock: Any) -> None:
    """I3: the same key in another organisation is a new request, with the same or another body."""
    ours = mock.owner.post("clients", {"name": "A"}, key="one")
    theirs = mock.peer.post("clients", {"name": "A"}, key="one")
    other = mock.peer.post("clients", {"name": "B"}, key="two")
    mock.owner.post("clients", {"name": "C"}, key="two")
    assert ours.status_code == theirs.status_code == other.status_code == 201
    assert ours.json()["id"] != theirs.json()["id"]
    assert theirs.json() in mock.peer.rows("clients")
    assert theirs.json() not in mock.owner.rows("clients")


def test_r29_a_key_is_the_organisations(mock: Any) -> None:
    """Another credential of the organisation gets the replay too, if it may do what is asked."""
    first = mock.owner.post("clients", {"name": "A"}, key="one")
    second = mock.scoped("clients:write").post("clients", {"name": "A"}, key="one")
    assert second.content == first.content
    mock.refused(mock.reader.post("clients", {"name": "A"}, key="one"), 403, "forbidden")
    mock.refused(mock.anonymous.post("clients", {"name": "A"}, key="one"), 401, "unauthorized")


def test_r29_a_key_is_kept_for_24_hours(mock: Any) -> None:
    """I4: a second before 24 hours it replays; a second after it is a new request, even a different one."""
    before = mock.owner.rows("clients")
    first = mock.owner.post("clients", {"name": "A"}, key="one")
    mock.advance(f"{DAY - 1}s")
    assert mock.owner.post("clients", {"name": "A"}, key="one").content == first.content
    mock.refused(mock.owner.post("clients", {"name": "B"}, key="one"), 409, "conflict")
    mock.advance("2s")
    second = mock.owner.post("clients", {"name": "B"}, key="one")
    assert second.status_code == 201
    assert new(mock, "clients", before) == [first.json(), second.json()]


def test_r29_a_replay_does_not_prolong_a_key(mock: Any) -> None:
    """The 24 hours count from the first request."""
    first = mock.owner.post("clients", {"name": "A"}, key="one")
    for _ in range(4):
        mock.advance("7h")
        last = mock.owner.post("clients", {"name": "A"}, key="one")
    assert last.status_code == 201
    assert last.json()["id"] != first.json()["id"]


def test_r29_a_refused_request_does_not_use_up_its_key(mock: Any) -> None:
    """I5: what failed validation, credential or scope can be corrected under the same key."""
    mock.refused(mock.owner.post("clients", {"name": ""}, key="one"), 400, "invalid_request")
    mock.refused(mock.reader.post("clients", {"name": "A"}, key="one"), 403, "forbidden")
    mock.refused(mock.anonymous.post("clients", {"name": "A"}, key="one"), 401, "unauthorized")
    assert mock.owner.post("clients", {"name": "A"}, key="one").status_code == 201


def test_r29_parallel_sends_act_once(mock: Any, creatable: str) -> None:
    """I6: of many at the same moment one creates; every other replays it or is told of the conflict."""
    before = mock.owner.rows(creatable)
    body = mock.body(creatable)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: mock.owner.post(creatable, body, key="one"), range(24)))
    (made,) = new(mock, creatable, before)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == {made["id"]}


def test_r29_keys_on_get_and_delete_mean_nothing(mock: Any) -> None:
    """I7: reads and deletes with a used key do what they always do."""
    made = mock.owner.post("clients", {"name": "A"}, key="one").json()
    header = {"Idempotency-Key": "one"}
    for path in ("clients", "contacts", f"clients/{made['id']}"):
        assert mock.owner.send("GET", path, headers=header).status_code == 200
    assert mock.owner.send("DELETE", f"clients/{made['id']}", headers=header).status_code == 204
    mock.refused(mock.owner.send("DELETE", f"clients/{made['id']}", headers=header), 404, "not_found")


def test_r29_a_replay_has_no_effects(mock: Any) -> None:
    """I8: events are emitted once, sums count once, and what was deleted since stays deleted."""
    mock.owner.created("webhooks", {**mock.body("webhooks"), "events": ["client_created"]})
    emitted = len(mock.deliveries("client_created"))
    first = mock.owner.post("clients", {"name": "A"}, key="one")
    once = len(mock.deliveries("client_created")) - emitted
    assert once >= 1
    assert mock.owner.post("clients", {"name": "A"}, key="one").content == first.content
    assert len(mock.deliveries("client_created")) == emitted + once
    at = f"clients/{first.json()['id']}"
    assert mock.owner.delete(at).status_code == 204
    assert mock.owner.post("clients", {"name": "A"}, key="one").content == first.content
    mock.refused(mock.owner.get(at), 404, "not_found")


def test_r29_a_replayed_payment_counts_once(mock: Any) -> None:
    """The ledger has one entry, and the invoice one payment."""
    lines = [{"description": "Survey", "quantity": 2, "unitPrice": 100}]
    bill = mock.owner.created("invoices", {**mock.body("invoices"), "lineItems": lines, "status": "sent"})
    for _ in range(3):
        answer = mock.owner.post("payments", {**mock.body("payments"), "invoiceId": bill["id"]}, key="one")
        assert answer.status_code == 201
    assert mock.owner.row("invoices", bill["id"])["amountPaid"] == 50


@pytest.mark.parametrize("length", [1, 254, 255])
def test_r29_a_key_has_up_to_255_characters(mock: Any, length: int) -> None:
    """Long keys replay as short ones do, and differ in their last character."""
    key = "k" * length
    first = mock.owner.post("clients", {"name": "A"}, key=key)
    assert first.status_code == 201
    assert mock.owner.post("clients", {"name": "A"}, key=key).content == first.content
    other = mock.owner.post("clients", {"name": "A"}, key=key[:-1] + "x")
    assert other.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("length", [0, 256, 1000])
def test_r29_a_key_of_no_or_too_many_characters_is_refused(mock: Any, length: int) -> None:
    """An empty key and one above 255 characters are 400 on POST and PATCH, and nothing happens."""
    before = mock.owner.rows("clients")
    at = f"clients/{mock.seeded('clients', 1)}"
    mock.refused(mock.owner.post("clients", {"name": "A"}, key="k" * length), 400, "invalid_request")
    mock.refused(mock.owner.patch(at, {"name": "A"}, key="k" * length), 400, "invalid_request")
    assert mock.owner.rows("clients") == before


def test_r29_parallel_creates_lose_nothing(mock: Any) -> None:
    """Many creates at once give as many rows, each with its own id and number."""
    before = len(mock.owner.rows("invoices"))
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda _: mock.owner.created("invoices", mock.body("invoices")), range(48)))
    assert len({row["id"] for row in made}) == len({row["invoiceNumber"] for row in made}) == 48
    after = mock.owner.rows("invoices")
    assert len(after) == before + 48
    assert all(row in after for row in made)


def test_r29_parallel_updates_lose_nothing(mock: Any) -> None:
    """Changes of different members at the same moment all survive."""
    made = mock.owner.created("contacts", {"name": "Ada Marsh"})
    changes = {
        "name": "Ada M.", "email": "ada@clients.example.test", "phone": "+1 555 0100", "title": "Owner",
        "role": "billing", "isPrimary": True, "clientId": mock.seeded("clients", 1),
    }  # fmt: skip
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: mock.owner.updated("contacts", made["id"], **dict([one])), changes.items()))
    found = mock.owner.row("contacts", made["id"])
    assert {name: found[name] for name in changes} == changes


def test_r29_parallel_payments_add_up(mock: Any) -> None:
    """Twenty payments of ten at once are two hundred."""
    lines = [{"description": "Survey", "quantity": 2, "unitPrice": 100}]
    bill = mock.owner.created("invoices", {**mock.body("invoices"), "lineItems": lines, "status": "sent"})
    body = {**mock.body("payments"), "invoiceId": bill["id"], "amount": 10}
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: mock.owner.created("payments", body), range(20)))
    found = mock.owner.row("invoices", bill["id"])
    assert (found["amountPaid"], found["status"]) == (200, "paid")
