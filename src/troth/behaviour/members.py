"""Which members of other rows an expression asks for, as far as its text tells: the others need not be handed over.

Told of names that stand for a whole row (``old``) and of the functions that give rows (``lookup``, ``related``).
Where a row is used as a whole, or in a way that is not understood here, nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["QUOTED", "of_function", "of_name"]

#: A text in an expression.
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")

Members = frozenset[str]

_NULL = re.compile(r"\s*[!=]=\s*null\b")
_MEMBER = re.compile(r"\s*\.\s*([A-Za-z_]\w*)\b(?!\s*\()")
_MACRO = re.compile(r"\s*\.\s*(filter|map|exists|exists_one|existsOne|all)\(\s*(\w+)\s*,")
_SIZE = re.compile(r"\s*\.\s*size\(\s*\)")


def of_name(text: str, name: str) -> Members | None:
    """The members that are read of the row that a name stands for; None where it may be all of them."""
    return _of_uses(QUOTED.sub("''", text), name)


def of_function(text: str, name: str) -> Members | None:
    """The members that are read of the rows that a function gives; None where it may be all of them."""
    bare = QUOTED.sub("''", text)
    calls = [found.end() for found in re.finditer(rf"(?<![\w.]){name}\(", bare)]
    return _joined(_of_result(bare, start - len(name) - 1, _closed(bare, start)) for start in calls)


def _joined(found: Iterable[Members | None]) -> Members | None:
    every: Members = frozenset()
    for one in found:
        if one is None:
            return None
        every |= one
    return every


def _of_uses(bare: str, name: str) -> Members | None:
    return _joined(
        _of_one(bare, found.end()) for found in re.finditer(rf"(?<![\w.]){re.escape(name)}\b", bare)
    )


def _of_one(bare: str, end: int) -> Members | None:
    """What is read of one row whose name or call ends here."""
    if (member := _MEMBER.match(bare, end)) is not None:
        return frozenset({member[1]})
    return frozenset() if _NULL.match(bare, end) else None


def _of_result(bare: str, begin: int, end: int) -> Members | None:
    """What is read of what a call gives: one row, or a list of rows that macros go through."""
    read: Members = frozenset()
    while (macro := _MACRO.match(bare, end)) is not None:
        end = _closed(bare, bare.index("(", macro.start()) + 1)
        inside = _of_uses(bare[macro.end() : end], macro[2])
        if inside is None:
            return None
        read |= inside
        if macro[1] != "filter":
            return read
    if _SIZE.match(bare, end) or (bare[:begin].rstrip().endswith("size(") and bare[end:].lstrip()[:1] == ")"):
        return read
    if read:  # rows that were filtered, and go on as they are
        return None
    return _of_one(bare, end)


def _closed(bare: str, start: int) -> int:
    """Where the bracket ends that was opened just before ``start``."""
    depth, at = 1, start
    while depth and at < len(bare):
        depth += {"(": 1, ")": -1}.get(bare[at], 0)
        at += 1
    return at
