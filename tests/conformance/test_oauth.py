"""The OAuth clauses: judged on any target that consents by machine, and honest about the others."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from troth.conformance import Application, Outcome, Principal, Target, verify
from troth.conformance.connections import Loopback
from troth.contract import Contract

from .conftest import BASE, EngineTransport, engine_of

PLANBOARD = Application(
    "cc_test_app_planboard",
    "https://planboard.example.test/oauth/callback",
    user="northlight-ines",
)
OTHER = Application("cc_test_app_petalplanner", "https://petalplanner.example.test/oauth/callback")
OWNER = Principal("owner", "northlight", {"x-api-key": "cc_test_northlight_owner_0001"})


def test_every_clause_is_judged_through_a_control_plane(held: Callable[..., Outcome]) -> None:
    """It knows the applications, and its clock moves."""
    outcome = held(only=["oauth"])
    assert {case.verdict for case in outcome.cases} == {"conform"}
    assert len(outcome.cases) == 11


def test_without_a_control_plane_named_applications_do(clientcasa: Contract) -> None:
    """Only what takes time is left open, and says so."""
    transport = EngineTransport(engine_of(clientcasa), controlled=False)
    target = Target(f"{BASE}/api", (OWNER,), transport=transport, applications=(PLANBOARD, OTHER))
    outcome = verify(clientcasa, target, only=["oauth"])
    verdicts = {case.name.partition("@")[0]: (case.verdict, case.detail) for case in outcome.cases}
    late = {"oauth.code-expiry", "oauth.token-expiry"}
    assert {name for name, (verdict, _) in verdicts.items() if verdict != "conform"} == late
    assert all("moving the clock" in verdicts[name][1] for name in late)


def test_without_an_application_nothing_is_passed(clientcasa: Contract) -> None:
    transport = EngineTransport(engine_of(clientcasa), controlled=False)
    outcome = verify(clientcasa, Target(f"{BASE}/api", (OWNER,), transport=transport), only=["oauth"])
    assert {case.verdict for case in outcome.cases} == {"not-exercised"}
    assert "target.applications" in outcome.cases[0].detail


def test_a_form_that_asks_for_consent_is_not_passed(clientcasa: Contract) -> None:
    """A page for people is no redirect: the clauses say that nobody consents by machine."""

    def asking(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<form>May Planboard read your clients?</form>", request=request)

    target = Target(f"{BASE}/api", (OWNER,), transport=httpx.MockTransport(asking), applications=(PLANBOARD,))
    outcome = verify(clientcasa, target, only=["oauth"])
    assert {case.verdict for case in outcome.cases} == {"not-exercised"}
    assert "nobody consents" in outcome.cases[0].detail


def test_no_token_is_shown(clientcasa: Contract) -> None:
    """Codes and tokens of the run are masked in evidence."""
    engine = engine_of(clientcasa, "code-reusable", "scope-widened")
    outcome = verify(clientcasa, Target(f"{BASE}/api", connection=Loopback(engine)), only=["oauth"])
    shown = str([finding.as_json() for finding in outcome.findings])
    assert outcome.findings
    assert "eyJ" not in shown.replace("[redacted]", "")
    assert "header:location?code" in shown  # a reproduction takes the code from the redirect of its own flow


@pytest.mark.parametrize("path", ["/api", "/elsewhere/api"])
def test_endpoints_are_found_below_another_root(path: str, clientcasa: Contract) -> None:
    """The flow's addresses stand beside the base path, wherever the target puts that."""
    seen: list[str] = []

    def listening(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(404)

    target = Target(
        f"{BASE}{path}", (OWNER,), transport=httpx.MockTransport(listening), applications=(PLANBOARD,)
    )
    verify(clientcasa, target, only=["oauth.state"])
    assert f"{path}/auth/oauth2/authorize" in seen
