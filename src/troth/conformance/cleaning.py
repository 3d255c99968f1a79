"""Cleaning up: what a run has made is deleted again, the latest first, and what cannot be is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from troth.behaviour.model import Binding, Kind
from troth.conformance.actors import Actor
from troth.conformance.connections import Connection, Reply
from troth.conformance.instruments import Instruments
from troth.conformance.leavings import Leaving, leavings
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
        if method not in ("GET", "HEAD", "OPTIONS") and reply.status_code // 100 == _SUCCESS:
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
        self._own: set[tuple[str, str]] = set()
        self._left_behind: dict[Leaving, Actor] = {}

    def __len__(self) -> int:
        return len(self._made) + len(self._left_behind)

    def follow(self, method: str, url: str, headers: Mapping[str, str], reply: Reply) -> None:
        """Remember a row that a create has made, forget one that a delete has removed."""
        path = urlsplit(url).path
        found = self._router.match(method, self._base_path + path.removeprefix(self._start))
        binding = self._behaviour.bindings.get(found.operation.id) if isinstance(found, Match) else None
        if binding is None or binding.resource is None or not isinstance(found, Match):
            return
        who = {name: value for name, value in headers.items() if name.lower() in self._credentials}
        actor, shown, identifier = Actor("whoever made it", None, ("*",), who), _row(binding, reply), None
        if binding.id_parameter is not None:
            identifier = unquote(str(found.path_params[binding.id_parameter]))
        if binding.kind is Kind.CREATE and shown is not None:
            self.note(binding, shown, actor, unwrapped=True)
            identifier = shown.get(binding.resource.id_field)
        elif binding.kind is Kind.DELETE and identifier is not None:
            self._made.pop((binding.resource.name, identifier), None)
        own = (binding.resource.name, str(identifier)) in self._own
        for leaving in leavings(self._behaviour, binding, identifier, shown):
            # Rows of somebody else may refer to a row that the run did not make, so those are not looked for.
            self._leave(leaving if own else replace(leaving, field=""), actor)

    def _leave(self, leaving: Leaving, actor: Actor) -> None:
        """Remember what a write has left behind in another resource."""
        if leaving.identifier is None:
            self._left_behind.setdefault(leaving, actor)
            return
        key = leaving.resource, str(leaving.identifier)
        resource = self._behaviour.resources[leaving.resource]
        row = leaving.row or {resource.id_field: leaving.identifier}
        self._made.setdefault(key, _Made(*key, row, actor))

    def note(self, binding: Binding, shown: Any, actor: Actor, *, unwrapped: bool = False) -> None:
        """Remember the row in the answer to a create."""
        resource = binding.resource
        if binding.wrapper and not unwrapped and isinstance(shown, Mapping):
            shown = shown.get(binding.wrapper)
        if resource is None or not isinstance(shown, Mapping) or shown.get(resource.id_field) is None:
            return
        identifier = str(shown[resource.id_field])
        self._own.add((resource.name, identifier))
        self._made.setdefault((resource.name, identifier), _Made(resource.name, identifier, shown, actor))

    def clean(self, scene: Scene) -> dict[str, str]:
        """Delete, the latest first. What is left: how many rows of each resource and why, by resource."""
        reasons: dict[str, str] = {}
        self._find(scene)
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

    def _find(self, scene: Scene) -> None:
        """Rows that were left behind and that no answer has shown: those that refer to the row of the write.

        They are looked for while that row is still there. Nobody else's rows refer to it, since the run made it.
        """
        for leaving, actor in list(self._left_behind.items()):
            lister = self._behaviour.binding(leaving.resource, Kind.LIST)
            removable = self._behaviour.binding(leaving.resource, Kind.DELETE) is not None
            if lister is None or not leaving.field or not removable:
                continue
            with suppress(Inconclusive, NotExercised, TargetError):
                rows, _ = scene.listed(lister, actor)
                resource = self._behaviour.resources[leaving.resource]
                for row in rows:
                    if str(row.get(leaving.field)) == str(leaving.value) and resource.id_field in row:
                        self._leave(Leaving(leaving.resource, row[resource.id_field]), actor)
                del self._left_behind[leaving]

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
        told = {name: f"{count} ({reasons.get(name, common)})" for name, count in counts.items()}
        for name, count in Counter(leaving.resource for leaving in self._left_behind).items():
            sure = all(one.certain for one in self._left_behind if one.resource == name)
            known = counts.get(name, 0) + count
            told[name] = f"{'' if sure else 'up to '}{known} ({self._lasting(name)})"
        return dict(sorted(told.items()))

    def _lasting(self, name: str) -> str:
        """Why rows that other writes have left behind stay."""
        if self._behaviour.binding(name, Kind.DELETE) is None:
            return f"left behind by other writes; no operation deletes one of {name}"
        return "left behind by other writes; nothing shows which they are"


def _row(binding: Binding, reply: Reply) -> Mapping[str, Any] | None:
    """The row in an answer, None when it has none."""
    try:
        found = reply.json()
    except ValueError:
        return None
    if binding.wrapper and isinstance(found, Mapping):
        found = found.get(binding.wrapper)
    return found if isinstance(found, Mapping) else None
