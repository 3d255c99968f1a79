"""Rows that paths name by several of their own fields (``/stock/{warehouse}/{sku}``) are told apart by all of them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from troth.conformance.connections import Loopback
from troth.conformance.selftest import Bench
from troth.contract import load_contract
from troth.testing import Mock

STOCK = Path(__file__).parent / "stock.yaml"


@pytest.fixture
def api() -> httpx.Client:
    client = Mock(STOCK).client()
    for warehouse, sku, amount in (("w1", "s1", 1), ("w2", "s1", 2), ("w1", "s2", 3)):
        made = client.post("/stock", json={"warehouse": warehouse, "sku": sku, "amount": amount})
        assert made.status_code == 201
    return client


def test_each_is_read_by_both(api: httpx.Client) -> None:
    amounts = [api.get(f"/stock/{place}").json()["amount"] for place in ("w1/s1", "w2/s1", "w1/s2")]
    assert amounts == [1, 2, 3]
    assert api.get("/stock/w2/s2").status_code == 404


def test_the_same_pair_is_taken(api: httpx.Client) -> None:
    assert api.post("/stock", json={"warehouse": "w2", "sku": "s1", "amount": 9}).status_code == 409


def test_a_change_moves_no_row(api: httpx.Client) -> None:
    """What a body says of the fields that name a row is passed over, as it is for an id."""
    api.put("/stock/w2/s1", json={"warehouse": "w1", "sku": "s2", "amount": 7})
    amounts = [api.get(f"/stock/{place}").json()["amount"] for place in ("w1/s1", "w2/s1", "w1/s2")]
    assert amounts == [1, 7, 3]


def test_one_is_deleted_and_its_namesake_stays(api: httpx.Client) -> None:
    assert api.delete("/stock/w2/s1").status_code == 204
    assert [api.get(f"/stock/{place}").status_code for place in ("w1/s1", "w2/s1")] == [200, 404]


def test_they_are_judged() -> None:
    """Creating, reading, changing and deleting get verdicts, and the mock raises no alarm."""
    bench = Bench(load_contract(STOCK))
    outcome = bench.held(Loopback(bench.engine))
    assert [(finding.clause, finding.title) for finding in outcome.findings] == []
    verdicts = {case.name: case.verdict for case in outcome.cases}
    for clause in ("create@addStock", "read@getStock", "delete@dropStock"):
        assert verdicts[f"resource.{clause}"] == "conform"
