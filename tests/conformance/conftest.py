"""A mock without sockets: an httpx transport over the engine, with the part of the control plane that a run needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from troth.conformance import Outcome, Target, verify
from troth.contract import Contract, load_contract, shipped
from troth.engine import Engine, Request, Settings
from troth.engine.authenticating import Principal

BASE = "http://mock.test"


class EngineTransport(httpx.BaseTransport):
    """Answers requests with an engine; ``controlled`` adds ``/__troth``."""

    def __init__(self, engine: Engine, *, controlled: bool = True) -> None:
        self.engine = engine
        self.controlled = controlled
        self.requests: list[tuple[str, str, str, bytes]] = []
        self.secrets: dict[str, str] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raw = request.url.raw_path.decode("ascii")
        path, _, query = raw.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        if path.startswith("/__troth") and self.controlled:
            return self.control(request.method, path.removeprefix("/__troth"), request.read(), headers)
        self.requests.append((request.method, unquote(path), query, request.read()))
        answer = self.engine.handle(Request(request.method, path, query, headers, request.read()))
        return httpx.Response(answer.status, headers=[(k, v) for k, v in answer.headers], content=answer.body)

    def control(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        state = self.engine.state(headers.get("x-troth-sandbox", ""))
        given: dict[str, Any] = json.loads(body) if body else {}
        if (method, path) == ("GET", "/health"):
            return httpx.Response(200, json={"status": "ok", "clock": {"now": state.clock.iso()}})
        if (method, path) == ("GET", "/principals"):
            known = self.engine.seed.principals.values()
            return httpx.Response(200, json={"principals": [self.shown(principal) for principal in known]})
        if (method, path) == ("POST", "/principals"):
            secret = f"minted-{given['name']}"
            made = Principal(given["name"], given["tenant"], secret, frozenset(given["scopes"]))
            self.engine.add_principal(made)
            return httpx.Response(201, json=self.shown(made))
        if (method, path) == ("GET", "/clock"):
            return httpx.Response(200, json={"now": state.clock.iso()})
        if (method, path) == ("POST", "/clock/advance"):
            state.clock.advance(float(given["by"]))
            return httpx.Response(200, json={"now": state.clock.iso()})
        return httpx.Response(404, json={})

    def shown(self, principal: Principal) -> dict[str, Any]:
        place, name, prefix = next(iter(self.engine.behaviour.authentication.carriers.values()))
        assert place == "header"
        return {
            "name": principal.name,
            "tenant": principal.tenant,
            "headers": {name: f"{prefix}{principal.secret}"},
            "scopes": sorted(principal.scopes),
        }


@pytest.fixture(scope="session")
def clientcasa() -> Contract:
    return load_contract("clientcasa")


def engine_of(contract: Contract, *faults: str, **options: Any) -> Engine:
    seed_file = shipped().mocks / contract.name / "seed.yaml"
    settings = Settings(
        seed=7, faults=frozenset(faults), seed_file=seed_file if seed_file.is_file() else None, **options
    )
    return Engine(contract, settings)


Verify = Callable[..., Outcome]


@pytest.fixture(scope="session")
def held(clientcasa: Contract) -> Verify:
    """Holds a mock of ClientCasa with some faults to the contract, over a transport."""

    def run(faults: Iterable[str] = (), **options: Any) -> Outcome:
        transport = EngineTransport(engine_of(clientcasa, *faults))
        target = Target(f"{BASE}{clientcasa.base_path}", transport=transport)
        return verify(clientcasa, target, fuzz=False, **options)

    return run
