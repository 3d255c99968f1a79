"""Different requests about one row, sent together: some order of them must explain what they answer and leave."""

from __future__ import annotations

from troth.behaviour.model import Binding
from troth.conformance.orders.drawing import contests
from troth.conformance.orders.judging import judge
from troth.conformance.scene import Scene
from troth.conformance.verdicts import NotExercised

__all__ = ["demand_overlap", "order", "overlaps"]

#: Seconds between two requests, above which none overlap.
_SLOWEST = 0.021


def overlaps(scene: Scene) -> bool:
    """Whether requests that leave together are under way at once, at the rate that the target allows."""
    return scene.client.gap <= _SLOWEST


def demand_overlap(scene: Scene) -> None:
    """Raises NotExercised where requests never overlap."""
    if not overlaps(scene):
        raise NotExercised("at the rate that the target allows, no two requests overlap")


def order(scene: Scene, binding: Binding) -> None:
    """Contests around the operation."""
    demand_overlap(scene)
    judge(scene, contests(scene, binding))
