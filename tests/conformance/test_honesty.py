"""A run that could not see enough says so: no target is called conform because nothing was asked."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from troth.conformance import Principal, Target, verify
from troth.contract import Contract
from troth.errors import TargetError

from .conftest import BASE, EngineTransport, engine_of

KNOWN = (
    Principal("acme", "a", {"x-api-key": "one"}),
    Principal("globex", "b", {"x-api-key": "two"}),
)
EMPTY = {"data": [], "pagination": {"page": 1, "pageSize": 20, "total": 0, "totalPages": 0, "hasMore": False}}


def refusal(status: int, code: str) -> httpx.Response:
    body = {"error": {"code": code, "message": "No.", "requestId": f"req_{status}"}}
    return httpx.Response(status, json=body)


def empty(request: httpx.Request) -> httpx.Response:
    """An API that has nothing and takes nothing."""
    if request.headers.get("x-api-key") not in ("one", "two"):
        return refusal(401, "unauthorized")
    if request.method == "GET" and request.url.path.count("/") == 3:
        return httpx.Response(200, json=EMPTY)
    return refusal(404, "not_found")


VACUOUS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "everything 401": lambda _: refusal(401, "unauthorized"),
    "everything 404": lambda _: refusal(404, "not_found"),
    "everything 429": lambda _: refusal(429, "rate_limited"),
    "everything 500": lambda _: refusal(500, "internal_error"),
    "always empty": empty,
}


@pytest.mark.parametrize("name", VACUOUS)
def test_a_vacuous_target_is_never_green(name: str, clientcasa: Contract) -> None:
    """Whatever a target answers to everything, it does not conform."""
    target = Target(f"{BASE}/api", KNOWN, transport=httpx.MockTransport(VACUOUS[name]))
    assert verify(clientcasa, target).exit_code in (1, 5)


@pytest.mark.parametrize("name", ["everything 401", "everything 404", "everything 429"])
def test_a_target_that_serves_nobody_exercises_too_little(name: str, clientcasa: Contract) -> None:
    """Where the clauses that a refusal satisfies are all that was judged, the run ends with 5 and a reason."""
    target = Target(f"{BASE}/api", KNOWN, transport=httpx.MockTransport(VACUOUS[name]))
    outcome = verify(clientcasa, target, only=["tenancy", "resource", "pagination", "filter", "fields"])
    assert outcome.exit_code == 5
    assert outcome.shortfall


def test_isolation_needs_two_tenants(clientcasa: Contract) -> None:
    """With one tenant the isolation clauses are not exercised, and the run says what it lacks."""
    transport = EngineTransport(engine_of(clientcasa), controlled=False)
    owner = Principal("northlight-owner", "northlight", {"x-api-key": "cc_test_northlight_owner_0001"})
    outcome = verify(clientcasa, Target(f"{BASE}/api", (owner,), transport=transport), only=["tenancy"])
    assert {case.verdict for case in outcome.cases} == {"not-exercised"}
    assert "second" in outcome.cases[0].detail
    assert outcome.exit_code == 5


def test_an_unreachable_target_is_an_error(clientcasa: Contract) -> None:
    """Nothing listens: TargetError, which ends the command with 3."""
    with pytest.raises(TargetError, match="Nothing answers at"):
        verify(clientcasa, Target("http://127.0.0.1:9/api", KNOWN))


def test_a_target_that_goes_away_is_an_error(clientcasa: Contract) -> None:
    """A server that dies in the middle is not judged on what it did not answer."""
    answered = 0

    def dying(request: httpx.Request) -> httpx.Response:
        nonlocal answered
        answered += 1
        if answered > 40:
            raise httpx.ConnectError("refused", request=request)
        return refusal(401, "unauthorized")

    with pytest.raises(TargetError, match="stopped answering"):
        verify(clientcasa, Target(f"{BASE}/api", KNOWN, transport=httpx.MockTransport(dying)))


def test_a_named_control_plane_must_be_there(clientcasa: Contract) -> None:
    target = Target(f"{BASE}/api", KNOWN, control_url=f"{BASE}/nope", transport=httpx.MockTransport(empty))
    with pytest.raises(TargetError, match="no control plane"):
        verify(clientcasa, target)


def test_without_a_control_plane_the_limit_is_not_tried_out(clientcasa: Contract) -> None:
    """A credential of somebody else is not used up; the clause says why it was not judged."""
    engine = engine_of(clientcasa, rate_limit="1000000/1h")
    known = tuple(
        Principal(p.name, p.tenant, {"x-api-key": p.secret}, tuple(sorted(p.scopes)))
        for p in engine.seed.principals.values()
    )
    target = Target(f"{BASE}/api", known, transport=EngineTransport(engine, controlled=False))
    outcome = verify(clientcasa, target)
    judged = {case.name: case for case in outcome.cases}
    assert judged["rate-limit.enforced@listClients"].verdict == "not-exercised"
    assert "control plane" in judged["rate-limit.enforced@listClients"].detail
    # The mock's own limit was raised so that the run fits: the contract's number is missed, and nothing else.
    assert {str(f.clause).partition("@")[0] for f in outcome.findings} == {"rate-limit.headers"}


def test_no_credential_is_shown(clientcasa: Contract) -> None:
    """Evidence has every exchange, and no secret in it."""
    transport = EngineTransport(engine_of(clientcasa, "leak-foreign-read", "bad-credential-accepted"))
    outcome = verify(
        clientcasa, Target(f"{BASE}/api", transport=transport), only=["tenancy.read", "authentication"]
    )
    shown = json.dumps([finding.as_json() for finding in outcome.findings])
    assert "[redacted]" in shown
    assert "minted-" not in shown
    assert "cc_test_" not in shown
