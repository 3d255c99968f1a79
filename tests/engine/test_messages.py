"""Requests and responses: header fields, query pairs, JSON."""

from __future__ import annotations

import pytest

from troth.engine.messages import Request, Response, dump, fold_headers


def test_repeated_fields_are_joined() -> None:
    """With commas (RFC 9110 section 5.3), cookies with semicolons (RFC 9113 section 8.2.3); names are lower case."""
    raw = [(b"X-A", b"1"), (b"cookie", b"a=1"), (b"x-a", b"2"), (b"Cookie", b"b=2"), (b"x-b", b"\xe9")]
    assert fold_headers(raw) == {"x-a": "1, 2", "cookie": "a=1; b=2", "x-b": "é"}


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", []),
        ("a=1&a=2&b", [("a", "1"), ("a", "2"), ("b", "")]),
        ("a=%C3%A9+b&%61=%zz", [("a", "é b"), ("a", "%zz")]),
        ("a=%ff", [("a", "\ufffd")]),
        ("&&=&a=b=c", [("", ""), ("a", "b=c")]),
    ],
)
def test_query_pairs_keep_their_order(query: str, pairs: list[tuple[str, str]]) -> None:
    """Decoded, empty values kept, invalid UTF-8 replaced."""
    assert Request("GET", "/", query).pairs() == pairs


def test_headers_of_a_response_are_found_in_any_case() -> None:
    """The first one; None without."""
    response = Response(200, [(b"x-a", b"1"), (b"x-a", b"2")], b"[1]")
    assert (response.header("X-A"), response.header("x-b"), response.json()) == ("1", None, [1])


def test_json_is_compact_and_total() -> None:
    """Keys of any type, and text for what JSON has no word for."""
    assert dump({"a": [1, None], 2: "é"}) == '{"a":[1,null],"2":"é"}'.encode()
    assert dump({"when": object}).startswith(b'{"when":"<class')
