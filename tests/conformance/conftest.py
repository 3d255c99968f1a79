"""A mock without sockets: the testing room's transport over an engine, which also remembers what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import httpx
import pytest

from troth.conformance import Outcome, Target, verify
from troth.contract import Contract, load_contract, shipped
from troth.engine import Engine, Settings
from troth.engine.control import CONTROL_PATH, Control
from troth.testing.transport import MockTransport

BASE = "http://mock.test"


class EngineTransport(MockTransport):
    """Answers requests with an engine; without ``controlled`` there is no control plane."""

    def __init__(self, engine: Engine, *, controlled: bool = True) -> None:
        super().__init__(engine, Control(engine))
        self.engine = engine
        self.controlled = controlled
        self.requests: list[tuple[str, str, str, bytes]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        if path.startswith(CONTROL_PATH):
            return super().handle_request(request) if self.controlled else httpx.Response(404)
        self.requests.append((request.method, path, query, request.read()))
        return super().handle_request(request)


@pytest.fixture(scope="session")
def clientcasa() -> Contract:
    return load_contract("clientcasa")


def engine_of(contract: Contract, *faults: str, **options: Any) -> Engine:
    """An engine with the shipped seed data, where there is some."""
    seed_file = shipped().mocks / contract.name / "seed.yaml"
    given = {"seed": 7, "seed_file": seed_file if seed_file.is_file() else None, **options}
    return Engine(contract, Settings(faults=frozenset(faults), **given))


@pytest.fixture(scope="session")
def held(clientcasa: Contract) -> Callable[..., Outcome]:
    """Holds a mock of ClientCasa with some faults to the contract."""

    def run(faults: Iterable[str] = (), **options: Any) -> Outcome:
        transport = EngineTransport(engine_of(clientcasa, *faults))
        return verify(clientcasa, Target(f"{BASE}{clientcasa.base_path}", transport=transport), **options)

    return run
