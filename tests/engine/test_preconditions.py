"""Conditional requests: a tag is a state of a row, and requests that mean another one are told so."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.testing import Mock

PRACTICE = Path(__file__).parents[1] / "conformance" / "practice" / "openapi.yaml"
ANOTHER = '"another"'


@pytest.fixture
def mock() -> Mock:
    """A practice with one matter."""
    mock = Mock(PRACTICE, empty=True, seed=1)
    made = mock.client("alpha-owner").post("/matters.json", json={"data": {"description": "Lease"}})
    assert made.status_code == 201
    return mock


@pytest.fixture
def client(mock: Mock) -> httpx.Client:
    return mock.client("alpha-owner")


def read(client: httpx.Client, **headers: str) -> httpx.Response:
    return client.get("/matters/1.json", headers={k.replace("_", "-"): v for k, v in headers.items()})


def changed(client: httpx.Client, description: str, **headers: str) -> httpx.Response:
    sent = {k.replace("_", "-"): v for k, v in headers.items()}
    return client.patch("/matters/1.json", json={"data": {"description": description}}, headers=sent)


def test_a_tag_is_a_state_of_the_row(client: httpx.Client) -> None:
    """The same while it stays, in the header and in the row, whatever is selected; another after each change."""
    first = read(client)
    tag = first.headers["etag"]
    assert first.json() == {"data": {"id": 1, "etag": tag}}
    assert client.get("/matters/1.json?fields=description").headers["etag"] == tag
    assert client.get("/matters.json").json()["data"] == [{"id": 1, "etag": tag}]
    updated = changed(client, "Will")
    assert read(client).headers["etag"] == updated.headers["etag"] != tag


def test_a_tag_comes_back_with_the_state(client: httpx.Client) -> None:
    """The clock stands still here, so a row that is as it was has the tag that it had."""
    tag = read(client).headers["etag"]
    assert changed(client, "Will").headers["etag"] != tag
    assert changed(client, "Lease").headers["etag"] == tag


def test_a_client_cannot_choose_the_tag(client: httpx.Client) -> None:
    answer = client.patch("/matters/1.json", json={"data": {"etag": ANOTHER}})
    assert ANOTHER not in (answer.headers["etag"], answer.json()["data"]["etag"])


@pytest.mark.parametrize("form", ["{tag}", "W/{tag}", '"a", {tag}', '{tag} ,"b"', "*"])
def test_who_has_the_row_is_told_so(client: httpx.Client, form: str) -> None:
    """Weakly compared, in a list, or for any state (RFC 9110 section 13.1.2); without a body, with the validators."""
    tag = read(client).headers["etag"]
    answer = read(client, if_none_match=form.format(tag=tag))
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag
    assert "content-length" not in answer.headers
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("form", ['"b"', "", "nothing", '"{bare', '"a,b", W/"c"'])
def test_who_has_another_state_gets_the_row(client: httpx.Client, form: str) -> None:
    assert read(client, if_none_match=form).status_code == 200


def test_moments_are_compared_by_the_second(client: httpx.Client, mock: Mock) -> None:
    """If-None-Match goes first; what is no date is no condition (RFC 9110 section 13.1.3)."""
    moment = read(client).headers["last-modified"]
    assert moment == "Mon, 15 Jun 2026 09:00:00 GMT"
    assert read(client, if_modified_since=moment).status_code == 304
    assert read(client, if_modified_since="Mon, 15 Jun 2026 08:59:59 GMT").status_code == 200
    assert read(client, if_modified_since="2026-06-15").status_code == 200
    assert read(client, if_modified_since=moment, if_none_match=ANOTHER).status_code == 200
    mock.advance(60)
    changed(client, "Will")
    assert read(client, if_modified_since=moment).status_code == 200


def test_no_update_is_lost(client: httpx.Client) -> None:
    """Of two who mean the same state the first one writes; the other is refused, and nothing has changed."""
    tag = read(client).headers["etag"]
    assert changed(client, "First", if_match=tag).status_code == 200
    late = changed(client, "Second", if_match=tag)
    assert (late.status_code, late.json()["error"]["type"]) == (412, "Stale")
    assert client.get("/matters/1.json?fields=description").json()["data"]["description"] == "First"
    assert changed(client, "Second", if_match=read(client).headers["etag"]).status_code == 200


@pytest.mark.parametrize(
    ("form", "status"), [("*", 200), ('"a",{tag}', 200), ("W/{tag}", 412), ('"a"', 412), ("", 412)]
)
def test_if_match_compares_strongly(client: httpx.Client, form: str, status: int) -> None:
    """A weak tag is never the same (RFC 9110 section 13.1.1)."""
    tag = read(client).headers["etag"]
    assert changed(client, "Will", if_match=form.format(tag=tag)).status_code == status
    assert read(client, if_match=form.format(tag=tag)).status_code == (
        412 if status == 412 or "tag" in form else 200
    )


def test_writes_can_exclude_a_state_or_a_later_change(client: httpx.Client) -> None:
    """If-None-Match on a write answers 412; If-Unmodified-Since counts where there is no If-Match."""
    assert changed(client, "Will", if_none_match="*").status_code == 412
    assert changed(client, "Will", if_none_match=ANOTHER).status_code == 200
    before = format_datetime(datetime(2026, 6, 15, 8, tzinfo=UTC), usegmt=True)
    assert changed(client, "Late", if_unmodified_since=before).status_code == 412
    assert changed(client, "Late", if_unmodified_since=before, if_match="*").status_code == 200


def test_a_write_may_have_to_say_what_it_means(client: httpx.Client) -> None:
    """428 without a condition (RFC 6585 section 3), 412 with a wrong one; then the row is still there."""
    assert client.delete("/matters/1.json").status_code == 428
    assert client.delete("/matters/1.json", headers={"if-match": ANOTHER}).status_code == 412
    tag = read(client).headers["etag"]
    assert client.delete("/matters/1.json", headers={"if-match": tag}).status_code == 204


@pytest.mark.parametrize("header", ["if-none-match", "if-match", "if-modified-since"])
def test_others_learn_nothing(client: httpx.Client, mock: Mock, header: str) -> None:
    """A foreign row and a missing one get the same answer, whatever is known of the first."""
    shown = read(client).headers
    value = shown["last-modified"] if header == "if-modified-since" else shown["etag"]
    other = mock.client("beta-owner")
    foreign = other.get("/matters/1.json", headers={header: value})
    missing = other.get("/matters/99.json", headers={header: value})
    assert foreign.status_code == missing.status_code == 404
    assert {"etag", "last-modified"}.isdisjoint(foreign.headers)
    assert other.patch("/matters/1.json", json={"data": {}}, headers={"if-match": value}).status_code == 404


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_header_is_answered(text: str) -> None:
    """Nothing that stands in a condition breaks the server."""
    client = Mock(PRACTICE, empty=True, seed=1).client("alpha-owner")
    client.post("/matters.json", json={"data": {"description": "Lease"}})
    for name in ("if_match", "if_none_match", "if_modified_since", "if_unmodified_since"):
        given_: dict[str, Any] = {name: text.strip()}
        assert read(client, **given_).status_code in (200, 304, 412)
        assert changed(client, "Will", **given_).status_code in (200, 412)
