"""Faults about callers who are turned away: the row is looked for before they are, or what they ask is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from troth.behaviour.model import Binding, Kind
from troth.engine.authenticating import Principal
from troth.engine.refusing import Refusal
from troth.engine.state import State

__all__ = ["behind", "betrayed"]


def behind(
    refusal: Refusal, faults: frozenset[str], principal: Principal | None, known: Iterable[Principal]
) -> Principal | None:
    """As whom a request is done although its caller was turned away; None without a fault that does it."""
    if "limited-acts" in faults and refusal.kind == "rate-limited":
        return principal
    if "stranger-acts" in faults and refusal.kind in ("unauthenticated", "forbidden"):
        return principal or next((one for one in known if "*" in one.scopes), None)
    return None


def betrayed(
    refusal: Refusal, faults: frozenset[str], binding: Binding, path: Mapping[str, str], state: State
) -> Refusal:
    """The refusal of a caller, or that of a missing row where a fault puts it first."""
    resource = binding.resource
    if resource is None or binding.kind is not Kind.READ or binding.id_parameter is None:
        return refusal
    early = (
        ("missing-before-credential" in faults and refusal.kind == "unauthenticated")
        or ("missing-before-scope" in faults and refusal.kind == "forbidden" and binding.scopes)
        or ("missing-before-permission" in faults and refusal.kind == "forbidden" and binding.permissions)
    )
    identifier = binding.key(path)
    tables = (table for (_, name), table in state.tables.items() if name == resource.name)
    return Refusal("not-found") if early and all(t.get(identifier) is None for t in tables) else refusal
