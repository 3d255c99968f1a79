"""The two contracts of a comparison, with what is asked of both: normal forms, places in words, equality of values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from troth.compatibility.containment import equal_values
from troth.compatibility.expansion import expand
from troth.compatibility.facts import Pair, Pointers
from troth.compatibility.likeness import Likeness
from troth.compatibility.normal import Normaliser
from troth.compatibility.places import place_of
from troth.contract.model import Contract

__all__ = ["Sides"]

JSON = Any


class Sides:
    """Readers of the old and the new contract; answers about pairs of schemas are kept."""

    def __init__(self, old: Contract, new: Contract) -> None:
        self.old = Normaliser(old)
        self.new = Normaliser(new)
        self._same: dict[Pair, bool] = {}
        self._likeness = Likeness(self.old, self.new)

    def pair(self, old: Iterable[str], new: Iterable[str]) -> Pair:
        return Pair(self.old.key(old), self.new.key(new))

    def alike(self, old: Pointers, new: Pointers) -> bool:
        """Whether two schemas say the same in the same words, references followed: cheap, and enough where it holds."""
        return self._likeness.alike(old, new)

    def same(self, old: Pointers, new: Pointers) -> bool:
        """Whether two schemas are proved to admit the same values."""
        pair = Pair(old, new)
        if pair not in self._same:
            self._same[pair] = self.alike(old, new) or equal_values(
                expand(self.old, old), expand(self.new, new)
            )
        return self._same[pair]

    def place(self, action: str, old: str, new: str) -> str:
        """Where an edit was made: in the new contract, or in the old one for what was removed."""
        return place_of(self.old.contract, old) if action == "removed" else place_of(self.new.contract, new)

    def inert(self, old: Pointers, new: Pointers) -> bool:
        """Whether two schemas read the same and refer to nothing: there is no difference to look for."""
        if old != new:
            return False
        return all(
            self.old.raw(pointer) == (schema := self.new.raw(pointer)) and not _refers(schema)
            for pointer in old
        )

    def untouched(self, pair: Pair) -> bool:
        """Whether a schema reads the same on both sides and takes nothing at its own level from elsewhere."""
        if pair.old != pair.new:
            return False
        for pointer in pair.old:
            schema = self.new.raw(pointer)
            if self.old.raw(pointer) != schema:
                return False
            if isinstance(schema, dict) and schema.keys() & {"$ref", "allOf", "anyOf", "oneOf"}:
                return False
        return True


def _refers(schema: JSON) -> bool:
    if isinstance(schema, dict):
        return "$ref" in schema or any(
            _refers(part) for part in schema.values() if isinstance(part, (dict, list))
        )
    return isinstance(schema, list) and any(map(_refers, schema))
