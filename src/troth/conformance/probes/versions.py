"""Versions side by side: the default of the day, the echo, refusals of what is not served."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from troth.behaviour.editions import Edition
from troth.behaviour.model import Binding, Kind
from troth.behaviour.versions import Versions
from troth.conformance.control import Control
from troth.conformance.exchanges import Exchange
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = [
    "asking",
    "default",
    "echo",
    "read_in",
    "retired",
    "today",
    "unknown",
    "versions_of",
    "whole_selection",
]

_FIRST_DAY = "1970-01-02"


def versions_of(scene: Scene) -> Versions:
    assert scene.behaviour.versions is not None  # noqa: S101 - the clauses exist only with versions
    return scene.behaviour.versions


def today(scene: Scene) -> str:
    return scene.now().strftime("%Y-%m-%d")


def asking(scene: Scene, version: str | None, *query: tuple[str, Any]) -> dict[str, Any]:
    """What a call needs to name a version; None names none."""
    versions = versions_of(scene)
    if versions.place == "header":
        return {"headers": {versions.parameter: version}, "query": query}
    return {"query": [*query, (versions.parameter, version)]}


def read_in(scene: Scene, binding: Binding, version: str | None, edition: Edition | None = None) -> Exchange:
    """A list, or a row, in a version; of an edition with all members that it has."""
    given = asking(scene, version, *(whole_selection(scene, binding, edition) if edition else ()))
    given["plain"] = edition is not None
    resource = binding.resource
    if binding.kind is Kind.LIST or resource is None:
        return scene.call(scene.owner, binding, **given)
    row = scene.row(resource, scene.owner)
    return scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, **given)


def whole_selection(scene: Scene, binding: Binding, edition: Edition) -> list[tuple[str, Any]]:
    """The selection of every member that rows have in an edition, where members are selected."""
    select, resource = binding.query.select, binding.resource
    if select is None or resource is None or not resource.fields:
        return []
    return [(select.parameter, scene.editions.catalogue(edition, select).whole(resource))]


# -- which version ----------------------------------------------------------------------------------------------------


def echo(scene: Scene, binding: Binding) -> None:
    """The newest version and the oldest one that is offered are named in their answers."""
    versions = versions_of(scene)
    offered = [release for release in versions.releases if release.is_offered(today(scene))]
    for release in dict.fromkeys((versions.newest.name, *(one.name for one in offered[:1]))):
        exchange = read_in(scene, binding, release)
        if not exchange.ok:
            raise Inconclusive(f"version {release} answers {exchange.status}")
        _named(exchange, versions, release)


def _named(exchange: Exchange, versions: Versions, expected: str) -> None:
    told = exchange.header(versions.echo or "")
    if told is None:
        raise Violated(f"The header {versions.echo} is missing", exchange, deviation="missing")
    if told != expected:
        raise Violated(f"{versions.echo} is {told!r}, not {expected!r}", exchange, deviation="value")


def unknown(scene: Scene, binding: Binding) -> None:
    """A name that no version has answers the declared refusal."""
    names = {release.name for release in versions_of(scene).releases}
    for name in (f"{versions_of(scene).newest.name}0", "none"):
        if name not in names:
            _refused(scene, read_in(scene, binding, name), "unknown-version", f"the version {name!r}")


def _refused(scene: Scene, exchange: Exchange, kind: str, what: str) -> None:
    expected = scene.kind(kind).status
    if exchange.ok:
        raise Violated(f"A request for {what} is served", exchange)
    if exchange.status != expected:
        raise Violated(f"A request for {what} answers {exchange.status}, not {expected}", exchange)


def default(scene: Scene, binding: Binding) -> None:
    """Today, and where the clock can be moved on the day of each promotion and the one before, too."""
    versions = versions_of(scene)
    _promoted(scene, binding, versions, today(scene))
    if scene.control is not None:
        with _Elsewhen(scene.control) as clock:
            for day in _days(versions):
                clock.go(day)
                _promoted(scene, binding, versions, day)


def _promoted(scene: Scene, binding: Binding, versions: Versions, day: str) -> None:
    expected = versions.default(day).name
    exchange = scene.call(scene.owner, binding, plain=False, **asking(scene, None))
    if not exchange.ok:
        raise Inconclusive(f"without a version the answer is {exchange.status}")
    told = exchange.header(versions.echo or "")
    if told is None:
        raise Inconclusive("answers do not name their version")
    if told != expected:
        raise Violated(
            f"On {day} the default is {told!r}, not {expected!r}",
            exchange,
            deviation="value",
        )


def _days(versions: Versions) -> Iterator[str]:
    for release in versions.releases:
        if release.default is not None and release.default > _FIRST_DAY:
            promoted = date.fromisoformat(release.default)
            yield (promoted - timedelta(days=1)).isoformat()
            yield release.default


def retired(scene: Scene, binding: Binding) -> None:
    """From its day on a retired version answers the declared refusal."""
    for release in versions_of(scene).releases:
        if release.retired is None:
            continue
        if release.is_retired(today(scene)):
            _refused(scene, read_in(scene, binding, release.name), "retired-version", f"{release.name!r}")
        elif scene.control is not None:
            row = scene.row(binding.resource, scene.owner) if binding.resource else None
            with _Elsewhen(scene.control) as clock:
                clock.go(release.retired)
                given = asking(scene, release.name)
                found = scene.call(scene.owner, binding, row=row, plain=False, **given)
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
