"""Shared parts that no operation uses: each edit of one is told, once, and breaks nobody."""

from __future__ import annotations

from typing import Any

import pytest

from troth.compatibility import compare

JSON = Any


def body(schema: JSON, **more: JSON) -> JSON:
    return {"content": {"application/json": {"schema": schema}}, **more}


def callback(size: int) -> JSON:
    answer = {"responses": {"204": {"description": "Fine."}}}
    sent = body({"type": "string", "maxLength": size})
    return {"Told": {"{$request.body#/url}": {"post": {"requestBody": sent, **answer}}}}


PAGE = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 0}}
EDITS: dict[str, tuple[JSON, JSON, str]] = {
    "a parameter": (
        {"parameters": {"Page": PAGE}},
        {"parameters": {"Page": {**PAGE, "required": True}}},
        "parameter-requirement-added",
    ),
    "the schema of a parameter": (
        {"parameters": {"Page": PAGE}},
        {"parameters": {"Page": {**PAGE, "schema": {"type": "integer", "minimum": 1}}}},
        "request-minimum-increased",
    ),
    "a body": (
        {"requestBodies": {"Note": body({"type": "string"})}},
        {"requestBodies": {"Note": body({"type": "string"}, required=True)}},
        "body-requirement-added",
    ),
    "an answer": (
        {"responses": {"Done": body({"type": "string"}, description="Fine.")}},
        {"responses": {"Done": body({"type": "integer"}, description="Fine.")}},
        "request-type-changed",
    ),
    "a header": (
        {"headers": {"X-Left": {"schema": {"type": "string"}, "required": True}}},
        {"headers": {"X-Left": {"schema": {"type": "string"}}}},
        "header-requirement-removed",
    ),
    "a link": (
        {"links": {"Next": {"operationId": "a"}}},
        {"links": {"Next": {"operationId": "b"}}},
        "link-changed",
    ),
    "a callback": ({"callbacks": callback(5)}, {"callbacks": callback(9)}, "response-max-length-increased"),
    "a media type": (
        {"mediaTypes": {"application/json": {"schema": {"type": "string"}}}},
        {"mediaTypes": {"application/json": {}}},
        "response-media-schema-removed",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_part_that_nothing_uses_is_told_and_breaks_nobody(name: str, contract: Any) -> None:
    old, new, _ = EDITS[name]
    sides = [contract({"openapi": "3.2.0", "components": one}) for one in (old, new)]
    found = compare(*sides, policy="strict")
    assert [finding.severity for finding in found.findings] == ["info"]
    assert "No operation of both contracts uses it." in found.findings[0].detail
    assert found.findings[0].location is not None
    assert found.findings[0].location.pointer is not None
    assert found.findings[0].location.pointer.startswith("/components/")
    mirrored = compare(*reversed(sides), policy="strict")
    assert [finding.severity for finding in mirrored.findings] == ["info"]


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_part_that_nothing_uses_is_told_by_its_rule(name: str, contract: Any) -> None:
    old, new, wanted = EDITS[name]
    sides = [contract({"openapi": "3.2.0", "components": one}) for one in (old, new)]
    assert [finding.id for finding in compare(*sides, policy="strict").findings] == [wanted]


def test_a_part_that_something_uses_is_told_with_what_it_means(contract: Any) -> None:
    """By a response that uses a header, so it is not told a second time as unused."""
    header = {"schema": {"type": "string"}, "required": True}

    def document(*, required: bool) -> JSON:
        answer = {"description": "Fine.", "headers": {"X-Left": {"$ref": "#/components/headers/Left"}}}
        operation = {"responses": {"200": {"$ref": "#/components/responses/Done"}}}
        shared = {"headers": {"Left": {**header, "required": required}}, "responses": {"Done": answer}}
        return {"paths": {"/notes": {"get": operation}}, "components": shared}

    found = compare(contract(document(required=True)), contract(document(required=False)), policy="strict")
    assert [(finding.id, finding.severity) for finding in found.findings] == [
        ("header-requirement-removed", "breaking")
    ]


def test_a_refactoring_of_a_part_that_nothing_uses_is_no_finding(contract: Any) -> None:
    null = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    old = {"responses": {"Done": body({"type": ["string", "null"]}, description="Fine.")}}
    new = {"responses": {"Done": body(null, description="Done.")}}
    assert compare(contract({"components": old}), contract({"components": new})).findings == ()
