"""What expressions ask about other rows, and whether the answers are still the same.

An expression that gets the same answers to the questions that it asked before goes on to ask the next of them. So where
all answers are the same, the value is; and nothing is asked that the expression would not have asked itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from marshal import dumps
from typing import Any, NamedTuple, Protocol

from troth.behaviour.members import Asked, narrowed

__all__ = ["Question", "Questions", "World", "as_bytes"]

Row = Mapping[str, Any]
#: The format that writes equal values as equal bytes: without references to what was written before.
_PLAIN = 2


def as_bytes(value: Any) -> bytes:
    """Bytes that are equal for equal JSON values of equal kinds only. Raises ValueError for what JSON has not."""
    return dumps(value, _PLAIN)


class World(Protocol):
    """What an expression may ask for beyond its own row."""

    @property
    def viewer(self) -> Mapping[str, Any]: ...
    def today(self) -> str: ...
    def now(self) -> str: ...
    def related(self, resource: str, field: str, row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]: ...
    def lookup(self, resource: str, identifier: Any) -> Mapping[str, Any] | None: ...
    def seen(self, resource: str, identifier: Any) -> bool: ...


class Question(NamedTuple):
    """What an expression asked about other rows, and the bytes of the answer."""

    function: str
    arguments: tuple[Any, ...]
    answer: bytes


class Questions:
    """What one evaluation asks beyond its own row: each thing once."""

    __slots__ = ("_asked", "_known", "_lost", "row", "world")

    def __init__(self, asked: Mapping[str, Asked], row: Row, world: World) -> None:
        self._asked = asked
        self.row = row
        self.world = world
        self._known: dict[bytes, tuple[str, tuple[Any, ...], Any]] = {}
        self._lost = False

    def ask(self, function: str, *arguments: Any) -> Any:
        """What a function that gives rows answers, with nothing but what the expression reads of them."""
        try:
            key = as_bytes((function, arguments))
        except ValueError:  # no JSON value, so no id
            self._lost = True
            return self._answer(function, arguments)
        known = self._known.get(key)
        if known is None:
            lost, self._lost = self._lost, True  # should there be no answer
            known = self._known[key] = function, arguments, self._answer(function, arguments)
            self._lost = lost
        return known[2]

    def _answer(self, function: str, arguments: tuple[Any, ...]) -> Any:
        name, of = arguments
        given = (
            self.world.lookup(name, of) if function == "lookup" else self.world.related(name, of, self.row)
        )
        return narrowed(given, self._asked.get(function))

    def repeat(self, before: tuple[Question, ...]) -> bool:
        """Ask again what was asked before, until an answer is another one; whether all are the same."""
        try:
            return all(as_bytes(self.ask(one.function, *one.arguments)) == one.answer for one in before)
        except Exception:  # noqa: BLE001 - whatever it is, the expression meets it as well, and is null
            return False

    def told(self) -> tuple[Question, ...] | None:
        """All that was asked, in its order; None where an answer was missing or cannot be compared."""
        if self._lost:
            return None
        try:
            return tuple(
                Question(function, arguments, as_bytes(answer))
                for function, arguments, answer in self._known.values()
            )
        except ValueError:
            return None
