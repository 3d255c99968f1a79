"""Selections: which members of rows a request names, ``id,matter{id,client{name}}``, read and held against the rows.

A name may open braces where it leads to an object, to a list of objects, or through a reference to the rows of another
resource. What a reference keeps beside the id, and the row does not know, is a member as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from troth.behaviour.braces import SelectionError, Wanted, parse_braces
from troth.behaviour.model import Behaviour, Field, Reference, Resource, Selection
from troth.behaviour.resources import properties_of
from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = ["Catalogue", "Member", "Picked", "deep", "reaching"]

_DEEPEST = 16
OWN = ""
"""The key of the members that an object has without following a reference."""


class Picked(NamedTuple):
    """One member to be shown. ``inner`` says what of it, for each resource that ``reference`` leads to; None: all."""

    name: str
    reference: Reference | None = None
    inner: Mapping[str, tuple[Picked, ...]] | None = None


@dataclass(frozen=True)  # no slots: what opens is worked out once
class Member:
    """What a name stands for. ``below`` gives its own members for each target; a None there takes any name."""

    reference: Reference | None
    below: Callable[[], Mapping[str, Mapping[str, Member] | None]]

    @cached_property
    def opens(self) -> bool:
        """Whether braces may follow."""
        found = self.below()
        return any(inner is None or inner for inner in found.values())


class Catalogue:
    """What can be selected of the rows of each resource of a contract, worked out when it is first asked for."""

    def __init__(self, profile: Selection, contract: Contract, behaviour: Behaviour) -> None:
        self.profile = profile
        self._contract = contract
        self._behaviour = behaviour
        self._rows: dict[str, Mapping[str, Member] | None] = {}
        self._whole: dict[str, str] = {}

    def members(self, resource: Resource) -> Mapping[str, Member] | None:
        """The members of the rows of a resource; None where the schema names none."""
        if resource.name not in self._rows:
            shown = (f for f in resource.fields.values() if not f.hidden and not f.write_only)
            self._rows[resource.name] = {f.name: self._member(f) for f in shown} if resource.fields else None
        return self._rows[resource.name]

    def _member(self, found: Field) -> Member:
        own = _objects(self._contract, found, self._member)
        reference = found.reference
        if reference is None:
            return Member(None, cache(lambda: {OWN: own}))
        targets = [t for name in dict.fromkeys(reference.to.values()) if (t := self._target(name))]
        inside = own if reference.at is not None and own is not None else {}
        if not targets:
            return Member(None if reference.at is None else reference, cache(lambda: {OWN: inside}))

        def below() -> Mapping[str, Mapping[str, Member] | None]:
            rows = {target.name: self.members(target) for target in targets}
            return {name: None if known is None else {**inside, **known} for name, known in rows.items()}

        return Member(reference, cache(below))

    def _target(self, name: str) -> Resource | None:
        return self._behaviour.resources.get(name)

    def whole(self, resource: Resource) -> str:
        """The selection that shows everything that a row keeps: references as they are kept, objects entirely."""
        found = self._whole.get(resource.name)
        if found is None:
            most = self.profile.depth
            found = _written(self.members(resource) or {}, _DEEPEST if most is None else most)
            self._whole[resource.name] = found
        return found

    # -- selections -------------------------------------------------------------------------------------------------

    def selection(self, resource: Resource, text: str) -> tuple[Picked, ...]:
        """A written selection of the rows of a resource. Raises SelectionError."""
        most = self.profile.depth
        wanted = parse_braces(text, _DEEPEST if most is None else most)
        unknown: list[str] = []
        picked = self._picked(wanted, self.members(resource), (), unknown)
        if unknown:
            names = list(dict.fromkeys(unknown))
            raise SelectionError(
                *(("unknown", name, f"'{name}' is not a field that can be shown.") for name in names)
            )
        return picked

    def usual(self, resource: Resource) -> tuple[Picked, ...] | None:
        """What a request without a selection shows; None: everything, references as they are kept."""
        members = self.members(resource)
        names = [name for name in self.profile.default if members is None or name in members]
        if not names:
            return None
        return self._picked(dict.fromkeys(names), members, (), [])

    def known(self, resource: Resource, text: str) -> tuple[Picked, ...]:
        """As :meth:`selection`, but what does not exist is passed over."""
        return self._picked(parse_braces(text, _DEEPEST), self.members(resource), (), [])

    def _usual(self, members: Mapping[str, Member] | None) -> tuple[Picked, ...]:
        """The usual members of what stands inside a row; where it has none of them, all that are plain."""
        plain = [n for n, member in members.items() if not member.opens] if members is not None else None
        names = [name for name in self.profile.default if plain is None or name in plain]
        return tuple(Picked(name) for name in names or plain or ())

    def _picked(
        self, wanted: Wanted, members: Mapping[str, Member] | None, path: tuple[str, ...], unknown: list[str]
    ) -> tuple[Picked, ...]:
        found = []
        for name, inner in wanted.items():
            member = _ANY if members is None else members.get(name)
            if member is None or (inner is not None and not member.opens):
                deeper = f".{next(iter(inner))}" if member is not None and inner else ""
                unknown.append(".".join((*path, name)) + deeper)
            else:
                found.append(self._one(name, inner, member, (*path, name), unknown))
        return tuple(found)

    def _one(
        self, name: str, inner: Wanted | None, member: Member, path: tuple[str, ...], unknown: list[str]
    ) -> Picked:
        reference = member.reference
        if inner is None:
            below = member.below()
            kept = not self.profile.default or not member.opens
            if kept or below.get(OWN, {}) is None or (reference is not None and reference.at is None):
                return Picked(name)
            return Picked(name, reference, {target: self._usual(known) for target, known in below.items()})
        parts: dict[str, tuple[Picked, ...]] = {}
        missing: list[set[str]] = []
        for target, known in member.below().items():
            lacking: list[str] = []
            parts[target] = self._picked(inner, known, path, lacking)
            missing.append(set(lacking))
        nowhere = set.intersection(*missing) if missing else set()
        unknown += sorted(nowhere)
        return Picked(name, reference, parts)


_ANY = Member(None, cache(lambda: {OWN: None}))


def _objects(
    contract: Contract, found: Field, member: Callable[[Field], Member]
) -> Mapping[str, Member] | None:
    """The members of a field's object, or of the objects in its list; empty for a plain value, None for a free one."""
    if found.items:
        return {name: member(inner) for name, inner in found.items.items()}
    return _inside(contract, found.pointer, frozenset())


def _inside(contract: Contract, pointer: str, seen: frozenset[str]) -> Mapping[str, Member] | None:
    end, schema = contract.follow(pointer)
    if not isinstance(schema, Mapping) or end in seen:
        return {}
    seen |= {end}
    if isinstance(schema.get("items"), Mapping):
        return _inside(contract, join(end, "items"), seen)
    branches = [join(end, word, i) for word in ("anyOf", "oneOf") for i in range(len(schema.get(word) or ()))]
    parts = [_inside(contract, at, seen) for at in branches]
    if properties := properties_of(contract, end):
        parts.append({name: _plain(contract, at, seen) for name, at in properties.items()})
    elif not branches and _is_object(schema):
        return None
    if any(part is None for part in parts):
        return None
    return {name: one for part in parts if part for name, one in part.items()}


def _plain(contract: Contract, pointer: str, seen: frozenset[str]) -> Member:
    return Member(None, cache(lambda: {OWN: _inside(contract, pointer, seen)}))


def _is_object(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    return "object" in (kinds if isinstance(kinds, list) else [kinds])


def _written(members: Mapping[str, Member], depth: int) -> str:
    parts = []
    for name, member in members.items():
        inner = ""
        if member.opens and depth:
            inner = _kept(member, depth - 1)
        parts.append(f"{name}{{{inner}}}" if inner else name)
    return ",".join(parts)


def _kept(member: Member, depth: int) -> str:
    """What a reference keeps, or all that an object has."""
    reference = member.reference
    if reference is not None:
        return ",".join(name for name in (reference.at, reference.by) if name)
    known = member.below().get(OWN)
    return _written(known, depth) if known else ""


def deep(catalogue: Catalogue, resource: Resource, wanted: frozenset[str]) -> str:
    """The selection that shows the members of a row and, one step on, those of rows of the wanted resources."""
    most = catalogue.profile.depth
    return _opened(catalogue.members(resource) or {}, _DEEPEST if most is None else most, wanted)


def _opened(members: Mapping[str, Member], depth: int, wanted: frozenset[str]) -> str:
    parts = []
    for name, member in members.items():
        inner, reference = "", member.reference
        if member.opens and depth:
            below = member.below()
            if reference is None:
                inner = _opened(below.get(OWN) or {}, depth - 1, wanted)
            elif wanted & set(reference.to.values()):
                known = {one: found for members in below.values() for one, found in (members or {}).items()}
                inner = _opened(known, depth - 1, frozenset())
            else:
                inner = _kept(member, depth - 1)
        parts.append(f"{name}{{{inner}}}" if inner else name)
    return ",".join(parts)


def reaching(catalogue: Catalogue, resource: Resource, levels: int) -> str | None:
    """A selection with that many levels of braces, each around a member that there is; None where none go so deep."""
    return _reaching(catalogue.members(resource) or {}, levels)


def _reaching(members: Mapping[str, Member], levels: int) -> str | None:
    if levels == 0:
        return next((name for name, member in members.items() if not member.opens), next(iter(members), None))
    for name, member in members.items():
        below = next((inner for inner in member.below().values() if inner), None)
        if below is not None and (inner := _reaching(below, levels - 1)) is not None:
            return f"{name}{{{inner}}}"
    return None
