"""Examples, defaults and initial values satisfy the schemas that they stand beside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from troth.behaviour.checks.ground import Ground
from troth.behaviour.places import Visit
from troth.contract.pointers import join
from troth.contract.validation import Violation
from troth.errors import DocumentError
from troth.findings import Finding

__all__ = ["check_examples"]

_HOLDERS = frozenset({"MediaType", "Parameter", "Header"})


def check_examples(ground: Ground) -> Iterator[Finding]:
    """Every example and default of the document, and every ``initial`` of a field."""
    for visit in ground.visits:
        if visit.kind == "Schema":
            yield from _schema(ground, visit)
        elif visit.kind in _HOLDERS:
            yield from _holder(ground, visit)
    for resource in ground.behaviour.resources.values():
        for field, _ in ground.fields(resource):
            at, traits = ground.traits(field)
            if "initial" in traits:
                where = join(at, "initial")
                yield from _judge(ground, where, "initial value", traits["initial"], field.pointer, None)


def _schema(ground: Ground, visit: Visit) -> Iterator[Finding]:
    schema = visit.value
    if "default" in schema:
        at = join(visit.pointer, "default")
        yield from _judge(ground, at, "default", schema["default"], visit.pointer, None)
    if "example" in schema:
        at = join(visit.pointer, "example")
        yield from _judge(ground, at, "example", schema["example"], visit.pointer, None)
    listed = schema.get("examples")
    for index, value in enumerate(listed if isinstance(listed, list) else ()):
        at = join(visit.pointer, "examples", index)
        yield from _judge(ground, at, "example", value, visit.pointer, None)


def _holder(ground: Ground, visit: Visit) -> Iterator[Finding]:
    held = _schema_pointer(visit)
    if held is None or "$ref" in visit.value:
        return
    textual = visit.kind == "MediaType" and not _is_json(visit.pointer)
    for at, value in _examples(ground, visit):
        # The text of an XML or CSV body says nothing about the schema of the value behind it.
        if not (textual and isinstance(value, str)):
            yield from _judge(ground, at, "example", value, held, visit.direction)


def _schema_pointer(visit: Visit) -> str | None:
    if "schema" in visit.value:
        return join(visit.pointer, "schema")
    for name, media in (visit.value.get("content") or {}).items():
        return join(visit.pointer, "content", name, "schema") if "schema" in media else None
    return None


def _is_json(pointer: str) -> bool:
    return "json" in pointer.rpartition("/")[2]


def _examples(ground: Ground, visit: Visit) -> Iterator[tuple[str, Any]]:
    if "example" in visit.value:
        yield join(visit.pointer, "example"), visit.value["example"]
    for name in visit.value.get("examples") or {}:
        at, example = ground.contract.follow(join(visit.pointer, "examples", name))
        for key in ("value", "dataValue"):
            if isinstance(example, dict) and key in example:
                yield join(at, key), example[key]


def _judge(
    ground: Ground,
    at: str,
    what: str,
    value: Any,
    schema: str,
    direction: Literal["request", "response"] | None,
) -> Iterator[Finding]:
    """What travels either way may fit either way: a row without its secret, or without its id."""
    ways: tuple[Literal["request", "response"], ...] = (direction,) if direction else ("response", "request")
    least: list[Violation] | None = None
    for way in ways:
        try:
            found = ground.validators.at(schema, way).violations(value)
        except DocumentError:  # a schema that cannot be compiled has its own error when it is used
            return
        least = found if least is None or len(found) < len(least) else least
    for violation in least or ():
        where = f"{violation.pointer}: " if violation.pointer else ""
        message = f"the {what} does not satisfy its schema: {where}{violation.message}."
        place = at + violation.pointer
        yield ground.finding(
            "invalid-" + what.replace(" ", "-"), place, message, found=violation.value, schema=schema
        )
