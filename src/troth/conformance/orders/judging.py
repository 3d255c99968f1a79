"""Judging contests: batches are sent, held to the model, and made small where nothing explains them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, permutations
from urllib.parse import urlsplit

from troth.behaviour.model import Kind, Resource
from troth.conformance.orders.batches import Batch, Maker, Seen, Sent, at_once, in_turn, read
from troth.conformance.orders.explaining import Parting, explained
from troth.conformance.orders.standing import Standing
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["judge"]

_ROUNDS = 6
_AGAIN = 2
_PAIR = 2
#: How many orders of a batch are tried without haste before haste is blamed.
_UNHURRIED = 6
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class _Held:
    """A batch as it was answered, the rows after it, and where no order explains it."""

    batch: Batch
    sent: list[Sent]
    after: list[Seen]
    parting: Parting | None


def judge(scene: Scene, contests: Iterable[Iterable[Maker]], rounds: int = _ROUNDS) -> None:
    """Every contest in the first way that works; ``rounds`` of each where the run is thorough.

    One that nothing explains counts where the same explains itself without haste. Raises Violated; Inconclusive or
    NotExercised where not one batch could be judged.
    """
    lacking: Inconclusive | NotExercised = NotExercised("no two requests about one row could be made up")
    judged, waiting = 0, [list(ways) for ways in contests]
    while waiting:
        # Every row is made before anything happens at once: what is asked hangs on nothing that a contest decides.
        drawn, further = [], []
        for ways in waiting:
            made = _made(ways, rounds if scene.thorough else 1)
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


def _made(ways: list[Maker], rounds: int) -> _Contest | Inconclusive | NotExercised | None:
    """Batches from the first of some ways on which they can be made; why there are none."""
    lacking: Inconclusive | NotExercised | None = None
    for index, make in enumerate(ways):
        try:
            batches = [_turned(make(), number) for number in range(rounds)]
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
            count = len(held.batch.parts)
            lacking = _reason(scene, contest.make, (tuple(range(count)), tuple(reversed(range(count)))))
            if lacking is None:
                small, make = _least(scene, contest.make, held)
                lacking = _reason(
                    scene, make, islice(permutations(range(len(small.batch.parts))), _UNHURRIED)
                )
                if lacking is None:
                    raise _violated(small)
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
    parting = explained(standing, sent, after)[1]
    if parting is not None and any(one.limited for one in sent):
        raise Inconclusive(f"one of {len(sent)} requests at once is refused for the limit")
    if parting is not None and explained(standing, sent, after)[1] != parting:
        raise Inconclusive("the model does not answer the same requests in the same way")
    return _Held(batch, sent, after, parting)


def _reason(scene: Scene, make: Maker, orders: Iterable[tuple[int, ...]]) -> Inconclusive | None:
    """Why a contest that no order explains says nothing: model and target part without haste as well."""
    for order in orders:
        again = make()
        if len(again.parts) != len(order):
            return Inconclusive("what can be asked of a row differs from row to row")
        unhurried = _held(scene, _only(again, order), in_turn)
        if unhurried.parting is not None:
            told = unhurried.parting.title
            return Inconclusive(f"one request after the other, the model does not follow: {told}")
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


def _least(scene: Scene, make: Maker, held: _Held) -> tuple[_Held, Maker]:
    """The same with two requests only, where two of them are enough; and what makes it anew."""
    count = len(held.batch.parts)
    for pair in combinations(range(count), _PAIR) if count > _PAIR else ():
        for _ in range(_AGAIN):
            whole = make()
            if len(whole.parts) == count:
                small = _held(scene, _only(whole, pair))
                if small.parting is not None:
                    return small, lambda pair=pair: _only(make(), pair)
    return held, make


# -- telling ------------------------------------------------------------------------------------------------------


def _violated(held: _Held) -> Violated:
    names = [part.binding.id for part in held.batch.parts]
    parting = held.parting
    assert parting is not None  # noqa: S101 - only such are told
    title = f"No order of {' and '.join(names)} at once explains them: {parting.title}"
    exchanges = [*(one.exchange for one in held.sent), *(one.exchange for one in held.after)]
    bodies = [part.body for part in held.batch.parts if isinstance(part.body, Mapping)]
    fields = tuple(dict.fromkeys([*parting.fields, *(name for body in bodies for name in body)]))
    nearest = [index + 1 for index in parting.order]
    return Violated(title, *exchanges, detail=_told(held, nearest), nearest=nearest, fields=fields)


def _told(held: _Held, nearest: Sequence[int]) -> str:
    """The batch with its answers, and the order that comes nearest to them."""
    asked = []
    for number, one in enumerate(held.sent, 1):
        body = one.exchange.body.decode("utf-8", "replace")
        body = f" {body}" if 0 < len(body) <= _LONGEST else ""
        path = urlsplit(one.exchange.url).path
        asked.append(f"{number}. {one.exchange.method} {path}{body} answers {one.exchange.status}")
    title = held.parting.title if held.parting else ""
    order = ", ".join(map(str, nearest))
    return f"MUST: Sent together: {'; '.join(asked)}. The nearest order is {order}: {title.rstrip('.')}."
