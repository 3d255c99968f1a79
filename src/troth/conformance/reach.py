"""How far a fault reaches: the grounds of a run that no request of theirs leads to are answered as if it were off.

Grounds share nothing, and a mock in this process answers the same requests alike. So what the correct mock was asked on
a ground says whether a bent operation or resource could have been met there; where none was, its verdicts stand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any
from urllib.parse import parse_qsl

from troth.behaviour.expressions import SEEN, Expression
from troth.behaviour.model import Behaviour, Binding, Kind, Resource
from troth.behaviour.seeing import Naming
from troth.conformance.connections import Loopback
from troth.contract import Match
from troth.engine import Request, Response
from troth.engine.state import Table

__all__ = ["Followed", "Footprint", "Reach", "reach_of"]

#: What is said of resources and matters only where rows are written.
_WRITTEN = frozenset({"references", "lifecycle", "rules"})


@dataclass(frozen=True, slots=True)
class Footprint:
    """What was asked on one ground: operations, their query parameters, and resources whose rows were looked for."""

    operations: set[str] = field(default_factory=set)
    queries: set[tuple[str, str]] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a fault changes: operations, parameters of operations, and all resources whose rows show its work."""

    operations: frozenset[str] = frozenset()
    queries: frozenset[tuple[str, str]] = frozenset()
    resources: frozenset[str] = frozenset()

    def meets(self, footprint: Footprint, behaviour: Behaviour) -> bool:
        """Whether anything that was asked on a ground could have been answered otherwise."""
        if (
            self.operations & footprint.operations
            or self.queries & footprint.queries
            or self.resources & footprint.resources
        ):
            return True
        asked = (behaviour.bindings[name].resource for name in footprint.operations)
        return any(resource is not None and resource.name in self.resources for resource in asked)


class _Tables(dict[tuple[str, str], Table]):
    """The tables of a sandbox, which note what is looked for among them."""

    def __init__(self, given: Mapping[tuple[str, str], Table], noted: set[str]) -> None:
        super().__init__(given)
        self.noted = noted

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        self.noted.add(key[1])
        return super().get(key, default)


class Followed(Loopback):
    """A connection that keeps the footprint of each sandbox."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.footprints: dict[str, Footprint] = {}

    def handled(self, made: Request, sandbox: str) -> Response:
        footprint = self.footprints.setdefault(sandbox, Footprint())
        state = self.engine.state(sandbox)
        if not isinstance(state.tables, _Tables):
            state.tables = _Tables(state.tables, footprint.resources)
        found = self.engine.program().router.match(made.method, made.path)
        if isinstance(found, Match):
            footprint.operations.add(found.operation.id)
            names = (name.partition("[")[0] for name, _ in parse_qsl(made.query, keep_blank_values=True))
            footprint.queries.update((found.operation.id, name) for name in names)
        return super().handled(made, sandbox)


def reach_of(correct: Behaviour, bent: Behaviour) -> Reach | None:
    """What differs between two behaviours, and all that shows it; None where that may be everything."""
    if _differing(correct, bent) - {"bindings", "resources"}:
        return None
    changed = {name: one for name, one in correct.resources.items() if one is not bent.resources.get(name)}
    operations, queries, rows = set[str](), set[tuple[str, str]](), set[str]()
    for name, one in changed.items():
        other = bent.resources.get(name)
        if other is None or _is_far(one, other):
            return None
        operations |= _writers(correct, bent, name)
        rows |= set() if _differing(one, other) <= _WRITTEN else {name}
    for name, binding in correct.bindings.items():
        other_binding = bent.bindings.get(name)
        if binding is other_binding or (binding.resource and binding.resource.name in changed):
            continue
        asked = _filters(binding, other_binding) if other_binding else None
        operations |= {name} if asked is None else set()
        queries |= asked or set()
    return Reach(frozenset(operations), frozenset(queries), frozenset(_readers(correct, rows)))


def _differing(one: Any, other: Any) -> set[str]:
    """The names of the fields in which two of a kind differ."""
    return {part.name for part in fields(one) if getattr(one, part.name) is not getattr(other, part.name)}


def _filters(binding: Binding, bent: Binding) -> set[tuple[str, str]] | None:
    """The parameters without which nothing changes, where two bindings differ in filters alone; None elsewhere."""
    if _differing(binding, bent) != {"filters"}:
        return None
    both = [one for one in binding.filters if any(one is other for other in bent.filters)]
    names = {one.parameter for one in (*binding.filters, *bent.filters) if not any(one is b for b in both)}
    parameters = (binding.operation.parameter("query", name) for name in names)
    if any(
        one is None or (isinstance(one.schema, Mapping) and "default" in one.schema) for one in parameters
    ):
        return None
    return {(binding.id, name.partition("[")[0]) for name in names}


def _writers(behaviour: Behaviour, bent: Behaviour, resource: str) -> set[str]:
    """The operations that may write rows of a resource: its own, those that leave some behind, and some deletes.

    Rows keep those that they name from going, or follow them, however many steps away.
    """
    sources = {resource}
    while more := {
        name
        for name, one in behaviour.resources.items()
        if name not in sources and any(record.into in sources for record in one.records)
    }:
        sources |= more
    named = set(sources)
    while (
        more := {
            target
            for of in (behaviour, bent)
            for name in named & of.resources.keys()
            for reference in of.resources[name].references
            if reference.on_delete != "ignore"
            for target in reference.to.values()
        }
        - named
    ):
        named |= more
    return {
        name
        for name, one in behaviour.bindings.items()
        if one.writes
        and (
            (one.resource is not None and one.resource.name in sources)
            or (one.kind is Kind.DELETE and one.resource is not None and one.resource.name in named)
            or (one.effect is not None and sources & one.effect.create.keys())
        )
    }


def _is_far(correct: Resource, bent: Resource) -> bool:
    """Whether a changed resource shows beyond its rows and those that read them: in selections, and by the clock."""
    if any("time" in event.on for event in correct.events):
        return True
    return _members(correct) != _members(bent)


def _members(resource: Resource) -> list[tuple[Any, ...]]:
    return [(f.name, f.hidden, f.write_only, f.reference, f.items is None) for f in resource.fields.values()]


def _readers(behaviour: Behaviour, changed: Collection[str]) -> set[str]:
    """The resources among which rows depend on rows of the changed ones, however many steps away."""
    read = {name: set(_read(one)) for name, one in behaviour.resources.items()}
    found: set[str] = set()
    ahead = set(changed)
    while ahead:
        found |= ahead
        ahead = {name for name, others in read.items() if others & found} - found
    return found


def _read(part: Any) -> Iterator[str]:
    """The resources whose rows any expression within a part of the model reads."""
    if isinstance(part, Expression):
        yield from (name for name, _ in part.related | part.looked_up)
        yield from SEEN.findall(part.text)
    elif isinstance(part, Naming):
        yield part.source
        yield from _read(part.when) if part.when else ()
    elif is_dataclass(part) and not isinstance(part, type):
        for one in fields(part):
            yield from _read(getattr(part, one.name))
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from _read(inner)
    elif isinstance(part, tuple | list):
        for inner in part:
            yield from _read(inner)
