"""What becomes of a malformed part: what only it says is not held to, and the rest of the document is read.

A part is taken out where nothing needs it, and something that promises nothing is put where a list or a map of names
needs one. What nothing can stand for (the root, its paths) is refused by whoever found it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from troth.contract.pointers import join, resolve, split

__all__ = ["FILLED", "addressable", "passed_over", "repaired"]

_PROMISELESS: dict[str, Callable[[], Any]] = {
    **dict.fromkeys(
        ("Callback", "Example", "Header", "Link", "MediaType", "Parameter", "PathItem", "Response", "Schema"),
        dict,
    ),
    **dict.fromkeys(("string", "text"), str),
    "Info": lambda: {"title": "", "version": ""},
    "RequestBody": lambda: {"content": {}},
    "SecurityScheme": lambda: {"type": ""},
}
"""Kinds that references lead to or that may have to be there, and what stands for one that cannot be read."""

_NEEDED = frozenset({"", "/paths"})

FILLED: dict[tuple[str, str], Callable[[], Any]] = {
    ("Info", "title"): str,
    ("Info", "version"): str,
    ("OpenAPI", "info"): lambda: {"title": "", "version": ""},
    ("Parameter", "in"): str,
    ("Parameter", "name"): str,
    ("RequestBody", "content"): dict,
    ("SecurityScheme", "type"): str,
    ("ServerVariable", "default"): str,
    ("Tag", "name"): str,
}
"""Fields that must be there, and what is read where they are not."""


def repaired(kind: str, found: Any) -> Any:
    """What a value of another type is plainly meant to be; None where it could be anything."""
    if kind == "boolean" and isinstance(found, str) and found.strip().lower() in ("true", "false"):
        return found.strip().lower() == "true"
    if kind == "string" and isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    return None


def passed_over(document: Any, pointer: str, kind: str) -> bool:
    """Take the part at a pointer out of the document, in place. False where nothing can do without it."""
    if pointer in _NEEDED:
        return False
    *above, last = split(pointer)
    try:
        parent = resolve(document, join("", *above))
    except KeyError:
        return True  # it went with what it stood in
    stand_in = _PROMISELESS.get(kind)
    if isinstance(parent, dict):
        if last in parent and stand_in is not None:
            parent[last] = stand_in()
        else:
            parent.pop(last, None)
        return True
    if stand_in is None:  # indices must stay what references take them for
        return passed_over(document, join("", *above), "")
    parent[int(last)] = stand_in()
    return True


def addressable(paths: dict[str, Any]) -> list[tuple[str, str]]:
    """Begin every path with a slash, in place and in order; the result has the old and the new name of each."""
    moved = {
        name: f"/{name}"
        for name in paths
        if not name.startswith(("/", "x-")) and f"/{name}" not in paths and "://" not in name
    }
    if moved:
        entries = [(moved.get(name, name), item) for name, item in paths.items()]
        paths.clear()
        paths.update(entries)
    return list(moved.items())
