"""The documentation: the contract as it is for programs, and something for the UI to show."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import yaml

from troth.contract import load_contract
from troth.mock.documenting import displayed_document, served_document


def get(server: Any, path: str) -> httpx.Response:
    return httpx.get(server.control + path, trust_env=False, follow_redirects=True)


@pytest.mark.parametrize("path", ["/ui", "/ui/", "/ui/index.html"])
def test_the_ui_opens(server: Any, path: str) -> None:
    """A page that names the document it shows; its parts are there."""
    page = get(server, path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert 'url: "/__troth/openapi-3.0.json"' in page.text
    for part in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js"):
        assert part in page.text
        assert get(server, f"/ui/{part}").status_code == 200


def test_the_document_is_served_as_json_and_as_yaml(server: Any) -> None:
    """The same document, with the address of this mock, so that it can be loaded as a contract again."""
    as_json, as_yaml = get(server, "/openapi.json"), get(server, "/openapi.yaml")
    assert as_json.status_code == as_yaml.status_code == 200
    document = as_json.json()
    assert yaml.safe_load(as_yaml.text) == document
    assert document["servers"] == [{"url": server.url}]
    assert document["openapi"].startswith("3.1")
    again = load_contract(f"{server.control}/openapi.json")
    original = load_contract("clientcasa")
    assert [o.id for o in again.operations] == [o.id for o in original.operations]
    assert again.base_path == original.base_path
    assert again.extension == original.extension


def test_the_ui_gets_a_document_that_it_can_show(server: Any) -> None:
    """OpenAPI 3.0 without the spellings of 3.1; nothing else is missing."""
    document = get(server, "/openapi-3.0.json").json()
    assert document["openapi"] == "3.0.3"
    assert document["servers"] == [{"url": server.url}]
    assert set(document["paths"]) == set(load_contract("clientcasa").document["paths"])
    assert [place for place in places(document, "") if place] == []


def places(node: Any, at: str) -> list[str]:
    """Where a list of types, a const or a null type is left in a schema."""
    if isinstance(node, list):
        return [found for index, item in enumerate(node) for found in places(item, f"{at}/{index}")]
    if not isinstance(node, dict):
        return []
    own = [f"{at}/type"] if isinstance(node.get("type"), list) or node == {"type": "null"} else []
    inner = (
        places(v, f"{at}/{k}") for k, v in node.items() if k not in ("example", "examples", "enum", "default")
    )
    return own + [found for part in inner for found in part]


@pytest.mark.parametrize(
    ("schema", "lowered"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"type": ["null"]}, {"nullable": True}),
        ({"const": 5}, {"enum": [5]}),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}], "nullable": True},
        ),
        (
            {"type": "integer", "exclusiveMinimum": 0},
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        ),
        ({"examples": [1, 2]}, {"example": 1}),
        ({"default": {"type": ["a", "b"]}}, {"default": {"type": ["a", "b"]}}),
        (
            {"properties": {"default": {"const": 1}, "type": {"type": ["string", "null"]}}},
            {"properties": {"default": {"enum": [1]}, "type": {"type": "string", "nullable": True}}},
        ),
    ],
)
def test_schemas_are_lowered_by_meaning(schema: dict[str, Any], lowered: dict[str, Any]) -> None:
    """Keywords change, names and data that look like keywords do not."""
    document = {"openapi": "3.1.0", "components": {"schemas": {"A": schema}}, "webhooks": {}}
    shown = displayed_document(document)
    assert shown == {"openapi": "3.0.3", "components": {"schemas": {"A": lowered}}}


def test_a_raised_document_says_so() -> None:
    """Loading raises old schemas to 2020-12, so what is served is an OpenAPI 3.1 document."""
    assert served_document({"openapi": "3.0.3"}, "http://mock.test")["openapi"] == "3.1.0"
    assert served_document({"openapi": "3.2.0"}, "http://mock.test")["openapi"] == "3.2.0"
