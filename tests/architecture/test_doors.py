"""``conformance/`` and ``mocks/`` lie outside the package and its layers: these tests guard their doors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from troth.contract import shipped

CHECKOUT = Path(__file__).resolve().parents[2]
ANYWHERE = ("__future__", "typing", "collections.abc")
"""What only describes: no door needs to be guarded against it."""

LONGEST_HOOKS = 120


def imported(source: str) -> Iterator[str]:
    """The modules that a file imports, wherever in it; a relative import comes out with its dots."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def strays(source: str, allowed: tuple[str, ...]) -> list[str]:
    """The imports that go through no allowed door. A package is a door to what is inside of it."""
    doors = (*ANYWHERE, *allowed)
    return [name for name in imported(source) if not any(f"{name}.".startswith(f"{door}.") for door in doors)]


def test_a_stray_import_is_seen() -> None:
    """The check finds every way of importing."""
    source = (
        "import os, pytest\nfrom troth.engine import x\nfrom . import y\ndef f():\n    import troth.mock\n"
    )
    assert strays(source, ("pytest", "troth.conformance")) == ["os", "troth.engine", ".", "troth.mock"]
    assert strays("from troth.conformance.plans import z", ("troth.conformance",)) == []
    assert strays("import troth.conformance_extra", ("troth.conformance",)) == ["troth.conformance_extra"]


def test_conformance_files_speak_only_to_the_suite() -> None:
    """They run against any server, so they know the suite's own face and pytest, no mock and no engine."""
    files = sorted((CHECKOUT / "conformance").glob("*.py"))
    assert files
    found = {
        path.name: strays(path.read_text(encoding="utf-8"), ("pytest", "troth.conformance")) for path in files
    }
    assert {name: names for name, names in found.items() if names} == {}


def test_hooks_speak_only_to_their_contract() -> None:
    """A hook sees what one file offers it, and stays short enough to be read at once."""
    for path in (CHECKOUT / "mocks").glob("*/hooks.py"):
        source = path.read_text(encoding="utf-8")
        assert strays(source, ("troth.engine.hooks",)) == [], path
        assert len(source.splitlines()) <= LONGEST_HOOKS, path


@pytest.mark.parametrize("part", ["spec", "mocks", "conformance"])
def test_an_installed_package_brings_everything_along(part: str) -> None:
    """The copies inside the wheel are those of the checkout, byte for byte."""
    inside: Path = getattr(shipped(), part)
    if inside == CHECKOUT / part:
        pytest.skip("Troth runs from the checkout here; .ci/run tests the installed package")
    assert contents(inside) == contents(CHECKOUT / part)


def contents(folder: Path) -> dict[str, bytes]:
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert found
    return found
