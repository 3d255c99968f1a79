"""Words that some languages have and others have not: the shortest one, or the proof that there is none.

Each language is a nondeterministic automaton; what a text leads to is found out step by step, so that only the states
are ever built that some text reaches. The work is bounded: beyond the bound nothing is decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Listed
from dataclasses import dataclass, field
from functools import lru_cache

from troth.compatibility.characters import ANY, WORDS, Characters, classes_of
from troth.compatibility.regular import Alternatives, Boundary, Part, Repeat, Sequence, Side

__all__ = ["Automaton", "Undecided", "automaton", "shortest_word"]

STATES = 6000
WORK = 300_000
"""How many states of the automata may be looked at for one question: some tenths of a second."""

_START, _WORD, _OTHER, _END = range(4)
State = tuple[frozenset[int], int]
_FOUND: State = (frozenset({-1}), _OTHER)


class Undecided(ValueError):  # noqa: N818 - an outcome, which the caller reports as a reason
    """The question takes more work than is spent on it."""


@dataclass(slots=True)
class Automaton:
    """A search for one part in a text. ``steps`` consume a character, ``silent`` ones may need a boundary.

    ``alive`` are the states from which a text that has begun can still fit, ``sets`` what tells characters apart.
    """

    steps: list[list[tuple[Characters, int]]] = field(default_factory=list)
    silent: list[list[tuple[Side | None, int]]] = field(default_factory=list)
    begin: int = 0
    end: int = 0
    alive: frozenset[int] = frozenset()
    worded: bool = False
    sets: frozenset[Characters] = frozenset()

    def state(self) -> int:
        if len(self.steps) >= STATES:
            raise Undecided("a pattern repeats too much to be compared")
        self.steps.append([])
        self.silent.append([])
        return len(self.steps) - 1

    def first(self) -> State:
        return frozenset({self.begin}), _START

    def step(self, state: State, letter: frozenset[Characters]) -> tuple[State, int]:
        """Where a character leads, given by the sets that it belongs to, and the states looked at for that."""
        if state == _FOUND:
            return state, 1
        following = _WORD if WORDS in letter else _OTHER
        closed = self._closed(state, following)
        if self.end in closed:
            return _FOUND, len(closed)
        reached = {to for at in closed for held, to in self.steps[at] if held in letter}
        after = following if self.worded else _OTHER
        return (frozenset(reached & self.alive), after), len(closed) + len(reached) + 1

    def fits(self, state: State) -> bool:
        """Whether a text that led here is one of the language."""
        return state == _FOUND or self.end in self._closed(state, _END)

    def _closed(self, state: State, following: int) -> set[int]:
        """The states that are reached without a character, between what came before and what follows."""
        seen, waiting = set(state[0]), list(state[0])
        while waiting:
            for side, to in self.silent[waiting.pop()]:
                if to not in seen and _holds(side, state[1], following):
                    seen.add(to)
                    waiting.append(to)
        return seen


def _holds(side: Side | None, before: int, following: int) -> bool:
    if side is None:
        return True
    if side in ("start", "end"):
        return before == _START if side == "start" else following == _END
    return ((before == _WORD) is not (following == _WORD)) is (side == "word")


@lru_cache(maxsize=128)
def automaton(part: Part) -> Automaton:
    """The automaton of all texts in which a part is found. Raises Undecided."""
    made = Automaton(worded=_has_word_boundary(part))
    made.begin = made.state()
    made.steps[made.begin].append((ANY, made.begin))
    made.end = _built(made, part, made.begin)
    made.alive = frozenset(_alive(made))
    made.sets = frozenset(one for steps in made.steps for one, _ in steps) | (
        {WORDS} if made.worded else set()
    )
    return made


def _has_word_boundary(part: Part) -> bool:
    if isinstance(part, Boundary):
        return part.side in ("word", "no word")
    if isinstance(part, (Sequence, Alternatives)):
        return any(map(_has_word_boundary, part.parts))
    return isinstance(part, Repeat) and _has_word_boundary(part.part)


def _built(made: Automaton, part: Part, at: int) -> int:
    """Adds a part behind a state; the state behind the part."""
    if isinstance(part, Characters):
        after = made.state()
        made.steps[at].append((part, after))
        return after
    if isinstance(part, Boundary):
        after = made.state()
        made.silent[at].append((part.side, after))
        return after
    if isinstance(part, Sequence):
        for one in part.parts:
            at = _built(made, one, at)
        return at
    if isinstance(part, Alternatives):
        after = made.state()
        for one in part.parts:
            branch = made.state()
            made.silent[at].append((None, branch))
            made.silent[_built(made, one, branch)].append((None, after))
        return after
    return _repeated(made, part, at)


def _repeated(made: Automaton, part: Repeat, at: int) -> int:
    """The least number in a row; then a loop, or one after the other with a way out before each."""
    for _ in range(part.least):
        at = _built(made, part.part, at)
    after = made.state()
    if part.most is None:
        around = made.state()
        made.silent[at].append((None, around))
        made.silent[_built(made, part.part, around)].append((None, around))
        made.silent[around].append((None, after))
        return after
    for _ in range(part.most - part.least):
        made.silent[at].append((None, after))
        at = _built(made, part.part, at)
    made.silent[at].append((None, after))
    return after


def _alive(made: Automaton) -> set[int]:
    """The states from which the end is reached by a text that has begun already."""
    sources: dict[int, set[int]] = {}
    for at in range(len(made.steps)):
        for _, to in made.steps[at]:
            sources.setdefault(to, set()).add(at)
        for side, to in made.silent[at]:
            if side != "start":
                sources.setdefault(to, set()).add(at)
    seen, waiting = {made.end}, [made.end]
    while waiting:
        for source in sources.get(waiting.pop(), ()):
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return seen


def shortest_word(
    having: Listed[Automaton],
    lacking: Listed[Automaton] = (),
    least: int = 0,
    most: int | None = None,
    *,
    printable: bool = False,
) -> str | None:
    """The shortest text that ``having`` all find and ``lacking`` none, of a length in bounds; None where there is none.

    Raises Undecided.
    """
    return _Search((*having, *lacking), len(having), least, most, printable=printable).word()


Place = tuple[tuple[State, ...], int]
Known = dict[tuple[State, frozenset[Characters]], State]


class _Search:
    """Breadth first through what texts lead to in all automata at once, with their length up to the least one."""

    def __init__(
        self, machines: tuple[Automaton, ...], wanted: int, least: int, most: int | None, *, printable: bool
    ) -> None:
        self._machines, self._wanted, self._least, self._most = machines, wanted, least, most
        known = classes_of({one for machine in machines for one in machine.sets} | {ANY})
        told = {letter: held for held, letter in known.items() if letter.isprintable() or not printable}
        self._letters: Mapping[str, Listed[frozenset[Characters]]] = {
            letter: [held & machine.sets for machine in machines] for letter, held in told.items()
        }
        self._work = 0
        self._known: list[Known] = [{} for _ in machines]

    def word(self) -> str | None:
        start: Place = tuple(machine.first() for machine in self._machines), 0
        came: dict[Place, tuple[Place, str] | None] = {start: None}
        level, length = [start], 0
        while level and (self._most is None or length <= self._most):
            for place in level:
                if place[1] >= self._least and self._is_wanted(place[0]):
                    return _told(came, place)
            level = list(self._next(level, came))
            length += 1
        return None

    def _next(self, level: list[Place], came: dict[Place, tuple[Place, str] | None]) -> Iterator[Place]:
        for place in level:
            for letter, held in self._letters.items():
                states = tuple(map(self._step, range(len(held)), place[0], held))
                reached = states, min(place[1] + 1, self._least)
                if reached not in came and not self._is_lost(states):
                    came[reached] = place, letter
                    yield reached

    def _step(self, at: int, state: State, letter: frozenset[Characters]) -> State:
        known = self._known[at]
        found = known.get((state, letter))
        self._work += 1
        if found is None:
            found, looked_at = self._machines[at].step(state, letter)
            known[state, letter] = found
            self._work += looked_at
        if self._work > WORK:
            raise Undecided("the patterns take too much work to be compared")
        return found

    def _is_lost(self, states: tuple[State, ...]) -> bool:
        """Whether no longer text can be a word."""
        return any(not state[0] for state in states[: self._wanted]) or _FOUND in states[self._wanted :]

    def _is_wanted(self, states: tuple[State, ...]) -> bool:
        fits = [machine.fits(state) for machine, state in zip(self._machines, states, strict=True)]
        return all(fits[: self._wanted]) and not any(fits[self._wanted :])


def _told(came: Mapping[Place, tuple[Place, str] | None], place: Place) -> str:
    letters = []
    at = came[place]
    while at is not None:
        letters.append(at[1])
        at = came[at[0]]
    return "".join(reversed(letters))
