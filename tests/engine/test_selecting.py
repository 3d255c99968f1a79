"""Selections: answers have the members that were asked for, and rows stand in the place of references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.testing import Mock

TAG = "a tag"
PRACTICE = Path(__file__).parents[1] / "conformance" / "practice" / "openapi.yaml"


@pytest.fixture(scope="module")
def client() -> httpx.Client:
    """A firm with a company, a person who belongs to it, and a matter about both."""
    client = Mock(PRACTICE, empty=True).client("alpha-owner")
    for body in (
        {"name": "Acme", "addresses": [{"id": 7, "street": "1 Main", "city": "Oslo"}]},
        {"name": "Ann", "company": {"id": 1}},
    ):
        assert client.post("/contacts.json", json={"data": body}).status_code == 201
    matter = {
        "description": "Lease", "client": {"id": 2}, "attendees": [{"id": 1, "enabled": True}, {"id": 2}],
        "subject": {"id": 1, "type": "Contact"}, "budget": {"amount": 5, "notes": "low"},
    }  # fmt: skip
    assert client.post("/matters.json", json={"data": matter}).status_code == 201
    return client


def untagged(value: Any) -> Any:
    """The value with TAG in the place of every tag."""
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if isinstance(value, dict):
        return {name: TAG if name == "etag" and item else untagged(item) for name, item in value.items()}
    return value


def shown(client: httpx.Client, fields: str | None, path: str = "/matters/1.json") -> Any:
    answer = client.get(path, params={} if fields is None else {"fields": fields})
    assert answer.status_code == 200, answer.text
    return untagged(answer.json()["data"])


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        (None, {"id": 1, "etag": TAG}),
        ("", {"id": 1, "etag": TAG}),
        ("description", {"description": "Lease"}),
        ("status, id", {"status": "open", "id": 1}),
        ("client", {"client": {"id": 2, "etag": TAG}}),
        ("client{name}", {"client": {"name": "Ann"}}),
        ("client{name,company}", {"client": {"name": "Ann", "company": {"id": 1, "etag": TAG}}}),
        ("client{company{name}},client{id}", {"client": {"company": {"name": "Acme"}, "id": 2}}),
        ("client,client{name}", {"client": {"name": "Ann"}}),
        ("attendees", {"attendees": [{"id": 1, "etag": TAG}, {"id": 2, "etag": TAG}]}),
        ("attendees{name,enabled}", {"attendees": [{"name": "Acme", "enabled": True}, {"name": "Ann"}]}),
        ("subject{name,description}", {"subject": {"name": "Acme"}}),
        ("subject{type}", {"subject": {"type": "Contact"}}),
        ("budget", {"budget": {"amount": 5, "notes": "low"}}),
        ("budget{notes}", {"budget": {"notes": "low"}}),
    ],
)
def test_what_is_asked_for_is_shown(client: httpx.Client, fields: str | None, wanted: Any) -> None:
    """Exactly that, in a row and in a list, and the usual members where nothing is said."""
    assert shown(client, fields) == wanted
    assert shown(client, fields, "/matters.json") == [wanted]


def test_objects_in_a_list_are_cut_as_well(client: httpx.Client) -> None:
    assert shown(client, "addresses", "/contacts/1.json") == {"addresses": [{"id": 7}]}
    assert shown(client, "addresses{city}", "/contacts/1.json") == {"addresses": [{"city": "Oslo"}]}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ("nothing", "nothing"),
        ("id,password", "password"),
        ("client{nothing,name}", "client.nothing"),
        ("subject{nothing}", "subject.nothing"),
        ("id{id}", "id.id"),
        ("budget{notes{x}}", "budget.notes.x"),
        ("client{company{company{id}}}", "client.company.company"),
        ("client{", "not closed"),
        ("client}", "closes too early"),
        ("client{}", "closes too early"),
        ("{id}", "without a name"),
        ("id,,etag", "missing before a comma"),
        ("client{id}etag", "a comma is missing"),
        ("id,", "at the end"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(client: httpx.Client, fields: str, named: str) -> None:
    """In the API's own envelope, with its own code; also where there is nothing to show."""
    for path in ("/matters/1.json", "/matters.json", "/matters.json?status=closed"):
        answer = client.get(path, params=[*httpx.URL(path).params.multi_items(), ("fields", fields)])
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "InvalidFields"
        if path == "/matters/1.json" and "password" not in path:
            assert named in answer.json()["error"]["message"]


def test_a_write_that_cannot_be_shown_is_not_done(client: httpx.Client) -> None:
    before = client.get("/contacts.json").json()
    answer = client.post("/contacts.json", params={"fields": "nothing"}, json={"data": {"name": "X"}})
    assert answer.status_code == 400
    assert client.get("/contacts.json").json() == before


def test_a_write_shows_what_is_asked_for() -> None:
    client = Mock(PRACTICE, empty=True).client("alpha-owner")
    made = client.post("/contacts.json", params={"fields": "id,name"}, json={"data": {"name": "X"}})
    assert made.json() == {"data": {"id": 1, "name": "X"}}


def test_a_row_that_is_gone_is_shown_as_nothing() -> None:
    """A single reference becomes null, and one among several goes."""
    client = Mock(PRACTICE, empty=True).client("alpha-owner")
    for name in ("A", "B"):
        client.post("/contacts.json", json={"data": {"name": name}})
    matter = {"description": "M", "client": {"id": 1}, "attendees": [{"id": 1}, {"id": 2}]}
    client.post("/matters.json", json={"data": matter})
    assert client.delete("/contacts/1.json").status_code == 204
    assert shown(client, "client{name},attendees{name}") == {"client": None, "attendees": [{"name": "B"}]}


def test_every_reference_in_a_list_must_lead_somewhere(client: httpx.Client) -> None:
    body = {"data": {"description": "M", "attendees": [{"id": 1}, {"id": 99}]}}
    assert client.post("/matters.json", json=body).status_code == 404


def test_rows_of_others_are_not_shown() -> None:
    """A reference is followed within the tenant only, and what it keeps is no way around that."""
    mock = Mock(PRACTICE, empty=True)
    mine, other = mock.client("alpha-owner"), mock.client("beta-owner")
    assert other.post("/contacts.json", json={"data": {"name": "Secret"}}).status_code == 201
    body = {"data": {"description": "M", "client": {"id": 1}}}
    assert mine.post("/matters.json", json=body).status_code == 404


def test_a_list_is_sorted_through_an_object_reference(client: httpx.Client) -> None:
    """Also by what is not shown."""
    made = client.post("/matters.json", json={"data": {"description": "Will", "client": {"id": 1}}})
    rows = client.get("/matters.json", params={"order": "client.name", "fields": "description"}).json()[
        "data"
    ]
    assert [row["description"] for row in rows] == ["Will", "Lease"]
    assert made.status_code == 201


@given(
    text=st.text(alphabet="ab{},. \u00e9", max_size=40) | st.sampled_from(["{" * 999, "a{" * 999, "," * 999])
)
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered_or_refused(client: httpx.Client, text: str) -> None:
    """Nothing that stands in the parameter breaks the server."""
    assert client.get("/matters/1.json", params={"fields": text}).status_code in (200, 400)
