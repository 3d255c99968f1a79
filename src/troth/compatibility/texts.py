r"""What a schema says about texts as languages: which patterns, lengths and formats follow from others.

A pattern is read with both meanings that a dot has in the field (anything but ``\n``; anything but the four ends of
lines of ECMA-262): what is proved holds for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from troth.compatibility.automata import Automaton, Undecided, automaton, shortest_word
from troth.compatibility.characters import LINES, anything_but, characters
from troth.compatibility.regular import Irregular, read_pattern

__all__ = ["INSIDE", "Text", "alike", "has_word", "hindrance", "implies", "word_without"]

DOTS = (anything_but(characters("\n")), anything_but(LINES))

_DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_HOURS = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_ZONE = r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
_BYTE = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_UUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
_ADDRESS = rf"^{_BYTE}(\.{_BYTE}){{3}}$"

AROUND = {
    "date": f"^{_DAY}$",
    "date-time": f"^{_DAY}[Tt]{_HOURS}{_ZONE}$",
    "time": f"^{_HOURS}{_ZONE}$",
    "uuid": _UUID,
    "ipv4": _ADDRESS,
    "ipv6": "^[0-9A-Fa-f:.]+$",
    "email": "^.+@.+$",
    "uri": "^[A-Za-z][A-Za-z0-9+.-]*:",
}
"""What every text of a format fits, though not all that fits is of the format."""
INSIDE = {
    "date": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$",
    "uuid": _UUID,
    "ipv4": _ADDRESS,
}
"""What is surely of a format, though the format has more."""


@dataclass(frozen=True, slots=True)
class Text:
    """Texts that fit all of some patterns and formats and are of a length in bounds."""

    patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    least: int = 0
    most: int | None = None


def implies(text: Text, pattern: str) -> bool:
    """Whether it is proved that every such text fits a pattern."""
    try:
        return word_without(text, pattern) is None
    except (Irregular, Undecided):
        return False


def word_without(text: Text, pattern: str = "") -> str | None:
    """The shortest such text that does not fit a pattern; with the empty pattern, which all texts fit, None.

    Raises Irregular and Undecided.
    """
    found = _answer(text, pattern)
    if isinstance(found, ValueError):
        raise found
    return found


@lru_cache(maxsize=4096)
def _answer(text: Text, pattern: str) -> str | Irregular | Undecided | None:
    """The word, or why there is no answer: a search that gave up is not begun again."""
    try:
        words = (_word_without(text, pattern, dot) for dot in range(len(DOTS)))
        return next((word for word in words if word is not None), None)
    except (Irregular, Undecided) as reason:
        return reason


def _word_without(text: Text, pattern: str, dot: int) -> str | None:
    having, lacking = _machines(text, dot)
    found, missing = _read(pattern, dot)
    for machine in found:
        word = _legible_word(having, [*lacking, machine], text)
        if word is not None:
            return word
    for machine in missing:
        word = _legible_word([*having, machine], lacking, text)
        if word is not None:
            return word
    return None


def _legible_word(having: list[Automaton], lacking: list[Automaton], text: Text) -> str | None:
    """The shortest word; where it has characters that nobody reads, the shortest without them, if there is one."""
    word = shortest_word(having, lacking, text.least, text.most)
    if word is None or word.isprintable():
        return word
    try:
        return shortest_word(having, lacking, text.least, text.most, printable=True) or word
    except Undecided:
        return word


def has_word(text: Text) -> bool:
    """Whether there may be such a text at all: False where it is proved that there is none."""
    try:
        return any(
            shortest_word(*_machines(text, dot), text.least, text.most) is not None
            for dot in range(len(DOTS))
        )
    except (Irregular, Undecided):
        return True


def alike(one: str, other: str) -> bool:
    """Whether two patterns are proved to fit the same texts."""
    return implies(Text(frozenset({one})), other) and implies(Text(frozenset({other})), one)


def hindrance(text: Text, pattern: str) -> str:
    """Why it is not decided whether such texts fit a pattern; empty where it is."""
    try:
        word_without(text, pattern)
    except (Irregular, Undecided) as reason:
        return str(reason)
    return ""


def _machines(text: Text, dot: int) -> tuple[list[Automaton], list[Automaton]]:
    having: list[Automaton] = []
    lacking: list[Automaton] = []
    around = (AROUND[name] for name in sorted(text.formats) if name in AROUND)
    for pattern in (*sorted(text.patterns), *around):
        found, missing = _read(pattern, dot)
        having += found
        lacking += missing
    return having, lacking


def _read(pattern: str, dot: int) -> tuple[list[Automaton], list[Automaton]]:
    reading = read_pattern(pattern, DOTS[dot])
    return list(map(automaton, reading.found)), list(map(automaton, reading.missing))
