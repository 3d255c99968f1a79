"""``troth diff``: the list that a maintainer reads, the formats, the exit codes."""

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
    """Calls ``troth`` and gives the result with its exit code."""
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped ClientCasa contract that may be edited."""
    target = tmp_path / "clientcasa"
    shutil.copytree(shipped().spec / "clientcasa", target)
    return target


ADDITIONS = """\
Added

- Client Documents — GET /v1/client-documents, GET /v1/client-documents/{id}.
- Document Versions — GET /v1/document-versions, GET /v1/document-versions/{id}.
- Form Submissions — GET /v1/form-submissions, GET /v1/form-submissions/{id}.
- Forms — GET /v1/forms, GET /v1/forms/{id}.
- Clients — the fields invoiceRemindersEnabled and taxSettings (to read and to write); \
the fields recurringBilling and sourceSubmissionId (read-only).
- Invoices — the field supersedesInvoice (read-only); \
the query parameter supersedesInvoice of GET /v1/invoices.

18 compatible changes, nothing that breaks.
"""


def edit(folder: Path, change: Callable[[Any], None]) -> None:
    """Rewrite the document of a copied contract."""
    path = folder / "openapi.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def test_clientcasa_unreleased_is_the_list_of_additions(run: Run) -> None:
    """Four read-only resources, four fields of clients (two of them writable), one field and filter of invoices."""
    result = run("diff", "clientcasa@1.0.0", "clientcasa")
    assert result.exit_code == 0
    assert result.output.partition("\n\n")[2] == ADDITIONS


def test_clientcasa_unreleased_is_additive_in_every_finding(run: Run) -> None:
    report = json.loads(run("diff", "clientcasa@1.0.0", "clientcasa", "--json").output)
    assert report["summary"] == {"breaking": 0, "error": 0, "warning": 0, "info": 18}
    ids = [finding["id"] for finding in report["findings"]]
    assert {identifier: ids.count(identifier) for identifier in ids} == {
        "operation-added": 8,
        "parameter-added": 1,
        "request-property-added": 4,
        "response-required-property-added": 5,
    }
    assert {finding["verdict"] for finding in report["findings"]} == {"proved"}
    client = next(f for f in report["findings"] if f["title"].startswith("Client.taxSettings"))
    assert client["reach"] == ["createClient", "getClient", "listClients", "updateClient"]


def test_a_contract_does_not_differ_from_itself(run: Run) -> None:
    result = run("diff", "clientcasa", "clientcasa", "--fail-on", "info")
    assert (result.exit_code, "No difference." in result.output) == (0, True)


def test_a_removed_field_fails_in_every_format(run: Run, copy: Path) -> None:
    def remove(document: Any) -> None:
        client = document["components"]["schemas"]["Client"]
        del client["properties"]["notes"]
        client["required"].remove("notes")

    edit(copy, remove)
    for form in (
        "text",
        "json",
        "markdown",
        "github",
        "junit",
        "sarif",
        "html",
        "yaml",
        "singleline",
        "githubactions",
        "markup",
    ):
        result = run("diff", "clientcasa@1.0.0", copy, "--format", form)
        assert (form, result.exit_code) == (form, 1)
        assert "Client.notes was removed" in result.output, form


def test_a_removed_operation_fails_with_its_request_as_the_witness(run: Run, copy: Path) -> None:
    edit(copy, lambda document: document["paths"]["/v1/clients/{id}"].pop("delete"))
    result = run("diff", "clientcasa", copy, "--json")
    breaking = [f for f in json.loads(result.output)["findings"] if f["severity"] == "breaking"]
    assert result.exit_code == 1
    assert [(f["id"], f["witness"]) for f in breaking] == [
        ("operation-removed", {"request": "DELETE /v1/clients/{id}"}),
    ]


def test_behaviour_is_compared_as_well(run: Run, copy: Path) -> None:
    """A shorter replay window breaks although no schema changed."""
    path = copy / "behaviour.overlay.yaml"
    text = path.read_text(encoding="utf-8")
    assert "ttl: 24h" in text
    path.write_text(text.replace("ttl: 24h", "ttl: 1h"), encoding="utf-8")
    result = run("diff", "clientcasa", copy, "--json")
    (finding,) = json.loads(result.output)["findings"]
    assert (result.exit_code, finding["id"], finding["evidence"]["after"]) == (
        1,
        "replay-window-decreased",
        "1h",
    )


def test_fail_on_sets_the_bar(run: Run) -> None:
    pair = ("diff", "clientcasa@1.0.0", "clientcasa")
    codes = {
        level: run(*pair, "--fail-on", level).exit_code for level in ("breaking", "warning", "info", "never")
    }
    assert codes == {"breaking": 0, "warning": 0, "info": 1, "never": 0}


def test_never_does_not_fail_on_breaks(run: Run) -> None:
    assert run("diff", "clientcasa", "clientcasa@1.0.0").exit_code == 1
    assert run("diff", "clientcasa", "clientcasa@1.0.0", "--fail-on", "never").exit_code == 0


def test_a_report_can_go_to_a_file(run: Run, tmp_path: Path) -> None:
    for form in ("json", "markdown"):
        target = tmp_path / f"report.{form}"
        result = run("diff", "clientcasa@1.0.0", "clientcasa", "--format", form, "--output", target)
        assert result.exit_code == 0
        assert "supersedesInvoice" in target.read_text(encoding="utf-8")
        assert "supersedesInvoice" not in result.output


def test_a_policy_decides_what_breaks(run: Run, copy: Path) -> None:
    def widen(document: Any) -> None:
        document["components"]["schemas"]["Form"]["properties"]["kind"]["enum"].append("survey")

    edit(copy, widen)
    codes = {
        p: run("diff", "clientcasa", copy, "--policy", p).exit_code for p in ("additive", "strict", "stripe")
    }
    assert codes == {"additive": 0, "strict": 1, "stripe": 0}


def test_an_unknown_contract_is_a_usage_error_with_the_nearest_name(run: Run) -> None:
    result = run("diff", "clientcas", "clientcasa")
    assert result.exit_code == 2
    assert "clientcasa" in result.output


def remove_filter(document: Any) -> None:
    parameters = document["paths"]["/v1/clients"]["get"]["parameters"]
    parameters[:] = [p for p in parameters if p.get("name") != "status"]


def test_the_next_version_is_suggested(run: Run, copy: Path) -> None:
    edit(copy, remove_filter)
    result = run("diff", "clientcasa", copy)
    assert (
        result.exit_code,
        "a new major version after 1.1.0-unreleased, such as 2.0.0" in result.output,
    ) == (1, True)
    report = json.loads(run("diff", "clientcasa", copy, "--json").output)
    assert report["bump"] == {"needed": "major", "made": "none", "suggested": "2.0.0"}


def test_a_severity_can_be_chosen_and_a_finding_waived(run: Run, copy: Path, tmp_path: Path) -> None:
    edit(copy, remove_filter)
    assert run("diff", "clientcasa", copy, "--severity", "parameter-removed=info").exit_code == 0
    (finding,) = json.loads(run("diff", "clientcasa", copy, "--json").output)["findings"]
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        f'[[waiver]]\nrule = "{finding["id"]}"\npointer = "{finding["location"]["pointer"]}"\n'
        'reason = "Unused."\nowner = "us"\nexpires = 2027-01-01\n',
        encoding="utf-8",
    )
    days = {
        day: run("diff", "clientcasa", copy, "--waivers", waivers, "--as-of", day)
        for day in ("2026-12-31", "2027-01-02")
    }
    assert {day: result.exit_code for day, result in days.items()} == {"2026-12-31": 0, "2027-01-02": 1}
    assert f"{waivers}:1" in days["2027-01-02"].output
    assert "0 compatible changes, nothing that breaks, 1 waived." in days["2026-12-31"].output
    assert "us answers for it until 2027-01-01: Unused." in days["2026-12-31"].output


def test_a_stale_waiver_fails_a_run_without_breaks(run: Run, tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        '[[waiver]]\nrule = "operation-removed"\npointer = "/paths"\nreason = "-"\n'
        'owner = "us"\nexpires = 2099-01-01\n',
        encoding="utf-8",
    )
    assert run("diff", "clientcasa", "clientcasa", "--waivers", waivers).exit_code == 1
    assert run("diff", "clientcasa", "clientcasa", "--waivers", waivers, "--fail-on", "never").exit_code == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--as-of", "tomorrow", "no date"),
        ("--severity", "parameter-removd=info", "Did you mean 'parameter-removed'"),
        ("--severity", "parameter-removed=fatal", "no severity"),
        ("--waivers", "nowhere.toml", "cannot be read"),
    ],
)
def test_wrong_options_of_judgement_end_with_two(run: Run, option: str, value: str, message: str) -> None:
    result = run("diff", "clientcasa", "clientcasa", option, value)
    assert (result.exit_code, message in result.output) == (2, True), result.output


def test_who_is_hit_is_told(run: Run, copy: Path, tmp_path: Path) -> None:
    """Recorded traffic says whose requests a removed filter touches."""
    edit(copy, remove_filter)
    request = {"method": "GET", "url": "https://x.example/api/v1/clients?status=new", "headers": []}
    request["headers"].append({"name": "X-Client", "value": "importer"})  # type: ignore[attr-defined]
    har = tmp_path / "traffic.har"
    har.write_text(
        json.dumps({"log": {"entries": [{"request": request, "response": {"status": 200}}]}}),
        encoding="utf-8",
    )
    result = run("diff", "clientcasa", copy, "--traffic", har, "--consumer", "x-client")
    assert "Who is hit" in result.output
    assert "1 (importer 1), such as GET /api/v1/clients" in result.output
    report = json.loads(run("diff", "clientcasa", copy, "--traffic", har, "--json").output)
    assert report["traffic"] == {"requests": 1, "known": 1}
