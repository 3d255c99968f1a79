"""How refusals look: the status and the code of one kind at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from troth.behaviour.bending.bend import Bend, Change, bend
from troth.behaviour.model import Behaviour

__all__ = ["bends"]

#: Kinds that every operation can be made to answer, so that one of them is asked for.
_KINDS = ("unauthenticated", "not-found", "malformed", "invalid")
_ANOTHER = {400: 422, 401: 403, 404: 410, 422: 400}


def bends(behaviour: Behaviour) -> Iterator[Bend]:
    if not behaviour.errors.declared:
        return
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
