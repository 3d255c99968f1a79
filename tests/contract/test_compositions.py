"""Schemas that are put together mean what their authors meant: a closed one is closed to what no part knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from troth.contract import validators

if TYPE_CHECKING:
    from conftest import Folder

PARTS = """\
paths: {}
components:
  schemas:
    Tag: {type: object, required: [name], additionalProperties: false, properties: {name: {type: string}}}
    Dated: {type: object, required: [day], properties: {day: {type: string}}}
    Beside: {additionalProperties: false, allOf: [{$ref: '#/components/schemas/Tag'}]}
    Both: {allOf: [{$ref: '#/components/schemas/Tag'}, {$ref: '#/components/schemas/Dated'}]}
    Cat: {type: object, additionalProperties: false, properties: {name: {type: string}}}
    Pet: {oneOf: [{$ref: '#/components/schemas/Cat'}]}
    Tame: {allOf: [{$ref: '#/components/schemas/Cat'}, {properties: {owner: {type: string}}}]}
    Code: {type: string, pattern: '^se-'}
    Told: {type: object, properties: {code: {allOf: [{$ref: '#/components/schemas/Code'}], readOnly: true}}}
"""


@pytest.mark.parametrize(
    ("schema", "fits", "fails"),
    [
        ("Beside", {"name": "a"}, {"name": "a", "other": 1}),
        ("Both", {"name": "a", "day": "b"}, {"name": "a"}),
        ("Cat", {"name": "a"}, {"other": 1}),  # a choice tells its branches apart by what they are closed to
        ("Told", {"code": "se-1"}, {"code": "x"}),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_the_parts_describe_fits(
    folder: Folder, version: str, schema: str, fits: object, fails: object
) -> None:
    is_valid = (
        validators(folder.contract(PARTS, version)).at(f"/components/schemas/{schema}", "response").is_valid
    )
    assert is_valid(fits)
    assert not is_valid(fails)


def test_each_is_named_at_its_place(folder: Folder) -> None:
    flaws = folder.contract(PARTS).flaws
    assert [(flaw.id, flaw.location and flaw.location.pointer) for flaw in flaws] == [
        ("closed-composition", "/components/schemas/Beside/additionalProperties"),
        ("closed-composition", "/components/schemas/Tag/additionalProperties"),
    ]


def test_one_reference_among_words_is_that_reference(folder: Folder) -> None:
    """So the pattern of a named text is known where the text is used, and the words beside it are kept."""
    told = folder.contract(PARTS, "3.0.3").schemas["Told"]["properties"]["code"]
    assert told == {"$ref": "#/components/schemas/Code", "readOnly": True}
