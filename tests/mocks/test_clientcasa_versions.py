"""Version 1 only grows: what 1.0.0 had, what is added since, and a changelog that is held to both."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
SPEC = CHECKOUT / "spec" / "clientcasa"
FIRST = [
    "clients", "contacts", "projects", "invoices", "contracts", "payments", "payouts", "time-entries", "milestones",
    "calendar-events", "transactions", "catalog-items", "webhooks",
]  # fmt: skip
ADDED = ["document-versions", "forms", "form-submissions", "client-documents"]


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Callable[[Any], None]], Path]:
    """A copy of the contract whose document has been edited."""

    def edit(change: Callable[[Any], None]) -> Path:
        folder = tmp_path / "clientcasa"
        shutil.copytree(SPEC, folder)
        document = yaml.load((folder / "openapi.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        change(document)
        (folder / "openapi.yaml").write_text(json.dumps(document), encoding="utf-8")
        return folder

    return edit


def drop_operation(document: Any) -> None:
    del document["paths"]["/v1/clients/{id}"]["delete"]


def drop_property(document: Any) -> None:
    schema = document["components"]["schemas"]["Client"]
    del schema["properties"]["notes"]
    schema["required"].remove("notes")


def require_property(document: Any) -> None:
    schema = document["components"]["schemas"]["ClientCreate"]
    schema["required"].append("notes")


def add_property(document: Any) -> None:
    document["components"]["schemas"]["Contact"]["properties"]["pronouns"] = {"type": ["string", "null"]}


def test_r1_since_the_first_release_there_are_only_additions(troth: Any) -> None:
    """The comparison of 1.0.0 with the current contract finds changes, and none that breaks."""
    done = troth("diff", "clientcasa@1.0.0", "clientcasa", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["findings"]
    assert {finding["severity"] for finding in report["findings"]} == {"info"}


@pytest.mark.parametrize("change", [drop_operation, drop_property, require_property])
def test_r1_a_change_that_breaks_is_found(troth: Any, edited: Any, change: Any) -> None:
    """A removal or a new demand within v1 is breaking and fails the comparison."""
    done = troth("diff", "clientcasa", str(edited(change)), "--json")
    assert done.returncode == 1, done.stderr
    assert [f for f in json.loads(done.stdout)["findings"] if f["severity"] == "breaking"]


def test_r1_an_optional_field_may_be_added(troth: Any, edited: Any) -> None:
    """A new optional field within v1 is compatible."""
    done = troth("diff", "clientcasa", str(edited(add_property)), "--json")
    assert done.returncode == 0, done.stderr
    assert {f["severity"] for f in json.loads(done.stdout)["findings"]} == {"info"}


def test_r2_the_changelog_is_true(troth: Any) -> None:
    """What it tells has changed, and what has changed it tells."""
    done = troth("changelog", "check", "--contract", "clientcasa", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["findings"] == []


@pytest.mark.parametrize("change", [drop_operation, drop_property, require_property, add_property])
def test_r2_a_change_that_is_not_told_is_a_lie(troth: Any, edited: Any, change: Any) -> None:
    """Whatever changes without an entry, additions too, fails the check."""
    done = troth("changelog", "check", "--contract", str(edited(change)), "--json")
    assert done.returncode == 1, done.stdout
    assert json.loads(done.stdout)["findings"]


def told(folder: Path, section: str, entry: str) -> None:
    """Write one entry below a section of Unreleased."""
    file = folder / "CHANGELOG.md"
    text = file.read_text(encoding="utf-8")
    first = f"\n## Unreleased\n\n### {section}\n\n- {entry}\n"
    file.write_text(text.replace("\n## Unreleased\n", first, 1), encoding="utf-8")


def test_r2_a_removal_within_v1_is_refused_even_when_told(troth: Any, edited: Any) -> None:
    """Removals happen only at a new major version."""
    folder = edited(drop_operation)
    told(folder, "Removed", "**Clients** — `DELETE /v1/clients/{id}`.")
    assert troth("changelog", "check", "--contract", str(folder)).returncode == 1


def test_r2_a_breaking_change_is_not_an_addition(troth: Any, edited: Any) -> None:
    """An entry under "Changed" does not excuse a demand that clients did not know."""
    folder = edited(require_property)
    told(folder, "Changed", "**Clients** — `notes` is required in `POST /v1/clients`.")
    assert troth("changelog", "check", "--contract", str(folder)).returncode == 1


def test_r2_an_entry_without_a_change_is_a_lie(troth: Any, edited: Any) -> None:
    """What the changelog promises has to be there."""
    folder = edited(lambda _document: None)
    told(folder, "Added", "**Projects** — the field `colour`, to read and to write.")
    assert troth("changelog", "check", "--contract", str(folder)).returncode == 1


def test_r2_the_page_has_its_form() -> None:
    """Unreleased on top, then releases from new to old, each with the four known sections only."""
    text = (SPEC / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.findall(r"^## (Unreleased|\d{4}-\d\d-\d\d — v[\d.]+)", text, re.MULTILINE)
    assert entries[0] == "Unreleased"
    assert entries[1:] == sorted(entries[1:], reverse=True)
    unreleased = text.partition("## Unreleased")[2].partition("\n## ")[0]
    assert set(re.findall(r"^### (.+)$", unreleased, re.MULTILINE)) <= {
        "Added",
        "Changed",
        "Deprecated",
        "Removed",
    }


@pytest.fixture(scope="module")
def first_release(serve: Any) -> Any:
    with serve("clientcasa@1.0.0", "--seed", "7") as maker:
        yield maker()


def test_r3_the_first_release_has_thirteen_resources(first_release: Any) -> None:
    """A mock of 1.0.0 serves these 13 and nothing of what came after."""
    for name in FIRST:
        assert first_release.owner.get(name).status_code == 200
    for name in ADDED:
        first_release.refused(first_release.owner.get(name), 404, "not_found")


def test_r3_the_first_release_lacks_the_added_fields(first_release: Any, mock: Any) -> None:
    """What Unreleased adds to clients and invoices is not in 1.0.0."""
    for name, fields in {
        "clients": {"taxSettings", "invoiceRemindersEnabled", "recurringBilling", "sourceSubmissionId"},
        "invoices": {"supersedesInvoice"},
    }.items():
        old, new = (one.owner.get(name).json()["data"][0] for one in (first_release, mock))
        assert set(new) - set(old) == fields
        assert set(old) <= set(new)


def test_r3_nothing_else_is_served(mock: Any) -> None:
    """The contract has 17 resources and 69 operations."""
    document = yaml.load((SPEC / "openapi.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    served = {
        (path.split("/")[2], method.upper())
        for path, item in document["paths"].items()
        for method in item
        if method in ("get", "post", "patch", "delete", "put")
    }
    assert {name for name, _ in served} == set(mock.verbs)
    count = sum(1 for item in document["paths"].values() for m in item if m != "parameters")
    assert count == len(mock.operations) == 69


@pytest.mark.parametrize("name", ADDED)
def test_r4_what_is_added_can_only_be_read(mock: Any, name: str) -> None:
    """The four new resources have list and get by id; every write answers 405 and names GET."""
    found = mock.owner.get(name).json()["data"][0]
    assert mock.owner.row(name, found["id"])["id"] == found["id"]
    for method, path in (("POST", name), *((m, f"{name}/{found['id']}") for m in ("PATCH", "PUT", "DELETE"))):
        answer = mock.owner.send(method, path, json={})
        mock.refused(answer, 405, "method_not_allowed")
        assert "GET" in answer.headers["allow"]
        assert method not in answer.headers["allow"]


def test_r42_operation_ids_give_namespaced_methods() -> None:
    """Each operation has one tag and an id of a verb and that tag's noun, so an SDK can group its methods."""
    document = yaml.load((SPEC / "openapi.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    seen = []
    for item in document["paths"].values():
        for method, operation in item.items():
            if method == "parameters":
                continue
            (tag,) = operation["tags"]
            noun = tag.replace(" ", "")
            single = noun[:-3] + "y" if noun.endswith("ies") else noun.removesuffix("s")
            verb = re.match("[a-z]+", operation["operationId"])
            assert verb
            expected = noun if verb[0] == "list" else single
            assert operation["operationId"] == verb[0] + expected
            assert verb[0] in ("list", "create", "get", "update", "delete")
            seen.append(operation["operationId"])
    assert len(seen) == len(set(seen)) == 69


def test_r42_a_loop_over_pages_ends(mock: Any, resource: str) -> None:
    """Counting pages up until one comes empty visits every object once."""
    seen: list[str] = []
    page = 1
    while (data := mock.owner.get(resource, page=page).json()["data"]) and page < 100:
        seen += [row["id"] for row in data]
        page += 1
    assert seen == [row["id"] for row in mock.owner.rows(resource)]
    assert page > 2


def test_r42_a_client_that_waits_as_told_gets_through(mock: Any) -> None:
    """After Retry-After seconds, and not before, the same request with the same key succeeds once."""
    caller = mock.scoped("clients:write", "clients:read")
    answer = [caller.get("clients", pageSize=1) for _ in range(1001)][-1]
    assert answer.status_code == 429
    wait = int(answer.headers["retry-after"])
    mock.advance(f"{wait - 1}s")
    assert caller.post("clients", mock.body("clients"), key="later").status_code == 429
    mock.advance("1s")
    assert caller.post("clients", mock.body("clients"), key="later").status_code == 201
