"""Sentences about violations: what was found, what would do, the nearest valid value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs
import orjson

from troth.errors import did_you_mean

__all__ = ["closest_branch", "describe", "shown"]

_LONGEST = 60
_MANY = 12
_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "text",
}
_FORMATS = {
    "date": "a date such as 2026-01-31",
    "date-time": "a date and time such as 2026-01-31T09:30:00Z",
    "duration": "a duration such as P1DT12H",
    "email": "an e-mail address",
    "hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "regex": "a regular expression",
    "time": "a time such as 09:30:00Z",
    "uri": "a URI such as https://example.com/a",
    "uuid": "a UUID",
}


def shown(value: Any) -> str:
    """A value as JSON, cut short."""
    try:
        text = orjson.dumps(value).decode()
    except (TypeError, ValueError):
        text = repr(value) if not isinstance(value, int) else "a very large number"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def kind_of(value: Any) -> str:
    """The JSON type of a value, as a reader calls it."""
    for kind, name in (
        (bool, "a boolean"),
        (str, "text"),
        (int, "a whole number"),
        (float, "a number"),
        (dict, "an object"),
    ):
        if isinstance(value, kind):
            return name
    return "a list" if isinstance(value, list | tuple) else "null"


def describe(error: jsonschema_rs.ValidationError) -> str:
    """One sentence without a full stop for any validation error."""
    speak = _SENTENCES.get(error.kind.name)
    return speak(error.kind, error.instance) if speak else f"{error.message:.300}"


def _type(kind: Any, value: Any) -> str:
    return f"expected {_or([_NAMES.get(name, name) for name in kind.types])}, found {kind_of(value)}"


def _enum(kind: Any, value: Any) -> str:
    listed = ", ".join(shown(option) for option in kind.options[:_MANY])
    more = f" and {len(kind.options) - _MANY} more" if len(kind.options) > _MANY else ""
    words = [option for option in kind.options if isinstance(option, str)]
    near = did_you_mean(value, words) if isinstance(value, str) and value not in words else ""
    return f"{shown(value)} is not one of {listed}{more}" + (
        f".{near}".removesuffix("?") + "?" if near else ""
    )


def _format(kind: Any, value: Any) -> str:
    return f"{shown(value)} is not {_FORMATS.get(kind.format, f'a valid {kind.format}')}"


def _choice(kind: Any, value: Any) -> str:
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.OneOfMultipleValid):
        return (
            f"{shown(value)} fits more than one of the {len(kind.context)} alternatives, exactly one may fit"
        )
    return f"{shown(value)} fits none of the {len(kind.context)} alternatives"


def _or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


_SENTENCES: Mapping[str, Callable[[Any, Any], str]] = {
    "anyOf": _choice,
    "const": lambda kind, value: f"expected {shown(kind.expected_value)}, found {shown(value)}",
    "contains": lambda _kind, _value: "the list has too few or too many items of a kind that it must contain",
    "enum": _enum,
    "exclusiveMaximum": lambda kind, value: f"{shown(value)} is not less than {shown(kind.limit)}",
    "exclusiveMinimum": lambda kind, value: f"{shown(value)} is not greater than {shown(kind.limit)}",
    "falseSchema": lambda _kind, _value: "nothing may be given here",
    "format": _format,
    "maxItems": lambda kind, value: f"the list has {len(value)} items, at most {kind.limit} are allowed",
    "maxLength": lambda kind, value: (
        f"the text has {len(value)} characters, at most {kind.limit} are allowed"
    ),
    "maxProperties": lambda kind, value: (
        f"the object has {len(value)} properties, at most {kind.limit} are allowed"
    ),
    "maximum": lambda kind, value: f"{shown(value)} is greater than the maximum of {shown(kind.limit)}",
    "minItems": lambda kind, value: f"the list has {len(value)} items, at least {kind.limit} are needed",
    "minLength": lambda kind, value: (
        f"the text has {len(value)} characters, at least {kind.limit} are needed"
    ),
    "minProperties": lambda kind, value: (
        f"the object has {len(value)} properties, at least {kind.limit} are needed"
    ),
    "minimum": lambda kind, value: f"{shown(value)} is less than the minimum of {shown(kind.limit)}",
    "multipleOf": lambda kind, value: f"{shown(value)} is not a multiple of {shown(kind.multiple_of)}",
    "not": lambda _kind, value: f"{shown(value)} is of a kind that is excluded here",
    "oneOf": _choice,
    "pattern": lambda kind, value: f"{shown(value)} does not match the pattern {kind.pattern}",
    "propertyNames": lambda kind, _value: f"a property name is not allowed: {kind.error.message:.120}",
    "type": _type,
    "uniqueItems": lambda _kind, _value: "two items of the list are equal",
}


def closest_branch(kind: Any, pointer: str) -> list[jsonschema_rs.ValidationError] | None:
    """The errors of the branch that a value most nearly fits, or None when no branch stands out.

    A branch that accepts the value's type and its constants is nearer than one that rejects the value outright.
    """
    context = getattr(kind, "context", None)
    if not context or not all(context):
        return None
    depth = pointer.count("/")
    ranked = sorted(context, key=lambda errors: _distance(errors, depth))
    if len(ranked) > 1 and _distance(ranked[0], depth) == _distance(ranked[1], depth):
        return None
    return None if _distance(ranked[0], depth)[0] else list(ranked[0])


def _distance(errors: list[jsonschema_rs.ValidationError], depth: int) -> tuple[bool, bool, int]:
    outright = any(e.kind.name in ("type", "falseSchema") and len(e.instance_path) <= depth for e in errors)
    constant = any(e.kind.name in ("const", "enum") and len(e.instance_path) <= depth + 1 for e in errors)
    return outright, constant, len(errors)
