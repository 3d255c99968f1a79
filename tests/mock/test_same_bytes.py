"""One seed, one script: the same bytes from two processes, and from the transport in this one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from troth.testing import Mock

Step = tuple[str, str, dict[str, Any]]
SEEDED = ("clientcasa", "--seed", "11")


def script(client: httpx.Client, keys: dict[str, dict[str, str]]) -> Iterator[tuple[Step, httpx.Response]]:
    """A long conversation in which later requests depend on earlier answers."""
    owner, peer, reader = keys["northlight-owner"], keys["thornfield-owner"], keys["northlight-reader"]

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**options.pop("key", owner), **options.pop("headers", {})}
        answer = client.request(method, path, headers=headers, **options)
        seen.append(((method, path, {"headers": headers, **options}), answer))
        return answer

    seen: list[tuple[Step, httpx.Response]] = []
    collections = ["clients", "contacts", "projects", "invoices", "contracts", "client-documents", "forms"]
    collections += [
        "document-versions",
        "form-submissions",
        "payments",
        "payouts",
        "time-entries",
        "milestones",
    ]
    collections += ["calendar-events", "transactions", "catalog-items", "webhooks"]
    for name in collections:
        for page in (1, 2, 99):
            ask("GET", f"/v1/{name}?page={page}&pageSize=7")
        rows = ask("GET", f"/v1/{name}", key=peer).json()["data"]
        ask("GET", f"/v1/{name}/{rows[0]['id']}")
        ask("GET", f"/v1/{name}/{rows[0]['id']}", key=peer)
        ask("HEAD", f"/v1/{name}")
        ask("OPTIONS", f"/v1/{name}")
        ask("DELETE", f"/v1/{name}")
        ask("POST", f"/v1/{name}", json={}, key=reader)
    for index in range(5):
        made = ask(
            "POST", "/v1/clients", json={"name": f"Client {index}"}, headers={"idempotency-key": f"k{index}"}
        )
        ask("POST", "/v1/clients", json={"name": f"Client {index}"}, headers={"idempotency-key": f"k{index}"})
        ask("POST", "/v1/clients", json={"name": "Another"}, headers={"idempotency-key": f"k{index}"})
        path = f"/v1/clients/{made.json()['id']}"
        ask("PATCH", path, json={"status": "new", "notes": f"é {index}"})
        ask("PATCH", path, json={"status": 5, "name": ""})
        items = [{"description": "Work", "quantity": index, "unitPrice": 12.5}]
        invoice = {
            "clientId": made.json()["id"],
            "date": "2026-06-15",
            "dueDate": "2026-07-15",
            "lineItems": items,
        }
        ask("POST", "/v1/invoices", json=invoice)
        ask("DELETE", path)
        ask("GET", path)
    for target in (
        "/v1/nothing",
        "/v1/clients/%2F",
        "/v1/clients?page=0",
        "/v1/clients?status=x&pageSize=1000",
    ):
        ask("GET", target)
    for prefer in ("code=500", "dynamic=true;seed=3", "example=none", "fault=total-wrong", "code=999"):
        ask("GET", "/v1/clients", headers={"prefer": prefer})
    ask("GET", "/v1/clients", key={})
    ask("POST", "/v1/clients", content=b"{", headers={"content-type": "application/json"})
    ask("POST", "/v1/clients", content=b"a=b", headers={"content-type": "application/x-www-form-urlencoded"})
    yield from seen


def essence(answer: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    headers = [(name, value) for name, value in answer.headers.raw if name != b"date"]
    return answer.status_code, sorted(headers), answer.content


def test_two_processes_and_the_transport_give_the_same_bytes(serve: Any) -> None:
    """Status, headers (but for ``date``) and body of some 250 answers, in order."""
    first, second = serve(*SEEDED), serve(*SEEDED)
    inside = Mock("clientcasa", seed=11, rate_limit="contract")
    runs = []
    with inside.client("anonymous") as local:
        for client in (first.client("nobody"), second.client("nobody"), local):
            runs += [list(script(client, first.headers))]
    assert len(runs[0]) > 200
    assert {answer.status_code for _, answer in runs[0]} >= {200, 201, 204, 400, 401, 403, 404, 405, 409, 500}
    for (step, one), (_, two), (_, three) in zip(*runs, strict=True):
        assert essence(one) == essence(two), step
        assert essence(one) == essence(three), step


def test_another_seed_gives_other_bytes(serve: Any) -> None:
    """Ids of new rows and requests differ; the rows of the seed data do not."""
    first, second = (serve("clientcasa", "--seed", seed).client() for seed in ("1", "2"))
    assert first.get("/v1/clients").content == second.get("/v1/clients").content
    made = [client.post("/v1/clients", json={"name": "A"}).json()["id"] for client in (first, second)]
    assert made[0] != made[1]
