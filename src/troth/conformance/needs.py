"""What a contract must say for a fault of writes, lists or windows to show, beyond having its clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from troth.behaviour.model import Behaviour, Binding, Kind, Resource
from troth.conformance.instruments import Instruments
from troth.conformance.paging import holds_slot

__all__ = ["NEEDS"]

#: The tests of a filter by moments.
_EDGES = ("from", "to", "after", "before")


def _lists(behaviour: Behaviour) -> Iterator[Binding]:
    return (one for one in behaviour.bindings.values() if one.kind is Kind.LIST and one.resource is not None)


def _is_plain(binding: Binding) -> bool:
    """Whether a list has every row."""
    hides = binding.resource is not None and binding.resource.visible is not None
    return not (binding.parents or binding.where or hides)


def _is_removable(behaviour: Behaviour, binding: Binding) -> bool:
    """Whether rows of a list can be made and deleted."""
    name = binding.resource.name if binding.resource else ""
    return not binding.parents and all(behaviour.binding(name, kind) for kind in (Kind.CREATE, Kind.DELETE))


def _is_narrowed(binding: Binding) -> bool:
    return any(one.op == "eq" and not one.where for one in binding.filters)


def _changes(behaviour: Behaviour, binding: Binding) -> bool:
    """Whether rows of a list can be made and changed."""
    name = binding.resource.name if binding.resource else ""
    return all(behaviour.binding(name, kind) for kind in (Kind.CREATE, Kind.READ, Kind.UPDATE))


def _asks_for_moments(instruments: Instruments) -> bool:
    """Whether a filter takes a moment with its offset."""
    for binding in _lists(instruments.behaviour):
        for found in binding.filters:
            parameter = binding.operation.parameter("query", found.parameter)
            if found.op not in _EDGES or parameter is None or not parameter.schema_pointer:
                continue
            schema = instruments.contract.follow(parameter.schema_pointer)[1]
            if isinstance(schema, Mapping) and schema.get("format") == "date-time":
                return True
    return False


def _pairs(resource: Resource) -> frozenset[tuple[str, str]]:
    """The (resource, field) pairs whose rows computed fields of a resource are over."""
    return frozenset(pair for one in resource.computed if one.computed for pair in one.computed.related)


def _is_led(behaviour: Behaviour, name: str, holder: str) -> bool:
    """Whether a row can be made to name another one in a field."""
    field = behaviour.resources[name].fields.get(holder) if name in behaviour.resources else None
    kinds = (Kind.CREATE, Kind.UPDATE, Kind.LIST)
    writable = field is not None and not (field.immutable or field.read_only or field.computed)
    return writable and all(behaviour.binding(name, kind) for kind in kinds)


def _is_founded(resource: Resource) -> bool:
    """Whether something is computed from what is hidden and was first looked up."""
    names = {
        one.name
        for one in resource.fields.values()
        if one.hidden and one.initially and one.initially.looked_up
    }
    return any(one.computed and one.computed.variables & names for one in resource.computed)


def _is_touched(behaviour: Behaviour, resource: Resource) -> bool:
    """Whether rows that can be made and changed tell both moments."""
    told = {field.generated for field in resource.fields.values()}
    kinds = (Kind.CREATE, Kind.READ, Kind.UPDATE)
    return {"created", "updated"} <= told and all(behaviour.binding(resource.name, kind) for kind in kinds)


def _is_refused_apart(behaviour: Behaviour) -> bool:
    """Whether what breaks a rule has a status of its own."""
    kinds = behaviour.errors.kinds
    rules = any(resource.rules for resource in behaviour.resources.values())
    return rules and kinds["conflict"].status != kinds["invalid"].status


def _read(needed: Callable[[Behaviour], bool]) -> Callable[[Instruments], bool]:
    """The same, asked of what the behaviour was read from."""
    return lambda instruments: needed(instruments.behaviour)


def _counts_on(behaviour: Behaviour) -> bool:
    told = ({*one.headers} for one in behaviour.rate_limits if one.reset == "epoch")
    return any({"reset", "remaining"} <= names for names in told)


#: By fault.
NEEDS: Mapping[str, Callable[[Instruments], bool]] = MappingProxyType(
    {
        "deleted-counted": _read(
            lambda b: any(_is_removable(b, one) and holds_slot(one, "total") for one in _lists(b))
        ),
        "deleted-found": _read(
            lambda b: any(_is_removable(b, one) and _is_narrowed(one) for one in _lists(b))
        ),
        "offset-dropped": _asks_for_moments,
        "filters-ored": _read(lambda b: any(len({f.field for f in one.filters}) > 1 for one in _lists(b))),
        "reset-moves": _read(_counts_on),
        "list-stale": _read(lambda b: any(_is_plain(one) and _changes(b, one) for one in _lists(b))),
        "computed-left-behind": _read(
            lambda b: any(_is_led(b, *pair) for one in b.resources.values() for pair in _pairs(one))
        ),
        "first-value-follows": _read(lambda b: any(map(_is_founded, b.resources.values()))),
        "updated-stuck": _read(lambda b: any(_is_touched(b, one) for one in b.resources.values())),
        "rule-refused-otherwise": _read(_is_refused_apart),
    }
)
