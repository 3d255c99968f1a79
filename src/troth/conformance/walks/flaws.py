"""Differences between target and model, and the clause that each of them breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.conformance.deviations import Deviation
from troth.conformance.exchanges import Exchange
from troth.engine.refusing import Refusal

__all__ = ["About", "Difference", "WalkFlaw", "clause_for_field", "clause_for_refusal", "fallbacks"]

_KINDS = {
    "unauthenticated": "authentication.required",
    "forbidden": "scopes.required",
    "malformed": "validation.rejected",
    "unqueryable": "conditions.unknown",
}
_RULES = {
    "unique": "fields.unique",
    "lifecycle": "lifecycle.transition",
    "read-only": "fields.read-only",
    "immutable": "fields.immutable",
    "editable-while": "rules.held",
}
_ROWS = {
    Kind.CREATE: "resource.create",
    Kind.READ: "resource.read",
    Kind.UPDATE: "resource.update",
    Kind.REPLACE: "resource.update",
    Kind.DELETE: "resource.delete",
    Kind.ACTION: "action.effect",
    Kind.LIST: "pagination.complete",
}


#: What causes that are no fields come to.
_DEVIATIONS: Mapping[str, Deviation] = {
    "accepted": "accepted",
    "refused": "refused",
    "lost": "missing",
    "missing": "missing",
    "extra": "extra",
    "there": "extra",
    "key": "refused",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where target and model part: the clause that says so, the operation it belongs to, and a sentence.

    ``cause`` is what differs, such as a field: differences with one cause are one flaw.
    """

    clause: str
    operation: str
    cause: str
    title: str

    @property
    def deviation(self) -> tuple[Deviation | None, str]:
        """The kind of deviation, None where the last answer tells it, and the field that deviates."""
        known = _DEVIATIONS.get(self.cause.partition(":")[0])
        if known is not None or self.cause == "status":
            return known, ""
        return "value", self.cause

    @property
    def signature(self) -> tuple[str, str, str]:
        return self.clause, self.operation, self.cause


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a step that parted the two: whose rows it names, what it says.

    ``sent``: the body names the field; ``changed``: it does not, and the value moved nevertheless; ``moved``: the
    model's value moved; ``shortened``: the body has members that stand for an object.
    """

    foreign: bool = False
    foreign_reference: bool = False
    gone: bool = False
    keyed: bool = False
    shortened: bool = False
    sent: bool = False
    changed: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True)
class WalkFlaw:
    """A difference with the fewest steps that show it, as they went to the target; ``mark`` is that of their ground."""

    difference: Difference
    exchanges: tuple[Exchange, ...]
    mark: str = ""

    @property
    def title(self) -> str:
        before = len(self.exchanges) - 1
        after = f"After {before} {'request' if before == 1 else 'requests'}, " if before else ""
        return f"{after}{self.difference.operation} {self.difference.title}"


def clause_for_refusal(binding: Binding, refusal: Refusal, about: About) -> str:
    """What a target breaks that accepts what the model refuses."""
    rules = {str(entry.get("rule")) for entry in refusal.details or () if isinstance(entry, Mapping)}
    if "reference" in rules:
        return "tenancy.reference" if about.foreign_reference else "references.exists"
    if refusal.kind in _KINDS:
        return _KINDS[refusal.kind]
    if refusal.kind == "not-found":
        return _for_missing(binding, about)
    return _for_rule(binding, refusal, rules, about)


def _for_missing(binding: Binding, about: About) -> str:
    if about.foreign:
        word = {Kind.READ: "read", Kind.LIST: "list", Kind.ACTION: "action"}.get(binding.kind, "write")
        return f"tenancy.{word}"
    return "resource.delete" if about.gone else "validation.rejected"


def _for_rule(binding: Binding, refusal: Refusal, rules: set[str], about: About) -> str:
    found = next((clause for rule, clause in _RULES.items() if rule in rules), None)
    policy, resource = binding.idempotency, binding.resource
    if found is None and about.keyed and policy is not None and refusal.kind == policy.mismatch:
        found = "idempotency.mismatch"
    if found is None and binding.kind is Kind.ACTION:
        found = "action.refused"
    if found is None and about.shortened:
        found = "shorthand.equal"
    named = {rule.name for rule in (resource.rules if resource else ())}
    schema = refusal.kind in ("invalid", "unprocessable") and refusal.details
    return found or ("rules.held" if rules & named or not schema else "validation.rejected")


def clause_for_field(resource: Resource, binding: Binding, name: str, about: About) -> str:
    """What a target breaks that shows another value."""
    field = resource.fields[name]
    if binding.shorthand is not None and about.shortened and name == binding.shorthand.into:
        return "shorthand.equal"
    if field.computed is not None or _inside(field):
        return "fields.frozen" if field.frozen_when is not None and not about.moved else "fields.computed"
    if about.sent and field.emptied is not None:
        return "fields.emptied"
    if field.read_only or field.stamped is not None:
        return "fields.read-only"
    if about.changed:
        return "fields.immutable" if field.immutable else "resource.merge"
    return "fields.default" if binding.kind is Kind.CREATE and not about.sent else _ROWS[binding.kind]


def _inside(field: Field) -> bool:
    return any(inner.computed is not None for inner in (field.items or {}).values())


def fallbacks(binding: Binding) -> Iterator[str]:
    """Clauses that stand in where the contract has no better one."""
    yield _ROWS[binding.kind]
    yield "schema.response"
