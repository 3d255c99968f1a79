"""What each older version answers otherwise: its operations, its members and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any

from troth.behaviour.editions import Edition
from troth.behaviour.expressions import Expression
from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.versions import Conversion, Release
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import items_of
from troth.conformance.probes.resources import same
from troth.conformance.probes.versions import asking, read_in, today, versions_of, whole_selection
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["change"]


@dataclass(frozen=True, slots=True)
class _Pair:
    """The same rows in the newest version and in an older one."""

    release: Release
    edition: Edition
    now: Mapping[str, Row]
    before: Mapping[str, Row]
    exchanges: tuple[Exchange, Exchange]


def change(scene: Scene, binding: Binding) -> None:
    """Each older version that differs has the operations, members and values that it had."""
    tried = 0
    for release, edition in _older(scene):
        former = edition.behaviour.bindings.get(binding.id)
        if former is None:
            tried += _absent(scene, binding, release)
        elif binding.resource is not None and binding.kind in (Kind.LIST, Kind.READ):
            pair = _pair(scene, binding, former, release, edition)
            _compare(scene, binding.resource, former.resource or binding.resource, pair)
            tried += 1
        elif binding.resource is not None and binding.kind is Kind.UPDATE:
            tried += _rewritten(scene, binding, binding.resource, release, edition)
    if not tried:
        raise NotExercised("no version is offered now in which the operation differs")


def _older(scene: Scene) -> Iterator[tuple[Release, Edition]]:
    """The newest of all versions that lack the same changes today."""
    versions, day = versions_of(scene), today(scene)
    seen: set[tuple[str, ...]] = {()}
    for release in reversed(versions.releases):
        lacking = versions.lacking(release, day)
        key = tuple(one.pointer for one in lacking)
        if release.is_offered(day) and key not in seen:
            seen.add(key)
            yield release, scene.editions.without(lacking)


def _absent(scene: Scene, binding: Binding, release: Release) -> int:
    """An operation that a version does not have yet answers as an unknown path or method does."""
    if binding.kind is Kind.UPDATE:
        return 0
    exchange = read_in(scene, binding, release.name)
    expected = {scene.kind("no-route").status, scene.kind("method-not-allowed").status}
    if exchange.status not in expected:
        title = f"Version {release.name} answers {exchange.status} to an operation that came later"
        raise Violated(title, exchange)
    return 1


def _pair(scene: Scene, binding: Binding, former: Binding, release: Release, edition: Edition) -> _Pair:
    newest_edition = scene.editions.without(())
    newest = read_in(scene, binding, versions_of(scene).newest.name, newest_edition)
    older = read_in(scene, former, release.name, edition)
    if not older.ok:
        raise Violated(f"Version {release.name} answers {older.status}", newest, older)
    return _Pair(
        release, edition, _rows(scene, binding, newest), _rows(scene, former, older), (newest, older)
    )


def _rows(scene: Scene, binding: Binding, exchange: Exchange) -> dict[str, Row]:
    found = items_of(binding, exchange) if binding.kind is Kind.LIST else [scene.unwrapped(binding, exchange)]
    name = binding.resource.id_field if binding.resource else "id"
    return {str(row.get(name)): row for row in found}


def _compare(scene: Scene, now: Resource, before: Resource, pair: _Pair) -> None:
    known, shown = _members(now), _members(before)
    for identifier, row in pair.now.items():
        older = pair.before.get(identifier)
        if older is None:
            continue
        for name in sorted(older.keys() & (known - shown)):
            raise Violated(
                f"Version {pair.release.name} shows '{name}', which came later",
                *pair.exchanges,
                deviation="extra",
                field=name,
            )
        for name in sorted(shown - known - older.keys()):
            if before.fields[name].required:
                raise Violated(
                    f"Version {pair.release.name} does not show '{name}'",
                    *pair.exchanges,
                    deviation="missing",
                    field=name,
                )
        _values(scene, now.name, row, older, pair)


def _members(resource: Resource) -> frozenset[str]:
    return frozenset(f.name for f in resource.fields.values() if not (f.write_only or f.hidden))


def _values(scene: Scene, resource: str, row: Row, older: Row, pair: _Pair) -> None:
    """Values that are others in the older version are those that their expression makes of the row of now."""
    expected = dict(row)
    questions = Questions(scene, scene.owner)
    changed: set[str] = set()
    for one in pair.edition.lacking:
        for name, conversion in one.values.get(resource, {}).items():
            if conversion.shown is not None and _asked(conversion.shown) <= expected.keys():
                expected[name] = conversion.shown.evaluate(expected, questions)
                changed.add(name)
    for name in sorted(changed & older.keys()):
        if not _alike(older[name], expected[name]):
            title = f"'{name}' is {older[name]!r} in version {pair.release.name}, not {expected[name]!r}"
            raise Violated(title, *pair.exchanges)


def _asked(expression: Expression) -> frozenset[str]:
    """The members of a row that an expression reads."""
    return expression.variables - expression.bound


def _alike(found: Any, expected: Any) -> bool:
    """Whether two values are the same, but for the last digits of a number."""
    numbers = [v for v in (found, expected) if isinstance(v, int | float) and not isinstance(v, bool)]
    return isclose(*numbers, rel_tol=1e-9) if len(numbers) == 2 else same(found, expected)  # noqa: PLR2004


def _rewritten(scene: Scene, binding: Binding, resource: Resource, release: Release, edition: Edition) -> int:
    """A value written in an older version as it is read there leaves the row as it was."""
    reader = scene.behaviour.binding(resource.name, Kind.READ)
    named = {
        name: conversion
        for one in edition.lacking
        for name, conversion in one.values.get(resource.name, {}).items()
        if _both_ways(conversion)
    }
    if reader is None or not named:
        return 0
    row = scene.created(resource, scene.owner)
    at = {"identifier": row[resource.id_field], "row": row}
    selected = whole_selection(scene, edition.behaviour.bindings.get(reader.id, reader), edition)
    given = asking(scene, release.name, *selected)
    older = scene.unwrapped(reader, scene.call(scene.owner, reader, **at, **given))
    body = {name: older[name] for name in named if older.get(name) is not None}
    if not body:
        return 0
    given = asking(scene, release.name)
    written = scene.call(scene.owner, binding, body=body, plain=False, **at, **given)
    if not written.ok:
        raise Inconclusive(f"version {release.name} answers {written.status} to what it showed")
    again, exchange = scene.fetched(resource, scene.owner, row)
    for name in body:
        if name in row and not _alike(again.get(name), row[name]):
            title = f"Writing '{name}' as version {release.name} shows it makes {again.get(name)!r} of {row[name]!r}"
            raise Violated(title, written, exchange)
    return 1


def _both_ways(conversion: Conversion) -> bool:
    return conversion.shown is not None and conversion.taken is not None
