"""Conditional requests and linked pages over HTTP: heads without bodies, and addresses that lead back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PRACTICE = Path(__file__).parents[1] / "conformance" / "practice" / "openapi.yaml"


def test_an_answer_without_the_row_has_no_length_and_the_connection_goes_on(serve: Any) -> None:
    """304 ends with its head (RFC 9112 section 6.3); the next answer on the connection is whole."""
    running = serve(str(PRACTICE), "--seed", "1")
    head = "".join(f"{name}: {value}\r\n" for name, value in running.headers["alpha-owner"].items())
    path = f"{urlsplit(running.url).path}/matters/1.json"
    known = f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}If-None-Match: *\r\n\r\n"
    plain = f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}Connection: close\r\n\r\n"
    with running.connect() as connection:
        connection.sendall((known + plain).encode())
        received = b""
        while part := connection.recv(65536):
            received += part
    first, _, rest = received.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 304 ")
    assert b"content-length" not in first.lower()
    assert b"etag" in first.lower()
    assert rest.startswith(b"HTTP/1.1 200 ")
    assert rest.endswith(b'"}}')


def test_links_lead_back_to_the_server_that_was_asked(serve: Any) -> None:
    """Page after page until there is none, each row once."""
    client = serve(str(PRACTICE), "--seed", "1").client("alpha-owner")
    whole = [row["id"] for row in client.get("/matters.json").json()["data"]]
    found: list[int] = []
    address: str | None = "/matters.json?limit=1"
    while address is not None:
        page = client.get(address).json()
        found += [row["id"] for row in page["data"]]
        address = page["meta"]["paging"].get("next")
        assert address is None or address.startswith(str(client.base_url))
    assert found == whole
    assert len(found) > 1
