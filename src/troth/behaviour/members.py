"""Which members of values an expression asks for, as far as its text tells: the others need not be handed over.

Told of names that stand for a whole row (``old``) or an object, and of the functions that give rows (``lookup``,
``related``), as deep as members are named one after the other. Where a value is used as a whole, or in a way that is
not understood here, nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = [
    "ITEMS",
    "QUOTED",
    "Asked",
    "asked_of_function",
    "asked_of_name",
    "narrowed",
    "of_function",
    "of_name",
]

#: A text in an expression.
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")

#: Stands among members for those of each item of a list.
ITEMS = "[]"

Asked = Mapping[str, Any] | None
"""Members by name, each with what is asked of its own; None is all of them, and empty that there is a value at all."""

Members = frozenset[str]

_NULL = re.compile(r"\s*[!=]=\s*null\b")
_MEMBER = re.compile(r"\s*\.\s*([A-Za-z_]\w*)\b(?!\s*\()")
_MACRO = re.compile(r"\s*\.\s*(filter|map|exists|exists_one|existsOne|all)\(\s*(\w+)\s*,")
#: Perhaps a macro with a second variable.
_TWO = re.compile(r"\s*\w+\s*,")
_SIZE = re.compile(r"\s*\.\s*size\(\s*\)")
_INDEX = re.compile(r"\s*\[")


def of_name(text: str, name: str) -> Members | None:
    """The members that are read of the row that a name stands for; None where it may be all of them."""
    return _names(asked_of_name(text, name))


def of_function(text: str, name: str) -> Members | None:
    """The members that are read of the rows that a function gives; None where it may be all of them."""
    asked = asked_of_function(text, name)
    return _names(asked[ITEMS] if asked is not None and asked.keys() == {ITEMS} else asked)


def _names(asked: Asked) -> Members | None:
    return None if asked is None or ITEMS in asked else frozenset(asked)


def asked_of_name(text: str, name: str) -> Asked:
    """What is asked of the value that a name stands for."""
    return _of_uses(QUOTED.sub("''", text), name)


def asked_of_function(text: str, name: str) -> Asked:
    """What is asked of what a function gives."""
    bare = QUOTED.sub("''", text)
    calls = [found.end() for found in re.finditer(rf"(?<![\w.]){name}\(", bare)]
    return _joined(_of_use(bare, start - len(name) - 1, _closed(bare, start)) for start in calls)


def _joined(found: Iterable[Asked]) -> Asked:
    every: dict[str, Any] = {}
    for one in found:
        if one is None:
            return None
        for name, below in one.items():
            every[name] = _joined((every[name], below)) if name in every else below
    return every


def _of_uses(bare: str, name: str) -> Asked:
    found = re.finditer(rf"(?<![\w.]){re.escape(name)}\b", bare)
    return _joined(_of_use(bare, one.start(), one.end()) for one in found)


def _of_use(bare: str, begin: int, end: int) -> Asked:
    """What is asked of one value whose name or call stands between two places."""
    if (member := _MEMBER.match(bare, end)) is not None:
        return {member[1]: _of_use(bare, begin, member.end())}
    if (macro := _MACRO.match(bare, end)) is not None:
        return _of_items(bare, begin, macro)
    if (index := _INDEX.match(bare, end)) is not None:
        return {ITEMS: _of_use(bare, begin, _closed(bare, index.end(), "[]"))}
    before, after = bare[:begin].rstrip(), bare[end:].lstrip()
    if _SIZE.match(bare, end) or (re.search(r"(?<![\w.])size\($", before) and after[:1] == ")"):
        return {ITEMS: {}}
    return {} if _NULL.match(bare, end) else None


def _of_items(bare: str, begin: int, macro: re.Match[str]) -> Asked:
    """What is asked of the items of a list that a macro goes through, and of those that it leaves."""
    if _TWO.match(bare, macro.end()):
        return None
    end = _closed(bare, bare.index("(", macro.start()) + 1)
    inside: Asked = {ITEMS: _of_uses(bare[macro.end() : end], macro[2])}
    return inside if macro[1] != "filter" else _joined((inside, _of_use(bare, begin, end)))


def _closed(bare: str, start: int, brackets: str = "()") -> int:
    """Where the bracket ends that was opened just before ``start``."""
    depth, at = 1, start
    while depth and at < len(bare):
        depth += {brackets[0]: 1, brackets[1]: -1}.get(bare[at], 0)
        at += 1
    return at


def narrowed(value: Any, asked: Asked) -> Any:
    """A JSON value with nothing but what is asked of it; whole where it is of another kind than was thought."""
    if asked is None:
        return value
    kind = type(value)
    if kind is list:
        if ITEMS not in asked:  # nothing of a list but that it is there
            return []
        below = asked[ITEMS]
        return value if below is None else [narrowed(item, below) for item in value]
    if (kind is dict or isinstance(value, Mapping)) and ITEMS not in asked:
        return {name: narrowed(value[name], below) for name, below in asked.items() if name in value}
    return value
