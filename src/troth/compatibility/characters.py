"""Sets of characters as ranges of code points, and how the alphabet falls apart by several of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = [
    "ANY",
    "DIGITS",
    "ESCAPED",
    "LINES",
    "SPACES",
    "WORDS",
    "Characters",
    "anything_but",
    "characters",
    "classes_of",
    "union",
]

LAST = 0x10FFFF
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Characters:
    """Ranges in order, none of which touch; both ends belong to a range."""

    ranges: tuple[Range, ...]

    @property
    def only(self) -> int | None:
        """The code point of a set that has one character."""
        return self.ranges[0][0] if len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1] else None

    def has(self, code: int) -> bool:
        at = bisect_right(self.ranges, (code, LAST))
        return at > 0 and self.ranges[at - 1][1] >= code


def characters(letters: str) -> Characters:
    """The set of some letters."""
    return union(Characters(((ord(letter), ord(letter)),)) for letter in letters)


def union(sets: Iterable[Characters]) -> Characters:
    found: list[Range] = []
    for low, high in sorted(one for each in sets for one in each.ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return Characters(tuple(found))


def anything_but(held: Characters) -> Characters:
    """Every other character; halves of surrogate pairs are none."""
    found: list[Range] = []
    below = 0
    for low, high in (*union((held, _SURROGATES)).ranges, (LAST + 1, LAST + 1)):
        if below < low:
            found.append((below, low - 1))
        below = high + 1
    return Characters(tuple(found))


_SURROGATES = Characters(((0xD800, 0xDFFF),))
ANY = anything_but(Characters(()))
DIGITS = Characters(((0x30, 0x39),))
WORDS = Characters(((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)))
LINES = characters("\n\r\u2028\u2029")
SPACES = union(
    (
        characters("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"),
        Characters(((0x2000, 0x200A),)),
    )
)
ESCAPED: Mapping[str, str] = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}

NICE = "a0A1bB-_. " + "".join(map(chr, range(0x21, 0x7F))) + "é"
"""The characters that a reader likes best in an example come first."""


def classes_of(sets: Iterable[Characters]) -> dict[frozenset[Characters], str]:
    """One character for each way of belonging to some of the sets and not to the others, the nicest first."""
    known = dict.fromkeys(sets)
    found: dict[frozenset[Characters], str] = {}
    for code in _probes(known):
        found.setdefault(frozenset(one for one in known if one.has(code)), chr(code))
    return found


def _probes(sets: Iterable[Characters]) -> Iterator[int]:
    """Nice characters, then one of each stretch between the ends of all ranges."""
    yield from map(ord, NICE)
    ends = {0, *(end for one in sets for low, high in one.ranges for end in (low, high + 1))}
    for code in sorted(ends, key=lambda code: (code < 0x20, code)):  # noqa: PLR2004 - control characters last
        if ANY.has(code):
            yield code
