"""The messages of one operation on both sides: who sends what, and what a fact about it is called.

An operation takes requests and gives responses. A webhook or a callback is the other way round: the API sends the
request and takes the answer, so every word about it is that of the other role.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.compatibility.facts import Direction, Fact, Use
from troth.compatibility.operations import OperationPair
from troth.compatibility.schemas import SchemaWalk

__all__ = ["SWAPPED", "Dialogue"]

JSON = Any
SWAPPED: Mapping[str, str] = {
    "parameter": "sent-parameter",
    "required-parameter": "sent-parameter",
    "parameter-requirement": "sent-parameter-requirement",
    "parameter-style": "sent-parameter-form",
    "parameter-explode": "sent-parameter-form",
    "parameter-content-type": "sent-parameter-form",
    "parameter-reserved": "sent-parameter-form",
    "parameter-empty": "sent-parameter-form",
    "body": "sent-body",
    "required-body": "sent-body",
    "body-requirement": "sent-body-requirement",
    "success-status": "taken-status",
    "error-status": "taken-error-status",
    "header": "taken-header",
    "required-header": "taken-required-header",
    "header-requirement": "taken-header-requirement",
    "header-form": "taken-header-form",
}
"""What a part of a request or answer is called where the API sends the request."""
OTHER: Mapping[Direction, Direction] = {"request": "response", "response": "request"}


class Dialogue:
    """One pair of operations, with the walk to which the schemas met on the way are handed.

    ``unused`` is set for one that nobody performs: it stands in for shared parts that no operation uses.
    """

    def __init__(
        self, pair: OperationPair, walk: SchemaWalk, *, outgoing: bool = False, unused: bool = False
    ) -> None:
        self.pair, self.walk, self.outgoing, self.unused = pair, walk, outgoing, unused

    def direction(self, direction: Direction) -> Direction:
        """The way a message really travels."""
        return OTHER[direction] if self.outgoing else direction

    def enter(self, old: str | None, new: str | None, direction: Direction, position: str) -> None:
        """A schema on both sides at which a message, a parameter or a header begins."""
        if old and new and self.unused:
            self.walk.look(old, new)
        elif old and new:
            self.walk.enter(old, new, Use(self.pair.new.id, self.direction(direction), position))

    def fact(
        self,
        subject: str,
        action: str,
        place: str,
        pointers: tuple[str | None, str | None],
        values: tuple[JSON, JSON] = (None, None),
        names: tuple[str, ...] = (),
        **context: JSON,
    ) -> Fact:
        """A fact about a part of this operation."""
        called = SWAPPED.get(subject, subject) if self.outgoing else subject
        if called.endswith("-form"):
            action = "changed"
        place = f"{place} of {self.pair.new.id}"
        return Fact(called, action, place, *values, *pointers, self.pair.new.id, names=names, context=context)

    def old_node(self, pointer: str) -> Mapping[str, JSON]:
        """The object at a pointer of the old contract."""
        return _mapping(self.walk.old.raw(pointer))

    def new_node(self, pointer: str) -> Mapping[str, JSON]:
        """The object at a pointer of the new contract."""
        return _mapping(self.walk.new.raw(pointer))


def _mapping(node: JSON) -> Mapping[str, JSON]:
    return node if isinstance(node, Mapping) else {}
