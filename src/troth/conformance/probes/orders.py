"""Different requests about one row, sent together: some order of them must explain what they answer and leave."""

from __future__ import annotations

from troth.behaviour.model import Binding
from troth.conformance.orders.drawing import contests
from troth.conformance.orders.judging import judge
from troth.conformance.scene import Scene
from troth.conformance.verdicts import NotExercised

__all__ = ["SLOWEST", "order"]

#: Seconds between two requests, above which none overlap.
SLOWEST = 0.02


def order(scene: Scene, binding: Binding) -> None:
    """Contests around the operation."""
    if scene.client.gap > SLOWEST:
        raise NotExercised("at the rate that the target allows, no two requests overlap")
    judge(scene, contests(scene, binding))
