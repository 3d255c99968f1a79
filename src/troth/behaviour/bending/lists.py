"""What lists show: a filter forgotten or off at its edge, a condition dropped, sizes that are one off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troth.behaviour.bending.bend import Bend, bend, on_binding, on_resource
from troth.behaviour.model import Behaviour, Binding, Filter, Kind, Resource
from troth.contract.model import Contract

__all__ = ["bends"]

#: The same boundary without the value itself, and the other way round.
_EDGES = {"from": "after", "to": "before", "after": "from", "before": "to"}


def bends(contract: Contract, behaviour: Behaviour) -> Iterator[Bend]:
    for resource in behaviour.resources.values():
        yield from _resource(resource)
    for binding in behaviour.bindings.values():
        if binding.kind is Kind.LIST:
            yield from _filters(contract, binding)
            yield from _view(contract, binding)


def _resource(resource: Resource) -> Iterator[Bend]:
    if resource.visible is not None:
        yield bend(
            "drop", "resource.visible", resource.name, "hidden rows are shown",
            on_resource(resource.name, lambda found: replace(found, visible=None)), pointer=resource.pointer,
        )  # fmt: skip


def _same_form(contract: Contract, binding: Binding, found: Filter) -> bool:
    """Whether a value of the field can be asked for, so that the edge itself can be met."""
    parameter = binding.operation.parameter("query", found.parameter)
    field = binding.resource.fields.get(found.field) if binding.resource else None
    if parameter is None or not parameter.schema_pointer or field is None:
        return False
    schema = contract.follow(parameter.schema_pointer)[1]
    return isinstance(schema, dict) and schema.get("format") == field.schema.get("format")


def _filters(contract: Contract, binding: Binding) -> Iterator[Bend]:
    for index, found in enumerate(binding.filters):
        rest = (*binding.filters[:index], *binding.filters[index + 1 :])
        yield bend(
            "drop", "filter.exact", f"{binding.id}.{found.parameter}", f"'{found.parameter}' filters nothing",
            on_binding(binding, filters=rest), pointer=binding.operation.pointer, operations=[binding.id],
        )  # fmt: skip
        if found.op in _EDGES and _same_form(contract, binding, found):
            bent = replace(found, op=_EDGES[found.op])
            yield bend(
                "off-by-one", "filter.exact", f"{binding.id}.{found.parameter}",
                f"'{found.parameter}' is wrong about its edge",
                on_binding(binding, filters=(*binding.filters[:index], bent, *binding.filters[index + 1 :])),
                pointer=binding.operation.pointer, operations=[binding.id],
            )  # fmt: skip


def _view(contract: Contract, binding: Binding) -> Iterator[Bend]:
    if binding.where is not None:
        yield bend(
            "drop", "list.where", binding.id, "the list has every row",
            on_binding(binding, where=None), pointer=binding.operation.pointer, operations=[binding.id],
        )  # fmt: skip
    paging = binding.pagination
    if paging is not None and paging.max_size is not None and paging.size and not _bounded(contract, binding):
        yield bend(
            "off-by-one", "pagination.max-size", binding.id, "a page may have one row more than the most",
            on_binding(binding, pagination=replace(paging, max_size=paging.max_size + 1)),
            pointer=binding.operation.pointer, operations=[binding.id],
        )  # fmt: skip
    profile = binding.query.populate
    if profile is not None:
        bent = replace(binding.query, populate=replace(profile, most=0, default=0))
        yield bend(
            "drop", "populate.depth", binding.id, "references are never filled in",
            on_binding(binding, query=bent), pointer=profile.pointer, operations=[binding.id],
        )  # fmt: skip


def _bounded(contract: Contract, binding: Binding) -> bool:
    """Whether the parameter's own schema keeps the size down, whatever the behaviour says."""
    size = binding.pagination.size if binding.pagination else ""
    named = (p for p in binding.operation.parameters if p.name == size and p.schema_pointer)
    schemas = (contract.follow(str(p.schema_pointer))[1] for p in named)
    return any(isinstance(schema, dict) and "maximum" in schema for schema in schemas)
