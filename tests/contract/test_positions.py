"""Every pointer has the line where it was written, through aliases, mounts and edits."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from troth.contract.documents import parse_document
from troth.contract.pointers import resolve
from troth.contract.positions import Positions


def positions(text: str, name: str = "a.yaml") -> Positions:
    return Positions(parse_document(text, name).places)


def test_a_member_stands_on_the_line_of_its_name_and_an_item_on_its_own() -> None:
    found = positions("a:\n  b/c:\n    - 1\n    - x: 2\n  d: {e: 1}\n")
    assert found["/a"] == ("a.yaml", 1)
    assert found["/a/b~1c"] == ("a.yaml", 2)
    assert found["/a/b~1c/1/x"] == ("a.yaml", 4)
    assert found["/a/d/e"] == ("a.yaml", 5)


def test_json_has_lines_too() -> None:
    found = positions('{\n\t"a": [1,\n  {"b~/": null}],\n "c": "{\\"x\\":1}"\n}', "a.json")
    assert found["/a"] == ("a.json", 2)
    assert found["/a/1/b~0~1"] == ("a.json", 3)
    assert found["/c"] == ("a.json", 4)
    assert len(found) == 6


def test_a_merged_member_stands_where_it_was_written() -> None:
    found = positions("x: &x\n  a: 1\ny:\n  <<: *x\n  b: 2\n")
    assert found["/y/a"] == ("a.yaml", 2)
    assert found["/y/b"] == ("a.yaml", 5)


def test_what_has_no_line_is_located_at_its_nearest_ancestor() -> None:
    found = positions("a:\n  b: 1\n")
    assert "/a/zzz" not in found
    assert found.locate("/a/zzz/1").line == 1
    assert found.locate("/a/zzz/1").pointer == "/a/zzz/1"


def test_edits_move_lines_with_the_values() -> None:
    """A graft knows its own file, and items behind a removed one move up."""
    found = positions("list:\n  - a\n  - b\n  - c\n")
    other = parse_document("v:\n  w: 1\n", "b.yaml")
    found.prune("/list/0")
    found.graft("/list/2", lambda: other.places().nearest("/v"))
    found.graft("/new/deep", lambda: other.places().nearest("/v"))
    assert found["/list/0"] == ("a.yaml", 3)
    assert found["/list/1"] == ("a.yaml", 4)
    assert found["/list/2/w"] == ("b.yaml", 2)
    assert found["/new/deep/w"] == ("b.yaml", 2)
    found.prune("/nothing/here")
    found.repeat("/again", "/list")
    assert found["/again/0"] == ("a.yaml", 3)


def test_a_graft_can_be_edited_without_touching_its_origin() -> None:
    found = positions("a: 1\n")
    other = parse_document("v:\n  w: 1\n", "b.yaml")
    found.graft("/x", other.places)
    found.graft("/y", other.places)
    found.prune("/x/v/w")
    assert "/x/v/w" not in found
    assert "/y/v/w" in found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON.filter(lambda value: isinstance(value, dict | list)), st.sampled_from([None, 2]))
def test_every_pointer_of_a_json_text_has_a_place_and_every_place_a_value(
    value: object, indent: int | None
) -> None:
    """The places of a text are exactly the pointers of its value."""
    document = parse_document(json.dumps(value, indent=indent), "a.json")
    assert document.value == value
    found = Positions(document.places)
    for pointer in found:
        resolve(value, pointer)
        assert pointer in found
    assert len(found) == count(value)


def count(value: object) -> int:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, below))
