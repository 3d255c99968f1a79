"""Small values for a self-contained schema: first one that fits, and those at the edges of what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.contract.patterns import strings_of

__all__ = ["DEEPEST", "edges", "parts_of", "sample"]

JSON = Any

FORMATS: Mapping[str, str] = {
    "date": "2026-05-19",
    "date-time": "2026-05-19T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "P1D",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/a",
    "uri-reference": "/a",
    "uuid": "7f1c2d4e-0b5a-4c3d-9e8f-112233445566",
    "json-pointer": "/a",
    "regex": "^a$",
}
PLAIN: Mapping[str, JSON] = {"boolean": True, "integer": 1, "number": 1.5, "string": "text", "null": None}
ORDER = ("object", "array", "string", "integer", "number", "boolean", "null")
DEEPEST = 6
NESTED = 3


def sample(schema: JSON, root: Mapping[str, JSON] | None = None, depth: int = 0) -> JSON:
    """One value that the schema probably admits, with required properties only. The caller validates."""
    root = root if root is not None else schema if isinstance(schema, Mapping) else {}
    if not isinstance(schema, Mapping):
        return "text"
    schema = _merged(schema, root, depth)
    if "const" in schema or schema.get("enum"):
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind = _kind(schema)
    if kind in ("integer", "number"):
        return next(_numbers(schema, kind), 1)
    structured = {"object": _object, "array": _array}.get(kind)
    if structured is not None:
        return structured(schema, root, depth)
    return _string(schema) if kind == "string" else PLAIN[kind]


def _merged(schema: Mapping[str, JSON], root: Mapping[str, JSON], depth: int) -> dict[str, JSON]:
    """A schema with its references, ``allOf`` parts and first alternatives laid over each other."""
    found: dict[str, JSON] = {}
    parts: list[JSON] = []
    if isinstance(schema.get("$ref"), str) and depth <= DEEPEST:
        parts.append(_target(schema, root))
    parts += schema.get("allOf", [])
    for keyword in ("anyOf", "oneOf"):
        parts += schema.get(keyword, [])[:1]
    for part in parts:
        if isinstance(part, Mapping) and part is not schema:
            _lay_over(found, _merged(part, root, depth + 1) if depth <= DEEPEST else part)
    _lay_over(found, schema)
    return found


def _lay_over(found: dict[str, JSON], part: Mapping[str, JSON]) -> None:
    for keyword, value in part.items():
        if keyword == "properties" and isinstance(value, Mapping):
            found[keyword] = {**found.get(keyword, {}), **value}
        elif keyword == "required" and isinstance(value, list):
            found[keyword] = sorted({*found.get(keyword, []), *value})
        elif keyword not in ("$ref", "allOf", "anyOf", "oneOf", "$defs"):
            found[keyword] = value


def _kind(schema: Mapping[str, JSON]) -> str:
    stated = schema.get("type")
    if isinstance(stated, str):
        return stated
    if isinstance(stated, list) and stated:
        return next((kind for kind in ORDER if kind in stated), "string")
    if schema.keys() & {"properties", "required", "minProperties", "additionalProperties"}:
        return "object"
    if schema.keys() & {"items", "minItems", "maxItems", "prefixItems", "contains"}:
        return "array"
    if schema.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}:
        return "number"
    return "string"


def _object(schema: Mapping[str, JSON], root: Mapping[str, JSON], depth: int) -> dict[str, JSON]:
    properties = schema.get("properties") or {}
    wanted = list(schema.get("required", ()))
    for name in properties:
        if len(wanted) >= schema.get("minProperties", 0):
            break
        if name not in wanted:
            wanted.append(name)
    found = (
        {name: sample(properties.get(name, {}), root, depth + 1) for name in wanted}
        if depth <= DEEPEST
        else {}
    )
    while len(found) < schema.get("minProperties", 0):
        found[f"key{len(found)}"] = "text"
    return found


def _array(schema: Mapping[str, JSON], root: Mapping[str, JSON], depth: int) -> list[JSON]:
    size = int(schema.get("minItems", 0))
    prefix = [sample(part, root, depth + 1) for part in schema.get("prefixItems", [])[:size]]
    if depth > DEEPEST or size <= len(prefix):
        return prefix[:size]
    items = schema.get("items", {})
    item = sample(items, root, depth + 1)
    rest = [item] * (size - len(prefix))
    if schema.get("uniqueItems"):
        rest = _distinct(item, items, len(rest))
    return prefix + rest


def _distinct(item: JSON, items: JSON, count: int) -> list[JSON]:
    if isinstance(items, Mapping) and items.get("enum"):
        return list(items["enum"][:count])
    if isinstance(item, str):
        return [item, *(f"{item}{at}" for at in range(1, count))][:count]
    if isinstance(item, (int, float)):
        step = items.get("multipleOf", 1) if isinstance(items, Mapping) else 1
        return [item + at * step for at in range(count)]
    return [item] * count


def _several(item: JSON, schema: Mapping[str, JSON], count: int) -> list[JSON]:
    """So many items, each another one as long as there are others; then repeated where that is allowed."""
    found = _distinct(item, schema.get("items"), count)
    lacking = 0 if schema.get("uniqueItems") else count - len(found)
    return found + found[:1] * lacking


def _string(schema: Mapping[str, JSON]) -> str:
    stated = schema.get("format")
    if isinstance(stated, str) and stated in FORMATS:
        return FORMATS[stated]
    if isinstance(schema.get("pattern"), str):
        least = schema.get("minLength", 0)
        return next((text for text in strings_of(schema["pattern"]) if len(text) >= least), "text")
    return _text(max(int(schema.get("minLength", 0)), min(4, int(schema.get("maxLength", 4)))))


def _text(size: int) -> str:
    return ("text" * (size // 4 + 1))[:size]


def _numbers(schema: Mapping[str, JSON], kind: str) -> Iterator[JSON]:
    """Numbers at and around each bound, on the grid of ``multipleOf`` where there is one."""
    grid = schema.get("multipleOf")
    step = grid or (1 if kind == "integer" else 0.5)
    yield from (value for value in (1, 0) if _inside(value, schema))
    for keyword in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        bound = schema.get(keyword)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool):
            on_grid = (bound // step) * step if grid else bound
            yield from (on_grid + step * shift for shift in (0, 1, -1, 2))
    if grid:
        yield from (grid, grid * 2, grid * 3)
    yield from (2, 3, -1, 0.5, 1.25)


def _inside(value: float, schema: Mapping[str, JSON]) -> bool:
    return bool(
        value >= schema.get("minimum", value)
        and value <= schema.get("maximum", value)
        and value > schema.get("exclusiveMinimum", value - 1)
        and value < schema.get("exclusiveMaximum", value + 1)
        and ("multipleOf" not in schema or value % schema["multipleOf"] == 0)
    )


def edges(schema: JSON, root: JSON = None, depth: int = 0) -> Iterator[JSON]:
    """Values at the edges of what a schema says at its own level and in its alternatives, inside and just outside."""
    root = schema if root is None else root
    if not isinstance(schema, Mapping) or not isinstance(root, Mapping):
        yield from PLAIN.values()
        return
    if depth < NESTED:
        for part in parts_of(schema, root):
            yield from edges(part, root, depth + 1)
    yield from schema.get("enum", ())
    yield sample(schema, root)
    yield from _listed(schema)
    if depth == 0:
        yield from (*PLAIN.values(), {}, [], 0.5, -1, "", "no such value")
    yield from _sized_texts(schema)
    yield from _numbers(schema, "number")
    yield from _numbers(schema, "integer")
    yield from _sized_arrays(schema, root)
    yield from _sized_objects(schema, root)
    if depth == 0:
        yield from FORMATS.values()


def parts_of(schema: Mapping[str, JSON], root: Mapping[str, JSON]) -> list[JSON]:
    """What a schema is put together from: its reference, its parts, its alternatives."""
    found = [*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return [*found, _target(schema, root)] if "$ref" in schema else found


def _target(schema: Mapping[str, JSON], root: Mapping[str, JSON]) -> JSON:
    return (root.get("$defs") or {}).get(str(schema["$ref"]).removeprefix("#/$defs/"), {})


def _sized_texts(schema: Mapping[str, JSON]) -> Iterator[JSON]:
    for keyword in ("minLength", "maxLength"):
        if isinstance(schema.get(keyword), int):
            yield from (_text(max(0, schema[keyword] + shift)) for shift in (0, 1, -1))
    if isinstance(schema.get("pattern"), str):
        yield from strings_of(schema["pattern"])
    yield from schema.get("examples", ())


def _listed(schema: JSON, depth: int = 0) -> Iterator[JSON]:
    """Every value that is listed anywhere inside a schema: those of ``not`` and ``if`` mark an edge too."""
    if isinstance(schema, Mapping):
        if depth:
            yield from schema.get("enum", ()) if isinstance(schema.get("enum"), list) else ()
        if "const" in schema:
            yield schema["const"]
    parts = schema.values() if isinstance(schema, Mapping) else schema if isinstance(schema, list) else ()
    for part in parts if depth < DEEPEST else ():
        yield from _listed(part, depth + 1)


def _sized_arrays(schema: Mapping[str, JSON], root: Mapping[str, JSON]) -> Iterator[JSON]:
    item = sample(schema.get("items", {}), root)
    for keyword in ("minItems", "maxItems"):
        if isinstance(schema.get(keyword), int):
            for shift in (0, 1, -1):
                size = max(0, schema[keyword] + shift)
                yield _several(item, schema, size) if size < 2000 else []  # noqa: PLR2004 - a readable witness
    yield [item, item]


def _sized_objects(schema: Mapping[str, JSON], root: Mapping[str, JSON]) -> Iterator[JSON]:
    whole = sample({**schema, "type": "object"}, root)
    if isinstance(whole, dict):
        yield whole
        for name in schema.get("required", ()):
            yield {key: value for key, value in whole.items() if key != name}
        yield {**whole, "undocumented": "text"}
        for name, part in (schema.get("properties") or {}).items():
            yield {**whole, name: sample(part, root)}
    for keyword in ("minProperties", "maxProperties"):
        if isinstance(schema.get(keyword), int):
            for shift in (0, 1, -1):
                yield {f"key{at}": "text" for at in range(max(0, min(200, schema[keyword] + shift)))}
