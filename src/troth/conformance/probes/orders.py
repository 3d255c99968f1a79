"""Different requests about one row, sent together: some order of them must explain what they answer and leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.orders.batches import Batch, Seen, Sent, at_once, in_turn, read
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
    lacking: Inconclusive | NotExercised = NotExercised("no two requests about one row could be made up")
    judged, waiting = 0, [list(ways) for ways in contests(scene, binding)]
    while waiting:
        # Every row is made before anything happens at once: what is asked hangs on nothing that a contest decides.
        drawn, further = [], []
        for ways in waiting:
            made = _made(scene, ways)
            drawn += [made] if isinstance(made, _Contest) else []
            lacking = lacking if isinstance(made, _Contest) else made or lacking
        for contest in drawn:
            found, reason = _fought(scene, contest)
            judged, lacking = judged + found, reason or lacking
            further += [] if found else [contest.ways]
        waiting = further
    if not judged:
        raise lacking


@dataclass(frozen=True, slots=True)
class _Contest:
    """Batches that were made one way, and the other ways to make some."""

    make: Maker
    batches: list[Batch]
    ways: list[Maker]


def _made(scene: Scene, ways: list[Maker]) -> _Contest | Inconclusive | NotExercised | None:
    """Batches from the first of some ways on which they can be made; why there are none."""
    lacking: Inconclusive | NotExercised | None = None
    for index, make in enumerate(ways):
        try:
            batches = [_turned(make(), number) for number in range(_ROUNDS if scene.thorough else 1)]
        except (Inconclusive, NotExercised) as reason:
            lacking = reason
        else:
            return _Contest(make, batches, ways[index + 1 :])
    return lacking


def _turned(batch: Batch, number: int) -> Batch:
    """The same with another part in front, so that each comes first in some round."""
    at = number % len(batch.parts)
    return replace(batch, parts=(*batch.parts[at:], *batch.parts[:at]))


def _fought(scene: Scene, contest: _Contest) -> tuple[int, Inconclusive | None]:
    """(batches that were judged, why no more were). Raises Violated."""
    for number, batch in enumerate(contest.batches):
        try:
            held = _held(scene, batch)
        except Inconclusive as reason:
            return number, reason
        if held.parting is not None:
            lacking = _reason(scene, contest.make, len(held.batch.parts))
            if lacking is None:
                raise _violated(_least(scene, contest.make, held))
            plain = _followed(scene, contest.make)
            return (0, lacking) if plain is None else _fought(scene, _Contest(plain, [plain()], []))
        if not any(one.exchange.ok for one in held.sent):
            return number, Inconclusive(f"none of {len(held.sent)} requests at once succeeds")
    return len(contest.batches), None


def _held(scene: Scene, batch: Batch, send: Callable[[Scene, Batch], list[Sent]] = at_once) -> _Held:
    """A batch, sent and held to the model."""
    standing = Standing(scene, batch)
    sent = send(scene, batch)
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


def _reason(scene: Scene, make: Maker, count: int) -> Inconclusive | None:
    """Why a contest that no order explains says nothing: model and target part without haste as well."""
    for turn in (1, -1):
        again = make()
        unhurried = _held(scene, replace(again, parts=again.parts[::turn]), in_turn)
        if unhurried.parting is not None:
            told = unhurried.parting.title
            return Inconclusive(f"one request after the other, the model does not follow: {told}")
        if len(again.parts) != count:
            return Inconclusive("what can be asked of a row differs from row to row")
    return None


def _followed(scene: Scene, make: Maker) -> Maker | None:
    """The contest without the requests in which the model does not even follow them alone; None where too few stay."""
    count = len(make().parts)
    kept = []
    for index in range(count):
        batch = make()
        if len(batch.parts) == count and _held(scene, _only(batch, [index]), in_turn).parting is None:
            kept.append(index)
    return (lambda: _only(make(), kept)) if _PAIR <= len(kept) < count else None


def _only(batch: Batch, indexes: Sequence[int]) -> Batch:
    return replace(batch, parts=tuple(batch.parts[index] for index in indexes))


def _least(scene: Scene, make: Maker, held: _Held) -> _Held:
    """The same with two requests only, where two of them are enough."""
    count = len(held.batch.parts)
    for pair in combinations(range(count), _PAIR) if count > _PAIR else ():
        for _ in range(_AGAIN):
            whole = make()
            if len(whole.parts) == count:
                small = _held(scene, _only(whole, pair))
                if small.parting is not None:
                    return small
    return held


def _violated(held: _Held) -> Violated:
    names = [part.binding.id for part in held.batch.parts]
    parting = held.parting
    assert parting is not None  # noqa: S101 - only such are told
    title = f"No order of {' and '.join(names)} at once explains them: {parting.title}"
    exchanges = [*(one.exchange for one in held.sent), *(one.exchange for one in held.after)]
    bodies = [part.body for part in held.batch.parts if isinstance(part.body, Mapping)]
    fields = tuple(dict.fromkeys([*parting.fields, *(name for body in bodies for name in body)]))
    return Violated(title, *exchanges, nearest=[index + 1 for index in parting.order], fields=fields)
