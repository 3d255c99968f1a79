"""Faults that tell who may not ask whether a row is there: the row is looked for before the caller is looked at."""

from __future__ import annotations

from collections.abc import Mapping

from troth.behaviour.model import Binding, Kind
from troth.engine.refusing import Refusal
from troth.engine.state import State

__all__ = ["betrayed"]


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
    identifier = str(path.get(binding.id_parameter, ""))
    tables = (table for (_, name), table in state.tables.items() if name == resource.name)
    return Refusal("not-found") if early and all(t.get(identifier) is None for t in tables) else refusal
