"""Cleaning up: what a run has made is deleted again, the latest first, and what cannot be is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from troth.behaviour.model import Binding, Kind
from troth.conformance.actors import Actor
from troth.conformance.connections import Connection, Reply
from troth.conformance.instruments import Instruments
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Throttled
from troth.contract import Match, Router
from troth.errors import TargetError

__all__ = ["Cleaner", "Watched"]

_PASSES = 3
_SUCCESS = 2


@dataclass(frozen=True, slots=True)
class _Made:
    """A row that an answer has shown as new, and who made it."""

    resource: str
    identifier: str
    row: Mapping[str, Any]
    actor: Actor


class Watched:
    """A connection that tells a cleaner what travels over it."""

    def __init__(self, connection: Connection, cleaner: Cleaner) -> None:
        self._connection = connection
        self._cleaner = cleaner

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
    ) -> Reply:
        reply = self._connection.request(method, url, headers=headers, content=content, json=json)
        if method in ("POST", "DELETE") and reply.status_code // 100 == _SUCCESS:
            self._cleaner.follow(method, url, headers or {}, reply)
        return reply

    def close(self) -> None:
        self._connection.close()


class Cleaner:
    """Follows every exchange of a run; ``clean`` deletes what it saw being made and not deleted.

    ``credentials`` are the names of the headers that say who asks.
    """

    def __init__(self, instruments: Instruments, base_url: str, credentials: Iterable[str]) -> None:
        self._behaviour = instruments.behaviour
        self._router = Router(instruments.contract)
        self._base_path = instruments.contract.base_path
        self._start = urlsplit(base_url).path.rstrip("/")
        self._credentials = {name.lower() for name in credentials}
        self._made: dict[tuple[str, str], _Made] = {}

    def __len__(self) -> int:
        return len(self._made)

    def follow(self, method: str, url: str, headers: Mapping[str, str], reply: Reply) -> None:
        """Remember a row that a create has made, forget one that a delete has removed."""
        path = urlsplit(url).path
        found = self._router.match(method, self._base_path + path.removeprefix(self._start))
        binding = self._behaviour.bindings.get(found.operation.id) if isinstance(found, Match) else None
        if binding is None or binding.resource is None or not isinstance(found, Match):
            return
        if binding.kind is Kind.CREATE:
            who = {name: value for name, value in headers.items() if name.lower() in self._credentials}
            with suppress(ValueError):
                self.note(binding, reply.json(), Actor("whoever made it", None, ("*",), who))
        elif binding.kind is Kind.DELETE and binding.id_parameter is not None:
            identifier = unquote(str(found.path_params[binding.id_parameter]))
            self._made.pop((binding.resource.name, identifier), None)

    def note(self, binding: Binding, shown: Any, actor: Actor) -> None:
        """Remember the row in the answer to a create."""
        resource = binding.resource
        if binding.wrapper and isinstance(shown, Mapping):
            shown = shown.get(binding.wrapper)
        if resource is None or not isinstance(shown, Mapping) or shown.get(resource.id_field) is None:
            return
        identifier = str(shown[resource.id_field])
        self._made.setdefault((resource.name, identifier), _Made(resource.name, identifier, shown, actor))

    def clean(self, scene: Scene) -> dict[str, str]:
        """Delete, the latest first. What is left: how many rows of each resource and why, by resource."""
        reasons: dict[str, str] = {}
        for _pass in range(_PASSES):
            before = len(self._made)
            for key, made in list(self._made.items())[::-1]:
                try:
                    reason = self._removed(scene, made)
                except (Inconclusive, NotExercised, TargetError) as error:
                    reason = str(error)
                    if isinstance(error, Throttled | TargetError):
                        return self._left({made.resource: reason})
                if reason:
                    reasons[made.resource] = reason
                else:
                    self._made.pop(key, None)
            if not self._made or len(self._made) == before:
                break
        return self._left(reasons)

    def _removed(self, scene: Scene, made: _Made) -> str:
        """Why a row could not be deleted; empty when it is gone."""
        binding = self._behaviour.binding(made.resource, Kind.DELETE)
        if binding is None:
            return f"no operation deletes one of {made.resource}"
        exchange = scene.call(made.actor, binding, identifier=made.identifier, row=made.row)
        gone = exchange.ok or exchange.status in {scene.kind(word).status for word in ("not-found", "gone")}
        return "" if gone else f"{binding.id} answers {exchange.status}"

    def _left(self, reasons: Mapping[str, str]) -> dict[str, str]:
        counts = Counter(made.resource for made in self._made.values())
        common = next(iter(reasons.values()), "")
        return {name: f"{count} ({reasons.get(name, common)})" for name, count in sorted(counts.items())}
