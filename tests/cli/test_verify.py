"""``troth verify`` and ``troth clauses`` from outside: exit codes, reports, credentials, against a mock on a socket."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "troth"]
SECRET = "cc_test_northlight_owner_0001"


@contextmanager
def mocked(*options: str) -> Iterator[dict[str, Any]]:
    """A mock of ClientCasa on a free port: what its first line says."""
    command = [*COMMAND, "mock", "clientcasa", "--port", "0", "--seed", "7", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def mock() -> Iterator[dict[str, Any]]:
    with mocked() as started:
        yield started


@pytest.fixture(scope="module")
def faulty() -> Iterator[dict[str, Any]]:
    with mocked("--fault", "total-wrong") as started:
        yield started


def troth(
    *words: str, cwd: Path | None = None, code: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    import os  # noqa: PLC0415 - only to pass the environment on

    done = subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **environment},
    )
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
    return done


def test_the_whole_mock_conforms_and_the_last_line_says_so(mock: dict[str, Any]) -> None:
    """A table by concept, then one line with the verdict; nothing is asked but the URL."""
    done = troth("verify", "clientcasa", "--base-url", mock["url"], "--no-fuzz")
    lines = done.stdout.strip().splitlines()
    assert lines[0].split() == ["conform", "violate", "inconclusive", "not-exercised"]
    assert {line.split()[0] for line in lines[1:-2]} >= {"tenancy", "pagination", "idempotency", "rate-limit"}
    assert lines[-1].startswith("CONFORM:")


def test_a_violation_ends_with_1_and_says_how_to_see_it(faulty: dict[str, Any]) -> None:
    """The clause, the promise's line, a curl line without the credential."""
    done = troth(
        "verify", "clientcasa", "--base-url", faulty["url"], "--no-fuzz", "--only", "pagination.total", code=1
    )
    assert "pagination.total@listClients" in done.stdout
    assert "behaviour.overlay.yaml:" in done.stdout
    assert "curl -i" in done.stdout
    assert "_X_API_KEY}" in done.stdout  # a variable of the caller's own
    assert "Reaches listClients, listContacts, " in done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith("VIOLATED: 17 clauses do not hold")


def test_every_report_at_once(faulty: dict[str, Any], tmp_path: Path) -> None:
    """JSON on stdout; JUnit, SARIF and HTML in files; no secret in any of them."""
    files = {form: tmp_path / f"report.{form}" for form in ("junit", "sarif", "html")}
    words = [word for form, path in files.items() for word in (f"--{form}", str(path))]
    done = troth(
        "verify",
        "clientcasa",
        "--base-url",
        faulty["url"],
        "--no-fuzz",
        "--only",
        "listClients",
        "--json",
        *words,
        code=1,
    )
    report = json.loads(done.stdout)
    assert report["verdict"] == "violate"
    assert report["exitCode"] == 1
    assert [finding["clause"] for finding in report["findings"]] == ["pagination.total@listClients"]
    assert len(report["cases"]) > 15
    suites = ET.fromstring(files["junit"].read_text(encoding="utf-8"))
    assert suites.get("failures") == "1"
    assert len(list(suites.iter("testcase"))) == len(report["cases"])
    sarif = json.loads(files["sarif"].read_text(encoding="utf-8"))
    assert sarif["runs"][0]["results"][0]["ruleId"] == "pagination.total"
    everything = done.stdout + "".join(path.read_text(encoding="utf-8") for path in files.values())
    assert "cc_test_" not in everything
    assert all(
        credential["headers"]["x-api-key"] not in everything for credential in mock_credentials(faulty)
    )


def mock_credentials(started: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = started["credentials"]
    return found


def test_github_annotations_point_at_the_contract(faulty: dict[str, Any]) -> None:
    done = troth(
        "verify",
        "clientcasa",
        "--base-url",
        faulty["url"],
        "--no-fuzz",
        "--only",
        "pagination.total@listForms",
        "--github",
        code=1,
    )
    assert done.stdout.startswith("::error file=")


def test_the_target_file_gives_everything(mock: dict[str, Any], tmp_path: Path) -> None:
    """Contract, URL, principals with secrets from the environment, and a skip with its reason."""
    (tmp_path / "troth.toml").write_text(
        f"""
contract = "clientcasa"
[target]
base-url = "{mock["url"]}"
[target.principals.northlight]
tenant = "northlight"
headers = {{ "x-api-key" = "${{OWNER_KEY}}" }}
[target.principals.thornfield]
tenant = "thornfield"
headers = {{ "x-api-key" = "${{PEER_KEY}}" }}
[skip."tenancy.list@listForms"]
reason = "known, ticket 42"
""",
        encoding="utf-8",
    )
    keys = {"OWNER_KEY": SECRET, "PEER_KEY": "cc_test_thornfield_owner_0001"}
    done = troth("verify", "--only", "tenancy.list", "--json", "--no-fuzz", cwd=tmp_path, **keys)
    cases = {case["name"]: case for case in json.loads(done.stdout)["cases"]}
    assert cases["tenancy.list@listClients"]["verdict"] == "conform"
    assert cases["tenancy.list@listForms"]["detail"] == "skipped: known, ticket 42"


def test_principals_can_be_given_as_options(mock: dict[str, Any]) -> None:
    """Two tenants by flags, the secret from the environment."""
    done = troth(
        "verify", "clientcasa", "--base-url", mock["url"], "--no-fuzz", "--only", "tenancy.read@getClient", "--json",
        "--principal", "one,tenant=northlight,scopes=*,header=x-api-key:${KEY}",
        "--principal", "two,tenant=thornfield,header=x-api-key:cc_test_thornfield_owner_0001",
        KEY=SECRET,
    )  # fmt: skip
    assert [case["verdict"] for case in json.loads(done.stdout)["cases"]] == ["conform"]


def test_a_missing_variable_is_named_and_no_value_shown() -> None:
    done = troth(
        "verify",
        "clientcasa",
        "--base-url",
        "http://127.0.0.1:9/api",
        "--principal",
        "one,header=x-api-key:${NO_SUCH_KEY}",
        code=2,
    )
    assert "NO_SUCH_KEY is not set" in done.stderr


def test_an_unreachable_target_ends_with_3() -> None:
    done = troth("verify", "clientcasa", "--base-url", "http://127.0.0.1:9/api", code=3)
    assert "Nothing answers at http://127.0.0.1:9/api" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verify", "clientcasa"], "--base-url"),
        (["verify", "clientcasa", "--base-url", "http://127.0.0.1:9", "--shard", "5"], "not I/N"),
        (
            ["verify", "clientcasa", "--base-url", "http://127.0.0.1:9", "--only", "tenansy"],
            "Did you mean 'tenancy'",
        ),
        (["verify", "clientcasa", "--base-url", "http://127.0.0.1:9", "--json", "--github"], "choose one"),
        (["verify", "clientcasa", "--base-url", "http://127.0.0.1:9", "--rate", "fast"], "no rate"),
        (["verify", "clientcassa", "--base-url", "http://127.0.0.1:9"], "clientcasa"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_what_is_right(words: list[str], said: str) -> None:
    assert said in troth(*words, code=2).stderr


STRANGER = ["--principal", "stranger,tenant=x,header=x-api-key:wrong"]


def test_a_control_plane_that_is_none_ends_with_3(mock: dict[str, Any]) -> None:
    """A URL that was named must be right; it is not quietly left out."""
    done = troth(
        "verify", "clientcasa", "--base-url", mock["url"], *STRANGER, "--control", mock["url"], code=3
    )
    assert "no control plane" in done.stderr


def test_nothing_exercised_ends_with_5() -> None:
    """A credential that nobody knows: what a refusal would satisfy is not enough."""
    with mocked("--no-control") as closed:
        words = [
            "--base-url",
            closed["url"],
            "--no-fuzz",
            "--only",
            "resource",
            "--only",
            "pagination",
            *STRANGER,
        ]
        done = troth("verify", "clientcasa", *words, code=5)
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("TOO LITTLE EXERCISED: no request of the owner succeeded")


def test_the_pytest_face_judges_the_same(faulty: dict[str, Any]) -> None:
    """One test a clause; a violation fails with its exchanges, and the rest passes."""
    conformance = Path(__file__).resolve().parents[2] / "conformance"
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(conformance),
        "-q",
        "-p",
        "no:cacheprovider",
        "--base-url",
        faulty["url"],
    ]
    done = subprocess.run([*command, "--only", "listForms"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout[-2000:]
    assert "FAILED" in done.stdout
    assert "test_clause[pagination.total@listForms]" in done.stdout
    assert "1 failed" in done.stdout


def test_clauses_are_listed_with_their_places() -> None:
    """Name, level, statement and the line that promises it."""
    listed = json.loads(troth("clauses", "clientcasa", "--only", "idempotency", "--json").stdout)
    assert {clause["id"] for clause in listed} == {
        "idempotency.replay",
        "idempotency.mismatch",
        "idempotency.scope",
        "idempotency.rights",
        "idempotency.unspent",
        "idempotency.reads",
        "idempotency.announced",
        "idempotency.expiry",
        "idempotency.form",
    }
    first = listed[0]
    assert (first["name"], first["level"]) == ("idempotency.replay@createClient", "MUST")
    assert first["location"]["document"].endswith("behaviour.overlay.yaml")
    assert first["location"]["line"] > 1
    text = troth("clauses", "clientcasa", "--only", "createClient").stdout
    assert "MUST   idempotency.replay@createClient" in text
