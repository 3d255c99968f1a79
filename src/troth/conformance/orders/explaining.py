"""Explaining a batch: the orders of its requests are tried on the model until one accounts for all that was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from troth.behaviour.model import Kind
from troth.conformance.comparing import unequal
from troth.conformance.orders.batches import Seen, Sent
from troth.conformance.orders.standing import Standing
from troth.conformance.scene import Row
from troth.conformance.verdicts import Inconclusive
from troth.engine.state import State

__all__ = ["Parting", "explained"]

#: How many requests the model is asked for one batch: all orders of four, each of which may have been put off.
_STEPS = 1000

Shown = Mapping[tuple[str, str], Row | None]


@dataclass(frozen=True, slots=True)
class Parting:
    """Where the nearest order and the target part ways: after how many requests, why, and in which fields."""

    order: tuple[int, ...]
    title: str
    depth: int
    fields: tuple[str, ...] = ()


def explained(
    standing: Standing, batch: Sequence[Sent], after: Sequence[Seen]
) -> tuple[tuple[int, ...] | None, Parting | None]:
    """(an order that explains the batch, None) or (None, where the nearest one fails)."""
    search = _Search(standing, batch, after)
    found = search.run(standing.start, (), ())
    standing.back(standing.start)
    return (found, None) if found is not None else (None, search.nearest)


class _Search:
    """Depth first; the order in which the answers came is tried first."""

    def __init__(self, standing: Standing, batch: Sequence[Sent], after: Sequence[Seen]) -> None:
        self._standing = standing
        self._batch = batch
        self._after = after
        self._turns = sorted(range(len(batch)), key=lambda index: batch[index].ended)
        self._left = _STEPS
        self.nearest = Parting((), "no order could be tried", -1)

    def run(self, state: State, done: tuple[int, ...], shown: tuple[Shown, ...]) -> tuple[int, ...] | None:
        rest = [index for index in self._turns if index not in done]
        if not rest:
            return done if self._accounts(done, shown) else None
        for index in rest:
            if any(self._batch[other].ended < self._batch[index].began for other in rest if other != index):
                continue
            for carried in (True, False) if self._skips(index) else (True,):
                self._standing.back(state)
                self._left -= 1
                if self._left < 0:
                    raise Inconclusive(f"{len(self._batch)} requests at once have more orders than are tried")
                if carried and not self._agrees((*done, index)):
                    continue
                seen = {(one.resource.name, str(one.identifier)): self._row(one) for one in self._after}
                found = self.run(self._standing.keep(), (*done, index), (*shown, seen))
                if found is not None:
                    return found
        return None

    def _row(self, seen: Seen) -> Row | None:
        return self._standing.shown(seen)[0]

    def _skips(self, index: int) -> bool:
        """Whether the target may have refused a request only because another one was under way."""
        own = self._batch[index]
        return own.limited or (
            own.busy
            and any(
                other.began < own.ended and own.began < other.ended
                for other in self._batch
                if other is not own
            )
        )

    def _note(self, order: tuple[int, ...], depth: int, title: str, *fields: str) -> None:
        if depth > self.nearest.depth:
            self.nearest = Parting(order, title, depth, fields)

    # -- one request ---------------------------------------------------------------------------------------------------

    def _agrees(self, order: tuple[int, ...]) -> bool:
        """Whether the model accepts or refuses the last request of an order as the target did."""
        sent = self._batch[order[-1]]
        binding, exchange = sent.part.binding, sent.exchange
        answer = self._standing.take(sent)
        where = f"after {len(order) - 1} of the others " if len(order) > 1 else "as the first "
        if answer.exchange.ok != exchange.ok:
            why = answer.refusal.message or answer.refusal.kind if answer.refusal else "it should succeed"
            told = f"{where}{binding.id} answers {exchange.status} instead of {answer.exchange.status}: {why}"
            self._note(order, len(order), told)
            return False
        made, resource = sent.made, binding.resource
        if binding.kind is not Kind.CREATE or made is None or resource is None:
            return True
        own = Sent(sent.part, answer.exchange, 0, 0).made or {}
        identifier = made.get(resource.id_field)
        if str(own.get(resource.id_field)) != str(identifier):
            self._note(order, len(order), f"{where}{binding.id} makes another row, {identifier!r}")
            return False
        self._adopt(sent, resource.name, identifier)
        return True

    def _adopt(self, sent: Sent, resource: str, identifier: object) -> None:
        body = sent.part.body
        given = frozenset(body) if isinstance(body, Mapping) else frozenset[str]()
        for seen in self._after:
            if seen.resource.name == resource and str(seen.identifier) == str(identifier):
                self._standing.adopt(seen, given)

    # -- all of them ---------------------------------------------------------------------------------------------------

    def _accounts(self, order: tuple[int, ...], shown: tuple[Shown, ...]) -> bool:
        """Whether the rows read as the model has them in the end, and every answer shows a state from then on."""
        final = len(order) + 1
        for seen in self._after:
            row = shown[-1][seen.resource.name, str(seen.identifier)]
            if (row is None) != (seen.row is None):
                told = "can still be read" if row is None else f"answers {seen.exchange.status}"
                self._note(order, final, f"then the row of {seen.resource.name} {told}")
                return False
            wrong = self._unequal(seen, row, seen.row)
            if wrong:
                name, left, right = wrong[0]
                self._note(
                    order,
                    final + 1,
                    f"then '{name}' of {seen.resource.name} is {right!r} instead of {left!r}",
                    name,
                )
                return False
        return all(self._answers(order, shown, place) for place in range(len(order)))

    def _answers(self, order: tuple[int, ...], shown: tuple[Shown, ...], place: int) -> bool:
        """Field by field: a target may show what another request has changed meanwhile."""
        sent = self._batch[order[place]]
        made, resource = sent.made, sent.part.binding.resource
        if made is None or resource is None:
            return True
        key = (resource.name, str(made.get(resource.id_field)))
        seen = next((one for one in self._after if (one.resource.name, str(one.identifier)) == key), None)
        if seen is None:
            return True
        wrong = [self._unequal(seen, rows[key], made) for rows in shown[place:] if rows[key] is not None]
        names = [{name for name, _, _ in found} for found in wrong]
        left = set.intersection(*names) if names else set()
        if left:
            name, wanted, found = next(one for one in wrong[0] if one[0] in left)
            self._note(
                order, len(order) + 2,
                f"{sent.part.binding.id} shows '{name}' as {found!r} instead of {wanted!r}", name,
            )  # fmt: skip
        return not left

    def _unequal(
        self, seen: Seen, expected: Row | None, found: Row | None
    ) -> list[tuple[str, object, object]]:
        if expected is None or found is None:
            return []
        key = (seen.resource.name, str(seen.identifier))
        blind = self._standing.blind.get(key)
        given = frozenset(found) if blind is not None else self._given(seen)
        free = self._standing.free(seen.resource, given)
        return [one for one in unequal(seen.resource, expected, found, free) if one[0] not in (blind or ())]

    def _given(self, seen: Seen) -> frozenset[str]:
        """What the request that made a row has said of it."""
        for sent in self._batch:
            made, body = sent.made, sent.part.body
            if (
                made is not None
                and str(made.get(seen.resource.id_field)) == str(seen.identifier)
                and isinstance(body, Mapping)
            ):
                return frozenset(body)
        return frozenset()
