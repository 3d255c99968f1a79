"""Conditional requests: what is promised about the state of rows can be kept."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.checks.ground import Ground
from troth.behaviour.conditional import changed_field
from troth.behaviour.model import Binding, Conditional, Kind
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_conditions"]

_WRITES = (Kind.UPDATE, Kind.REPLACE, Kind.DELETE)


def check_conditions(ground: Ground) -> Iterator[Finding]:
    """Tags that If-Match takes, moments that rows know, and kinds of operation that there are."""
    profile = ground.behaviour.conditional
    if profile is None:
        yield from _tags_for_nothing(ground)
        return
    held = [binding for binding in ground.behaviour.bindings.values() if binding.preconditions]
    yield from _weak(ground, profile, held)
    for kind in sorted(profile.required):
        at = join(profile.pointer, "required")
        at = join(at, kind.value) if kind.value in ground.given(at) else at
        if kind not in _WRITES:
            message = f"a {kind} changes no row that is there, so it has no state to mean."
            yield ground.finding("keyword-without-effect", at, message, "warning")
        elif all(binding.kind is not kind for binding in held):
            yield ground.finding(
                "keyword-without-effect", at, f"no operation is a {kind} on a condition.", "warning"
            )
    shown = [binding for binding in ground.behaviour.bindings.values() if binding.conditional is not None]
    if profile.last_modified and not any(map(changed_field, shown)):
        message = "no row has a field for the moment of its last change ('generated: updated')."
        yield ground.finding(
            "keyword-without-effect", join(profile.pointer, "lastModified"), message, "warning"
        )


def _weak(ground: Ground, profile: Conditional, held: list[Binding]) -> Iterator[Finding]:
    """RFC 9110 section 13.1.1: If-Match compares strongly, so a weak tag is never the right one."""
    writes = sorted(binding.id for binding in held if binding.kind in _WRITES)
    if writes and profile.etag == "weak":
        message = "If-Match never takes a weak tag, so every write that sends one is refused."
        yield ground.finding("weak-tag", join(profile.pointer, "etag"), message, "warning", operations=writes)


def _tags_for_nothing(ground: Ground) -> Iterator[Finding]:
    """A field that shows a tag, where no header has it."""
    for resource in ground.behaviour.resources.values():
        for field in resource.fields.values():
            if field.generated == "etag":
                at, _ = ground.traits(field)
                message = (
                    f"'{field.name}' is the tag of the row, but answers have none: 'conditional' is missing."
                )
                yield ground.finding(
                    "missing-keyword", join(at, "generated"), message, "warning", expected="conditional"
                )
