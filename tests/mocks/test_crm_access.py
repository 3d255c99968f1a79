"""Who may call the CRM, how often, and what a refusal looks like."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest


def token(crm: Any, name: str = "harbourline-office-token") -> str:
    """The bearer token of a principal as the control plane lists it."""
    listed = crm.control("GET", "/principals")["principals"]
    found: str = next(one["headers"]["authorization"] for one in listed if one["name"] == name)
    return found.removeprefix("Bearer ")


def bearer(crm: Any, text: str) -> Any:
    return crm.with_headers(authorization=f"Bearer {text}").get("customers/1")


def part(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_r2_a_key_opens(crm: Any) -> None:
    """``X-API-KEY: pk_…`` shows the installation that the key belongs to."""
    assert crm.office.headers["x-api-key"].startswith("pk_")
    assert crm.office.data("customers/1")["id"] == 1
    crm.refused(crm.other.get("customers/1"), 404)


def test_r2_a_token_opens(crm: Any) -> None:
    """A JSON Web Token under ``Authorization: Bearer`` does what the key does; its claims say whose it is."""
    text = token(crm)
    head, claims = (part(one) for one in text.split(".")[:2])
    assert head["alg"] == "HS256"
    assert claims["installation"] == "harbourline"
    assert claims["exp"] - claims["iat"] == 12 * 3600
    assert bearer(crm, text).json() == crm.office.get("customers/1").json()
    crm.refused(bearer(crm, token(crm, "quillstone-office-token")), 404)


def test_r2_a_token_expires(crm: Any) -> None:
    """Twelve hours later it is worth nothing."""
    text = token(crm)
    crm.advance("11h")
    assert bearer(crm, text).status_code == 200
    crm.advance("2h")
    crm.refused(bearer(crm, text), 401)


def test_r2_a_forged_token_is_refused(crm: Any) -> None:
    """Another signature, another claim, ``alg: none`` and the wrong number of parts are all 401."""
    head, claims, signature = token(crm).split(".")
    other = encoded({**part(claims), "installation": "quillstone"})
    forged = [
        f"{head}.{claims}.{signature[::-1]}",
        f"{head}.{other}.{signature}",
        f"{encoded({'alg': 'none'})}.{claims}.",
        f"{head}.{claims}",
        "nonsense",
    ]
    for text in forged:
        crm.refused(bearer(crm, text), 401)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": "pk_unknown"},
        {"x-api-key": ""},
        {"authorization": "Bearer pk_test_harbourline_office_0001"},
        {"authorization": "pk_test_harbourline_office_0001"},
        {"authorization": "Basic cGs6"},
    ],
)
def test_r2_anything_else_is_refused(crm: Any, headers: dict[str, str]) -> None:
    """Nothing, an unknown key and a key in the token's place answer 401."""
    answer = crm.with_headers(**headers).get("customers")
    crm.refused(answer, 401)
    assert "www-authenticate" in answer.headers


def test_r2_a_token_is_no_key(crm: Any) -> None:
    """In the key's place it is unknown."""
    crm.refused(crm.with_headers(**{"x-api-key": token(crm)}).get("customers"), 401)


def test_r26_too_many_requests_are_429(serve_crm: Any) -> None:
    """The 61st request of a minute is refused with the seconds to wait; afterwards it goes on."""
    with serve_crm("--seed", "7") as maker:
        crm = maker()
        assert [crm.office.get("taxes").status_code for _ in range(60)] == [200] * 60
        answer = crm.office.get("taxes")
        crm.refused(answer, 429)
        assert answer.headers["retry-after"] == "60"
        assert crm.other.get("taxes").status_code == 200
        crm.advance("60s")
        assert crm.office.get("taxes").status_code == 200


def test_r28_a_refusal_names_its_fields(crm: Any) -> None:
    """``errors`` maps each field that is wrong to a sentence; without one there is no ``errors``."""
    body = crm.refused(crm.office.post("contacts", {"userid": "x", "email": "a@b.example"}), 400)
    assert set(body["errors"]) == {"userid", "firstname", "lastname"}
    assert all(body["errors"].values())
    crm.refused(crm.office.post("estimates", {"clientid": 1, "items": [{"qty": 1}]}), 400)
    found = crm.refused(crm.office.get("customers", page=0, per_page="many"), 400)
    assert set(found["errors"]) == {"page", "per_page"}
    assert "errors" not in crm.refused(crm.office.get("customers/987654"), 404)
