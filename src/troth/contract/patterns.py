"""Short strings that match a regular expression, guessed from its structure; the caller checks them.

Reads the pattern as Python parses it, which is close enough to ECMA-262 for guesses. Repetitions are tried at their
least, one more, and their most (when small), so that two patterns that differ in a bound give different strings.
"""

from __future__ import annotations

import random
import re
import string
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import Any

__all__ = ["matches", "random_string", "strings_of"]

LIMIT = 24
LONGEST = 40
_LETTERS = string.ascii_lowercase + string.digits
_WIDER = {
    "digit": string.digits,
    "word": _LETTERS,
    "not_space": _LETTERS,
    "not_digit": string.ascii_lowercase,
}
CATEGORIES = {"digit": "0", "space": " ", "word": "a", "not_digit": "a", "not_space": "a", "not_word": "-"}


@lru_cache(maxsize=512)
def strings_of(pattern: str) -> tuple[str, ...]:
    """Up to 24 candidate strings, shortest first; none when the pattern cannot be read."""
    found = dict.fromkeys(islice(_sequence(_parsed(pattern)), LIMIT * 4)) if _compiled(pattern) else {}
    return tuple(sorted(found, key=lambda text: (len(text), text))[:LIMIT])


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern as Python reads it. What may mean something else in some later version means what it does now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            return None


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text, as far as Python reads it."""
    compiled = _compiled(pattern)
    return compiled is not None and compiled.search(text) is not None


def random_string(pattern: str, rng: random.Random, more: int = 8) -> str | None:
    """One candidate string out of very many; None when the pattern cannot be read.

    ``more``: how much longer than it must be a repetition becomes.
    """
    return _drawn(_parsed(pattern), rng, more) if _compiled(pattern) else None


def _drawn(items: Sequence[Any], rng: random.Random, more: int) -> str:
    return "".join(_drawn_item(str(item[0]).lower(), item[1], rng, more) for item in items)


def _drawn_item(name: str, value: Any, rng: random.Random, more: int) -> str:
    if name in ("max_repeat", "min_repeat", "possessive_repeat"):
        least, most, items = value
        count = rng.randint(int(least), min(int(most), int(least) + more))
        return "".join(_drawn(list(items), rng, more) for _ in range(count))
    if name == "subpattern":
        return _drawn(list(value[-1]), rng, more)
    if name == "branch":
        return _drawn(list(rng.choice(value[1])), rng, more)
    if name == "in" and str(value[0][0]).lower() != "negate":
        return _drawn_member(rng.choice(value), rng)
    if name == "any":
        return rng.choice(_LETTERS)
    return rng.choice(list(_item((name, value))))


def _drawn_member(member: Any, rng: random.Random) -> str:
    kind, value = str(member[0]).lower(), member[1]
    if kind == "range":
        return chr(rng.randint(value[0], value[1]))
    if kind == "category":
        category = str(value).lower().removeprefix("category_")
        return rng.choice(_WIDER.get(category) or CATEGORIES.get(category, "a"))
    return chr(value)


def _parsed(pattern: str) -> list[Any]:
    """The structure of a pattern that can be compiled."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        # Private, but the only parser of patterns in the library.
        return list(vars(re)["_parser"].parse(pattern))


def _sequence(items: Sequence[Any]) -> Iterator[str]:
    parts = [list(islice(_item(item), 4)) or [""] for item in items]
    return ("".join(choice) for choice in islice(product(*parts), LIMIT * 4))


def _item(item: Any) -> Iterator[str]:
    name, value = str(item[0]).lower(), item[1]
    if name == "literal":
        yield chr(value)
    elif name == "not_literal":
        yield "a" if value != ord("a") else "b"
    elif name == "any":
        yield "a"
    elif name == "in":
        yield from _charset(value)
    elif name in ("max_repeat", "min_repeat", "possessive_repeat"):
        yield from _repeat(*value)
    elif name == "subpattern":
        yield from _sequence(list(value[-1]))
    elif name == "branch":
        for branch in value[1]:
            yield from islice(_sequence(list(branch)), 2)
    else:  # anchors and look-arounds take no room
        yield ""


def _charset(members: Sequence[Any]) -> Iterator[str]:
    if members and str(members[0][0]).lower() == "negate":
        taken = {value for kind, value in members[1:] if str(kind).lower() == "literal"}
        yield next(letter for letter in "a0-_ ~" if ord(letter) not in taken)
        return
    for kind, value in members:
        name = str(kind).lower()
        if name == "literal":
            yield chr(value)
        elif name == "range":
            yield chr(value[0])
            yield chr(value[1])
        elif name == "category":
            yield CATEGORIES.get(str(value).lower().removeprefix("category_"), "a")


def _repeat(least: Any, most: Any, items: Any) -> Iterator[str]:
    counts = {int(least), int(least) + 1}
    if int(most) <= LONGEST:
        counts.add(int(most))
    for count in sorted(count for count in counts if int(least) <= count <= int(most)):
        for text in islice(_sequence(list(items)), 3):
            yield text * count
