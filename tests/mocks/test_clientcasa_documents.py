"""What the dashboard makes and the API only shows: versions, forms, answers and client documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

SEED = Path(__file__).resolve().parents[2] / "mocks" / "clientcasa" / "seed.yaml"


@pytest.fixture(scope="module")
def planted() -> dict[tuple[str, str], list[Any]]:
    """(resource, tenant) to the written rows of the seed data, hidden ones included, in order."""
    given = yaml.load(SEED.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["rows"]
    return {
        (resource, tenant): [block["row"] for block in blocks for _ in range(block.get("count", 1))]
        for resource, tenants in given.items()
        for tenant, blocks in tenants.items()
    }


def hidden(mock: Any, planted: Any, resource: str) -> list[str]:
    """The ids of seeded rows that the list leaves out."""
    shown = {row["id"] for row in mock.owner.rows(resource)}
    count = len(planted[resource, "northlight"])
    found = [mock.seeded(resource, index) for index in range(count)]
    assert shown < set(found)
    return [identifier for identifier in found if identifier not in shown]


def members(mock: Any, resource: str) -> set[str]:
    """The members of a resource's objects, which are the same in list and get."""
    listed = mock.owner.rows(resource)
    assert listed
    for row in listed:
        assert set(mock.owner.row(resource, row["id"])) == set(row) == set(listed[0])
    return set(listed[0])


def test_r32_only_issued_versions_are_shown(mock: Any, planted: Any) -> None:
    """Drafts and checkpoints are in no list, and by id they answer as what does not exist."""
    statuses = {row["versionStatus"] for row in mock.owner.rows("document-versions")}
    assert statuses == {"issued", "superseded", "voided"}
    missing = mock.refused(
        mock.owner.get("document-versions/0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"), 404, "not_found"
    )
    for identifier in hidden(mock, planted, "document-versions"):
        error = mock.refused(mock.owner.get(f"document-versions/{identifier}"), 404, "not_found")
        assert {**error, "requestId": ""} == {**missing, "requestId": ""}


def test_r32_versions_carry_metadata_only(mock: Any) -> None:
    """Lifecycle times and lineage ids are shown; content and client tokens are not members at all."""
    assert members(mock, "document-versions") == {
        "id", "documentType", "documentId", "documentRef", "versionNumber", "subVersionNumber", "versionStatus",
        "contentHash", "currency", "issuedAt", "viewedAt", "acceptedAt", "acceptedBy", "supersededAt",
        "supersededByVersionId", "voidedAt", "quoteConvertedAt", "expiresAt", "engagementProjectId",
        "parentVersionId", "createdAt", "updatedAt",
    }  # fmt: skip


def test_r32_versions_span_three_kinds_of_document(mock: Any) -> None:
    """Smart files, invoices and standalone contracts have versions."""
    kinds = {row["documentType"] for row in mock.owner.rows("document-versions")}
    assert kinds == {"smart-file", "invoice", "standalone-contract"}


def test_r32_lineage_leads_to_shown_versions(mock: Any) -> None:
    """A superseded version names the version that replaced it, and both agree about it."""
    rows = {row["id"]: row for row in mock.owner.rows("document-versions")}
    replaced = [row for row in rows.values() if row["supersededByVersionId"]]
    assert replaced
    for row in replaced:
        assert row["versionStatus"] == "superseded"
        assert row["supersededAt"]
        assert row["supersededByVersionId"] in rows
    assert all(row["issuedAt"] for row in rows.values())


@pytest.mark.parametrize("name", ["document-versions", "forms", "form-submissions", "client-documents"])
def test_r32_r33_r34_r35_each_has_its_own_scope(mock: Any, name: str) -> None:
    """``<resource>:read`` opens list and get of exactly this resource."""
    caller = mock.scoped(f"{name}:read")
    found = caller.get(name).json()["data"][0]
    assert caller.row(name, found["id"])
    others = [other for other in mock.verbs if other != name]
    for other in others:
        mock.refused(caller.get(other), 403, "forbidden")
    without = mock.scoped(*(f"{other}:read" for other in others))
    for path in (name, f"{name}/{found['id']}"):
        assert f"{name}:read" in str(mock.refused(without.get(path), 403, "forbidden"))


def test_r33_forms_show_their_definition(mock: Any) -> None:
    """Kind, name, slug and the two flags are there; both kinds occur; the fields of the form are not shown."""
    assert members(mock, "forms") == {
        "id", "name", "title", "description", "kind", "slug", "enabled", "isDefault", "createdAt", "updatedAt"
    }  # fmt: skip
    rows = mock.owner.rows("forms")
    assert {row["kind"] for row in rows} == {"inquiry", "questionnaire"}
    assert {row["enabled"] for row in rows} == {row["isDefault"] for row in rows} == {True, False}
    slugs = [row["slug"] for row in rows if row["slug"]]
    assert slugs
    assert len(set(slugs)) == len(slugs)


def test_r34_answers_are_null_in_lists_and_an_array_by_id(mock: Any) -> None:
    """A list leaves the answers out; a get has them, each a field, a question and an answer as text."""
    listed = mock.owner.rows("form-submissions")
    assert {row["answers"] for row in listed} == {None}
    texts = 0
    for row in listed:
        found = mock.owner.row("form-submissions", row["id"])
        assert isinstance(found["answers"], list)
        assert {**found, "answers": None} == row
        for one in found["answers"]:
            assert set(one) == {"fieldId", "question", "answer"}
            assert all(isinstance(text, str) for text in one.values())
            texts += 1
    assert texts > len(listed)


def test_r34_a_submission_belongs_to_a_form_of_its_kind(mock: Any) -> None:
    """``formId`` is a form of the organisation, and the kinds agree."""
    forms = {row["id"]: row for row in mock.owner.rows("forms")}
    rows = mock.owner.rows("form-submissions")
    assert {row["status"] for row in rows} == {"in_progress", "submitted"}
    for row in rows:
        assert row["kind"] in (forms[row["formId"]]["kind"], None)
        assert (row["submittedAt"] is not None) is (row["status"] == "submitted")


def test_r35_templates_are_no_documents(mock: Any, planted: Any) -> None:
    """Templates are in no list, and by id they answer as what does not exist."""
    assert {row["isTemplate"] for row in mock.owner.rows("client-documents")} == {False}
    missing = mock.refused(
        mock.owner.get("client-documents/0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"), 404, "not_found"
    )
    written = planted["client-documents", "northlight"]
    absent = hidden(mock, planted, "client-documents")
    assert absent == [
        mock.seeded("client-documents", n) for n, row in enumerate(written) if row["isTemplate"] is True
    ]
    for identifier in absent:
        error = mock.refused(mock.owner.get(f"client-documents/{identifier}"), 404, "not_found")
        assert {**error, "requestId": ""} == {**missing, "requestId": ""}


def test_r35_documents_show_links_and_lineage(mock: Any) -> None:
    """Kind, title, status, the linked rows and what a quote became; every link leads somewhere."""
    assert members(mock, "client-documents") == {
        "id", "kind", "title", "status", "contactId", "clientId", "projectId", "engagementProjectId", "isTemplate",
        "clientUrl", "quoteConvertedAt", "expiresAt", "createdAt", "updatedAt",
    }  # fmt: skip
    rows = mock.owner.rows("client-documents")
    assert {row["kind"] for row in rows} == {"smart-file"}
    assert {row["status"] for row in rows} == {
        "draft", "sent", "viewed", "in_progress", "accepted", "completed", "expired", "void"
    }  # fmt: skip
    for name, target in (
        ("contactId", "contacts"),
        ("clientId", "clients"),
        ("projectId", "projects"),
        ("engagementProjectId", "projects"),
    ):
        known = {row["id"] for row in mock.owner.rows(target)}
        links = {row[name] for row in rows} - {None}
        assert links
        assert links <= known
    converted = [row for row in rows if row["quoteConvertedAt"]]
    assert converted
    assert all(row["engagementProjectId"] for row in converted)
