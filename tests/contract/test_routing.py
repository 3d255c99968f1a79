"""Routing: static before templated, backtracking, encoded slashes, and 405 that knows what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from troth.contract import Match, MethodNotAllowed, NotFound, Router

if TYPE_CHECKING:
    from conftest import Folder

PATHS = """\
servers: [{url: /api}]
paths:
  /contracts/{id}:
    parameters: [{name: id, in: path, required: true}]
    get: {operationId: one, responses: {}}
    post: {operationId: act, responses: {}}
  /contracts/expiring: {get: {operationId: expiring, responses: {}}}
  /contracts/{contractId}/lines:
    get: {operationId: lines, parameters: [{name: contractId, in: path, required: true}], responses: {}}
  /contracts/expiring/count: {get: {operationId: count, responses: {}}}
  /files/{id}.json: {get: {operationId: json, parameters: [{name: id, in: path, required: true}], responses: {}}}
  /files/{id}: {get: {operationId: file, parameters: [{name: id, in: path, required: true}], responses: {}}}
  /files/{id}:archive:
    post: {operationId: archive, parameters: [{name: id, in: path, required: true}], responses: {}}
  /range/{from}-{to}:
    get:
      operationId: range
      parameters: [{name: from, in: path, required: true}, {name: to, in: path, required: true}]
      responses: {}
  /trailing/: {get: {operationId: trailing, responses: {}}}
  /: {get: {operationId: root, responses: {}}}
  /naïve path: {get: {operationId: naive, responses: {}}}
"""


@pytest.fixture
def router(folder: Folder) -> Router:
    return Router(folder.contract(PATHS))


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("GET", "/api/contracts/expiring", "expiring", {}),
        ("HEAD", "/api/contracts/expiring", "expiring", {}),
        ("GET", "/api/contracts/7", "one", {"id": "7"}),
        ("GET", "/api/contracts/%65xpiring", "expiring", {}),
        ("GET", "/api/contracts/a%2Fb", "one", {"id": "a/b"}),
        ("GET", "/api/contracts/a%20%C3%A9%2525", "one", {"id": "a é%25"}),
        ("GET", "/api/contracts/expiring/lines", "lines", {"contractId": "expiring"}),
        ("GET", "/api/contracts/expiring/count", "count", {}),
        ("GET", "/api/files/a.json", "json", {"id": "a"}),
        ("GET", "/api/files/a.json.json", "json", {"id": "a.json"}),
        ("GET", "/api/files/a.xml", "file", {"id": "a.xml"}),
        ("GET", "/api/files/.json", "file", {"id": ".json"}),
        ("POST", "/api/files/a:archive", "archive", {"id": "a"}),
        ("GET", "/api/range/1-2-3", "range", {"from": "1", "to": "2-3"}),
        ("GET", "/api/trailing/", "trailing", {}),
        ("GET", "/api/", "root", {}),
        ("GET", "/api/na%C3%AFve%20path", "naive", {}),
        ("GET", "/api/contracts/%ff", "one", {"id": "\ufffd"}),
        ("GET", "/api/contracts/%", "one", {"id": "%"}),
    ],
)
def test_a_request_reaches_the_most_specific_operation(
    router: Router, method: str, path: str, operation: str, parameters: dict[str, str]
) -> None:
    found = router.match(method, path)
    assert isinstance(found, Match)
    assert found.operation.id == operation
    assert found.path_params == parameters


@pytest.mark.parametrize(
    "path",
    [
        "/contracts/7",
        "/api",
        "/api/contracts",
        "/api/contracts/",
        "/api/contracts/7/",
        "/api/contracts//lines",
        "//api/contracts/7",
        "/api/trailing",
        "/api/contracts/7/8",
        "api/contracts/7",
        "",
        "*",
        "/api/CONTRACTS/7",
        "/" * 100_000,
    ],
)
def test_a_path_that_is_not_in_the_contract_is_not_found(router: Router, path: str) -> None:
    assert router.match("GET", path) == NotFound()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/contracts/7", ("GET", "HEAD", "OPTIONS", "POST")),
        ("POST", "/api/contracts/expiring", ("GET", "HEAD", "OPTIONS")),
        ("GET", "/api/files/a:archive", ("OPTIONS", "POST")),
        ("HEAD", "/api/files/a:archive", ("OPTIONS", "POST")),
        ("OPTIONS", "/api/contracts/7", ("GET", "HEAD", "OPTIONS", "POST")),
        ("get", "/api/contracts/7", ("GET", "HEAD", "OPTIONS", "POST")),
        ("\x00", "/api/contracts/7", ("GET", "HEAD", "OPTIONS", "POST")),
    ],
)
def test_a_wrong_method_on_a_known_path_is_not_allowed(
    router: Router, method: str, path: str, allowed: tuple[str, ...]
) -> None:
    """A less specific template never answers for a path that a more specific one has."""
    assert router.match(method, path) == MethodNotAllowed(allowed)


def test_templates_of_one_shape_share_a_path_and_keep_their_own_names(folder: Folder) -> None:
    router = Router(
        folder.contract(
            """\
            paths:
              /a/{x}: {get: {parameters: [{name: x, in: path, required: true}], responses: {}}}
              /a/{y}: {put: {parameters: [{name: y, in: path, required: true}], responses: {}}}
            """
        )
    )
    get, put = router.match("GET", "/a/1"), router.match("PUT", "/a/1")
    assert isinstance(get, Match)
    assert isinstance(put, Match)
    assert (get.path_params, put.path_params) == ({"x": "1"}, {"y": "1"})


def test_of_two_operations_that_cannot_be_told_apart_the_first_answers(folder: Folder) -> None:
    contract = folder.contract(
        """\
        paths:
          /a/{x}: {get: {parameters: [{name: x, in: path, required: true}], responses: {}}}
          /a/{y}: {get: {parameters: [{name: y, in: path, required: true}], responses: {}}}
        """
    )
    found = Router(contract).match("GET", "/a/1")
    assert isinstance(found, Match)
    assert found.operation.path == "/a/{x}"


def test_a_thousand_paths_are_all_reached(folder: Folder) -> None:
    lines = "".join(
        f"  /r{n}/{{id}}/x: {{get: {{operationId: o{n}, parameters: [{{name: id, in: path}}], responses: {{}}}}}}\n"
        for n in range(1000)
    )
    router = Router(folder.contract(f"paths:\n{lines}"))
    for n in (0, 500, 999):
        found = router.match("GET", f"/r{n}/7/x")
        assert isinstance(found, Match)
        assert found.operation.id == f"o{n}"
