"""Traits of fields, one at a time: what was immutable, hidden, frozen or computed no longer is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from troth.behaviour.bending.bend import Bend, Change, Operator, bend, on_resource
from troth.behaviour.expressions import ExpressionError, compile_expression
from troth.behaviour.model import Behaviour, Field, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.contract.model import Contract

__all__ = ["bends"]


def bends(contract: Contract, behaviour: Behaviour) -> Iterator[Bend]:
    for resource in behaviour.resources.values():
        written = _written(contract, behaviour, resource)
        for field in resource.fields.values():
            yield from _traits(resource, field, written)
            if field.computed is not None:
                yield from _computed(resource, field)


def _written(contract: Contract, behaviour: Behaviour, resource: Resource) -> dict[Kind, set[str]]:
    """The fields that bodies of each kind of write can name."""
    found: dict[Kind, set[str]] = {}
    for binding in behaviour.bindings.values():
        if binding.resource is not None and binding.resource.name == resource.name:
            found.setdefault(binding.kind, set()).update(writable_fields(contract, binding))
    return found


def _traits(resource: Resource, field: Field, written: dict[Kind, set[str]]) -> Iterator[Bend]:
    changed = written.get(Kind.UPDATE, set()) | written.get(Kind.REPLACE, set())
    everywhere = changed | written.get(Kind.CREATE, set())
    if field.immutable and field.name in changed:
        yield _one("drop", "fields.immutable", resource, field, "it can be changed", immutable=False)
    if field.write_only and field.name in everywhere:
        yield _one("drop", "fields.write-only", resource, field, "it comes back", write_only=False)
    if field.emptied is not None and field.name in everywhere:
        yield _one("drop", "fields.emptied", resource, field, "the text for null is kept", emptied=None)
    if field.frozen_when is not None:
        yield _one("drop", "fields.frozen", resource, field, "it follows for ever", frozen_when=None)


def _one(operator: Operator, clause: str, resource: Resource, field: Field, told: str, **traits: Any) -> Bend:
    return bend(
        operator, clause, f"{resource.name}.{field.name}", f"'{field.name}' of {resource.name}: {told}",
        _with_traits(resource, field, traits), pointer=field.pointer,
    )  # fmt: skip


def _with_traits(resource: Resource, field: Field, traits: dict[str, Any]) -> Change:
    bent = replace(field, **traits)
    return on_resource(resource.name, lambda found: replace(found, fields={**found.fields, field.name: bent}))


def _computed(resource: Resource, field: Field) -> Iterator[Bend]:
    """One more where the value is a number, the opposite where it is true or false."""
    assert field.computed is not None  # noqa: S101 - the caller asked; this tells the type checker
    kind = field.schema.get("type")
    text = field.computed.text
    words: tuple[Operator, str, str] | None = None
    if kind in ("number", "integer"):
        more = f"int({text}) + 1" if kind == "integer" else f"double({text}) + 1.0"
        words = ("off-by-one", more, "its value is one too much")
    elif kind == "boolean":
        words = ("invert", f"!({text})", "its value is the opposite")
    is_state = "enum" in field.schema or field.name in field.computed.variables
    if words is None or is_state or field.hidden or field.write_only:
        return  # a state is another one, not one more
    try:
        bent = compile_expression(words[1])
    except ExpressionError:
        return
    yield _one(words[0], "fields.computed", resource, field, words[2], computed=bent)
