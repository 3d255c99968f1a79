"""Pages, order and depth of Clearmargin's lists."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.behaviour import behaviour_of
from troth.contract import load_contract
from troth.engine.listing import Pager

ENVELOPE = {
    "docs", "totalDocs", "limit", "totalPages", "page", "pagingCounter", "hasPrevPage", "hasNextPage", "prevPage",
    "nextPage",
}  # fmt: skip


@cache
def pager() -> Pager:
    """The compiled paging of a list, without a server around it."""
    pagination = behaviour_of(load_contract("clearmargin")).bindings["listClients"].pagination
    assert pagination is not None
    return Pager(pagination, frozenset())


def turned(total: int, limit: int, number: int) -> Any:
    """The envelope of one page over ``total`` documents, which are numbers from 0."""
    page = pager().page({("query", "limit"): limit, ("query", "page"): number})
    assert page is not None
    return pager().render(list(range(total))[page.start : page.start + page.size], page, total)


@settings(deadline=None)  # the first example loads the contract
@given(total=st.integers(0, 700), limit=st.integers(0, 250), number=st.integers(1, 60))
def test_r13_the_envelope_is_arithmetic(total: int, limit: int, number: int) -> None:
    """Whatever the total, the limit and the page, its ten members follow from one another."""
    size = min(limit or 100, 100)
    body = turned(total, limit, number)
    start, pages = (number - 1) * size, -(-total // size)
    assert body == {
        "docs": list(range(total))[start : start + size],
        "totalDocs": total,
        "limit": size,
        "totalPages": pages,
        "page": number,
        "pagingCounter": start + 1,
        "hasPrevPage": number > 1,
        "hasNextPage": number < pages,
        "prevPage": number - 1 if number > 1 else None,
        "nextPage": number + 1 if number < pages else None,
    }


@settings(deadline=None)  # the first example loads the contract
@given(total=st.integers(0, 400), limit=st.integers(1, 120))
def test_r13_all_pages_are_the_list(total: int, limit: int) -> None:
    """Following ``nextPage`` meets every document once, in order, and comes to an end."""
    seen: list[int] = []
    number: int | None = 1
    while number is not None:
        body = turned(total, limit, number)
        assert body["page"] == number
        assert len(body["docs"]) <= body["limit"]
        seen += body["docs"]
        number = body["nextPage"]
    assert seen == list(range(total))


def test_r13_42_documents_make_five_pages(margin: Any) -> None:
    """The envelope of the documentation, with its numbers."""
    extra = 42 - len(margin.studio.every("clients"))
    for index in range(extra):
        margin.studio.made("clients", name=f"Studio {index}")
    body = margin.studio.listed("clients", limit=10)
    assert set(body) == ENVELOPE
    assert len(body.pop("docs")) == 10
    assert body == {
        "totalDocs": 42, "limit": 10, "totalPages": 5, "page": 1, "pagingCounter": 1, "hasPrevPage": False,
        "hasNextPage": True, "prevPage": None, "nextPage": 2,
    }  # fmt: skip


def test_r5_lists_begin_with_ten_documents_of_depth_one(margin: Any) -> None:
    """Without parameters: ten, the first page, the newest first, relations one level deep."""
    body = margin.studio.listed("projects")
    assert (body["limit"], body["page"], len(body["docs"])) == (10, 1, 10)
    assert body == margin.studio.listed("projects", limit=10, page=1, depth=1, sort="-createdAt")
    assert all(isinstance(doc["client"], dict) for doc in body["docs"])


def test_r6_more_than_the_most_is_the_most(margin: Any) -> None:
    """A limit above 100, or of 0, means 100; a depth above 3 means 3."""
    for limit in (101, 5000, 0):
        assert margin.studio.listed("clients", limit=limit)["limit"] == 100
    deepest = margin.studio.listed("milestones", depth=3)
    assert margin.studio.listed("milestones", depth=4) == deepest
    assert margin.studio.listed("milestones", depth=99) == deepest


@pytest.mark.parametrize("query", [{"limit": "abc"}, {"limit": "-1"}, {"page": "0"}, {"depth": "x"}], ids=str)
def test_r6_what_is_no_number_is_refused(margin: Any, query: dict[str, str]) -> None:
    """It is 400 and names the parameter."""
    (name,) = query
    error = margin.refused(margin.studio.get("clients", **query), 400, "invalid", "ValidationError")
    assert error["data"]["errors"][0]["path"] == name


def test_r5_depth_shows_documents_for_ids(margin: Any) -> None:
    """Each level goes one relation further, in single documents, lists and writes alike."""
    at = f"invoices/{margin.seeded('invoices', 0)}"
    flat, one, two = (margin.studio.shown(at, depth) for depth in (0, 1, 2))
    client = margin.studio.shown(f"clients/{flat['client']}")
    assert one["client"] == two["client"] == client
    assert one["contact"]["id"] == flat["contact"]
    assert one["contact"]["client"] == flat["client"]
    assert two["contact"]["client"] == client
    assert [project["id"] for project in one["projects"]] == flat["projects"]
    listed = margin.studio.listed("invoices", {"where[id][equals]": flat["id"]}, depth=2)
    assert listed["docs"] == [two]
    written = margin.studio.send("PATCH", at, params={"depth": 2}, json={"notes": two["notes"]}).json()["doc"]
    assert {**written, "updatedAt": None} == {**two, "updatedAt": None}


def test_r5_depth_reaches_into_objects_and_lists(margin: Any) -> None:
    """A milestone's parent keeps its kind and shows its document; so do the assignments of a transaction."""
    project = margin.seeded("projects", 0)
    made = margin.studio.made("milestones", title="Go", parent={"relationTo": "projects", "value": project})
    assert made["parent"] == {"relationTo": "projects", "value": project}
    shown = margin.studio.shown(f"milestones/{made['id']}", 1)["parent"]
    assert shown["relationTo"] == "projects"
    assert shown["value"] == margin.studio.shown(f"projects/{project}")
    given = {"name": "Font", "amount": 9, "direction": "cost", "assignments": [{"project": project}]}
    cost = margin.studio.made("transactions", **given)
    assert cost["assignments"][0]["project"] == project
    deep = margin.studio.shown(f"transactions/{cost['id']}", 1)["assignments"][0]
    assert deep["project"]["id"] == project


def test_r5_a_relation_to_nothing_stays_an_id(margin: Any) -> None:
    """Deleting a client leaves its projects as they are; at any depth they show the id of what is gone."""
    client = margin.studio.made("clients", name="Gone soon")["id"]
    project = margin.studio.made("projects", name="Left over", client=client)["id"]
    assert margin.studio.delete(f"clients/{client}").status_code == 200
    assert [margin.studio.shown(f"projects/{project}", depth)["client"] for depth in range(4)] == [client] * 4


@pytest.mark.parametrize("field", ["createdAt", "dueDate", "total", "invoiceNumber", "status", "client.name"])
def test_r7_a_list_is_sorted_by_any_field(margin: Any, field: str) -> None:
    """Ascending, and with a minus descending: the same documents in the reverse order."""

    def key(doc: Any) -> Any:
        return doc["client"]["name"] if "." in field else doc[field]

    up = margin.studio.every("invoices", sort=field, depth=1)
    down = margin.studio.every("invoices", sort=f"-{field}", depth=1)
    assert [key(doc) for doc in up] == sorted(map(key, up))
    assert down == up[::-1]
    assert {doc["id"] for doc in up} == {doc["id"] for doc in margin.studio.every("invoices")}


def test_r7_several_fields_sort_one_within_the_other(margin: Any) -> None:
    """With commas between; one that does not exist is passed over, and nothing comes before something."""
    docs = margin.studio.every("invoices", sort="status,-total,nonsense")
    assert [(d["status"], -d["total"]) for d in docs] == sorted((d["status"], -d["total"]) for d in docs)
    sent = [doc["sentAt"] is not None for doc in margin.studio.every("invoices", sort="sentAt")]
    assert sent == sorted(sent)
    assert margin.studio.every("clients", sort="nonsense") == margin.studio.every("clients")


def test_r14_the_examples_of_the_documentation_work(margin: Any) -> None:
    """Unpaid invoices by due date; active projects of a client; the newest clients."""
    unpaid = margin.studio.every("invoices", {"where[status][not_equals]": "paid"}, sort="dueDate")
    every = margin.studio.every("invoices")
    assert {d["id"] for d in unpaid} == {d["id"] for d in every if d["status"] != "paid"}
    assert [d["dueDate"] for d in unpaid] == sorted(d["dueDate"] for d in unpaid)
    assert all({"total", "status", "dueDate"} <= doc.keys() for doc in every)
    client = margin.seeded("clients", 0)
    query = {"where[status][equals]": "active", "where[client][equals]": client}
    wanted = [d for d in margin.studio.every("projects") if d["status"] == "active" and d["client"] == client]
    assert margin.studio.every("projects", query) == wanted != []
    newest = margin.studio.listed("clients", limit=10, sort="-createdAt")["docs"]
    assert newest == sorted(newest, key=lambda doc: doc["createdAt"], reverse=True)
