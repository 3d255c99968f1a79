"""The composite actions and the hooks for pre-commit run what the command line offers, and never hide an error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from troth.cli import main
from troth.contract import shipped

HERE = Path(__file__).resolve().parents[2]
ACTIONS = HERE / ".github" / "actions"
CONTRACT = {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1.0.0"}, "paths": {}}

pytestmark = pytest.mark.skipif(not ACTIONS.is_dir(), reason="the actions are in the checkout only")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A shell in which ``troth`` is the one under test, and the files of a runner."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, words in (("troth", f'{sys.executable} -m troth "$@"'), ("python", f'{sys.executable} "$@"')):
        (commands / name).write_text(f"#!/bin/sh\nexec {words}\n", encoding="utf-8")
        (commands / name).chmod(0o755)
    runner = {
        "RUNNER_TEMP": tmp_path,
        "GITHUB_OUTPUT": tmp_path / "output",
        "GITHUB_STEP_SUMMARY": tmp_path / "summary",
    }
    named = {name: str(path) for name, path in runner.items()}
    source = os.pathsep.join(filter(None, (str(HERE / "src"), os.environ.get("PYTHONPATH"))))
    return {
        **os.environ,
        **named,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": source,
    }


def contracts(folder: Path) -> tuple[str, str]:
    """Two contracts in files, of which the second lost an operation."""
    old = folder / "old.json"
    operation = {"operationId": "getOrder", "responses": {"204": {"description": "-"}}}
    old.write_text(json.dumps({**CONTRACT, "paths": {"/order": {"get": operation}}}), encoding="utf-8")
    new = folder / "new.json"
    new.write_text(json.dumps(CONTRACT), encoding="utf-8")
    return str(old), str(new)


def run(action: str, environment: dict[str, str], **inputs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ACTIONS / action / "run"], env={**environment, **inputs}, capture_output=True, text=True, check=False
    )


def test_a_break_fails_the_job_and_is_annotated_summed_up_and_counted(
    environment: dict[str, str], tmp_path: Path
) -> None:
    old, new = contracts(tmp_path)
    done = run("diff", environment, OLD=old, NEW=new)
    assert done.returncode == 1, done.stderr
    assert "::error" in done.stdout
    assert "GET /order" in (tmp_path / "summary").read_text(encoding="utf-8")
    outputs = dict(
        line.split("=", 1) for line in (tmp_path / "output").read_text(encoding="utf-8").splitlines()
    )
    assert (outputs["breaking"], outputs["suggested"]) == ("1", "2.0.0")
    assert json.loads(Path(outputs["report"]).read_text(encoding="utf-8"))["summary"]["breaking"] == 1


def test_nothing_grave_lets_the_job_pass(environment: dict[str, str], tmp_path: Path) -> None:
    old, new = contracts(tmp_path)
    assert run("diff", environment, OLD=new, NEW=old).returncode == 0
    assert run("diff", environment, OLD=old, NEW=new, FAIL_ON="never", POLICY="strict").returncode == 0


def test_an_error_of_the_tool_is_no_pass(environment: dict[str, str]) -> None:
    done = run("diff", environment, OLD="nowhere.yaml", NEW="nowhere.yaml", FAIL_ON="never")
    assert done.returncode == 2
    assert "::error::troth diff ended with exit code 2" in done.stdout


def test_a_changelog_that_lies_fails_the_job(environment: dict[str, str], tmp_path: Path) -> None:
    copy = tmp_path / "clientcasa"
    shutil.copytree(shipped().spec / "clientcasa", copy)
    assert run("changelog", environment, CONTRACT=str(copy)).returncode == 0
    changelog = copy / "CHANGELOG.md"
    changelog.write_text(
        changelog.read_text(encoding="utf-8").replace("taxSettings", "taxSetting"), encoding="utf-8"
    )
    done = run("changelog", environment, CONTRACT=str(copy))
    assert done.returncode == 1
    assert "::error" in done.stdout


@pytest.mark.parametrize("action", ["diff", "changelog"])
def test_every_input_of_an_action_reaches_its_script(action: str) -> None:
    described: Any = yaml.safe_load((ACTIONS / action / "action.yml").read_text(encoding="utf-8"))
    script = (ACTIONS / action / "run").read_text(encoding="utf-8")
    given: dict[str, str] = {}
    for step in described["runs"]["steps"]:
        given |= step.get("env", {})
    passed = {value.removeprefix("${{ inputs.").removesuffix(" }}"): name for name, value in given.items()}
    assert passed.keys() == described["inputs"].keys()
    assert all(
        f"${name}" in script or f"${{{name}" in script for key, name in passed.items() if key != "package"
    )


def test_the_hooks_call_commands_that_exist() -> None:
    hooks: Any = yaml.safe_load((HERE / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["troth-changelog", "troth-diff", "troth-lint"]
    for hook in hooks:
        program, command, *rest = hook["entry"].split()
        assert program == "troth"
        found = main.get_command(None, command)  # type: ignore[arg-type]
        assert found is not None
        assert not rest or rest == ["check"]
        assert hook["pass_filenames"] is False
