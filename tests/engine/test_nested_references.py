"""References that stand inside objects: what follows from them, and resources that no operation shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.behaviour import behaviour_of
from troth.engine.state import held
from troth.testing import Mock

OFFICE = Path(__file__).with_name("office.yaml").read_text(encoding="utf-8")


@pytest.fixture
def office(mock_of: Callable[..., Mock]) -> httpx.Client:
    """Cases for people, with helpers."""
    return mock_of(OFFICE, empty=True).client()


def made(caller: httpx.Client, path: str, **given: Any) -> dict[str, Any]:
    answer = caller.post(path, json=given)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_rows_are_related_by_the_id_inside_an_object(office: httpx.Client) -> None:
    """``related('cases', 'client.id')`` counts; a case that moves leaves one person and joins the other."""
    ann, bob = (made(office, "/people.json", name=name) for name in ("Ann", "Bob"))
    case = made(office, "/cases.json", client={"id": ann["id"]})
    assert [office.get(f"/people/{one['id']}.json").json()["cases"] for one in (ann, bob)] == [1, 0]
    office.patch(f"/cases/{case['id']}.json", json={"client": {"id": bob["id"]}})
    assert [office.get(f"/people/{one['id']}.json").json()["cases"] for one in (ann, bob)] == [0, 1]


def test_rows_are_related_by_the_ids_inside_a_list(office: httpx.Client) -> None:
    """Each object of the list counts, and ids that were computed are whole numbers."""
    ann, bob = (made(office, "/people.json", name=name) for name in ("Ann", "Bob"))
    case = made(office, "/cases.json", helpers=[{"id": ann["id"]}, {"id": bob["id"]}])
    assert office.get(f"/people/{bob['id']}.json").json()["help"] == [{"id": case["id"]}]
    assert f'"help":[{{"id":{case["id"]}}}]' in office.get(f"/people/{bob['id']}.json").text
    office.patch(f"/cases/{case['id']}.json", json={"helpers": [{"id": bob["id"]}]})
    assert office.get(f"/people/{ann['id']}.json").json()["help"] == []


def test_what_is_looked_up_through_an_object_follows(office: httpx.Client) -> None:
    """A person's new name shows in the case, also where the id is an expression of its own."""
    ann = made(office, "/people.json", name="Ann")
    case = made(office, "/cases.json", client={"id": ann["id"]})
    assert (case["title"], case["payer"]) == ("For Ann", "Ann")
    office.patch(f"/people/{ann['id']}.json", json={"name": "Anna"})
    stored = office.get(f"/cases/{case['id']}.json").json()
    assert (stored["title"], stored["payer"]) == ("For Anna", "Anna")


def test_objects_that_stand_for_rows_are_kept_as_they_came(office: httpx.Client) -> None:
    """Members that the row has elsewhere are not filled in with null."""
    ann = made(office, "/people.json", name="Ann")
    assert made(office, "/cases.json", helpers=[{"id": ann["id"]}])["helpers"] == [{"id": ann["id"]}]


def test_a_resource_without_operations_is_one_when_it_is_referred_to(contract_of: Any) -> None:
    """``fields`` are named by cases; a schema that nothing refers to makes none."""
    rows = "{type: object, properties: {id: {type: integer}}, x-behaviour: {resource: strays}}"
    alone = f"{OFFICE}    Stray: {rows}\n"
    assert sorted(behaviour_of(contract_of(alone)).resources) == ["cases", "fields", "people"]


def test_a_suffix_of_the_path_is_no_part_of_its_collection(contract_of: Any) -> None:
    """``/cases.json`` and ``/cases/{id}.json`` are about the same rows."""
    found = behaviour_of(contract_of(OFFICE))
    assert {binding.resource.name for binding in found.bindings.values() if binding.resource} == {
        "cases",
        "people",
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [("a", {"b": 1}), ("a.b", 1), ("c.b", [1, 2]), ("d.b", None), ("a.b.c", None)],
)
def test_a_dotted_field_leads_into_objects(path: str, value: Any) -> None:
    """And into each object of a list; where there is none, there is nothing."""
    assert held({"a": {"b": 1}, "c": [{"b": 1}, {"b": 2}, 3], "d": None}, path) == value
