"""Lists that show a part of the rows, and rows that all tenants share."""

from __future__ import annotations

from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import NotExercised, Violated

__all__ = ["shared", "where"]


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - lists have one
    return binding.resource


def where(scene: Scene, binding: Binding) -> None:
    """Every listed row satisfies the condition; every row of the full list that does is listed."""
    resource, condition = _resource(binding), binding.where
    assert condition is not None  # noqa: S101 - the clause exists only with one
    query = _defaults(scene, binding)
    world, extra = Questions(scene, scene.owner), {"query": query}
    full, above = _full(scene, binding)
    rows, exchanges = scene.listed(binding, scene.owner)
    for row in rows:
        if not condition.holds(row, world, extra):
            raise Violated(f"A listed row does not satisfy {condition.text}", *exchanges[:1], row=dict(row))
    name = resource.id_field
    listed = {str(row.get(name)) for row in rows}
    for row in full:
        inside = all(str(row.get(field)) == value for field, value in above.items())
        if inside and condition.holds(row, world, extra) and str(row.get(name)) not in listed:
            raise Violated("A row that satisfies the condition is not listed", *exchanges[:1], row=dict(row))
    if not rows and not full:
        raise NotExercised("there are no rows to list")


def _defaults(scene: Scene, binding: Binding) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parameter in binding.operation.parameters:
        if parameter.location == "query" and parameter.schema_pointer:
            schema = scene.contract.follow(parameter.schema_pointer)[1]
            found |= {parameter.name: schema["default"]} if "default" in schema else {}
    return found


def _full(scene: Scene, binding: Binding) -> tuple[list[Row], dict[str, str]]:
    """The full list where there is one, and what the fields that the path gives have in this one."""
    resource = _resource(binding)
    lister = scene.behaviour.binding(resource.name, Kind.LIST)
    if lister is None or lister.parents or lister.where is not None:
        return [], {}
    above = {}
    for parent in binding.parents:
        target = scene.behaviour.resources.get(parent.resource or "")
        if target is None:
            return [], {}
        above[parent.field] = str(scene.row(target, scene.owner)[target.id_field])
    return scene.listed(lister, scene.owner)[0], above


def shared(scene: Scene, binding: Binding) -> None:
    """Two tenants see the same rows."""
    own, mine = scene.listed(binding, scene.owner)
    foreign, theirs = scene.listed(binding, scene.peer)
    if own != foreign:
        raise Violated("Two tenants see different rows", mine[0], theirs[0])
    if not own:
        raise NotExercised("the list is empty")
