"""Conditional requests: which answers say what state of a row they show, and which requests may ask for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from troth.behaviour.model import Binding, Conditional, Kind
from troth.behaviour.profiles import on
from troth.contract.model import Contract, Operation

__all__ = ["changed_field", "conditional", "conditioned"]

_AT = "/x-behaviour/conditional"
_READS = ("304",), ("if-none-match", "if-modified-since")
_WRITES = ("412", "428"), ("if-match", "if-unmodified-since")
_DOCUMENTED = {Kind.READ: _READS, Kind.UPDATE: _WRITES, Kind.REPLACE: _WRITES, Kind.DELETE: _WRITES}


def conditional(contract: Contract) -> Conditional | None:
    """The profile at the root."""
    given = contract.extension.get("conditional")
    if not isinstance(given, Mapping):
        return None
    return Conditional(
        given.get("etag", "strong"),
        bool(given.get("lastModified")),
        frozenset(map(Kind, on(given.get("required")))),
        _AT,
    )


def conditioned(contract: Contract, bindings: Mapping[str, Binding]) -> dict[str, Binding]:
    """The bindings with the profile, where they show or change one row.

    Requests are held to their conditions by the operations that document such an answer or header; by all, where
    none does.
    """
    profile = conditional(contract)
    if profile is None:
        return dict(bindings)
    told = {name for name, one in bindings.items() if _documents(one.operation, one.kind)}
    found = {}
    for name, one in bindings.items():
        meant = one.kind in _DOCUMENTED and (name in told or not told)
        shows = one.resource is not None and one.kind is not Kind.LIST
        found[name] = replace(one, conditional=profile, preconditions=meant) if shows else one
    return found


def _documents(operation: Operation, kind: Kind) -> bool:
    statuses, headers = _DOCUMENTED.get(kind, ((), ()))
    return _any(statuses, operation.responses) or any(
        p.location == "header" and p.name.lower() in headers for p in operation.parameters
    )


def _any(names: Iterable[str], known: Iterable[str]) -> bool:
    return bool(set(names) & set(known))


def changed_field(binding: Binding) -> str | None:
    """The field with the moment of a row's last change."""
    fields = binding.resource.fields.values() if binding.resource else ()
    return next((found.name for found in fields if found.generated == "updated"), None)
