"""Selected members: an answer has what was asked for, each member as it is in the whole row, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from troth.behaviour.model import Binding, Kind, Reference, Resource, Selection
from troth.behaviour.selecting import reaching
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import items_of
from troth.conformance.probes.resources import same
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["embedded", "exact", "refused", "usual"]

_SOME = 3


def _profile(binding: Binding) -> tuple[Selection, Resource]:
    profile, resource = binding.query.select, binding.resource
    assert profile is not None  # noqa: S101 - the clauses exist only with the profile
    assert resource is not None  # noqa: S101 - as above
    return profile, resource


class _Answered(NamedTuple):
    """A row as it was answered to one selection, and the exchange."""

    row: Row
    exchange: Exchange


def _answered(scene: Scene, binding: Binding, row: Row, text: str | None) -> _Answered:
    """A row under a selection, out of a list or alone. Raises Inconclusive when it is refused."""
    profile, resource = _profile(binding)
    query = [] if text is None else [(profile.parameter, text)]
    exchange = _sent(scene, binding, row, query)
    if binding.kind is not Kind.LIST:
        return _Answered(scene.unwrapped(binding, exchange), exchange)
    found = items_of(binding, exchange)
    names = [resource.id_field] if resource.id_field in row else _plain(resource, row)
    alike = (one for one in found if all(one[name] == row.get(name) for name in names if name in one))
    own = next(alike, found[0] if found else None)
    if not isinstance(own, Mapping):
        raise Inconclusive("the list is empty under a selection")
    return _Answered(own, exchange)


def _sent(scene: Scene, binding: Binding, row: Row, query: list[tuple[str, Any]]) -> Exchange:
    _, resource = _profile(binding)
    identifier = None if binding.kind is Kind.LIST else row.get(resource.id_field)
    return scene.call(scene.owner, binding, identifier=identifier, row=row, query=query, plain=False)


def _row(scene: Scene, binding: Binding) -> Row:
    """A whole row that the operation shows."""
    _, resource = _profile(binding)
    if binding.kind is not Kind.LIST:
        return scene.row(resource, scene.owner)
    found, _ = scene.listed(binding, scene.owner)
    if not found:
        raise NotExercised("the list is empty")
    return found[0]


def _plain(resource: Resource, row: Row) -> list[str]:
    """Members with simple values, the id first."""
    masked = {name for name, field in resource.fields.items() if field.in_list}
    names = [
        n for n in resource.fields if n in row and n not in masked and not isinstance(row[n], dict | list)
    ]
    return sorted(names, key=lambda name: name != resource.id_field)


def exact(scene: Scene, binding: Binding) -> None:
    """One member, then some: these and no others, with the values of the whole row."""
    _, resource = _profile(binding)
    row = _row(scene, binding)
    names = _plain(resource, row)
    if not names:
        raise NotExercised(f"no row of {resource.name} has a plain member")
    for wanted in (names[:1], [*names[:1], *names[1:][-_SOME:]]):
        shown, exchange = _answered(scene, binding, row, ",".join(wanted))
        _compare(shown, row, set(wanted), exchange)


def _compare(shown: Row, row: Row, wanted: set[str], exchange: Exchange) -> None:
    told = ", ".join(sorted(wanted))
    if extra := sorted(shown.keys() - wanted):
        raise Violated(
            f"Asked for {told}, a row also shows {', '.join(extra)}",
            exchange,
            deviation="extra",
        )
    if missing := sorted(wanted - shown.keys()):
        raise Violated(
            f"Asked for {told}, a row does not show {', '.join(missing)}",
            exchange,
            deviation="missing",
        )
    for name in sorted(wanted & row.keys()):
        if not same(shown[name], row[name]):
            title = f"'{name}' differs between the whole row and the selected one"
            raise Violated(
                title,
                exchange,
                whole=row[name],
                selected=shown[name],
                deviation="value",
                field=name,
            )


def usual(scene: Scene, binding: Binding) -> None:
    """Without the parameter a row has the usual members."""
    profile, resource = _profile(binding)
    row = _row(scene, binding)
    wanted = {name for name in profile.default if name in resource.fields and name in row}
    shown, exchange = _answered(scene, binding, row, None)
    extra, missing = sorted(shown.keys() - set(profile.default)), sorted(wanted - shown.keys())
    if extra or missing:
        problem = f"also shows {', '.join(extra)}" if extra else f"does not show {', '.join(missing)}"
        raise Violated(f"Without '{profile.parameter}' a row {problem}", exchange)


def embedded(scene: Scene, binding: Binding) -> None:
    """Two members of the row behind a reference are there, as reading that row shows them, and no others."""
    _, resource = _profile(binding)
    for row, reference, target, identifier in _referring(scene, binding):
        own = _target(scene, target, identifier)
        named, names = resource.id_field in row, _plain(target, own)[:2]
        telling = [resource.id_field] if named else _plain(resource, row)[:_SOME]
        inside = f"{reference.field}{{{','.join(names)}}}"
        shown, exchange = _answered(scene, binding, row, ",".join([*telling, inside]))
        value = shown.get(reference.field)
        inner = value[0] if isinstance(value, list) and value else value
        if not isinstance(inner, Mapping):
            raise Violated(
                f"'{reference.field}' shows no row although its members are asked for",
                exchange,
                deviation="missing",
                field=reference.field,
            )
        _compare(inner, own, set(names), exchange)
        return
    raise NotExercised(f"no row of {resource.name} refers to another that can be read")


def _referring(scene: Scene, binding: Binding) -> Iterator[tuple[Row, Reference, Resource, Any]]:
    """Rows with a reference that is set and leads to rows that can be read."""
    _, resource = _profile(binding)
    rows = (
        scene.listed(binding, scene.owner)[0]
        if binding.kind is Kind.LIST
        else scene.rows(resource, scene.owner)
    )
    for row in chain(rows, _made(scene, resource)):
        for reference in resource.references:
            if not isinstance(row.get(reference.field), dict | list):
                continue  # an id alone has nothing inside
            for _, name, identifier in reference.named(row)[:1]:
                target = scene.behaviour.resources.get(name or "")
                if target is not None and scene.behaviour.binding(target.name, Kind.READ):
                    yield row, reference, target, identifier


def _made(scene: Scene, resource: Resource) -> Iterator[Row]:
    if resource.references and scene.behaviour.binding(resource.name, Kind.CREATE):
        yield scene.created(resource, scene.owner)


def _target(scene: Scene, target: Resource, identifier: Any) -> Row:
    return scene.fetched(target, scene.owner, {target.id_field: identifier})[0]


def refused(scene: Scene, binding: Binding) -> None:
    """A name that nobody knows, braces behind a plain value, braces that never close, and too many of them."""
    profile, resource = _profile(binding)
    row = _row(scene, binding)
    wanted = scene.kind("unselectable").status
    name = resource.id_field
    texts = [f"{name},no_such_{scene.nonce}", f"{name}{{{name}}}", f"{name},{name}{{{name}"]
    if profile.depth is not None:
        deeper = reaching(scene.selections(profile), resource, profile.depth + 1)
        texts += [deeper] if deeper is not None else []
    for text in texts:
        exchange = _sent(scene, binding, row, [(profile.parameter, text)])
        if exchange.broken:
            raise Inconclusive(f"{profile.parameter}={text} answers {exchange.status}")
        if exchange.status != wanted:
            raise Violated(
                f"{profile.parameter}={text} answers {exchange.status} instead of {wanted}", exchange
            )
