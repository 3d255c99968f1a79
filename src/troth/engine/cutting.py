"""Selections as functions: each is compiled once into what cuts a row down to the members that were picked.

Nothing of a selection is interpreted for a row. Rows that stand inside others are shown once for each answer, however
many rows of it refer to them: a memo goes along, which lives no longer than the answer. It also notes which rows were
looked for, since as long as the same are found there, the same is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from troth.behaviour.model import Reference
from troth.behaviour.selecting import OWN, Picked
from troth.engine.keeping import Keeper
from troth.engine.state import Row
from troth.engine.withholding import Withheld
from troth.engine.world import TenantWorld

__all__ = ["Cut", "Cutter", "Finding", "Memo"]

View = Mapping[str, Any]


class Memo:
    """What one answer has shown inside of its rows so far, and what was ``found`` of other rows since somebody asked.

    A finding is the resource, the id, and the row that there was, or None.
    """

    __slots__ = ("found", "known")

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.known: dict[Any, tuple[Any, list[Finding]]] = {}


Finding = tuple[str, str, Row | None]
Cut = Callable[[View, TenantWorld, Memo], dict[str, Any]]
"""What is seen of a row or an object to the members of it that are shown."""
_Part = Callable[[Any, View, TenantWorld, Memo], Any]
_Embedded = Callable[[Any, View | None, TenantWorld, Memo], Any]


class Cutter:
    """Compiles selections; ``whole``: rows inside others have all their members whatever is picked of them."""

    def __init__(self, keeper: Keeper, *, whole: bool) -> None:
        self._keeper = keeper
        self._whole = whole
        self._numbers = count()

    def of_rows(self, resource: str, picked: Sequence[Picked]) -> Cut:
        """Cuts what callers see of the rows of a resource.

        Members that no selection leaves out stay. What is left of a row that is withheld is not selected from: it is
        shown as the rule says.
        """
        cut = self._cut(picked, self._keeper.sights[resource].marks)

        def shown(view: View, world: TenantWorld, memo: Memo) -> dict[str, Any]:
            return dict(view) if isinstance(view, Withheld) else cut(view, world, memo)

        return shown

    def _cut(self, picked: Sequence[Picked], marks: Sequence[str] = ()) -> Cut:
        names = tuple(dict.fromkeys((*(one.name for one in picked), *marks)))
        parts = {one.name: self._part(one.reference, one.inner) for one in picked if one.inner is not None}
        if not parts:
            return lambda view, _world, _memo: {name: view[name] for name in names if name in view}
        steps = tuple((name, None if name in marks else parts.get(name)) for name in names)

        def cut(view: View, world: TenantWorld, memo: Memo) -> dict[str, Any]:
            made: dict[str, Any] = {}
            for name, part in steps:
                if name in view:
                    value = view[name]
                    made[name] = value if part is None or value is None else part(value, view, world, memo)
            return made

        return cut

    def _part(self, reference: Reference | None, inner: Mapping[str, Sequence[Picked]]) -> _Part:
        """An object, each of a list, or the row behind a reference; null where there is no such row."""
        own = self._cut(inner.get(OWN, ()))
        one = _of_objects(own) if reference is None else self._embedding(reference, inner, own)

        def part(value: Any, view: View, world: TenantWorld, memo: Memo) -> Any:
            if not isinstance(value, list):
                return one(value, view, world, memo)
            found = [part(item, view, world, memo) for item in value if item is not None]
            return [item for item in found if item is not None]

        return part

    def _embedding(self, reference: Reference, inner: Mapping[str, Sequence[Picked]], own: Cut) -> _Part:
        at, by, to = reference.at, reference.by, reference.to
        rows = {
            word: self._row(target, inner[target], at, by) for word, target in to.items() if target in inner
        }
        single = rows.get("") if by is None else None

        def below(value: Any, _view: View, world: TenantWorld, memo: Memo) -> Any:
            """The object with the id is what holds the reference."""
            if not isinstance(value, dict):
                return value
            row = single if by is None else rows.get(str(value.get(by)))
            return own(value, world, memo) if row is None else row(value.get(at), value, world, memo)

        def beside(value: Any, view: View, world: TenantWorld, memo: Memo) -> Any:
            row = single if by is None else rows.get(str(view.get(by)))
            return value if row is None else row(value, None, world, memo)

        return beside if at is None else below

    def _row(self, target: str, picked: Sequence[Picked], at: str | None, by: str | None) -> _Embedded:
        """A row inside another one, which may keep members of its own beside the id: what the row knows better."""
        sight, fields = self._keeper.sights[target], self._keeper.kinds[target].resource.fields
        cut, number = self._cut(picked, sight.marks), next(self._numbers)
        whole, within = self._whole, at in fields

        def shown(identifier: str, kept: View, world: TenantWorld, memo: Memo) -> Any:
            row = world.state.table(world.tenant, target).get(identifier)
            memo.found.append((target, identifier, row))
            if row is None or not sight.shows(row, world):
                return None
            seen = sight.view(row, world)
            withheld = isinstance(seen, Withheld)
            named = {by: kept[by]} if by is not None and by in kept else {}
            if kept and not withheld:
                others = {name: item for name, item in kept.items() if name not in fields}
                if others or named:
                    seen = {**others, **seen, **named}
            elif named:
                seen = {**seen, **named}
            return dict(seen) if whole or withheld else cut(seen, world, memo)

        def embedded(identifier: Any, kept: View | None, world: TenantWorld, memo: Memo) -> Any:
            text = str(identifier)
            if kept is None:
                key: Any = (number, text)
            elif within and len(kept) == 1 and at in kept:
                key, kept = (number, text), None
            else:
                return shown(text, kept, world, memo)
            before = memo.known.get(key)
            if before is None:
                outside, memo.found = memo.found, []
                before = memo.known[key] = shown(text, kept or {}, world, memo), memo.found
                memo.found = outside
            memo.found += before[1]
            return before[0]

        return embedded


def _of_objects(own: Cut) -> _Part:
    return lambda value, _view, world, memo: own(value, world, memo) if isinstance(value, dict) else value
