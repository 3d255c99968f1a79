"""Actions: the row that the path names is changed as the contract says, with all that belongs to it, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.testing import Mock

Make = Callable[..., Mock]
WORKSHOP = Path(__file__).with_name("workshop.yaml").read_text(encoding="utf-8")


@pytest.fixture
def shop(mock_of: Make) -> Mock:
    return mock_of(WORKSHOP, empty=True)


def made(client: httpx.Client, **given: Any) -> Any:
    answer = client.post("/jobs", json={"name": "Keel", **given})
    assert answer.status_code == 201, answer.text
    return answer.json()


def log(client: httpx.Client) -> list[str]:
    return [entry["text"] for entry in client.get("/log").json()]


def test_an_action_moves_creates_and_sets(shop: Mock) -> None:
    """State, fields and the new row, which is what the answer shows; whole numbers stay whole."""
    client = shop.client()
    job = made(client, hours=3, helpers=[4], parts=[{"count": 2}])
    answer = client.post(f"/jobs/{job['id']}/finish", json={"helper": 7})
    assert answer.status_code == 201
    assert answer.json() == {"id": 1, "jobId": 1, "total": 6, "parts": [{"count": 2}]}
    assert '"total":6,"parts":[{"count":2}]' in answer.text
    after = client.get(f"/jobs/{job['id']}").json()
    assert (after["state"], after["billId"], after["hours"], after["helpers"]) == (2, 1, 4, [4, 7])
    assert '"hours":4,"helpers":[4,7]' in client.get(f"/jobs/{job['id']}").text
    assert after["doneAt"] == after["madeAt"]


def test_a_refused_action_changes_nothing(shop: Mock) -> None:
    """A rule, the state, and a row that the new one collides with: in each case nothing of it happens."""
    client = shop.client()
    idle, busy = made(client), made(client, hours=3)
    refused = client.post(f"/jobs/{idle['id']}/finish", json={"helper": 7})
    assert (refused.status_code, refused.json()) == (
        409,
        {"message": "Nothing was done.", "errors": {"hours": "Nothing was done."}},
    )
    client.post("/bills", json={"jobId": busy["id"], "total": 1})
    assert client.post(f"/jobs/{busy['id']}/finish", json={"helper": 7}).status_code == 409
    assert client.get("/jobs").json() == [idle, busy]
    assert len(client.get("/bills").json()) == 1
    assert log(client) == ["made", "made"]


def test_an_action_needs_its_state(shop: Mock) -> None:
    """What is finished is not finished again, and the answer names the field."""
    client = shop.client()
    job = made(client, hours=3)
    client.post(f"/jobs/{job['id']}/finish", json={"helper": 7})
    again = client.post(f"/jobs/{job['id']}/finish", json={"helper": 7})
    assert again.status_code == 409
    assert list(again.json()["errors"]) == ["state"]
    assert client.post("/jobs/99/finish", json={"helper": 7}).status_code == 404


def test_an_update_of_a_sub_path_writes_its_field(shop: Mock) -> None:
    """The template before the last word names the row; the operation's own rule sees it before and after."""
    client = shop.client()
    job = made(client, hours=3)
    assert client.put(f"/jobs/{job['id']}/hours", json={"hours": 5}).json() == {**job, "hours": 5}
    refused = client.put(f"/jobs/{job['id']}/hours", json={"hours": 5})
    assert (refused.status_code, refused.json()["errors"]) == (400, {"hours": "Hours only grow."})
    assert client.put("/jobs/99/hours", json={"hours": 5}).status_code == 404


def test_writes_leave_records(shop: Mock) -> None:
    """One for each write that meets its condition, in order, with the moment in the declared form."""
    client = shop.client()
    job = made(client, hours=3)
    client.put(f"/jobs/{job['id']}/hours", json={"hours": 5})
    client.post(f"/jobs/{job['id']}/finish", json={"helper": 7})
    client.delete(f"/jobs/{job['id']}")
    assert log(client) == ["made", "finished", "gone"]
    assert client.get("/log").json()[0]["at"] == job["madeAt"]
    assert len(job["madeAt"]) == len("2026-06-15 09:00:00")
    assert "T" not in job["madeAt"]


def test_a_record_may_name_the_id_of_its_row(mock_of: Make) -> None:
    """Where it does not, the row gets an id of its own: the two tables need not count alike."""
    named = WORKSHOP.replace(
        'row: {jobId: "id", text: "\'made\'"}', 'row: {id: "int(id) + 100", text: "\'made\'"}'
    )
    client = mock_of(named, empty=True).client()
    ids = [made(client)["id"] for _ in range(2)]
    assert [entry["id"] for entry in client.get("/log").json()] == [one + 100 for one in ids]


def test_a_view_lists_what_satisfies_it(shop: Mock) -> None:
    """The parameter's default counts when it is not sent."""
    client = shop.client()
    rows = [made(client, hours=hours) for hours in (5, 10, 15)]
    assert client.get("/long-jobs").json() == rows[1:]
    assert client.get("/long-jobs", params={"least": 12}).json() == rows[2:]


def test_a_parent_may_stand_in_a_list(shop: Mock) -> None:
    """Rows whose list has the id of the path."""
    client = shop.client()
    both, _, one = (made(client, helpers=helpers) for helpers in ([4, 7], [], [7]))
    assert client.get("/helpers/7/jobs").json() == [both, one]
    assert client.get("/helpers/4/jobs").json() == [both]


def test_shared_rows_are_everybodys(shop: Mock) -> None:
    """A row that one tenant makes is there for the other, also in a fork; other rows are not."""
    alpha, beta = (shop.client(name) for name in ("alpha-owner", "beta-owner"))
    unit = alpha.post("/units", json={"name": "hour"}).json()
    made(alpha)
    assert beta.get("/units").json() == [unit]
    assert beta.get("/jobs").json() == []


def test_a_row_is_printed(shop: Mock) -> None:
    """Equal rows give equal bytes, and what would break the syntax is escaped."""
    client = shop.client()
    job = made(client, name="Keel (left) \\ new", parts=[{"count": n} for n in range(60)])
    first, second = (client.get(f"/jobs/{job['id']}/sheet") for _ in range(2))
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["content-disposition"] == f'attachment; filename="job-{job["id"]}.pdf"'
    assert first.content == second.content
    assert b"(name: Keel \\(left\\) \\\\ new) Tj" in first.content
    assert b"/Count 2 " in first.content
    assert client.get("/jobs/99/sheet").status_code == 404


def test_keys_and_tokens_are_told_apart(shop: Mock) -> None:
    """Each opens in its own place only."""
    headers = {one.name: one.headers for one in shop.credentials}
    key, token = headers["alpha-owner"]["x-key"], headers["alpha-owner-token"]["authorization"]
    with httpx.Client(transport=shop.transport(), base_url=shop.url) as client:

        def status(**given: str) -> int:
            return client.get("/jobs", headers={k.replace("_", "-"): v for k, v in given.items()}).status_code

        assert (status(x_key=key), status(authorization=token)) == (200, 200)
        assert (status(x_key=token.removeprefix("Bearer ")), status(authorization=f"Bearer {key}")) == (
            401,
            401,
        )
        assert status(authorization=f"{token[:-4]}AAAA") == 401
