"""Documents without a word about behaviour become stateful mocks that do what their authors surely meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from troth.testing import Mock

Make = Callable[..., Mock]


HERE = Path(__file__).parent
PETS, STORE, WRAPPED = (
    (HERE / f"{name}.yaml").read_text(encoding="utf-8") for name in ("pets", "store", "wrapped")
)
NOBODY = "00000000-0000-4000-8000-000000000000"


def test_a_bare_list_with_integer_ids(mock_of: Make) -> None:
    """Rows to begin with, an id that the client chooses, a filter from a parameter, a page from ``limit``."""
    client = mock_of(PETS).client()
    assert [pet["id"] for pet in client.get("/pets").json()] == [1, 2, 3]
    made = client.post("/pets", json={"id": 77, "name": "Rex", "tag": "dog"})
    assert (made.status_code, made.content, "content-type" in made.headers) == (201, b"", False)
    assert client.get("/pets/77").json() == {"id": 77, "name": "Rex", "tag": "dog"}
    assert client.get("/pets?tag=dog").json() == [{"id": 77, "name": "Rex", "tag": "dog"}]
    assert [pet["id"] for pet in client.get("/pets?limit=2").json()] == [1, 2]
    assert client.post("/pets", json={"id": 77, "name": "Again"}).status_code == 409


def test_refusals_are_problem_details(mock_of: Make) -> None:
    """RFC 9457 where the document says nothing about errors: 400, 404 and 405 with what a caller needs."""
    client = mock_of(PETS).client()
    missing, wrong, method = (
        client.get("/pets/999"),
        client.post("/pets", json={"id": 1}),
        client.delete("/pets/1"),
    )
    assert [answer.status_code for answer in (missing, wrong, method)] == [404, 400, 405]
    for answer in (missing, wrong, method):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/name"]
    assert method.headers["allow"] == "GET, HEAD, OPTIONS"


def test_the_swagger_pet_store(mock_of: Make) -> None:
    """Singular paths, ``POST`` that answers 200, a search below the collection, rows that are deleted for good."""
    client = mock_of(STORE).client()
    assert (
        client.post("/pet", json={"id": 500, "name": "Rex", "photoUrls": [], "status": "sold"}).status_code
        == 200
    )
    assert [pet["id"] for pet in client.get("/pet/findByStatus?status=sold").json()] == [500]
    assert client.delete("/pet/500").status_code == 204
    assert client.get("/pet/500").status_code == 404
    assert client.get("/pet/findByStatus?status=sold").json() == []


def test_rows_may_be_named_by_another_field(mock_of: Make) -> None:
    """``/user/{username}`` reads, replaces and deletes by that field."""
    client = mock_of(STORE).client()
    client.post("/user", json={"username": "ann", "email": "a@example.com"})
    assert client.get("/user/ann").json()["email"] == "a@example.com"
    replaced = client.put("/user/ann", json={"username": "ann", "email": "b@example.com"})
    assert (replaced.status_code, replaced.content) == (200, b"")
    assert client.get("/user/ann").json()["email"] == "b@example.com"
    client.delete("/user/ann")
    assert client.get("/user/ann").status_code == 404


def test_forms_are_bodies_too(mock_of: Make) -> None:
    """Text becomes what the schema says, repeated names become lists, and what does not fit is refused."""
    client = mock_of(STORE).client()
    made = client.post("/pet", data={"name": "Rex", "photoUrls": ["a", "b"], "age": "3"})
    assert made.status_code == 200, made.text
    assert {k: made.json()[k] for k in ("name", "photoUrls", "age")} == {
        "name": "Rex",
        "photoUrls": ["a", "b"],
        "age": 3,
    }
    assert client.post("/pet", data={"name": "One", "photoUrls": "a"}).json()["photoUrls"] == ["a"]
    assert client.post("/pet", data={"name": "Rex", "photoUrls": "a", "age": "three"}).status_code == 400


def test_an_operation_of_unknown_meaning_answers_as_documented(mock_of: Make) -> None:
    """A documented success stands in; where only refusals are documented, there is nothing to say. Files are taken."""
    client = mock_of(STORE).client()
    assert client.post("/pet/1").status_code == 204
    upload = client.post(
        "/pet/1/uploadImage", content=b"\0\xff", headers={"content-type": "application/octet-stream"}
    )
    assert (upload.status_code, set(upload.json())) == (200, {"code"})


def test_objects_may_stand_under_a_wrapper(mock_of: Make) -> None:
    """In requests and responses alike; PUT replaces what the request leaves out."""
    client = mock_of(WRAPPED).client()
    made = client.post("/projects", json={"project": {"name": "One", "note": "kept"}})
    assert made.status_code == 201
    project = made.json()["project"]
    assert (project["name"], project["note"]) == ("One", "kept")
    path = f"/projects/{project['id']}"
    assert client.get(path).json() == {"project": project}
    replaced = client.put(path, json={"project": {"name": "Two"}}).json()["project"]
    assert replaced == {**project, "name": "Two", "note": None}


def test_a_cursor_leads_through_every_row_once(mock_of: Make) -> None:
    """Until there is no next cursor; totals agree."""
    client = mock_of(WRAPPED).client()
    for index in range(4):
        client.post("/projects", json={"project": {"name": f"P{index}"}})
    seen: list[str] = []
    query: dict[str, Any] = {"per_page": 3}
    while True:
        page = client.get("/projects", params=query).json()
        seen += [row["id"] for row in page["projects"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) == page["total"] == 7


def test_nested_collections_belong_to_their_parents(mock_of: Make) -> None:
    """Created below one parent, invisible below another, 404 below none; merged by PATCH; gone with the parent."""
    client = mock_of(WRAPPED).client()
    one, two = (client.post("/projects", json={"project": {"name": n}}).json()["project"]["id"] for n in "ab")
    task = client.post(f"/projects/{one}/tasks", json={"title": "Dig"}).json()
    assert (task["project_id"], task["done"]) == (one, False)
    assert client.get(f"/projects/{one}/tasks").json() == {"tasks": [task]}
    assert client.get(f"/projects/{two}/tasks").json() == {"tasks": []}
    assert client.get(f"/projects/{two}/tasks/{task['id']}").status_code == 404
    for path in (f"/projects/{NOBODY}/tasks", f"/projects/{NOBODY}/tasks/{task['id']}"):
        assert client.get(path).status_code == 404
    assert client.post(f"/projects/{NOBODY}/tasks", json={"title": "Lost"}).status_code == 404
    done = client.patch(f"/projects/{one}/tasks/{task['id']}", json={"done": True}).json()
    assert done == {**task, "done": True}
    assert client.delete(f"/projects/{one}").status_code == 204
    assert client.get(f"/projects/{one}/tasks").status_code == 404


def test_invented_rows_are_within_reach(mock_of: Make) -> None:
    """Rows of a nested collection hang below an invented parent, so that somebody finds them."""
    client = mock_of(WRAPPED).client()
    projects = client.get("/projects?per_page=10").json()["projects"]
    found = [len(client.get(f"/projects/{project['id']}/tasks").json()["tasks"]) for project in projects]
    assert sum(found) == 3


@pytest.mark.parametrize("text", [PETS, STORE, WRAPPED])
def test_no_operation_fails(mock_of: Make, text: str) -> None:
    """Every operation with an empty and with a wrong body: never a 5xx."""
    mock = mock_of(text)
    client = mock.client()
    for operation in mock.contract.operations:
        for path in (operation.path.replace("{", "").replace("}", ""), operation.path.replace("{", "%7B")):
            for body in (None, {}, [], {"id": 1, "name": None}):
                answer = client.request(operation.method, path, json=body)
                assert answer.status_code < 500, (operation.id, body, answer.text)


def test_deeply_nested_values_are_refused_before_they_are_stored(mock_of: Make) -> None:
    """What could not be written again is not taken: the list still works afterwards."""
    text = PETS.replace("tag: {type: string}}\n", "tag: {type: string}, more: {}}\n")
    assert "more" in text
    client = mock_of(text).client()
    statuses = {}
    for depth in (150, 199, 200, 250, 1000):
        body = b'{"id": %d, "name": "Deep", "more": ' % depth + b"[" * depth + b"]" * depth + b"}"
        statuses[depth] = client.post("/pets", content=body).status_code
    assert statuses == {150: 201, 199: 201, 200: 400, 250: 400, 1000: 400}
    assert client.get("/pets").status_code == 200


def test_ids_of_any_text_can_be_read_back(mock_of: Make) -> None:
    """Slashes, spaces and percent signs travel percent-encoded."""
    text = PETS.replace("id: {type: integer, format: int64}", "id: {type: string}")
    client = mock_of(text).client()
    for identifier in ("a/b c", "100%", "é", "..", "a?b#c"):
        assert client.post("/pets", json={"id": identifier, "name": "X"}).status_code == 201
        quoted = "".join(f"%{byte:02X}" for byte in identifier.encode())
        assert client.get(f"/pets/{quoted}").json()["id"] == identifier
