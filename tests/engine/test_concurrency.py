"""Threads on one mock: nothing is lost, nothing happens twice, nobody sees another's sandbox."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from troth.testing import Mock

THREADS = 8
Given = TypeVar("Given")
Found = TypeVar("Found")


def together(action: Callable[[Given], Found], given: list[Given]) -> list[Found]:
    """The results of one action on many threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(action, given))


def test_one_key_creates_one_row(clientcasa: Mock) -> None:
    """However many requests carry it at the same time, every one gets the same answer."""
    mock = clientcasa.fork()
    client = mock.client()
    before = client.get("/v1/clients").json()["pagination"]["total"]
    bodies = together(
        lambda _: client.post("/v1/clients", json={"name": "Once"}, headers={"idempotency-key": "k"}).content,
        list(range(40)),
    )
    assert len(set(bodies)) == 1
    assert client.get("/v1/clients").json()["pagination"]["total"] == before + 1


def test_parallel_creates_lose_nothing(clientcasa: Mock) -> None:
    """Every row is there once, with an id and a number of its own."""
    mock = clientcasa.fork()
    client = mock.client()
    owner = client.get("/v1/clients").json()["data"][0]["id"]
    items = [{"description": "Work", "quantity": 1, "unitPrice": 1}]

    def create(_: int) -> tuple[str, str]:
        made = client.post("/v1/invoices", json={"clientId": owner, "lineItems": items})
        assert made.status_code == 201, made.text
        return made.json()["id"], made.json()["invoiceNumber"]

    made = together(create, list(range(60)))
    assert len({identifier for identifier, _ in made}) == len({number for _, number in made}) == 60
    assert all(client.get(f"/v1/invoices/{identifier}").status_code == 200 for identifier, _ in made)


def test_parallel_updates_of_different_fields_merge(clientcasa: Mock) -> None:
    """No update undoes another."""
    mock = clientcasa.fork()
    client = mock.client()
    made = client.post("/v1/clients", json={"name": "Shared"}).json()
    changes = [{"notes": f"note {n}"} if n % 2 else {"status": "inactive"} for n in range(30)]
    statuses = together(
        lambda change: client.patch(f"/v1/clients/{made['id']}", json=change).status_code, changes
    )
    assert set(statuses) == {200}
    found = client.get(f"/v1/clients/{made['id']}").json()
    assert found["status"] == "inactive"
    assert found["notes"].startswith("note ")


def test_one_delete_wins(clientcasa: Mock) -> None:
    """The others find nothing."""
    mock = clientcasa.fork()
    client = mock.client()
    made = client.post("/v1/clients", json={"name": "Contested"}).json()
    statuses = together(lambda _: client.delete(f"/v1/clients/{made['id']}").status_code, list(range(16)))
    assert sorted(statuses) == [204 if 204 in statuses else 200, *[404] * 15]


def test_the_rate_limit_counts_every_request() -> None:
    """Exactly as many as allowed are served."""
    mock = Mock("clientcasa", rate_limit="25/1h", empty=True)
    client = mock.client()
    statuses = together(lambda _: client.get("/v1/clients").status_code, list(range(60)))
    assert (statuses.count(200), statuses.count(429)) == (25, 35)


def test_sandboxes_on_different_days_do_not_mix(clientcasa: Mock) -> None:
    """Rows are shared, views depend on the day: each sandbox sees its own, whoever reads at the same time."""
    mock = clientcasa.fork()
    client = mock.client()
    owner = client.get("/v1/clients").json()["data"][0]["id"]
    items = [{"description": "Work", "quantity": 1, "unitPrice": 1}]
    given = {"clientId": owner, "dueDate": "2026-06-20", "lineItems": items}
    made = client.post("/v1/invoices", json=given).json()
    client.patch(f"/v1/invoices/{made['id']}", json={"status": "sent"})
    early, late = mock.fork(), mock.fork()
    late.advance("30d")
    clients = {"sent": early.client(), "overdue": late.client()}

    def read(status: str) -> bool:
        found = clients[status].get(f"/v1/invoices/{made['id']}").json()["status"]
        return bool(found == status)

    assert all(together(read, ["sent", "overdue"] * 300))


def test_new_sandboxes_may_be_made_at_once(clientcasa: Mock) -> None:
    """One for each name, whoever asks first."""
    mock = clientcasa.fork()

    def create(name: str) -> int:
        return mock.sandbox(name).client().post("/v1/clients", json={"name": "Mine"}).status_code

    assert set(together(create, [f"s{n % 5}" for n in range(40)])) == {201}
    totals = {name: len(mock.sandbox(name).journal) for name in ("s0", "s1", "s2", "s3", "s4")}
    assert totals == dict.fromkeys(totals, 8)
