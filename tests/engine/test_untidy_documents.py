"""Documents whose examples, creates and lists contradict their own schemas are served with answers that fit them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from troth.contract import load_contract, validators
from troth.engine import Engine, Request, Settings
from troth.engine.messages import dump

UNTIDY = load_contract(Path(__file__).parent / "untidy.yaml")
CALLS = [
    ("GET", "/tokens", None),
    ("POST", "/tokens", {"label": "first", "owner": 4}),
    ("GET", "/words", None),
    ("POST", "/login", {"user": "ines"}),
]


@pytest.fixture
def engine() -> Engine:
    return Engine(UNTIDY, Settings(seed=1))


def call(engine: Engine, method: str, path: str, body: Any = None) -> Any:
    sent = b"" if body is None else json.dumps(body).encode()
    path, _, query = path.partition("?")
    response = engine.handle(Request(method, path, query, {"content-type": "application/json"}, sent))
    assert response.status < 300, response.body
    operation = next(
        o for o in UNTIDY.operations if o.method == method and path.startswith(o.path.split("{")[0])
    )
    documented = operation.response_for(response.status)
    assert documented is not None
    pointer = documented.media["application/json"].schema_pointer
    assert pointer is not None
    value = response.json()
    assert validators(UNTIDY).at(pointer, "response").violations(value) == []
    return value


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_every_answer_fits_its_schema(engine: Engine, method: str, path: str, body: Any) -> None:
    """The document gives examples of the wrong type, a receipt for a create, and no null for a last page."""
    assert call(engine, method, path, body)


def test_what_fits_is_kept(engine: Engine) -> None:
    """A number for a text is written as text, a text for a number as number; a missing token is left out."""
    listed = call(engine, "GET", "/tokens")
    assert "nextPageToken" not in listed
    assert {(token["label"], token["limit"]) for token in listed["tokens"]} == {("7", 12)}
    assert all(token["tags"] for token in listed["tokens"])


def test_a_receipt_has_what_was_sent(engine: Engine) -> None:
    """A create that answers something else than the row keeps the members that both have."""
    receipt = call(engine, "POST", "/tokens", {"label": "mine", "owner": 4})
    assert receipt["label"] == "mine"
    assert {"receipt", "token"} <= receipt.keys()


def test_an_id_stands_for_the_object_that_has_it(engine: Engine) -> None:
    """A request names the owner by its id; the row shows an owner with that id."""
    call(engine, "POST", "/tokens", {"label": "mine", "owner": 4})
    created = next(t for t in call(engine, "GET", "/tokens")["tokens"] if t["label"] == "mine")
    assert created["owner"]["id"] == 4
    assert isinstance(created["owner"]["name"], str)


def test_ids_have_the_shape_that_the_schema_wants(engine: Engine) -> None:
    """Sampled and created rows alike, all different, and each can be read."""
    for number in range(5):
        call(engine, "POST", "/tokens", {"label": str(number)})
    ids = [token["id"] for token in call(engine, "GET", "/tokens")["tokens"]]
    assert len(set(ids)) == len(ids) >= 8
    assert all(re.fullmatch("tok-[0-9a-z]{17}", one) for one in ids)
    assert call(engine, "GET", f"/tokens/{ids[-1]}")["id"] == ids[-1]


def test_what_nobody_can_read_again_is_not_created(engine: Engine) -> None:
    """POST /login answers its documented response, and leaves no row behind."""
    assert engine.behaviour.bindings["login"].kind == "action"
    assert "login" not in engine.behaviour.resources


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "content_type"),
    [
        ("GET", "/tokens/none", b"", 404, "application/vnd.error+json"),
        ("POST", "/tokens", b'{"label": 5}', 422, "application/json"),
    ],
)
def test_refusals_are_worded_as_the_document_says(
    engine: Engine, method: str, path: str, body: bytes, status: int, content_type: str
) -> None:
    """Status, media type and schema are the operation's own; what is wrong stands where its names say."""
    headers = {"content-type": "application/json"}
    response = engine.handle(Request(method, path, headers=headers, body=body))
    assert (response.status, response.header("content-type")) == (status, content_type)
    shown = response.json()
    assert validators(UNTIDY).at("/components/schemas/Failure", "response").violations(shown) == []
    assert shown["error"]["status"] == status
    assert len(shown["error"]["message"]) > 10
    assert shown["error"]["errors"][0]["detail"] == shown["error"]["message"]


def test_numbers_of_more_than_64_bits_are_written_whole() -> None:
    """JSON has no largest number (RFC 8259 section 6)."""
    assert dump({"n": 2**70}) == b'{"n":1180591620717411303424}'
    assert dump({"n": 2**70, "rows": [orjson.Fragment(b'{"id":1}')]}) == (
        b'{"n":1180591620717411303424,"rows":[{"id":1}]}'
    )


def test_a_number_of_more_than_64_bits_in_a_query_is_answered(engine: Engine) -> None:
    """A document that gives a list no largest page takes any; the answer repeats it and holds rows all the same."""
    shown = call(engine, "GET", f"/labels?limit={2**70}")
    assert shown["limit"] == 2**70
    assert len(shown["items"]) > 0
