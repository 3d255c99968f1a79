"""Recorded requests are read, and each change names those that it touches and who sent them."""

# ruff: noqa: E501 - one row a case: a table is read across
from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from troth.compatibility import compare, read_traffic, touched_by
from troth.errors import DocumentError

JSON = Any
S = {"type": "string"}
ROW = {"type": "object", "required": ["id"], "properties": {"id": S, "name": S, "old": S}}
SHOP: dict[str, JSON] = {
    "servers": [{"url": "https://shop.example/api"}],
    "paths": {
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "parameters": [{"name": "status", "in": "query", "schema": {"enum": ["draft", "sent"]}},
                               {"name": "page", "in": "query", "schema": {"type": "integer", "maximum": 100}}],
                "responses": {"200": {"description": "-", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}}}}},
            },
            "post": {
                "operationId": "createOrder",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}},
                "responses": {"201": {"description": "-"}},
            },
        },
        "/open": {"get": {"operationId": "open", "responses": {"204": {"description": "-"}}}},
    },
    "components": {"schemas": {"Row": ROW, "New": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "size": {"type": "integer"}}}}},
}  # fmt: skip


def call(
    method: str, path: str, consumer: str, body: JSON = None, status: int = 200, answer: JSON = None
) -> dict[str, JSON]:
    request: dict[str, JSON] = {
        "method": method,
        "url": f"https://shop.example/api{path}",
        "headers": [{"name": "User-Agent", "value": consumer}],
    }
    if body is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(body)}
    content = {"mimeType": "application/json", "text": json.dumps(answer)} if answer is not None else {}
    return {"request": request, "response": {"status": status, "headers": [], "content": content}}


HAR = {"log": {"entries": [
    call("GET", "/orders?status=draft", "acme", answer=[{"id": "1", "old": "x"}]),
    call("GET", "/orders?page=90", "globex", answer=[{"id": "2"}]),
    call("POST", "/orders", "acme", {"name": "a" * 15}, 201),
    call("POST", "/orders", "globex", {"name": "b", "size": 1}, 201),
    call("GET", "/elsewhere", "acme"),
]}}  # fmt: skip
LIST, POST = ("paths", "/orders", "get"), ("paths", "/orders", "post")
SCHEMAS = ("components", "schemas")
GONE = object()
EDITS: dict[str, tuple[tuple[Any, ...], JSON, str, dict[str, int]]] = {
    "operation removed": (LIST, GONE, "operation-removed", {"acme": 1, "globex": 1}),
    "parameter removed": ((*LIST, "parameters", 0), GONE, "parameter-removed", {"acme": 1}),
    "parameter became required": ((*LIST, "parameters", 0, "required"), True, "parameter-requirement-added", {"globex": 1}),
    "smaller page": ((*LIST, "parameters", 1, "schema", "maximum"), 50, "request-maximum-decreased", {"globex": 1}),
    "listed value removed": ((*LIST, "parameters", 0, "schema", "enum"), ["sent"], "request-enum-value-removed", {"acme": 1}),
    "shorter name": ((*SCHEMAS, "New", "properties", "name", "maxLength"), 10, "request-max-length-decreased", {"acme": 1}),
    "required field": ((*SCHEMAS, "New", "required"), ["size"], "request-required-added", {"acme": 1}),
    "field no longer taken": ((*SCHEMAS, "New", "properties", "size"), GONE, "request-property-removed", {"globex": 1}),
    "field no longer given": ((*SCHEMAS, "Row", "properties", "old"), GONE, "response-property-removed", {"acme": 1}),
    "type of an answer": ((*SCHEMAS, "Row", "properties", "id", "type"), "integer", "response-type-changed", {"acme": 1, "globex": 1}),
    "body became required": ((*POST, "requestBody", "required"), True, "body-requirement-added", {}),
    "media type removed": ((*POST, "requestBody", "content"), {"text/csv": {"schema": S}}, "request-media-type-removed", {"acme": 1, "globex": 1}),
    "an operation that nobody called": (("paths", "/open", "get"), GONE, "operation-removed", {}),
}  # fmt: skip


def edited(path: tuple[Any, ...], value: JSON) -> JSON:
    document: Any = deepcopy(SHOP)
    node = document
    for step in path[:-1]:
        node = node[step]
    if value is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return document


@pytest.fixture
def har(tmp_path: Path) -> Path:
    path = tmp_path / "traffic.har"
    path.write_text(json.dumps(HAR), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", EDITS)
def test_a_change_names_the_consumers_that_it_touches(name: str, har: Path, contract: Any) -> None:
    path, value, rule, consumers = EDITS[name]
    touched = touched_by(compare(contract(SHOP), contract(edited(path, value))), read_traffic(har))
    finding = next(finding for finding in touched.comparison.findings if finding.id == rule)
    assert finding.evidence.get("traffic", {}).get("consumers", {}) == consumers
    assert ("Touches" in finding.detail) is bool(consumers)
    assert (touched.requests, touched.known) == (5, 4)


def test_a_renamed_operation_is_still_the_one_that_was_called(har: Path, contract: Any) -> None:
    document = edited((*SCHEMAS, "New", "required"), ["size"])
    document["paths"]["/orders"]["post"]["operationId"] = "addOrder"
    touched = touched_by(compare(contract(SHOP), contract(document)), read_traffic(har))
    finding = next(
        finding for finding in touched.comparison.findings if finding.id == "request-required-added"
    )
    assert finding.evidence["traffic"]["consumers"] == {"acme": 1}


def test_a_path_without_the_base_path_is_known_too(contract: Any, tmp_path: Path) -> None:
    """A recorder behind a gateway sees paths without the server's base path."""
    entry = {
        "method": "GET",
        "path": "/orders",
        "query": "status=sent",
        "principal": "acme",
        "request": {"headers": {}, "body": ""},
    }
    path = tmp_path / "journal.json"
    path.write_text(json.dumps({"journal": [entry]}), encoding="utf-8")
    assert touched_by(compare(contract(SHOP), contract(SHOP)), read_traffic(path)).known == 1


def test_the_mocks_own_journal_is_read(tmp_path: Path) -> None:
    from troth.testing import Mock  # noqa: PLC0415 - the mock, for its journal only

    mock = Mock("clientcasa", seed=1)
    mock.client("northlight-owner").get("/v1/clients", params={"status": "new"})
    journal = tmp_path / "journal.json"
    journal.write_text(
        json.dumps(mock.client("northlight-owner").get("http://127.0.0.1:4010/__troth/journal").json()),
        encoding="utf-8",
    )
    (recorded,) = read_traffic(journal)
    assert (recorded.method, recorded.path, recorded.consumer) == (
        "GET",
        "/api/v1/clients",
        "northlight-owner",
    )
    assert recorded.has_answer


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "not valid JSON"), ('{"log": {}}', "'entries' is missing"), ('{"a": 1}', "'journal' is missing"), ("[1]", "expected"),
     ('{"log": {"entries": [{}]}}', "'request' is missing")],
)  # fmt: skip
def test_what_is_no_traffic_says_so(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "traffic.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match=message):
        read_traffic(path)


def test_the_header_that_names_the_consumer_can_be_chosen(tmp_path: Path) -> None:
    entry = deepcopy(HAR["log"]["entries"][0])
    entry["request"]["headers"].append({"name": "X-Client", "value": "billing job"})
    path = tmp_path / "traffic.har"
    path.write_text(json.dumps({"log": {"entries": [entry]}}), encoding="utf-8")
    assert read_traffic(path, "X-Client")[0].consumer == "billing job"
    assert read_traffic(path, "X-Nothing")[0].consumer == "unknown"


def heard(
    old: JSON, new: JSON, entries: list[JSON], contract: Any, tmp_path: Path
) -> dict[str, dict[str, int]]:
    """By rule, the consumers of a recording whom each change touches."""
    path = tmp_path / "recorded.har"
    path.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    found = touched_by(compare(contract(old), contract(new)), read_traffic(path)).comparison.findings
    return {f.id: f.evidence["traffic"]["consumers"] for f in found if "traffic" in f.evidence}


def test_what_a_page_asks_of_other_hosts_is_not_of_this_api(contract: Any, tmp_path: Path) -> None:
    """A browser records everything; where a host of the contract is in the recording, others are others."""
    ours, theirs = call("GET", "/orders", "page"), call("GET", "/orders", "tracker")
    theirs["request"]["url"] = "https://tracker.example/api/orders"
    gone = edited(LIST, GONE)
    assert heard(SHOP, gone, [ours, theirs], contract, tmp_path) == {"operation-removed": {"page": 1}}
    assert heard(SHOP, gone, [theirs], contract, tmp_path) == {"operation-removed": {"tracker": 1}}


def test_credentials_that_are_no_longer_taken_touch_who_came_with_them(contract: Any, tmp_path: Path) -> None:
    """Who shows another credential is not touched; who shows none may have lost it on the way into the file."""
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "token": {"type": "http", "scheme": "bearer"},
    }

    def asking(*ways: JSON) -> JSON:
        document = deepcopy(SHOP)
        document["components"]["securitySchemes"] = schemes
        document["paths"]["/orders"]["get"]["security"] = list(ways)
        return document

    entries = [call("GET", "/orders", name) for name in ("keyed", "bearer", "bare")]
    entries[0]["request"]["headers"].append({"name": "x-key", "value": "k"})
    entries[1]["request"]["headers"].append({"name": "Authorization", "value": "Bearer t"})
    told = heard(asking({"key": []}, {"token": []}), asking({"token": []}), entries, contract, tmp_path)
    assert told == {"security-alternative-removed": {"keyed": 1, "bare": 1}}


def test_a_header_that_goes_touches_who_was_sent_it(contract: Any, tmp_path: Path) -> None:
    old = edited((*LIST, "responses", "200", "headers"), {"X-Hint": {"schema": S}})
    entries = [call("GET", "/orders", name) for name in ("hinted", "plain")]
    entries[0]["response"]["headers"] = [{"name": "X-Hint", "value": "a"}]
    entries[1]["response"]["headers"] = [{"name": "Date", "value": "today"}]
    assert heard(old, SHOP, entries, contract, tmp_path) == {"header-removed": {"hinted": 1}}


def test_a_range_of_media_types_that_shrinks_touches_who_sent_another(contract: Any, tmp_path: Path) -> None:
    body = (*POST, "requestBody", "content")
    old = edited(body, {"application/*": {"schema": {}}})
    entries = [call("POST", "/orders", name, {"name": "b"}) for name in ("plain", "patch")]
    entries[1]["request"]["postData"]["mimeType"] = "application/merge-patch+json"
    new = edited(body, {"application/json": {"schema": {}}})
    assert heard(old, new, entries, contract, tmp_path) == {"request-media-type-narrowed": {"patch": 1}}


def test_a_schema_of_both_ways_touches_who_meets_its_break(contract: Any, tmp_path: Path) -> None:
    """A shorter name breaks who sends a long one, and nobody who is shown one."""
    path = tmp_path / "traffic.har"
    entries = [
        call("POST", "/notes", "acme", {"name": "a" * 15}, 201, {"name": "a"}),
        call("POST", "/notes", "globex", {"name": "b"}, 201, {"name": "b"}),
    ]
    path.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")

    def document(size: int) -> Any:
        note = {"type": "object", "properties": {"name": {"type": "string", "maxLength": size}}}
        content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}}
        responses = {"201": {"description": "It.", **content}}
        operation = {"operationId": "addNote", "requestBody": content, "responses": responses}
        return contract(
            {
                "servers": SHOP["servers"],
                "paths": {"/notes": {"post": operation}},
                "components": {"schemas": {"Note": note}},
            }
        )

    touched = touched_by(compare(document(20), document(10)), read_traffic(path, "user-agent"))
    (finding,) = touched.comparison.findings
    assert finding.evidence["traffic"]["consumers"] == {"acme": 1}
