"""Actions: what an operation does to the row that its path names, beyond taking its body; all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from troth.behaviour.expressions import Expression
from troth.behaviour.model import Behaviour, Binding, Effect, Resource, Transition
from troth.contract.pointers import escape
from troth.engine.checking import WriteChecks, detail
from troth.engine.fitting import evaluated, fitted
from troth.engine.keeping import Keeper
from troth.engine.refusing import Refusal
from troth.engine.rows import RowKind
from troth.engine.state import Row
from troth.engine.world import TenantWorld
from troth.errors import BehaviourError

__all__ = ["Effects", "Made"]

_ABSENT = object()


class Made(NamedTuple):
    """A row that an effect adds, filled but not yet stored."""

    resource: Resource
    data: dict[str, Any]


class Effects:
    """The compiled rules and effect of one operation on one resource."""

    def __init__(
        self,
        binding: Binding,
        resource: Resource,
        behaviour: Behaviour,
        keeper: Keeper,
        faults: frozenset[str],
    ) -> None:
        self._rules = binding.rules
        self._effect = binding.effect or Effect(None, {}, {}, "")
        self._resource = resource
        self._keeper = keeper
        self._checks = WriteChecks(resource, behaviour, faults)
        self._asked = WriteChecks(resource, behaviour, faults, keeper.withholding)
        self._idle = "effect-ignored" in faults
        self._lenient = "action-unchecked" in faults
        self._created = tuple(
            (behaviour.resources[name], values, WriteChecks(behaviour.resources[name], behaviour, faults))
            for name, values in self._effect.create.items()
            if name in behaviour.resources
        )
        self._transition = _transition(resource, self._effect.transition)

    def changes(
        self, body: Any, row: Mapping[str, Any], before: Mapping[str, Any], world: TenantWorld
    ) -> tuple[dict[str, Any], list[Made]]:
        """The fields that the effect sets and the rows that it adds. Raises Refusal, before anything is stored.

        ``row`` is the acted row with the request's changes, ``before`` without them.
        """
        sent = {name: value for name, value in row.items() if before.get(name, _ABSENT) != value}
        extra: dict[str, Any] = {"old": before, "changes": sent, "body": body}
        if not self._lenient:
            self._checks.held(self._rules, row, world, extra)
        if self._idle:
            return {}, []
        found = self._moved(before, world)
        made = [
            self._filled(target, values, checks, row, extra, world)
            for target, values, checks in self._created
        ]
        if made:
            extra["created"] = made[-1].data
        for name, formula in self._effect.assign.items():
            value = evaluated(formula, row, world, extra)
            found[name] = fitted(value, self._resource.fields.get(name))
        own = {
            n for n in found if n in self._effect.assign and "created" not in self._effect.assign[n].variables
        }
        asked = {n for n in own if "body" in self._effect.assign[n].variables}
        self._asked.references({**row, **found}, asked, world)
        self._checks.references({**row, **found}, own - asked, world)
        return found, made

    def store(self, made: list[Made], world: TenantWorld) -> Row | None:
        """Store the added rows; the last one."""
        rows = [self._keeper.add(one.resource, one.data, world) for one in made]
        return rows[-1] if rows else None

    def _moved(self, before: Mapping[str, Any], world: TenantWorld) -> dict[str, Any]:
        """The state field after the transition. Raises Refusal where the row is in no state that it starts from."""
        move, cycle = self._transition, self._resource.lifecycle
        if move is None or cycle is None:
            return {}
        now = before.get(cycle.field)
        open_ = str(now) in move.origins and (move.when is None or move.when.holds(before, world))
        if not open_ and not self._lenient:
            message = f"'{cycle.field}' is {now!r}, from which there is no way to {move.name}."
            raise Refusal(cycle.refused, message, [detail(f"/{escape(cycle.field)}", "lifecycle", message)])
        return {cycle.field: fitted(move.target, self._resource.fields.get(cycle.field))}

    def _filled(
        self,
        target: Resource,
        values: Mapping[str, Expression],
        checks: WriteChecks,
        row: Mapping[str, Any],
        extra: Mapping[str, Any],
        world: TenantWorld,
    ) -> Made:
        given = {
            name: fitted(evaluated(formula, row, world, extra), target.fields.get(name))
            for name, formula in values.items()
            if name in target.fields
        }
        kind: RowKind = self._keeper.kinds[target.name]
        named = {n: v for n, v in given.items() if v is not None}
        data = kind.filled(named, world, identifier=named.get(target.id_field))
        checks.references(data, data, world)
        checks.rules("create", data, world)
        checks.unique(data, world)
        return Made(target, data)


def _transition(resource: Resource, name: str | None) -> Transition | None:
    """The named transition of a resource. Raises BehaviourError when it has none of that name."""
    if name is None:
        return None
    moves = resource.lifecycle.transitions if resource.lifecycle else ()
    found = next((move for move in moves if move.name == name), None)
    if found is None:
        raise BehaviourError(f"{resource.name} has no transition {name!r}.")
    return found
