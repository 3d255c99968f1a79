"""Permissions and settings of callers: from the seed, from the control plane, and in tokens."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from troth.errors import SeedError, UsageError
from troth.testing import Mock

DOCUMENT = """\
openapi: 3.1.0
info: {title: Cases, version: "1"}
security: [{key: []}, {oauth: ["cases"]}]
x-behaviour:
  oauth: {scheme: oauth}
  viewer: {user: {}, reach: {values: {all: true, own: true}, default: all}}
paths:
  /cases:
    get:
      operationId: listCases
      responses:
        "200":
          description: Cases.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Case"}}}}
    post:
      operationId: createCase
      x-behaviour: {permissions: {Accounting: true}}
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Case"}}}}
      responses:
        "201": {description: Made., content: {application/json: {schema: {$ref: "#/components/schemas/Case"}}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: key}
    oauth:
      type: oauth2
      flows: {authorizationCode: {authorizationUrl: /authorize, tokenUrl: /token, scopes: {cases: Cases.}}}
  schemas:
    Case:
      type: object
      x-behaviour: {permissions: {Personal Injury: true, Matters: true}}
      properties:
        id: {type: string, readOnly: true}
        opener: {type: string, readOnly: true, x-behaviour: {initially: viewer.user}}
        reach: {type: string, readOnly: true, x-behaviour: {initially: viewer.reach}}
"""
SEED = """\
tenants: {firm: {}}
principals:
  all: {tenant: firm, key: all}
  some: {tenant: firm, key: some, permissions: [Personal Injury], settings: {user: ada}}
  reader: {tenant: firm, key: reader, permissions: [Personal Injury, Matters], settings: {user: bob, reach: own}}
oauth:
  clients:
    small: {redirectUris: ["http://app.test/"], permissions: [Personal Injury, Matters]}
    large: {redirectUris: ["http://app.test/"]}
  users:
    ada: {tenant: firm, permissions: [Personal Injury, Matters, Accounting], settings: {user: ada}}
rows: {}
"""


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Mock]:
    def make(seed: str) -> Mock:
        (tmp_path / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
        (tmp_path / "seed.yaml").write_text(seed, encoding="utf-8")
        return Mock(tmp_path / "openapi.yaml")

    return make


@pytest.fixture
def firm(made: Callable[[str], Mock]) -> Mock:
    return made(SEED)


def token(firm: Mock, client: str) -> str:
    """An access token of ada's for an application."""
    verifier = "v" * 50
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": "http://app.test/",
        "scope": "cases",
        "code_challenge": digest,
        "code_challenge_method": "S256",
        "login_hint": "ada",
    }
    caller = firm.client("anonymous")
    place = caller.get("/authorize", params=asked).headers["location"]
    (code,) = parse_qs(urlsplit(place).query)["code"]
    given = {
        "grant_type": "authorization_code",
        "client_id": client,
        "redirect_uri": "http://app.test/",
        "code": code,
        "code_verifier": verifier,
    }
    answer = caller.post("/token", data=given)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def test_every_permission_is_needed(firm: Mock) -> None:
    """The resource's for each operation, the operation's own beside them; the refusal names what is missing."""
    assert firm.client("all").post("/cases", json={}).status_code == 201
    assert firm.client("reader").get("/cases").status_code == 200
    refused = firm.client("some").get("/cases")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert refused.json()["errors"] == [{"rule": "permission", "message": "Matters is required."}]
    assert "Accounting" in firm.client("reader").post("/cases", json={}).text


def test_expressions_see_the_settings_of_the_caller(firm: Mock) -> None:
    """Those of the seed, and the default of what it does not say."""
    key = firm.add_principal("carl", tenant="firm", settings={"user": "carl"})
    made = firm.client(key.name).post("/cases", json={}).json()
    assert (made["opener"], made["reach"]) == ("carl", "all")
    assert firm.client("all").post("/cases", json={}).json().get("opener") is None


def test_a_token_has_the_settings_of_its_user(firm: Mock) -> None:
    headers = {"authorization": f"Bearer {token(firm, 'large')}"}
    made = firm.client("anonymous").post("/cases", json={}, headers=headers)
    assert (made.status_code, made.json()["opener"]) == (201, "ada")


def test_a_token_allows_what_user_and_application_may(firm: Mock) -> None:
    """The user may keep accounts, the small application may not."""
    headers = {"authorization": f"Bearer {token(firm, 'small')}"}
    assert firm.client("anonymous").get("/cases", headers=headers).status_code == 200
    assert firm.client("anonymous").post("/cases", json={}, headers=headers).status_code == 403


def test_the_control_plane_gives_and_shows_them(firm: Mock) -> None:
    """A new caller with permissions and settings, and the list of callers."""
    given = {"name": "new", "permissions": ["Matters"], "settings": {"reach": "own"}}
    control = firm.client("all")
    origin = firm.url
    made = control.post(f"{origin}/__troth/principals", json=given).json()
    assert (made["permissions"], made["settings"]) == (["Matters"], {"reach": "own"})
    known = control.get(f"{origin}/__troth/principals").json()["principals"]
    assert {one["name"]: one["permissions"] for one in known}["reader"] == ["Matters", "Personal Injury"]
    wrong = control.post(f"{origin}/__troth/principals", json={"settings": {"reach": "owm"}})
    assert (wrong.status_code, "Did you mean 'own'?" in wrong.text) == (400, True)
    assert control.post(f"{origin}/__troth/principals", json={"settings": 3}).status_code == 400


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{rech: own}", "'x' has the unknown setting 'rech'. Did you mean 'reach'?"),
        ("{reach: some}", "'x' has 'some' for the setting 'reach'. It can be all, own."),
        ("[own]", "settings of principal 'x' is a map; found"),
    ],
)
def test_a_wrong_setting_stops_the_start(made: Callable[[str], Mock], settings: str, message: str) -> None:
    seed = f"tenants: {{firm: {{}}}}\nprincipals: {{x: {{tenant: firm, key: x, settings: {settings}}}}}\n"
    with pytest.raises(SeedError) as raised:
        made(seed)
    assert message in str(raised.value)


def test_permissions_are_a_list(made: Callable[[str], Mock]) -> None:
    seed = "tenants: {firm: {}}\nprincipals: {x: {tenant: firm, key: x, permissions: Matters}}\n"
    with pytest.raises(SeedError, match="the permissions of principal 'x' are a list; found 'Matters'"):
        made(seed)


def test_a_caller_of_a_test_has_no_unknown_setting(firm: Mock) -> None:
    with pytest.raises(UsageError, match="unknown setting"):
        firm.add_principal("y", tenant="firm", settings={"nothing": 1})


@pytest.mark.parametrize(
    ("fault", "statuses"), [("permission-ignored", [200, 201]), ("permission-any", [200, 403])]
)
def test_a_fault_bends_what_it_names(firm: Mock, fault: str, statuses: list[int]) -> None:
    """Ignored, nobody is refused; any of them suffices where one is there."""
    firm.faults = {fault}
    given: dict[str, Any] = {"permissions": ["Personal Injury"] if fault == "permission-any" else []}
    some = firm.client("some")
    none = firm.add_principal("none", tenant="firm", permissions=["Nothing"])
    assert some.get("/cases").status_code == statuses[0], given
    assert firm.client(none.name).post("/cases", json={}).status_code == statuses[1]
