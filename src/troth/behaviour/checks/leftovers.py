"""What nothing uses: components without a reference, behaviour that is not in force, names given twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from troth.behaviour.checks.ground import Ground
from troth.behaviour.model import Field
from troth.behaviour.places import extensions
from troth.contract.pointers import join, local, split
from troth.findings import Finding

__all__ = ["check_leftovers"]


def check_leftovers(ground: Ground) -> Iterator[Finding]:
    """Duplicate resources, statements that nothing reads, unused components."""
    yield from _idle(ground)
    yield from _unused(ground)


def _idle(ground: Ground) -> Iterator[Finding]:
    """Statements about schemas that are not the rows of any operation, and resources that share a name."""
    force = set(_in_force(ground))
    named: dict[str, str] = {}
    for place in extensions(ground.contract):
        if place.scope not in ("resource", "property"):
            continue
        name = place.value.get("resource") if isinstance(place.value, Mapping) else None
        at = join(place.pointer, "resource")
        if name is not None and name in named:
            first = ground.contract.locate(named[name])
            message = (
                f"the resource {name!r} is already declared at {first}; give each schema of rows its own."
            )
            yield ground.finding("duplicate-resource", at, message, found=name)
            continue
        if name is not None:
            named[name] = at
        if place.pointer not in force and place.value:
            what = "no operation returns or takes rows of this schema"
            if place.scope == "property":
                what = "this is no field of any resource's rows"
            message = f"nothing reads this x-behaviour: {what}."
            yield ground.finding("idle-behaviour", place.pointer, message, "warning")


def _in_force(ground: Ground) -> Iterator[str]:
    def of_fields(fields: Mapping[str, Field]) -> Iterator[str]:
        for field in fields.values():
            yield ground.traits(field)[0]
            yield from of_fields(field.items or {})

    for resource in ground.behaviour.resources.values():
        yield resource.pointer
        yield from of_fields(resource.fields)


def _unused(ground: Ground) -> Iterator[Finding]:
    used: set[str] = set()
    for visit in ground.visits:
        target = visit.value.get("$ref")
        if isinstance(target, str) and (pointer := local(target)) is not None:
            used.add(_component(pointer))
        for name in (
            (visit.value.get("discriminator") or {}).get("mapping", {}).values()
            if visit.kind == "Schema"
            else ()
        ):
            used.add(_component(local(name) or join("/components/schemas", name)))
    used |= {
        join("/components/securitySchemes", scheme)
        for operation in ground.contract.operations
        for alternative in operation.security
        for scheme in alternative
    }
    for group, members in (ground.contract.document.get("components") or {}).items():
        for name in members if isinstance(members, Mapping) and not group.startswith("x-") else ():
            at = join("/components", group, name)
            if at not in used:
                yield ground.finding(
                    "unused-component", at, f"nothing refers to the component {name!r}.", "info"
                )


def _component(pointer: str) -> str:
    """The component that a pointer leads to or into."""
    return join("", *split(pointer)[:3])
