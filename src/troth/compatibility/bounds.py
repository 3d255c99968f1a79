"""Bounds of numbers with their exclusiveness: ``maximum: 5`` and ``exclusiveMaximum: 6`` of an integer are one."""

from __future__ import annotations

from typing import Any

from troth.compatibility.nodes import Node

__all__ = ["Bound", "bound_of", "is_higher", "shown"]

JSON = Any
Bound = tuple[float, bool]
"""A value, and whether it is excluded itself."""


def bound_of(node: Node, inclusive: str, exclusive: str, inward: int) -> Bound | None:
    """The tighter of the two bounds, exclusive ones of an integer made inclusive."""
    found: list[Bound] = []
    if inclusive in node.assertions:
        found.append((node.assertions[inclusive], False))
    if exclusive in node.assertions:
        value = node.assertions[exclusive]
        whole = node.types == {"integer"} and isinstance(value, int)
        found.append((value + inward, False) if whole else (value, True))
    if not found:
        return None
    return max(found, key=lambda bound: (bound[0] * inward, bound[1]))


def shown(bound: Bound | None) -> JSON:
    if bound is None:
        return None
    return {"exclusive": bound[0]} if bound[1] else bound[0]


def is_higher(new: Bound, old: Bound, inward: int) -> bool:
    """Whether a bound moved up; ``inward`` is 1 for a lower bound and -1 for an upper one."""
    if new[0] != old[0]:
        return new[0] > old[0]
    return (new[1] and inward > 0) or (old[1] and inward < 0)
