"""Cross-origin requests: what a browser asks before it lets a page call the mock."""

from __future__ import annotations

from typing import Any

import httpx

ORIGIN = {"origin": "http://localhost:5173"}


def test_a_preflight_is_answered_without_a_credential(server: Any) -> None:
    """The browser sends no key with it; method and headers that the page wants are allowed."""
    asked = {
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "x-api-key,content-type",
    }
    answer = httpx.options(f"{server.url}/v1/clients/x", headers=ORIGIN | asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN["origin"]
    assert answer.headers["access-control-allow-methods"] == "PATCH"
    assert answer.headers["access-control-allow-headers"] == "x-api-key,content-type"


def test_a_page_may_read_the_answer_and_its_headers(server: Any) -> None:
    """Refusals as well: a page has to see why."""
    key = server.headers["northlight-owner"]
    for headers, status in ((key, 200), ({}, 401)):
        answer = httpx.get(f"{server.url}/v1/clients", headers=ORIGIN | headers)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN["origin"]
        assert answer.headers["access-control-expose-headers"] == "*"
        assert answer.headers["vary"] == "Origin"


def test_without_an_origin_nothing_is_added(server: Any) -> None:
    """Whoever is no browser sees the API's own headers only."""
    answer = httpx.get(f"{server.url}/v1/clients", headers=server.headers["northlight-owner"])
    assert not [name for name in answer.headers if name.startswith("access-control")]
