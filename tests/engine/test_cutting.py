"""Selections as functions: what they leave of rows, and how often they look at the rows that stand inside others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from troth.behaviour.model import Reference
from troth.behaviour.selecting import OWN, Picked
from troth.engine.cutting import Cutter, Memo
from troth.engine.keeping import Keeper
from troth.engine.state import MemoryTable, Row
from troth.engine.withholding import Withheld
from troth.engine.world import TenantWorld


class _Sight:
    """Everybody sees everything but row 3, and of row 4 its id alone; each look is noted."""

    marks = ("redacted",)

    def __init__(self) -> None:
        self.looks: list[str] = []

    def shows(self, row: Row, _world: TenantWorld) -> bool:
        return row.id != "3"

    def view(self, row: Row, _world: TenantWorld) -> Any:
        self.looks.append(row.id)
        return Withheld(id=row.data["id"]) if row.id == "4" else row.data


@pytest.fixture
def sight() -> _Sight:
    return _Sight()


@pytest.fixture
def world() -> TenantWorld:
    table = MemoryTable()
    for number in (1, 2, 3, 4):
        table.put(Row(str(number), {"id": number, "name": f"n{number}", "redacted": False}))
    return cast("TenantWorld", SimpleNamespace(tenant="", state=SimpleNamespace(table=lambda *_: table)))


def _cutter(sight: _Sight, *, whole: bool = False) -> Cutter:
    fields = dict.fromkeys(("id", "name", "redacted"))
    kind = SimpleNamespace(resource=SimpleNamespace(fields=fields))
    return Cutter(
        cast("Keeper", SimpleNamespace(sights={"owners": sight}, kinds={"owners": kind})), whole=whole
    )


def _owner(at: str | None = "id", by: str | None = None) -> Reference:
    to = {"": "owners"} if by is None else {"Owner": "owners"}
    return Reference("owner", to, by, many=False, on_delete="ignore", refused=None, pointer="", at=at)


def _picked(reference: Reference, *names: str) -> tuple[Picked, ...]:
    inner = {"owners": tuple(Picked(name) for name in names), OWN: (Picked("id"),)}
    return (Picked("id"), Picked("owner", reference, inner))


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ({"id": 1}, {"name": "n1", "redacted": False}),
        ({"id": 1, "share": 0.5}, {"name": "n1", "share": 0.5, "redacted": False}),
        ({"id": 9}, None),
        ({"id": 3}, None),
        ({"id": 4}, {"id": 4}),
        (None, None),
        ("1", "1"),
        ([{"id": 1}, {"id": 9}, None, {"id": 4}], [{"name": "n1", "redacted": False}, {"id": 4}]),
    ],
)
def test_rows_stand_where_they_are_referred_to(
    kept: Any, shown: Any, sight: _Sight, world: TenantWorld
) -> None:
    """With what the other row keeps of its own beside the id, where there is a row and the caller may know of it."""
    cut = _cutter(sight).of_rows("owners", _picked(_owner(), "name", "share"))
    assert cut({"id": 7, "owner": kept, "note": "n"}, world, Memo()) == {"id": 7, "owner": shown}


def test_a_row_inside_others_is_looked_at_once_an_answer(sight: _Sight, world: TenantWorld) -> None:
    """However many rows of an answer refer to it; the next answer looks again."""
    cut = _cutter(sight).of_rows("owners", _picked(_owner(), "name"))
    for expected in (["1", "2"], ["1", "2", "1", "2"]):
        memo = Memo()
        for number in (1, 2, 1, 1, 2):
            assert cut({"owner": {"id": number}}, world, memo)["owner"]["name"] == f"n{number}"
        assert sight.looks == expected


def test_what_is_kept_beside_an_id_belongs_to_one_row(sight: _Sight, world: TenantWorld) -> None:
    """Two rows that refer to the same one, each with a share of its own."""
    cut, memo = _cutter(sight).of_rows("owners", _picked(_owner(), "name", "share")), Memo()
    shares = [cut({"owner": {"id": 1, "share": share}}, world, memo)["owner"]["share"] for share in (1, 2)]
    assert shares == [1, 2]
    assert "share" not in cut({"owner": {"id": 1}}, world, memo)["owner"]


def test_the_kind_of_row_is_named_beside_the_id(sight: _Sight, world: TenantWorld) -> None:
    """Of a kind that the selection does not lead to only what is kept is shown."""
    cut = _cutter(sight).of_rows("owners", _picked(_owner(by="kind"), "name", "kind"))
    found = [cut({"owner": {"id": 1, "kind": kind}}, world, Memo())["owner"] for kind in ("Owner", "Other")]
    assert found == [{"name": "n1", "kind": "Owner", "redacted": False}, {"id": 1}]


def test_a_plain_id_becomes_the_row(sight: _Sight, world: TenantWorld) -> None:
    """The same for a reference that is the id itself, alone or in a list."""
    cut = _cutter(sight).of_rows("owners", _picked(_owner(at=None), "name"))
    assert cut({"owner": 1}, world, Memo())["owner"]["name"] == "n1"
    assert [one["name"] for one in cut({"owner": [1, 9, 2]}, world, Memo())["owner"]] == ["n1", "n2"]


def test_a_withheld_row_is_not_selected_from(sight: _Sight, world: TenantWorld) -> None:
    """It is shown as the rule says, marks and all."""
    cut = _cutter(sight).of_rows("owners", _picked(_owner(), "name"))
    assert cut(Withheld(id=4, redacted=True), world, Memo()) == {"id": 4, "redacted": True}
    assert cut({"id": 1, "redacted": False}, world, Memo()) == {"id": 1, "redacted": False}


def test_rows_inside_others_may_be_whole(sight: _Sight, world: TenantWorld) -> None:
    """Only a fault wants that."""
    cut = _cutter(sight, whole=True).of_rows("owners", _picked(_owner(), "name"))
    assert cut({"owner": {"id": 1}}, world, Memo())["owner"] == {"id": 1, "name": "n1", "redacted": False}
