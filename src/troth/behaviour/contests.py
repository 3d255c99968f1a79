"""Where requests can get in each other's way: writes to one row, and rows over which another one computes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.behaviour.model import Behaviour, Binding, Kind, Resource
from troth.behaviour.occasions import Place

__all__ = ["contended", "excludes", "gatherers", "movers", "rivals", "takers"]

_CHANGES = (Kind.UPDATE, Kind.REPLACE)
_SENT = re.compile(r"\bbody\.(\w+)")


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
    """The other operations that change a row of the same resource, those that change a part of it first."""
    resource = binding.resource
    own = [b for b in behaviour.bindings.values() if resource and b.resource and b.resource is resource]
    found = [one for one in own if one.id != binding.id and (one.kind in _CHANGES or movers(one))]
    yield from sorted(found, key=lambda one: (one.kind is not Kind.UPDATE, one.kind is not Kind.REPLACE))


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


def excludes(one: Binding, other: Binding, state: str) -> bool:
    """Whether of two actions on a row in a state either can be done, and not one after the other."""
    cycle = one.resource.lifecycle if one.resource else None
    known = {move.name: move for move in cycle.transitions} if cycle else {}
    pair = [known.get(b.effect.transition or "") for b in (one, other) if b.effect]
    if len(pair) < 2 or pair[0] is None or pair[1] is None:  # noqa: PLR2004 - two exclude each other
        return False
    first, second = pair[0], pair[1]
    both = state in first.origins and state in second.origins
    return both and first.target not in second.origins and second.target not in first.origins


def takers(binding: Binding) -> Iterator[tuple[str, str]]:
    """(field, member of the body) of what an action takes from a row, where a rule reads what is left of it."""
    resource, effect = binding.resource, binding.effect
    rules = [r for r in resource.rules if "update" in r.on] if resource else []
    for name, formula in effect.assign.items() if effect else ():
        if any(name in rule.require.variables for rule in (*rules, *binding.rules)):
            yield from ((name, member) for member in _SENT.findall(formula.text))
