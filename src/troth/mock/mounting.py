"""Several mocks in one process, each below its own name: ``/billing/api/v1``, ``/crm/api/v1``.

The prefix is part of each contract's base path, so whatever an API says about its own addresses is right. The
application here only picks the mock; control plane and documentation lie below the same prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from troth.contract.model import Contract
from troth.engine.control import CONTROL_PATH
from troth.engine.messages import Response, dump
from troth.errors import did_you_mean
from troth.mock.edge import MockApplication, Receive, Scope, Send, run_beside, send_response

__all__ = ["Mounts", "prefixes"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._~-]+")


def prefixes(contracts: Iterable[Contract]) -> list[str]:
    """``/name`` for each; a name that is taken gets its version behind it, and then a number."""
    given: list[str] = []
    for contract in contracts:
        name = _UNSAFE.sub("-", contract.name).strip("-") or "api"
        wanted = [name, f"{name}-{_UNSAFE.sub('-', contract.version)}"]
        wanted += [f"{name}-{number}" for number in range(2, len(given) + 3)]
        given.append(next(f"/{one}" for one in wanted if f"/{one}" not in given))
    return given


def _first(path: str) -> str:
    """The first segment of a path with the slash before it."""
    return "/" + path.lstrip("/").partition("/")[0]


class Mounts:
    """The ASGI application of several mocks; the first segment of the path chooses."""

    def __init__(self, applications: Iterable[MockApplication]) -> None:
        found = {one.engine.contract.mount: one for one in applications}
        self.applications: Mapping[str, MockApplication] = MappingProxyType(found)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            prefix = _first(scope["path"])
            chosen = self.applications.get(prefix)
            if chosen is None:
                await send_response(send, self._elsewhere(scope), head=scope["method"] == "HEAD")
                return
            scope["root_path"] = prefix
            await chosen(scope, receive, send)
        elif scope["type"] == "lifespan":
            beside = (companion for one in self.applications.values() for companion in one.companions)
            await run_beside(beside, receive, send)

    def _elsewhere(self, scope: Scope) -> Response:
        """The list of what is served, at the root; a refusal with the nearest name anywhere else."""
        if scope["path"] == "/" and scope["method"] in ("GET", "HEAD"):
            apis = [self._entry(prefix, one) for prefix, one in self.applications.items()]
            return Response(200, [(b"content-type", b"application/json")], dump({"apis": apis}))
        near = did_you_mean(_first(scope["path"]), self.applications)
        known = ", ".join(self.applications)
        body = {
            "type": "about:blank",
            "status": 404,
            "title": "No API is served here",
            "detail": f"Nothing is served at {scope['path']!r}; there are {known}.{near}",
        }
        return Response(404, [(b"content-type", b"application/problem+json")], dump(body))

    def _entry(self, prefix: str, application: MockApplication) -> dict[str, str | None]:
        contract = application.engine.contract
        control = prefix + CONTROL_PATH if application.controlled else None
        return {
            "name": prefix[1:],
            "title": contract.title,
            "version": contract.version,
            "base": contract.base_path,
            "control": control,
        }
