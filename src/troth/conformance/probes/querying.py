"""Conditions and order against an oracle of their own: both are computed from the whole list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from troth.behaviour.model import Binding
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import related, walked
from troth.conformance.probes.pagination import ids
from troth.conformance.relating import Walked
from troth.conformance.reproduction.matching import matches
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["comparisons", "exact", "is_sortable", "ordered", "unknown"]

_FIELDS = 6
_SORTED = 4


class _Column(NamedTuple):
    """A field with the values that rows have in it; ``kind`` is text, number, boolean or moment."""

    name: str
    kind: str
    values: list[Any]


class _Every(NamedTuple):
    """The whole list: its rows, and how it is walked."""

    rows: list[Row]
    walk: Walked


class _Condition(NamedTuple):
    field: str
    operator: str
    operand: Any

    @property
    def test(self) -> dict[str, Any]:
        """What a row passes that the condition keeps."""
        return {"field": self.field, "op": self.operator, "value": self.operand}

    def pairs(self, at: str) -> list[tuple[str, Any]]:
        """The condition in brackets."""
        name = f"{at}[{self.field}][{self.operator}]"
        if isinstance(self.operand, list):
            return [(f"{name}[{index}]", item) for index, item in enumerate(self.operand)]
        return [(name, self.operand)]

    @property
    def told(self) -> str:
        return f"{self.field} {self.operator} {self.operand!r}"


def exact(scene: Scene, binding: Binding) -> None:
    """Each operator on fields of each kind, joined by and and or, in brackets and as JSON."""
    profile = binding.query.conditions
    assert profile is not None  # noqa: S101 - the clause exists only with the profile
    whole, pages = _whole(scene, binding)
    conditions = [one for column in _columns(binding, whole) for one in _conditions(column)]
    if not conditions:
        raise NotExercised("no row of the list has a value that a condition could be about")
    every = _Every(whole, walked(binding, pages))
    conditions += list(_unlike(scene, binding, whole))
    for one in conditions:
        _check(scene, binding, one.told, one.pairs(profile.parameter), one.test, every)
    first, second = conditions[0], conditions[-1]
    for word, joined in (("and", "all"), ("or", "any")):
        told, test = f"{first.told} {word} {second.told}", {joined: [first.test, second.test]}
        at = f"{profile.parameter}[{word}]"
        _check(scene, binding, told, [*first.pairs(f"{at}[0]"), *second.pairs(f"{at}[1]")], test, every)
        tree = {word: [{one.field: {one.operator: one.operand}} for one in (first, second)]}
        _check(scene, binding, f"{told} as JSON", [(profile.parameter, json.dumps(tree))], test, every)


def _whole(scene: Scene, binding: Binding) -> tuple[list[Row], list[Exchange]]:
    whole, pages = scene.listed(binding, scene.owner)
    whole = scene.telling(binding.resource, whole)
    if not whole:
        raise NotExercised("the list is empty")
    return whole, pages


def _check(
    scene: Scene,
    binding: Binding,
    told: str,
    query: list[tuple[str, Any]],
    test: Mapping[str, Any],
    every: _Every,
) -> None:
    sent = [(name, _text(value)) for name, value in query]
    found, exchanges = scene.listed(binding, scene.owner, query=sent)
    rows = scene.telling(binding.resource, found)
    name = binding.resource.id_field if binding.resource else "id"
    expected = {str(row.get(name)) for row in every.rows if matches(test, row)}
    given = {str(row.get(name)) for row in rows}
    if given != expected:
        missing, extra = sorted(expected - given), sorted(given - expected)
        title = (
            f"The condition {told} keeps {len(given)} rows instead of {len(expected)} of {len(every.rows)}"
        )
        roles = {"whole": every.walk, "part": walked(binding, exchanges)}
        raise Violated(
            title,
            *exchanges[:1],
            missing=missing[:5],
            extra=extra[:5],
            deviation="missing" if missing else "extra",
            relation=related(binding, "kept", roles, least=1, where=test),
        )


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool) else value


def _columns(binding: Binding, whole: list[Row]) -> list[_Column]:
    """Fields of as many kinds as there are, each with more than one value."""
    fields = binding.resource.fields if binding.resource else {}
    found: dict[tuple[str, bool], _Column] = {}
    for name, field in fields.items():
        values = [row.get(name) for row in whole if row.get(name) is not None]
        kind = _kind(values[0], field.schema) if values else ""
        distinct = list({repr(value): value for value in values}.values())
        if kind and len(distinct) > 1:
            found.setdefault(
                (kind, bool(field.reference or field.schema.get("enum"))), _Column(name, kind, distinct)
            )
    return list(found.values())[:_FIELDS]


def _kind(value: Any, schema: Mapping[str, Any]) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "moment" if schema.get("format") in ("date", "date-time") else "text"
    return ""


def _conditions(column: _Column) -> Iterator[_Condition]:
    name, one = column.name, column.values[len(column.values) // 2]
    yield _Condition(name, "equals", one)
    yield _Condition(name, "not_equals", one)
    yield _Condition(name, "in", column.values[:2])
    yield _Condition(name, "exists", operand=True)
    yield _Condition(name, "exists", operand=False)
    if column.kind in ("number", "moment"):
        yield from (_Condition(name, operator, one) for operator in _ORDERS)
    elif column.kind == "text":
        yield _Condition(name, "like", " ".join(reversed(str(one).swapcase().split(" "))))
        yield _Condition(name, "contains", str(one)[1:-1].upper() or str(one))


def _unlike(scene: Scene, binding: Binding, whole: list[Row]) -> Iterator[_Condition]:
    """That a field is another value than the given one, where rows have none at all: they are to be kept."""
    fields = binding.resource.fields if binding.resource else {}
    for name, field in fields.items():
        if field.hidden or field.items or not any(name in row and row[name] is None for row in whole):
            continue
        known = [row[name] for row in whole if row.get(name) is not None]
        value = known[0] if known else scene.bodies.value(field.pointer, full=True)
        if _kind(value, field.schema):
            yield _Condition(name, "not_equals", value)
            return


_ORDERS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")


def _key(value: Any, kind: str) -> Any:
    if kind != "moment":
        return value
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def unknown(scene: Scene, binding: Binding) -> None:
    """A field and an operator that nobody knows, each alone."""
    profile, resource = binding.query.conditions, binding.resource
    assert profile is not None  # noqa: S101 - as above
    assert resource is not None  # noqa: S101 - as above
    wanted = scene.kind("unqueryable").status
    for name in (f"[no_such_{scene.nonce}][equals]", f"[{resource.id_field}][no_such]"):
        exchange = scene.call(scene.owner, binding, query=[(profile.parameter + name, "1")])
        if exchange.broken:
            raise Inconclusive(f"{profile.parameter}{name} answers {exchange.status}")
        if exchange.status != wanted:
            raise Violated(
                f"{profile.parameter}{name} answers {exchange.status} instead of {wanted}", exchange
            )


def ordered(scene: Scene, binding: Binding) -> None:
    """Up and down by fields of each kind: the same rows, one order the other's reverse."""
    profile = binding.query.sort
    assert profile is not None  # noqa: S101 - the clause exists only with the profile
    whole, pages = _whole(scene, binding)
    name = binding.resource.id_field if binding.resource else "id"
    columns = [c for c in _columns(binding, whole) if is_sortable(scene, binding, c.name)][:_SORTED]
    if not columns:
        raise NotExercised("no field of the list has two values that could be put in order")
    for column in columns:
        asked = [profile.written(column.name, descending=d) for d in (False, True)]
        up, first = scene.listed(binding, scene.owner, query=[(profile.parameter, asked[0])])
        down, second = scene.listed(binding, scene.owner, query=[(profile.parameter, asked[1])])
        up, down = (scene.telling(binding.resource, rows) for rows in (up, down))
        for rows, exchanges in ((up, first), (down, second)):
            if {str(row.get(name)) for row in rows} != {str(row.get(name)) for row in whole}:
                raise Violated(
                    f"Sorting by {column.name} gives other rows than the list",
                    *exchanges[:1],
                    deviation="extra",
                    field=column.name,
                    relation=related(
                        binding, "same-rows", {"whole": walked(binding, pages), "other": walked(binding, exchanges)}
                    ),
                )  # fmt: skip
        if not any(
            _is_rising(up, column, key) and _is_rising(down[::-1], column, key) for key in _keys(column.kind)
        ):
            raise Violated(
                f"Sorting by {column.name} does not order the rows",
                *first[:1],
                *second[:1],
                deviation="order",
                field=column.name,
                relation=related(
                    binding, "ordered", {"up": walked(binding, first), "down": walked(binding, second)},
                    field=column.name,
                ),
            )  # fmt: skip
    _ties(scene, binding, whole)


def _plain(binding: Binding, whole: list[Row]) -> list[str]:
    """The fields with values that can be compared."""
    fields = binding.resource.fields if binding.resource else {}
    shown = {name: next((row[name] for row in whole if row.get(name) is not None), None) for name in fields}
    return [name for name, value in shown.items() if _kind(value, fields[name].schema)]


def _ties(scene: Scene, binding: Binding, whole: list[Row]) -> None:
    """Sorted by what many rows have in common, smaller pages have the rows in the same order as larger ones."""
    profile, paging = binding.query.sort, binding.pagination
    assert profile is not None  # noqa: S101 - as above
    tied = {one: len({repr(row.get(one)) for row in whole}) for one in _plain(binding, whole)}
    common = [one for one, count in tied.items() if count < len(whole) and is_sortable(scene, binding, one)]
    if not common or paging is None or not paging.size:
        return
    name = min(common, key=lambda one: tied[one])
    query = [(profile.parameter, profile.written(name, descending=False))]
    large, first = scene.listed(binding, scene.owner, query=query)
    turned, small = scene.listed(binding, scene.owner, query=query, size=scene.cut(len(whole)))
    wanted, given = ids(binding, large), ids(binding, turned)
    if wanted != given:
        lost = sorted({str(one) for one in wanted} - {str(one) for one in given})
        title = f"Sorted by {name}, rows that are equal there change places from page to page"
        roles = {"whole": walked(binding, first), "other": walked(binding, small)}
        raise Violated(
            title, *first[:1], *small[:3], lost=lost[:5], deviation="order", field=name,
            relation=related(binding, "same-rows", roles, ordered=True, least=3),
        )  # fmt: skip


def is_sortable(scene: Scene, binding: Binding, name: str) -> bool:
    """Whether the parameter's schema lets rows be put in order by a field."""
    profile = binding.query.sort
    parameter = binding.operation.parameter("query", profile.parameter) if profile else None
    if profile is None or parameter is None or parameter.schema_pointer is None:
        return profile is not None
    is_valid = scene.validators.at(parameter.schema_pointer, "request").is_valid
    return is_valid(profile.written(name, descending=False))


def comparisons(value: Any, schema: Mapping[str, Any]) -> list[Callable[[Any], Any]]:
    """What the values of a field may be compared by; nothing for those that have no order."""
    kind = _kind(value, schema)
    return _keys(kind) if kind else []


def _keys(kind: str) -> list[Callable[[Any], Any]]:
    """What values may be compared by: text with and without its case, for both are in use."""
    usual: Callable[[Any], Any] = lambda value: _key(value, kind)  # noqa: E731 - beside the other
    return [usual, lambda value: str(value).lower()] if kind == "text" else [usual]


def _is_rising(rows: list[Row], column: _Column, key: Callable[[Any], Any]) -> bool:
    """Nothing comes before everything, all at one end."""
    values = [row.get(column.name) for row in rows]
    keys = [(value is not None, key(value) if value is not None else 0) for value in values]
    return all(a[0] < b[0] or (a[0] == b[0] and (not a[0] or a[1] <= b[1])) for a, b in pairwise(keys))
