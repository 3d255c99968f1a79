"""Lists that show a part of the rows, and rows that all tenants share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import related, walked
from troth.conformance.questions import Questions
from troth.conformance.relating import Related
from troth.conformance.scene import Row, Scene
from troth.conformance.terms import plain_test
from troth.conformance.verdicts import NotExercised, Violated
from troth.contract.model import Parameter
from troth.contract.pointers import join

__all__ = ["shared", "where"]

_FEW = 4
_TRIED = 64


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
    every, exchanges = scene.listed(binding, scene.owner)
    rows = scene.telling(resource, every)
    for row in rows:
        if not condition.holds(row, world, extra):
            raise Violated(
                f"A listed row does not satisfy {condition.text}",
                *exchanges[:1],
                row=dict(row),
                deviation="extra",
                relation=_satisfied(binding, condition.text, exchanges)
                or _about(binding, "lacks", exchanges, row),
            )
    name = resource.id_field
    listed = {str(row.get(name)) for row in rows}
    for row in scene.telling(resource, full):
        inside = all(str(row.get(field)) == value for field, value in above.items())
        if inside and condition.holds(row, world, extra) and str(row.get(name)) not in listed:
            raise Violated(
                "A row that satisfies the condition is not listed",
                *exchanges[:1],
                row=dict(row),
                deviation="missing",
                relation=_about(binding, "lists", exchanges, row),
            )
    if not rows and not full:
        raise NotExercised("there are no rows to list")
    for name in _asked(binding):
        _narrowed(scene, binding, name, rows, query)


def _satisfied(binding: Binding, condition: str, exchanges: Sequence[Exchange]) -> Related | None:
    """Every row of a list satisfies a condition; None where that cannot be told by a script."""
    test, walk = plain_test(condition), walked(binding, exchanges)
    return related(binding, "kept", {"whole": walk, "part": walk}, where=test, least=1) if test else None


def _about(binding: Binding, name: str, exchanges: Sequence[Exchange], row: Row) -> Related:
    """A row is on a list, or is not on it."""
    return related(
        binding, name, {"whole": walked(binding, exchanges)}, row=row.get(_resource(binding).id_field)
    )


_ASKED = re.compile(r"\bquery(?:\.(\w+)|\[\s*(?:'([^']+)'|\"([^\"]+)\")\s*\])")


def _asked(binding: Binding) -> list[str]:
    """The query parameters that the condition of a list reads."""
    text = binding.where.text if binding.where else ""
    return list(dict.fromkeys(next(filter(None, found)) for found in _ASKED.findall(text)))


def _narrowed(scene: Scene, binding: Binding, name: str, rows: list[Row], usual: Mapping[str, Any]) -> None:
    """With a parameter that the condition reads: of the rows listed without it, those that still satisfy it."""
    condition, parameter = binding.where, binding.operation.parameter("query", name)
    if condition is None or parameter is None:
        return
    world, own = Questions(scene, scene.owner), _resource(binding).id_field
    kept_back = {n for n, field in _resource(binding).fields.items() if field.hidden or field.write_only}
    if kept_back & condition.variables or not world.reaches(condition):
        return  # which rows satisfy it, only the server knows
    for value in _telling(scene, binding, parameter, rows):
        extra = {"query": {**usual, name: value}}
        kept = {str(row.get(own)) for row in rows if condition.holds(row, world, extra)}
        if len(kept) == len(rows):
            continue
        values = value if isinstance(value, list) else [value]
        query = [(name, str(one).lower() if isinstance(one, bool) else one) for one in values]
        every, exchanges = scene.listed(binding, scene.owner, query=query)
        found = scene.telling(_resource(binding), every)
        shown = {str(row.get(own)) for row in found}
        wrong = next((r for r in rows if (str(r.get(own)) in kept) is not (str(r.get(own)) in shown)), None)
        if wrong is not None:
            missing = str(wrong.get(own)) in kept
            how = "leaves out a row that satisfies" if missing else "has a row against"
            raise Violated(
                f"With {name}={value} the list {how} {condition.text}", *exchanges[:1], row=dict(wrong),
                relation=_about(binding, "lists" if missing else "lacks", exchanges, wrong),
            )  # fmt: skip
        return


def _telling(scene: Scene, binding: Binding, parameter: Parameter, rows: list[Row]) -> Iterator[Any]:
    """Values of a parameter that may tell rows apart: those of its schema, ids, and what texts begin with."""
    pointer = parameter.schema_pointer
    if pointer is None:
        return
    end, schema = scene.contract.follow(pointer)
    many = isinstance(schema, Mapping) and schema.get("type") == "array"
    inner = scene.contract.follow(join(end, "items"))[1] if many and "items" in schema else schema
    known = inner if isinstance(inner, Mapping) else {}
    is_valid = scene.validators.at(pointer, "request").is_valid
    for value in islice(_made(known, rows, _resource(binding).id_field), _TRIED):
        asked = [value] if many else value
        if is_valid(asked):
            yield asked


def _made(schema: Mapping[str, Any], rows: list[Row], own: str) -> Iterator[Any]:
    if schema.get("enum"):
        yield from schema["enum"]
    elif schema.get("type") == "boolean":
        yield from (True, False)
    else:
        yield from (row[own] for row in rows[:_FEW] if own in row)
        inside = (part for row in rows for part in row.values())
        parts = [part for one in inside for part in (one if isinstance(one, list) else [one])]
        yield from dict.fromkeys(part["id"] for part in parts if isinstance(part, Mapping) and "id" in part)
        texts = dict.fromkeys(part for part in parts if isinstance(part, str) and part)
        yield from (text[0] for text in islice(texts, _FEW))
        yield from islice(texts, _FEW)


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
        roles = {"whole": walked(binding, mine), "other": walked(binding, theirs)}
        relation = related(binding, "same-rows", roles, id="")
        raise Violated(
            "Two tenants see different rows", mine[0], theirs[0], deviation="value", relation=relation
        )
    if not own:
        raise NotExercised("the list is empty")
