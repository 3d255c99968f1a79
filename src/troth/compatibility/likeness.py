"""Whether two schemas say the same thing in the same words, wherever the words stand.

References are followed on both sides, so an inlined or a moved schema is alike. It is the cheap question before the
dear one: what is alike admits the same values, and what is not may still.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.compatibility.expansion import MAPS, SILENT
from troth.compatibility.facts import Pointers
from troth.compatibility.normal import Normaliser, target_of

__all__ = ["Likeness"]

JSON = Any
UNORDERED = frozenset({"required", "type"})


class Likeness:
    """Two contracts' schemas side by side; what was found of a pair of referenced schemas is kept."""

    def __init__(self, old: Normaliser, new: Normaliser) -> None:
        self.old, self.new = old, new
        self._known: dict[tuple[str, str], bool] = {}

    def alike(self, old: Pointers, new: Pointers) -> bool:
        """Whether each part of one conjunction reads as the part of the other."""
        return len(old) == len(new) and all(map(self._referenced, old, new))

    def _referenced(self, old: str, new: str) -> bool:
        """Two schemas by pointer. A pair met again inside itself is assumed to be alike: nothing else differs."""
        known = self._known.get((old, new))
        if known is None:
            self._known[old, new] = True
            known = self._known[old, new] = self._schema(self.old.raw(old), self.new.raw(new))
            if not known:
                self._forget()
        return known

    def _forget(self) -> None:
        """What was found alike under an assumption that did not hold is asked again."""
        self._known = {pair: False for pair, alike in self._known.items() if not alike}

    def _schema(self, old: JSON, new: JSON) -> bool:
        if not isinstance(old, Mapping) or not isinstance(new, Mapping):
            return _equal(old, new)
        ends = _target(old), _target(new)
        if all(ends):
            return self._referenced(str(ends[0]), str(ends[1]))
        if ends[0]:
            return self._schema(self.old.raw(ends[0]), new)
        if ends[1]:
            return self._schema(old, self.new.raw(ends[1]))
        before, after = _said(old), _said(new)
        return before.keys() == after.keys() and all(
            self._value(keyword, before[keyword], after[keyword]) for keyword in before
        )

    def _value(self, keyword: str, old: JSON, new: JSON) -> bool:
        if keyword in MAPS and isinstance(old, Mapping) and isinstance(new, Mapping):
            return old.keys() == new.keys() and all(self._schema(old[name], new[name]) for name in old)
        if keyword in UNORDERED and isinstance(old, list) and isinstance(new, list):
            return set(map(str, old)) == set(map(str, new))
        if isinstance(old, list) and isinstance(new, list) and keyword != "enum":
            return len(old) == len(new) and all(map(self._schema, old, new))
        return self._schema(old, new)


def _target(schema: Mapping[str, JSON]) -> str | None:
    """Where a reference that stands alone leads."""
    reference = schema.get("$ref")
    alone = isinstance(reference, str) and _said(schema).keys() == {"$ref"}
    return target_of(str(reference)) if alone else None


def _said(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    return {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in SILENT and not keyword.startswith("x-")
    }


def _equal(old: JSON, new: JSON) -> bool:
    return isinstance(old, bool) is isinstance(new, bool) and bool(old == new)
