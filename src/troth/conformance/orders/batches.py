"""Batches: a few requests that leave together, each with the moments at which it left and was answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.scene import Row, Scene

__all__ = ["Batch", "Maker", "Part", "Seen", "Sent", "at_once", "in_turn", "read"]

#: Refusals that may say no more than that something else was going on: the request was not carried out.
_BUSY = (409, 423, 425)
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch, before it is sent. Of a create ``row`` says below which parents."""

    binding: Binding
    identifier: Any = None
    row: Row | None = None
    body: Any = ABSENT
    headers: Mapping[str, str] = field(default_factory=dict)
    #: (resource, id) of the rows that the body names.
    names: tuple[tuple[Resource, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A part as it went out and came back; ``began`` and ``ended`` are seconds of one clock."""

    part: Part
    exchange: Exchange
    began: float
    ended: float

    @property
    def busy(self) -> bool:
        """Whether the refusal may mean that the target had other things to do."""
        return self.exchange.status in _BUSY

    @property
    def limited(self) -> bool:
        """Whether the refusal has to do with how many requests there were, and nothing with what they ask."""
        return self.exchange.status == _TOO_MANY

    @property
    def made(self) -> Row | None:
        """The row in a successful answer that shows one of the operation's own resource."""
        binding, exchange = self.part.binding, self.exchange
        found = exchange.json if exchange.ok else None
        if binding.wrapper and isinstance(found, Mapping):
            found = found.get(binding.wrapper)
        own = binding.kind is not Kind.DELETE and binding.resource is not None
        own = own and binding.answers in (None, binding.resource.name if binding.resource else None)
        return found if own and isinstance(found, Mapping) else None


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as it reads: the answer to reading it, and the row unless there is none.

    ``said`` is what the request that made it has said, for the fields that nothing shows.
    """

    resource: Resource
    identifier: Any
    exchange: Exchange
    row: Row | None
    said: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Parts, and the rows that they are about, as they read before; ``gap`` is how many seconds lie between parts."""

    parts: tuple[Part, ...]
    rows: tuple[Seen, ...]
    gap: float = 0.0


Maker = Callable[[], Batch]
"""Makes rows and parts anew. Raises Inconclusive or NotExercised where it cannot."""


def at_once(scene: Scene, batch: Batch) -> list[Sent]:
    """The parts, sent together: each when the one before it is on its way, so that they overlap in this order."""
    parts = batch.parts
    spans = [(0.0, 0.0)] * len(parts)
    gates = [threading.Event() for _ in range(len(parts) + 1)]
    gates[0].set()

    def asked(index: int) -> Callable[[], Exchange]:
        def ask() -> Exchange:
            gates[index].wait()
            if index and batch.gap:
                time.sleep(batch.gap)
            began = time.perf_counter()
            gates[index + 1].set()
            found = _asked(scene, parts[index])
            spans[index] = began, time.perf_counter()
            return found

        return ask

    scene.client.spare(scene.owner, len(parts))
    answers = scene.client.at_once([asked(index) for index in range(len(parts))])
    return [Sent(*one) for one in zip(parts, answers, *zip(*spans, strict=True), strict=True)]


def in_turn(scene: Scene, batch: Batch) -> list[Sent]:
    """The parts, one after the other."""
    return [
        Sent(part, _asked(scene, part), float(number), number + 0.5)
        for number, part in enumerate(batch.parts)
    ]


def _asked(scene: Scene, part: Part) -> Exchange:
    return scene.call(
        scene.owner, part.binding, identifier=part.identifier, row=part.row, body=part.body,
        headers=part.headers, patient=False,
    )  # fmt: skip


def read(scene: Scene, resource: Resource, identifier: Any, row: Row | None = None) -> Seen:
    """A row as it reads now; ``row`` says below which parents it stands. Raises NotExercised where none can be read."""
    reader = scene.operation(resource, Kind.READ)
    exchange = scene.call(scene.owner, reader, identifier=identifier, row=row)
    shown = scene.unwrapped(reader, exchange) if exchange.ok else None
    return Seen(resource, identifier, exchange, shown)
