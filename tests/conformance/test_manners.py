"""A run minds its manners on a server that is not its own: it leaves nothing behind and calls nobody else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest

from troth.conformance import Principal, Target, verify
from troth.conformance.leavings import Leaving
from troth.conformance.running import Run
from troth.conformance.verdicts import Inconclusive
from troth.contract import Contract, load_contract

from .conftest import BASE, EngineTransport, engine_of

KNOWN = tuple(
    Principal(f"{tenant}-owner", tenant, {"x-api-key": f"cc_test_{tenant}_owner_0001"})
    for tenant in ("northlight", "thornfield")
)
Counts = dict[tuple[str, str], set[str]]


class Stranger(EngineTransport):
    """A server without a control plane; ``answer`` may speak first."""

    def __init__(
        self, contract: Contract, answer: Callable[[httpx.Request], httpx.Response | None] | None = None
    ) -> None:
        super().__init__(engine_of(contract, rate_limit="off"), controlled=False)
        self.answer = answer
        self.hosts: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.hosts.add(request.url.host)
        return (self.answer and self.answer(request)) or super().handle_request(request)

    def rows(self) -> Counts:
        return {key: {row.id for row in table.all()} for key, table in self.engine.state().tables.items()}


def held(contract: Contract, transport: Stranger, *only: str, **options: Any) -> Any:
    target = Target(f"{BASE}/api", KNOWN, transport=transport, **options)
    return verify(contract, target, only=only)


ONLY = ("resource", "tenancy.write")


def added(before: Counts, after: Counts) -> dict[str, int]:
    """How many rows there are more, by resource; the server's own log of events does not count."""
    found: dict[str, int] = {}
    for (_, name), ids in after.items():
        found[name] = found.get(name, 0) + len(ids - before.get((_, name), set()))
    return {name: count for name, count in found.items() if count}


def test_what_a_run_has_made_is_gone_at_its_end(clientcasa: Contract) -> None:
    """Hundreds of rows were made; those that the API can delete are deleted, the others are told."""
    transport = Stranger(clientcasa)
    before = transport.rows()
    outcome = held(clientcasa, transport, *ONLY)
    assert outcome.findings == ()
    made = sum(method == "POST" for method, *_ in transport.requests)
    assert made > 50
    assert added(before, transport.rows()).keys() <= outcome.left.keys()
    assert sum(added(before, transport.rows()).values()) < made / 3


def test_a_run_can_be_told_to_leave_everything(clientcasa: Contract) -> None:
    transport = Stranger(clientcasa)
    before = transport.rows()
    held(clientcasa, transport, "resource.create@createClient", cleanup=False)
    assert added(before, transport.rows()) == {"clients": 1}


def test_an_interrupted_run_cleans_up_too(clientcasa: Contract) -> None:
    """Ctrl-C in the middle: what was made until then is deleted."""
    calls = 0

    def interrupting(request: httpx.Request) -> httpx.Response | None:
        nonlocal calls
        calls += request.method == "POST"
        if calls == 5:
            calls += 1
            raise KeyboardInterrupt
        return None

    transport = Stranger(clientcasa, interrupting)
    before = transport.rows()
    with pytest.raises(KeyboardInterrupt):
        held(clientcasa, transport, "createClient")
    assert calls > 5
    assert added(before, transport.rows()) == {}


def test_redirects_and_absolute_links_lead_nowhere(clientcasa: Contract) -> None:
    """A server that sends everybody elsewhere is asked again, and nobody elsewhere is."""

    def elsewhere(request: httpx.Request) -> httpx.Response | None:
        if request.method == "GET":
            return httpx.Response(302, headers={"location": "https://elsewhere.test/api"})
        return None

    transport = Stranger(clientcasa, elsewhere)
    held(clientcasa, transport, "resource", "pagination")
    assert transport.hosts == {"mock.test"}
    target = Target(f"{BASE}/api", KNOWN, transport=transport)
    with Run(clientcasa, target) as run, pytest.raises(Inconclusive, match="not named"):
        run.client.send(None, "GET", "/x", root="https://elsewhere.test")
    assert transport.hosts == {"mock.test"}


def test_made_up_addresses_never_resolve(clientcasa: Contract) -> None:
    """No body sent to the server has a URL on a host that exists."""
    sent: list[Any] = []

    def noting(request: httpx.Request) -> None:
        if request.method in ("POST", "PATCH") and request.read().startswith(b"{"):
            sent.append(request.read().decode("utf-8", "replace"))

    held(clientcasa, Stranger(clientcasa, noting), "createWebhook", "updateWebhook", "createClient")
    found = {
        word.split('"')[0].split("/")[2]
        for text in sent
        for word in text.split('"')
        if word.startswith("http")
    }
    assert found
    hosts = {host.rpartition("@")[2].partition(":")[0].rpartition(".")[2] for host in found}
    assert hosts <= {"invalid", "example", "test", "localhost", "1"}


def test_rows_that_no_list_shows_are_named_in_the_target_file(clientcasa: Contract) -> None:
    """With the list empty, a known id is what is read; without one a row is made."""
    engine = engine_of(clientcasa)
    table = next(t for (_, name), t in engine.state().tables.items() if name == "payouts")
    identifier = next(iter(table.all())).id

    def nothing_listed(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/payouts"):
            page = {"page": 1, "pageSize": 20, "total": 0, "totalPages": 0, "hasMore": False}
            return httpx.Response(200, content=json.dumps({"data": [], "pagination": page}))
        return None

    knowing = [Principal(p.name, p.tenant, p.headers, known={"payouts": (identifier,)}) for p in KNOWN]
    for principals, asked in ((KNOWN, False), (tuple(knowing), True)):
        transport = Stranger(clientcasa, nothing_listed)
        target = Target(f"{BASE}/api", principals, transport=transport)
        outcome = verify(clientcasa, target, only=["schema.response@getPayout"])
        assert [case.verdict for case in outcome.cases] == ["conform"]
        assert any(path.endswith(identifier) for _, path, _, _ in transport.requests) is asked


def crm_target(contract: Contract, transport: Stranger) -> Target:
    known = [
        Principal(one["name"], one["tenant"], one["headers"], tuple(one["scopes"]))
        for one in transport.engine.credentials()
    ]
    return Target(f"{BASE}{contract.base_path}", tuple(known), transport=transport)


def test_what_actions_have_made_is_deleted_too() -> None:
    """A lead that becomes a customer leaves that customer, whom no create has shown, and he goes as well."""
    contract = load_contract("crm")
    transport = Stranger(contract)
    before = transport.rows()
    outcome = verify(contract, crm_target(contract, transport), only=["*@convertLead"], fuzz=False)
    assert sum("convert" in path for _, path, _, _ in transport.requests) > 0
    assert "customers" not in added(before, transport.rows())
    assert "customers" not in outcome.left


def test_what_nothing_can_delete_is_told_with_its_reason() -> None:
    """An invoice made of an estimate stays, and so does the log that writes keep; the report says so."""
    contract = load_contract("crm")
    transport = Stranger(contract)
    before = transport.rows()
    only = ["action.effect@convertEstimate", "resource.create@createLead"]
    outcome = verify(contract, crm_target(contract, transport), only=only, fuzz=False)
    left = added(before, transport.rows())
    assert left["invoices"] > 0
    assert left.keys() <= outcome.left.keys()
    assert outcome.left["invoices"].startswith(f"{left['invoices']} (")
    assert "no operation deletes one of lead-activities" in outcome.left["lead-activities"]


def test_rows_that_refer_to_what_the_run_made_are_looked_for(clientcasa: Contract) -> None:
    """Where neither answer nor row names a new row, its reference to the row of the write does; others' rows stay."""
    transport = Stranger(clientcasa)
    before = transport.rows()
    with Run(clientcasa, Target(f"{BASE}/api", KNOWN, transport=transport)) as run:
        client = run.scene.created(run.behaviour.resources["clients"], run.scene.owner)
        body = run.scene.body(run.behaviour.bindings["createContact"], run.scene.owner)
        unseen = transport.handle_request(  # as if the server had made it
            httpx.Request(
                "POST",
                f"{BASE}/api/v1/contacts",
                headers=KNOWN[0].headers,
                json={**body, "clientId": client["id"]},
            )
        )
        assert unseen.status_code == 201
        assert added(before, transport.rows())["contacts"] >= 1
        run._cleaner._leave(Leaving("contacts", field="clientId", value=client["id"]), run.scene.owner)
    assert "contacts" not in added(before, transport.rows())
    assert all(ids <= transport.rows()[key] for key, ids in before.items())


def test_requests_that_leave_together_keep_to_the_rate_too(
    clientcasa: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits, on whichever thread: no two leave within a tenth of a second, nor right after the greeting."""
    waited: list[float] = []
    monkeypatch.setattr("troth.conformance.client.time.monotonic", lambda: 100.0)
    monkeypatch.setattr("troth.conformance.client.time.sleep", waited.append)
    target = Target(f"{BASE}/api", KNOWN, transport=Stranger(clientcasa), rate=10.0)
    with Run(clientcasa, target) as run:
        threads = [threading.Thread(target=run.client.pace) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    waited.sort()
    assert len(waited) == 8
    assert waited[0] >= 0.3
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(waited))
