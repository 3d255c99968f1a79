"""Pages: the slices make the whole, and the envelope says where they stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.behaviour.model import Pagination
from troth.engine.listing import Page, Pager

SLOTS = {
    name: f"${name}"
    for name in "items page size total pages hasMore hasPrevious offset count nextCursor nextPage previousPage".split()  # noqa: SIM905
}
PAGE = Pagination("p", "page", "page", "size", 1, 10, 50, "clamp", SLOTS, "test")


def values(**given: Any) -> dict[tuple[str, str], Any]:
    return {("query", name): value for name, value in given.items()}


@given(
    st.integers(0, 60),
    st.integers(1, 20),
    st.sampled_from(["page", "offset", "cursor"]),
    st.sampled_from([0, 1]),
)
def test_pages_make_the_whole(total: int, size: int, style: Any, first: int) -> None:
    """Following the next page until there is none gives every row once, and every page agrees about the rest."""
    pager = Pager(replace(PAGE, style=style, first=first), frozenset())
    rows = list(range(total))
    seen: list[int] = []
    position: Any = first if style == "page" else 0
    for turn in range(total // size + 1):
        page = pager.page(values(page=position, size=size))
        assert page is not None
        part = rows[page.start : page.start + page.size]
        shown = pager.render(part, page, total)
        seen += shown["items"]
        assert shown["total"] == total
        assert shown["pages"] == -(-total // size)
        assert shown["hasMore"] == (len(seen) < total)
        assert shown["hasPrevious"] == (turn > 0)
        assert (shown["offset"], shown["count"]) == (turn * size, len(part))
        assert (shown["nextCursor"] is None) == (shown["nextPage"] is None) == (not shown["hasMore"])
        if not shown["hasMore"]:
            break
        position = {"page": shown["nextPage"], "offset": page.start + size, "cursor": shown["nextCursor"]}[
            style
        ]
    assert seen == rows


@pytest.mark.parametrize(
    ("given_values", "expected"),
    [
        ({}, Page(0, 10, 1)),
        ({"page": 3}, Page(20, 10, 3)),
        ({"size": 7}, Page(0, 7, 1)),
        ({"size": 51}, Page(0, 50, 1)),
        ({"size": 0}, Page(0, 10, 1)),
        ({"size": -5}, Page(0, 10, 1)),
        ({"size": "many"}, Page(0, 10, 1)),
        ({"page": "x"}, Page(0, 10, 1)),
        ({"page": -4}, Page(0, 10, -4)),
    ],
)
def test_odd_wishes_get_a_page(given_values: dict[str, Any], expected: Page) -> None:
    """Where validation lets something through, the default or the limit stands in; no slice starts before 0."""
    assert Pager(PAGE, frozenset()).page(values(**given_values)) == expected


def test_a_page_beyond_all_numbers_is_empty() -> None:
    """Nothing overflows."""
    page = Pager(PAGE, frozenset()).page(values(page=10**400, size=50))
    assert page is not None
    assert list(range(5))[page.start : page.start + page.size] == []


def test_an_unpaged_list_is_whole() -> None:
    """Style none has no page, and still an envelope."""
    pager = Pager(replace(PAGE, style="none"), frozenset())
    assert pager.page(values(page=5)) is None
    assert pager.render([1, 2], None, 2)["hasMore"] is False
    assert pager.render([], None, 0)["pages"] == 0


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("page-skips-row", Page(11, 10, 2)),
        ("page-repeats-row", Page(9, 10, 2)),
        ("page-size-ignored", Page(10, 10, 2)),
        ("page-size-unbounded", Page(500, 500, 2)),
    ],
)
def test_a_fault_bends_the_slice(fault: str, expected: Page) -> None:
    """Each in its own way, and only where there is something to bend."""
    size = 500 if fault == "page-size-unbounded" else 3 if fault == "page-size-ignored" else 10
    assert Pager(PAGE, frozenset({fault})).page(values(page=2, size=size)) == expected
