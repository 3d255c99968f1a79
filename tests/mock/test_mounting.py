"""Several contracts in one process, each below its own name, with control plane, documentation and own addresses."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from click.testing import CliRunner

from troth.cli import main
from troth.conformance import Target, verify
from troth.contract import load_contract, shipped
from troth.mock.mounting import prefixes


def api(running: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in running.first["apis"] if one["name"] == name)
    return found


def get(url: str, **options: Any) -> httpx.Response:
    return httpx.get(url, trust_env=False, **options)


def test_the_first_line_has_every_shipped_contract(mounted: Any) -> None:
    """Each with its URL, its control plane and its credentials, as for one alone."""
    assert [one["name"] for one in mounted.first["apis"]] == list(shipped().names())
    for one in mounted.first["apis"]:
        base = load_contract(one["name"]).base_path
        assert one["url"] == f"{mounted.first['url']}/{one['name']}{base}"
        assert one["control"] == f"{mounted.first['url']}/{one['name']}/__troth"
        assert {"name", "tenant", "headers", "scopes"} <= set(one["credentials"][0])


@pytest.mark.parametrize("name", shipped().names())
def test_each_answers_at_its_url(mounted: Any, name: str) -> None:
    """A list with its own credential, and its own health."""
    about = api(mounted, name)
    contract = load_contract(name)
    listed = next(
        o for o in contract.operations if o.method == "GET" and "{" not in o.path and o.response_for(200)
    )
    assert get(about["url"] + listed.path, headers=about["credentials"][0]["headers"]).status_code == 200
    health = get(about["control"] + "/health").json()
    assert health["contract"]["name"] == name
    assert about["url"].endswith(health["base"])


def test_each_keeps_its_own_rows_and_clock(mounted: Any) -> None:
    """Moving one clock leaves the other where it was."""
    one, other = api(mounted, "billing"), api(mounted, "clearmargin")
    before = get(f"{other['control']}/clock").json()
    moved = httpx.post(f"{one['control']}/clock/advance", json={"by": "1d"}, trust_env=False)
    assert moved.json()["now"] == "2026-06-16T09:00:00.000Z"
    assert get(f"{other['control']}/clock").json() == before
    httpx.post(f"{one['control']}/reset", json={}, trust_env=False).raise_for_status()


def test_a_credential_is_good_for_its_own_api_only(mounted: Any) -> None:
    """Another's key is unknown."""
    foreign = api(mounted, "clearmargin")["credentials"][0]["headers"]
    assert get(f"{api(mounted, 'clientcasa')['url']}/v1/clients", headers=foreign).status_code == 401


def test_the_documentation_lies_below_the_name(mounted: Any) -> None:
    """The page, its parts, where it redirects to and the address in the document."""
    control = api(mounted, "billing")["control"]
    assert get(f"{control}/ui").headers["location"] == "/billing/__troth/ui/"
    assert 'url: "/billing/__troth/openapi-3.0.json"' in get(f"{control}/ui/").text
    assert get(f"{control}/ui/swagger-ui.css").status_code == 200
    document = get(f"{control}/openapi.json").json()
    assert document["servers"] == [{"url": api(mounted, "billing")["url"]}]


def test_oauth_lies_below_the_name(mounted: Any) -> None:
    """The authorization code flow of one of them, from redirect to token."""
    about = api(mounted, "clientcasa")
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": "cc_test_app_planboard",
        "redirect_uri": "http://127.0.0.1:8765/callback",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    redirect = get(f"{about['url']}/auth/oauth2/authorize", params=asked)
    assert redirect.status_code == 302, redirect.text
    code = parse_qs(urlsplit(redirect.headers["location"]).query)["code"][0]
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": asked["client_id"],
        "redirect_uri": asked["redirect_uri"],
        "code_verifier": verifier,
    }
    token = httpx.post(f"{about['url']}/auth/oauth2/token", data=given, trust_env=False)
    assert token.status_code == 200, token.text


def test_links_to_further_pages_lead_below_the_name(mounted: Any) -> None:
    """Absolute URLs in an answer can be followed as they are."""
    about = api(mounted, "clio")
    headers = about["credentials"][0]["headers"]
    first = get(f"{about['url']}/matters.json?limit=2", headers=headers).json()
    link = first["meta"]["paging"]["next"]
    assert link.startswith(f"{about['url']}/matters.json?")
    second = get(link, headers=headers).json()
    assert {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]} == set()
    assert len(second["data"]) == 2


def test_the_root_lists_what_is_served(mounted: Any) -> None:
    """And what is not served is refused with the names that are."""
    index = get(mounted.first["url"] + "/")
    assert [one["name"] for one in index.json()["apis"]] == list(shipped().names())
    missing = get(mounted.first["url"] + "/biling/api/v1/invoices")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert "Did you mean '/billing'?" in missing.json()["detail"]
    assert get(mounted.first["url"] + "/__troth/health").status_code == 404


def test_verify_discovers_the_mock_below_its_name(mounted: Any) -> None:
    """No credential is given: the control plane below the prefix tells them."""
    url = api(mounted, "clearmargin")["url"]
    outcome = verify(load_contract("clearmargin"), Target(url), only=["resource.read@getClient"], fuzz=False)
    assert [case.verdict for case in outcome.cases] == ["conform"]


def test_some_may_be_named(serve: Any) -> None:
    """Without a control plane there is none for any of them."""
    running = serve("billing", "clearmargin", "--no-control")
    assert [(one["name"], one["control"]) for one in running.first["apis"]] == [
        ("billing", None),
        ("clearmargin", None),
    ]
    assert get(running.first["url"] + "/billing/__troth/health").status_code == 404


def test_two_releases_of_one_contract_have_different_names() -> None:
    """The version tells them apart; a third of the same gets a number."""
    now, before = load_contract("billing"), load_contract("billing@1.0.0")
    assert prefixes([now, before, before, before]) == [
        "/billing",
        "/billing-1.0.0",
        "/billing-2",
        "/billing-3",
    ]


def test_watching_follows_each(serve: Any, tmp_path: Path) -> None:
    """A file that changes is served again below the same name."""
    path = tmp_path / "pets.yaml"
    text = (
        "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths:\n  /pets:\n    get:\n      responses:\n"
        "        '200': {description: All of them., content: {application/json: {schema: {type: array}}}}\n"
    )
    path.write_text(text, encoding="utf-8")
    running = serve(str(path), "billing", "--watch", "--quiet")
    url = running.first["apis"][0]["url"]
    assert url.endswith("/pets")
    assert get(f"{url}/pets").status_code == 200
    path.write_text(text.replace("/pets:", "/cats:"), encoding="utf-8")
    for _ in range(200):
        if get(f"{url}/cats").status_code == 200:
            break
    else:
        pytest.fail("the change was not noticed")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--all", "billing"], "--all serves every shipped contract"),
        (["billing", "crm", "--overlay", "x.yaml"], "--overlay is for one contract"),
        (["--all", "--seed-file", "x.yaml"], "--seed-file is for one contract"),
        (["billing", "crn"], "Did you mean 'crm'?"),
    ],
)
def test_a_wrong_call_ends_with_2(words: list[str], expected: str) -> None:
    """The line says what is wrong."""
    done = CliRunner().invoke(main, ["mock", *words, "--port", "0"])
    assert done.exit_code == 2
    assert expected in done.stderr.replace("\n", " ")
