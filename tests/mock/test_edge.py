"""The HTTP edge: whatever comes over the wire gets an answer in the API's own envelope, and never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest

PATH = "/api/v1/clients"
KEY = "x-api-key: cc_test_northlight_owner_0001\r\n"
JSON = "content-type: application/json\r\n"
LIMIT = 10 * 1024 * 1024


def request(
    method: str, target: str, headers: str = "", body: bytes = b"", *, key: str = KEY, version: str = "1.1"
) -> bytes:
    """The bytes of a request; a length is added unless the headers say how long the body is."""
    if body and "content-length" not in headers and "transfer-encoding" not in headers:
        headers += f"content-length: {len(body)}\r\n"
    return f"{method} {target} HTTP/{version}\r\nhost: mock\r\n{key}{headers}\r\n".encode("latin-1") + body


def is_refused(answer: Any, status: int, code: str) -> bool:
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (status, code), answer
    assert error["requestId"].startswith("req_")
    assert answer.headers["content-type"].startswith("application/json")
    return True


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_a_wrong_method_is_405_with_allow(server: Any, method: str) -> None:
    """RFC 9110 section 15.5.6: the methods that the path has are listed."""
    answer = server.raw(request(method, PATH))
    assert is_refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_options_lists_the_methods(server: Any) -> None:
    """OPTIONS is answered without content, and needs no credential."""
    answer = server.raw(request("OPTIONS", PATH, key=""))
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("target", [PATH, PATH + "/unknown", "/api/v1/nothing"])
def test_head_is_get_without_the_body(server: Any, target: str) -> None:
    """Same status and same length as GET; nothing follows the headers, so the connection can be used again."""
    with server.connect() as connection:
        connection.sendall(request("HEAD", target) + request("GET", target))
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(65536)
    head, _, rest = received.partition(b"\r\n\r\n")
    headers, _, body = rest.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == headers.split(b"\r\n")[0]
    assert f"content-length: {len(body)}".encode() in head


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


def test_a_chunked_body_is_read(server: Any) -> None:
    """Chunks of any size make one body."""
    parts = chunked(b'{"na', b'me":"In', b' pieces"}')
    answer = server.raw(request("POST", PATH, JSON + "transfer-encoding: chunked\r\n", parts))
    assert answer.status == 201
    assert answer.json()["name"] == "In pieces"


def test_an_empty_chunked_body_is_a_missing_one(server: Any) -> None:
    """The last chunk alone is no content."""
    answer = server.raw(request("POST", PATH, JSON + "transfer-encoding: chunked\r\n", chunked()))
    assert is_refused(answer, 400, "invalid_request")
    assert "required" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"name":"\xff\xfe"}', id="invalid UTF-8"),
        pytest.param(b'{"name":"\\ud800"}', id="a lone surrogate"),
        pytest.param(b'{"name":"ok","\\udfff":1}', id="a lone surrogate as name"),
        pytest.param(b'{"name":NaN}', id="NaN"),
        pytest.param(b'{"name":-Infinity}', id="Infinity"),
        pytest.param(b'{"name":1e999}', id="a number beyond doubles"),
        pytest.param(b'{"name":' + b"9" * 5000 + b"}", id="an integer of 5000 digits"),
        pytest.param(b"[" * 100_000, id="100,000 open brackets"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="100,000 nested lists"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="50,000 nested objects"),
        pytest.param(b'{"name":"a","x":' + b"[" * 300 + b"]" * 300 + b"}", id="300 nested lists in a member"),
        pytest.param(b'\xef\xbb\xbf{"name":"a"}', id="a byte order mark"),
        pytest.param(b"   ", id="white space"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"5", id="a number"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"name":"a",}', id="a trailing comma"),
        pytest.param(b'{"name":"a"} x', id="something after the value"),
        pytest.param(b'{"name":"a","name":5}', id="a repeated member whose last value is wrong"),
        pytest.param(b'{"name":true}', id="a wrong type"),
    ],
)
def test_a_body_that_cannot_be_used_is_400(server: Any, body: bytes) -> None:
    """Refused by name in the envelope, and the server lives on."""
    headers = JSON if body else JSON + "content-length: 0\r\n"
    assert is_refused(server.raw(request("POST", PATH, headers, body)), 400, "invalid_request")


def test_every_violation_is_reported_at_once(server: Any) -> None:
    """One answer lists all that is wrong with a body, each with a JSON pointer."""
    body = json.dumps({"name": "", "status": "no such", "notes": 5}).encode()
    violations = server.raw(request("POST", PATH, JSON, body)).json()["error"]["details"]["violations"]
    assert {violation["pointer"] for violation in violations} == {"/name", "/status", "/notes"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("pageSize=1&pageSize=1", 200),
        ("pageSize=1&pageSize=2", 400),
        ("status=active&status=new", 400),
        ("page=", 400),
        ("page=0", 400),
        ("page=1e2", 400),
        ("page=1.0", 400),
        ("page=%D9%A1", 400),
        ("page=+1", 400),
        ("page=" + "9" * 400, 200),
        ("page=9223372036854775808", 200),
        ("pageSize=%zz", 400),
        ("%ff%fe=&=&&;&unknown[]=1", 200),
        ("x=" + "a" * 60_000, 200),
    ],
)
def test_query_parameters_are_read_strictly(server: Any, query: str, status: int) -> None:
    """Repeated, empty, huge and badly encoded parameters are read or refused; what nobody declared is ignored."""
    answer = server.raw(request("GET", f"{PATH}?{query}"))
    assert answer.status == status, answer.body
    assert "data" in answer.json() if status == 200 else is_refused(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (PATH + "/a%2Fb", "There is no such resource."),
        (PATH + "/%zz%ff%00", "There is no such resource."),
        (PATH + "/" + "a" * 60_000, "There is no such resource."),
        (PATH + "/", "There is no such path."),
        ("/api//v1/clients", "There is no such path."),
        ("/api/v1/../v1/clients", "There is no such path."),
        ("/api", "There is no such path."),
        ("/", "There is no such path."),
        ("*", "There is no such path."),
    ],
)
def test_paths_are_matched_as_they_came(server: Any, target: str, code: str) -> None:
    """A percent-encoded slash stays inside its parameter; nothing is normalised behind the caller's back."""
    answer = server.raw(request("GET", target))
    assert is_refused(answer, 404, "not_found")
    assert answer.json()["error"]["message"] == code


def test_a_target_in_absolute_form_is_served(server: Any) -> None:
    """RFC 9112 section 3.2.2: servers accept what proxies send."""
    assert server.raw(request("GET", f"http://elsewhere{PATH}?pageSize=1")).status == 200


def test_an_encoded_path_is_the_same_path(server: Any) -> None:
    """Unreserved characters may be percent-encoded (RFC 3986 section 2.3)."""
    assert server.raw(request("GET", "/api/v1/%63lients?pageSize=1")).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("", 201),
        (JSON, 201),
        ("content-type: Application/JSON ; charset=utf-8\r\n", 201),
        ("content-type: text/csv\r\n", 400),
        ("content-type: application/json\r\ncontent-type: text/plain\r\n", 400),
        ("content-type: multipart/form-data\r\n", 400),
    ],
)
def test_the_content_type_is_looked_at(server: Any, headers: str, status: int) -> None:
    """JSON is assumed where nothing is said, and anything else than JSON is refused."""
    answer = server.raw(request("POST", PATH, headers, b'{"name":"Typed"}'))
    assert answer.status == status, answer.body
    assert status == 201 or is_refused(answer, 400, "invalid_request")


def test_repeated_credentials_are_no_credential(server: Any) -> None:
    """Two keys are joined to one that nobody has."""
    assert is_refused(server.raw(request("GET", PATH, "x-api-key: other\r\n")), 401, "unauthorized")


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "Bearer \xff", "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30.", "Basic !!", ""],
)
def test_strange_credentials_are_401(server: Any, value: str) -> None:
    """Including a token that says it is not signed."""
    assert is_refused(
        server.raw(request("GET", PATH, f"authorization: {value}\r\n", key="")), 401, "unauthorized"
    )


@pytest.mark.parametrize("count", [LIMIT + 1, LIMIT + 1_000_000, 2 * LIMIT + 5_000_000])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_oversized_body_is_refused_and_the_connection_closed(
    server: Any, count: int, framing: str
) -> None:
    """The mock reads 10 MiB and no more, however the body is framed."""
    body = b" " * count if framing == "length" else chunked(*[b" " * 1_000_000] * (count // 1_000_000 + 1))
    headers = JSON if framing == "length" else JSON + "transfer-encoding: chunked\r\n"
    answer = server.raw(request("POST", PATH, headers, body))
    assert is_refused(answer, 400, "invalid_request")
    assert answer.headers["connection"] == "close"


def test_a_body_that_just_fits_is_read(server: Any) -> None:
    """10 MiB of white space around a value are still a value."""
    value = b'{"name":"Wide"}'
    body = value + b" " * (LIMIT - len(value))
    assert server.raw(request("POST", PATH, JSON, body)).status == 201


def test_expect_is_answered_with_continue(server: Any) -> None:
    """RFC 9110 section 10.1.1: the client waits for 100 before it sends its body."""
    body = b'{"name":"Patient"}'
    head = request("POST", PATH, JSON + f"expect: 100-continue\r\ncontent-length: {len(body)}\r\n")
    with server.connect() as connection:
        connection.sendall(head)
        interim = connection.recv(4096)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 Created")


def test_requests_may_be_pipelined(server: Any) -> None:
    """Several requests sent at once are answered in their order."""
    targets = [f"{PATH}?pageSize={size}" for size in (1, 2, 3)]
    with server.connect() as connection:
        connection.sendall(b"".join(request("GET", target) for target in targets))
        connection.sendall(request("GET", f"{PATH}?pageSize=4", "connection: close\r\n"))
        received = b""
        while part := connection.recv(65536):
            received += part
    sizes = [int(part.split(b",")[0]) for part in received.split(b'"pageSize":')[1:]]
    assert sizes == [1, 2, 3, 4]


def test_http_1_0_is_spoken(server: Any) -> None:
    """The connection closes after the answer."""
    answer = server.raw(request("GET", f"{PATH}?pageSize=1", version="1.0"))
    assert answer.status == 200
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "data",
    [
        request("POST", PATH, JSON + "content-length: 3\r\ncontent-length: 5\r\n", b"12345"),
        request("POST", PATH, JSON + "content-length: -3\r\n", b"x"),
        request("POST", PATH, JSON + "content-length: 3\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
        request("POST", PATH, JSON + "transfer-encoding: chunked\r\n", b"zz\r\n\r\n"),
        request("GET", PATH + "/\xe9"),
        request("GET", PATH + "/" + "a" * 1_000_000),
        request("FROBNICATE", PATH),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\nhello\r\n\r\n",
    ],
)
def test_what_is_not_http_is_400(server: Any, data: bytes) -> None:
    """Refused by the server before the mock sees it; the connection closes."""
    answer = server.raw(data)
    assert (answer.status, answer.headers["connection"]) == (400, "close")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("prefer: code=\xb2\xb2\xb2", 400),
        ("prefer: code=999999999999999999", 400),
        ("prefer: dynamic=true; seed=\xb2", 200),
        ("prefer: dynamic=true, seed=" + "9" * 5000, 200),
        ('prefer: wait=1e9;;;=,"', 200),
        ("x-troth-sandbox: \xff/..%00", 200),
        ("x-long: " + "a" * 50_000, 200),
        ("accept: nothing/known;q=2;;", 200),
        ("\r\n".join(f"x-{index}: a" for index in range(1000)), 200),
    ],
)
def test_strange_headers_do_no_harm(server: Any, header: str, status: int) -> None:
    """Header values that nobody sends on purpose are ignored or refused."""
    answer = server.raw(request("GET", f"{PATH}?pageSize=1", header + "\r\n"))
    assert answer.status == status, answer.body


@pytest.mark.parametrize(
    ("key", "status"), [("a" * 255, 201), ("a" * 256, 400), ("", 400), ("\xff\xfe", 201)]
)
def test_idempotency_keys_of_any_bytes(server: Any, key: str, status: int) -> None:
    """1 to 255 characters, whatever they are."""
    headers = f"{JSON}idempotency-key: {key}\r\n"
    first, second = (server.raw(request("POST", PATH, headers, b'{"name":"Keyed"}')) for _ in range(2))
    assert first.status == second.status == status
    assert status == 400 or first.body == second.body


def test_a_client_that_leaves_early_is_forgotten(server: Any) -> None:
    """Half a request and a closed connection leave no trace."""
    before = server.client().get("/v1/clients").json()["pagination"]["total"]
    for data in (request("POST", PATH, JSON + "content-length: 100\r\n", b'{"name":'), b"POST /api/v1", b""):
        with server.connect() as connection:
            connection.sendall(data)
    assert server.client().get("/v1/clients").json()["pagination"]["total"] == before
