"""What belongs to another organisation does not exist here, by no road."""

from __future__ import annotations

from typing import Any

import pytest

UNKNOWN = "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"

#: (resource, path of the member, what it refers to). A number in the path is a place in an array.
REFERENCES = [
    ("contacts", "clientId", "clients"),
    ("projects", "clientId", "clients"),
    ("invoices", "clientId", "clients"),
    ("invoices", "billingContactId", "contacts"),
    ("invoices", "projectIds.0", "projects"),
    ("contracts", "clientId", "clients"),
    ("contracts", "billingContactId", "contacts"),
    ("contracts", "projectId", "projects"),
    ("payments", "clientId", "clients"),
    ("payments", "invoiceId", "invoices"),
    ("time-entries", "projectId", "projects"),
    ("time-entries", "catalogItemId", "catalog-items"),
    ("milestones", "parentId", "projects"),
    ("milestones", "parentId", "client-documents"),
    ("milestones", "catalogItemId", "catalog-items"),
    ("calendar-events", "projectId", "projects"),
    ("calendar-events", "clientId", "clients"),
    ("transactions", "catalogItemId", "catalog-items"),
    ("transactions", "assignments.0.projectId", "projects"),
    ("transactions", "assignments.0.clientId", "clients"),
    ("catalog-items", "clientId", "clients"),
]
#: Those that an update takes as well.
UPDATES = [
    row for row in REFERENCES
    if row[0] not in ("contracts", "payments") and row[:2] not in (("invoices", "clientId"), ("milestones", "parentId"))
]  # fmt: skip


def naming(path: str, identifier: str) -> dict[str, Any]:
    """A body in which the member at a dotted path names the id."""
    value: Any = identifier
    for step in reversed(path.split(".")):
        value = [value] if step.isdigit() else {step: value}
    found: dict[str, Any] = value
    return found


def body_naming(mock: Any, resource: str, path: str, target: str, identifier: str) -> dict[str, Any]:
    more = {"parentType": target} if path == "parentId" else {}
    return {**mock.body(resource), **more, **naming(path, identifier)}


def alike(mock: Any, first: Any, second: Any) -> None:
    """Two refusals that nothing tells apart but their request ids."""
    errors = [mock.refused(answer, 404, "not_found") for answer in (first, second)]
    assert {**errors[0], "requestId": ""} == {**errors[1], "requestId": ""}
    names = [sorted(set(answer.headers) - {"date"}) for answer in (first, second)]
    assert names[0] == names[1]


def test_r31_lists_of_two_organisations_share_nothing(mock: Any, resource: str) -> None:
    """Each organisation lists its own rows: no id is in both lists."""
    ours, theirs = ({row["id"] for row in caller.rows(resource)} for caller in (mock.owner, mock.peer))
    assert ours
    assert theirs
    assert not ours & theirs


def test_r31_nothing_that_is_listed_names_a_foreign_row(mock: Any) -> None:
    """No list of one organisation contains any id of the other's."""
    foreign = {row["id"] for resource in mock.verbs for row in mock.peer.rows(resource)}
    for resource in mock.verbs:
        text = str(mock.owner.rows(resource))
        assert not [identifier for identifier in foreign if identifier in text]


@pytest.mark.parametrize("verb", ["G", "U", "D"])
def test_r31_a_foreign_row_is_a_missing_row(mock: Any, resource: str, verb: str) -> None:
    """Get, update and delete of a foreign id answer 404 as an unknown id does, and the row stays as it was."""
    if verb not in mock.verbs[resource]:
        mock.refused(mock.owner.request(resource, verb, UNKNOWN, {}), 405, "method_not_allowed")
        return
    for row in mock.peer.rows(resource)[:4]:
        foreign = mock.owner.request(resource, verb, row["id"], {})
        alike(mock, foreign, mock.owner.request(resource, verb, UNKNOWN, {}))
        assert {**mock.peer.row(resource, row["id"]), "answers": None} == {**row, "answers": None}


def test_r31_it_holds_in_the_other_direction(mock: Any, resource: str) -> None:
    """Neither organisation is privileged."""
    row = mock.owner.rows(resource)[0]
    alike(mock, mock.peer.get(f"{resource}/{row['id']}"), mock.peer.get(f"{resource}/{UNKNOWN}"))


def test_r31_a_foreign_row_is_missing_even_for_a_body_that_is_wrong(mock: Any, creatable: str) -> None:
    """Whatever is sent along, the answer to a foreign id is the answer to an unknown one."""
    foreign = mock.peer.rows(creatable)[0]["id"]
    for change in ({"id": foreign}, {"name": ""}, {"status": "nonsense"}, {"createdAt": None}):
        first, second = (mock.owner.patch(f"{creatable}/{i}", change) for i in (foreign, UNKNOWN))
        assert first.status_code == second.status_code
        assert first.status_code in (400, 404)
        errors = [answer.json()["error"] | {"requestId": ""} for answer in (first, second)]
        assert errors[0] == errors[1]


@pytest.mark.parametrize(("resource", "path", "target"), REFERENCES)
def test_r31_a_create_cannot_name_a_foreign_row(mock: Any, resource: str, path: str, target: str) -> None:
    """A foreign id is refused as an unknown one is, with 404, and nothing is created; an own id is accepted."""
    count = len(mock.owner.rows(resource))
    foreign, own = (caller.rows(target)[1]["id"] for caller in (mock.peer, mock.owner))
    first, second = (
        mock.owner.post(resource, body_naming(mock, resource, path, target, identifier))
        for identifier in (foreign, UNKNOWN)
    )
    alike(mock, first, second)
    assert len(mock.owner.rows(resource)) == count
    mock.owner.created(resource, body_naming(mock, resource, path, target, own))


@pytest.mark.parametrize(("resource", "path", "target"), UPDATES)
def test_r31_an_update_cannot_name_a_foreign_row(mock: Any, resource: str, path: str, target: str) -> None:
    """As in a create; the row keeps what it named before."""
    made = mock.owner.created(resource, mock.body(resource))
    at = f"{resource}/{made['id']}"
    foreign, own = (caller.rows(target)[1]["id"] for caller in (mock.peer, mock.owner))
    alike(mock, *(mock.owner.patch(at, naming(path, identifier)) for identifier in (foreign, UNKNOWN)))
    assert mock.owner.row(resource, made["id"]) == made
    assert mock.owner.patch(at, naming(path, own)).status_code == 200


@pytest.mark.parametrize(
    ("resource", "name", "target"),
    [
        ("contacts", "clientId", "clients"),
        ("projects", "clientId", "clients"),
        ("invoices", "clientId", "clients"),
        ("contracts", "clientId", "clients"),
        ("payments", "invoiceId", "invoices"),
        ("time-entries", "projectId", "projects"),
        ("milestones", "parentId", "projects"),
        ("calendar-events", "clientId", "clients"),
        ("catalog-items", "clientId", "clients"),
        ("document-versions", "documentId", "client-documents"),
        ("form-submissions", "formId", "forms"),
        ("client-documents", "clientId", "clients"),
    ],
)
def test_r31_a_filter_by_a_foreign_id_finds_nothing(mock: Any, resource: str, name: str, target: str) -> None:
    """A filter neither refuses a foreign id nor finds anything by it."""
    for row in mock.peer.rows(target)[:5]:
        answer = mock.owner.get(resource, **{name: row["id"]})
        assert (answer.status_code, answer.json()["data"]) == (200, [])
        assert answer.json()["pagination"]["total"] == 0


def test_r31_a_new_row_is_seen_by_its_organisation_only(mock: Any, creatable: str) -> None:
    """Every key of the organisation sees it; the other organisation does not."""
    made = mock.owner.created(creatable, mock.body(creatable))
    assert mock.reader.row(creatable, made["id"]) == made
    mock.refused(mock.peer.get(f"{creatable}/{made['id']}"), 404, "not_found")
    assert made["id"] not in str(mock.peer.rows(creatable))


@pytest.mark.parametrize("name", ["organizationId", "tenant", "orgId"])
def test_r31_a_body_does_not_choose_the_organisation(mock: Any, name: str) -> None:
    """A member that names another organisation is refused or ignored; the row stays at home."""
    before = mock.peer.rows("clients")
    for value in ("f08db22f-d293-456a-b170-fab23d90fbac", "thornfield"):
        answer = mock.owner.post("clients", {"name": "A", name: value})
        assert answer.status_code in (201, 400)
        if answer.status_code == 201:
            assert answer.json() in mock.owner.rows("clients")
    assert mock.peer.rows("clients") == before
