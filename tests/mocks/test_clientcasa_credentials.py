"""Who may call: keys in either header, and a scope for every operation."""

from __future__ import annotations

from typing import Any

import pytest

KEY = "cc_test_northlight_owner_0001"


def scope(resource: str, verb: str) -> str:
    return f"{resource}:{'read' if verb in 'LG' else 'write'}"


def reversed_scope(resource: str, verb: str) -> str:
    return f"{'read' if verb in 'LG' else 'write'}:{resource}"


def attempt(mock: Any, caller: Any, operation: tuple[str, str]) -> Any:
    """The operation on the first object there, with a body that would be accepted."""
    resource, verb = operation
    identifier = mock.owner.get(resource, pageSize=1).json()["data"][0]["id"]
    return caller.request(resource, verb, identifier, mock.body(resource) if verb == "C" else {})


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": KEY},
        {"X-API-KEY": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
    ],
)
def test_r24_both_headers_carry_the_key(mock: Any, headers: dict[str, str]) -> None:
    """``x-api-key`` and ``Authorization: Bearer`` give the same answer to reads and the same right to write."""
    caller = mock.caller(headers)
    assert caller.get("clients").content == mock.owner.get("clients").content
    assert caller.created("clients", mock.body("clients")) in mock.owner.rows("clients")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "cc_test_unknown"},
        {"x-api-key": KEY.upper()},
        {"x-api-key": f"{KEY}x"},
        {"x-api-key": f"Bearer {KEY}"},
        {"Authorization": KEY},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Token {KEY}"},
        {"Authorization": "Bearer cc_test_unknown"},
        {"Authorization": "Bearer a.b.c"},
        {"Cookie": f"x-api-key={KEY}"},
    ],
)
def test_r24_anything_else_is_unauthorized(mock: Any, headers: dict[str, str]) -> None:
    """Missing, empty, unknown and misplaced keys answer 401 with a challenge."""
    answer = mock.caller(headers).get("clients")
    mock.refused(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_r24_a_key_in_the_query_does_not_count(mock: Any) -> None:
    """Keys travel in headers only."""
    mock.refused(mock.anonymous.get("clients", **{"x-api-key": KEY}), 401, "unauthorized")


def test_r24_an_expired_key_is_unauthorized(mock: Any) -> None:
    """A key with an end works until then."""
    caller = mock.scoped("clients:read", expires="2026-06-15T10:00:00Z")
    mock.advance("59m")
    assert caller.get("clients").status_code == 200
    mock.advance("1m")
    mock.refused(caller.get("clients"), 401, "unauthorized")


def test_r26_every_operation_needs_a_credential(mock: Any, operation: tuple[str, str]) -> None:
    """Without one, and with an unknown one, each operation answers 401 and does nothing."""
    resource, _ = operation
    before = mock.owner.rows(resource)
    mock.refused(attempt(mock, mock.anonymous, operation), 401, "unauthorized")
    mock.refused(attempt(mock, mock.key("cc_test_unknown"), operation), 401, "unauthorized")
    assert mock.owner.rows(resource) == before


def test_r26_every_operation_needs_its_scope(mock: Any, operation: tuple[str, str]) -> None:
    """With every scope but its own each operation answers 403, names the scope and does nothing."""
    resource, verb = operation
    every = {scope(*one) for one in mock.operations}
    before = mock.owner.rows(resource)
    for scopes in (every - {scope(*operation)}, set()):
        error = mock.refused(attempt(mock, mock.scoped(*scopes), operation), 403, "forbidden")
        assert scope(resource, verb) in str(error)
    assert mock.owner.rows(resource) == before


@pytest.mark.parametrize("spelling", [scope, reversed_scope])
def test_r26_its_scope_alone_is_enough(mock: Any, operation: tuple[str, str], spelling: Any) -> None:
    """``clients:read`` and ``read:clients`` are the same: a key with only that passes for its operations."""
    answer = attempt(mock, mock.scoped(spelling(*operation)), operation)
    assert answer.status_code in (200, 201, 204, 409), answer.text


def test_r26_scope_is_asked_before_the_object(mock: Any, resource: str) -> None:
    """Without the scope an id that does not exist answers 403 as one that does, so it tells nothing."""
    caller = mock.scoped()
    unknown = caller.get(f"{resource}/0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f")
    known = caller.get(f"{resource}/{mock.owner.rows(resource)[0]['id']}")
    first, second = (mock.refused(answer, 403, "forbidden") for answer in (unknown, known))
    assert {**first, "requestId": ""} == {**second, "requestId": ""}


def test_r26_scope_is_asked_before_the_body(mock: Any, creatable: str) -> None:
    """A reader with a body that is no JSON is told that it may not write."""
    answer = mock.reader.send("POST", creatable, content=b"{", headers={"content-type": "application/json"})
    mock.refused(answer, 403, "forbidden")


def test_r26_a_reader_reads_everything_and_writes_nothing(mock: Any, operation: tuple[str, str]) -> None:
    """The read-only key gets 200 from every list and get, and 403 from every write."""
    _, verb = operation
    answer = attempt(mock, mock.reader, operation)
    if verb in "LG":
        assert answer.status_code == 200
    else:
        mock.refused(answer, 403, "forbidden")


def test_r26_write_does_not_include_read(mock: Any, creatable: str) -> None:
    """The write scope opens neither list nor get."""
    caller = mock.scoped(f"{creatable}:write")
    mock.refused(caller.get(creatable), 403, "forbidden")
