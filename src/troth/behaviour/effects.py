"""What operations do beyond taking their body, and what writes leave behind: ``effect``, ``rules``, ``records``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.expressions import Expression
from troth.behaviour.model import Effect, Record, Rule
from troth.behaviour.profiles import on
from troth.behaviour.resources import required_expression, rules_of
from troth.contract.model import Contract, Operation
from troth.contract.pointers import join

__all__ = ["effect_of", "records_of", "rules_of_operation"]


def effect_of(contract: Contract, operation: Operation) -> Effect | None:
    """The effect of an operation. Raises BehaviourError for an expression that is none."""
    given = operation.extension.get("effect")
    if not isinstance(given, Mapping):
        return None
    at = join(operation.pointer, "x-behaviour", "effect")
    transition = given.get("transition")
    return Effect(
        transition=None if transition is None else str(transition),
        create={
            str(name): _values(contract, values, join(at, "create", name))
            for name, values in (given.get("create") or {}).items()
        },
        assign=_values(contract, given.get("set"), join(at, "set")),
        pointer=at,
    )


def rules_of_operation(contract: Contract, operation: Operation) -> tuple[Rule, ...]:
    """The rules that hold for one operation alone."""
    at = join(operation.pointer, "x-behaviour")
    return rules_of(contract, operation.extension.get("rules"), at, timed=False)


def records_of(contract: Contract, given: Any, pointer: str) -> tuple[Record, ...]:
    """The rows that writes of a resource leave in others; ``pointer`` is that of the resource's behaviour."""
    found = []
    for name, record in (given or {}).items():
        at = join(pointer, "records", name)
        when = record.get("when")
        found.append(
            Record(
                name=str(name),
                on=frozenset(on(record.get("on", {"create": True}))),
                when=None if when is None else required_expression(contract, when, join(at, "when")),
                into=str(record.get("in")),
                row=_values(contract, record.get("row"), join(at, "row")),
                pointer=at,
            )
        )
    return tuple(found)


def _values(contract: Contract, given: Any, pointer: str) -> dict[str, Expression]:
    return {
        str(name): required_expression(contract, text, join(pointer, name))
        for name, text in (given or {}).items()
    }
