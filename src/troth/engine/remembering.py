"""What a selection showed of rows, kept while nothing that it shows has changed.

A row is one value for good, and what is computed for it over others comes with a new one. So its JSON under a selection
stays the same while the rows that stand inside are the same ones, the day is, and, for a caller from whom something is
withheld, every row that a rule may look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from troth.engine.cutting import Finding, Memo
from troth.engine.keeping import Keeper
from troth.engine.messages import compact, dump
from troth.engine.projecting import Selected
from troth.engine.seeing import Sight
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["Remembered"]

_SELECTIONS, _ROWS = 16, 1024
Shown = dict[Row, tuple[bytes, tuple[Finding, ...]]]
"""The JSON of rows, and which rows were found for it."""


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

    def before(self, selected: Selected, world: TenantWorld) -> Shown:
        """What was shown of rows to callers who see as much on such a day."""
        shown = world.state.shown
        gaze = self._keeper.seer.gaze(world) if self._keeper.seer.rules else None
        key = (selected, world.today(), gaze if gaze is not None and gaze.limited else None)
        found: Shown | None = shown.get(key)
        if found is None:
            if len(shown) >= _SELECTIONS:
                shown.pop(next(iter(shown)))
            found = shown[key] = {}
        return found

    def rows(
        self, selected: Selected, sight: Sight, rows: Iterable[Row], world: TenantWorld
    ) -> Iterator[bytes]:
        """The JSON of rows under a selection."""
        known, memo = self.before(selected, world), Memo()
        tables = {name: world.state.table(world.tenant, name) for name in selected.reaches}
        for row in rows:
            before = known.get(row)
            if before is None or not all(tables[name].get(text) is one for name, text, one in before[1]):
                memo.found = []
                text = compact(dump(selected.cut(sight.view(row, world), world, memo)))
                if len(known) >= _ROWS:
                    known.clear()
                before = known[row] = text, tuple(memo.found)
            yield before[0]
