"""Where the clauses apply about what writes leave behind that are refused, and what deletes do."""

from __future__ import annotations

from troth.behaviour.model import Behaviour, Binding, Kind, Reference, Resource
from troth.behaviour.occasions import Place, secured, written_references
from troth.contract.model import Contract

__all__ = ["all_or_nothing", "referring", "released", "whole_list_of"]

_CHANGES = (Kind.UPDATE, Kind.REPLACE)


def whole_list_of(behaviour: Behaviour, resource: Resource) -> Binding | None:
    """The list of all rows of a resource."""
    found = behaviour.binding(resource.name, Kind.LIST)
    return None if found is None or found.parents or found.where is not None else found


def all_or_nothing(at: Place) -> str | None:
    """Where a write can be refused, and what is there before and after can be seen."""
    resource, behaviour = at.binding.resource, at.behaviour
    if resource is None or at.kind not in (Kind.CREATE, *_CHANGES, Kind.DELETE):
        return None
    if not secured(at) and (at.kind is Kind.DELETE or at.binding.input is None):
        return None
    made = [behaviour.binding(resource.name, kind) for kind in (Kind.CREATE, Kind.READ)]
    if at.kind is Kind.CREATE:
        return at.operation if whole_list_of(behaviour, resource) and not at.binding.parents else None
    return at.operation if all(made) else None


def referring(contract: Contract, behaviour: Behaviour, name: str) -> list[tuple[Resource, Reference]]:
    """The references into a resource that follow a delete, of rows that can be made and read."""
    found = []
    for owner in behaviour.resources.values():
        creator = behaviour.binding(owner.name, Kind.CREATE)
        if creator is None or creator.parents or behaviour.binding(owner.name, Kind.READ) is None:
            continue
        found += [
            (owner, reference)
            for reference in written_references(contract, creator)
            if _follows(owner, reference) and name in reference.to.values()
        ]
    return found


def _follows(owner: Resource, reference: Reference) -> bool:
    """Whether anybody can see what becomes of rows with a reference."""
    field = owner.fields.get(reference.field)
    shown = field is None or not (field.hidden or field.write_only)
    return reference.on_delete in ("restrict", "cascade") or (reference.on_delete == "nullify" and shown)


def released(at: Place) -> str | None:
    """Where rows are deleted that others name."""
    resource = at.binding.resource
    if resource is None or at.kind is not Kind.DELETE or at.binding.parents:
        return None
    if at.behaviour.binding(resource.name, Kind.CREATE) is None:
        return None
    found = referring(at.contract, at.behaviour, resource.name)
    return found[0][1].pointer if found else None
