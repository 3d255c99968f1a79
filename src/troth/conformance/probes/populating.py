"""How answers show rows: references filled in to a depth, and writes in their declared form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.model import Binding, Kind, Reference, Resource
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["answer", "depth"]


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only where there is one
    return binding.resource


def depth(scene: Scene, binding: Binding) -> None:
    """Depth 0 shows ids, 1 the rows as they read themselves, and more than the most is the most."""
    profile, resource = binding.query.populate, _resource(binding)
    assert profile is not None  # noqa: S101 - the clause exists only with the profile
    found = next(_referring(scene, resource), None)
    if found is None:
        raise NotExercised(f"no row of {resource.name} refers to another")
    row, reference = found

    def read(wanted: int | None) -> tuple[Row, Exchange]:
        query = [] if wanted is None else [(profile.parameter, wanted)]
        exchange = scene.call(
            scene.owner, binding, identifier=row[resource.id_field], row=row, query=query, plain=False
        )
        return scene.unwrapped(binding, exchange), exchange

    flat, exchange = read(0)
    identifier = _one(flat, reference)
    if isinstance(identifier, Mapping):
        raise Violated(
            f"'{reference.field}' shows a row at depth 0",
            exchange,
            deviation="extra",
            field=reference.field,
        )
    if profile.most:
        _filled(scene, read(1), reference, row, identifier)
        deepest, beyond = read(profile.most), read(profile.most + 1)
        if deepest[0] != beyond[0]:
            title = f"{profile.parameter}={profile.most + 1} shows another row than {profile.parameter}={profile.most}"
            raise Violated(title, deepest[1], beyond[1], deviation="value")
    usual, asked = read(None), read(profile.default)
    if usual[0] != asked[0]:
        raise Violated(
            f"Without {profile.parameter} the depth is not {profile.default}",
            usual[1],
            asked[1],
            deviation="value",
        )


def _filled(
    scene: Scene, answered: tuple[Row, Exchange], reference: Reference, row: Row, identifier: Any
) -> None:
    """The row in the place of an id is the one that reading that id gives."""
    target = scene.behaviour.resources[reference.target(row) or ""]
    shown = _one(answered[0], reference)
    if not isinstance(shown, Mapping):
        raise Violated(
            f"'{reference.field}' shows no row at depth 1",
            answered[1],
            deviation="missing",
            field=reference.field,
        )
    if scene.behaviour.binding(target.name, Kind.READ) is not None:
        own, exchange = scene.fetched(target, scene.owner, {target.id_field: identifier})
        if not same(own, shown):
            raise Violated(
                f"'{reference.field}' shows another row than reading it",
                answered[1],
                exchange,
                deviation="value",
                field=reference.field,
            )


def _referring(scene: Scene, resource: Resource) -> Iterator[tuple[Row, Reference]]:
    """Rows with a reference that is set and leads to a described resource."""
    for row in scene.rows(resource, scene.owner):
        for reference in resource.references:
            known = reference.target(row) in scene.behaviour.resources
            if known and reference.at is None and row.get(reference.field):
                yield row, reference


def _one(row: Row, reference: Reference) -> Any:
    value = row.get(reference.field)
    return value[0] if isinstance(value, list) and value else value


def answer(scene: Scene, binding: Binding) -> None:
    """The members and texts of the answer are those of the template, and its row is the one that was written."""
    declared, resource = binding.answer, _resource(binding)
    assert declared is not None  # noqa: S101 - the clause exists only with one
    exchange, wanted = _written(scene, binding, resource)
    if not exchange.ok:
        raise Inconclusive(f"answers {exchange.status}")
    problem = _departure(declared.template, exchange.json, resource, wanted)
    if problem:
        raise Violated(
            f"The answer does not have the declared form: {problem}",
            exchange,
            deviation="form",
        )


def _written(scene: Scene, binding: Binding, resource: Resource) -> tuple[Exchange, Any]:
    """One write of the operation, and the id that its answer must show; None where the server chooses it."""
    if binding.kind is Kind.CREATE:
        return scene.creation(binding, scene.owner)[1], None
    if binding.kind is Kind.DELETE:
        row = scene.created(resource, scene.owner)
        identifier = row[resource.id_field]
        return scene.call(scene.owner, binding, identifier=identifier, row=row), identifier
    row, _, _, exchange = scene.updated(binding, scene.owner)
    return exchange, row[resource.id_field]


def _departure(template: Any, value: Any, resource: Resource, wanted: Any, path: str = "") -> str:
    """What is wrong with an answer, in words; empty when nothing is."""
    if isinstance(template, Mapping):
        if not isinstance(value, Mapping) or set(template) != set(value):
            return f"{path or 'the body'} does not have the members {', '.join(map(str, template))}"
        problems = (_departure(t, value[n], resource, wanted, f"{path}/{n}") for n, t in template.items())
        return next(filter(None, problems), "")
    if template == "$row":
        identifier = value.get(resource.id_field) if isinstance(value, Mapping) else None
        right = identifier is not None and (wanted is None or str(identifier) == str(wanted))
        return "" if right else f"{path or 'the body'} is not the row"
    expected = template.replace("{label}", resource.label) if isinstance(template, str) else template
    return "" if value == expected else f"{path} is {value!r} instead of {expected!r}"
