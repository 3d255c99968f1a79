"""Who sees what: permissions forgotten, rules of visibility that do not hold, and redactions that leave too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troth.behaviour.bending.bend import Bend, Change, bend, on_binding, on_resource
from troth.behaviour.model import Behaviour, Resource
from troth.behaviour.seeing import Visibility

__all__ = ["bends"]

_EVERY = (
    "visibility.redacted", "visibility.listed", "visibility.searched", "visibility.reference", "visibility.write",
)  # fmt: skip


def bends(behaviour: Behaviour) -> Iterator[Bend]:
    for binding in behaviour.bindings.values():
        for name in sorted(binding.permissions):
            subject = f"{binding.id}.{name.replace(' ', '-')}"
            yield bend(
                "drop", "permissions.required", subject, f"the operation forgets the permission {name}",
                on_binding(binding, permissions=binding.permissions - {name}),
                pointer=binding.operation.pointer, operations=[binding.id],
            )  # fmt: skip
    for resource in behaviour.resources.values():
        for rule in resource.visibility:
            yield from _rule(resource, rule)


def _rule(resource: Resource, rule: Visibility) -> Iterator[Bend]:
    name = f"{resource.name}.{rule.name}"
    clauses = _EVERY if rule.listed == "redact" else ("visibility.listed", *_EVERY)
    if _told(resource, rule):
        yield bend(
            "drop", tuple(dict.fromkeys(clauses)), name, f"the rule '{rule.name}' withholds nothing",
            _bent(resource, rule, None), pointer=rule.pointer,
        )  # fmt: skip
    if rule.listed == "hide" and (rule.keep is not None or rule.mark):
        yield bend(
            "widen", "visibility.listed", name, f"lists show what the rule '{rule.name}' hides",
            _bent(resource, rule, replace(rule, listed="redact")), pointer=rule.pointer,
        )  # fmt: skip
    for word in rule.mark:
        rest = {key: value for key, value in rule.mark.items() if key != word}
        yield _left(
            resource, rule, word, f"'{word}' does not mark what is withheld", replace(rule, mark=rest)
        )
    for word in rule.mask:
        rest = {key: value for key, value in rule.mask.items() if key != word}
        yield _left(resource, rule, word, f"'{word}' is not masked", replace(rule, mask=rest))
    for word in sorted(rule.empty):
        found = replace(rule, empty=rule.empty - {word})
        yield _left(resource, rule, word, f"'{word}' is shown of withheld rows", found)


def _told(resource: Resource, rule: Visibility) -> bool:
    """Whether a client can tell which rows a rule hides; what hangs on hidden fields only the server knows."""
    shown = {name for name, field in resource.fields.items() if not (field.hidden or field.write_only)}
    condition = rule.visible
    if rule.namings or (condition is not None and "seen" in condition.functions):
        return False
    return condition is None or set(condition.variables) - {"viewer"} <= shown


def _left(resource: Resource, rule: Visibility, word: str, summary: str, found: Visibility) -> Bend:
    clauses = ("visibility.redacted", "visibility.searched", "visibility.write", "visibility.listed")
    subject = f"{resource.name}.{rule.name}.{word}"
    change = _bent(resource, rule, found)
    return bend("drop", clauses, subject, summary, change, pointer=rule.pointer)


def _bent(resource: Resource, rule: Visibility, other: Visibility | None) -> Change:
    """The resource with another rule in the place of one, or with none there."""

    def apply(found: Resource) -> Resource:
        rules = (other if one.name == rule.name else one for one in found.visibility)
        return replace(found, visibility=tuple(one for one in rules if one is not None))

    return on_resource(resource.name, apply)
