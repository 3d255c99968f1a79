"""Overlays 1.0 to 1.2: what an action does to a document, and what it may not do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from troth.contract import load_contract
from troth.contract.documents import parse_document
from troth.contract.overlays import apply_overlay
from troth.contract.positions import Positions
from troth.errors import DocumentError, OverlayError

if TYPE_CHECKING:
    from conftest import Folder

BASE = """\
openapi: 3.1.0
info: {title: Shop, version: '1', description: old}
tags: [{name: a}, {name: b}, {name: c}]
paths:
  /a:
    get: {x-traits: [paged], parameters: [{name: q, in: query}], responses: {}}
  /b:
    get: {responses: {}}
"""


def applied(
    actions: str, *, version: str = "1.2.0", lenient: bool = False, rest: str = ""
) -> tuple[Any, Positions]:
    document = parse_document(BASE, "base.yaml")
    positions = Positions(document.places)
    text = f"overlay: {version}\ninfo: {{title: O, version: '1'}}\n{rest}actions:\n{actions}"
    apply_overlay(document.value, positions, parse_document(text, "o.yaml"), lenient=lenient)
    return document.value, positions


def refused(actions: str, **options: Any) -> OverlayError:
    with pytest.raises(OverlayError) as caught:
        applied(actions, **options)
    return caught.value


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0", "1.0"])
def test_objects_merge_lists_grow_and_primitives_are_replaced(version: str) -> None:
    document, _ = applied(
        """\
  - target: $
    update:
      info: {description: new, x-new: {deep: 1}}
      tags: [{name: d}]
""",
        version=version,
    )
    assert document["info"] == {"title": "Shop", "version": "1", "description": "new", "x-new": {"deep": 1}}
    assert [tag["name"] for tag in document["tags"]] == ["a", "b", "c", "d"]


def test_an_entry_is_appended_to_a_list_and_a_primitive_target_is_replaced() -> None:
    document, _ = applied(
        """\
  - {target: $.tags, update: {name: d}}
  - {target: $.tags, update: [{name: e}, {name: f}]}
  - {target: "$.paths['/a'].get['x-traits']", update: more}
  - {target: $.info.description, update: newer}
"""
    )
    assert [tag["name"] for tag in document["tags"]] == ["a", "b", "c", "d", "e", "f"]
    assert document["paths"]["/a"]["get"]["x-traits"] == ["paged", "more"]
    assert document["info"]["description"] == "newer"


def test_actions_see_what_earlier_ones_did() -> None:
    """A list is replaced by removing it first."""
    document, _ = applied(
        "  - {target: $.tags, remove: true}\n  - {target: $, update: {tags: [{name: z}]}}\n"
    )
    assert document["tags"] == [{"name": "z"}]


def test_a_filter_removes_every_match_whatever_the_order() -> None:
    document, positions = applied("  - {target: \"$.tags[?@.name != 'b']\", remove: true}\n")
    assert document["tags"] == [{"name": "b"}]
    assert positions["/tags/0"] == ("base.yaml", 3)


def test_remove_wins_over_update() -> None:
    document, _ = applied("  - {target: $.tags, remove: true, update: [{name: z}]}\n")
    assert "tags" not in document


def test_a_trait_is_applied_where_the_document_asks_for_it() -> None:
    document, _ = applied(
        """\
  - target: $.paths[?@.get['x-traits'][?@ == 'paged']].get
    update: {parameters: [{name: top, in: query}]}
"""
    )
    assert [p["name"] for p in document["paths"]["/a"]["get"]["parameters"]] == ["q", "top"]
    assert "parameters" not in document["paths"]["/b"]["get"]


def test_copy_merges_another_place_of_the_document() -> None:
    document, positions = applied(
        "  - {target: \"$.paths['/b'].get\", copy: \"$.paths['/a'].get\"}\n", version="1.1.0"
    )
    assert document["paths"]["/b"]["get"]["parameters"] == [{"name": "q", "in": "query"}]
    assert document["paths"]["/b"]["get"]["parameters"] is not document["paths"]["/a"]["get"]["parameters"]
    assert positions["/paths/~1b/get/parameters/0/name"] == ("base.yaml", 6)


def test_a_reusable_action_is_applied_by_reference() -> None:
    document, positions = applied(
        "  - {$ref: '#/components/actions/note~1it', target: $.info}\n",
        rest="components: {actions: {note/it: {fields: {update: {x-note: 1}}}}}\n",
    )
    assert document["info"]["x-note"] == 1
    assert positions["/info/x-note"] == ("o.yaml", 3)


def test_merged_values_keep_the_line_of_the_overlay_and_the_rest_its_own() -> None:
    _, positions = applied(
        """\
  - target: $.paths.*.get
    update:
      x-behaviour:
        a: 1
      summary: s
"""
    )
    assert positions["/paths/~1a/get/x-behaviour/a"] == ("o.yaml", 7)
    assert positions["/paths/~1b/get/summary"] == ("o.yaml", 8)
    assert positions["/paths/~1b/get/responses"] == ("base.yaml", 8)


def test_each_target_gets_a_copy_of_its_own() -> None:
    document, _ = applied("  - {target: $.paths.*.get, update: {x-b: {a: [1]}}}\n")
    document["paths"]["/a"]["get"]["x-b"]["a"].append(2)
    assert document["paths"]["/b"]["get"]["x-b"] == {"a": [1]}


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("$.pahts", "Did you mean 'paths'?"),
        ("$.paths['/a'].gett", "Did you mean 'get'?"),
        ("$.paths['/aa'].get.responses", "Did you mean '/a'?"),
        ("$.tags[9]", "selects nothing"),
    ],
)
def test_a_target_that_selects_nothing_is_an_error_with_the_nearest_name(target: str, hint: str) -> None:
    error = refused(f'  - {{target: "{target}", update: {{}}}}\n')
    assert hint in error.reason
    assert str(error.location) == "o.yaml:4 /actions/0/target"
    document, _ = applied(f'  - {{target: "{target}", update: {{x: 1}}}}\n', lenient=True)
    assert document == yaml.safe_load(BASE)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("{target: $.info, update: 1}", "a primitive cannot be merged into an object"),
        ("{target: $, update: {info: []}}", "a list cannot be merged into an object at /info"),
        ("{target: $, update: {tags: {a: 1}}}", "an object cannot be merged into a list at /tags"),
        ("{target: $.info.title, update: {}}", "an object cannot be merged into a primitive"),
        ("{target: $, remove: true}", "the whole document cannot be removed"),
        ("{target: $.info.*, updat: 1}", "Did you mean 'update'?"),
        ("{target: $.info}", "does nothing"),
        ("{target: $.info, remove: 1}", "remove takes true or false"),
        ("{target: '$.info[', update: {}}", "not an RFC 9535 JSONPath"),
        ("{target: 'info', update: {}}", "not an RFC 9535 JSONPath"),
        ("{update: {}}", "needs a 'target'"),
        ('{target: \'$["info", "tags"]\', update: {}}', "different kinds"),
        ("{target: $.info, copy: $.tags.*}", "exactly one node, this selects 3"),
        ("{target: $.info, copy: 1}", "a JSONPath is text"),
        ("{$ref: '#/components/actions/x', target: $.info}", "no reusable action stands at"),
        ("{$ref: 1, target: $.info}", "no reusable action stands at"),
        ("x", "an action is an object"),
    ],
)
def test_an_action_that_cannot_be_applied_is_refused_at_its_line(action: str, words: str) -> None:
    error = refused(f"  - {action}\n")
    assert words in error.reason
    assert error.location is not None
    assert error.location.document == "o.yaml"
    assert error.location.line == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("overlay: 2.0.0\nactions: [{target: $, update: {}}]", "version '2.0.0' is not known"),
        ("overlay: 1\nactions: [{target: $, update: {}}]", "version '1' is not known"),
        ("overlay: 1.0.0\nactions: []", "at least one action"),
        ("overlay: 1.0.0\nactoins: []", "Did you mean 'actions'?"),
        ("[]", "an overlay is an object"),
        ("openapi: 3.1.0", "an overlay is an object"),
    ],
)
def test_what_is_not_an_overlay_is_refused(text: str, words: str) -> None:
    document = parse_document(BASE, "base.yaml")
    with pytest.raises(OverlayError) as caught:
        apply_overlay(document.value, Positions(document.places), parse_document(text, "o.yaml"))
    assert words in caught.value.reason


def test_overlays_apply_in_the_order_given_before_references_are_followed(folder: Folder) -> None:
    folder.write("part.yaml", "Leaf: {type: string}\n")
    main = folder.write("openapi.yaml", BASE)
    head = "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nactions:\n"
    one = folder.write("one.yaml", head + "  - {target: $.info, update: {title: One}}\n")
    two = folder.write(
        "two.yaml",
        head
        + "  - target: $\n    update:\n      info: {title: Two}\n"
        + "      components: {schemas: {L: {$ref: 'part.yaml#/Leaf'}}}\n",
    )
    contract = load_contract(main, overlays=[one, two])
    assert contract.title == "Two"
    assert contract.follow("/components/schemas/L")[1] == {"type": "string"}
    assert contract.locate("/info/title").document.endswith("two.yaml")
    assert contract.locate("/info/title").line == 6


def test_an_overlay_that_says_what_it_extends_can_be_named_as_the_contract(folder: Folder) -> None:
    folder.write("openapi.yaml", BASE)
    overlay = folder.write(
        "o.yaml",
        "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nextends: openapi.yaml\n"
        "actions: [{target: $.info, update: {title: Extended}}]\n",
    )
    assert load_contract(overlay).title == "Extended"
    alone = folder.write(
        "p.yaml",
        "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nactions: [{target: $, update: {}}]\n",
    )
    with pytest.raises(DocumentError, match="an overlay is not a contract"):
        load_contract(alone)
