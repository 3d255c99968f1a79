"""``troth changelog``: true for the shipped contract, and red for each planted lie."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from troth.cli import main
from troth.contract import shipped

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Calls ``troth changelog`` and gives the result with its exit code."""
    return lambda *words: CliRunner().invoke(main, ["changelog", *(str(word) for word in words)])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped ClientCasa contract that may be edited."""
    target = tmp_path / "clientcasa"
    shutil.copytree(shipped().spec / "clientcasa", target)
    return target


def edit(folder: Path, change: Callable[[Any], None]) -> None:
    """Rewrite the document of a copied contract."""
    path = folder / "openapi.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def lie(folder: Path, old: str, new: str) -> int:
    """Change the changelog's words; gives the line on which they stand."""
    path = folder / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def told(result: Result) -> list[tuple[str, int]]:
    """The ids and lines of the findings of a JSON report."""
    return [(f["id"], f["location"]["line"]) for f in json.loads(result.output)["findings"]]


def test_the_shipped_changelog_is_true(run: Run) -> None:
    result = run("check", "--contract", "clientcasa")
    assert result.exit_code == 0, result.output
    assert "18 changes in 2 releases" in result.output


def test_a_copy_of_it_is_true_as_well(run: Run, copy: Path) -> None:
    """A directory is checked like a shipped name; its releases need no behaviour."""
    result = run("check", "--contract", copy, "--json")
    assert (result.exit_code, told(result)) == (0, [])


def test_a_removed_operation_is_untold_and_not_allowed_within_the_major(run: Run, copy: Path) -> None:
    edit(copy, lambda document: document["paths"]["/v1/clients/{id}"].pop("delete"))
    result = run("check", "--contract", copy, "--json")
    assert result.exit_code == 1
    assert {identifier for identifier, _ in told(result)} == {
        "changelog-change-untold",
        "changelog-removal-within-major",
    }


def test_a_removed_field_is_untold_and_not_allowed_within_the_major(run: Run, copy: Path) -> None:
    def remove(document: Any) -> None:
        client = document["components"]["schemas"]["Client"]
        del client["properties"]["notes"]
        client["required"].remove("notes")

    edit(copy, remove)
    result = run("check", "--contract", copy, "--json")
    assert result.exit_code == 1
    assert {identifier for identifier, _ in told(result)} == {
        "changelog-change-untold",
        "changelog-removal-within-major",
    }


def test_a_field_that_nobody_added_is_a_lie(run: Run, copy: Path) -> None:
    line = lie(copy, "`recurringBilling`", "`favouriteColour`, `recurringBilling`")
    result = run("check", "--contract", copy, "--json")
    found = told(result)
    assert (result.exit_code, [identifier for identifier, _ in found]) == (1, ["changelog-name-unknown"])
    assert abs(found[0][1] - line) <= 1  # the entry begins on this line or the one before


def test_a_field_left_out_is_a_lie(run: Run, copy: Path) -> None:
    lie(copy, "`sourceSubmissionId`", "another one")
    result = run("check", "--contract", copy, "--json")
    assert result.exit_code == 1
    assert [identifier for identifier, _ in told(result)] == ["changelog-change-untold"]


def test_an_entry_without_a_change_is_a_lie(run: Run, copy: Path) -> None:
    lie(
        copy,
        "- **Invoices** — the read-only",
        "- **Leads** — `GET /v1/leads`.\n- **Invoices** — the read-only",
    )
    result = run("check", "--contract", copy, "--json")
    assert (result.exit_code, [identifier for identifier, _ in told(result)]) == (
        1,
        ["changelog-entry-unfounded"],
    )


def test_a_misspelt_operation_of_the_first_release_is_a_lie(run: Run, copy: Path) -> None:
    lie(copy, "`GET /v1/payouts/{id}`", "`GET /v1/payout/{id}`")
    result = run("check", "--contract", copy, "--json")
    assert (result.exit_code, [identifier for identifier, _ in told(result)]) == (
        1,
        ["changelog-name-unknown"],
    )


def test_a_report_names_the_line_for_people(run: Run, copy: Path) -> None:
    lie(copy, "`GET /v1/payouts/{id}`", "`GET /v1/payout/{id}`")
    result = run("check", "--contract", copy)
    assert result.exit_code == 1
    assert "CHANGELOG.md:63" in result.output
    assert "Did you mean 'GET /v1/payouts/{}'?" in result.output


def test_write_drafts_what_the_seed_lists(run: Run) -> None:
    result = run("write", "--contract", "clientcasa")
    assert result.exit_code == 0
    assert "- **Forms** — `GET /v1/forms`, `GET /v1/forms/{id}`." in result.output
    entries = json.loads(run("write", "--contract", "clientcasa", "--from", "1.0.0", "--json").output)
    assert [entry["resource"] for entry in entries] == [
        "Client Documents", "Document Versions", "Form Submissions", "Forms", "Clients", "Invoices",
    ]  # fmt: skip
    assert {entry["section"] for entry in entries} == {"Added"}


def test_what_is_written_passes_the_check(run: Run, copy: Path) -> None:
    path = copy / "CHANGELOG.md"
    drafted = run("write", "--contract", "clientcasa").output
    released = path.read_text(encoding="utf-8").partition("## 2026-05-19")
    path.write_text(
        f"# Changelog\n\n## Unreleased\n\n{drafted}\n{released[1]}{released[2]}", encoding="utf-8"
    )
    result = run("check", "--contract", copy, "--json")
    assert (result.exit_code, told(result)) == (0, [])


def test_render_gives_releases_as_data(run: Run) -> None:
    releases = json.loads(run("render", "--contract", "clientcasa", "--json").output)
    assert [(r["version"], r["date"]) for r in releases] == [(None, None), ("1.0.0", "2026-05-19")]
    only = json.loads(run("render", "--contract", "clientcasa", "--to", "1.0.0", "--json").output)
    assert [r["version"] for r in only] == ["1.0.0"]
    text = run("render", "--contract", "clientcasa", "--from", "1.0.0").output
    assert "## Unreleased" in text
    assert "v1.0.0" not in text


def test_render_makes_a_page_of_its_own(run: Run, tmp_path: Path) -> None:
    """By version, and by resource; nothing on it is fetched from elsewhere."""
    path = tmp_path / "page.html"
    result = run("render", "--contract", "clientcasa", "--format", "html", "--output", path)
    assert (result.exit_code, f"Written to {path}" in result.output) == (0, True)
    page = path.read_text(encoding="utf-8")
    assert '<section id="unreleased">' in page
    assert "<code>GET /v1/forms</code>" in page
    only = run(
        "render", "--contract", "clientcasa", "--format", "html", "--by", "resource", "--resource", "forms"
    )
    assert '<section id="forms">' in only.output
    assert "invoiceRemindersEnabled" not in only.output


def test_a_draft_takes_the_form_that_is_asked_for(run: Run) -> None:
    """Sections where the changelog has them; an announced release with a table on demand."""
    sections = run("write", "--contract", "clientcasa").output
    table = run("write", "--contract", "clientcasa", "--form", "table", "--released", "2026-11-21").output
    assert sections.startswith("### Added")
    assert "Release Date: 2026-11-21" in table
    assert "| invoices | GET/POST | invoice | supersedesInvoice |" in table


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("check", "--contract", "clientcasa", "--changelog", "nowhere.md"), "nowhere.md"),
        (("check", "--contract", "clientcasa", "--releases", "nowhere"), "no directory of releases"),
        (("write", "--contract", "clientcasa", "--from", "9.9.9"), "known are 1.0.0"),
        (("render", "--contract", "clientcasa", "--from", "9.9.9"), "known are 1.0.0"),
        (("render", "--contract", "clientcasa", "--resource", "boats"), "is about 'boats'"),
        (("check",), "--contract"),
    ],
)
def test_wrong_use_is_told_and_ends_with_two(run: Run, words: tuple[str, ...], message: str, tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert (result.exit_code, message in result.output) == (2, True), result.output


@pytest.mark.parametrize("words", [["clio"], ["--contract", "clio"]])
def test_the_contract_is_an_argument_or_an_option(run: Run, words: list[str]) -> None:
    result = run("check", *words)
    assert (result.exit_code, "is true" in result.stdout) == (0, True)


def test_two_contracts_are_one_too_many(run: Run) -> None:
    result = run("render", "clio", "--contract", "crm")
    assert (result.exit_code, "name one" in result.stderr) == (2, True)
