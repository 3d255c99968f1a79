"""Where clauses about actions, records, views, forms and tenants apply; as in :mod:`troth.behaviour.occasions`."""

from __future__ import annotations

from troth.behaviour.model import Behaviour, Binding, Field, Kind, Resource
from troth.behaviour.occasions import Place, isolated, unique_fields
from troth.contract.model import Contract
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
    "unique_beyond_tenant",
    "unique_elsewhere",
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
    """Where a write has a record: an action where it changes what the record's condition reads."""
    moments_ = {Kind.CREATE: "create", Kind.UPDATE: "update", Kind.REPLACE: "update", Kind.ACTION: "update"}
    records = at.binding.resource.records if at.binding.resource else ()
    found = [record for record in records if moments_.get(at.kind) in record.on]
    if at.kind is Kind.ACTION:
        found = [record for record in found if record.when is None or record.when.variables & _changed(at)]
    return found[0].pointer if found else None


def _changed(at: Place) -> frozenset[str]:
    """The fields that an action changes."""
    effect, resource = at.binding.effect, at.binding.resource
    if effect is None or resource is None:
        return frozenset()
    moved = {resource.lifecycle.field} if effect.transition and resource.lifecycle else set()
    return frozenset(effect.assign) | moved


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


def unique_beyond_tenant(behaviour: Behaviour, contract: Contract, binding: Binding) -> tuple[Field, ...]:
    """Those of the unique fields whose values two tenants can both want.

    What is unique below a row of the tenant's own cannot be: no other tenant can name that row.
    """
    return tuple(f for f in unique_fields(contract, binding) if not _below_own(behaviour, binding, f))


def _below_own(behaviour: Behaviour, binding: Binding, field: Field) -> bool:
    above = binding.resource.fields.get(field.unique or "") if binding.resource else None
    if above is None or above.reference is None or above.nullable:
        return False
    targets = [behaviour.resources.get(name) for name in above.reference.to.values()]
    return all(target is not None and not target.shared for target in targets)


def unique_elsewhere(at: Place) -> str | None:
    found = unique_beyond_tenant(at.behaviour, at.contract, at.binding)
    return isolated(Kind.CREATE)(at) if found else None
