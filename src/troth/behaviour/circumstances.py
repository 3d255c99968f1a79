"""Where clauses about actions, records, views and forms apply; as in :mod:`troth.behaviour.occasions`."""

from __future__ import annotations

from troth.behaviour.model import Kind, Resource
from troth.behaviour.occasions import Place, isolated
from troth.contract.pointers import join

__all__ = [
    "acting",
    "acting_isolated",
    "dated",
    "following",
    "moments",
    "narrowed",
    "printing",
    "recording",
    "refusable",
    "shared",
    "tokened",
]


def acting(at: Place) -> str | None:
    effect = at.binding.effect
    return effect.pointer if effect and at.kind is Kind.ACTION and at.binding.resource else None


def acting_isolated(at: Place) -> str | None:
    return isolated(Kind.ACTION)(at) if acting(at) else None


def refusable(at: Place) -> str | None:
    """Where a rule of the operation or a transition may forbid the action."""
    effect = at.binding.effect
    forbids = at.binding.rules or (effect and effect.transition)
    return acting(at) if forbids else None


def recording(at: Place) -> str | None:
    moment = {Kind.CREATE: "create", Kind.UPDATE: "update", Kind.REPLACE: "update"}.get(at.kind)
    records = at.binding.resource.records if at.binding.resource else ()
    return next((record.pointer for record in records if moment in record.on), None)


def narrowed(at: Place) -> str | None:
    if at.binding.where is None or at.kind is not Kind.LIST:
        return None
    return join(at.operation, "x-behaviour", "where")


def shared(at: Place) -> str | None:
    resource = at.binding.resource
    apart = at.behaviour.tenancy.source != "none"
    plain = at.kind is Kind.LIST and not at.binding.parents
    return resource.pointer if resource and resource.shared and apart and plain else None


def tokened(at: Place) -> str | None:
    """One reading operation speaks for all: tokens are the same everywhere."""
    tokens = at.behaviour.authentication.tokens
    lists = (
        b
        for b in at.behaviour.bindings.values()
        if b.kind is Kind.LIST
        and not b.parents
        and any(tokens and tokens.scheme in s for s in b.operation.security)
    )
    return tokens.pointer if tokens and next(lists, None) is at.binding else None


def printing(at: Place) -> str | None:
    return at.operation if at.binding.prints and at.binding.resource else None


def following(at: Place) -> str | None:
    """Where an operation shows the row that another one names."""
    return join(at.operation, "x-behaviour", "through") if at.binding.through else None


def moments(resource: Resource) -> tuple[str, ...]:
    """The fields of a resource that the server sets to moments."""
    made = (f for f in resource.fields.values() if f.generated in ("created", "updated") or f.stamped)
    return tuple(field.name for field in made)


def dated(at: Place) -> str | None:
    declared = at.contract.extension.get("formats")
    resource = at.binding.resource
    return (
        at.root("formats") if declared and resource and moments(resource) and at.kind is Kind.CREATE else None
    )
