"""Connexion, tuned: the only module that speaks to it.

Connexion gives the chain of middlewares, the exception handlers that catch what nobody expected, and the
documentation UI. Its routing is replaced by the contract's trie and its specification class by one that takes the
bundled OpenAPI 3.1 document as it is; both hooks are semi-private, so the minor version is pinned and a contract
test watches them. Authentication, rate limit and validation run in the engine, in one synchronous pass, because
the same pass has to serve in-process tests and the reference model.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from connexion import ConnexionMiddleware
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware import SpecMiddleware
from connexion.middleware.abstract import ROUTING_CONTEXT
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.main import API
from connexion.middleware.server_error import ServerErrorMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.options import SwaggerUIOptions
from connexion.spec import OpenAPISpecification
from starlette.types import ASGIApp

from troth.contract import Match, NotFound, Router
from troth.engine import Engine
from troth.engine.control import CONTROL_PATH

__all__ = ["MATCH", "build_shell"]

#: The scope key under which routing leaves its result for the engine.
MATCH = "troth.match"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class RawSpecification(OpenAPISpecification):  # type: ignore[misc]
    """A specification that neither checks against the 3.0 meta-schema nor resolves references eagerly."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._raw_spec = document
        self._spec = document
        self._base_uri = ""


class TrieRouting(SpecMiddleware):  # type: ignore[misc]
    """Routes by the contract's trie and leaves the outcome, found or not, for the engine to answer."""

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self.app = app
        self._router = router
        self._base_path = ""

    def add_api(self, specification: RawSpecification, *, base_path: str = "", **_options: Any) -> None:
        self._base_path = base_path or specification.base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw = scope.get("raw_path")
            path = raw.decode("latin-1") if raw else scope["path"]
            found = self._router.match(scope["method"], path)
            if isinstance(found, Match):
                context = {"api_base_path": self._base_path, "operation_id": found.operation.id}
                scope.setdefault("extensions", {})[ROUTING_CONTEXT] = context
            if not isinstance(found, NotFound):
                scope[MATCH] = found
        await self.app(scope, receive, send)


class Documentation(SwaggerUIMiddleware):  # type: ignore[misc]
    """The documentation UI below the control path, out of the API's way and off its hot path."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(CONTROL_PATH):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def add_api(self, specification: RawSpecification, **options: Any) -> None:
        super().add_api(specification, **{**options, "base_path": CONTROL_PATH})


def build_shell(application: ASGIApp, engine: Engine) -> ASGIApp:
    """Connexion's middleware chain around the engine's ASGI application."""
    router = engine.program().router
    shell = ConnexionMiddleware(
        application,
        middlewares=[
            ServerErrorMiddleware,
            ExceptionMiddleware,
            Documentation,
            lambda app: TrieRouting(app, router),
        ],
    )

    def failed(_request: ConnexionRequest, _error: Exception) -> ConnexionResponse:
        response = engine.malformed("internal")
        return ConnexionResponse(
            status_code=response.status, body=response.body, content_type=response.header("content-type")
        )

    shell.add_error_handler(Exception, failed)
    document = copy.copy(dict(engine.contract.document))
    options = {**shell.options.__dict__, "swagger_ui_options": SwaggerUIOptions(swagger_ui=True)}
    shell.apis.append(API(RawSpecification(document), base_path=engine.contract.base_path or "/", **options))
    built: ASGIApp = shell
    return built
