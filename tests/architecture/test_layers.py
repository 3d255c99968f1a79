"""A floor imports only lower floors, and each framework is spoken in one room: import-linter says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import troth

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]


def lint(package_parent: Path) -> subprocess.CompletedProcess[str]:
    """The linter's answer about the package below a directory, by the contracts of this checkout."""
    return subprocess.run(
        [*COMMAND, "--no-cache", "--no-logo", "--config", str(CHECKOUT / "pyproject.toml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=package_parent,
        env={**os.environ, "PYTHONPATH": str(package_parent)},
    )


def test_the_layers_hold() -> None:
    """Every contract of ``pyproject.toml`` is kept by the package as it is."""
    done = lint(Path(troth.__file__).parents[1])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "statement", "contract"),
    [
        ("findings.py", "import troth.contract", "Rooms depend downwards only"),
        ("mock/planted.py", "import troth.conformance", "Rooms depend downwards only"),
        ("planted/__init__.py", "", "Rooms depend downwards only"),
        ("engine/planted.py", "import connexion", "Only the mock speaks Connexion"),
        ("mock/planted.py", "import hypothesis", "Only conformance speaks Hypothesis and Schemathesis"),
        ("reporting/planted.py", "import troth.engine", "Reporters see findings, never engines"),
    ],
)
def test_a_planted_breach_is_found(tmp_path: Path, path: str, statement: str, contract: str) -> None:
    """The contracts are not only written down: a breach of each breaks the build."""
    copied = tmp_path / "troth"
    for source in Path(troth.__file__).parent.rglob("*.py"):
        target = copied / source.relative_to(Path(troth.__file__).parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    breach = copied / path
    breach.parent.mkdir(exist_ok=True)
    before = breach.read_text(encoding="utf-8") if breach.exists() else ""
    breach.write_text(f"{before}\n{statement}\n", encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode != 0, done.stdout
    assert f"{contract} BROKEN" in done.stdout or (
        not statement and "troth.planted" in done.stdout + done.stderr
    )
