"""Requests that nobody would write: whatever the bytes are, the answer is no 5xx and the mock lives on."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = (
    "",
    "x-api-key: cc_test_northlight_owner_0001\r\n",
    "authorization: Bearer cc_test_thornfield_owner_0001\r\n",
)
COLLECTIONS = [
    "clients",
    "contacts",
    "projects",
    "invoices",
    "contracts",
    "client-documents",
    "document-versions",
    "forms",
    "form-submissions",
    "payments",
    "payouts",
    "time-entries",
    "milestones",
    "calendar-events",
    "transactions",
    "catalog-items",
    "webhooks",
]

names = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0:"), max_size=12)
pieces = st.one_of(
    st.sampled_from(
        [*COLLECTIONS, "v1", "api", "..", "%2F", "%00", "%ff", "acf3604e-e2dd-5b9a-889b-6d3c930b83a5"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#?"), max_size=8),
)
queries = st.lists(
    st.tuples(
        st.sampled_from(["page", "pageSize", "status", "clientId", "search", "from", "to", "%5B%5D", ""]),
        st.one_of(
            st.integers().map(str), st.sampled_from(["", "%", "%zz", "active", "2026-01-01", "null", "-0"])
        ),
    ),
    max_size=4,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
headers = st.lists(
    st.tuples(
        st.sampled_from(
            ["prefer", "content-type", "idempotency-key", "accept", "x-troth-sandbox", "cookie", "x-a"]
        ),
        st.one_of(
            names, st.sampled_from(["code=404", "code=5", "dynamic=true", "fault=crahs", "application/json"])
        ),
    ),
    max_size=3,
)


@EXAMPLES
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    path=st.lists(pieces, max_size=4),
    query=queries,
    fields=headers,
    key=st.sampled_from(KEYS),
    body=st.one_of(st.binary(max_size=40), values.map(repr).map(str.encode), values.map(str).map(str.encode)),
)
def test_a_well_framed_request_never_fails(
    server: Any,
    method: str,
    path: list[str],
    query: str,
    fields: list[tuple[str, str]],
    key: str,
    body: bytes,
) -> None:
    """Any method, path, query, header and body below ``/api``."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    head = f"{method} /api/v1/{'/'.join(path)}?{query} HTTP/1.1\r\nhost: mock\r\n{key}{lines}"
    data = f"{head}content-length: {len(body)}\r\n\r\n".encode("latin-1", "replace") + body
    answer = server.raw(data, method)
    assert answer.status < 500, (data, answer)


@EXAMPLES
@given(
    operation=st.sampled_from(COLLECTIONS),
    method=st.sampled_from(["POST", "PATCH"]),
    body=st.dictionaries(
        st.sampled_from(
            [
                "id",
                "name",
                "clientId",
                "status",
                "notes",
                "date",
                "dueDate",
                "amount",
                "lineItems",
                "events",
                "url",
                "secret",
                "title",
                "startTime",
                "endTime",
                "invoiceId",
                "projectId",
                "duration",
                "quantity",
                "type",
                "createdAt",
                "metadata",
            ]
        ),
        values,
        max_size=5,
    ),
)
def test_any_json_body_is_accepted_or_refused(
    server: Any, operation: str, method: str, body: dict[str, Any]
) -> None:
    """Known names with values of every kind: the answer is a success or an error of the client."""
    data = json.dumps(body).encode()
    target = f"/api/v1/{operation}" + ("/acf3604e-e2dd-5b9a-889b-6d3c930b83a5" if method == "PATCH" else "")
    head = f"{method} {target} HTTP/1.1\r\nhost: mock\r\n{KEYS[1]}content-type: application/json\r\n"
    answer = server.raw(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data, method)
    assert answer.status < 500, (data, answer)


@EXAMPLES
@given(data=st.binary(max_size=120))
def test_arbitrary_bytes_leave_the_mock_standing(server: Any, data: bytes) -> None:
    """What is no HTTP is refused, or waited for until the client leaves."""
    with server.connect() as connection:
        connection.sendall(data)
    assert server.raw(b"GET /__troth/health HTTP/1.1\r\nhost: mock\r\n\r\n").status == 200
