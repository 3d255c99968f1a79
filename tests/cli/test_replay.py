"""``troth replay``, scripts, ``troth report merge`` and baselines, from outside, over sockets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "troth"]
CLAUSE = "tenancy.read@getInvoice"


@contextmanager
def mocked(*options: str) -> Iterator[dict[str, Any]]:
    command = [*COMMAND, "mock", "billing", "--port", "0", "--seed", "7", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A mock that leaks, and one that does not."""
    with mocked("--fault", "leak-foreign-read") as faulty, mocked() as correct:
        yield faulty, correct


def troth(*words: str, code: int = 0) -> str:
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def verified(url: str, *words: str, code: int) -> str:
    return troth(
        "verify", "billing", "--base-url", url, "--no-fuzz", "--only", "tenancy.read", *words, code=code
    )


def test_replay_and_script_tell_the_servers_apart(
    servers: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    """1 on the faulty server, 0 on the correct one, by the command and by a script that knows no Troth."""
    faulty, correct = servers
    report = tmp_path / "report.json"
    out = verified(faulty["url"], "--json", "--scripts", str(tmp_path / "scripts"), code=1)
    report.write_text(out, encoding="utf-8")
    replay = ["replay", CLAUSE, "--report", str(report), "--base-url"]
    assert "does not hold here: status" in troth(*replay, faulty["url"], code=1)
    assert "holds here" in troth(*replay, correct["url"], code=0)
    told = json.loads(troth(*replay, faulty["url"], "--json", code=1))
    assert (told["verdict"], told["right"], told["found"]) == ("wrong", 404, 200)

    (path,) = [path for path in (tmp_path / "scripts").iterdir() if "getInvoice" in path.name]
    text = path.read_text(encoding="utf-8")
    environment = dict(os.environ)
    for about in faulty["credentials"]:
        for name, value in about["headers"].items():
            words = f"{about['name']}_{name}".replace("-", "_").upper()
            environment[words] = value
            assert name.lower() == "x-tenant-slug" or value not in text
    assert "import troth" not in text
    for server, code in ((faulty, 1), (correct, 0)):
        done = subprocess.run(
            [sys.executable, str(path), server["url"]],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert done.returncode == code, done.stdout + done.stderr
    assert troth("replay", CLAUSE, "--report", str(report), "--script").strip() == text.strip()


def test_a_script_says_which_variable_is_missing(
    servers: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    verified(servers[0]["url"], "--scripts", str(tmp_path), code=1)
    path = next(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, str(path), "http://127.0.0.1:9"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Set " in done.stderr


def test_shards_are_merged_into_every_form(
    servers: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    files = []
    for index in (1, 2):
        words = [
            "verify",
            "billing",
            "--base-url",
            servers[0]["url"],
            "--no-fuzz",
            "--json",
            "--shard",
            f"{index}/2",
        ]
        done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
        (tmp_path / f"{index}.json").write_text(done.stdout, encoding="utf-8")
        files.append(str(tmp_path / f"{index}.json"))
    junit = tmp_path / "report.xml"
    out = troth("report", "merge", *files, "--junit", str(junit), code=1)
    assert out.splitlines()[-1].startswith("VIOLATED: 2 clauses do not hold")
    assert CLAUSE in junit.read_text(encoding="utf-8")
    troth("report", "merge", files[0], code=2)


def test_a_baseline_accepts_what_it_names(
    servers: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    """In TOML or JSON; an entry without an owner is a usage error."""
    accepted = [
        {
            "violation": f"tenancy.read@{name} peer accepted",
            "owner": "ada",
            "reason": "ticket 42",
            "expires": "9999-01-01",
        }
        for name in ("getInvoice", "getCustomer")
    ]
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({"accepted": accepted}), encoding="utf-8")
    assert "CONFORM" in verified(servers[0]["url"], "--baseline", str(path), code=0)
    path.write_text(json.dumps({"accepted": [{**accepted[0], "owner": ""}]}), encoding="utf-8")
    verified(servers[0]["url"], "--baseline", str(path), code=2)
    toml = tmp_path / "baseline.toml"
    toml.write_text(
        '[[accepted]]\nviolation = "tenancy.read@getInvoice peer accepted"\nowner = "ada"\n'
        'reason = "r"\nexpires = 2001-01-01\n',
        encoding="utf-8",
    )
    assert "has expired" in verified(servers[0]["url"], "--baseline", str(toml), code=1)


def test_the_page_shows_the_steps_and_the_contract(
    servers: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> None:
    """One file: the matrix, the statement of the contract that is broken, the requests that show it; no credential."""
    path = tmp_path / "report.html"
    verified(servers[0]["url"], "--html", str(path), code=1)
    page = path.read_text(encoding="utf-8")
    assert 'class="violate"' in page
    assert "# /x-behaviour/tenancy" in page
    assert "header: x-tenant-slug" in page
    assert "status is 200, expected 404" in page
    for about in servers[0]["credentials"]:
        secret = about["headers"].get("authorization", "").partition(" ")[2]
        assert not secret or secret not in page


def test_clauses_come_with_line_and_standard() -> None:
    found = json.loads(troth("clauses", "billing", "--only", "authentication.required", "--json"))
    assert found[0]["standard"] == "RFC 9110 section 15.5.2"
    assert found[0]["location"]["line"] > 0
    assert "openapi.yaml:" in troth("clauses", "billing", "--only", "authentication.required")
