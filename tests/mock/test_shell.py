"""The hooks of Connexion that the mock hangs on: when a release moves one, this fails before a user notices."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement

from troth.engine import Engine, Settings
from troth.mock import shell
from troth.testing import Mock

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Mock("clientcasa", empty=True).contract, Settings(seed=1, empty=True, rate_limit="off"))


async def hello(scope: Any, _receive: Any, send: Any) -> None:
    """An innermost application that shows what routing has left for it."""
    found = scope.get(shell.MATCH)
    operation = getattr(getattr(found, "operation", None), "id", type(found).__name__)
    if scope["path"] == "/api/v1/clients/boom":
        raise RuntimeError("boom")
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"x-operation", operation.encode())]}
    )
    await send({"type": "http.response.body", "body": b"hello"})


def ask(engine: Engine, method: str, path: str, *, documented: bool = True) -> httpx.Response:
    application = shell.build_shell(hello, engine, documented=documented)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
            return await client.request(method, path)

    return asyncio.run(send())


def test_the_installed_minor_is_the_pinned_one() -> None:
    """The pin allows one minor release, and that one is installed."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    (pin,) = (Requirement(line) for line in project["dependencies"] if line.startswith("connexion"))
    assert version("connexion") in pin.specifier
    major, minor = (int(part) for part in version("connexion").split(".")[:2])
    assert f"{major}.{minor + 1}.0" not in pin.specifier
    assert "swagger-ui" in pin.extras


def test_the_hooks_have_the_expected_form() -> None:
    """Names, parameters and base classes that the adapter relies on."""
    assert {"app", "middlewares"} <= set(inspect.signature(shell.ConnexionMiddleware.__init__).parameters)
    assert {"specification", "base_path"} <= set(inspect.signature(shell.API.__init__).parameters)
    assert set(inspect.signature(shell.SwaggerUIOptions).parameters) >= {
        "serve_spec", "swagger_ui", "swagger_ui_template_arguments",
    }  # fmt: skip
    assert {"default", "swagger_ui_options"} <= set(inspect.signature(shell.SwaggerUIAPI.__init__).parameters)
    assert callable(shell.SwaggerUIAPI._spec_for_prefix)
    assert callable(shell.SwaggerUIMiddleware.default_fn)
    assert issubclass(shell.TrieRouting, shell.SpecMiddleware)
    assert shell.ROUTING_CONTEXT == "connexion_routing"
    assert isinstance(shell.ConnexionMiddleware(hello).apis, list)


def test_routing_reaches_the_application(engine: Engine) -> None:
    """The trie's outcome is in the scope: an operation, a refused method, or nothing."""
    found = [
        ask(engine, method, path).headers["x-operation"]
        for method, path in (
            ("GET", "/api/v1/clients"),
            ("GET", "/api/v1/clients/a%2Fb"),
            ("PUT", "/api/v1/clients"),
            ("GET", "/api/v1/nothing"),
        )
    ]
    assert found == ["listClients", "getClient", "MethodNotAllowed", "NoneType"]


def test_what_nobody_expected_is_an_internal_error_of_the_api(engine: Engine) -> None:
    """The exception handler answers in the contract's envelope and shows nothing of the exception."""
    answer = ask(engine, "GET", "/api/v1/clients/boom")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "boom" not in answer.text


def test_the_documentation_is_below_the_control_path_only(engine: Engine) -> None:
    """Elsewhere, and when it is switched off, requests go on to the API."""
    assert ask(engine, "GET", "/__troth/ui/").headers["content-type"].startswith("text/html")
    assert ask(engine, "GET", "/api/ui/").text == "hello"
    assert ask(engine, "GET", "/__troth/ui/", documented=False).text == "hello"


def test_importing_it_is_silent() -> None:
    """What Connexion's imports warn about is no business of a user who treats warnings as errors."""
    code = "import troth.mock, troth.mock.starting"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
