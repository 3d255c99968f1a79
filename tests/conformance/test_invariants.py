"""Invariants of pages, keys and windows that a server can break without breaking any single answer."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from troth.conformance import Outcome, Target, verify
from troth.contract import Contract

from .conftest import BASE, EngineTransport, engine_of


@pytest.mark.parametrize(
    ("fault", "clause", "told"),
    [
        ("page-reversed", "pagination.complete@listClients", "has another order from row"),
        ("replay-acts", "idempotency.replay@createClient", "A repeated key creates a second row"),
        ("mismatch-acts", "idempotency.mismatch@createClient", "refused for its key creates a row"),
        ("reset-far", "rate-limit.headers@listClients", "s are left of a window of 3600 s"),
        ("window-carried", "rate-limit.retry-after@listClients", "requests left after its first, of"),
    ],
)
def test_a_broken_invariant_is_named(
    held: Callable[..., Outcome], fault: str, clause: str, told: str
) -> None:
    (finding,) = held([fault], only=[clause]).findings
    assert told in finding.title
    assert [case.verdict for case in held([], only=[clause]).cases] == ["conform"]


class Crowded(EngineTransport):
    """A server on which somebody else makes a client whenever a key is used."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = super().handle_request(request)
        if request.method == "POST" and "idempotency-key" in request.headers:
            theirs = {name: request.headers[name] for name in ("x-api-key", "x-troth-sandbox")}
            body = {"name": "Somebody else's"}
            super().handle_request(httpx.Request("POST", request.url, json=body, headers=theirs))
        return found


def test_rows_of_others_are_not_blamed_on_a_key(clientcasa: Contract) -> None:
    """Lists grow while a run looks; only a second row with what was sent is a second effect."""
    target = Target(f"{BASE}/api", transport=Crowded(engine_of(clientcasa)))
    only = ["idempotency.replay@createClient", "idempotency.mismatch@createClient"]
    outcome = verify(clientcasa, target, only=only, reproduce=False)
    assert [case.verdict for case in outcome.cases] == ["conform", "conform"]
