"""``Prefer``: every documented outcome of every operation can be had for one request."""

from __future__ import annotations

from typing import Any

import pytest

from troth.contract import Contract, load_contract, validators
from troth.contract.model import Operation

CONTRACT: Contract = load_contract("clientcasa")
CHECKS = validators(CONTRACT)
FORCED = [
    pytest.param(operation, status, id=f"{operation.id}-{status}")
    for operation in CONTRACT.operations
    for status in operation.responses
    if status.isdigit()
]


def ask(server: Any, operation: Operation, prefer: str) -> Any:
    path = operation.path
    for parameter in operation.parameters:
        if parameter.location == "path":
            path = path.replace(f"{{{parameter.name}}}", "acf3604e-e2dd-5b9a-889b-6d3c930b83a5")
    return server.client().request(operation.method, path, headers={"prefer": prefer})


def is_documented(operation: Operation, answer: Any) -> bool:
    """The answer has the documented headers, and its body satisfies the documented schema."""
    response = operation.response_for(answer.status_code)
    assert response is not None
    assert {name.lower() for name, header in response.headers.items() if header.required} <= set(
        answer.headers
    )
    media = next(iter(response.media.values()), None)
    if media is None:
        assert answer.content == b""
        return True
    assert answer.headers["content-type"].startswith(media.content_type)
    assert media.schema_pointer is not None
    violations = CHECKS.at(media.schema_pointer, "response").violations(answer.json())
    assert violations == [], answer.text
    return True


@pytest.mark.parametrize(("operation", "status"), FORCED)
def test_a_documented_status_can_be_forced(server: Any, operation: Operation, status: str) -> None:
    """``code`` gives the documented example; ``dynamic`` gives values made from the schema, by seed."""
    plain = ask(server, operation, f"code={status}")
    assert plain.status_code == int(status), plain.text
    assert is_documented(operation, plain)
    made = [ask(server, operation, f"code={status}, dynamic=true, seed={seed}") for seed in (1, 1, 2)]
    assert [answer.status_code for answer in made] == [int(status)] * 3
    assert all(is_documented(operation, answer) for answer in made)
    assert made[0].content == made[1].content


def test_named_examples_are_chosen(server: Any) -> None:
    """``example`` picks one by its name; a name that is not documented is answered with those that are."""
    named = [
        (operation, status, name, media)
        for operation in CONTRACT.operations
        for status, response in operation.responses.items()
        for media in response.media.values()
        for name in media.examples
        if status.isdigit() and len(media.examples) > 1
    ]
    for operation, status, name, media in named:
        answer = ask(server, operation, f"code={status}, example={name}")
        given = media.examples[name]
        assert answer.json() == given.get("value", given), (operation.id, name)
    refused = ask(server, CONTRACT.operations[0], "example=nothing-like-it")
    assert refused.status_code == 400
    assert "There is no example 'nothing-like-it'; documented:" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("prefer", "message"),
    [
        ("code=418", "code=418 is not documented for listClients; documented: 200, 400, 401"),
        ("code=2000", "is not documented"),
        ("code=abc", "is not documented"),
        ("fault=page-skips-raw", "Did you mean 'page-skips-row'?"),
    ],
)
def test_what_is_not_documented_is_refused(server: Any, prefer: str, message: str) -> None:
    """The error says what could be asked for."""
    answer = server.client().get("/v1/clients", headers={"prefer": prefer})
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_forcing_still_needs_a_credential(server: Any) -> None:
    """A forced answer is given to known callers only, as every answer."""
    assert server.client("nobody").get("/v1/clients", headers={"prefer": "code=200"}).status_code == 401


def test_forcing_leaves_no_trace(server: Any) -> None:
    """A forced 201 stores nothing."""
    client = server.client()
    before = client.get("/v1/clients").json()["pagination"]["total"]
    assert (
        client.post("/v1/clients", headers={"prefer": "code=201"}, json={"name": "Ghost"}).status_code == 201
    )
    assert client.get("/v1/clients").json()["pagination"]["total"] == before


def test_a_fault_holds_for_one_request(server: Any) -> None:
    """``fault`` bends this request and no other; several may be named."""
    client = server.client()
    right = client.get("/v1/clients").json()["pagination"]
    wrong = client.get("/v1/clients", headers={"prefer": "fault=total-wrong, fault=has-more-wrong"}).json()[
        "pagination"
    ]
    assert (wrong["total"], wrong["hasMore"]) == (right["total"] + 1, not right["hasMore"])
    assert client.get("/v1/clients").json()["pagination"] == right


def test_unknown_preferences_are_ignored(server: Any) -> None:
    """RFC 7240 section 2."""
    answer = server.client().get(
        "/v1/clients?pageSize=1", headers={"prefer": "respond-async, handling=lenient"}
    )
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 1


def test_waiting_delays_one_request_only(server: Any) -> None:
    """While one request waits, others are answered: the delayed one arrives last."""
    slow = b"GET /api/v1/clients?pageSize=1 HTTP/1.1\r\nhost: mock\r\nprefer: wait=0.3\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(slow)
        connection.settimeout(0.05)
        assert server.client().get("/v1/clients?pageSize=1").status_code == 200
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(10)
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")
