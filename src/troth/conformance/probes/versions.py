"""Versions side by side: the default of the day, the echo, refusals, and what each older one answers otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isclose
from typing import Any, Self

from troth.behaviour.editions import Edition
from troth.behaviour.expressions import Expression
from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.selecting import whole
from troth.behaviour.versions import Conversion, Release, Versions
from troth.conformance.control import Control
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import items_of
from troth.conformance.probes.resources import same
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["change", "default", "echo", "retired", "unknown"]

_FIRST_DAY = "1970-01-02"


def _versions(scene: Scene) -> Versions:
    assert scene.behaviour.versions is not None  # noqa: S101 - the clauses exist only with versions
    return scene.behaviour.versions


def _day(scene: Scene) -> str:
    return scene.now().strftime("%Y-%m-%d")


def _asking(scene: Scene, version: str | None, *query: tuple[str, Any]) -> dict[str, Any]:
    """What a call needs to name a version; None names none."""
    versions = _versions(scene)
    if versions.place == "header":
        return {"headers": {versions.parameter: version}, "query": query}
    return {"query": [*query, (versions.parameter, version)]}


def _read(scene: Scene, binding: Binding, version: str | None, edition: Edition | None = None) -> Exchange:
    """A list, or a row, in a version; of an edition with all members that it has."""
    asking = _asking(scene, version, *(_whole(scene, binding, edition) if edition else ()))
    asking["plain"] = edition is not None
    resource = binding.resource
    if binding.kind is Kind.LIST or resource is None:
        return scene.call(scene.owner, binding, **asking)
    row = scene.row(resource, scene.owner)
    return scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, **asking)


def _whole(scene: Scene, binding: Binding, edition: Edition) -> list[tuple[str, Any]]:
    """The selection of every member that rows have in an edition, where members are selected."""
    select, resource = binding.query.select, binding.resource
    if select is None or resource is None or not resource.fields:
        return []
    return [(select.parameter, whole(scene.editions.catalogue(edition, select), resource))]


# -- which version ----------------------------------------------------------------------------------------------------


def echo(scene: Scene, binding: Binding) -> None:
    """The newest version and the oldest one that is offered are named in their answers."""
    versions = _versions(scene)
    offered = [release for release in versions.releases if release.is_offered(_day(scene))]
    for release in dict.fromkeys((versions.newest.name, *(one.name for one in offered[:1]))):
        exchange = _read(scene, binding, release)
        if not exchange.ok:
            raise Inconclusive(f"version {release} answers {exchange.status}")
        _named(exchange, versions, release)


def _named(exchange: Exchange, versions: Versions, expected: str) -> None:
    told = exchange.header(versions.echo or "")
    if told is None:
        raise Violated(f"The header {versions.echo} is missing", exchange)
    if told != expected:
        raise Violated(f"{versions.echo} is {told!r}, not {expected!r}", exchange)


def unknown(scene: Scene, binding: Binding) -> None:
    """A name that no version has answers the declared refusal."""
    names = {release.name for release in _versions(scene).releases}
    for name in (f"{_versions(scene).newest.name}0", "none"):
        if name not in names:
            _refused(scene, _read(scene, binding, name), "unknown-version", f"the version {name!r}")


def _refused(scene: Scene, exchange: Exchange, kind: str, what: str) -> None:
    expected = scene.kind(kind).status
    if exchange.ok:
        raise Violated(f"A request for {what} is served", exchange)
    if exchange.status != expected:
        raise Violated(f"A request for {what} answers {exchange.status}, not {expected}", exchange)


def default(scene: Scene, binding: Binding) -> None:
    """Today, and where the clock can be moved on the day of each promotion and the one before, too."""
    versions = _versions(scene)
    _promoted(scene, binding, versions, _day(scene))
    if scene.control is not None:
        with _Elsewhen(scene.control) as clock:
            for day in _days(versions):
                clock.go(day)
                _promoted(scene, binding, versions, day)


def _promoted(scene: Scene, binding: Binding, versions: Versions, day: str) -> None:
    expected = versions.default(day).name
    exchange = scene.call(scene.owner, binding, plain=False, **_asking(scene, None))
    if not exchange.ok:
        raise Inconclusive(f"without a version the answer is {exchange.status}")
    told = exchange.header(versions.echo or "")
    if told is None:
        raise Inconclusive("answers do not name their version")
    if told != expected:
        raise Violated(f"On {day} the default is {told!r}, not {expected!r}", exchange)


def _days(versions: Versions) -> Iterator[str]:
    for release in versions.releases:
        if release.default is not None and release.default > _FIRST_DAY:
            promoted = date.fromisoformat(release.default)
            yield (promoted - timedelta(days=1)).isoformat()
            yield release.default


def retired(scene: Scene, binding: Binding) -> None:
    """From its day on a retired version answers the declared refusal."""
    for release in _versions(scene).releases:
        if release.retired is None:
            continue
        if release.is_retired(_day(scene)):
            _refused(scene, _read(scene, binding, release.name), "retired-version", f"{release.name!r}")
        elif scene.control is not None:
            row = scene.row(binding.resource, scene.owner) if binding.resource else None
            with _Elsewhen(scene.control) as clock:
                clock.go(release.retired)
                asking = _asking(scene, release.name)
                found = scene.call(scene.owner, binding, row=row, plain=False, **asking)
            _refused(scene, found, "retired-version", f"{release.name!r}, retired on {release.retired},")
        else:
            raise NotExercised(f"{release.name} is not retired yet, and the target's clock cannot be moved")


class _Elsewhen:
    """The target's clock on other days; afterwards it stands where it stood."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._before = control.now()

    def __enter__(self) -> Self:
        return self

    def go(self, day: str) -> None:
        self._control.set(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))

    def __exit__(self, *_: object) -> None:
        self._control.set(self._before)


# -- what differs -----------------------------------------------------------------------------------------------------


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
    versions, day = _versions(scene), _day(scene)
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
    exchange = _read(scene, binding, release.name)
    expected = {scene.kind("no-route").status, scene.kind("method-not-allowed").status}
    if exchange.status not in expected:
        title = f"Version {release.name} answers {exchange.status} to an operation that came later"
        raise Violated(title, exchange)
    return 1


def _pair(scene: Scene, binding: Binding, former: Binding, release: Release, edition: Edition) -> _Pair:
    today = scene.editions.without(())
    newest = _read(scene, binding, _versions(scene).newest.name, today)
    older = _read(scene, former, release.name, edition)
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
            raise Violated(f"Version {pair.release.name} shows '{name}', which came later", *pair.exchanges)
        for name in sorted(shown - known - older.keys()):
            if before.fields[name].required:
                raise Violated(f"Version {pair.release.name} does not show '{name}'", *pair.exchanges)
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
    selected = _whole(scene, edition.behaviour.bindings.get(reader.id, reader), edition)
    asking = _asking(scene, release.name, *selected)
    older = scene.unwrapped(reader, scene.call(scene.owner, reader, **at, **asking))
    body = {name: older[name] for name in named if older.get(name) is not None}
    if not body:
        return 0
    asking = _asking(scene, release.name)
    written = scene.call(scene.owner, binding, body=body, plain=False, **at, **asking)
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
