"""Small documents for the tests of the contract room."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from troth.contract import Contract, load_contract


class Folder:
    """A directory that documents are written into."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> Path:
        """Write one file, its text dedented; folders in its name are made."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
        return target

    def contract(self, body: str, version: str = "3.1.0") -> Contract:
        """A contract made of a body, the lines after ``info``."""
        head = f"openapi: {version}\ninfo: {{title: Shop, version: '1'}}\n"
        return load_contract(self.write("openapi.yaml", head + dedent(body)))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
