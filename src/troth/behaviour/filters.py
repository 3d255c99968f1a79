"""Filters of a list operation: declared, or derived from its query parameters and the fields of its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Filter, Resource, plain
from troth.behaviour.paging import narrows_nothing
from troth.contract.model import Operation

__all__ = ["filters_of"]

_RANGE = re.compile(
    r"^(.+?)_?(From|To|Since|Until|After|Before|from|to|since|until|after|before|gte|lte|gt|lt)$"
)
_RANGE_OPS = {
    **dict.fromkeys(("from", "since", "gte"), "from"),
    **dict.fromkeys(("to", "until", "lte"), "to"),
    **dict.fromkeys(("after", "gt"), "after"),
    **dict.fromkeys(("before", "lt"), "before"),
}


def filters_of(operation: Operation, resource: Resource | None) -> tuple[Filter, ...]:
    """The filters in the order of the parameters; a parameter that narrows nothing has none.

    What a parameter with members of its own asks for, only a declaration can say.
    """
    if resource is None:
        return ()
    declared = operation.extension.get("filters") or {}
    asked = [p for p in operation.parameters if p.location == "query"]
    names = [p.name for p in asked if p.name in declared or "object" not in _kinds(p.schema)]
    return tuple(f for name in names if (f := _filter(name, resource, declared)))


def _kinds(schema: object) -> list[Any]:
    """The JSON types that a schema names."""
    given = schema.get("type") if isinstance(schema, Mapping) else None
    return given if isinstance(given, list) else [given] if given else []


def _filter(parameter: str, resource: Resource, declared: Mapping[str, Any]) -> Filter | None:
    given = declared.get(parameter)
    if isinstance(given, Mapping):
        named, op = str(given.get("field", parameter)), str(given.get("op", "eq"))
        separator = str(given.get("separator", ""))
        return Filter(parameter, named, op, "x-behaviour filters", given.get("where") or {}, separator)
    if narrows_nothing(parameter):
        return None
    return _derived(parameter, resource)


def _derived(parameter: str, resource: Resource) -> Filter | None:
    fields = {plain(name): name for name in resource.fields}
    if parameter in ("ids[]", "id[]"):
        return Filter(parameter, resource.id_field, "in", "the ids of the rows")
    name = fields.get(plain(parameter))
    if name is not None:
        many = resource.fields[name].schema.get("type") == "array"
        return Filter(parameter, name, "has" if many else "eq", "a field of the same name")
    several = fields.get(plain(parameter) + "s")
    if several is not None and "array" in (_kinds(resource.fields[several].schema) or ["array"]):
        return Filter(parameter, several, "has", "a list field of that name")
    if parameter in ("search", "q", "query"):
        return Filter(parameter, "*", "search", "a search parameter")
    return _ranging(parameter, fields, resource) or _referring(parameter, resource)


def _ranging(parameter: str, fields: Mapping[str, str], resource: Resource) -> Filter | None:
    """``dueBefore`` and ``created_since`` limit ``due`` or ``dueAt``, ``created`` or ``created_at``."""
    span = _RANGE.match(parameter)
    limited = next((f for end in ("", "at") if span and (f := fields.get(plain(span[1]) + end))), None)
    if span is None or limited is None or not _ordered(resource.fields[limited].schema):
        return None
    return Filter(parameter, limited, _RANGE_OPS[span[2].lower()], "a range over a field")


def _ordered(schema: Mapping[str, Any]) -> bool:
    """Whether values are known to come one after the other: numbers do, and texts that are days or moments."""
    kinds = _kinds(schema)
    return "string" not in kinds or schema.get("format") in ("date", "date-time")


def _referring(parameter: str, resource: Resource) -> Filter | None:
    """``client_id`` narrows by the id that the object ``client`` keeps; the text ``null`` asks for rows without one."""
    wanted = plain(parameter).removesuffix("id")
    for reference in resource.references:
        named = wanted in (plain(reference.field), plain(reference.field).removesuffix("s"))
        if reference.at is not None and named and plain(parameter) != wanted:
            op = "has" if reference.many else "eq"
            return Filter(parameter, f"{reference.field}.{reference.at}", op, "the id that a field keeps")
    return None
