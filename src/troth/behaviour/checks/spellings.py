"""Other spellings of a body lead somewhere: texts that stand for null, members that stand for a list."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.checks.ground import Ground
from troth.behaviour.model import Binding, Field
from troth.behaviour.occasions import writable_fields
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_spellings"]


def check_spellings(ground: Ground) -> Iterator[Finding]:
    """``emptied`` and ``frozenWhen`` stand where they can mean something, ``shorthand`` names what exists."""
    for resource in ground.behaviour.resources.values():
        for field, neighbours in ground.fields(resource):
            yield from _field(ground, field, listed=neighbours is not resource.fields)
    for binding in ground.behaviour.bindings.values():
        if "shorthand" in binding.operation.extension:
            yield from _shorthand(ground, binding)


def _field(ground: Ground, field: Field, *, listed: bool) -> Iterator[Finding]:
    at, _ = ground.traits(field)
    idle: list[tuple[str, str]] = []
    if field.emptied is not None and not field.nullable:
        message = f"{field.name!r} is emptied to null, but its schema does not allow null."
        yield ground.finding("emptied-not-nullable", join(at, "emptied"), message)
    if field.frozen_when is not None and field.computed is None:
        idle.append(("frozenWhen", f"{field.name!r} is not computed, so there is nothing to freeze."))
    for word, given in (("emptied", field.emptied), ("frozenWhen", field.frozen_when)):
        if listed and given is not None:
            idle.append((word, f"{field.name!r} is a field of listed objects, for which this does nothing."))
    for word, message in idle:
        yield ground.finding("keyword-without-effect", join(at, word), message, "warning")


def _shorthand(ground: Ground, binding: Binding) -> Iterator[Finding]:
    at = join(binding.operation.pointer, "x-behaviour", "shorthand")
    short, resource = binding.shorthand, binding.resource
    if short is None or resource is None:
        message = f"'shorthand' is about bodies of rows, but this operation is a {binding.kind}."
        yield ground.finding("keyword-without-effect", at, message, "warning", operation=binding.id)
        return
    field = resource.fields.get(short.into)
    if field is None or field.items is None:
        lists = [name for name, found in resource.fields.items() if found.items]
        yield ground.unknown("unknown-field", join(at, "into"), "list of objects", short.into, lists)
        return
    written = writable_fields(ground.contract, binding)
    for name in sorted(short.fields):
        if name not in field.items:
            yield ground.unknown(
                "unknown-field", join(at, "fields", name), f"field of {short.into}", name, field.items
            )
        elif name not in written:
            yield ground.unknown(
                "unknown-field", join(at, "fields", name), "member of the body", name, written
            )
        elif name in resource.fields:
            message = f"{name!r} is a field of the row itself, so it cannot stand for one of {short.into}."
            yield ground.finding("ambiguous-shorthand", join(at, "fields", name), message)
