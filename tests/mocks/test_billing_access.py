"""Who may call Cloud Billing, for which workspace, and what nobody else gets to see."""

from __future__ import annotations

import json
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest

from troth.behaviour.clauses import clauses_of
from troth.behaviour.coherence import lint
from troth.behaviour.inference import behaviour_of
from troth.contract import load_contract

#: Every operation, as method and path; ``{}`` takes an id.
OPERATIONS = (
    ("GET", "/customers"),
    ("POST", "/customers"),
    ("GET", "/customers/{}"),
    ("PATCH", "/customers/{}"),
    ("GET", "/invoices"),
    ("POST", "/invoices"),
    ("GET", "/invoices/{}"),
    ("PATCH", "/invoices/{}"),
    ("DELETE", "/invoices/{}"),
)


@pytest.fixture(params=OPERATIONS, ids=lambda pair: f"{pair[0]} {pair[1]}")
def operation(request: pytest.FixtureRequest, billing: Any) -> tuple[str, str]:
    """Each of the nine operations; an id is that of the first row."""
    method, path = request.param
    return method, path.format(billing.seeded(path.split("/")[1], 0))


def test_r1_the_document_is_the_truth(billing: Any) -> None:
    """It has nine operations below ``/api/v1``, agrees with itself, and what it lacks is 404 or 405."""
    contract = load_contract("billing")
    assert lint(contract) == []
    assert {(o.method, o.path.replace("{id}", "{}")) for o in contract.operations} == set(OPERATIONS)
    assert str(billing.http.base_url).endswith("/api/v1/")
    assert len(clauses_of(contract, behaviour_of(contract))) > 100
    billing.refused(billing.owner.get("/payments"), 404, "not_found")
    answer = billing.owner.delete(f"/customers/{billing.seeded('customers', 0)}")
    billing.refused(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PATCH"}


def test_r2_token_and_workspace_let_a_member_in(billing: Any) -> None:
    """Both headers together answer, and each workspace has rows of its own."""
    own, other = billing.owner.get("/customers"), billing.peer.get("/customers")
    assert own.status_code == other.status_code == 200
    assert {row["id"] for row in own.json()["data"]}.isdisjoint(row["id"] for row in other.json()["data"])


def test_r2_without_a_valid_token_it_is_401(billing: Any, operation: tuple[str, str]) -> None:
    """No token, another one, another scheme: whatever the workspace."""
    tokens = ({}, {"authorization": "Bearer nobody"}, {"authorization": "Basic bm9ib2R5Om4="})
    for token in tokens:
        for slug in ({}, {"x-tenant-slug": "brightwater"}, {"x-tenant-slug": "nowhere"}):
            answer = billing.caller(token | slug).send(*operation)
            billing.refused(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_r2_without_a_workspace_it_is_400(billing: Any, operation: tuple[str, str]) -> None:
    """The header is missing or empty; that is told before anything is said about the rest of the request."""
    for slug in (None, ""):
        billing.refused(billing.member("brightwater-owner", slug).send(*operation), 400, "invalid_request")


def test_r2_an_unknown_workspace_is_404(billing: Any, operation: tuple[str, str]) -> None:
    """Slugs are exact: another case is another slug."""
    for slug in ("nowhere", "Brightwater", "brightwater2"):
        error = billing.refused(billing.member("brightwater-owner", slug).send(*operation), 404, "not_found")
        assert slug in error["message"]


def test_r2_a_workspace_of_others_is_403(billing: Any, operation: tuple[str, str]) -> None:
    """The user is known and the workspace is, but the one is no member of the other."""
    billing.refused(billing.member("juniper-owner", "brightwater").send(*operation), 403, "forbidden")


def test_r2_the_workspace_comes_before_the_request(billing: Any) -> None:
    """A request that would be refused anyway is first refused for its workspace: 401, 400, 404, 403, then the rest."""
    bad = {"limit": 0}
    for caller, status, code in (
        (billing.caller({}), 401, "unauthorized"),
        (billing.member("brightwater-owner", None), 400, "invalid_request"),
        (billing.member("brightwater-owner", "nowhere"), 404, "not_found"),
        (billing.member("brightwater-owner", "juniper"), 403, "forbidden"),
        (billing.owner, 400, "invalid_request"),
    ):
        billing.refused(caller.get("/customers", **bad), status, code)


def test_r2_a_member_of_both_workspaces_is_at_work_in_the_one_named(billing: Any) -> None:
    """What is made under one slug is not there under the other."""
    here, there = (billing.member("juniper-adviser", slug) for slug in ("brightwater", "juniper"))
    made = here.created("/customers", {"name": "Harrow Lane Pottery"})
    assert billing.owner.row("/customers", made["id"]) == made
    billing.refused(there.get(f"/customers/{made['id']}"), 404, "not_found")


def test_r2_the_printed_credentials_are_all_that_a_caller_must_send(billing: Any) -> None:
    """Each has the token and the slug, and they work as they stand."""
    told = billing.control("GET", "/principals")["principals"]
    assert {credential["tenant"] for credential in told} == {"brightwater", "juniper"}
    for credential in told:
        assert set(credential["headers"]) == {"authorization", "x-tenant-slug"}
        assert billing.caller(credential["headers"]).get("/invoices").status_code == 200


def test_r2_a_token_is_a_jwt(billing: Any) -> None:
    """It names the user, lives as long as it says, and counts for nothing once it has been changed."""
    told = billing.control("GET", "/principals")["principals"]
    headers = next(one["headers"] for one in told if one["name"] == "juniper-owner-token")
    head, body, signature = headers["authorization"].removeprefix("Bearer ").split(".")
    claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("juniper-owner", 3600)
    assert billing.caller(headers).get("/customers").json() == billing.peer.get("/customers").json()
    forged = (
        urlsafe_b64encode(json.dumps({**claims, "sub": "brightwater-owner"}).encode()).decode().rstrip("=")
    )
    for wrong in (f"{head}.{forged}.{signature}", f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}"):
        changed = {**headers, "authorization": f"Bearer {wrong}"}
        billing.refused(billing.caller(changed).get("/customers"), 401, "unauthorized")
    stranger = {**headers, "x-tenant-slug": "brightwater"}
    billing.refused(billing.caller(stranger).get("/customers"), 403, "forbidden")
    billing.advance("61m")
    billing.refused(billing.caller(headers).get("/customers"), 401, "unauthorized")


def test_r2_an_expired_credential_is_401(billing: Any) -> None:
    """Any credential lives as long as it says, by the mock's clock."""
    told = billing.control(
        "POST", "/principals", name="guest", tenant="juniper", expires="2026-06-15T10:00:00Z"
    )
    guest = billing.caller(told["headers"])
    assert guest.get("/customers").status_code == 200
    billing.advance("61m")
    billing.refused(guest.get("/customers"), 401, "unauthorized")


def test_r3_ids_are_uuids(billing: Any) -> None:
    """Of customers, invoices and lines; a path with something else leads to nothing."""
    invoice = billing.owner.row("/invoices", billing.seeded("invoices", 0))
    for identifier in (invoice["id"], invoice["customer_id"], *(line["id"] for line in invoice["lines"])):
        assert str(uuid.UUID(identifier)) == identifier
    for resource in ("customers", "invoices"):
        for wrong in ("1", "null", "550e8400-e29b-41d4-a716", "550e8400e29b41d4a716446655440000x"):
            billing.refused(billing.owner.get(f"/{resource}/{wrong}"), 404, "not_found")


def test_r6_a_customer_is_read_by_its_id(billing: Any) -> None:
    """As the list shows it; absent and foreign ones answer the same 404."""
    listed = billing.owner.get("/customers").json()["data"][0]
    assert billing.owner.row("/customers", listed["id"]) == listed
    foreign = billing.owner.get(f"/customers/{billing.seeded('customers', 0, 'juniper')}")
    absent = billing.owner.get(f"/customers/{uuid.uuid4()}")
    assert billing.refused(foreign, 404, "not_found") == billing.refused(absent, 404, "not_found")


def test_r6_nothing_of_another_workspace_can_be_touched(billing: Any) -> None:
    """Changing and deleting answer as if the row did not exist, and it stays as it was."""
    draft, customer = billing.seeded("invoices", 26, "juniper"), billing.seeded("customers", 1, "juniper")
    before = billing.peer.row("/invoices", draft), billing.peer.row("/customers", customer)
    billing.refused(billing.owner.patch(f"/invoices/{draft}", {"status": "issued"}), 404, "not_found")
    billing.refused(billing.owner.delete(f"/invoices/{draft}"), 404, "not_found")
    billing.refused(billing.owner.patch(f"/customers/{customer}", {"name": "Mine"}), 404, "not_found")
    assert before == (billing.peer.row("/invoices", draft), billing.peer.row("/customers", customer))


def test_r19_every_refusal_has_one_shape(billing: Any) -> None:
    """``{error: {code, message}}`` for each kind of refusal, from the router to the rules."""
    issued, owner = billing.seeded("invoices", 20), billing.owner
    raw = owner.send("POST", "/customers", content=b"{", headers={"content-type": "application/json"})
    form = owner.send("POST", "/customers", data={"name": "x"})
    for answer, status, code in (
        (billing.anonymous.get("/customers"), 401, "unauthorized"),
        (owner.get("/nothing"), 404, "not_found"),
        (owner.send("PUT", "/invoices"), 405, "method_not_allowed"),
        (owner.post("/customers", {}), 400, "invalid_request"),
        (owner.delete(f"/invoices/{issued}"), 409, "conflict"),
        (raw, 400, "invalid_request"),
        (form, 400, "invalid_request"),
    ):
        billing.refused(answer, status, code)
