"""Where the clauses about single fields apply: first values, moments that are stamped, guards, masks of lists."""

from __future__ import annotations

from collections.abc import Mapping

from troth.behaviour.model import Binding, Field, Kind, Reference
from troth.behaviour.occasions import Place, settable_fields
from troth.contract.model import Contract

__all__ = [
    "begun",
    "begun_fields",
    "below",
    "concealed",
    "editable",
    "guarded_fields",
    "masked",
    "reference_above",
    "stamped",
]

_CHANGES = (Kind.UPDATE, Kind.REPLACE)


def begun_fields(contract: Contract, binding: Binding) -> tuple[Field, ...]:
    """The fields that a create may leave out and that begin with an expression's value, whatever the second."""
    media = binding.input
    if binding.resource is None or binding.kind is not Kind.CREATE:
        return ()
    schema = contract.follow(media.schema_pointer)[1] if media and media.schema_pointer else {}
    needed = schema.get("required", ()) if isinstance(schema, Mapping) else ()
    shown = (f for f in binding.resource.fields.values() if not (f.hidden or f.write_only or f.computed))
    begin = (f for f in shown if f.initially is not None and "now" not in f.initially.functions)
    return tuple(f for f in begin if f.name not in needed)


def begun(at: Place) -> str | None:
    return next((f.pointer for f in begun_fields(at.contract, at.binding)), None)


def stamped(at: Place) -> str | None:
    """Where a row is read that shows when something came about."""
    fields = at.binding.resource.fields.values() if at.binding.resource else ()
    found = (f.pointer for f in fields if f.stamped is not None and not (f.hidden or f.write_only))
    return next(found, None) if at.kind is Kind.READ else None


def guarded_fields(contract: Contract, binding: Binding) -> tuple[Field, ...]:
    """The fields that a change may set only while something holds for the row."""
    if binding.resource is None or binding.kind not in _CHANGES:
        return ()
    written = settable_fields(contract, binding)
    return tuple(f for f in binding.resource.fields.values() if f.editable_while and f.name in written)


def editable(at: Place) -> str | None:
    return next((f.pointer for f in guarded_fields(at.contract, at.binding)), None)


def masked(at: Place) -> str | None:
    """Where lists leave out, or empty, what a single row shows."""
    fields = at.binding.resource.fields.values() if at.binding.resource else ()
    return next((f.pointer for f in fields if f.in_list), None) if at.kind is Kind.LIST else None


def concealed(at: Place) -> str | None:
    """Where rows are shown that have fields which never are; what was not asked for, select.exact judges."""
    fields = at.binding.resource.fields.values() if at.binding.resource else ()
    shown = (
        at.kind in (Kind.LIST, Kind.READ) and at.binding.through is None and at.binding.query.select is None
    )
    return next((f.pointer for f in fields if f.hidden and f.pointer), None) if shown else None


def below(at: Place) -> str | None:
    """Where a list has the rows that stand below one row, and rows show where they stand."""
    resource, parents = at.binding.resource, at.binding.parents
    if resource is None or at.kind is not Kind.LIST or len(parents) != 1:
        return None
    field = resource.fields.get(parents[0].field)
    shown = field is not None and not (field.hidden or field.write_only)
    return at.operation if shown and reference_above(at.binding) else None


def reference_above(binding: Binding) -> Reference | None:
    """The reference by which a row names the one that the path does: a name alone may mean something else."""
    resource, parent = binding.resource, binding.parents[0]
    references = resource.references if resource else ()
    found = (r for r in references if r.field == parent.field and parent.resource in r.to.values())
    return next(found, None)
