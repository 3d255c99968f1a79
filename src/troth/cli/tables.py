"""TOML tables that know their file and lines, so that a wrong key is answered with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from troth.errors import UsageError, did_you_mean

__all__ = ["Table", "expand", "line_of"]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a TOML file; ``prefix`` is where it stands in that file."""

    content: Mapping[str, Any]
    path: Path
    text: str
    prefix: tuple[str, ...] = ()

    def where(self, *keys: str) -> str:
        """``file:line key.path`` of a key below this table."""
        whole = (*self.prefix, *keys)
        line = line_of(self.text, whole)
        place = f"{self.path}:{line}" if line else str(self.path)
        return f"{place} {_written(whole)}" if whole else place

    def only(self, *known: str) -> None:
        """Raises UsageError, with the nearest valid word, for a key that is not known."""
        for key in self.content:
            if key not in known:
                hint = did_you_mean(key, known) or f" Known here: {', '.join(known)}."
                raise UsageError(f"{self.where(key)}: unknown key {key!r}.{hint}")

    def without(self, *keys: str) -> Table:
        kept = {key: value for key, value in self.content.items() if key not in keys}
        return Table(kept, self.path, self.text, self.prefix)

    def table(self, key: str) -> Table:
        """The table at a key, an empty one where there is none."""
        content = self.content.get(key, {})
        if not isinstance(content, Mapping):
            raise UsageError(f"{self.where(key)}: expected a table, found {content!r}.")
        return Table(content, self.path, self.text, (*self.prefix, key))

    def tables(self, key: str) -> list[tuple[str, Table]]:
        """The named tables below a key."""
        parent = self.table(key)
        return [(name, parent.table(name)) for name in parent.content]

    def string(self, key: str) -> str | None:
        value = self.content.get(key)
        if value is not None and not isinstance(value, str):
            raise UsageError(f"{self.where(key)}: expected a string, found {value!r}.")
        return value

    def strings(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self.content.get(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise UsageError(f"{self.where(key)}: expected a list of strings, found {value!r}.")
        return tuple(value)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.content.get(key, default)
        if not isinstance(value, bool):
            raise UsageError(f"{self.where(key)}: expected true or false, found {value!r}.")
        return value

    def day(self, key: str) -> date | None:
        """The date at a key, written as TOML's own or as text."""
        found = self.content.get(key)
        if isinstance(found, str):
            found = self.checked(key, date.fromisoformat, found)
        if isinstance(found, datetime):
            found = found.date()
        if found is not None and not isinstance(found, date):
            raise UsageError(f"{self.where(key)}: expected a date such as 2027-01-01, found {found!r}.")
        return found

    def checked(self, key: str, parse: Callable[[str], T], text: str) -> T:
        """The parsed value of a key. A ValueError or UsageError of the parser gets the place in front."""
        try:
            return parse(text)
        except (ValueError, UsageError) as error:
            raise UsageError(f"{self.where(key)}: {error}") from error


def expand(
    value: Any,
    environment: Mapping[str, str],
    where: Callable[[tuple[str, ...]], str],
    keys: tuple[str, ...] = (),
) -> Any:
    """The same value with every ``${NAME}`` replaced. Raises UsageError naming a missing one."""
    if isinstance(value, Mapping):
        return {key: expand(inner, environment, where, (*keys, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [expand(inner, environment, where, keys) for inner in value]
    if not isinstance(value, str):
        return value

    def replacement(match: re.Match[str]) -> str:
        name = match[1]
        if name not in environment:
            raise UsageError(
                f"{where(keys)}: the environment variable {name} is not set. Export it and try again."
            )
        return environment[name]

    return _VARIABLE.sub(replacement, value)


def line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The line of a key, or of the nearest enclosing table that is written out; None where nothing is."""
    best: tuple[int, int] | None = None
    header: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        path = _header_path(stripped)
        if path is not None:
            header = path
        else:
            path = _key_path(stripped, header)
        # The longest written prefix of the path wins; of equals, the first.
        if path and keys[: len(path)] == path and (best is None or len(path) > best[0]):
            best = (len(path), number)
    return best[1] if best else None


def _header_path(line: str) -> tuple[str, ...] | None:
    return _single_path(line) if line.startswith("[") else None


def _key_path(line: str, header: tuple[str, ...]) -> tuple[str, ...] | None:
    name = re.match(r"""(?:[\w.\s-]|"[^"]*"|'[^']*')+(?==)""", line)
    inner = _single_path(f"{name[0]} = 0") if name else None
    return (*header, *inner) if inner else None


def _single_path(statement: str) -> tuple[str, ...] | None:
    """The keys that one line of TOML creates, read by the TOML parser itself."""
    try:
        node: Any = tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return None
    path: list[str] = []
    while isinstance(node, Mapping) and node:
        key, node = next(iter(node.items()))
        path.append(key)
    return tuple(path) or None


def _written(keys: tuple[str, ...]) -> str:
    return ".".join(key if re.fullmatch(r"[\w-]+", key) else f'"{key}"' for key in keys)
