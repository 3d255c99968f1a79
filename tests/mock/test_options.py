"""The options of ``troth mock``, as a caller notices them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

WRONG = {"name": "", "status": "no such"}


def test_validate_strict_refuses(server: Any) -> None:
    """The default."""
    assert server.client().post("/v1/clients", json=WRONG).status_code == 400
    assert server.client().get("/v1/clients?pageSize=100000").status_code == 400


def test_validate_warn_accepts_and_says_so(serve: Any) -> None:
    """The violations are in a header of the answer; a right request has none."""
    client = serve("clientcasa", "--validate", "warn").client()
    answer = client.post("/v1/clients", json=WRONG)
    assert answer.status_code == 201
    assert "/name" in answer.headers["x-troth-violations"]
    assert "/status" in answer.headers["x-troth-violations"]
    assert "x-troth-violations" not in client.post("/v1/clients", json={"name": "Right"}).headers
    assert "pageSize" in client.get("/v1/clients?pageSize=100000").headers["x-troth-violations"]


def test_validate_off_accepts_silently(serve: Any) -> None:
    """What is not JSON is refused all the same."""
    client = serve("clientcasa", "--validate", "off").client()
    answer = client.post("/v1/clients", json=WRONG)
    assert (answer.status_code, "x-troth-violations" in answer.headers) == (201, False)
    assert client.post("/v1/clients", content=b"{").status_code == 400


def test_the_contract_has_its_own_rate_limit(serve: Any) -> None:
    """Announced on every answer, errors too, and counted for each credential."""
    running = serve("clientcasa")
    answers = [running.client().get(path) for path in ("/v1/clients", "/v1/clients/none", "/v1/nothing")]
    assert [answer.headers["x-ratelimit-limit"] for answer in answers] == ["1000"] * 3
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["999", "998", "997"]
    assert running.client("thornfield-owner").get("/v1/clients").headers["x-ratelimit-remaining"] == "999"


def test_another_rate_limit_may_be_given(serve: Any) -> None:
    """N requests in a window; then 429 with ``Retry-After``, until the clock has moved on."""
    running = serve("clientcasa", "--rate-limit", "3/1m")
    statuses = [running.client().get("/v1/clients").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = running.client().get("/v1/clients")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["error"]["code"] == "rate_limited"
    httpx.post(f"{running.control}/clock/advance", json={"by": "61s"}, trust_env=False).raise_for_status()
    assert running.client().get("/v1/clients").status_code == 200


def test_the_rate_limit_may_be_off(server: Any) -> None:
    """Neither headers nor refusals."""
    assert not [name for name in server.client().get("/v1/clients").headers if "ratelimit" in name]


def test_empty_leaves_the_callers(serve: Any) -> None:
    """No rows, the same keys."""
    client = serve("clientcasa", "--empty").client()
    assert client.get("/v1/clients").json()["data"] == []
    assert client.post("/v1/clients", json={"name": "First"}).status_code == 201


def test_faults_may_be_on_from_the_start(serve: Any) -> None:
    """Several at once."""
    client = serve("clientcasa", "--fault", "total-wrong", "--fault", "has-more-wrong").client()
    found = client.get("/v1/clients?pageSize=100").json()
    assert found["pagination"]["total"] == len(found["data"]) + 1
    assert found["pagination"]["hasMore"] is True


def test_a_seed_file_replaces_the_shipped_one(serve: Any, tmp_path: Path) -> None:
    """Own tenants, keys and rows."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(
        "tenants: {acme: {id: 5f0c8a43-8d8e-4bfb-9d61-0b7b7c7f0001}}\n"
        "principals: {acme-owner: {tenant: acme, key: secret-of-acme}}\n"
        "rows: {clients: {acme: [{count: 3, row: {name: {$text: 'Client {n}'}, status: active}}]}}\n",
        encoding="utf-8",
    )
    running = serve("clientcasa", "--seed-file", str(seed))
    assert [c["headers"] for c in running.first["credentials"]] == [{"x-api-key": "secret-of-acme"}]
    found = running.client("acme-owner").get("/v1/clients").json()["data"]
    assert [row["name"] for row in found] == ["Client 1", "Client 2", "Client 3"]


def test_an_overlay_changes_what_is_served(serve: Any, tmp_path: Path) -> None:
    """The page size of the default is the overlay's."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: Small pages, version: '1'}\nactions:\n"
        "  - target: $.components.parameters.PageSize.schema\n    update: {default: 4}\n",
        encoding="utf-8",
    )
    done = serve("clientcasa", "--overlay", str(overlay)).client().get("/v1/clients").json()
    assert len(done["data"]) == done["pagination"]["pageSize"] == 4
