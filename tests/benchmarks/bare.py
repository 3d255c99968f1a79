"""(a) A bare ASGI application: the same bytes, no routing, no checks. The ceiling of the server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

BODIES = {name: Path(os.environ["BENCH_BODIES"], name).read_bytes() for name in ("one", "list", "create")}
HEADERS = [(b"content-type", b"application/json")]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    name, status = "one", 200
    if scope["method"] == "POST":
        message = await receive()
        json.loads(message["body"])
        name, status = "create", 201
    elif scope["path"].endswith("/clients"):
        name = "list"
    body = BODIES[name]
    headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
