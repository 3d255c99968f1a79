"""Addresses in what is sent: a run makes no server call anybody, so made-up hosts never resolve (RFC 6761)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["is_loopback", "leading_nowhere", "nowhere"]

_RESERVED = ("example", "invalid", "localhost", "test")
#: Who logs in, the host, the port; whatever is wrong with one of them stays so.
_AUTHORITY = re.compile(r"(.*@)?(\[[^\]]*\]|[^:]*)(.*)", re.DOTALL)
#: What leads to a host, with as many slashes of either kind as lenient readers take.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:[/\\]+)([^/?#\\\s\"]*)")


def nowhere(text: str) -> str:
    """The text with every host in an address replaced by one that never resolves; loopback and reserved ones stay."""
    return text if ":" not in text else _ADDRESS.sub(lambda found: found[1] + _host(found[2]), text)


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
    """The authority of an address, with a host that never resolves: input that is wrong must stay as wrong as it is."""
    found = _AUTHORITY.fullmatch(authority)
    user, host, port = found.groups("") if found else ("", authority, "")
    if is_loopback(host) or not host or host.rstrip(".").rpartition(".")[2].lower() in _RESERVED:
        return authority
    return f"{user}{_moved(host)}{port}"


def _moved(host: str) -> str:
    """A host that never resolves; what stands in brackets and is no address of IPv6 resolves to nothing anyway."""
    if not host.startswith("["):
        return f"{host.rstrip('.')}.invalid"
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return host
    return "made-up.invalid"
