"""Code that makes its own httpx client meets the mock at the real address."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import respx
from respx.models import AllMockedAssertionError

from troth.testing import Mock

API = "https://www.clientcasa.com/api"


def code_under_test(key: str) -> list[str]:
    """Makes its own client, as an SDK does."""
    with httpx.Client(base_url=API, headers={"x-api-key": key}) as client:
        client.post("/v1/clients", json={"name": "Through respx"}).raise_for_status()
        return [row["name"] for row in client.get("/v1/clients?pageSize=100").json()["data"]]


def test_requests_below_the_url_reach_the_mock(mock: Mock) -> None:
    """A fresh router, the production address, a stateful answer."""
    api = mock.fork(url=API)
    with api.respx():
        found = code_under_test(api.credential().headers["x-api-key"])
    assert "Through respx" in found
    assert [e.operation for e in api.journal] == ["createClient", "listClients"]


def test_asynchronous_code_is_served_as_well(mock: Mock) -> None:
    """Both transports are patched."""
    api = mock.fork(url=API)

    async def ask() -> int:
        async with httpx.AsyncClient(base_url=API, headers=dict(api.credential().headers)) as client:
            return (await client.post("/v1/clients", json={"name": "Async"})).status_code

    with api.respx():
        assert asyncio.run(ask()) == 201


def test_a_given_router_keeps_its_own_routes(mock: Mock) -> None:
    """What a test mocked before wins; what the mock does not serve is the router's affair."""
    api = mock.fork(url=API)
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{API}/v1/clients").respond(503)
        router.get("https://elsewhere.example.com/").respond(202)
        assert api.respx(router) is router
        headers = dict(api.credential().headers)
        assert httpx.get(f"{API}/v1/clients", headers=headers).status_code == 503
        assert httpx.get(f"{API}/v1/projects", headers=headers).status_code == 200
        assert httpx.get("https://elsewhere.example.com/").status_code == 202
        with pytest.raises(AllMockedAssertionError):
            httpx.get("https://www.clientcasa.com/blog")


def test_an_address_that_only_begins_alike_is_not_the_api(mock: Mock) -> None:
    """``/apiary`` is not below ``/api``."""
    api = mock.fork(url=API)
    with api.respx(), pytest.raises(AllMockedAssertionError):
        httpx.get("https://www.clientcasa.com/apiary")


def test_a_timeout_can_be_simulated(mock: Mock) -> None:
    """``Prefer: wait`` raises in the code under test what a slow server would."""
    api = mock.fork(url=API)
    headers = {**api.credential().headers, "prefer": "wait=20"}
    with api.respx(), pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{API}/v1/clients", headers=headers, timeout=1.0)


def test_several_apis_share_a_router(mock: Mock) -> None:
    """Each at its own address, with its own rows."""
    api = mock.fork(url=API)
    other = Mock("billing", url="https://billing.example.com/api/v1")
    with respx.mock(assert_all_called=False) as router:
        api.respx(router)
        other.respx(router)
        assert httpx.get(f"{API}/v1/clients", headers=dict(api.credential().headers)).status_code == 200
        headers = dict(other.credential().headers)
        assert httpx.get(f"{other.url}/customers", headers=headers).status_code == 200
    assert len(api.journal) == len(other.journal) == 1
