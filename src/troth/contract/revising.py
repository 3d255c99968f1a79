"""Earlier forms of a document: JSON Merge Patches (RFC 7396) that take its changes back.

A root ``x-behaviour`` may list the versions of an API (``versions.releases``), each with the changes that came with it
and, as ``before``, the patch that gives the document without one of them. Patches share what they don't touch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["as_released", "merge_patch", "release_order"]

_DIGITS = re.compile(r"(\d+)")


def merge_patch(node: Any, patch: Any) -> Any:
    """The node with a patch applied: members merge, null removes, all else replaces. Nothing is changed in place.

    Beyond RFC 7396 an object whose names are all numbers patches the items of a list, such as those of ``allOf``.
    """
    if not isinstance(patch, Mapping):
        return patch
    if isinstance(node, list) and patch and all(str(name).isdecimal() for name in patch):
        items = {int(name): value for name, value in patch.items()}
        kept = (index for index in range(len(node)) if items.get(index, ...) is not None)
        return [merge_patch(node[i], items[i]) if i in items else node[i] for i in kept]
    made = dict(node) if isinstance(node, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merge_patch(made.get(name), value)
    return made


def release_order(releases: Mapping[str, Any]) -> list[str]:
    """The names of releases, oldest first: by date of release, of one day by name with numbers read as numbers."""
    return sorted(releases, key=lambda name: (_released(releases[name]), _natural(name)))


def _released(about: Any) -> str:
    return str(about.get("released", "")) if isinstance(about, Mapping) else ""


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in _DIGITS.split(name) if part != ""
    ]


def as_released(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a release under the behaviour of today, without what came after it.

    ``info.version`` says which release it is; a document of none of them stays as it is.
    """
    releases = _member(document, "x-behaviour", "versions", "releases")
    own = str(_member(document, "info").get("version"))
    if own not in releases:
        return document
    order = release_order(releases)
    later = order[order.index(own) + 1 :]
    for patch in _patches(releases[name] for name in reversed(later)):
        document = merge_patch(document, patch)
    gone = {"x-behaviour": {"versions": {"releases": dict.fromkeys(later)}}}
    found: dict[str, Any] = merge_patch(document, gone)
    return found


def _patches(releases: Iterable[Any]) -> Iterable[Any]:
    for about in releases:
        changes = _member(about, "changes")
        yield from (_member(change, "before") for change in reversed(list(changes.values())))


def _member(node: Any, *keys: str) -> Mapping[str, Any]:
    """The object below some keys; empty where there is none, since nothing has been checked yet."""
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}
