"""Connexion, tuned: the only module that speaks to it.

Connexion gives the chain of middlewares, the exception handlers that catch what nobody expected, and the
documentation UI. Its routing is replaced by the contract's trie and its specification class by one that takes the
bundled OpenAPI 3.1 document as it is; both hooks are semi-private, so the minor version is pinned and a contract
test watches them. Authentication, rate limit and validation run in the engine, in one synchronous pass, because
the same pass has to serve in-process tests and the reference model.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from troth.contract import Match, NotFound, Router
from troth.engine import Engine
from troth.engine.control import CONTROL_PATH
from troth.mock.documenting import displayed_document, served_document

with warnings.catch_warnings():
    # Connexion imports starlette's test client, which warns about the httpx that it could use.
    warnings.simplefilter("ignore")
    from connexion import ConnexionMiddleware
    from connexion.lifecycle import ConnexionRequest, ConnexionResponse
    from connexion.middleware import SpecMiddleware
    from connexion.middleware.abstract import ROUTING_CONTEXT
    from connexion.middleware.exceptions import ExceptionMiddleware
    from connexion.middleware.main import API
    from connexion.middleware.swagger_ui import SwaggerUIAPI, SwaggerUIMiddleware
    from connexion.options import SwaggerUIOptions
    from connexion.spec import OpenAPISpecification

__all__ = ["MATCH", "build_shell"]

#: The scope key under which routing leaves its result for the engine.
MATCH = "troth.match"
#: Below the control path: the document for the UI, whose release shows OpenAPI 3.0 only.
DISPLAYED_PATH = "/openapi-3.0.json"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class RawSpecification(OpenAPISpecification):
    """A specification that neither checks against the 3.0 meta-schema nor resolves references eagerly."""

    def __init__(self, document: dict[str, Any], api_path: str) -> None:
        self.api_path = api_path
        self._raw_spec = document
        self._spec = document
        self._base_uri = ""


class Exceptions(ExceptionMiddleware):
    """Connexion's exception handlers, set up only when something is raised: that is never the usual case."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            await self._handle(error, scope, receive, send)

    async def _handle(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        async def raising(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise error

        handling = copy.copy(self)
        handling.app = raising
        await ExceptionMiddleware.__call__(handling, scope, receive, send)


class TrieRouting(SpecMiddleware):
    """Routes by the contract's trie and leaves the outcome, found or not, for the engine to answer."""

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self.app = app
        self._router = router
        self._base_path = ""

    def add_api(self, specification: RawSpecification, *, base_path: str = "", **_options: Any) -> None:
        self._base_path = base_path or specification.base_path

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            raw = scope.get("raw_path")
            path = raw.decode("latin-1") if raw else scope["path"]
            found = self._router.match(scope["method"], path)
            if isinstance(found, Match):
                context = {"api_base_path": self._base_path, "operation_id": found.operation.id}
                scope.setdefault("extensions", {})[ROUTING_CONTEXT] = context
            if not isinstance(found, NotFound):
                scope[MATCH] = found
        answered: Awaitable[None] = self.app(scope, receive, send)
        return answered


class DocumentationRoutes(SwaggerUIAPI):
    """The contract as it is at ``openapi.json`` and ``openapi.yaml``, and the UI over what its release can show."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.router.add_route(DISPLAYED_PATH, self._get_displayed, methods=["GET"])

    def _spec_for_prefix(self, request: Request) -> dict[str, Any]:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        return served_document(self.specification.raw, origin + self.specification.api_path)

    async def _get_displayed(self, request: Request) -> JSONResponse:
        return JSONResponse(displayed_document(self._spec_for_prefix(request)))


class Documentation(SwaggerUIMiddleware):
    """The documentation UI below the control path, out of the API's way and off its hot path."""

    def __init__(self, app: ASGIApp, root: str) -> None:
        super().__init__(app)
        self._root = root

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["path"].startswith(self._root):
            routed: Awaitable[None] = super().__call__(scope, receive, send)
            return routed
        answered: Awaitable[None] = self.app(scope, receive, send)
        return answered

    def add_api(self, specification: RawSpecification, **options: Any) -> None:
        given = {**options, "base_path": CONTROL_PATH, "default": self.default_fn}
        routes = DocumentationRoutes(specification, **given)
        self.router.mount(routes.base_path, app=routes.router)


def build_shell(application: ASGIApp, engine: Engine, *, documented: bool = True) -> ASGIApp:
    """Connexion's middleware chain around the engine's ASGI application, with or without the documentation."""
    router = engine.program().router
    mount = engine.contract.mount
    shell = ConnexionMiddleware(
        application,
        middlewares=[
            Exceptions,
            *([lambda app: Documentation(app, mount + CONTROL_PATH)] if documented else []),
            lambda app: TrieRouting(app, router),
        ],
    )

    def failed(_request: ConnexionRequest, _error: Exception) -> ConnexionResponse:
        response = engine.malformed("internal")
        return ConnexionResponse(
            status_code=response.status, body=response.body, content_type=response.header("content-type")
        )

    shell.add_error_handler(Exception, failed)
    base_path = engine.contract.base_path
    shown = SwaggerUIOptions(
        serve_spec=documented,
        swagger_ui=documented,
        swagger_ui_template_arguments={"openapi_spec_url": mount + CONTROL_PATH + DISPLAYED_PATH},
    )
    options = {**shell.options.__dict__, "swagger_ui_options": shown}
    specification = RawSpecification(dict(engine.contract.document), base_path)
    shell.apis.append(API(specification, base_path=base_path or "/", **options))
    built: ASGIApp = shell
    return built
