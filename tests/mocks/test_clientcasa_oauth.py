"""Applications act for a user through OAuth 2.0 with PKCE; the organisation of the token decides what they see."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
APP = "cc_test_app_planboard"
OTHER_APP = "cc_test_app_petalplanner"
REDIRECT = "https://planboard.example.test/oauth/callback"
LOCAL = "http://127.0.0.1:8765/callback"
ORGANISATIONS = {
    "northlight-ines": "32833106-536e-45df-80b2-d002cc92d33d",
    "thornfield-otto": "f08db22f-d293-456a-b170-fab23d90fbac",
}


def challenge(verifier: str = VERIFIER) -> str:
    """S256 of RFC 7636 section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorize(mock: Any, **changes: Any) -> Any:
    """The answer of the authorization endpoint; None leaves a parameter out."""
    given = {
        "response_type": "code",
        "client_id": APP,
        "redirect_uri": REDIRECT,
        "scope": "clients:read",
        "state": "a b&c",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
        "login_hint": "northlight-ines",
        **changes,
    }
    query = {name: value for name, value in given.items() if value is not None}
    return mock.anonymous.send("GET", "/auth/oauth2/authorize", params=query)


def returned(answer: Any, redirect: str = REDIRECT) -> dict[str, str]:
    """What the redirect carries."""
    assert answer.status_code == 302, answer.text
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == redirect
    return {name: values[0] for name, values in parse_qs(target.query, strict_parsing=True).items()}


def token(mock: Any, **given: Any) -> Any:
    """The answer of the token endpoint."""
    form = {"client_id": APP, **given}
    return mock.anonymous.send(
        "POST", "/auth/oauth2/token", data={name: value for name, value in form.items() if value is not None}
    )


def redeem(mock: Any, code: str, **changes: Any) -> Any:
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return token(mock, **given | changes)


def refresh(mock: Any, refresh_token: str, **more: Any) -> Any:
    return token(mock, grant_type="refresh_token", refresh_token=refresh_token, **more)


def granted(mock: Any, **changes: Any) -> Any:
    """The tokens of a whole flow."""
    answer = redeem(mock, returned(authorize(mock, **changes))["code"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(mock: Any, tokens: Any) -> Any:
    return mock.caller({"Authorization": f"Bearer {tokens['access_token']}"})


def claims(access_token: str) -> dict[str, Any]:
    """The claims of a JWT, its signature unchecked."""
    _, payload, _ = access_token.split(".")
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def failed(answer: Any, error: str, status: int = 400) -> None:
    """A refusal of the token endpoint (RFC 6749 section 5.2)."""
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == error
    assert "access_token" not in answer.json()
    assert answer.headers["cache-control"] == "no-store"


def test_r25_the_flow_gives_tokens(mock: Any) -> None:
    """Authorize returns code and state; the token endpoint a bearer token for an hour and a refresh token, uncached."""
    back = returned(authorize(mock))
    assert back["state"] == "a b&c"
    answer = redeem(mock, back["code"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, "clients:read")
    assert tokens["refresh_token"]
    assert bearer(mock, tokens).rows("clients") == mock.owner.rows("clients")


@pytest.mark.parametrize(("user", "organisation"), ORGANISATIONS.items())
def test_r25_the_token_is_a_jwt_of_the_organisation(mock: Any, user: str, organisation: str) -> None:
    """It carries ``organizationId``, user, scope and an hour of life, and opens that organisation's rows only."""
    tokens = granted(mock, login_hint=user, scope="clients:read contacts:read")
    found = claims(tokens["access_token"])
    assert found["organizationId"] == organisation
    assert found["sub"] == user
    assert set(found["scope"].split()) == {"clients:read", "contacts:read"}
    assert found["exp"] - found["iat"] == 3600
    assert found["iat"] == int(mock.now().timestamp())
    own, other = (mock.owner, mock.peer) if user == "northlight-ines" else (mock.peer, mock.owner)
    caller = bearer(mock, tokens)
    assert caller.rows("clients") == own.rows("clients")
    mock.refused(caller.get(f"clients/{other.rows('clients')[0]['id']}"), 404, "not_found")


def test_r25_a_token_has_the_scopes_that_were_granted(mock: Any) -> None:
    """What was not asked for is 403, in either spelling of the scope."""
    for scope in ("clients:read", "read:clients"):
        caller = bearer(mock, granted(mock, scope=scope))
        assert caller.get("clients").status_code == 200
        mock.refused(caller.get("contacts"), 403, "forbidden")
        mock.refused(caller.post("clients", {"name": "A"}), 403, "forbidden")
    writer = bearer(mock, granted(mock, scope="openid offline_access clients:write"))
    assert writer.post("clients", {"name": "A"}).status_code == 201


def test_r25_a_token_without_scopes_opens_nothing(mock: Any) -> None:
    """No scope asked for is no scope granted."""
    mock.refused(bearer(mock, granted(mock, scope=None)).get("clients"), 403, "forbidden")


def test_r25_a_token_lasts_an_hour(mock: Any) -> None:
    """A second before the hour it works, at the hour it is 401."""
    caller = bearer(mock, granted(mock))
    mock.advance("3599s")
    assert caller.get("clients").status_code == 200
    mock.advance("1s")
    answer = caller.get("clients")
    mock.refused(answer, 401, "unauthorized")
    assert "invalid_token" in answer.headers["www-authenticate"]


def test_r25_a_changed_token_is_refused(mock: Any) -> None:
    """A JWT with another payload, signature or algorithm is 401."""
    head, payload, signature = granted(mock)["access_token"].split(".")
    found = claims(f"{head}.{payload}.{signature}") | {"organizationId": ORGANISATIONS["thornfield-otto"]}
    forged = base64.urlsafe_b64encode(json.dumps(found).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for one in (
        f"{head}.{forged}.{signature}",
        f"{none}.{forged}.",
        f"{none}.{payload}.",
        f"{head}.{payload}.{flipped}",
        f"{head}.{payload}.",
        f"{head}.{payload}",
    ):
        mock.refused(bearer(mock, {"access_token": one}).get("clients"), 401, "unauthorized")


def test_r25_a_refresh_token_is_no_access_token(mock: Any) -> None:
    """Neither it nor a code opens the API."""
    code = returned(authorize(mock))["code"]
    for secret in (granted(mock)["refresh_token"], code):
        mock.refused(bearer(mock, {"access_token": secret}).get("clients"), 401, "unauthorized")


@pytest.mark.parametrize("verifier", [None, "", VERIFIER[:-1] + "X", challenge(), VERIFIER.upper()])
def test_r25_a_wrong_verifier_is_refused_and_spends_the_code(mock: Any, verifier: str | None) -> None:
    """Only the verifier behind the challenge redeems a code, and a code can be tried once."""
    code = returned(authorize(mock))["code"]
    failed(redeem(mock, code, code_verifier=verifier), "invalid_grant")
    failed(redeem(mock, code), "invalid_grant")


def test_r25_a_code_works_once(mock: Any) -> None:
    """The second use is refused."""
    code = returned(authorize(mock))["code"]
    assert redeem(mock, code).status_code == 200
    failed(redeem(mock, code), "invalid_grant")


def test_r25_a_code_soon_expires(mock: Any) -> None:
    """After at most ten minutes a code is refused (RFC 6749 section 4.1.2)."""
    code = returned(authorize(mock))["code"]
    mock.advance("601s")
    failed(redeem(mock, code), "invalid_grant")


def test_r25_a_code_is_bound_to_app_and_redirect(mock: Any) -> None:
    """Another application or another redirect URI does not redeem it."""
    for changes in ({"client_id": OTHER_APP}, {"redirect_uri": LOCAL}, {"redirect_uri": None}):
        failed(redeem(mock, returned(authorize(mock))["code"], **changes), "invalid_grant")


def test_r25_each_registered_redirect_works(mock: Any) -> None:
    """Https and http on the loopback are both registered."""
    code = returned(authorize(mock, redirect_uri=LOCAL), LOCAL)["code"]
    assert redeem(mock, code, redirect_uri=LOCAL).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example.test/callback"},
        {"redirect_uri": REDIRECT + "/more"},
        {"redirect_uri": REDIRECT + "?x=1"},
        {"redirect_uri": None},
        {"client_id": OTHER_APP},
    ],
    ids=str,
)
def test_r25_an_unknown_app_or_redirect_is_never_redirected(mock: Any, changes: dict[str, Any]) -> None:
    """The error is shown in place (RFC 6749 section 4.1.2.1)."""
    answer = authorize(mock, **changes)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
    ],
    ids=str,
)
def test_r25_other_errors_go_back_to_the_app(mock: Any, changes: dict[str, Any], error: str) -> None:
    """They are redirected with error and state, without a code; PKCE with S256 is required."""
    back = returned(authorize(mock, **changes))
    assert (back["error"], back["state"]) == (error, "a b&c")
    assert "code" not in back


def test_r25_state_is_echoed_only_when_sent(mock: Any) -> None:
    """Without state the redirect has none."""
    assert "state" not in returned(authorize(mock, state=None))


@pytest.mark.parametrize("grant_type", ["password", "client_credentials", "implicit", None, ""])
def test_r25_other_grants_are_refused(mock: Any, grant_type: str | None) -> None:
    """Only codes and refresh tokens are grants here."""
    answer = token(mock, grant_type=grant_type)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("unsupported_grant_type", "invalid_request")


def test_r25_an_unknown_app_gets_no_token(mock: Any) -> None:
    """``invalid_client`` is 401."""
    code = returned(authorize(mock))["code"]
    for client in ("unknown", None):
        failed(redeem(mock, code, client_id=client), "invalid_client", 401)


def test_r25_refreshing_gives_a_new_hour(mock: Any) -> None:
    """A refresh gives a working token of the same user, organisation and scope."""
    tokens = granted(mock, scope="clients:read clients:write")
    mock.advance("2h")
    answer = refresh(mock, tokens["refresh_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    new = answer.json()
    old, found = claims(tokens["access_token"]), claims(new["access_token"])
    assert {name: found[name] for name in ("sub", "organizationId", "scope")} == {
        name: old[name] for name in ("sub", "organizationId", "scope")
    }
    assert bearer(mock, new).get("clients").status_code == 200
    mock.refused(bearer(mock, tokens).get("clients"), 401, "unauthorized")


def test_r25_refresh_tokens_rotate(mock: Any) -> None:
    """Each is replaced by its use; the old one is refused from then on."""
    first = granted(mock)["refresh_token"]
    second = refresh(mock, first).json()["refresh_token"]
    assert second != first
    failed(refresh(mock, first), "invalid_grant")


def test_r25_a_stolen_refresh_token_ends_the_family(mock: Any) -> None:
    """The second use of a refresh token revokes what descends from it (RFC 9700 section 4.14.2)."""
    first = granted(mock)["refresh_token"]
    second = refresh(mock, first).json()["refresh_token"]
    failed(refresh(mock, first), "invalid_grant")
    failed(refresh(mock, second), "invalid_grant")


def test_r25_a_refresh_token_lasts_30_days(mock: Any) -> None:
    """It works just before 30 days and not after; its successor has 30 days of its own."""
    tokens, other = granted(mock), granted(mock)
    mock.advance("2591999s")
    successor = refresh(mock, tokens["refresh_token"]).json()["refresh_token"]
    mock.advance("2s")
    failed(refresh(mock, other["refresh_token"]), "invalid_grant")
    mock.advance("29d")
    assert refresh(mock, successor).status_code == 200


def test_r25_a_refresh_is_bound_to_its_app(mock: Any) -> None:
    """Another application cannot use it."""
    failed(refresh(mock, granted(mock)["refresh_token"], client_id=OTHER_APP), "invalid_grant")


def test_r25_a_refresh_narrows_and_never_widens(mock: Any) -> None:
    """Fewer scopes may be asked for; more are ``invalid_scope``."""
    tokens = granted(mock, scope="clients:read contacts:read")
    narrow = refresh(mock, tokens["refresh_token"], scope="clients:read").json()
    assert bearer(mock, narrow).get("clients").status_code == 200
    mock.refused(bearer(mock, narrow).get("contacts"), 403, "forbidden")
    wide = granted(mock, scope="clients:read")
    failed(refresh(mock, wide["refresh_token"], scope="clients:read clients:write"), "invalid_scope")


def test_r25_a_token_has_a_quota(mock: Any) -> None:
    """An access token is limited as a key is: 1000 an hour, on its own."""
    first, second = bearer(mock, granted(mock)), bearer(mock, granted(mock))
    seen = [int(first.get("clients").headers["x-ratelimit-remaining"]) for _ in range(2)]
    assert seen == [999, 998]
    assert first.get("clients").headers["x-ratelimit-limit"] == "1000"
    assert second.get("clients").headers["x-ratelimit-remaining"] == "999"


def test_r25_scopes_that_do_not_exist_are_not_granted(mock: Any) -> None:
    """Unknown scopes are left out; when nothing is left, the request is refused with invalid_scope."""
    refused = returned(authorize(mock, scope="clients:fly"))
    assert refused["error"] == "invalid_scope"
    caller = bearer(mock, granted(mock, scope="clients:fly clients:read"))
    assert caller.get("clients").status_code == 200


def test_r25_a_client_may_use_basic(mock: Any) -> None:
    """RFC 6749 section 2.3.1: id and secret in the header; a wrong one is 401 with a challenge."""
    shown = base64.b64encode(f"{APP}:".encode()).decode()
    form = {
        "grant_type": "authorization_code",
        "code": returned(authorize(mock))["code"],
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    path, headers = "/auth/oauth2/token", {"Authorization": f"Basic {shown}"}
    assert mock.anonymous.send("POST", path, data=form, headers=headers).status_code == 200
    wrong = mock.anonymous.send("POST", path, data=form, headers={"Authorization": "Basic bm9ib2R5Og=="})
    failed(wrong, "invalid_client", 401)
    assert wrong.headers["www-authenticate"].startswith("Basic")
    failed(
        mock.anonymous.send("POST", path, data=form, headers={"Authorization": "Basic %%%"}),
        "invalid_client",
        401,
    )
