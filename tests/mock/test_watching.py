"""``--watch``: the mock follows its files, and survives them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.contract import load_contract, shipped
from troth.engine import Engine, Settings
from troth.mock.watching import watched_files


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of a shipped contract, with seed data beside it."""
    home = tmp_path / "shop"
    shutil.copytree(shipped().spec / "clientcasa", home)
    shutil.copy(shipped().mocks / "clientcasa" / "seed.yaml", home / "seed.yaml")
    return home


def eventually(check: Callable[[], bool]) -> bool:
    """Whether something becomes true; polling, because a watcher polls."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.05)
    return False


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def title(running: Any) -> str:
    health = httpx.get(f"{running.control}/health", trust_env=False).json()
    return str(health["contract"]["title"])


def test_a_changed_contract_is_served(launch: Any, directory: Path) -> None:
    """A new title, then a broken document that changes nothing, then a mended one; each is told on stderr."""
    running = launch(str(directory), "--watch")
    document = directory / "openapi.yaml"
    first = title(running)
    edit(document, f"title: {first}", "title: Second")
    assert eventually(lambda: title(running) == "Second")
    edit(document, "title: Second", "title: [Third")
    time.sleep(1.2)
    assert title(running) == "Second"
    assert running.client().get("/v1/clients").status_code == 200
    edit(document, "title: [Third", "title: Fourth")
    assert eventually(lambda: title(running) == "Fourth")
    told = running.stop()
    assert "openapi.yaml changed: 69 operations" in told
    assert "openapi.yaml changed and cannot be used; serving what was there before." in told
    assert "not valid YAML" in told
    assert "Traceback" not in told


def test_behaviour_and_seed_are_watched_too(launch: Any, directory: Path) -> None:
    """Another behaviour and other rows, and faults that were switched on stay on."""
    running = launch(str(directory), "--watch")
    faults = {"faults": ["total-wrong"]}
    httpx.put(f"{running.control}/faults", json=faults, trust_env=False).raise_for_status()
    edit(directory / "behaviour.overlay.yaml", "limit: 1000", "limit: 77")
    client = running.client()
    assert eventually(lambda: client.get("/v1/clients").headers["x-ratelimit-limit"] == "77")
    edit(directory / "seed.yaml", "Harbour Street Bakery", "Harbour Street Brewery")
    assert eventually(lambda: client.get("/v1/clients").json()["data"][0]["name"] == "Harbour Street Brewery")
    assert httpx.get(f"{running.control}/faults", trust_env=False).json() == faults


def test_the_files_of_an_engine_are_known(directory: Path) -> None:
    """Documents, behaviour, seed and further overlays, as absolute paths."""
    engine = Engine(load_contract(directory), Settings(seed_file=directory / "seed.yaml", empty=True))
    names = {"openapi.yaml", "behaviour.overlay.yaml", "seed.yaml", "more.yaml"}
    found = watched_files(engine, [directory / "more.yaml"])
    assert set(found) == {directory / name for name in names}
