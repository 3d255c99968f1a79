"""Which rows a caller sees, worked out once: rows named by others as sets of ids, conditions once for equal values.

A gaze holds for one caller's settings and one version of a tenant's rows, so a list costs each of its rows one look
into a dictionary, and what depends on a graph is walked once, however many rows ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.expressions import Expression
from troth.behaviour.model import Behaviour, Field, Resource
from troth.behaviour.seeing import Naming, Visibility
from troth.engine.messages import dump
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["Gaze", "Seer"]

_REMEMBERED = 64
_NONE: tuple[Visibility, ...] = ()


class Seer:
    """The rules of visibility of one contract. What it has worked out is kept with the state that it holds for."""

    def __init__(self, behaviour: Behaviour) -> None:
        resources = behaviour.resources
        self.resources = resources
        self.rules = {name: one.visibility for name, one in resources.items() if one.visibility}
        every = [rule for rules in self.rules.values() for rule in rules]
        self._timed = any(e.clocked for rule in every for e in _expressions(rule))
        self._active: dict[bytes, Mapping[str, tuple[Visibility, ...]]] = {}

    def signature(self, world: TenantWorld) -> bytes:
        """What tells apart callers who may see different rows."""
        return dump(dict(sorted(world.viewer.items())))

    def gaze(self, world: TenantWorld) -> Gaze:
        """What the caller of a request sees, from before where no row has changed since."""
        if isinstance(world.gaze, Gaze):
            return world.gaze
        if world.caller is None:  # the engine itself looks
            return Gaze(self, {})
        key = self.signature(world)
        active = self._active.get(key)
        if active is None or self._timed:
            if len(self._active) >= _REMEMBERED:
                self._active.clear()
            active = self._active[key] = self._applying(world)
        found = self._kept(key, active, world) if active else Gaze(self, active)
        world.gaze = found
        return found

    def _applying(self, world: TenantWorld) -> Mapping[str, tuple[Visibility, ...]]:
        """The rules that apply to a caller, by resource."""
        found = {
            name: tuple(rule for rule in rules if rule.when is None or rule.when.holds({}, world))
            for name, rules in self.rules.items()
        }
        return {name: rules for name, rules in found.items() if rules}

    def _kept(self, key: bytes, active: Mapping[str, tuple[Visibility, ...]], world: TenantWorld) -> Gaze:
        tenant, moment = world.tenant, world.now() if self._timed else world.today()
        gazes, place = world.state.gazes, (self, tenant, key, moment, world.state.contents(tenant))
        found: Gaze | None = gazes.get(place)
        if found is None:
            if len(gazes) >= _REMEMBERED:
                gazes.clear()
            found = gazes[place] = Gaze(self, active)
        return found


class Gaze:
    """What one caller sees of one version of the rows."""

    __slots__ = ("_active", "_known", "_listed", "_named", "_seer")

    def __init__(self, seer: Seer, active: Mapping[str, tuple[Visibility, ...]]) -> None:
        self._seer = seer
        self._active = active
        self._known: dict[Row, tuple[Visibility, ...]] = {}
        self._listed: dict[str, tuple[list[Row], list[Row]]] = {}
        self._named: dict[str, frozenset[str]] = {}

    @property
    def limited(self) -> bool:
        """Whether any row at all may be invisible to the caller."""
        return bool(self._active)

    def applies(self, resource: str) -> bool:
        """Whether any row of a resource may be invisible to the caller."""
        return resource in self._active

    def withheld(self, resource: str, row: Row, world: TenantWorld) -> tuple[Visibility, ...]:
        """The rules by which a row is invisible; none for a row that the caller sees as it is."""
        rules = self._active.get(resource)
        if not rules:
            return _NONE
        found = self._known.get(row)
        if found is None:
            self._known[row] = rules  # a row that would have to be seen to be seen is not
            found = tuple(rule for rule in rules if not self._visible(rule, resource, row, world))
            self._known[row] = found
        return found

    def listed(self, resource: str, rows: list[Row], world: TenantWorld) -> list[Row]:
        """The rows of which lists tell; found once for the same list of rows."""
        known = self._listed.get(resource)
        if known is not None and known[0] is rows:
            return known[1]
        found = [
            row for row in rows if all(rule.listed != "hide" for rule in self.withheld(resource, row, world))
        ]
        self._listed[resource] = (rows, found)
        return found

    def sees(self, resource: str, row: Row, world: TenantWorld) -> bool:
        """Whether nothing of a row is withheld."""
        return not self.withheld(resource, row, world)

    def _visible(self, rule: Visibility, resource: str, row: Row, world: TenantWorld) -> bool:
        if rule.namings and row.id in self._ids(rule, resource, world):
            return True
        return rule.visible is not None and self._holds(rule.visible, resource, row, world)

    def _holds(self, condition: Expression, resource: str, row: Row, world: TenantWorld) -> bool:
        own = self._seer.resources[resource].id_field
        members = world.members(resource, row, (*condition.reads, own))
        return condition.holds({**members, "$id": members.get(own)}, world)

    def _ids(self, rule: Visibility, resource: str, world: TenantWorld) -> frozenset[str]:
        """The ids of all rows that others make visible, found in one pass over those others."""
        found = self._named.get(rule.pointer)
        if found is None:
            self._named[rule.pointer] = frozenset()  # rules that go in a circle make nothing visible by it
            found = frozenset(
                identifier
                for naming in rule.namings
                for row in self._counting(naming, world)
                for identifier in _named(naming, self._seer.resources[naming.source], resource, row)
            )
            self._named[rule.pointer] = found
        return found

    def _counting(self, naming: Naming, world: TenantWorld) -> Iterator[Row]:
        """The rows of a naming that count."""
        source = self._seer.resources.get(naming.source)
        for row in world.state.table(world.tenant, naming.source).shown() if source else ():
            if naming.when is not None and not self._holds(naming.when, naming.source, row, world):
                continue
            if self.withheld(naming.source, row, world):
                continue
            if source and all(self._names_seen(source, name, row, world) for name in naming.seen):
                yield row

    def _names_seen(self, source: Resource, name: str, row: Row, world: TenantWorld) -> bool:
        """Whether a reference of a row names one that the caller sees."""
        reference = source.fields[name].reference if name in source.fields else None
        target = reference.target(row.data) if reference else None
        if reference is None or target is None:
            return False
        found = world.state.table(world.tenant, target).get(str(reference.identifier(row.data)))
        return found is not None and found.visible and not self.withheld(target, found, world)


def _expressions(rule: Visibility) -> Iterator[Expression]:
    yield from filter(None, (rule.when, rule.visible, *(naming.when for naming in rule.namings)))


def _named(naming: Naming, source: Resource, target: str, row: Row) -> Iterator[str]:
    """The ids of rows of one resource that a row names."""
    first, *rest = naming.path
    field = source.fields.get(first)
    inner = field.items.get(rest[0]) if field and field.items and rest else None
    if inner is None:
        yield from _ids_in(field, target, row.data)
        return
    for item in row.data.get(first) or ():
        if isinstance(item, Mapping):
            yield from _ids_in(inner, target, item)


def _ids_in(field: Field | None, target: str, row: Mapping[str, Any]) -> Iterator[str]:
    reference = field.reference if field else None
    if reference is None:
        return
    for _, resource, identifier in reference.named(row):
        if resource == target:
            yield str(identifier)
