"""The grammar ``braces``: names with commas between them, and in braces behind a name what is wanted of it."""

from __future__ import annotations

import re

__all__ = ["SelectionError", "Wanted", "parse_braces"]

Wanted = dict[str, "Wanted | None"]
"""A selection as it is written: names to what stands in their braces, None without any."""

_PARTS = re.compile(r"[{},]|[^{},]+")


class SelectionError(ValueError):
    """A selection that cannot be answered. ``problems`` are (rule, dotted name, sentence)."""

    def __init__(self, *problems: tuple[str, str, str]) -> None:
        super().__init__(problems[0][2])
        self.problems = problems


class _Reading:
    """A selection read from left to right; ``fresh`` says that a name must come next."""

    def __init__(self, text: str, most: int) -> None:
        self.text = text
        self.most = most
        self.level: Wanted = {}
        self.above: list[tuple[Wanted, str]] = []
        self.last = ""
        self.fresh = True

    def refuse(self, why: str) -> SelectionError:
        return SelectionError(("syntax", "", f"{self.text[:80]!r} is not a selection: {why}."))

    def name(self, word: str) -> None:
        if not self.fresh:
            raise self.refuse(f"a comma is missing before {word!r}")
        self.level.setdefault(word, None)
        self.last, self.fresh = word, False

    def comma(self) -> None:
        if self.fresh:
            raise self.refuse("a name is missing before a comma")
        self.last, self.fresh = "", True

    def opening(self) -> None:
        if not self.last:
            raise self.refuse("a brace opens without a name before it")
        if len(self.above) >= self.most:
            path = ".".join([*(name for _, name in self.above), self.last])
            raise SelectionError(
                ("depth", path, f"'{path}' opens more braces within each other than {self.most}.")
            )
        self.above.append((self.level, self.last))
        inner = self.level[self.last] or {}
        self.level[self.last] = self.level = inner
        self.last, self.fresh = "", True

    def closing(self) -> None:
        if not self.above or self.fresh:
            raise self.refuse("a brace closes too early")
        self.level, _ = self.above.pop()
        self.last, self.fresh = "", False

    def end(self) -> Wanted:
        if self.above or self.fresh:
            raise self.refuse("a brace is not closed" if self.above else "a name is missing at the end")
        return self.level


def parse_braces(text: str, most: int) -> Wanted:
    """``id,matter{id,client}`` as nested names. Raises SelectionError, also for more than ``most`` levels of braces."""
    reading = _Reading(text, most)
    steps = {"{": reading.opening, "}": reading.closing, ",": reading.comma}
    for part in _PARTS.findall(text):
        if part in steps:
            steps[part]()
        elif word := part.strip():
            reading.name(word)
    return reading.end()
