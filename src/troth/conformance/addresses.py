"""Addresses in what is sent: a run makes no server call anybody, so made-up hosts never resolve (RFC 6761)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["is_loopback", "leading_nowhere", "nowhere"]

_RESERVED = ("example", "invalid", "localhost", "test")
_PLAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,200}[A-Za-z0-9])?")
#: What leads to a host, with as many slashes of either kind as lenient readers take.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:[/\\]+)([^/?#\\\s\"]*)")


def nowhere(text: str) -> str:
    """The text with every host in an address replaced by one that never resolves; loopback and reserved ones stay."""
    return _ADDRESS.sub(lambda found: found[1] + _host(found[2]), text)


def leading_nowhere(value: Any) -> Any:
    """The same for every text in a value."""
    if isinstance(value, str):
        return nowhere(value)
    if isinstance(value, bytes):
        return nowhere(value.decode("latin-1")).encode("latin-1")
    if isinstance(value, Mapping):
        return {leading_nowhere(name): leading_nowhere(inner) for name, inner in value.items()}
    return [leading_nowhere(item) for item in value] if isinstance(value, list) else value


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host(authority: str) -> str:
    """The authority of an address; one that might resolve loses who logs in and the port as well."""
    host = authority.rpartition("@")[2]
    host = host if host.endswith("]") else host.partition(":")[0]
    if is_loopback(host) or host.rpartition(".")[2].lower() in _RESERVED or not authority:
        return authority
    return f"{host}.invalid" if _PLAIN.fullmatch(host) else "made-up.invalid"
