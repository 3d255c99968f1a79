"""The server that is held to a contract: where it is, who may speak to it, how fast."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from troth.conformance.applications import Application
from troth.conformance.connections import Connection
from troth.conformance.control import Control
from troth.conformance.patience import PatientTransport
from troth.conformance.worn import moved
from troth.errors import TargetError, UsageError

__all__ = ["Principal", "Target", "principal_of", "reached"]

_TIMEOUT = 15.0
_PART = re.compile(r",(?=(?:tenant|scopes|permissions|setting|header|query)=)")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody that the target knows. ``headers`` are everything that the caller must send; they hold secrets.

    A credential in the query stands there as well (see :mod:`troth.conformance.worn`).
    ``known`` are ids of rows by resource, for what no list shows.
    """

    name: str
    tenant: str | None
    headers: Mapping[str, str] = field(repr=False)
    scopes: tuple[str, ...] = ("*",)
    permissions: tuple[str, ...] = ("*",)
    settings: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """``base_url`` includes the base path. ``rate`` is requests per second.

    ``transport`` replaces httpx's network, ``connection`` httpx as a whole. ``receiver_url`` is where the target
    reaches the receiver of deliveries, ``listen`` the ``host:port`` at which that listens.
    ``applications`` are the OAuth clients to act as; isolation between them takes two. ``cleanup``: what a run has
    made is deleted at its end.
    """

    base_url: str
    principals: tuple[Principal, ...] = ()
    rate: float | None = None
    control_url: str | None = None
    transport: httpx.BaseTransport | None = field(default=None, repr=False)
    connection: Connection | None = field(default=None, repr=False)
    receiver_url: str | None = None
    listen: str | None = None
    applications: tuple[Application, ...] = ()
    cleanup: bool = True

    @property
    def networked(self) -> bool:
        """Whether requests go over the network, where other tools could send some as well."""
        return self.transport is None and self.connection is None


def principal_of(text: str, environment: Mapping[str, str]) -> Principal:
    """``NAME,tenant=T,scopes=A+B,permissions=P,setting=K:V,header=K:V,query=K:V`` with ``${VARIABLES}``.

    ``setting``, ``header`` and ``query`` may repeat.

    Raises UsageError, which never shows a header's value.
    """
    name, *parts = _PART.split(text)
    tenant: str | None = None
    scopes: tuple[str, ...] = ("*",)
    permissions: tuple[str, ...] = ("*",)
    headers: dict[str, str] = {}
    settings: dict[str, Any] = {}
    if not name or "=" in name:
        raise UsageError("A principal begins with its name: NAME,tenant=T,scopes=A+B,header=K:V")
    for part in parts:
        key, _, value = part.partition("=")
        value = _VARIABLE.sub(lambda found: _variable(found[1], name, environment), value)
        if key == "tenant":
            tenant = value
        elif key == "scopes":
            scopes = tuple(value.split("+"))
        elif key == "permissions":
            permissions = tuple(value.split("+"))
        else:
            word, colon, content = value.partition(":")
            if not colon:
                example = "visibility:restricted" if key == "setting" else "X-Api-Key:secret"
                raise UsageError(
                    f"Principal {name}: {key}= takes a name and a value, such as {key}={example}"
                )
            name_of = f"?{word.strip()}" if key == "query" else word.strip()
            (settings if key == "setting" else headers)[name_of] = content.strip()
    return Principal(name, tenant, headers, scopes, permissions, settings)


def _variable(variable: str, name: str, environment: Mapping[str, str]) -> str:
    if variable not in environment:
        raise UsageError(
            f"Principal {name}: the environment variable {variable} is not set. Export it and try again."
        )
    return environment[variable]


def reached(target: Target, sandbox: str) -> tuple[Target, Connection, Control | None]:
    """A connection to the target, with the control plane where it has one, and the principals that it names.

    Raises UsageError for what is no URL, TargetError when nothing answers.
    """
    parts = urlsplit(target.base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(
            f"{target.base_url!r} is not an http(s) URL. Give --base-url such as http://127.0.0.1:4010/api."
        )
    connection = target.connection or httpx.Client(
        transport=target.transport or PatientTransport(),
        timeout=_TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        event_hooks={"request": [moved]},
    )
    try:
        connection.request("GET", target.base_url)
    except httpx.HTTPError as error:
        connection.close()
        reason = str(error).rstrip(".") or type(error).__name__
        raise TargetError(
            f"Nothing answers at {target.base_url}: {reason}. Is the server running?"
        ) from error
    control = Control.found(connection, target.control_url, target.base_url, sandbox)
    if control is not None and not target.principals:
        target = replace(target, principals=tuple(Principal(*about) for about in control.principals()))
    return target, connection, control
