"""Small contracts for tests of the engine, served in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from troth.contract import Contract, load_contract
from troth.testing import Mock

Make = Callable[..., Mock]

HEAD = 'openapi: 3.1.0\ninfo: {title: Plain, version: "1"}\n'


@pytest.fixture
def contract_of(tmp_path: Path) -> Callable[[str], Contract]:
    """A function from the text of a document, less its first lines, to a contract."""
    count = 0

    def make(text: str) -> Contract:
        nonlocal count
        count += 1
        path = tmp_path / f"plain-{count}.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        return load_contract(path)

    return make


@pytest.fixture
def mock_of(contract_of: Callable[[str], Contract]) -> Make:
    """A function from the text of a document to its mock."""

    def make(text: str, **options: Any) -> Mock:
        return Mock(contract_of(text), **options)

    return make


@pytest.fixture(scope="session")
def clientcasa() -> Mock:
    return Mock("clientcasa")
