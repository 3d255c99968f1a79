"""Conditions: what ``where`` keeps, held against the whole list."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Keep = Callable[[Any], bool]


def check(margin: Any, collection: str, query: dict[str, Any], keep: Keep) -> list[Any]:
    """The list with the query is the whole list as ``keep`` filters it; some documents are kept, some not."""
    every = margin.studio.every(collection)
    wanted = [doc for doc in every if keep(doc)]
    assert margin.studio.every(collection, query) == wanted
    assert 0 < len(wanted) < len(every)
    return wanted


OPERATORS: dict[str, tuple[str, str, Any, Keep]] = {
    "equals": ("invoices", "status", "paid", lambda doc: doc["status"] == "paid"),
    "not_equals": ("invoices", "status", "paid", lambda doc: doc["status"] != "paid"),
    "greater_than": ("invoices", "total", 2600, lambda doc: doc["total"] > 2600),
    "greater_than_equal": ("invoices", "total", 2500, lambda doc: doc["total"] >= 2500),
    "less_than": ("invoices", "total", "2500.5", lambda doc: doc["total"] < 2500.5),
    "less_than_equal": ("time-entries", "hours", 2.5, lambda doc: doc["hours"] <= 2.5),
    "like": (
        "clients",
        "name",
        "CO ac",
        lambda doc: "co" in doc["name"].lower() and "ac" in doc["name"].lower(),
    ),
    "contains": ("clients", "name", "E CO", lambda doc: "e co" in doc["name"].lower()),
    "in": ("clients", "status", "new,spam", lambda doc: doc["status"] in ("new", "spam")),
    "exists": ("clients", "email", "true", lambda doc: doc["email"] is not None),
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_r8_each_operator_keeps_what_it_says(margin: Any, operator: str) -> None:
    """Ten operators, over texts, numbers and what is not there."""
    collection, field, operand, keep = OPERATORS[operator]
    if operator in ("like", "contains"):
        margin.studio.made("clients", name="Acme Company")
    check(margin, collection, {f"where[{field}][{operator}]": operand}, keep)


def test_r8_brackets_and_json_mean_the_same(margin: Any) -> None:
    """The whole of a where may be one JSON object."""
    for collection, field, operand, _ in OPERATORS.values():
        for operator in ("equals", "not_equals", "in", "exists"):
            given = str(operand)
            bracketed = margin.studio.every(collection, {f"where[{field}][{operator}]": given})
            assert (
                margin.studio.every(collection, {"where": json.dumps({field: {operator: given}})})
                == bracketed
            )


def test_r8_a_list_of_values_has_three_spellings(margin: Any) -> None:
    """Commas, indices, empty brackets."""
    spellings = (
        [("where[status][in]", "new,spam")],
        [("where[status][in][0]", "new"), ("where[status][in][1]", "spam")],
        [("where[status][in][]", "new"), ("where[status][in][]", "spam")],
    )
    bodies = [margin.studio.send("GET", "clients", params=pairs).json() for pairs in spellings]
    assert bodies[0] == bodies[1] == bodies[2]
    assert {doc["status"] for doc in bodies[0]["docs"]} == {"new", "spam"}


def test_r8_values_are_read_as_the_field_is(margin: Any) -> None:
    """Numbers, booleans and dates are compared as such; null means nothing there."""
    check(margin, "invoices", {"where[taxAmount][equals]": "0"}, lambda doc: doc["taxAmount"] == 0)
    check(margin, "contacts", {"where[isPrimary][equals]": "true"}, lambda doc: doc["isPrimary"])
    check(margin, "contacts", {"where[client][equals]": "null"}, lambda doc: doc["client"] is None)
    moment = "2026-01-01T02:00:00+02:00"
    check(
        margin,
        "clients",
        {"where[createdAt][less_than]": moment},
        lambda doc: doc["createdAt"] < "2026-01-01",
    )


def test_r8_an_empty_text_or_list_does_not_exist(margin: Any) -> None:
    """As null does not; with false it is the other documents."""
    empty = margin.studio.made("clients", name="Blank", notes="")["id"]
    ids = [doc["id"] for doc in margin.studio.every("clients", {"where[notes][exists]": "false"})]
    assert empty in ids
    check(margin, "clients", {"where[notes][exists]": "true"}, lambda doc: doc["notes"] not in (None, ""))
    bare = margin.invoice(projects=[])["id"]
    ids = [doc["id"] for doc in margin.studio.every("invoices", {"where[projects][exists]": "false"})]
    assert bare in ids


def test_r9_several_conditions_must_all_hold(margin: Any) -> None:
    """On several fields, and as a range on one."""
    client = margin.seeded("clients", 0)
    query = {"where[status][equals]": "active", "where[client][equals]": client}
    check(margin, "projects", query, lambda doc: doc["status"] == "active" and doc["client"] == client)
    dates = sorted(doc["date"] for doc in margin.studio.every("time-entries"))
    low, high = dates[len(dates) // 4], dates[len(dates) // 2]
    span = {"where[date][greater_than_equal]": low, "where[date][less_than]": high}
    check(margin, "time-entries", span, lambda doc: low <= doc["date"] < high)


def test_r9_and_and_or_nest(margin: Any) -> None:
    """In any case, as deep as one likes, beside further conditions."""
    query = {
        "where[or][0][status][equals]": "spam",
        "where[or][1][and][0][status][equals]": "active",
        "where[or][1][and][1][OR][0][name][like]": "acme",
        "where[or][1][and][1][OR][1][name][like]": "sable",
        "where[name][not_equals]": "nobody",
    }

    def keep(doc: Any) -> bool:
        named = any(word in doc["name"].lower() for word in ("acme", "sable"))
        return doc["status"] == "spam" or (doc["status"] == "active" and named)

    check(margin, "clients", query, keep)


def test_r10_a_relation_is_compared_by_id(margin: Any) -> None:
    """One, several, and those in a list or an object; nothing matches what is no id."""
    client, project = margin.seeded("clients", 0), margin.seeded("projects", 0)
    check(margin, "invoices", {"where[client][equals]": client}, lambda doc: doc["client"] == client)
    check(margin, "invoices", {"where[projects][in]": project}, lambda doc: project in doc["projects"])
    check(
        margin,
        "milestones",
        {"where[parent.value][equals]": project},
        lambda d: d["parent"]["value"] == project,
    )
    assert margin.studio.every("invoices", {"where[client][equals]": "acme"}) == []


def test_r10_a_relation_is_compared_by_what_it_leads_to(margin: Any) -> None:
    """A dot goes on to a field of the related document, and further."""
    names = {doc["id"]: doc["name"] for doc in margin.studio.every("clients")}
    check(margin, "invoices", {"where[client.name][like]": "acme"}, lambda d: "Acme" in names[d["client"]])
    projects = {doc["id"]: names[doc["client"]] for doc in margin.studio.every("projects")}
    query = {"where[project.client.name][equals]": "Acme Corp"}
    check(margin, "time-entries", query, lambda doc: projects[doc["project"]] == "Acme Corp")


def test_r9_totals_are_those_of_what_is_kept(margin: Any) -> None:
    """Pages of a filtered and sorted list belong together."""
    query = {"where[status][not_equals]": "paid"}
    wanted = margin.studio.every("invoices", query, sort="dueDate")
    pages = [
        margin.studio.listed("invoices", query, sort="dueDate", depth=0, limit=7, page=n) for n in (1, 2)
    ]
    assert [doc for page in pages for doc in page["docs"]] == wanted[:14]
    assert {page["totalDocs"] for page in pages} == {len(wanted)}


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ({"where[colour][equals]": "red"}, ["colour"]),
        ({"where[subject][sounds_like]": "x"}, ["subject.sounds_like"]),
        ({"where[subject]": "x"}, ["subject"]),
        ({"where[client.colour][equals]": "x", "where[or][0][b][equals]": "1"}, ["client.colour", "b"]),
        ({"where[received][equals]": "1"}, ["received"]),
        ({"where": '{"and": [{"or": [{"x": {"equals": 1}}]}]}'}, ["x"]),
    ],
    ids=str,
)
def test_r20_what_cannot_be_queried_is_named(margin: Any, query: dict[str, str], paths: list[str]) -> None:
    """An unknown field, an unknown operator, no operator, a hidden field: 400 with every such path."""
    error = margin.refused(margin.studio.get("invoices", **query), 400, ", ".join(paths), "QueryError")
    subject = "path" if len(paths) == 1 else "paths"
    assert error["message"] == f"The following {subject} cannot be queried: {', '.join(paths)}"
    assert error["data"] == [{"path": path} for path in paths]


@pytest.mark.parametrize(
    "text", ["{", "[1]", "7", '"x"', "[" * 900 + "]" * 900, '{"and":' * 300 + "1" + "}" * 300]
)
def test_r20_a_where_that_cannot_be_read_is_refused(margin: Any, text: str) -> None:
    """No text whatever is a server error."""
    answer = margin.studio.get("clients", where=text)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].strip()
