"""JSON Pointers, local references, and chains of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.contract.pointers import follow, join, local, reference, resolve, split

DOCUMENT = {
    "a/b": {"~": [10, 20]},
    "": {"": 1},
    "x": {"$ref": "#/y"},
    "y": {"$ref": "#/a~1b"},
    "loop": {"$ref": "#/loop"},
    "far": {"$ref": "a.yaml"},
    "text": "abc",
}


@pytest.mark.parametrize(
    ("pointer", "value"), [("", DOCUMENT), ("/a~1b/~0/1", 20), ("//", 1), ("/x", {"$ref": "#/y"})]
)
def test_a_pointer_leads_to_its_value(pointer: str, value: object) -> None:
    assert resolve(DOCUMENT, pointer) == value


@pytest.mark.parametrize(
    "pointer",
    ["/b", "/a~1b/~0/2", "/a~1b/~0/-1", "/a~1b/~0/01", "/a~1b/~0/\u0661", "/text/0", "/a~1b/~0/-", "/x/y/z"],
)
def test_a_pointer_that_leads_nowhere_raises_with_its_text(pointer: str) -> None:
    with pytest.raises(KeyError) as caught:
        resolve(DOCUMENT, pointer)
    assert caught.value.args == (pointer,)


def test_a_chain_of_references_is_followed_to_its_end() -> None:
    assert follow(DOCUMENT, "/x") == ("/a~1b", {"~": [10, 20]})
    assert follow(DOCUMENT, "/text") == ("/text", "abc")


@pytest.mark.parametrize("pointer", ["/loop", "/far", "/none"])
def test_a_chain_without_an_end_raises(pointer: str) -> None:
    with pytest.raises(KeyError):
        follow(DOCUMENT, pointer)


@pytest.mark.parametrize("text", ["a.yaml", "a.yaml#/b", "#anchor", "", "https://example.com/#/a"])
def test_only_a_pointer_into_this_document_is_local(text: str) -> None:
    assert local(text) is None


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)))))
def test_any_names_survive_the_way_through_pointer_and_reference(names: list[str]) -> None:
    pointer = join("", *names)
    assert split(pointer) == names
    assert local(reference(pointer)) == pointer
    assert reference(pointer).isascii()
