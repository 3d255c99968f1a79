"""Where requests can get in each other's way: writes to one row, and rows over which another one computes."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.model import Behaviour, Binding, Kind, Resource
from troth.behaviour.occasions import Place

__all__ = ["contended", "gatherers", "movers", "rivals"]

_CHANGES = (Kind.UPDATE, Kind.REPLACE)


def contended(at: Place) -> str | None:
    """Where two writes to one row, or to what one row sums up, can be made up and read back."""
    binding, behaviour = at.binding, at.behaviour
    resource = binding.resource
    if resource is None or not _readable(behaviour, resource):
        return None
    if binding.kind is Kind.CREATE:
        return at.operation if next(gatherers(behaviour, binding), None) else None
    writes = binding.kind in _CHANGES or movers(binding)
    rival = binding.kind is Kind.DELETE and next(rivals(behaviour, binding), None) is not None
    return at.operation if writes or rival else None


def _readable(behaviour: Behaviour, resource: Resource) -> bool:
    """Whether a row can be made for a batch, and read after it."""
    return all(behaviour.binding(resource.name, kind) is not None for kind in (Kind.CREATE, Kind.READ))


def movers(binding: Binding) -> bool:
    """Whether an operation is an action that does something to the row of its path."""
    return binding.kind is Kind.ACTION and binding.effect is not None and binding.id_parameter is not None


def rivals(behaviour: Behaviour, binding: Binding) -> Iterator[Binding]:
    """The other operations that change a row of the same resource, updates first."""
    resource = binding.resource
    own = [b for b in behaviour.bindings.values() if resource and b.resource and b.resource is resource]
    found = [one for one in own if one.id != binding.id and (one.kind in _CHANGES or movers(one))]
    yield from sorted(found, key=lambda one: one.kind not in _CHANGES)


def gatherers(behaviour: Behaviour, binding: Binding) -> Iterator[tuple[Resource, str]]:
    """(resource, field) where a field of a create leads to a row that computes over the rows that lead to it."""
    resource = binding.resource
    for owner in behaviour.resources.values() if resource else ():
        named = {
            name
            for field in owner.computed
            if field.computed
            for other, name in field.computed.related
            if resource is not None and other == resource.name
        }
        for reference in resource.references if resource else ():
            plain = reference.by is None and reference.at is None and not reference.many
            leads = plain and reference.to.get("") == owner.name
            if reference.field in named and leads and _readable(behaviour, owner):
                yield owner, reference.field
