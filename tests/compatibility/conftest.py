"""Contracts from small documents, loaded as a user's would be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from troth.contract import Contract, load_contract

JSON = Any
Make = Callable[[Mapping[str, JSON]], Contract]


@pytest.fixture
def contract(tmp_path: Path) -> Make:
    """A function that loads a document of paths and components as a contract."""
    count = 0

    def make(document: Mapping[str, JSON]) -> Contract:
        nonlocal count
        count += 1
        whole = {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1.0.0"}, "paths": {}, **document}
        path = tmp_path / f"shop-{count}.json"
        path.write_text(json.dumps(whole), encoding="utf-8")
        return load_contract(path)

    return make
