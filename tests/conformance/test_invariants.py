"""Invariants of pages, keys and windows that a server can break without breaking any single answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from troth.conformance import Outcome, Target, verify
from troth.contract import Contract, load_contract

from .conftest import BASE, EngineTransport, engine_of


@pytest.mark.parametrize(
    ("fault", "clause", "told"),
    [
        ("page-reversed", "pagination.complete@listClients", "has another order from row"),
        ("page-gap", "pagination.complete@listClients", "rows instead of"),
        ("replay-before-rights", "idempotency.rights@createClient", "403 without it"),
        ("replay-before-rights", "idempotency.rights@updateClient", "403 without it"),
        ("replay-acts", "idempotency.replay@createClient", "A repeated key creates a second row"),
        ("mismatch-acts", "idempotency.mismatch@createClient", "refused for its key creates a row"),
        ("refusal-spends-key", "idempotency.unspent@createClient", "refused as invalid uses up its key"),
        ("key-on-read", "idempotency.reads@getClient", "A read with a key answers 409 instead of 200"),
        ("replay-announces", "idempotency.announced@createClient", "announces 'client_created' 2 times"),
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


@pytest.mark.parametrize(
    ("contract", "fault", "clause", "told"),
    [
        ("firm", "error-status-wrong", "errors.envelope@listContacts", "says in its body that its status is"),
        ("practice", "weak-match-accepted", "conditional.stale@updateMatter", "If-Match compares strongly"),
        ("practice", "weak-match-accepted", "conditional.stale@deleteMatter", "If-Match compares strongly"),
        ("till", "weak-match-accepted", "conditional.stale@updateAccount", "If-Match compares strongly"),
    ],
)
def test_a_broken_standard_is_named(
    held: Callable[..., Outcome], contract: str, fault: str, clause: str, told: str
) -> None:
    """What a standard asks of bodies and tags holds for every contract that uses them."""
    made = load_contract(str(Path(__file__).parent / contract / "openapi.yaml"))
    (finding,) = held([fault], made, only=[clause]).findings
    assert told in finding.title
    assert [case.verdict for case in held([], made, only=[clause]).cases] == ["conform"]


_CHALLENGED = """\
overlay: 1.0.0
info: {title: Challenges, version: "1"}
actions:
  - target: $.components.responses.Unauthorized
    update: {headers: {WWW-Authenticate: {schema: {type: string}}}}
"""


def test_a_challenge_is_due_where_it_is_documented(
    held: Callable[..., Outcome], clientcasa: Contract, tmp_path: Path
) -> None:
    """Every 401 should have one (RFC 9110 section 15.5.2); a contract is held to those that it tells of."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(_CHALLENGED, "utf-8")
    documented = load_contract("clientcasa", overlays=[overlay])
    for clause in ("authentication.required@listClients", "authentication.invalid@listClients"):
        (finding,) = held(["challenge-missing"], documented, only=[clause]).findings
        assert finding.title == "401 comes without WWW-Authenticate"
        assert held([], documented, only=[clause]).findings == ()
        assert held(["challenge-missing"], clientcasa, only=[clause]).findings == ()


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


class Forgetful(EngineTransport):
    """A server that answers a read of a path under a key with what it answered before."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(engine_of(contract))
        self._known: dict[tuple[str, str], httpx.Response] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("idempotency-key")
        if request.method != "GET" or key is None:
            return super().handle_request(request)
        place = (key, request.url.path)
        if place not in self._known:
            self._known[place] = super().handle_request(request)
        found = self._known[place]
        return httpx.Response(found.status_code, headers=found.headers, content=found.read())


def test_a_read_that_is_replayed_is_stale(clientcasa: Contract) -> None:
    """Reads with one key are compared with a change in between, so a replay among reads alone is seen."""
    target = Target(f"{BASE}/api", transport=Forgetful(clientcasa))
    (finding,) = verify(clientcasa, target, only=["idempotency.reads@getClient"], reproduce=False).findings
    assert "shows 'name' as it was before" in finding.title
