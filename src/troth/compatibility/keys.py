"""Patterns of property names that were only written otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from troth.compatibility.facts import Pointers
from troth.compatibility.nodes import Node
from troth.compatibility.texts import alike

__all__ = ["keyed_alike"]


def keyed_alike(old: Node, new: Node) -> Mapping[str, Pointers]:
    """The new node's properties by pattern, under the old node's names for those that match the same names."""
    known, given = old.pattern_properties, new.pattern_properties
    if known.keys() == given.keys():
        return given
    gone = [pattern for pattern in known if pattern not in given]
    found: dict[str, Pointers] = {}
    for pattern, pointers in given.items():
        same = next((one for one in gone if one not in found and alike(one, pattern)), None)
        found[pattern if pattern in known or same is None else same] = pointers
    return found
