"""Who may call Clearmargin, how often, and what another organization never gets to see."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from troth.contract import load_contract

COLLECTIONS = (
    "clients", "projects", "invoices", "proposals", "time-entries", "transactions", "catalog-items", "contacts",
    "milestones", "calendar-events",
)  # fmt: skip
METHODS = {"list": "GET", "get": "GET", "create": "POST", "update": "PATCH", "delete": "DELETE"}
SIGN_IN = "Unauthorized, you must be logged in to make this request."


@pytest.fixture(params=COLLECTIONS)
def collection(request: pytest.FixtureRequest) -> str:
    """Each of the ten collections."""
    return str(request.param)


def send(caller: Any, verb: str, collection: str, identifier: str) -> Any:
    path = collection if verb in ("list", "create") else f"{collection}/{identifier}"
    body = {"json": {}} if verb in ("create", "update") else {}
    return caller.send(METHODS[verb], path, **body)


def test_r1_either_header_carries_the_key(margin: Any, collection: str) -> None:
    """``Authorization: Bearer`` and ``x-api-key`` give the same list."""
    by_key = margin.with_headers(**{"x-api-key": "sk_test_fernwood_owner_0001"})
    assert by_key.listed(collection) == margin.studio.listed(collection)


@pytest.mark.parametrize("verb", METHODS)
def test_r1_a_missing_or_unknown_key_is_401(margin: Any, collection: str, verb: str) -> None:
    """Whatever the operation, before anything else is looked at."""
    identifier = margin.seeded(collection, 0)
    unknown = margin.bearer("sk_test_nobody"), margin.with_headers(**{"x-api-key": "sk_test_nobody"})
    for caller in (margin.nobody, *unknown):
        margin.refused(send(caller, verb, collection, identifier), 401, SIGN_IN)


def test_r2_lists_have_the_own_documents_only(margin: Any, collection: str) -> None:
    """Two organizations have different documents, and no list mixes them."""
    own, other = ({doc["id"] for doc in c.every(collection)} for c in (margin.studio, margin.rival))
    assert own
    assert other
    assert own.isdisjoint(other)


@pytest.mark.parametrize("verb", ["get", "update", "delete"])
def test_r2_a_foreign_document_is_404(margin: Any, collection: str, verb: str) -> None:
    """As one that does not exist; and it is still there for its owner, unchanged."""
    theirs = margin.seeded(collection, 0, "kestrel")
    before = margin.rival.shown(f"{collection}/{theirs}")
    foreign = margin.refused(send(margin.studio, verb, collection, theirs), 404, "Not Found")
    assert margin.refused(send(margin.studio, verb, collection, "0" * 24), 404) == foreign
    assert margin.rival.shown(f"{collection}/{theirs}") == before


def test_r2_no_condition_leads_out_of_the_organization(margin: Any) -> None:
    """Not by id, not by a relation, not by a field of one, and not with or."""
    theirs = margin.seeded("clients", 0, "kestrel")
    name = margin.rival.shown(f"clients/{theirs}")["name"]
    for query in (
        {"where[id][equals]": theirs},
        {"where[or][0][id][equals]": theirs, "where[or][1][id][equals]": theirs},
        {"where[name][equals]": name},
    ):
        assert margin.studio.every("clients", query) == []
    for query in ({"where[client][equals]": theirs}, {"where[client.name][equals]": name}):
        assert margin.studio.every("projects", query) == []


def test_r2_a_write_cannot_refer_to_a_foreign_document(margin: Any) -> None:
    """It answers as a reference to nothing does."""
    for client in (margin.seeded("clients", 0, "kestrel"), "0" * 24):
        answer = margin.studio.post("projects", {"name": "Signs", "client": client})
        error = margin.refused(answer, 400, "The following field is invalid: Client", "ValidationError")
        assert error["data"]["errors"][0]["path"] == "client"


def test_r3_a_key_has_100_requests_a_minute(margin: Any) -> None:
    """Each answer says what is left; the 101st is 429 with ``Retry-After``; a minute later all is well."""
    secret = f"sk_test_{uuid.uuid4().hex}"
    margin.control("POST", "/principals", name=secret[-8:], key=secret, tenant="fernwood", scopes=["*"])
    caller = margin.bearer(secret)
    for used in range(1, 101):
        answer = caller.get("clients", limit=1)
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-limit"] == "100"
        assert answer.headers["x-ratelimit-remaining"] == str(100 - used)
    refused = caller.get("clients")
    margin.refused(refused, 429)
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert int(refused.headers["x-ratelimit-reset"]) >= int(margin.now().timestamp())
    assert margin.studio.get("clients").status_code == 200
    margin.advance("60s")
    assert caller.get("clients").status_code == 200


def test_r4_ten_collections_have_five_operations(margin: Any, collection: str) -> None:
    """List, get, create, update and delete are documented and answered for each of the ten."""
    operations = load_contract("clearmargin").operations
    assert len(operations) == 50
    methods = {(o.method, "{" in o.path) for o in operations if o.path.strip("/").split("/")[0] == collection}
    assert methods == {("GET", False), ("POST", False), ("GET", True), ("PATCH", True), ("DELETE", True)}
    identifier = margin.seeded(collection, 0)
    assert send(margin.studio, "list", collection, identifier).status_code == 200
    assert send(margin.studio, "get", collection, identifier).json()["id"] == identifier
    assert send(margin.studio, "create", collection, identifier).status_code == 400
    assert send(margin.studio, "update", collection, identifier).status_code == 200
    assert send(margin.studio, "delete", collection, identifier).status_code == 200
    assert send(margin.studio, "get", collection, identifier).status_code == 404


def test_r19_a_key_without_the_permission_is_403(margin: Any) -> None:
    """A key for time sheets reads and writes entries, reads projects, and nothing else."""
    caller, message = margin.timesheets, "You are not allowed to perform this action."
    assert caller.get("time-entries").status_code == caller.get("projects").status_code == 200
    margin.refused(caller.get("invoices"), 403, message)
    margin.refused(
        caller.post("projects", {"name": "x", "client": margin.seeded("clients", 0)}), 403, message
    )
    margin.refused(caller.delete(f"projects/{margin.seeded('projects', 0)}"), 403, message)
