"""A mock without sockets: the testing room's transport over an engine, which also remembers what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.clauses import clauses_of
from troth.conformance import Outcome, Target, verify
from troth.conformance.connections import Loopback
from troth.conformance.instruments import Instruments
from troth.contract import Contract, load_contract, shipped
from troth.engine import Engine, Settings
from troth.engine.control import CONTROL_PATH, Control
from troth.testing.transport import MockTransport

BASE = "http://mock.test"

#: Contracts of these tests alone, for what no shipped one promises: directories with a document and a seed.
OWN = tuple(sorted(path.parent for path in Path(__file__).parent.glob("*/openapi.yaml")))


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
    """An engine with the shipped seed data, or with that beside the document, where there is some."""
    beside = Path(contract.source).resolve().parent
    seed_file = (beside if beside in OWN else shipped().mocks / contract.name) / "seed.yaml"
    given = {"seed": 7, "seed_file": seed_file if seed_file.is_file() else None, **options}
    return Engine(contract, Settings(faults=frozenset(faults), **given))


@pytest.fixture(scope="session")
def promising(clientcasa: Contract) -> Callable[[str], Contract]:
    """A contract that makes a promise, by clause id: ClientCasa, else another one, the largest of all at last."""
    others = sorted(set(shipped().names()) - {"clientcasa", "clio"})

    @cache
    def contracts() -> list[tuple[Contract, frozenset[str]]]:
        found = [clientcasa, *map(load_contract, [*others, *map(str, OWN), "clio"])]
        return [(c, frozenset(clause.id for clause in clauses_of(c, behaviour_of(c)))) for c in found]

    return lambda clause: next((c for c, clauses in contracts() if clause in clauses), clientcasa)


@pytest.fixture(scope="session")
def held(clientcasa: Contract) -> Callable[..., Outcome]:
    """Holds a mock with some faults to its contract, which is ClientCasa's unless another is given."""
    # By contract; each is kept, so that no other one gets its id.
    made: dict[int, tuple[Contract, Engine, Instruments]] = {}

    def run(faults: Iterable[str] = (), contract: Contract | None = None, **options: Any) -> Outcome:
        contract = contract or clientcasa
        if id(contract) not in made:
            made[id(contract)] = contract, engine_of(contract), Instruments.of(contract)
        _, engine, instruments = made[id(contract)]
        target = Target(f"{BASE}{contract.base_path}", connection=Loopback(engine.misbehaving(faults)))
        return verify(contract, target, **{"instruments": instruments, **options})

    return run
