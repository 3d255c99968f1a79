"""Names in a resource's statements lead somewhere: references, rules, orders, parents, kinds."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.checks.ground import Ground, states_of
from troth.behaviour.model import Binding, Reference, Resource
from troth.behaviour.resources import properties_of
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_names"]


def check_names(ground: Ground) -> Iterator[Finding]:
    """References to resources that don't exist, and statements about fields that don't."""
    for resource in ground.behaviour.resources.values():
        yield from _resource(ground, resource)
        for reference in resource.references:
            yield from _reference(ground, resource, reference)
        for field, neighbours in ground.fields(resource):
            at, traits = ground.traits(field)
            unique = traits.get("unique")
            if unique not in (None, "tenant") and unique not in neighbours:
                known = ["tenant", *neighbours]
                yield ground.unknown(
                    "unknown-field", join(at, "unique"), "neighbour field", str(unique), known
                )
    for binding in ground.behaviour.bindings.values():
        yield from _parents(ground, binding)


def _resource(ground: Ground, resource: Resource) -> Iterator[Finding]:
    given = ground.given(resource.pointer)
    if "id" in given and resource.id_field not in resource.fields:
        yield ground.missing_field(join(resource.pointer, "id"), resource.id_field, resource)
    for name, _ in resource.order:
        if name not in resource.fields:
            yield ground.missing_field(join(resource.pointer, "order"), name, resource)
    for rule in resource.rules:
        if rule.field is not None and rule.field not in resource.fields:
            yield ground.missing_field(join(rule.pointer, "field"), rule.field, resource)


def _reference(ground: Ground, resource: Resource, reference: Reference) -> Iterator[Finding]:
    at = reference.pointer
    spelled_out = bool(ground.given(at))
    to = join(at, "to") if spelled_out else at
    known = ground.behaviour.resources
    for value, target in reference.to.items():
        if target not in known:
            where = join(to, value) if value else to
            if value and ground.is_earlier_release:
                message = f"this release has no resource {target!r} yet, so such a value is refused."
                yield ground.finding("later-resource", where, message, "info", found=target)
            else:
                yield ground.unknown("unknown-resource", where, "resource", target, known)
    if reference.at is not None:
        yield from _inside(ground, resource, reference)
        return
    yield from _told_apart(ground, resource, reference)


def _told_apart(ground: Ground, resource: Resource, reference: Reference) -> Iterator[Finding]:
    """A field tells the resources of a reference apart, value by value."""
    at, to = reference.pointer, join(reference.pointer, "to")
    many = {value for value in reference.to if value}
    if reference.by is None:
        if many:
            message = "'to' tells resources apart by a field, but 'by' doesn't name it."
            yield ground.finding("missing-keyword", at, message, expected="by")
        return
    if reference.at is not None:
        yield from _inside(ground, resource, reference)
        return
    field = resource.fields.get(reference.by)
    if field is None:
        yield ground.missing_field(join(at, "by"), reference.by, resource)
        return
    if not many:
        message = (
            f"'by' names the field {reference.by!r}, but 'to' doesn't say which value means which resource."
        )
        yield ground.finding("missing-keyword", at, message, expected="to")
    states = states_of(ground.contract, field.pointer)
    for value in sorted(many - states if states is not None else ()):
        yield ground.unknown(
            "unknown-value", join(to, value), f"value of {reference.by}", value, states or ()
        )


def _inside(ground: Ground, resource: Resource, reference: Reference) -> Iterator[Finding]:
    """A reference inside an object, or inside the objects of a list, names members that they have."""
    pointer = resource.fields[reference.field].pointer
    if reference.many:
        pointer = join(ground.contract.follow(pointer)[0], "items")
    members = properties_of(ground.contract, pointer)
    for word, name in (("at", reference.at), ("by", reference.by)):
        if name is not None and not ground.path(resource, f"{reference.field}.{name}"):
            at = join(reference.pointer, word)
            yield ground.unknown("unknown-field", at, f"member of {reference.field}", name, members)


def _parents(ground: Ground, binding: Binding) -> Iterator[Finding]:
    at = join(binding.operation.pointer, "x-behaviour", "parents")
    names = [parent.parameter for parent in binding.parents]
    for name, field in (binding.operation.extension.get("parents") or {}).items():
        if name not in names:
            yield ground.unknown("unknown-parameter", join(at, name), "path parameter", name, names)
        elif (
            binding.resource is not None and binding.resource.fields and field not in binding.resource.fields
        ):
            yield ground.missing_field(join(at, name), str(field), binding.resource)
