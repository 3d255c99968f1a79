"""(c) Stock Connexion, default middlewares and an API key: the same document as OpenAPI 3.0, static handlers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from connexion import AsyncApp
from connexion.resolver import Resolution, Resolver

BODIES = {
    name: json.loads(Path(os.environ["BENCH_BODIES"], name).read_bytes())
    for name in ("one", "list", "create")
}


class _Static(Resolver):  # type: ignore[misc]
    def resolve(self, operation: Any) -> Resolution:
        key = {"listClients": "list", "createClient": "create"}.get(operation.operation_id, "one")
        status = 201 if key == "create" else 200

        async def answer(**_arguments: Any) -> tuple[Any, int]:
            return BODIES[key], status

        return Resolution(answer, operation.operation_id)


async def accept(_key: str, **_arguments: Any) -> dict[str, str]:
    """The ``x-apikeyInfoFunc`` of the document: every key is known."""
    return {"sub": "owner"}


app = AsyncApp("bench", resolver=_Static())
app.add_api(json.loads(Path(os.environ["BENCH_BODIES"], "openapi30.json").read_bytes()))
