"""3.0 schemas are raised to 2020-12; 3.1 and 3.2 are read as they are; everything else is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from troth.contract import load_contract, validators
from troth.contract.dialects import raise_schema
from troth.errors import DocumentError

if TYPE_CHECKING:
    from conftest import Folder


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"exclusiveMinimum": True}, {}),
        ({"example": 1}, {"examples": [1]}),
        ({"example": None}, {"examples": [None]}),
        ({"$ref": "#/a", "nullable": True, "type": "string", "x-a": 1}, {"$ref": "#/a", "x-a": 1}),
    ],
)
def test_one_schema_is_raised(before: dict, after: dict) -> None:
    raise_schema(before)
    assert before == after


def test_a_composed_schema_that_is_nullable_takes_null(folder: Folder) -> None:
    """By the letter it would not; every author means it so. References below the moved keyword still work."""
    contract = folder.contract(
        """\
        paths: {}
        components:
          schemas:
            A: {type: object, required: [a]}
            B: {nullable: true, allOf: [{$ref: '#/components/schemas/A'}]}
            C: {$ref: '#/components/schemas/B/allOf/0'}
            D: {type: object, nullable: true, allOf: [{$ref: '#/components/schemas/A'}]}
        """,
        version="3.0.3",
    )
    every = validators(contract)
    for name, null in (("A", False), ("B", True), ("C", False), ("D", True)):
        validator = every.at(f"/components/schemas/{name}", "request")
        assert validator.is_valid(None) is null
        assert validator.is_valid({"a": 1})
        assert not validator.is_valid({})


def test_only_3_0_schemas_are_raised(folder: Folder) -> None:
    """In 3.1 ``nullable`` is an unknown word and ``$ref`` may have neighbours."""
    body = """\
        paths: {}
        components:
          schemas:
            A: {type: string, nullable: true}
            B: {$ref: '#/components/schemas/A', maxLength: 1}
        """
    for version, null, long in (("3.0.4", True, True), ("3.1.1", False, False), ("3.2.0", False, False)):
        every = validators(folder.contract(body, version=version))
        assert every.at("/components/schemas/A", "request").is_valid(None) is null
        assert every.at("/components/schemas/B", "request").is_valid("ab") is long


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("openapi: 4.0.0", "version '4.0.0' is not known"),
        ("openapi: 3.3.0", "version '3.3.0' is not known"),
        ("openapi: 3", "version '3' is not known"),
        ("swagger: '1.2'", "version '1.2' is not known"),
        ("openapi: [3]", "is not known"),
        ("openap: 3.1.0", "Did you mean 'openapi'?"),
        ("asyncapi: 3.0.0", "this is an Asyncapi document"),
        ("[]", "a contract is an object"),
        ("just text", "a contract is an object"),
        ("1", "a contract is an object"),
    ],
)
def test_another_document_is_refused_with_the_versions_that_are_read(
    folder: Folder, text: str, words: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        load_contract(folder.write("a.yaml", text))
    assert words in caught.value.reason
    assert "3.0, 3.1, 3.2 and Swagger 2.0" in caught.value.reason
    assert caught.value.location is not None
    assert caught.value.location.line == 1


def test_the_version_may_have_lost_its_quotes(folder: Folder) -> None:
    """``openapi: 3.1`` is a number in YAML."""
    assert load_contract(
        folder.write("a.yaml", "openapi: 3.1\ninfo: {title: T, version: 1.0}\npaths: {}\n")
    ).version
