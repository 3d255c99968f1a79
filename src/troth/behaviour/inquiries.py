"""Where the clauses about queries and about the answers of writes apply."""

from __future__ import annotations

from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import Place

__all__ = [
    "answering",
    "conditional",
    "embedding",
    "order_of",
    "populated",
    "selected",
    "sorted_lists",
    "usual",
    "usually_ordered",
]


def conditional(at: Place) -> str | None:
    """Where a parameter takes conditions."""
    found = at.binding.query.conditions
    return found.pointer if found and at.binding.resource else None


def sorted_lists(at: Place) -> str | None:
    """Where a parameter sorts a list."""
    found = at.binding.query.sort
    return found.pointer if found and at.binding.resource else None


def order_of(binding: Binding) -> tuple[tuple[str, bool], ...]:
    """(field, whether it descends) of the order of a list that nobody asked to be put in order."""
    sort, resource = binding.query.sort, binding.resource
    return (sort.default if sort else ()) or (resource.order if resource else ())


def usually_ordered(at: Place) -> str | None:
    """Where a list comes in a declared order by what its rows show."""
    resource, sort = at.binding.resource, at.binding.query.sort
    order = order_of(at.binding)
    if resource is None or not order or at.kind is not Kind.LIST:
        return None
    field = resource.fields.get(order[0][0])
    if field is None or field.hidden or field.write_only or field.in_list:
        return None
    return sort.pointer if sort and sort.default else resource.pointer


def populated(at: Place) -> str | None:
    """Where reading can show rows that refer to others."""
    found, resource = at.binding.query.populate, at.binding.resource
    refers = resource is not None and any(reference.at is None for reference in resource.references)
    return found.pointer if found and refers and at.kind is Kind.READ else None


_SHOWING = (Kind.LIST, Kind.READ)


def selected(at: Place) -> str | None:
    """Where a parameter names the members that reading shows."""
    found, resource = at.binding.query.select, at.binding.resource
    return found.pointer if found and resource and resource.fields and at.kind in _SHOWING else None


def usual(at: Place) -> str | None:
    """Where reading shows some members only, unless others are asked for."""
    found, resource = at.binding.query.select, at.binding.resource
    named = found is not None and resource is not None and set(found.default) & resource.fields.keys()
    return selected(at) if named else None


def embedding(at: Place) -> str | None:
    """Where reading can show a row inside another one, as far as it is asked for."""
    found, resource = at.binding.query.select, at.binding.resource
    opens = found is not None and found.depth != 0
    targets = {name for r in (resource.references if resource else ()) for name in r.to.values()}
    leads = targets & at.behaviour.resources.keys()
    return selected(at) if opens and leads else None


def answering(at: Place) -> str | None:
    """Where the answer of a write has a declared form."""
    found = at.binding.answer
    return found.pointer if found and at.binding.resource else None
