"""Reads a pattern of JSON Schema as a regular expression of ECMA-262 whose language can be reckoned with.

Literals, classes, repetition, alternation, groups, anchors and word boundaries are regular; so are look-aheads right
after an opening ``^``, which are further languages that the whole text is held to. Anything else is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from troth.compatibility.categories import category
from troth.compatibility.characters import (
    DIGITS,
    ESCAPED,
    SPACES,
    WORDS,
    Characters,
    anything_but,
    characters,
    union,
)

__all__ = [
    "Alternatives",
    "Boundary",
    "Irregular",
    "Part",
    "Reading",
    "Repeat",
    "Sequence",
    "Side",
    "read_pattern",
]

Side = Literal["start", "end", "word", "no word"]
LARGEST = 1000
"""The highest count of a repetition that is spelt out."""


class Irregular(ValueError):  # noqa: N818 - a property of a pattern, which the caller reports as a reason
    """The pattern has no regular language that is known here; the text says why."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place between two characters."""

    side: Side


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``most`` is None for any number."""

    part: Part
    least: int
    most: int | None


Part = Characters | Boundary | Sequence | Alternatives | Repeat


@dataclass(frozen=True, slots=True)
class Reading:
    """A pattern: what must be found in a text, and what must not be found."""

    found: tuple[Part, ...]
    missing: tuple[Part, ...] = ()


@lru_cache(maxsize=1024)
def read_pattern(pattern: str, dot: Characters) -> Reading:
    """The pattern's structure; ``dot`` are the characters that a dot stands for. Raises Irregular."""
    return _Reader(pattern, dot).reading()


class _Reader:
    def __init__(self, pattern: str, dot: Characters) -> None:
        self._text, self._at, self._dot = pattern, 0, dot
        self._open = 0

    def reading(self) -> Reading:
        ahead = list(self._looks_ahead())
        rest = self._alternatives()
        if self._at < len(self._text):
            raise self._irregular("a parenthesis is closed that was not opened")
        if not ahead:
            return Reading((rest,))
        if isinstance(rest, Alternatives):
            raise self._irregular("it looks ahead in one of several alternatives")
        begin = Boundary("start")
        found = [Sequence((begin, part)) for part, wanted in ahead if wanted]
        missing = [Sequence((begin, part)) for part, wanted in ahead if not wanted]
        return Reading((*found, Sequence((begin, rest))), tuple(missing))

    def _looks_ahead(self) -> Iterator[tuple[Part, bool]]:
        """The look-aheads after an opening anchor, which is then taken as read."""
        if not self._text.startswith(("^(?=", "^(?!")):
            return
        self._at = 1
        while self._text.startswith(("(?=", "(?!"), self._at):
            wanted = self._text[self._at + 2] == "="
            self._at += 3
            yield self._group(), wanted

    def _group(self) -> Part:
        """What stands before the closing parenthesis."""
        self._open += 1
        if self._open > 64:  # noqa: PLR2004 - deeper ones would exhaust the stack
            raise self._irregular("its groups are nested too deeply")
        found = self._alternatives()
        if not self._take(")"):
            raise self._irregular("a parenthesis is not closed")
        self._open -= 1
        return found

    def _alternatives(self) -> Part:
        found = [self._sequence()]
        while self._take("|"):
            found.append(self._sequence())
        return found[0] if len(found) == 1 else Alternatives(tuple(found))

    def _sequence(self) -> Part:
        parts = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _atom(self) -> Part:
        letter = self._next()
        known: dict[str, Part] = {"^": Boundary("start"), "$": Boundary("end"), ".": self._dot}
        if letter in known:
            return known[letter]
        if letter in "*+?{":
            raise self._irregular(f"{letter!r} stands where nothing can be repeated")
        reading = {"(": self._grouped, "[": self._class, "\\": self._escape}.get(letter)
        return reading() if reading else characters(letter)

    def _grouped(self) -> Part:
        if not self._take("?"):
            return self._group()
        if self._take(":"):
            return self._group()
        if self._text.startswith("<", self._at) and not self._text.startswith(("<=", "<!"), self._at):
            end = self._text.find(">", self._at)
            if end < 0:
                raise self._irregular("the name of a group is not closed")
            self._at = end + 1
            return self._group()
        ahead = self._text.startswith(("=", "!"), self._at)
        if ahead or self._text.startswith(("<=", "<!"), self._at):
            raise self._irregular(f"it looks {'ahead' if ahead else 'behind'}")
        raise self._irregular("it sets flags")

    def _repeated(self, part: Part) -> Part:
        counts = self._counts()
        if counts is None:
            return part
        self._take("?")  # to prefer few does not change what fits
        if self._text.startswith(("*", "+", "?", "{"), self._at):
            raise self._irregular("it repeats possessively")
        return Repeat(part, *counts)

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return counts
        if not self._take("{"):
            return None
        least = self._number()
        most: int | None = least
        if self._take(","):
            most = None if self._text.startswith("}", self._at) else self._number()
        if not self._take("}") or (most is not None and most < least):
            raise self._irregular("a count cannot be read")
        if max(least, most or 0) > LARGEST:
            raise self._irregular(f"it repeats more than {LARGEST} times")
        return least, most

    def _number(self) -> int:
        start = self._at
        while self._text[self._at : self._at + 1].isdecimal():
            self._at += 1
        if start == self._at:
            raise self._irregular("a count cannot be read")
        return int(self._text[start : self._at])

    def _escape(self) -> Part:
        if self._take("b"):
            return Boundary("word")
        if self._take("B"):
            return Boundary("no word")
        return self._escaped()

    def _escaped(self) -> Characters:
        """The characters behind a backslash."""
        letter = self._next()
        shorthand = {"d": DIGITS, "w": WORDS, "s": SPACES}.get(letter.lower())
        if shorthand is not None:
            return anything_but(shorthand) if letter.isupper() else shorthand
        if letter in ESCAPED:
            return characters(ESCAPED[letter])
        if letter in "xu":
            return characters(chr(self._code(letter)))
        if letter == "c" and self._text[self._at : self._at + 1].isalpha():
            return characters(chr(ord(self._next()) % 32))
        if letter in "pP":
            return self._property(negated=letter == "P")
        if letter.isdecimal() or letter == "k":
            raise self._irregular("it refers back to a group")
        if letter.isalnum():
            raise self._irregular(f"it escapes {letter!r}")
        return characters(letter)

    def _property(self, *, negated: bool) -> Characters:
        end = self._text.find("}", self._at)
        held = category(self._text[self._at : end]) if self._take("{") and end > 0 else None
        if held is None:
            raise self._irregular("it names a property of Unicode")
        self._at = end + 1
        return anything_but(held) if negated else held

    def _code(self, kind: str) -> int:
        if kind == "u" and self._take("{"):
            end = self._text.find("}", self._at)
            digits, after = self._text[self._at : end], end + 1
        else:
            after = self._at + (2 if kind == "x" else 4)
            digits = self._text[self._at : after]
        try:
            found = int(digits, 16) if digits.isalnum() and after > self._at else -1
        except ValueError:
            found = -1
        if not 0 <= found <= 0x10FFFF or 0xD800 <= found <= 0xDFFF:  # noqa: PLR2004 - what is a character
            raise self._irregular("an escape is no character")
        self._at = after
        return found

    def _class(self) -> Characters:
        negated = self._take("^")
        found: list[Characters] = []
        while not self._take("]"):
            if self._text.startswith(("[", "&&", "--", "~~"), self._at):
                raise self._irregular("a class has a class or an operator in it")
            first = self._member()
            if self._text.startswith("-", self._at) and not self._text.startswith("-]", self._at):
                self._at += 1
                first = self._range(first, self._member())
            found.append(first)
        if not found:
            raise self._irregular("a class is empty")
        held = union(found)
        return anything_but(held) if negated else held

    def _member(self) -> Characters:
        letter = self._next()
        if letter != "\\":
            return characters(letter)
        return characters("\b") if self._take("b") else self._escaped()

    def _range(self, first: Characters, last: Characters) -> Characters:
        low, high = first.only, last.only
        if low is None or high is None:  # a hyphen beside \\w stands for itself
            return union((first, last, characters("-")))
        if high < low:
            raise self._irregular("the ends of a range are in the wrong order")
        return Characters(((low, high),))

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise self._irregular("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _take(self, sign: str) -> bool:
        found = self._text.startswith(sign, self._at)
        self._at += len(sign) * found
        return found

    def _irregular(self, why: str) -> Irregular:
        return Irregular(f"the pattern {self._text!r} is beyond what is decided here: {why}")
