"""JSON with the line of every member: :mod:`json` reads the value, a scan of the tokens finds the lines later."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from troth.contract.pointers import join
from troth.contract.positions import Place
from troth.contract.yaml_text import DEEPEST, refuse_duplicate
from troth.errors import DocumentError
from troth.findings import Location

__all__ = ["read_json"]

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TOKENS = re.compile(r'"((?:[^"\\]|\\.)*+)"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_ESCAPES = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def read_json(text: str, name: str) -> tuple[Any, Callable[[], Place]]:
    """The value of a JSON text, and what builds its places.

    Raises DocumentError for what JSON or a contract does not allow, and JSONDecodeError for what is not JSON at all.
    """
    twice = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        found = dict(pairs)
        twice = twice or len(found) != len(pairs)
        return found

    def endless(word: str) -> Any:
        raise DocumentError(f"{word} is not a JSON value; write a number or null", Location(name))

    def number(digits: str) -> float:
        found = float(digits)
        return found if math.isfinite(found) else endless(digits[:20])

    try:
        value = json.loads(text, object_pairs_hook=members, parse_constant=endless, parse_float=number)
    except RecursionError:
        raise DocumentError("the document is nested too deeply to read", Location(name)) from None
    except json.JSONDecodeError:
        raise
    except ValueError:
        raise DocumentError("the document holds a number with too many digits", Location(name)) from None
    _limit_depth(value, name)
    if _SURROGATE.search(text):
        _refuse_lone_surrogates(value, name)
    if twice:
        _places(text, name, lambda pointer, line: refuse_duplicate(Location(name, pointer, line)))
    return value, lambda: _places(text, name)


def _refuse_lone_surrogates(value: Any, name: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise DocumentError(
            "an escape is half of a surrogate pair, which is not text", Location(name)
        ) from None


def _limit_depth(value: Any, name: str) -> None:
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            below
            for node in level
            if isinstance(node, dict | list)
            for below in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return
    raise DocumentError(f"the document is nested more than {DEEPEST} levels deep", Location(name))


def _places(text: str, document: str, duplicate: Callable[[str, int], None] | None = None) -> Place:
    """The places of a valid JSON text. ``duplicate`` is told (pointer, line) of every repeated member name."""
    root = Place(document, 1)
    stack: list[tuple[Place, str]] = [(root, "")]
    line, seen_to, key = 1, 0, None
    opened = False
    for found in _TOKENS.finditer(text):
        line += text.count("\n", seen_to, found.start())
        seen_to = found.start()
        mark = found.group()
        holder, pointer = stack[-1]
        if mark in ("]", "}"):
            stack.pop()
        elif mark in (",", ":"):
            continue
        elif isinstance(holder.children, dict) and key is None:
            key = _unescape(found.group(1) or "")
            if key in holder.children and duplicate is not None:
                duplicate(join(pointer, key), line)
            holder.children[key] = Place(document, line)
        else:
            place, pointer = _placed(holder, pointer, key, line) if opened else (root, "")
            place.line = place.line if key is not None else line
            key = None
            opened = True
            if mark in ("[", "{"):
                place.children = {} if mark == "{" else []
                stack.append((place, pointer))
    return root


def _placed(holder: Place, pointer: str, key: str | None, line: int) -> tuple[Place, str]:
    if isinstance(holder.children, dict) and key is not None:
        return holder.children[key], join(pointer, key)
    children = holder.children if isinstance(holder.children, list) else []
    children.append(Place(holder.document, line))
    return children[-1], join(pointer, len(children) - 1)


def _unescape(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found.group(1)
        return chr(int(code[1:], 16)) if code[0] == "u" and len(code) > 1 else _SHORT.get(code, code)

    if "\\" not in text:
        return text
    return _ESCAPES.sub(character, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
