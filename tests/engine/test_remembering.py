"""What selections showed of rows is shown again, until something changes that it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.engine.state import Row
from troth.testing import Mock

PRACTICE = Path(__file__).parents[1] / "conformance" / "practice" / "openapi.yaml"
ASKED = "/matters.json?fields=description,client{name,company{name}}"


@pytest.fixture(scope="module")
def served() -> Mock:
    """A firm with a company, a person who belongs to it, and a matter of hers."""
    mock = Mock(PRACTICE, empty=True)
    client = mock.client("alpha-owner")
    for path, body in (
        ("/contacts.json", {"name": "Acme"}),
        ("/contacts.json", {"name": "Ann", "company": {"id": 1}}),
        ("/matters.json", {"description": "Lease", "client": {"id": 2}}),
    ):
        assert client.post(path, json={"data": body}).status_code == 201
    return mock


@pytest.fixture
def mock(served: Mock) -> Mock:
    return served.fork()


@pytest.fixture
def client(mock: Mock) -> httpx.Client:
    return mock.client("alpha-owner")


def listed(client: httpx.Client) -> Any:
    """What a list shows of its one matter, and the row itself says as well."""
    (one,) = client.get(ASKED).json()["data"]
    alone = client.get(ASKED.replace("matters.json", "matters/1.json"))
    assert alone.json()["data"] == one
    return one


def change(mock: Mock, resource: str, identifier: str, **members: Any) -> None:
    """Another row in the place of one."""
    tables = mock._engine.state().tables.items()
    (table, row), *_ = [(t, row) for (_, n), t in tables if n == resource and (row := t.get(identifier))]
    table.put(Row(row.id, {**row.data, **members}))


def test_rows_are_looked_at_once(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer is the first one, byte for byte, and no row is cut for it."""
    first, known = client.get(ASKED), listed(client)
    cuts: list[Any] = []
    monkeypatch.setattr("troth.engine.remembering.dump", lambda cut: cuts.append(cut) or b"{}")
    assert client.get(ASKED).content == first.content
    assert listed(client) == known
    assert not cuts


@pytest.mark.parametrize(
    ("resource", "identifier", "members", "wanted"),
    [
        ("matters", "1", {"description": "Sale"}, ("Sale", "Ann", {"name": "Acme"})),
        ("contacts", "2", {"name": "Anne"}, ("Lease", "Anne", {"name": "Acme"})),
        ("contacts", "1", {"name": "Acme & Co"}, ("Lease", "Ann", {"name": "Acme & Co"})),
        ("contacts", "2", {"company": None}, ("Lease", "Ann", None)),
        ("contacts", "2", {"company": {"id": 9}}, ("Lease", "Ann", None)),
    ],
)
def test_a_change_shows_however_deep_it_is(
    mock: Mock, client: httpx.Client, resource: str, identifier: str, members: dict[str, Any], wanted: Any
) -> None:
    """Of the row, of a row inside it, and of one inside that."""
    before = listed(client)
    assert before == {"description": "Lease", "client": {"name": "Ann", "company": {"name": "Acme"}}}
    change(mock, resource, identifier, **members)
    after = listed(client)
    assert (after["description"], after["client"]["name"], after["client"]["company"]) == wanted


def test_a_row_that_comes_later_shows(mock: Mock, client: httpx.Client) -> None:
    """That there was none is a finding like any other."""
    change(mock, "contacts", "2", company={"id": 3})
    assert listed(client)["client"]["company"] is None
    assert client.post("/contacts.json", json={"data": {"name": "Third"}}).status_code == 201
    assert listed(client)["client"]["company"] == {"name": "Third"}


def test_forks_show_each_its_own(mock: Mock, client: httpx.Client) -> None:
    """They share what was shown of rows that none of them has changed, and nothing else."""
    before, other = listed(client), mock.fork()
    assert other._engine.state().shown is mock._engine.state().shown
    change(other, "contacts", "1", name="Other")
    assert listed(other.client("alpha-owner"))["client"]["company"] == {"name": "Other"}
    assert listed(client) == before


def test_what_is_kept_has_a_limit(mock: Mock, client: httpx.Client) -> None:
    """However many selections callers think of."""
    names = ("id", "description", "status", "client", "etag")
    for number in range(1, 2 ** len(names)):
        fields = ",".join(name for place, name in enumerate(names) if number >> place & 1)
        assert client.get("/matters.json", params={"fields": fields}).status_code == 200
    assert len(mock._engine.state().shown) <= 16
