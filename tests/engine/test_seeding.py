"""Seed data: what directives stand for, and what is said when a seed does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from troth.contract import Contract, shipped
from troth.engine.seed_files import seed_file_for
from troth.errors import SeedError
from troth.testing import Mock

ORDERS = Path(__file__).with_name("orders.yaml").read_text(encoding="utf-8")
CALLERS = "tenants: {acme: {id: t-1}}\nprincipals: {ann: {tenant: acme, key: k-ann}}\n"

Plant = Callable[[str], Mock]


@pytest.fixture
def plant(contract_of: Callable[[str], Contract], tmp_path: Path) -> Plant:
    """A function from the text of a seed to a mock of the order contract with it."""
    contract = contract_of(ORDERS)

    def make(text: str) -> Mock:
        seed = tmp_path / "seed.yaml"
        seed.write_text(text, encoding="utf-8")
        return Mock(contract, seed_file=seed)

    return make


def rows(mock: Mock, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mock.client().get(path).json()
    return found


def test_directives_stand_for_values(plant: Plant) -> None:
    """Cycles, texts, days, expressions and rows of other resources."""
    mock = plant(
        CALLERS
        + """rows:
  customers:
    acme: [{count: 3, row: {name: {$cycle: [Ann, Bob]}}}, {row: {name: {$text: "Customer {i} {n}"}}}]
  orders:
    acme:
      - {count: 2, row: {customerId: {$row: customers, $at: 1}, dueDate: {$day: "i * 7 - 7"}}}
  lines:
    acme:
      - {count: 3, row: {orderId: {$row: orders, $at: "i / 2"}, count: {$value: "i + 1"}, price: 10}}
"""
    )
    customers, orders = rows(mock, "/customers"), rows(mock, "/orders")
    assert [row["name"] for row in customers] == ["Ann", "Bob", "Ann", "Customer 0 1"]
    assert [order["customerId"] for order in orders] == [customers[1]["id"]] * 2
    assert [order["dueDate"] for order in orders] == ["2026-06-08", "2026-06-15"]
    assert [order["number"] for order in orders] == ["O-001", "O-002"]
    assert [order["total"] for order in orders] == [30, 30]
    assert customers[1]["spent"] == 60


def test_ids_stay_the_same_from_run_to_run(plant: Plant) -> None:
    """They depend on api, tenant, resource and place, not on the seed of the run."""
    text = CALLERS + "rows: {customers: {acme: [{count: 2, row: {name: A}}]}}\n"
    first, second = rows(plant(text), "/customers"), rows(plant(text), "/customers")
    assert [row["id"] for row in first] == [row["id"] for row in second]
    assert len({row["id"] for row in first}) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a list\n", "a map with tenants, principals and rows is expected"),
        ("tenants: [\n", "cannot be read"),
        (
            "principals: {ann: {tenant: acme, key: k}}\n",
            "principal 'ann' names the tenant 'acme', which does not exist",
        ),
        (
            "tenants: {acme: {}}\nprincipals: {ann: {tenant: acne, key: k}}\n",
            "which does not exist. Did you mean 'acme'?",
        ),
        (
            CALLERS + "rows: {custommers: {acme: []}}\n",
            "unknown resource 'custommers'. Did you mean 'customers'?",
        ),
        (
            CALLERS + "rows: {orders: {acme: [{row: {customerId: {$row: customers}}}]}}\n",
            "has no rows for 'acme'",
        ),
        (CALLERS + "rows: {customers: {acme: [{row: {name: {$cicle: [a]}}}]}}\n", "Did you mean '$cycle'?"),
        (
            CALLERS + "rows: {orders: {acme: [{row: {dueDate: {$day: 'i +'}}}]}}\n",
            "the expression 'i +' fails",
        ),
        (
            CALLERS + "rows: {orders: {acme: [{row: {dueDate: {$day: 'x + 1'}}}]}}\n",
            "the expression 'x + 1' fails",
        ),
        ("tenants: {acme: {}}\nprincipals: {ann: {tenant: acme}}\n", "principal 'ann' has no key"),
        (CALLERS + "rows: {customers: {acne: [{row: {name: A}}]}}\n", "tenant 'acne'"),
        (
            CALLERS + "rows: {customers: {acme: [{name: A}]}}\n",
            "has the unknown key 'name'; known: count, row.",
        ),
        (CALLERS + "rows: {customers: {acme: [{count: 2}]}}\n", "needs a row"),
        (CALLERS + "rows: {customers: {acme: {row: {name: A}}}}\n", "are a list of blocks"),
        (CALLERS + "rows: {customers: {acme: [5]}}\n", "block 0 of 'customers' for 'acme' is a map; found 5"),
        (
            CALLERS + "rows: {customers: {acme: [{count: many, row: {name: A}}]}}\n",
            "whole number; found 'many'",
        ),
        (CALLERS + "rows: {customers: {acme: [{row: {nmae: A}}]}}\n", "Did you mean 'name'?"),
        (CALLERS + "row: {}\n", "unknown key 'row'. Did you mean 'rows'?"),
        ("tenants: [acme]\n", "tenants is a map; found ['acme']"),
        (
            "tenants: {acme: {}}\nprincipals: {ann: {tenant: acme, key: k, scopes: all}}\n",
            "are a list; found 'all'",
        ),
    ],
)
def test_what_does_not_fit_is_said(plant: Plant, text: str, message: str) -> None:
    """With the file, what was found, and the nearest word."""
    with pytest.raises(SeedError) as raised:
        plant(text)
    assert message in str(raised.value)
    assert "seed.yaml" in str(raised.value)


def test_rows_may_be_for_every_tenant(plant: Plant) -> None:
    """Blocks without a tenant are planted for each, with ids of their own."""
    mock = plant(
        "tenants: {a: {}, b: {}}\nprincipals: {ann: {tenant: a, key: k-a}, bob: {tenant: b, key: k-b}}\n"
        "rows: {customers: [{count: 2, row: {name: Everywhere}}]}\n"
    )
    ids = [{row["id"] for row in mock.client(name).get("/customers").json()} for name in ("ann", "bob")]
    assert [len(found) for found in ids] == [2, 2]
    assert ids[0].isdisjoint(ids[1])


def test_an_api_without_tenants_needs_none(contract_of: Callable[[str], Contract], tmp_path: Path) -> None:
    """A seed of rows alone is enough where nobody has to show who he is."""
    seed = tmp_path / "seed.yaml"
    seed.write_text("rows: {pets: [{count: 2, row: {name: {$text: 'Pet {n}'}}}]}\n", encoding="utf-8")
    pets = Path(__file__).with_name("pets.yaml").read_text(encoding="utf-8")
    mock = Mock(contract_of(pets), seed_file=seed)
    assert mock.client().get("/pets").json() == [{"id": 1, "name": "Pet 1"}, {"id": 2, "name": "Pet 2"}]


def test_a_missing_file_is_said(contract_of: Callable[[str], Contract], tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(SeedError, match=r"nowhere\.yaml: cannot be read"):
        Mock(contract_of(ORDERS), seed_file=tmp_path / "nowhere.yaml")


def test_the_seed_of_a_contract_is_found(tmp_path: Path) -> None:
    """Shipped ones by name and release, others beside the contract; addresses have none."""
    own = tmp_path / "seed.yaml"
    assert seed_file_for(str(tmp_path)) is None
    own.write_text(CALLERS, encoding="utf-8")
    assert (
        seed_file_for("clientcasa")
        == seed_file_for("clientcasa@1.0.0")
        == shipped().mocks / "clientcasa" / "seed.yaml"
    )
    assert seed_file_for(str(tmp_path)) == seed_file_for(str(tmp_path / "openapi.yaml")) == own
    assert seed_file_for("https://example.com/openapi.yaml") is None


def test_without_a_seed_there_are_callers_and_rows(contract_of: Callable[[str], Contract]) -> None:
    """Two tenants with a key each where the contract knows tenants, and three rows of everything."""
    mock = Mock(contract_of(ORDERS))
    assert [c.name for c in mock.credentials] == ["alpha-owner", "beta-owner"]
    assert [len(rows(mock, path)) for path in ("/customers", "/orders", "/lines")] == [3, 3, 3]
    ids = {row["id"] for row in rows(mock, "/customers")}
    assert ids.isdisjoint(row["id"] for row in mock.client("beta-owner").get("/customers").json())
