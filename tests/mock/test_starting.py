"""Starting: what cannot be served is said in a line, with exit code 2 and without a traceback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from troth.cli import main

ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "error", "NO_COLOR": "1", "COLUMNS": "200"}


DANGLING = """openapi: 3.1.0
info: {title: A, version: "1"}
paths:
  /a:
    get:
      responses:
        "200":
          description: x
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Nope"}
"""


def start(*words: str, cwd: Path) -> Result:
    """The call in this process: nothing is served, because something is wrong."""

    def serving(*_: object, **__: object) -> None:
        pytest.fail("it serves")

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setattr("uvicorn.Server.run", serving)
        return CliRunner().invoke(main, ["mock", *words])


def is_refused(done: Result, *words: str) -> bool:
    assert done.exit_code == 2, done
    assert "Traceback" not in done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr
    return True


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["clientcase"], ["'clientcase'", "Did you mean 'clientcasa'?"]),
        (["clientcasa@1.0.O"], ["1.0.O", "1.0.0"]),
        (["missing.yaml"], ["missing.yaml"]),
        (["clientcasa", "--fault", "qqq"], ["There is no fault 'qqq'.", "troth selftest CONTRACT --list"]),
        (["clientcasa", "--fault", "crahs"], ["There is no fault 'crahs'.", "Did you mean 'crash'?"]),
        (["clientcasa", "--rate-limit", "lots"], ["--rate-limit 'lots'", "N/WINDOW such as 100/1m"]),
        (["clientcasa", "--rate-limit", "0/1m"], ["--rate-limit '0/1m'"]),
        (["clientcasa", "--validate", "stict"], ["stict", "strict"]),
        (["clientcasa", "--port", "99999"], ["99999", "65535"]),
        (["clientcasa", "--host", "256.0.0.1"], ["256.0.0.1:0 cannot be used"]),
        (["clientcasa", "--seed-file", "nowhere.yaml"], ["nowhere.yaml"]),
        (["clientcasa", "--overlay", "nowhere.yaml"], ["nowhere.yaml"]),
        (["clientcasa", "--sead", "1"], ["--sead", "--seed"]),
        ([], ["troth mock clientcasa"]),
    ],
)
def test_a_wrong_call_ends_with_2(tmp_path: Path, words: list[str], expected: list[str]) -> None:
    """The line names what was found, and the nearest word where there is one."""
    port = [] if "--port" in words else ["--port", "0"]
    assert is_refused(start(*words, *port, cwd=tmp_path), *expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths: [\n", ["api.yaml:4", "not valid YAML"]),
        ("hello", ["api.yaml", "openapi"]),
        ("", ["api.yaml"]),
        ("openapi: 3.1.0\ninfo: {title: A, version: '1'}\n", ["api.yaml", "'paths'"]),
    ],
)
def test_a_broken_document_is_shown_with_its_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    """File, line and reason; as JSON when JSON was asked for."""
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    assert is_refused(start("api.yaml", "--port", "0", cwd=tmp_path), *expected)
    done = start("api.yaml", "--port", "0", "--json", cwd=tmp_path)
    error = json.loads(done.stdout)["error"]
    assert (error["exit_code"], error["location"]["document"]) == (2, "api.yaml")


def test_a_malformed_part_is_told_and_the_rest_is_served(tmp_path: Path) -> None:
    """A reference that leads nowhere costs one schema, not the mock: its line is on stderr before anybody asks."""
    (tmp_path / "api.yaml").write_text(DANGLING, encoding="utf-8")
    command = [sys.executable, "-m", "troth", "mock", "api.yaml", "--port", "0", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        answer = httpx.get(first["url"] + "/a", headers=first["credentials"][0]["headers"], trust_env=False)
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=20)[1]
    assert answer.status_code == 200
    assert "api.yaml:11" in told
    assert "Nope" in told


def test_the_process_ends_with_the_same_code(tmp_path: Path) -> None:
    """The whole way once: one line on stderr, nothing on stdout."""
    command = [sys.executable, "-m", "troth", "mock", "clientcase"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("troth: ")
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """Address, reason, and what to do instead."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert is_refused(
            start("clientcasa", "--port", str(port), cwd=tmp_path), f"127.0.0.1:{port}", "in use", "--port"
        )


def test_the_first_line_is_json(server: Any) -> None:
    """``url`` with the base path, ``control``, and credentials with everything that a caller sends."""
    assert set(server.first) == {"url", "control", "credentials"}
    assert server.first["url"].endswith("/api")
    assert server.first["control"] == server.first["url"].removesuffix("/api") + "/__troth"
    assert len(server.first["credentials"]) >= 4
    for credential in server.first["credentials"]:
        assert set(credential) >= {"name", "tenant", "headers", "scopes"}
        assert credential["headers"]
        assert credential["scopes"] == ["*"] or all(":" in scope for scope in credential["scopes"])
        answer = httpx.get(server.url + "/v1/clients", headers=credential["headers"], trust_env=False)
        assert answer.status_code in (200, 403)


def test_a_person_gets_lines_to_copy(tmp_path: Path) -> None:
    """URL, keys, and three curl lines that work as they stand."""
    command = [sys.executable, "-m", "troth", "mock", "clientcasa", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        lines = []
        while not (
            lines and lines[-1].startswith("  curl") and sum(li.startswith("  curl") for li in lines) == 3
        ):
            line = process.stdout.readline()
            assert line, process.stderr
            lines.append(line.rstrip("\n"))
        for line in lines:
            if line.startswith("  curl"):
                done = subprocess.run(["sh", "-c", line + " -sS -o /dev/null -w '%{http_code}'"],
                                      capture_output=True, text=True, check=False)  # fmt: skip
                assert done.stdout in ("200", "201"), (line, done)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(serve: Any, number: signal.Signals) -> None:
    """Exit code 0 and nothing on stderr, with a connection still open."""
    running = serve("clientcasa", "--empty")
    with running.connect():
        running.process.send_signal(number)
        assert running.process.wait(timeout=10) == 0


def test_a_release_is_served_with_the_seed_of_today(serve: Any) -> None:
    """An older release has fewer resources; rows of the others are left out."""
    client = serve("clientcasa@1.0.0").client()
    assert client.get("/v1/clients").json()["data"]
    assert client.get("/v1/document-versions").status_code == 404


def test_ipv6_is_served(serve: Any) -> None:
    """The URL has its brackets."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 loopback here")
    running = serve("clientcasa", "--empty", "--host", "::1")
    assert running.url.startswith("http://[::1]:")
    assert running.client().get("/v1/clients").status_code == 200
