"""Different requests about one row, sent together: some order of them must explain what they answer and leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.orders.batches import Batch, Part, Seen, Sent, at_once, in_turn, read
from troth.conformance.orders.drawing import Maker, contests
from troth.conformance.orders.explaining import Parting, explained
from troth.conformance.orders.standing import Standing
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["order"]

_SLOWEST = 0.02
_ROUNDS = 6
_AGAIN = 2
_PAIR = 2


@dataclass(frozen=True, slots=True)
class _Held:
    """A batch as it was answered, the rows after it, and where no order explains it."""

    batch: Batch
    sent: list[Sent]
    after: list[Seen]
    parting: Parting | None


def order(scene: Scene, binding: Binding) -> None:
    """Contests around the operation; one that nothing explains counts where the same explains itself without haste."""
    if scene.client.gap > _SLOWEST:
        raise NotExercised("at the rate that the target allows, no two requests overlap")
    judged, reason = 0, "no two requests about one row could be made up"
    for ways in contests(scene, binding):
        for make in ways:
            found, told = _tried(scene, make)
            judged, reason = judged + found, told or reason
            if found:
                break
    if not judged:
        raise Inconclusive(reason)


def _tried(scene: Scene, make: Maker) -> tuple[int, str]:
    """(batches that were judged, why no more were). Raises Violated."""
    judged = 0
    for _ in range(_ROUNDS if scene.thorough else 1):
        try:
            held = _held(scene, make())
        except (Inconclusive, NotExercised) as lacking:
            return judged, str(lacking)
        if held.parting is not None:
            raise _verdict(scene, make, held)
        if not any(one.exchange.ok for one in held.sent):
            return judged, f"none of {len(held.sent)} requests at once succeeds"
        judged += 1
    return judged, ""


def _held(scene: Scene, batch: Batch, send: Callable[[Scene, Sequence[Part]], list[Sent]] = at_once) -> _Held:
    """A batch, sent and held to the model."""
    standing = Standing(scene, batch)
    sent = send(scene, batch.parts)
    broken = next((one for one in sent if one.exchange.broken), None)
    if broken is not None:
        raise Inconclusive(f"one of {len(sent)} requests at once answers {broken.exchange.status}")
    after = [read(scene, one.resource, one.identifier, one.row) for one in batch.rows]
    made: dict[str, tuple[Resource, Row]] = {}
    for one in sent:
        resource, row = one.part.binding.resource, one.made
        if one.part.binding.kind is Kind.CREATE and resource and row and resource.id_field in row:
            made[str(row[resource.id_field])] = resource, row
    for _, (resource, row) in sorted(made.items()):
        after.append(read(scene, resource, row[resource.id_field], row))
    return _Held(batch, sent, after, explained(standing, sent, after)[1])


def _verdict(scene: Scene, make: Maker, held: _Held) -> Violated | Inconclusive:
    """The finding, with two requests where two show it; none where model and target part without haste as well."""
    for turn in (1, -1):
        again = make()
        unhurried = _held(scene, Batch(again.parts[::turn], again.rows), in_turn)
        if unhurried.parting is not None:
            told = unhurried.parting.title
            return Inconclusive(f"one request after the other, the model does not follow: {told}")
    return _violated(_least(scene, make, held))


def _least(scene: Scene, make: Maker, held: _Held) -> _Held:
    """The same with two requests only, where two of them are enough."""
    count = len(held.batch.parts)
    for pair in combinations(range(count), _PAIR) if count > _PAIR else ():
        for _ in range(_AGAIN):
            whole = make()
            if len(whole.parts) == count:
                small = _held(scene, Batch(tuple(whole.parts[index] for index in pair), whole.rows))
                if small.parting is not None:
                    return small
    return held


def _violated(held: _Held) -> Violated:
    names = [part.binding.id for part in held.batch.parts]
    parting = held.parting
    assert parting is not None  # noqa: S101 - only such are told
    title = f"No order of {' and '.join(names)} at once explains them: {parting.title}"
    exchanges = [*(one.exchange for one in held.sent), *(one.exchange for one in held.after)]
    return Violated(title, *exchanges, nearest=[index + 1 for index in parting.order])
