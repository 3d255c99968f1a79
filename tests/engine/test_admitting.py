"""The tenant header, frozen fields and shorthands of a running contract, asked in-process."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from troth.errors import UsageError
from troth.testing import Mock


@pytest.fixture(scope="module")
def served() -> Mock:
    return Mock("billing", seed=7)


@pytest.fixture
def billing(served: Mock) -> Mock:
    return served.fork()


def row(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_credential_has_the_header(billing: Mock) -> None:
    """The header goes with the credential, so that a client works at once."""
    told = {one.name: dict(one.headers) for one in billing.credentials}
    assert told["juniper-adviser"]["x-tenant-slug"] == "juniper"
    assert all(set(headers) == {"authorization", "x-tenant-slug"} for headers in told.values())


def test_a_forced_answer_is_only_for_members(billing: Mock) -> None:
    """``Prefer`` comes after the tenant: a stranger gets nothing documented."""
    client = billing.client("juniper-owner")
    stranger = client.get("/customers", headers={"x-tenant-slug": "brightwater", "prefer": "code=200"})
    assert stranger.status_code == 403
    assert client.get("/customers", headers={"prefer": "code=404"}).status_code == 404


def test_the_journal_says_who_asked(billing: Mock) -> None:
    """The refusals of the header too are noted under the caller's name."""
    billing.client("juniper-owner").get("/customers", headers={"x-tenant-slug": "brightwater"})
    entry = billing.journal[-1]
    assert (entry.status, entry.operation, entry.principal) == (403, "listCustomers", "juniper-owner")


def test_what_is_frozen_is_part_of_a_snapshot(billing: Mock) -> None:
    """After going back it is kept just as before."""
    client = billing.client("brightwater-owner")
    made = client.post("/customers", json={"name": "First"}).json()
    body = {"customer_id": made["id"], "description": "x", "unit_price": 1}
    issued = client.post("/invoices", json=body).json()
    before = billing.snapshot()
    client.patch(f"/customers/{made['id']}", json={"name": "Second"})
    assert row(client, f"/invoices/{issued['id']}")["customer"]["name"] == "First"
    billing.restore(before)
    client.patch(f"/customers/{made['id']}", json={"name": "Third"})
    assert row(client, f"/invoices/{issued['id']}")["customer"]["name"] == "First"


@pytest.mark.parametrize(
    ("fault", "status"),
    [("stranger-accepted", 200), ("shorthand-ignored", 201), ("emptied-kept", 200), ("frozen-followed", 200)],
)
def test_a_fault_bends_what_it_names(billing: Mock, fault: str, status: int) -> None:
    """Each of the four does what its summary says."""
    billing.faults = {fault}
    client = billing.client("brightwater-owner")
    customer = client.get("/customers?limit=1").json()["data"][0]
    if fault == "stranger-accepted":
        answer = client.get("/customers", headers={"x-tenant-slug": "juniper"})
    elif fault == "shorthand-ignored":
        short = {"customer_id": customer["id"], "description": "Mine", "unit_price": 7}
        answer = client.post("/invoices", json=short)
        assert answer.json()["lines"][0]["description"] != "Mine"
    elif fault == "emptied-kept":
        answer = client.patch(f"/customers/{customer['id']}", json={"email": ""})
        assert answer.json()["email"] == ""
    else:
        invoice = client.get("/invoices?status=paid&limit=1").json()["data"][0]
        client.patch(f"/customers/{invoice['customer_id']}", json={"name": "Followed"})
        answer = client.get(f"/invoices/{invoice['id']}")
        assert answer.json()["customer"]["name"] == "Followed"
    assert answer.status_code == status


def test_a_principal_of_an_unknown_tenant_is_refused(billing: Mock) -> None:
    with pytest.raises(UsageError, match="There is no tenant 'nowhere'"):
        billing.add_principal("nobody", tenant="nowhere")


def test_a_subscription_is_made_from_python(billing: Mock) -> None:
    """What happens from then on is delivered to it."""
    got: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(204)

    assert billing.subscribe("http://hooks.local/x", tenant="brightwater", secret="whsec_1").startswith(
        "sub_"
    )
    client = billing.client("brightwater-owner")
    customer = client.get("/customers?limit=1").json()["data"][0]["id"]
    client.post("/invoices", json={"customer_id": customer, "description": "x", "unit_price": 1})
    billing.deliver(receive)
    assert [request.url.path for request in got] == ["/x"]
    assert "x-signature" in got[0].headers
