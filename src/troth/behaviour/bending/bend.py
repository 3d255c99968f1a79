"""One derived fault, and how a frozen behaviour is given another part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from troth.behaviour.model import Behaviour, Binding, Resource

__all__ = ["OPERATORS", "Bend", "Change", "Operator", "bend", "on_binding", "on_resource"]

Operator = Literal["drop", "invert", "widen", "off-by-one", "stale", "swap-identity"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)

Change = Callable[[Behaviour], Behaviour]


@dataclass(frozen=True, slots=True)
class Bend:
    """``name`` is ``clause:operator:subject``; any of ``clauses`` names it rightly, the first is the expected one.

    ``operations`` are those where it shows, empty for all of them.
    """

    name: str
    operator: Operator
    clauses: tuple[str, ...]
    summary: str
    pointer: str
    apply: Change
    operations: frozenset[str] = frozenset()

    @property
    def clause(self) -> str:
        return self.clauses[0]


def bend(
    operator: Operator,
    clauses: str | tuple[str, ...],
    subject: str,
    summary: str,
    apply: Change,
    *,
    pointer: str = "",
    operations: Iterable[str] = (),
) -> Bend:
    """A bend with its name."""
    named = (clauses,) if isinstance(clauses, str) else clauses
    name = ":".join(part for part in (named[0], operator, subject) if part)
    return Bend(name, operator, named, summary, pointer, apply, frozenset(operations))


def on_resource(name: str, change: Callable[[Resource], Resource]) -> Change:
    """Another version of one resource, wherever it stands."""

    def apply(behaviour: Behaviour) -> Behaviour:
        bent = change(behaviour.resources[name])
        bindings = {
            key: replace(one, resource=bent) if one.resource and one.resource.name == name else one
            for key, one in behaviour.bindings.items()
        }
        return replace(behaviour, resources={**behaviour.resources, name: bent}, bindings=bindings)

    return apply


def on_binding(binding: Binding, **changes: Any) -> Change:
    """Another version of one operation."""

    def apply(behaviour: Behaviour) -> Behaviour:
        bent = replace(behaviour.bindings[binding.id], **changes)
        return replace(behaviour, bindings={**behaviour.bindings, binding.id: bent})

    return apply
