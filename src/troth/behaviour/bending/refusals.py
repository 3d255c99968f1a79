"""How refusals look: the status, the code and the body of one kind at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from troth.behaviour.bending.bend import Bend, Change, bend
from troth.behaviour.model import Behaviour, ErrorBody
from troth.behaviour.occasions import (
    Place,
    first_of_path,
    keyed,
    lifecycle,
    limited_once,
    permitted,
    refuses_media,
    scoped,
    unique_values,
)
from troth.behaviour.states import demanded, guarded
from troth.contract.model import Contract

__all__ = ["bends"]

#: Kinds that every operation can be made to answer, so that one of them is asked for.
_KINDS = ("unauthenticated", "not-found", "malformed", "invalid")
_ANOTHER = {400: 422, 401: 403, 404: 410, 422: 400}


def bends(contract: Contract, behaviour: Behaviour) -> Iterator[Bend]:
    if not behaviour.errors.declared:
        return
    yield from _bodies(contract, behaviour)
    for name in _KINDS:
        kind = behaviour.errors.kinds.get(name)
        if kind is None:
            continue
        if _is_coded(behaviour.errors.envelope):
            yield bend(
                "swap-identity", "errors.code", f"{name}.code", f"what is {name} has another code",
                _kind_with(name, code="troth_other"), pointer="/x-behaviour/errors",
            )  # fmt: skip
        tenancy = behaviour.tenancy
        named = name in (tenancy.missing, tenancy.unknown, tenancy.stranger) and tenancy.source == "header"
        clauses = ("errors.code", "tenancy.header") if named else ("errors.code",)
        yield bend(
            "off-by-one", clauses, f"{name}.status", f"what is {name} has another status",
            _kind_with(name, status=_ANOTHER.get(kind.status, 418)), pointer="/x-behaviour/errors",
        )  # fmt: skip


def _bodies(contract: Contract, behaviour: Behaviour) -> Iterator[Bend]:
    """One kind of refusal has another body than all others, wherever it is brought about."""
    if not isinstance(behaviour.errors.envelope, Mapping):
        return
    given = contract.extension.get("errors")
    named = given.get("kinds") if isinstance(given, Mapping) else None
    where: dict[str, list[str]] = {kind: [] for kind in _KINDS if kind in behaviour.errors.kinds}
    for binding in behaviour.bindings.values():
        for kind in _brought_about(Place(contract, behaviour, binding)):
            told = binding.operation.response_for(behaviour.errors.kinds[kind].status) is not None
            if told or (isinstance(named, Mapping) and kind in named):
                where.setdefault(kind, []).append(binding.id)
    for kind, operations in where.items():
        yield bend(
            "drop", "errors.envelope", kind, f"what is {kind} has a body of its own",
            _with_body(kind), pointer="/x-behaviour/errors", operations=operations,
        )  # fmt: skip


def _brought_about(at: Place) -> Iterator[str]:
    """The kinds of refusal beyond those of every operation that clauses bring about."""
    if scoped(at) or permitted(at):
        yield "forbidden"
    if first_of_path(at):
        yield "method-not-allowed"
    policy, cycle = at.binding.idempotency, at.binding.resource.lifecycle if at.binding.resource else None
    if policy is not None and keyed(at):
        yield policy.mismatch
    if unique_values(at):
        yield "conflict"
    if cycle is not None and lifecycle(at):
        yield cycle.refused
    if guarded(at):
        yield "precondition-failed"
    if demanded(at):
        yield "precondition-required"
    if limited_once(at):
        yield "rate-limited"
    if refuses_media(at.binding):
        yield "unsupported-media-type"


def _with_body(kind: str) -> Change:
    """The kind's own body, which has nothing of the envelope."""
    body = ErrorBody({"fault": "$message"}, "$message", None, None, needs_details=False)

    def apply(behaviour: Behaviour) -> Behaviour:
        bodies = {**behaviour.errors.bodies, kind: body}
        return replace(behaviour, errors=replace(behaviour.errors, bodies=bodies))

    return apply


def _is_coded(template: object) -> bool:
    if isinstance(template, Mapping):
        return any(_is_coded(inner) for inner in template.values())
    if isinstance(template, list):
        return any(_is_coded(inner) for inner in template)
    return template == "$code"


def _kind_with(name: str, **changes: object) -> Change:
    def apply(behaviour: Behaviour) -> Behaviour:
        errors = behaviour.errors
        bent = replace(errors.kinds[name], **changes)  # type: ignore[arg-type]
        return replace(behaviour, errors=replace(errors, kinds={**errors.kinds, name: bent}))

    return apply
