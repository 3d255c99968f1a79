"""Which operations a pair of schemas reaches: the graph of pairs, read upwards from an edit to the messages."""

from __future__ import annotations

from collections import defaultdict

from troth.compatibility.facts import DIRECTIONS, Direction, Pair, Use

__all__ = ["Reach"]


class Reach:
    """Pairs are numbered when they are first met; edges lead from a child to the pairs that contain it."""

    def __init__(self) -> None:
        self._numbers: dict[Pair, int] = {}
        self._parents: dict[Direction, dict[int, set[int]]] = {d: defaultdict(set) for d in DIRECTIONS}
        self._roots: dict[Direction, dict[int, set[Use]]] = {d: defaultdict(set) for d in DIRECTIONS}
        self._known: dict[tuple[int, Direction], frozenset[Use]] = {}

    def root(self, pair: Pair, use: Use) -> None:
        """A message of an operation begins at this pair."""
        self._roots[use.direction][self._number(pair)].add(use)

    def contain(self, parent: Pair, child: Pair, blocked: frozenset[Direction]) -> None:
        """The parent contains the child, but for the directions in which the child does not travel."""
        above, below = self._number(parent), self._number(child)
        for direction in DIRECTIONS:
            if direction not in blocked:
                self._parents[direction][below].add(above)

    def uses(self, pair: Pair, blocked: frozenset[Direction]) -> frozenset[Use]:
        """Every use that a fact at this pair reaches. To be asked when the graph is complete."""
        number = self._number(pair)
        found = (self._upwards(number, direction) for direction in DIRECTIONS if direction not in blocked)
        return frozenset().union(*found)

    def _number(self, pair: Pair) -> int:
        return self._numbers.setdefault(pair, len(self._numbers))

    def _upwards(self, number: int, direction: Direction) -> frozenset[Use]:
        known = self._known.get((number, direction))
        if known is not None:
            return known
        parents, roots = self._parents[direction], self._roots[direction]
        seen, waiting = {number}, [number]
        uses: set[Use] = set()
        while waiting:
            at = waiting.pop()
            uses |= roots.get(at, frozenset())
            for parent in parents.get(at, ()):
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        self._known[number, direction] = frozenset(uses)
        return self._known[number, direction]
