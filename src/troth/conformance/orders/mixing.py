"""Mixing batches: two to four requests about one row, drawn by the run's seed from all that can be asked of it."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import count, islice

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
    One at most names the state of the row that it means: for several that do, there is a clause of its own.
    """
    drawn = random.Random(f"{scene.seed}:{binding.id}:{number}")  # noqa: S311 - reproducible on purpose
    resource, row = seen.resource, seen.row or {}
    end = scene.behaviour.binding(resource.name, Kind.DELETE)
    every = [binding, *rivals(scene.behaviour, binding), *([end] if end and end is not binding else [])]
    size = drawn.randint(_FEWEST, _MOST)
    others = drawn.sample(every[1:], min(size - 1, len(every) - 1))
    chosen = [binding, *others, *(drawn.choice(every) for _ in range(size - 1 - len(others)))]
    turns = {one.id: count() for one in chosen}
    found = [_asked(scene, one, row, next(turns[one.id])) for one in chosen]
    tag = seen.exchange.header("etag")
    meant = drawn.randrange(_MOST)
    one = found[meant] if meant < len(found) else None
    if one is not None and tag and one.binding.preconditions:
        found[meant] = replace(one, headers={**one.headers, "If-Match": tag})
    if number:
        drawn.shuffle(found)
    return [one for one in found if one is not None]


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
