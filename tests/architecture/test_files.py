"""Every file has its place: the same files for every API, nothing at the top that nobody expects."""

from __future__ import annotations

import ast
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

import troth

CHECKOUT = Path(__file__).resolve().parents[2]
TOP = {
    ".ci",
    ".github",
    ".gitignore",
    ".pre-commit-hooks.yaml",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "conformance",
    "mocks",
    "pyproject.toml",
    "spec",
    "src",
    "tests",
}
VAGUE = {
    "base",
    "bases",
    "common",
    "helper",
    "helpers",
    "junkdrawer",
    "manager",
    "managers",
    "misc",
    "util",
    "utils",
}


def ignored() -> list[str]:
    lines = (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [line.rstrip("/") for line in lines if line and not line.startswith("#")]


def walked() -> list[str]:
    """The files of a tree that git cannot list (an unpacked archive), without what it would ignore."""
    patterns = [*ignored(), ".git"]
    found = (path.relative_to(CHECKOUT) for path in CHECKOUT.rglob("*") if path.is_file())
    return [
        path.as_posix()
        for path in found
        if not any(fnmatch(part, one) for part in path.parts for one in patterns)
    ]


def listed() -> list[str]:
    """The files of the checkout: tracked, or new and not ignored; a deleted one is gone at once."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    if done.returncode:
        return walked()
    return [name for name in done.stdout.split("\0") if name and (CHECKOUT / name).is_file()]


FILES = sorted(set(listed()))


def below(folder: str) -> list[tuple[str, ...]]:
    return [tuple(name.split("/")[1:]) for name in FILES if name.startswith(f"{folder}/")]


def apis() -> set[str]:
    return {parts[0] for parts in below("spec") if len(parts) > 1}


def test_the_top_has_exactly_these_entries() -> None:
    """Whoever opens the checkout sees the rooms and nothing else."""
    assert {name.split("/")[0] for name in FILES} == TOP


def test_every_contract_has_the_same_files() -> None:
    """``spec/<api>``: the document, its behaviour, its changelog, its releases."""
    names = apis()
    assert names
    wanted = {
        (api, name) for api in names for name in ("openapi.yaml", "behaviour.overlay.yaml", "CHANGELOG.md")
    }
    found = {parts for parts in below("spec") if len(parts) == 2}
    assert found == wanted
    releases = [parts for parts in below("spec") if len(parts) > 2]
    assert [parts for parts in releases if parts[1] != "releases" or len(parts) != 3] == []
    assert [parts for parts in releases if not re.fullmatch(r"\d+([.-]\d+)*(-[\w.]+)?\.yaml", parts[2])] == []
    assert {parts[0] for parts in releases} <= names
    assert [parts for parts in below("spec") if len(parts) == 1] == [("behaviour.schema.json",)]


def test_every_contract_has_a_mock() -> None:
    """``mocks/<api>``: seed data, and hooks where the vocabulary doesn't reach."""
    found = below("mocks")
    assert {parts for parts in found if parts[-1] != "hooks.py"} == {(api, "seed.yaml") for api in apis()}
    assert {parts[0] for parts in found if parts[-1] == "hooks.py"} <= apis()


def test_the_conformance_files_are_tests() -> None:
    """``conformance/`` holds thin pytest files and their ``conftest.py``, nothing deeper."""
    names = below("conformance")
    assert names
    assert [parts for parts in names if not re.fullmatch(r"(test_\w+|conftest)\.py", "/".join(parts))] == []


def test_the_tests_mirror_the_rooms() -> None:
    """A folder of tests is named after a room, or after a part of the checkout that is no Python."""
    package = Path(troth.__file__).parent
    rooms = {found.parent.name for found in package.glob("*/__init__.py")}
    folders = {parts[0] for parts in below("tests") if len(parts) > 1}
    assert folders - rooms - {"architecture", "benchmarks", "mocks", "spec"} == set()


def words(name: str) -> set[str]:
    """The words of a file or class name: ``base_store`` and ``BaseStore`` have the same two."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("name", ["utils.py", "BaseStore", "store_manager.py", "HTTPHelper"])
def test_a_vague_name_is_recognised(name: str) -> None:
    """The check below sees files and classes, in either spelling."""
    assert words(name) & VAGUE


def test_no_name_is_vague() -> None:
    """No folder, file or class is called after having no subject of its own."""
    named = [name for name in FILES if any(words(part) & VAGUE for part in name.split("/"))]
    for name in FILES:
        if name.endswith(".py"):
            tree = ast.parse((CHECKOUT / name).read_text(encoding="utf-8"))
            classes = (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
            named += [f"{name}: {cls}" for cls in classes if words(cls) & VAGUE]
    assert named == []
