"""Who a test may be: the callers that a mock knows, with everything that they must send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from troth.errors import UsageError, did_you_mean

__all__ = ["ANONYMOUS", "Credential", "choose", "credential_of"]


@dataclass(frozen=True, slots=True)
class Credential:
    """A caller. ``headers`` and ``query`` are all that it has to send, ``scopes`` is ``("*",)`` for every right."""

    name: str
    tenant: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    scopes: tuple[str, ...] = ("*",)
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


#: A caller that shows no credential; every mock knows it by this name.
ANONYMOUS = Credential("anonymous", "", scopes=())


def credential_of(given: Mapping[str, Any]) -> Credential:
    """A credential from what the engine says about a principal."""
    headers, query = (MappingProxyType(dict(given.get(word) or {})) for word in ("headers", "query"))
    return Credential(given["name"], given["tenant"], headers, tuple(given["scopes"]), query)


def choose(known: Iterable[Credential], name: str | None) -> Credential:
    """The credential of a name, or the first. Raises UsageError with the nearest name."""
    by_name = {credential.name: credential for credential in known}
    if name is None:
        return next(iter(by_name.values()), ANONYMOUS)
    if name == ANONYMOUS.name and name not in by_name:
        return ANONYMOUS
    if name not in by_name:
        known_names = ", ".join([*by_name, ANONYMOUS.name])
        raise UsageError(
            f"There is no principal {name!r}; known: {known_names}.{did_you_mean(name, by_name)}"
        )
    return by_name[name]
