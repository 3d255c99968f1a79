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


def step_by_step(
    action: str, environment: dict[str, str], tmp_path: Path, **inputs: str
) -> tuple[int, list[str]]:
    """The action as a runner takes it: each step in its shell, with its inputs; what pip was asked to install."""
    described: Any = yaml.safe_load((ACTIONS / action / "action.yml").read_text(encoding="utf-8"))
    asked = tmp_path / "installed"
    python = tmp_path / "bin" / "python"
    pip = f'[ "$2" = pip ] && {{ printf "%s\\n" "$@" >> {asked}; exit 0; }}'
    python.write_text(f'#!/bin/sh\n{pip}\nexec {sys.executable} "$@"\n', encoding="utf-8")
    given = {name: inputs.get(name, about.get("default", "")) for name, about in described["inputs"].items()}
    for step in described["runs"]["steps"]:
        own = {
            name: given[word[len("${{ inputs.") : -len(" }}")]] for name, word in step.get("env", {}).items()
        }
        done = subprocess.run(
            [step["shell"], "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env={**environment, **own, "GITHUB_ACTION_PATH": str(ACTIONS / action)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return done.returncode, asked.read_text(encoding="utf-8").split()
    return 0, asked.read_text(encoding="utf-8").split()


def test_an_action_installs_what_it_lies_in_and_runs(environment: dict[str, str], tmp_path: Path) -> None:
    """Used by a path or from a repository, the package is the one around the action; another one may be named."""
    old, new = contracts(tmp_path)
    code, installed = step_by_step("diff", environment, tmp_path, old=old, new=new)
    assert code == 1
    assert (Path(installed[-1]).resolve() / "pyproject.toml") == HERE / "pyproject.toml"
    code, installed = step_by_step("diff", environment, tmp_path, old=new, new=old, package="troth==1.0")
    assert (code, installed[-1]) == (0, "troth==1.0")
    assert "breaking=0" in (tmp_path / "output").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("action", ["diff", "changelog"])
def test_an_action_is_a_composite_one_as_runners_want_it(action: str) -> None:
    """Every step of it has a shell, outputs come from steps that exist, and nothing else stands in the file."""
    described: Any = yaml.safe_load((ACTIONS / action / "action.yml").read_text(encoding="utf-8"))
    assert described.keys() <= {"name", "description", "author", "branding", "inputs", "outputs", "runs"}
    assert described["runs"].keys() == {"using", "steps"}
    assert described["runs"]["using"] == "composite"
    for step in described["runs"]["steps"]:
        assert step.keys() <= {"id", "name", "if", "shell", "run", "env", "working-directory"}
        assert {"shell", "run"} <= step.keys()
    assert all(about["description"] for about in described["inputs"].values())
    known = {step.get("id") for step in described["runs"]["steps"]}
    for name, about in described.get("outputs", {}).items():
        step, _, output = about["value"].removeprefix("${{ steps.").removesuffix(" }}").partition(".outputs.")
        assert (step in known, output) == (True, name)
    assert os.access(ACTIONS / action / "run", os.X_OK)


def test_the_example_of_the_readme_uses_an_action_that_exists() -> None:
    """With inputs that it has; who uses it from another repository puts an owner in a place that nobody overlooks."""
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    block = next(part for part in readme.split("```yaml\n")[1:] if part.startswith("jobs:")).partition("```")[
        0
    ]
    steps = yaml.safe_load(block)["jobs"]["contract"]["steps"]
    (used,) = [step for step in steps if "troth" in step["uses"]]
    owner, _, path = used["uses"].partition("/troth/")
    folder = HERE / path.partition("@")[0]
    described: Any = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
    wanted = {name for name, about in described["inputs"].items() if about.get("required")}
    assert owner == "<owner>"
    assert wanted <= used["with"].keys() <= described["inputs"].keys()
    assert f"./{folder.relative_to(HERE)}" in block
