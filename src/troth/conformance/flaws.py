"""Input with a single flaw: what breaks one keyword of a schema and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from troth.behaviour.model import Binding
from troth.behaviour.occasions import writable_fields
from troth.conformance.scene import Scene
from troth.conformance.values import type_of
from troth.contract.forms import written as form_of
from troth.contract.model import Parameter

__all__ = ["Flaw", "body_flaws", "parameter_flaws"]

_LONG = 20_000


@dataclass(frozen=True, slots=True)
class Flaw:
    """A body or parameter value with one thing wrong, and what that is."""

    what: str
    value: Any


def body_flaws(scene: Scene, binding: Binding, body: Any) -> Iterator[Flaw]:
    """Bodies that are invalid for one reason each: a missing, a mistyped, a too long, too big, unlisted value."""
    media = binding.input
    if media is None or media.schema_pointer is None or not isinstance(body, Mapping):
        return
    is_valid = scene.validators.at(media.schema_pointer, "request").is_valid
    required = sorted(scene.bodies.required(binding))
    candidates = [Flaw(f"'{n}' is missing", {k: v for k, v in body.items() if k != n}) for n in required]
    for name, pointer in writable_fields(scene.contract, binding).items():
        schema = scene.contract.follow(pointer)[1]
        found = _wrong(schema) if isinstance(schema, Mapping) else ()
        candidates += [Flaw(f"'{name}' {flaw.what}", {**body, name: flaw.value}) for flaw in found]
    if binding.is_form:
        forms, pointer = scene.bodies.forms, media.schema_pointer
        # A form without a member is no body, which may be left out.
        told = (flaw for flaw in candidates if form_of(flaw.value))
        yield from (flaw for flaw in told if not is_valid(forms.expressible(flaw.value, pointer)))
        return
    candidates.append(Flaw("the body is a list", [body]))
    yield from (flaw for flaw in candidates if not is_valid(flaw.value))


def parameter_flaws(scene: Scene, parameter: Parameter) -> Iterator[Flaw]:
    """Texts that are no valid value of a scalar query parameter."""
    schema = parameter.schema
    if parameter.schema_pointer is None or not isinstance(schema, Mapping):
        return
    kind = type_of(schema)
    found: list[Flaw] = []
    if kind in ("integer", "number"):
        found += [Flaw("is no number", "abc")]
        found += [Flaw("is below its minimum", schema["minimum"] - 1)] if "minimum" in schema else []
    if "enum" in schema and kind == "string":
        found += [Flaw("is none of the listed values", "no-such-value")]
    if kind == "boolean":
        found += [Flaw("is neither true nor false", "perhaps")]
    if schema.get("format") in ("uuid", "date", "date-time"):
        found += [Flaw(f"is no {schema['format']}", "not-one")]
    is_valid = scene.validators.at(parameter.schema_pointer, "request").is_valid
    yield from (flaw for flaw in found if not is_valid(flaw.value))


def _wrong(schema: Mapping[str, Any]) -> Iterator[Flaw]:
    kind = type_of(schema)
    if kind in ("string", "integer", "number", "boolean", "array", "object"):
        yield Flaw("has the wrong type", {"string": 12345, "object": "text"}.get(kind, {"not": "this"}))
    if "enum" in schema:
        yield Flaw("is none of the listed values", "no-such-value")
    if "maxLength" in schema and schema["maxLength"] <= _LONG:
        yield Flaw("is too long", "x" * (schema["maxLength"] + 1))
    if schema.get("minLength"):
        yield Flaw("is too short", "")
    if "minimum" in schema:
        yield Flaw("is below its minimum", schema["minimum"] - 1)
    if "exclusiveMinimum" in schema:
        yield Flaw("is at its exclusive minimum", schema["exclusiveMinimum"])
    if "maximum" in schema:
        yield Flaw("is above its maximum", schema["maximum"] + 1)
    if schema.get("format") in ("uuid", "date", "date-time", "email"):
        yield Flaw(f"is no {schema['format']}", "not one")
    if schema.get("minItems"):
        yield Flaw("has too few items", [])
