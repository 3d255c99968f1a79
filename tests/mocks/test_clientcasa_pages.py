"""Lists come in pages that together are the whole list."""

from __future__ import annotations

from typing import Any

import pytest


def page(mock: Any, resource: str, **query: Any) -> Any:
    answer = mock.owner.get(resource, **query)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"data", "pagination"}
    assert set(answer.json()["pagination"]) == {"page", "pageSize", "total", "totalPages", "hasMore"}
    return answer.json()


def test_r28_a_page_has_25_rows_unless_asked(mock: Any, resource: str) -> None:
    """Without parameters it is page 1 of 25, and every resource has enough rows for a second."""
    found = page(mock, resource)
    total = len(mock.owner.rows(resource))
    assert len(found["data"]) == 25
    assert total > 25
    pages = -(-total // 25)
    assert found["pagination"] == {
        "page": 1,
        "pageSize": 25,
        "total": total,
        "totalPages": pages,
        "hasMore": True,
    }


@pytest.mark.parametrize("size", [1, 7, 25, 99, 100])
def test_r28_no_row_is_missing_or_repeated(mock: Any, resource: str, size: int) -> None:
    """All pages of any size, one after the other, are the list in its order, and each tells the truth about itself."""
    every = [row["id"] for row in mock.owner.rows(resource)]
    total, pages = len(every), -(-len(every) // size)
    seen: list[str] = []
    for number in range(1, pages + 1):
        found = page(mock, resource, page=number, pageSize=size)
        assert found["pagination"] == {
            "page": number, "pageSize": size, "total": total, "totalPages": pages, "hasMore": number < pages
        }  # fmt: skip
        assert len(found["data"]) == (size if number < pages else total - size * (pages - 1))
        seen += [row["id"] for row in found["data"]]
    assert seen == every
    assert len(set(seen)) == total


@pytest.mark.parametrize("number", [5, 1000, 10**12])
def test_r28_a_page_beyond_the_end_is_empty(mock: Any, resource: str, number: int) -> None:
    """It is 200 with no rows, the same totals, and no more to come."""
    total = len(mock.owner.rows(resource))
    found = page(mock, resource, page=number, pageSize=100)
    assert found["data"] == []
    assert found["pagination"] == {
        "page": number, "pageSize": 100, "total": total, "totalPages": -(-total // 100), "hasMore": False
    }  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        {"pageSize": "0"}, {"pageSize": "101"}, {"pageSize": "abc"}, {"pageSize": "-1"}, {"pageSize": ""},
        {"pageSize": "1.5"}, {"pageSize": "1e1"}, {"pageSize": "0x10"}, {"pageSize": " 5x"}, {"pageSize": "9" * 30},
        {"page": "0"}, {"page": "-1"}, {"page": "abc"}, {"page": ""}, {"page": "1.5"}, {"page": "true"},
    ],
    ids=str,
)  # fmt: skip
def test_r28_a_page_that_cannot_be_is_refused(mock: Any, resource: str, query: dict[str, str]) -> None:
    """Pages count from 1, sizes go from 1 to 100; anything else is 400 and names the parameter."""
    (name,) = query
    assert name in str(mock.refused(mock.owner.get(resource, **query), 400, "invalid_request"))


def test_r28_new_rows_join_the_end(mock: Any, creatable: str) -> None:
    """What is created while a list is paged through disturbs no page already seen."""
    first = page(mock, creatable, pageSize=10)
    made = mock.owner.created(creatable, mock.body(creatable))
    again = page(mock, creatable, pageSize=10)
    assert again["data"] == first["data"]
    assert again["pagination"]["total"] == first["pagination"]["total"] + 1
    assert mock.owner.rows(creatable)[-1] == made


def test_r28_a_filtered_list_counts_what_it_filters(mock: Any) -> None:
    """Totals and pages are those of the filtered list."""
    wanted = mock.owner.rows("clients", status="active")
    first, second = (page(mock, "clients", status="active", pageSize=10, page=n) for n in (1, 2))
    assert first["pagination"]["total"] == len(wanted)
    assert [*first["data"], *second["data"]] == wanted[:20]
