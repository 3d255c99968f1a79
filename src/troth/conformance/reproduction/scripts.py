"""A reproduction as a script of its own: nothing but Python's standard library, credentials from the environment.

The script carries along the very modules that play the steps here, so both come to the same verdict.
"""

from __future__ import annotations

import ast
import inspect
import json
import pprint
import re
from types import ModuleType
from typing import Any

from troth.conformance.reproduction import (
    answers,
    contesting,
    deliveries,
    matching,
    player,
    relations,
    standing_alone,
    walking,
)
from troth.conformance.reproduction.steps import Caller, Client, Reproduction

__all__ = ["script", "variable_of"]

_HEAD = '''\
#!/usr/bin/env python3
"""{title}

{detail}
{place}

Usage: {usage}python {name}.py BASE_URL [CONTROL_URL]

Exit codes: 0 the server answers as the contract says, 1 it does not, 2 it cannot be told.{control}
"""
'''
_CONTROL = """

CONTROL_URL is the control plane of a Troth mock, such as http://127.0.0.1:4010/__troth. With it everything happens in
a sandbox of its own, missing credentials are made{clock}."""

_CARRIED = (answers, contesting, deliveries, matching, relations, walking, player, standing_alone)


def variable_of(caller: str, header: str) -> str:
    """The environment variable that holds a caller's header."""
    return re.sub(r"\W+", "_", f"{caller}_{header}").strip("_").upper()


def script(reproduction: Reproduction, *, name: str, title: str, detail: str = "", place: str = "") -> str:
    """The script's text. It fails on a server that answers as the target did, and passes on one that is right."""
    given = reproduction.as_json()
    callers = [_caller(caller) for caller in reproduction.callers]
    clients = [_client(client) for client in reproduction.clients]
    wanted = [v for about in callers for v in about["headers"].values()]
    wanted += [
        about["variables"]["client_secret"] for about in clients if "client_secret" in about["variables"]
    ]
    moves = any("clock" in step for step in given["steps"])
    head = _HEAD.format(
        title=_plain(title), detail=_plain(detail), place=_plain(place), name=re.sub(r"\W+", "_", name),
        usage="".join(f"{variable}=... " for variable in wanted),
        control=_CONTROL.format(clock=", and the clock can be moved, which these steps ask for" if moves else ""),
    )  # fmt: skip
    data = "\n".join(
        f"{word} = {pprint.pformat(value, width=110, sort_dicts=False)}"
        for word, value in (
            ("CALLERS", callers), ("CLIENTS", clients), ("BASE", reproduction.base),
            ("STEPS", given["steps"]), ("EXPECTS", given["expects"]),
        )
    )  # fmt: skip
    parts = [_carried(module) for module in _CARRIED]
    imports = sorted({line for found, _ in parts for line in found})
    text = "\n\n\n".join(body for _, body in parts)
    head = "\n".join([head, "from __future__ import annotations\n", *imports])
    return f"{head}\n\n{data}\n\n\n{text}\n\n\nmain(CALLERS, CLIENTS, BASE, STEPS, EXPECTS)\n"


def _caller(caller: Caller) -> dict[str, Any]:
    told = {name: value for name, value in caller.as_json().items() if name != "carriers"}
    return {**told, "headers": {header: variable_of(caller.name, header) for header in caller.headers}}


def _client(client: Client) -> dict[str, Any]:
    """Where the script finds what it needs of an OAuth client; what is no secret has a value from the start."""
    names = [*client.given, *(["client_secret"] if client.confidential else [])]
    return {**client.as_json(), "variables": {name: variable_of(client.name, name) for name in names}}


def _carried(module: ModuleType) -> tuple[list[str], str]:
    """The imports of a module from elsewhere, and its text without imports, docstring and ``__all__``."""
    lines = inspect.getsource(module).splitlines()
    imports, dropped = [], set[int]()
    for number, node in enumerate(ast.parse("\n".join(lines)).body):
        exported = isinstance(node, ast.Assign) and "__all__" in ast.unparse(node.targets[0])
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = node.module if isinstance(node, ast.ImportFrom) else ""
            imports += [ast.unparse(node)] if not str(origin).startswith(("troth", "__future__")) else []
        elif not exported and number > 0:
            continue
        dropped |= set(range(node.lineno - 1, node.end_lineno or node.lineno))
    body = "\n".join(line for index, line in enumerate(lines) if index not in dropped)
    return imports, re.sub(r"\n{4,}", "\n\n\n", body).strip()


def _plain(text: str) -> str:
    """Text that ends no docstring and starts no escape."""
    return (
        json.dumps(text, ensure_ascii=False)[1:-1]
        .replace("\\n", "\n")
        .replace("\\", "/")
        .replace('"""', "'''")
        .strip()
    )
