"""JSON Pointers (RFC 6901) and chains of local references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

__all__ = ["escape", "follow", "join", "local", "reference", "resolve", "split"]

_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_SAFE = "/~!$&'()*+,;=:@?-._"


def escape(token: object) -> str:
    """One reference token, escaped (RFC 6901 section 3)."""
    text = str(token)
    return text.replace("~", "~0").replace("/", "~1") if "/" in text or "~" in text else text


def join(pointer: str, *tokens: object) -> str:
    """The pointer of a descendant."""
    for token in tokens:
        pointer = f"{pointer}/{escape(token)}"
    return pointer


def split(pointer: str) -> list[str]:
    """The unescaped tokens of a pointer; ``#`` and percent-encoding are the caller's business."""
    if not pointer:
        return []
    tokens = pointer.removeprefix("/").split("/")
    return [token.replace("~1", "/").replace("~0", "~") for token in tokens] if "~" in pointer else tokens


def resolve(document: Any, pointer: str) -> Any:
    """The value at a pointer. Raises KeyError naming the pointer when a step is missing."""
    node = document
    for token in split(pointer):
        if isinstance(node, dict | Mapping) and token in node:
            node = node[token]
        elif isinstance(node, list | tuple) and _INDEX.fullmatch(token) and int(token) < len(node):
            node = node[int(token)]
        else:
            raise KeyError(pointer)
    return node


def reference(pointer: str) -> str:
    """The local reference to a pointer, percent-encoded as a URI fragment must be."""
    return "#" + quote(pointer, safe=_SAFE)


def local(found: str) -> str | None:
    """The pointer of a local reference; None for one into another document or to an anchor."""
    if found == "#":
        return ""
    if not found.startswith("#/"):
        return None
    return unquote(found[1:]) if "%" in found else found[1:]


def follow(document: Any, pointer: str) -> tuple[str, Any]:
    """The end of a chain of local ``$ref``s. Raises KeyError on a dangling or circular chain."""
    seen: set[str] = set()
    node = resolve(document, pointer)
    while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        target = local(node["$ref"])
        if pointer in seen or target is None:
            raise KeyError(pointer)
        seen.add(pointer)
        pointer = target
        node = resolve(document, pointer)
    return pointer, node
