"""Following: an operation shows the row that the row of its path refers to."""

from __future__ import annotations

from collections.abc import Callable

from troth.behaviour.model import Reference
from troth.engine.calls import Call, Rows
from troth.engine.messages import Response
from troth.engine.refusing import Refusal

__all__ = ["following"]


def following(rows: Rows, through: Reference) -> Callable[[Call], Response]:
    """The performer that shows the row behind a reference, as far as the caller sees it; a missing one is refused."""

    def perform(call: Call) -> Response:
        row = rows.find(call)
        view = rows.kind.full(row, call.world)
        target, identifier = next(((t, i) for _, t, i in through.named(view)), (None, None))
        table = call.state.table(call.world.tenant, target) if target in rows.keeper.kinds else None
        found = table.get(str(identifier)) if table is not None else None
        if table is not None and found is not None and "another-followed" in rows.faults:
            found = next((other for other in table.shown() if other is not found), found)
        if target is None or found is None or not found.visible:
            raise Refusal("not-found")
        return rows.one(found, call.world, rows.binding.success, target, call.values)

    return perform
