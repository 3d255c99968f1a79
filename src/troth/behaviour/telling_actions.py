"""What an operation does beyond taking its body, in sentences: effects, its own rules, records, conditions."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.model import Effect, Kind
from troth.behaviour.telling import Fact, Teller
from troth.contract.pointers import join

__all__ = ["action_facts"]

_MOMENTS = {Kind.CREATE: "create", Kind.UPDATE: "update", Kind.REPLACE: "update", Kind.DELETE: "delete"}


def action_facts(at: Teller) -> Iterator[Fact]:
    """The facts that an operation's own keywords make, and the rows that its writes leave behind."""
    binding, resource = at.binding, at.binding.resource
    if resource is None:
        return
    if resource.shared:
        pointer = join(resource.pointer, "shared")
        yield at.fact("shared", "all tenants see the same rows", pointer, "x-behaviour")
    if binding.where is not None:
        yield at.fact("where", f"only rows for which {binding.where.text}", at.own("where"), "x-behaviour")
    for rule in binding.rules:
        when = f"when {rule.when.text}: " if rule.when else ""
        told = f"{when}{rule.require.text}; else {at.refused(rule.refused)}"
        yield at.fact("rule", told, rule.pointer, "x-behaviour")
    if binding.effect is not None:
        yield from _effect(at, binding.effect)
    if binding.prints:
        told = f"shows the row as a PDF; a missing one answers {at.refused('not-found')}"
        yield at.fact("document", told, at.operation, "media type of the response")
    if binding.through is not None:
        told = f"shows the row that '{binding.through.field}' names; a missing one answers {at.refused('not-found')}"
        yield at.fact("through", told, at.own("through"), "x-behaviour")
    moment = "update" if binding.kind is Kind.ACTION and binding.effect else _MOMENTS.get(binding.kind)
    for record in resource.records:
        if moment in record.on:
            when = f" when {record.when.text}" if record.when else ""
            told = f"leaves a row in {record.into}{when} ({record.name})"
            yield at.fact("record", told, record.pointer, "x-behaviour")


def _effect(at: Teller, effect: Effect) -> Iterator[Fact]:
    resource = at.binding.resource
    cycle = resource.lifecycle if resource else None
    move = next((m for m in cycle.transitions if m.name == effect.transition), None) if cycle else None
    if cycle is not None and move is not None:
        origins = " or ".join(sorted(move.origins))
        told = f"'{cycle.field}' {origins} \u2192 {move.target}; else {at.refused(cycle.refused)}"
        yield at.fact("effect", told, join(effect.pointer, "transition"), "x-behaviour")
    for name, values in effect.create.items():
        told = ", ".join(f"'{field}' = {formula.text}" for field, formula in values.items())
        yield at.fact(
            "effect", f"makes one of {name}: {told}", join(effect.pointer, "create", name), "x-behaviour"
        )
    for name, formula in effect.assign.items():
        pointer = join(effect.pointer, "set", name)
        yield at.fact("effect", f"sets '{name}' = {formula.text}", pointer, "x-behaviour")
