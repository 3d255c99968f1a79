"""Earlier forms of a document: merge patches, the order of releases, releases under the behaviour of today."""

from __future__ import annotations

from typing import Any

import pytest

from troth.contract.revising import as_released, merge_patch, release_order


@pytest.mark.parametrize(
    ("node", "patch", "made"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_merges_as_rfc_7396_says(node: Any, patch: Any, made: Any) -> None:
    """The cases of its appendix A, and nothing is changed in place."""
    before = repr(node)
    assert merge_patch(node, patch) == made
    assert repr(node) == before


@pytest.mark.parametrize(
    ("patch", "made"),
    [
        ({"1": {"b": None}}, [{"a": 1}, {}, {"c": 3}]),
        ({"0": None, "2": {"d": 4}}, [{"b": 2}, {"c": 3, "d": 4}]),
        ({"7": {"x": 1}}, [{"a": 1}, {"b": 2}, {"c": 3}]),
    ],
)
def test_numbers_name_the_items_of_a_list(patch: Any, made: Any) -> None:
    """So that one property of a composed schema can be taken out."""
    assert merge_patch([{"a": 1}, {"b": 2}, {"c": 3}], patch) == made


def test_releases_are_ordered_by_day_and_then_by_name() -> None:
    """Numbers in names count as numbers."""
    releases = {
        "4.0.10": {"released": "2022-01-01"},
        "4.0.9": {"released": "2022-01-01"},
        "5": {"released": "2021-01-01"},
        "beta": {},
    }
    assert release_order(releases) == ["beta", "5", "4.0.9", "4.0.10"]


def document(version: str) -> dict[str, Any]:
    return {
        "info": {"title": "T", "version": version},
        "paths": {"/a": {}, "/b": {}},
        "x-behaviour": {
            "writes": {"unknown": "reject"},
            "versions": {
                "releases": {
                    "1": {"released": "2021-01-01"},
                    "2": {"released": "2022-01-01", "changes": {"b": {"before": {"paths": {"/b": None}}}}},
                    "3": {
                        "released": "2023-01-01",
                        "changes": {"strict": {"before": {"x-behaviour": {"writes": None}}}},
                    },
                }
            },
        },
    }


def test_a_release_is_without_what_came_after_it() -> None:
    """Behaviour that a later version brought, and the later versions themselves; what it had stays."""
    second = as_released(document("2"))
    assert "writes" not in second["x-behaviour"]
    assert list(second["paths"]) == ["/a", "/b"]
    assert list(second["x-behaviour"]["versions"]["releases"]) == ["1", "2"]
    assert list(as_released(document("1"))["paths"]) == ["/a"]


@pytest.mark.parametrize("version", ["3", "2024-01-01"])
def test_the_newest_release_and_one_that_is_not_listed_stay_as_they_are(version: str) -> None:
    assert as_released(document(version)) == document(version)


@pytest.mark.parametrize("given", [{}, {"x-behaviour": []}, {"x-behaviour": {"versions": {"releases": 1}}}])
def test_a_malformed_document_is_left_to_those_who_check_it(given: dict[str, Any]) -> None:
    assert as_released(given) == given
