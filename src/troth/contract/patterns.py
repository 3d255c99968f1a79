"""Short strings that match a regular expression, guessed from its structure; the caller checks them.

Reads the pattern as Python parses it, which is close enough to ECMA-262 for guesses. Repetitions are tried at their
least, one more, and their most (when small), so that two patterns that differ in a bound give different strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import Any

__all__ = ["strings_of"]

LIMIT = 24
LONGEST = 40
CATEGORIES = {"digit": "0", "space": " ", "word": "a", "not_digit": "a", "not_space": "a", "not_word": "-"}


@lru_cache(maxsize=512)
def strings_of(pattern: str) -> tuple[str, ...]:
    """Up to 24 candidate strings, shortest first; none when the pattern cannot be read."""
    try:
        parsed = re.compile(pattern) and _parser().parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return ()
    found = dict.fromkeys(islice(_sequence(list(parsed)), LIMIT * 4))
    return tuple(sorted(found, key=lambda text: (len(text), text))[:LIMIT])


def _parser() -> Any:
    return vars(re)["_parser"]  # private, but the only parser of patterns in the library


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
