"""Each relation holds between right answers, fails between wrong ones, and is silent where answers cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from troth.conformance.reproduction.answers import Answer
from troth.conformance.reproduction.matching import matches
from troth.conformance.reproduction.relations import RELATIONS, holds
from troth.conformance.reproduction.walking import walked

FIVE = [{"id": number, "name": name} for number, name in enumerate("edcba", 1)]


def page(*ids: int, status: int = 200, **told: Any) -> Answer:
    """A page with these rows of the five."""
    return Answer(status, {}, {"data": [FIVE[number - 1] for number in ids], **told}, "")


def walk(*pages: Answer, ended: bool = True) -> Answer:
    """A walk over these pages."""
    rows = [row for one in pages for row in one.json["data"]]
    return Answer(200, {}, {"walked": rows, "pages": [one.json for one in pages], "ended": ended}, "")


WHOLE = walk(page(1, 2, 3, 4, 5))

#: Name, facts, answers between which it holds, answers between which it does not.
CASES: tuple[tuple[str, Mapping[str, Any], Mapping[str, Answer], Mapping[str, Answer]], ...] = (
    ("same-rows", {}, {"whole": WHOLE, "other": walk(page(1, 2), page(4, 3), page(5))},
     {"whole": WHOLE, "other": walk(page(1, 2), page(4, 5))}),
    ("same-rows", {}, {"whole": WHOLE, "other": walk(page(5, 4, 3, 2, 1))},
     {"whole": WHOLE, "other": walk(page(1, 2), page(2, 3), page(4, 5))}),
    ("same-rows", {"ordered": True}, {"whole": WHOLE, "other": walk(page(1, 2), page(3, 4), page(5))},
     {"whole": WHOLE, "other": walk(page(1, 2), page(4, 3), page(5))}),
    ("full-pages", {}, {"whole": walk(page(1, 2), page(3, 4), page(5), page())},
     {"whole": walk(page(1, 2), page(3), page(4, 5), page())}),
    ("no-empty-page", {}, {"whole": walk(page(1, 2), page(3, 4))}, {"whole": walk(page(1, 2), page())}),
    ("members", {}, {"whole": WHOLE, "other": walk(page(3))},
     {"whole": WHOLE, "other": Answer(200, {}, {"data": [{"id": 3}]}, "")}),
    ("follows", {}, {"whole": WHOLE, "page": page(1, 2), "then": page(3, 4)},
     {"whole": WHOLE, "page": page(1, 2), "then": page(2, 3)}),
    ("follows", {}, {"whole": walk(page(1, 2, 3)), "page": page(1, 2), "then": page(4, 3)},
     {"whole": WHOLE, "page": page(1, 2), "then": page(4, 5)}),
    ("as-many", {"size": 2}, {"whole": WHOLE, "page": page(1, 2)}, {"whole": WHOLE, "page": page(1, 2, 3)}),
    ("at-most", {"size": 2}, {"page": page(1, 2)}, {"page": page(1, 2, 3)}),
    ("counts", {"at": "/total"}, {"whole": walk(page(1, 2, total=3), page(3, total=3))},
     {"whole": walk(page(1, 2, total=3), page(3, total=4))}),
    ("begins", {"at": "/from"}, {"whole": walk(page(1, 2, **{"from": 1}), page(3, **{"from": 3}))},
     {"whole": walk(page(1, 2, **{"from": 0}), page(3, **{"from": 2}))}),
    *(("placed", {"at": "/it", "says": says, "first": 1},
       {"whole": walk(page(1, 2, it=one)), "other": walk(page(1, it=two), page(2, it=three), page())},
       {"whole": walk(page(1, 2, it=one)), "other": walk(page(1, it=two), page(2, it=four))})
      for says, one, two, three, four in (
          ("pages", 1, 2, 2, 1), ("offset", 0, 0, 1, 2), ("count", 2, 1, 1, 2),
          ("hasPrevious", False, False, True, False),
          ("page", 1, 1, 2, 1), ("previousPage", None, None, 1, None), ("nextPage", None, 2, None, 3),
      )),
    ("more", {"at": "/more"}, {"whole": walk(page(1, more=True), page(2, more=False), page(more=False))},
     {"whole": walk(page(1, more=True), page(2, more=True), page(more=False))}),
    ("more", {"at": "/more"}, {"whole": walk(page(1, more=True), page(2, more=True), ended=False)},
     {"whole": walk(page(1, more=False), page(2, more=False))}),
    ("kept", {"where": {"field": "id", "op": "greater_than", "value": 3}}, {"whole": WHOLE, "part": page(5, 4)},
     {"whole": WHOLE, "part": page(3, 4, 5)}),
    ("kept", {"where": {"field": "", "op": "search", "value": "D"}}, {"whole": WHOLE, "part": page(2, 3)},
     {"whole": WHOLE, "part": page(3)}),
    ("kept", {"where": {"field": "", "op": "search", "value": "xyz"}}, {"whole": WHOLE, "part": page()},
     {"whole": WHOLE, "part": page(3)}),
    ("few", {"where": {"field": "id", "op": "greater_than", "value": 3}, "most": 1}, {"whole": page(1, 2, 5)},
     {"whole": page(1, 4, 5)}),
    ("no-earlier", {"since": "/made", "at": "/changed"},
     {"first": page(made="2026-06-15T12:00:00Z"), "then": page(changed="2026-06-15T14:00:00+02:00")},
     {"first": page(made="2026-06-15T12:00:00Z"), "then": page(changed="2026-06-15T13:59:59+02:00")}),
    ("ordered", {"field": "name"}, {"up": page(5, 4, 3), "down": page(3, 4, 5)},
     {"up": page(5, 4, 3), "down": page(5, 4, 3)}),
    ("apart", {}, {"whole": page(1, 2), "other": page(3)}, {"whole": page(1, 2), "other": page(2, 3)}),
    ("lists", {"row": 2}, {"whole": page(1, 2)}, {"whole": page(1)}),
    ("lacks", {"row": 2}, {"whole": page(1)}, {"whole": page(1, 2)}),
    ("says", {"at": "/size", "right": 2}, {"answer": page(1, size=2)}, {"answer": page(1, size=3)}),
    ("differ", {"at": "/data/0/id"}, {"one": page(1), "other": page(2)}, {"one": page(1), "other": page(1)}),
    ("hides", {"member": "token"}, {"answer": page(1, kept={"tokens": 1})}, {"answer": page(1, kept={"token": 1})}),
)  # fmt: skip


def judged(name: str, facts: Mapping[str, Any], roles: Mapping[str, Answer]) -> bool | None:
    of = {role: number for number, role in enumerate(roles)}
    return holds({"relation": name, "of": of, "items": "/data", "id": "id", **facts}, [*roles.values()])[0]


@pytest.mark.parametrize(("name", "facts", "right", "wrong"), CASES)
def test_a_relation_tells_right_answers_from_wrong_ones(
    name: str, facts: Mapping[str, Any], right: Mapping[str, Answer], wrong: Mapping[str, Answer]
) -> None:
    assert judged(name, facts, right) is True
    assert judged(name, facts, wrong) is False


def test_every_relation_is_tried() -> None:
    assert {name for name, *_ in CASES} == RELATIONS.keys()


def test_what_was_refused_or_has_too_few_rows_tells_nothing() -> None:
    """A server that gives no list is neither right nor wrong about it."""
    assert judged("at-most", {"size": 2}, {"page": page(status=500)}) is None
    assert judged("same-rows", {"least": 6}, {"whole": WHOLE, "other": WHOLE}) is None
    assert judged("follows", {}, {"whole": WHOLE, "page": page(), "then": page(1)}) is None


def test_walks_that_were_cut_short_are_compared_as_far_as_they_go() -> None:
    one, other = walk(page(1, 2, 3), ended=False), walk(page(1, 2), page(3, 4), ended=False)
    assert judged("same-rows", {"ordered": True}, {"whole": one, "other": other}) is True
    assert judged("counts", {"at": "/total"}, {"whole": one}) is None
    moments = {"since": "/made", "at": "/changed"}
    assert judged("no-earlier", moments, {"first": page(made="soon"), "then": page(changed="later")}) is None
    assert judged("hides", {"member": "token"}, {"answer": page()}) is None
    pages = {"at": "/pages", "says": "pages", "first": 1}
    assert judged("placed", pages, {"whole": one, "other": one}) is None


@pytest.mark.parametrize(
    ("test", "row", "expected"),
    [
        ({"field": "at", "op": "from", "value": "2026-06-15"}, {"at": "2026-06-15T00:00:00+02:00"}, False),
        ({"field": "at", "op": "to", "value": "2026-06-15"}, {"at": "2026-06-15T23:59:00Z"}, True),
        ({"field": "tags", "op": "has", "value": "a"}, {"tags": ["b", "a"]}, True),
        ({"field": "client.id", "op": "eq", "value": 3}, {"client": {"id": 3}}, True),
        ({"field": "state", "op": "eq", "value": "x", "where": {"kind": "y"}}, {"state": "x", "kind": "z"}, False),
        ({"field": "at", "op": "compared", "value": ">=2026-06-15"}, {"at": "2026-06-14"}, False),
        ({"field": "n", "op": "less_than", "value": 3}, {"n": None}, False),
        ({"field": "n", "op": "like", "value": "Two One"}, {"n": "one or two"}, True),
        ({"any": [{"field": "n", "op": "equals", "value": v} for v in (1, 2)]}, {"n": 2}, True),
        ({"all": [{"field": "n", "op": "exists", "value": v} for v in (True, False)]}, {"n": 2}, False),
    ],
)  # fmt: skip
def test_rows_are_matched_by_what_they_show(
    test: Mapping[str, Any], row: Mapping[str, Any], expected: bool
) -> None:
    assert matches(test, row) is expected


ROWS = list(range(1, 6))


def served(step: Mapping[str, Any]) -> Answer:
    """A list in pages of two, by number, by offset, by cursor and by link."""
    asked = dict(pair.split("=") for pair in step["path"].partition("?")[2].split("&") if pair)
    size = int(asked.get("size", 2))
    start = int(asked.get("after") or int(asked.get("offset", 0)) or (int(asked.get("page", 1)) - 1) * size)
    shown, end = ROWS[start : start + size], start + size
    links = {"link": f'</list?after={end}>; rel="next", </list>; rel="first"'} if end < len(ROWS) else {}
    return Answer(200, links, {"rows": shown, "next": end if end < len(ROWS) else None}, "")


@pytest.mark.parametrize(
    "how",
    [
        {"style": "page", "position": "page", "first": 1, "size": "size", "of": 2},
        {"style": "offset", "position": "offset", "first": 0, "size": "size", "of": 3},
        {"style": "cursor", "position": "after", "first": "", "size": "size", "of": 2, "next": "/next"},
        {"style": "cursor", "position": "after", "first": "", "link": True},
        {"style": "links", "link": True},
    ],
)
def test_a_walk_reaches_every_row(how: Mapping[str, Any]) -> None:
    """By number, by offset, by cursor, by cursor within a link, and from link to link."""
    found = walked(served, {"path": "/list", "walk": {"items": "/rows", **how}})
    assert found.json["walked"] == ROWS
    assert found.json["ended"]


def test_a_walk_ends_where_the_server_refuses_and_where_it_never_ends() -> None:
    refused = walked(
        lambda _: Answer(403, {}, None, ""), {"path": "/l", "walk": {"items": "", "style": "none"}}
    )
    assert refused.status == 403
    endless = {"items": "", "style": "page", "position": "page", "first": 1}
    found = walked(lambda _: Answer(200, {}, [1], ""), {"path": "/l", "walk": endless})
    assert not found.json["ended"]
    assert len(found.json["walked"]) == 80
