"""The reference model, put where the target stands: it has the rows of a batch, as they read there, under their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from troth.behaviour.model import Field, Kind, Resource
from troth.behaviour.occasions import defaults_of, writable_fields
from troth.conformance.comparing import is_free, unequal
from troth.conformance.exchanges import Exchange
from troth.conformance.orders.batches import Batch, Part, Seen, Sent, read
from troth.conformance.reference import Answer
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised
from troth.engine.state import State

__all__ = ["Standing"]

_ROLE = "owner"
_DEEPEST = 3
_MEMORY = "orders.rows"


class Standing:
    """The model before a batch. ``blind`` has the fields of each row that depend on what the model cannot know."""

    def __init__(self, scene: Scene, batch: Batch) -> None:
        self._scene = scene
        self._reference = scene.reference()
        self._prefix = urlsplit(scene.client.base_url).path.rstrip("/")
        self._tags: dict[str, str] = {}
        self.blind: dict[tuple[str, str], frozenset[str]] = {}
        if scene.control and "orders.now" not in scene.memory:
            scene.memory["orders.now"] = scene.now()
        self._reference.begin(f"orders-{scene.nonce}", scene.memory.get("orders.now"))
        planted: set[tuple[str, str]] = set()
        for seen in batch.rows:
            if seen.row is not None:
                hidden = {
                    n: v for n, v in seen.said.items() if n in seen.resource.fields and n not in seen.row
                }
                self._plant(seen.resource, {**hidden, **seen.row}, planted, 0)
        for part in batch.parts:
            self._plant_named(part, planted)
        guessed = _guessed(batch)
        for seen in batch.rows:
            self._look(seen, guessed)
        self.start = self.keep()

    # -- before ------------------------------------------------------------------------------------------------------

    def _plant(self, resource: Resource, row: Row, planted: set[tuple[str, str]], depth: int) -> None:
        """The row, and those that it refers to."""
        key = (resource.name, str(row.get(resource.id_field)))
        if key in planted:
            return
        planted.add(key)
        self._reference.plant(resource, _ROLE, row, settled=True)
        for target, identifier in _named(self._scene, resource, row) if depth < _DEEPEST else ():
            found = self._found(target, identifier)
            if found is not None:
                self._plant(target, found, planted, depth + 1)

    def _plant_named(self, part: Part, planted: set[tuple[str, str]]) -> None:
        """What the body of a request names."""
        own = part.binding.resource
        body = part.body if isinstance(part.body, Mapping) else {}
        named = list(_named(self._scene, own, body)) if own is not None else []
        for target, identifier in [*named, *part.names]:
            found = self._found(target, identifier) if (target.name, str(identifier)) not in planted else None
            if found is not None:
                self._plant(target, found, planted, 1)

    def _found(self, resource: Resource, identifier: Any) -> Row | None:
        """Another row, read once for all batches of an operation: they only refer to it."""
        known: dict[tuple[str, str], Row | None] = self._scene.memory.setdefault(_MEMORY, {})
        key = (resource.name, str(identifier))
        if key not in known:
            reader = self._scene.behaviour.binding(resource.name, Kind.READ)
            try:
                known[key] = (
                    read(self._scene, resource, identifier).row if reader and not reader.parents else None
                )
            except (Inconclusive, NotExercised):
                known[key] = None
        return known[key]

    def _look(self, seen: Seen, guessed: frozenset[str]) -> None:
        """What the model shows of a row must be what the target shows, else the field is not compared."""
        row, exchange = self.shown(seen)
        if row is None or seen.row is None:
            raise Inconclusive(f"the model does not show the row of {seen.resource.name} (a mismatch before)")
        found = unequal(seen.resource, row, seen.row, self.free(seen.resource, frozenset(seen.row)))
        self.blind[seen.resource.name, str(seen.identifier)] = guessed | {name for name, _, _ in found}
        own, theirs = exchange.header("etag"), seen.exchange.header("etag")
        if own is not None and theirs is not None:
            self._tags[theirs] = own

    def free(self, resource: Resource, given: frozenset[str]) -> Any:
        """Which fields the server alone decides on, of a row that was given some."""
        creator = self._scene.behaviour.binding(resource.name, Kind.CREATE)
        written = frozenset(writable_fields(self._scene.contract, creator)) if creator else frozenset()
        defaults = frozenset(defaults_of(self._scene.contract, creator)) if creator else frozenset()

        def free(field: Field) -> bool:
            return is_free(field, given, written, defaults)

        return free

    # -- states ------------------------------------------------------------------------------------------------------

    def keep(self) -> State:
        return self._reference.keep()

    def back(self, state: State) -> None:
        self._reference.back(state)

    # -- requests ----------------------------------------------------------------------------------------------------

    def take(self, sent: Sent) -> Answer:
        """What the model answers to a request of a batch; a row that it makes gets the id that the target gave."""
        resource, made = sent.part.binding.resource, sent.made
        if resource is not None and made is not None and sent.part.binding.kind is Kind.CREATE:
            identifier = made.get(resource.id_field)
            if identifier is not None and self._reference.row(resource, _ROLE, identifier) is None:
                self._reference.expect(resource, identifier)
        answer = self._asked(sent.exchange)
        self._reference.settle()
        return answer

    def adopt(self, seen: Seen, given: frozenset[str]) -> None:
        """Take over what the contract leaves to the server, of a row that a batch has made."""
        shown = self.shown(seen)[0]
        if shown is None or seen.row is None:
            return
        free = self.free(seen.resource, given)
        values = {
            name: seen.row[name]
            for name, field in seen.resource.fields.items()
            if name in seen.row and name in shown and name != seen.resource.id_field
            and field.computed is None and not field.hidden and free(field)
        }  # fmt: skip
        self._reference.adopt(seen.resource, _ROLE, seen.identifier, values)

    def shown(self, seen: Seen) -> tuple[Row | None, Exchange]:
        """The same row, as the model shows it now."""
        exchange = self._asked(seen.exchange).exchange
        found = exchange.json if exchange.ok else None
        reader = self._scene.behaviour.binding(seen.resource.name, Kind.READ)
        if reader is not None and reader.wrapper and isinstance(found, Mapping):
            found = found.get(reader.wrapper)
        return found if isinstance(found, Mapping) else None, exchange

    def _asked(self, exchange: Exchange) -> Answer:
        """The same request, with the model's tags."""
        parts = urlsplit(exchange.url)
        headers = {
            name: self._tags.get(value, value) if name.lower() in ("if-match", "if-none-match") else value
            for name, value in exchange.headers.items()
        }
        path = parts.path.removeprefix(self._prefix)
        return self._reference.send(_ROLE, exchange.method, path, parts.query, headers, exchange.body)


def _guessed(batch: Batch) -> frozenset[str]:
    """The fields that a request fills from a row which it makes besides, under an id that only the server knows."""
    effects = [part.binding.effect for part in batch.parts if part.binding.effect]
    return frozenset(
        name
        for effect in effects
        for name, formula in effect.assign.items()
        if "created" in formula.variables
    )


def _named(scene: Scene, resource: Resource, row: Row) -> Iterator[tuple[Resource, Any]]:
    """(resource, id) of everything that a row refers to, in its lists of objects as well."""
    names = [reference.named(row) for reference in resource.references]
    for field in resource.fields.values():
        items = row.get(field.name)
        for reference in [one.reference for one in (field.items or {}).values() if one.reference]:
            rows = items if isinstance(items, list) else ()
            names += [reference.named(item) for item in rows if isinstance(item, Mapping)]
    for found in names:
        for _, target, identifier in found:
            if (
                target is not None
                and target in scene.behaviour.resources
                and isinstance(identifier, str | int)
            ):
                yield scene.behaviour.resources[target], identifier
