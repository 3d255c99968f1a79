"""The performer of an action: its effects happen together, or not at all."""

from __future__ import annotations

from collections.abc import Callable

from troth.engine.calls import Call, Rows
from troth.engine.effects import Effects
from troth.engine.messages import Response

__all__ = ["acting"]


def acting(rows: Rows, effects: Effects, answers: str | None) -> Callable[[Call], Response]:
    """The performer of an action; it answers the row just made when that is what the response shows."""
    resource, kind, keeper, checks = rows.resource, rows.kind, rows.keeper, rows.checks
    updated = [f.name for f in resource.fields.values() if f.generated == "updated"]
    races = "race-on-row" in rows.faults
    shows_new = answers is not None and answers != resource.name

    def perform(call: Call) -> Response:
        row, world = rows.subject(call, "leak-foreign-action")
        rows.guard(row, world)
        before = kind.full(row, world)
        found, made = effects.changes(call.body, before, before, world)
        data = {**row.data, **found, **dict.fromkeys(updated, world.now())}
        checks.rules("update", {**before, **found}, world, before, found)
        checks.unique(data, world)
        if races:
            world.state.open_window()
        new = effects.store(made, world)
        changed = keeper.change(resource, row, data, world) if found or updated else row
        if shows_new and new is not None:
            return rows.one(new, world, rows.binding.success, made[-1].resource.name, call.values)
        return rows.one(changed, world, rows.binding.success, values=call.values)

    return perform
