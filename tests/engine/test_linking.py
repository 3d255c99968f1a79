"""Linked pages: URLs lead from page to page and keep what was asked; cursors stay where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.engine.linking import Cursor, read_cursor
from troth.testing import Mock

PRACTICE = Path(__file__).parents[1] / "conformance" / "practice" / "openapi.yaml"


@pytest.fixture
def client() -> httpx.Client:
    """A practice with ten matters, every third of them closed."""
    client = Mock(PRACTICE, empty=True).client("alpha-owner")
    for number in range(1, 11):
        row = {"description": f"M{number}", "status": "open" if number % 3 else "closed"}
        assert client.post("/matters.json", json={"data": row}).status_code == 201
    return client


def walked(
    client: httpx.Client, start: str, between: Callable[[int], Any] = lambda _: None, relation: str = "next"
) -> list[list[int]]:
    """The ids of page after page, with something done after each."""
    pages: list[list[int]] = []
    address: str | None = start
    while address is not None:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        pages.append([row["id"] for row in answer.json()["data"]])
        assert len(pages) < 20
        between(len(pages))
        address = answer.json()["meta"]["paging"].get(relation)
    return pages


def test_links_lead_through_every_row_once(client: httpx.Client) -> None:
    """Full pages and a rest; at the end the member is left out."""
    assert walked(client, "/matters.json?limit=4") == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert client.get("/matters.json").json()["meta"] == {"records": 10, "paging": {}}


def test_links_are_absolute_and_keep_what_was_asked(client: httpx.Client) -> None:
    """As it was written, each thing once, whatever a client has added to the link."""
    asked = "fields=id,description%2Cstatus&limit=2&status=open"
    link = client.get(f"/matters.json?{asked}").json()["meta"]["paging"]["next"]
    assert link.startswith(f"{client.base_url}matters.json?{asked}&page_token=")
    braces = client.get("/matters.json?limit=2&fields=id,client{id}").json()["meta"]["paging"]["next"]
    assert "fields=id,client%7Bid%7D&" in braces
    again = client.get(f"{link}&{asked}")
    assert [row["description"] for row in again.json()["data"]] == ["M4", "M5"]
    further = urlsplit(again.json()["meta"]["paging"]["next"])
    assert [name for name, _ in parse_qsl(further.query)] == ["fields", "limit", "status", "page_token"]


def test_the_way_back_is_the_way_there(client: httpx.Client) -> None:
    pages = walked(client, "/matters.json?limit=3&order=-id")
    answer = client.get("/matters.json?limit=3&order=-id")
    while (link := answer.json()["meta"]["paging"].get("next")) is not None:
        answer = client.get(link)
    assert walked(client, str(answer.request.url), relation="previous") == pages[::-1]


@given(
    removed=st.lists(st.integers(1, 10), max_size=8, unique=True),
    size=st.integers(1, 4),
    order=st.sampled_from(["", "&order=-id", "&order=description", "&order=-status"]),
    status=st.sampled_from(["", "&status=open"]),
)
@settings(max_examples=40, deadline=None)
def test_rows_that_come_and_go_move_no_cursor(removed: list[int], size: int, order: str, status: str) -> None:
    """Whatever is deleted between two pages, what survives is seen once, in order; what is made, at most once."""
    client = Mock(PRACTICE, empty=True).client("alpha-owner")
    for number in range(1, 11):
        row = {"description": f"M{number:02}", "status": "open" if number % 3 else "closed"}
        client.post("/matters.json", json={"data": row})
    whole = [one for page in walked(client, f"/matters.json?limit=50{order}{status}") for one in page]
    going = iter(removed)

    def change(_turn: int) -> None:
        for identifier in (next(going, None), next(going, None)):
            if identifier is not None:
                path = f"/matters/{identifier}.json"
                assert client.delete(path, headers={"if-match": "*"}).status_code == 204
        client.post("/matters.json", json={"data": {"description": "A new one"}})

    found: list[int] = []
    pages = 0
    address: str | None = f"/matters.json?limit={size}{order}{status}"
    while address is not None and pages < 20:
        answer = client.get(address)
        found += [row["id"] for row in answer.json()["data"]]
        if pages < 4:
            change(pages)
        pages += 1
        address = answer.json()["meta"]["paging"].get("next")
    assert len(found) == len(set(found))
    survivors = [one for one in whole if one not in removed]
    assert [one for one in found if one in survivors] == survivors


@pytest.mark.parametrize("cursor", ["x", "%%%", "e30", "{}", "é", "a" * 500, Cursor("1").text("/other.json")])
def test_a_cursor_of_ones_own_is_refused(client: httpx.Client, cursor: str) -> None:
    """In the API's own envelope."""
    answer = client.get("/matters.json", params={"page_token": cursor})
    assert answer.status_code == 400
    assert "page_token" in answer.json()["error"]["message"]


def test_a_cursor_of_others_is_refused() -> None:
    """It names a row that the tenant has never had."""
    mock = Mock(PRACTICE, empty=True)
    other, mine = mock.client("alpha-owner"), mock.client("beta-owner")
    for number in range(3):
        other.post("/matters.json", json={"data": {"description": f"M{number}"}})
    link = other.get("/matters.json?limit=1").json()["meta"]["paging"]["next"]
    assert mine.get(link).status_code == 400


@given(
    identifier=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    back=st.booleans(),
    list_=st.text(st.characters(codec="utf-8"), max_size=40),
)
def test_a_cursor_says_what_it_was_given(identifier: str, back: bool, list_: str) -> None:
    """For its own list, and nothing for another."""
    text = Cursor(identifier, back).text(list_)
    assert read_cursor(text, list_) == Cursor(identifier, back)
    assert read_cursor(text, list_ + "!") is None


def test_a_header_has_the_links_as_well() -> None:
    """First, previous, next and last (RFC 8288), by offset; a single page links itself only."""
    client = Mock(PRACTICE, empty=True).client("alpha-owner")
    for number in range(5):
        client.post("/contacts.json", json={"data": {"name": f"C{number}"}})
    answer = client.get("/contacts.json?limit=2&offset=2")
    base = f"{client.base_url}contacts.json?limit=2"
    assert {name: link["url"] for name, link in answer.links.items()} == {
        "first": base, "prev": f"{base}&offset=0", "next": f"{base}&offset=4", "last": f"{base}&offset=4"
    }  # fmt: skip
    assert set(client.get("/contacts.json").links) == {"first", "last"}


def test_pages_too_far_away_are_refused(client: httpx.Client) -> None:
    """With the kind of refusal for that; the farthest one is an empty page."""
    assert client.get("/contacts.json?offset=1000").json() == {"data": []}
    answer = client.get("/contacts.json?offset=1001")
    assert (answer.status_code, answer.json()["error"]["type"]) == (422, "ArgumentError")


def test_links_name_the_host_that_was_asked() -> None:
    """Also when a page has been rendered for another one before."""
    client = Mock(PRACTICE, empty=True).client("alpha-owner")
    for number in range(2):
        client.post("/matters.json", json={"data": {"description": f"M{number}"}})
    for host in ("one.example", "two.example"):
        answer = client.get("/matters.json?limit=1", headers={"host": host})
        assert urlsplit(answer.json()["meta"]["paging"]["next"]).netloc == host
