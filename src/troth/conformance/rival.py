"""Stock Schemathesis on the same faults, for comparison: its own defaults, the mock in this process, one credential."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from troth.conformance.selftest import Bench, calm
from troth.conformance.subjects import Subject
from troth.contract import Contract
from troth.engine import Engine, Request
from troth.engine.messages import dump, fold_headers

__all__ = ["Rival", "one_credential"]

_SEED = 1
Message = Mapping[str, Any]


class Rival:
    """Schemathesis over one bench. What it reports about the correct mock as well is no kill."""

    def __init__(self, bench: Bench, examples: int) -> None:
        self._bench = bench
        self._examples = examples

    @cached_property
    def alarms(self) -> frozenset[tuple[str, str]]:
        """(check, operation) of everything that it reports about the correct mock."""
        return self._found(())

    def tried(self, subject: Subject) -> tuple[str, ...]:
        """The checks that fail because of a fault; empty when it goes unnoticed."""
        found = self._found((subject.name,)) - self.alarms
        return tuple(sorted({check for check, _ in found}))

    def _found(self, faults: tuple[str, ...]) -> frozenset[tuple[str, str]]:
        # Schemathesis and Hypothesis take most of a second to import.
        from troth.conformance.fuzzing import stock  # noqa: PLC0415

        with calm():
            engine = self._bench.engine.misbehaving(faults)
            headers = one_credential(engine.contract, engine.credentials())
            return stock(_application(engine), headers, seed=_SEED, examples=self._examples)


def one_credential(contract: Contract, credentials: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The headers of the credential with the most rights, spelt as the document spells them.

    Schemathesis leaves a credential out, to see whether it is needed, only where it knows the name of its header.
    """
    owner = max(credentials, key=lambda one: ("*" in one["scopes"], len(one["scopes"])))
    schemes = (contract.document.get("components") or {}).get("securitySchemes") or {}
    known = [str(scheme["name"]) for scheme in schemes.values() if scheme.get("in") == "header"]
    spelt = {name.lower(): name for name in ("Authorization", *known)}
    return {spelt.get(name.lower(), name): str(value) for name, value in owner["headers"].items()}


def _application(engine: Engine) -> Callable[..., Awaitable[None]]:
    """The engine as an ASGI application that serves its own document; without a rate limit, which would only hinder."""
    engine.behaviour = replace(engine.behaviour, rate_limits=())
    servers = [{"url": engine.contract.base_path or "/"}]
    document = dump({**engine.contract.document, "servers": servers})

    async def application(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, headers, content = 200, [(b"content-type", b"application/json")], document
        if scope["path"] != "/openapi.json":
            path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
            query = scope["query_string"].decode("latin-1")
            made = Request(scope["method"], path, query, fold_headers(scope["headers"]), body, "127.0.0.1")
            response = engine.handle(made)
            status, headers, content = response.status, response.headers, response.body
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return application
