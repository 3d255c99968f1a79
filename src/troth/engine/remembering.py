"""What a selection showed of rows, kept while nothing that it shows has changed.

A row is one value for good, and what is computed for it over others comes with a new one. So its JSON under a selection
stays the same while the rows of the resources that the selection leads to do, the day does, and, for a caller from whom
something is withheld, every row that a rule may look at.
"""

from __future__ import annotations

from troth.engine.cutting import Memo
from troth.engine.keeping import Keeper
from troth.engine.messages import compact, dump
from troth.engine.projecting import Selected
from troth.engine.seeing import Sight
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["Remembered"]

_STATES, _ROWS = 32, 512


class Remembered:
    """The rows that operations of one program have shown, in the state that they belong to."""

    __slots__ = ("_keeper",)

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    @staticmethod
    def of(keeper: Keeper, faults: frozenset[str]) -> Remembered | None:
        """None where rows are shown in another version, or change under the eyes of a fault."""
        differs = any(translation.differs for translation in keeper.translations.values())
        return None if differs or "first-value-follows" in faults else Remembered(keeper)

    def before(self, selected: Selected, world: TenantWorld) -> dict[Row, bytes]:
        """What was shown of rows when everything was as it is now."""
        state, tenant = world.state, world.tenant
        gaze = self._keeper.seer.gaze(world) if self._keeper.seer.rules else None
        reached = tuple([state.table(tenant, name).content for name in selected.reaches])
        key = (selected, reached, world.today(), gaze if gaze is not None and gaze.limited else None)
        found: dict[Row, bytes] | None = state.shown.get(key)
        if found is None:
            if len(state.shown) >= _STATES:
                state.shown.pop(next(iter(state.shown)))
            found = state.shown[key] = {}
        return found

    def row(
        self,
        known: dict[Row, bytes],
        selected: Selected,
        sight: Sight,
        row: Row,
        world: TenantWorld,
        memo: Memo,
    ) -> bytes:
        """The JSON of one row under a selection."""
        found = known.get(row)
        if found is None:
            found = compact(dump(selected.cut(sight.view(row, world), world, memo)))
            if len(known) >= _ROWS:
                known.clear()
            known[row] = found
        return found
