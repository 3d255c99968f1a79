"""Every refusal has one envelope and a code that follows from its status."""

from __future__ import annotations

import json
from typing import Any

import pytest

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (409, "conflict"),
        (429, "rate_limited"),
        (500, "internal_error"),
    ],
)
def test_r27_each_status_has_its_code(mock: Any, status: int, code: str) -> None:
    """Every status that can be brought about has the code of the table."""
    answers = {
        400: lambda: mock.owner.post("clients", {}),
        401: lambda: mock.anonymous.get("clients"),
        403: lambda: mock.reader.post("clients", {}),
        404: lambda: mock.owner.get("clients/0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"),
        405: lambda: mock.owner.delete("clients"),
        409: lambda: mock.owner.delete(f"invoices/{mock.seeded('invoices', 1)}"),
        429: lambda: exhausted(mock),
        500: lambda: mock.owner.send(
            "GET", "clients/0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f", headers={"Prefer": "fault=crash"}
        ),
    }
    mock.refused(answers[status](), status, code)


def exhausted(mock: Any) -> Any:
    """The first answer after the last allowed request."""
    caller = mock.scoped("forms:read")
    return [caller.get("forms", pageSize=1) for _ in range(1001)][-1]


def test_r27_request_ids_are_unique(mock: Any) -> None:
    """No two refusals share an id."""
    ids = [mock.refused(mock.anonymous.get("clients"), 401, "unauthorized")["requestId"] for _ in range(20)]
    assert len(set(ids)) == 20


@pytest.mark.parametrize(
    ("name", "value"),
    [("pageSize", "0"), ("pageSize", "101"), ("page", "x"), ("status", "lead")],
)
def test_r27_details_name_the_parameter(mock: Any, name: str, value: str) -> None:
    """A refused parameter is named in message or details."""
    assert name in str(mock.refused(mock.owner.get("clients", **{name: value}), 400, "invalid_request"))


def test_r27_details_name_every_member_that_is_wrong(mock: Any) -> None:
    """All violations of a body come at once, each with a pointer to its place."""
    body = {
        "clientId": "x",
        "lineItems": [{"description": "A", "quantity": 0, "unitPrice": -1}],
        "dueDate": "soon",
    }
    details = str(mock.refused(mock.owner.post("invoices", body), 400, "invalid_request")["details"])
    for pointer in ("/clientId", "/lineItems/0/quantity", "/lineItems/0/unitPrice", "/dueDate"):
        assert pointer in details


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"name": "\xe9"}',
        b'{"name": NaN}',
        b'{"name": 1e999}',
        b"{'name': 'A'}",
        b'{"name": "A"} trailing',
        b'{"name": "\\ud800"}',
        b"[" * 3000,
        b'{"name":' + b'{"a":' * 3000,
    ],
)
def test_r27_an_unreadable_body_is_an_invalid_request(mock: Any, content: bytes) -> None:
    """Whatever is no JSON object in UTF-8 answers 400, never 500, and creates nothing."""
    count = len(mock.owner.rows("clients"))
    mock.refused(mock.owner.send("POST", "clients", content=content, headers=JSON), 400, "invalid_request")
    assert len(mock.owner.rows("clients")) == count


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x"])
def test_r27_another_media_type_is_an_invalid_request(mock: Any, content_type: str) -> None:
    """Only JSON is taken."""
    answer = mock.owner.send(
        "POST", "clients", content=b'{"name": "A"}', headers={"content-type": content_type}
    )
    mock.refused(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"]
)
def test_r27_json_is_taken_with_its_parameters(mock: Any, content_type: str) -> None:
    """The media type is compared without its parameters and case."""
    answer = mock.owner.send(
        "POST", "clients", content=b'{"name": "A"}', headers={"content-type": content_type}
    )
    assert answer.status_code == 201


def test_r27_a_chunked_body_is_read(mock: Any) -> None:
    """A body without a length is a body like any other."""
    parts = iter([b'{"na', b'me": "Chunked ', b'Pottery"}'])
    answer = mock.owner.send("POST", "clients", content=parts, headers=JSON)
    assert (answer.status_code, answer.json()["name"]) == (201, "Chunked Pottery")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v2/clients", "/v1/client", "/v1/clients/x/y", "/v1/clients/", "/v1//clients"]
)
def test_r27_an_unknown_path_is_not_found(mock: Any, path: str) -> None:
    """What no operation serves answers 404 in the API's own envelope, by any method."""
    for method in ("GET", "POST", "DELETE"):
        mock.refused(mock.owner.send(method, path), 404, "not_found")


@pytest.mark.parametrize("identifier", ["1", "x", "%20", "..%2Fclients", "null", "%00", "%ff", "a" * 3000])
def test_r27_a_malformed_id_is_not_found(mock: Any, identifier: str, resource: str) -> None:
    """An id that is no UUID answers as an unknown one does."""
    mock.refused(mock.owner.get(f"{resource}/{identifier}"), 404, "not_found")


def test_r27_a_wrong_method_says_what_is_right(mock: Any, resource: str) -> None:
    """405 carries Allow with exactly the methods of the path."""
    verbs = mock.verbs[resource]
    identifier = mock.owner.rows(resource)[0]["id"]
    for path, allowed in (
        (resource, {"GET"} | ({"POST"} if "C" in verbs else set())),
        (
            f"{resource}/{identifier}",
            {"GET"} | ({"PATCH"} if "U" in verbs else set()) | ({"DELETE"} if "D" in verbs else set()),
        ),
    ):
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            answer = mock.owner.send(method, path, json={})
            mock.refused(answer, 405, "method_not_allowed")
            assert {name.strip() for name in answer.headers["allow"].split(",")} - {
                "HEAD",
                "OPTIONS",
            } == allowed


@pytest.mark.parametrize(
    "query", ["page=1&page=2", "pageSize=%ff", "page=%00", "status=&status=", "page[]=1", "&&&", "=", "%"]
)
def test_r27_no_query_breaks_the_server(mock: Any, query: str) -> None:
    """Odd query strings are answered or refused, never failed on."""
    answer = mock.owner.send("GET", f"clients?{query}")
    if answer.status_code != 200:
        mock.refused(answer, 400, "invalid_request")


def test_r27_an_oversized_body_is_an_invalid_request(mock: Any) -> None:
    """Twelve megabytes are refused in the API's own envelope."""
    content = json.dumps({"name": "A" * 12_000_000}).encode()
    mock.refused(mock.owner.send("POST", "clients", content=content, headers=JSON), 400, "invalid_request")


@pytest.mark.parametrize("value", [None, 5, "", "A" * 201, ["A"], {"a": 1}, True])
def test_r27_a_name_of_the_wrong_form_is_refused(mock: Any, value: Any) -> None:
    """A name is text of 1 to 200 characters, in create and update alike."""
    identifier = mock.seeded("clients", 1)
    for answer in (
        mock.owner.post("clients", {"name": value}),
        mock.owner.patch(f"clients/{identifier}", {"name": value}),
    ):
        assert "/name" in str(mock.refused(answer, 400, "invalid_request")["details"])


def test_r27_a_name_counts_characters(mock: Any) -> None:
    """200 characters outside ASCII are 200 characters."""
    name = "𝄞é" * 100
    assert mock.owner.created("clients", {"name": name})["name"] == name
