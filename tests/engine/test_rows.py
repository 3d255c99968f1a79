"""Rows: what is computed, when it is computed again, what is stamped, and what goes when a row goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.behaviour.expressions import Expression, compile_expression
from troth.behaviour.model import Field
from troth.engine.rows import computing_order
from troth.testing import Mock

Make = Callable[..., Mock]
ORDERS = Path(__file__).with_name("orders.yaml").read_text(encoding="utf-8")


@pytest.fixture
def shop(mock_of: Make) -> Mock:
    """Customers with orders with lines: each computes over the next."""
    return mock_of(ORDERS, empty=True)


def made(client: httpx.Client, path: str, **given: Any) -> dict[str, Any]:
    answer = client.post(path, json=given)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def stored(client: httpx.Client, path: str, row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{path}/{row['id']}").json()
    return found


def test_what_is_computed_follows_through_every_level(shop: Mock) -> None:
    """A line changes its order and, through it, the customer: on create, update and delete, in reads and lists."""
    client = shop.client()
    customer = made(client, "/customers", name="Ann")
    order = made(client, "/orders", customerId=customer["id"], dueDate="2026-07-01")
    line = made(client, "/lines", orderId=order["id"], count=3, price=20)
    assert line["amount"] == 60
    assert stored(client, "/orders", order)["total"] == 60
    assert stored(client, "/customers", customer)["spent"] == 60
    client.patch(f"/lines/{line['id']}", json={"price": 50})
    assert [row["total"] for row in client.get("/orders").json()] == [150]
    assert [(row["spent"], row["rank"]) for row in client.get("/customers").json()] == [(150, "gold")]
    client.delete(f"/lines/{line['id']}")
    assert stored(client, "/customers", customer)["spent"] == 0


def test_a_moved_row_leaves_one_and_joins_another(shop: Mock) -> None:
    """Both parents are computed again."""
    client = shop.client()
    customer = made(client, "/customers", name="Ann")
    one, two = (made(client, "/orders", customerId=customer["id"], dueDate="2026-07-01") for _ in range(2))
    line = made(client, "/lines", orderId=one["id"], price=5)
    client.patch(f"/lines/{line['id']}", json={"orderId": two["id"]})
    assert (stored(client, "/orders", one)["total"], stored(client, "/orders", two)["total"]) == (0, 5)


def test_a_new_day_computes_again_what_days_change(shop: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else: a sum over rows that nobody has written to is still right."""
    client = shop.client()
    customer = made(client, "/customers", name="Ann")
    order = made(client, "/orders", customerId=customer["id"], dueDate="2026-06-20")
    made(client, "/lines", orderId=order["id"], count=3, price=20)
    assert (stored(client, "/orders", order)["late"], stored(client, "/orders", order)["total"]) == (
        False,
        60,
    )
    computed: list[str] = []
    execute = Expression._execute

    def noted(self: Expression, *given: Any) -> Any:
        computed.append(self.text)
        return execute(self, *given)

    monkeypatch.setattr(Expression, "_execute", noted)
    shop.advance("10d")
    assert (stored(client, "/orders", order)["late"], stored(client, "/orders", order)["total"]) == (True, 60)
    assert computed == ["dueDate < today()"]


def test_moments_are_stamped_and_cleared(shop: Mock) -> None:
    """When the condition first holds, by what another row did; emptied when it no longer does."""
    client = shop.client()
    customer = made(client, "/customers", name="Ann")
    order = made(client, "/orders", customerId=customer["id"], dueDate="2026-07-01")
    assert customer["goldSince"] is None
    shop.advance("1h")
    line = made(client, "/lines", orderId=order["id"], price=100)
    assert stored(client, "/customers", customer)["goldSince"] == "2026-06-15T10:00:00.000Z"
    shop.advance("1h")
    client.patch(f"/lines/{line['id']}", json={"price": 101})
    assert stored(client, "/customers", customer)["goldSince"] == "2026-06-15T10:00:00.000Z"
    client.patch(f"/lines/{line['id']}", json={"price": 1})
    assert stored(client, "/customers", customer)["goldSince"] is None


def test_the_clock_changes_what_depends_on_it(shop: Mock) -> None:
    """Without a write, in reads and in lists; back again when the clock goes back."""
    client = shop.client()
    customer = made(client, "/customers", name="Ann")
    order = made(client, "/orders", customerId=customer["id"], dueDate="2026-06-16")
    seen = []
    for pause in ("0s", "1d", "1d", "-2d"):
        shop.advance(pause)
        seen.append((stored(client, "/orders", order)["late"], client.get("/orders").json()[0]["late"]))
    assert seen == [(False, False), (False, False), (True, True), (False, False)]


def test_the_day_reaches_what_computes_over_related_rows(shop: Mock) -> None:
    """A customer counts late orders; the day alone makes one late, in reads and in lists."""
    client = shop.client()
    customer = made(client, "/customers", name="Ann")
    made(client, "/orders", customerId=customer["id"], dueDate="2026-06-16")
    seen = []
    for pause in ("0s", "2d", "-2d"):
        shop.advance(pause)
        listed = client.get("/customers").json()[0]["lateOrders"]
        seen.append((stored(client, "/customers", customer)["lateOrders"], listed))
    assert seen == [(0, 0), (1, 1), (0, 0)]


def test_forks_compute_for_themselves(shop: Mock) -> None:
    """Rows are shared between forks, their days are not."""
    customer = made(shop.client(), "/customers", name="Ann")
    order = made(shop.client(), "/orders", customerId=customer["id"], dueDate="2026-06-16")
    later = shop.fork()
    later.advance("1w")
    for _ in range(2):
        assert stored(later.client(), "/orders", order)["late"] is True
        assert stored(shop.client(), "/orders", order)["late"] is False


def test_numbers_run_on(shop: Mock) -> None:
    """A sequence counts in its tenant, and a restored snapshot counts from where it was."""
    client = shop.client()
    customer = made(client, "/customers", name="Ann")
    given = {"customerId": customer["id"], "dueDate": "2026-07-01"}
    assert [made(client, "/orders", **given)["number"] for _ in range(2)] == ["O-001", "O-002"]
    snapshot = shop.snapshot()
    assert made(client, "/orders", **given)["number"] == "O-003"
    shop.restore(snapshot)
    assert made(client, "/orders", **given)["number"] == "O-003"


def test_a_cascade_takes_what_refers_along(shop: Mock) -> None:
    """Lines go with their order, and what was computed over them follows."""
    client = shop.client()
    customer = made(client, "/customers", name="Ann")
    one, two = (made(client, "/orders", customerId=customer["id"], dueDate="2026-07-01") for _ in range(2))
    kept = made(client, "/lines", orderId=two["id"], price=7)
    made(client, "/lines", orderId=one["id"], price=100)
    assert client.delete(f"/orders/{one['id']}").status_code == 204
    assert client.get("/lines").json() == [kept]
    assert stored(client, "/customers", customer)["spent"] == 7


FOLDERS = """
paths:
  /folders:
    get: {responses: {"200": {description: All., content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Folder"}}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Folder"}}}}
      responses: {"201": {description: Made., content: {application/json: {schema: {$ref: "#/components/schemas/Folder"}}}}}
  /folders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    patch:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Folder"}}}}
      responses: {"200": {description: Done., content: {application/json: {schema: {$ref: "#/components/schemas/Folder"}}}}}
    delete: {responses: {"204": {description: Gone.}, "409": {description: Used.}}}
components:
  schemas:
    Folder:
      type: object
      properties:
        id: {type: string, readOnly: true}
        parentId: {type: [string, "null"], x-behaviour: {references: {to: folders, onDelete: ON_DELETE}}}
"""  # noqa: E501 - a table of paths


@pytest.mark.parametrize(
    ("on_delete", "status", "left"),
    [("cascade", 204, []), ("restrict", 409, ["a", "b"]), ("nullify", 204, ["b"]), ("ignore", 204, ["b"])],
)
def test_a_circle_of_references_comes_to_an_end(
    mock_of: Make, on_delete: str, status: int, left: list[str]
) -> None:
    """Two folders inside each other: each way of deleting terminates."""
    client = mock_of(FOLDERS.replace("ON_DELETE", on_delete), empty=True).client()
    a = made(client, "/folders")
    b = made(client, "/folders", parentId=a["id"])
    assert client.patch(f"/folders/{a['id']}", json={"parentId": b["id"]}).status_code == 200
    assert client.delete(f"/folders/{a['id']}").status_code == status
    names = {a["id"]: "a", b["id"]: "b"}
    rows = client.get("/folders").json()
    assert [names[row["id"]] for row in rows] == left
    if on_delete == "nullify":
        assert rows[0]["parentId"] is None


def test_a_folder_inside_itself_can_be_deleted(mock_of: Make) -> None:
    """A row restricts nobody by referring to itself."""
    client = mock_of(FOLDERS.replace("ON_DELETE", "restrict"), empty=True).client()
    a = made(client, "/folders")
    client.patch(f"/folders/{a['id']}", json={"parentId": a["id"]})
    assert client.delete(f"/folders/{a['id']}").status_code == 204


def fields(**computed: str) -> tuple[Field, ...]:
    return tuple(
        Field(name, {}, nullable=False, required=False, computed=compile_expression(text))
        for name, text in computed.items()
    )


@pytest.mark.parametrize(
    ("computed", "order"),
    [
        ({"a": "b + 1", "b": "c + 1", "c": "1"}, "cba"),
        ({"a": "1", "b": "a", "c": "a + b"}, "abc"),
        ({"a": "a + 1", "b": "a"}, "ab"),
        ({"a": "b", "b": "a"}, "ba"),
        ({}, ""),
    ],
)
def test_fields_are_computed_after_what_they_read(computed: dict[str, str], order: str) -> None:
    """A field that names itself reads its stored value; a circle is cut somewhere, and always at the same place."""
    assert "".join(field.name for field in computing_order(fields(**computed))) == order
