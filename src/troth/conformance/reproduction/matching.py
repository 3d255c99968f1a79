"""Whether a row is one that a list keeps, told from what the row shows.

It needs nothing but Python's standard library, so that scripts carry it along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["SIGNS", "held", "matches"]

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: ``{"field", "op", "value", "where"}``, or ``{"all": […]}``, ``{"any": […]}`` of such.
Test = Mapping[str, Any]


def matches(test: Test, row: Mapping[str, Any]) -> bool:
    """Whether a row passes a test. ``search`` looks into every text of the row."""
    if "all" in test or "any" in test:
        found = [matches(one, row) for one in test.get("all") or test["any"]]
        return all(found) if "all" in test else any(found)
    if any(row.get(name) != wanted for name, wanted in test.get("where", {}).items()):
        return False
    if test["op"] == "search":
        word = str(test["value"]).lower()
        return any(isinstance(item, str) and word in item.lower() for item in row.values())
    return TESTS.get(test["op"], TESTS["eq"])(held(row, test["field"]), test["value"])


def held(row: Mapping[str, Any], field: str) -> Any:
    """The value of a field; ``client.id`` is a member of the field's object, or of each object in its list."""
    if "." not in field:
        return row.get(field)
    value: Any = row
    for name in field.split("."):
        if isinstance(value, list):
            value = [item.get(name) for item in value if isinstance(item, Mapping)]
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def moment(value: Any) -> Any:
    """Dates and date-times as moments, so that offsets do not matter; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def compared(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A test of two moments; a date without a time limits by days, whatever the field holds."""

    def holds(value: Any, wanted: Any) -> bool:
        left, right = moment(value), moment(wanted)
        if isinstance(wanted, str) and DAY.fullmatch(wanted) and isinstance(left, datetime):
            left, right = left.astimezone(UTC).date().isoformat(), wanted
        return type(left) is type(right) and left is not None and test(left, right)

    return holds


def in_order(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A test of two numbers, or of two moments to the second; nothing is before or after nothing."""

    def holds(value: Any, wanted: Any) -> bool:
        if value is None:
            return False
        left, right = moment(value), moment(wanted)
        both = isinstance(left, int | float) and isinstance(right, int | float)
        return (both or type(left) is type(right)) and test(left, right)

    return holds


def by_sign(value: Any, wanted: Any) -> bool:
    """The sign before what is asked for tells how."""
    sign = next((sign for sign in SIGNS if str(wanted).startswith(sign)), "=")
    return SIGNS[sign](value, str(wanted).removeprefix(sign))


def low(value: Any) -> str:
    return str(value or "").lower()


SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": compared(lambda value, wanted: value >= wanted),
    "<=": compared(lambda value, wanted: value <= wanted),
    ">": compared(lambda value, wanted: value > wanted),
    "<": compared(lambda value, wanted: value < wanted),
    "=": compared(lambda value, wanted: value == wanted),
}

TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: bool(value == wanted),
    "in": lambda value, wanted: value == wanted or (isinstance(wanted, list) and value in wanted),
    "has": lambda value, wanted: isinstance(value, list) and wanted in value,
    "alike": lambda value, wanted: str(value or "").lower() == str(wanted).lower(),
    "compared": by_sign,
    "contains": lambda value, wanted: str(wanted).lower() in low(value),
    "from": SIGNS[">="],
    "to": SIGNS["<="],
    "after": SIGNS[">"],
    "before": SIGNS["<"],
    "equals": lambda value, wanted: bool(value == wanted),
    "not_equals": lambda value, wanted: bool(value != wanted),
    "exists": lambda value, wanted: (value not in (None, "")) is wanted,
    "like": lambda value, wanted: all(word in low(value) for word in str(wanted).lower().split(" ")),
    "greater_than": in_order(lambda value, wanted: value > wanted),
    "greater_than_equal": in_order(lambda value, wanted: value >= wanted),
    "less_than": in_order(lambda value, wanted: value < wanted),
    "less_than_equal": in_order(lambda value, wanted: value <= wanted),
}
