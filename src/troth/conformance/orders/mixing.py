"""Mixing batches: two to four requests about one row, drawn by the run's seed from all that can be asked of it."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice

from troth.behaviour.contests import movers, rivals
from troth.behaviour.model import Binding, Kind
from troth.conformance.orders.asking import act, moves, part
from troth.conformance.orders.batches import Part, Seen
from troth.conformance.scene import Row, Scene

__all__ = ["mixed"]

_MOST = 4
_FEWEST = 2


def mixed(number: int, scene: Scene, binding: Binding, seen: Seen) -> list[Part]:
    """The batch of an operation with a number: the same for every row, in every run with the same seed.

    One request is the operation's own, in front of the first batch: so it looks at the row before the others write.
    None names the state of the row that it means: for those that do, there is a clause of its own.
    """
    drawn = random.Random(f"{scene.seed}:{binding.id}:{number}")  # noqa: S311 - reproducible on purpose
    resource, row = seen.resource, seen.row or {}
    end = scene.behaviour.binding(resource.name, Kind.DELETE)
    every = [binding, *rivals(scene.behaviour, binding), *([end] if end and end is not binding else [])]
    size = drawn.randint(_FEWEST, _MOST)
    others = drawn.sample(every[1:], len(every) - 1)
    turns, found = Counter[str](), list[Part]()
    for one in (binding, *others, *[binding] * (size - 1)):
        asked = _asked(scene, one, row, turns[one.id]) if len(found) < size else None
        turns[one.id] += 1
        found += [asked] if asked is not None else []
    if number:
        drawn.shuffle(found)
    return found


def _asked(scene: Scene, binding: Binding, row: Row, turn: int) -> Part | None:
    """What an operation is asked the first time, and the next ones: other fields, then moves; None for no more."""
    if binding.kind is Kind.DELETE:
        return part(scene, binding, row)
    if movers(binding):
        return act(scene, binding, row)
    changes = scene.changes(binding, row, scene.owner, bound=True)
    found = [part(scene, binding, row, body) for _, _, body in islice(changes, turn + 1)]
    found += moves(scene, binding, row) if len(found) <= turn else []
    return found[turn] if turn < len(found) else (found[-1] if found else None)
