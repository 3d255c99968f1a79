"""Every object of a contract with its kind, and every place where an ``x-behaviour`` stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from troth.contract.grammar import is_referable, schema_field, shape
from troth.contract.model import Contract
from troth.contract.pointers import join, local, resolve

__all__ = ["SCOPES", "Place", "Scope", "Visit", "extensions", "visits"]

#: The four legal places, named as in the ``$defs`` of the vocabulary's schema.
Scope = Literal["root", "resource", "property", "operation"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

Direction = Literal["request", "response"]
_TURNS: Mapping[str, Direction] = {
    "Parameter": "request",
    "RequestBody": "request",
    "Response": "response",
    "Header": "response",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One object of the document. ``direction`` is None for what may travel either way.

    ``trait`` says that a schema describes a property; ``value`` is the object itself, references not followed.
    """

    pointer: str
    kind: str
    value: Mapping[str, Any]
    direction: Direction | None
    trait: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An ``x-behaviour``: the pointer of its value, and its scope; None where none is legal."""

    pointer: str
    scope: Scope | None
    value: Any


def visits(contract: Contract) -> Iterator[Visit]:
    """Every object by the grammar of OpenAPI, each once; what looks alike inside an example is left alone."""
    seen: set[str] = set()
    first: list[tuple[str, Any, str, Direction | None, bool]] = [
        ("", contract.document, "OpenAPI", None, False)
    ]
    later: list[tuple[str, Any, str, Direction | None, bool]] = []
    while first or later:
        pointer, node, kind, direction, trait = first.pop() if first else later.pop()
        if not isinstance(node, Mapping) or pointer in seen or kind[0].islower():
            continue
        seen.add(pointer)
        direction = _TURNS.get(kind, direction) if "/callbacks/" not in pointer else None
        yield Visit(pointer, kind, node, direction, trait)
        target = _target(node, kind)
        if target is not None and target not in seen:
            way = None if kind == "Schema" else direction
            later.append((target, _found(contract, target), kind, way, False))
        children = [(at, held, inner, kind) for at, held, inner in _children(pointer, node, kind)]
        first += [
            (at, held, inner, direction, kind == "Schema" and at.startswith(f"{pointer}/properties/"))
            for at, held, inner, kind in reversed(children)
        ]


def _target(node: Mapping[str, Any], kind: str) -> str | None:
    found = node.get("$ref") if kind == "Schema" or is_referable(kind) else None
    return local(found) if isinstance(found, str) else None


def _found(contract: Contract, pointer: str) -> Any:
    try:
        return resolve(contract.document, pointer)
    except KeyError:
        return None


def _children(pointer: str, node: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any, str]]:
    if kind == "Schema":
        fields = {name: held for name in node if (held := schema_field(name))}
        rest = None
    else:
        fields, rest = shape(kind).fields, shape(kind).rest
    for name, value in node.items():
        held = fields.get(name) or (rest if not name.startswith("x-") else None)
        if held is not None:
            yield from _members(join(pointer, name), value, held)


def _members(pointer: str, value: Any, held: str) -> Iterator[tuple[str, Any, str]]:
    if held[0] == "[" and isinstance(value, list):
        yield from ((f"{pointer}/{index}", item, held[1:-1]) for index, item in enumerate(value))
    elif held[0] in "{<" and isinstance(value, Mapping):
        for name, item in value.items():
            if held[0] == "{" or not name.startswith("x-"):
                yield join(pointer, name), item, held[1:-1]
    elif held[0] not in "[{<":
        yield pointer, value, held


def extensions(contract: Contract) -> Iterator[Place]:
    """Every ``x-behaviour`` of the document, in document order as far as there is one."""
    operations = {operation.pointer for operation in contract.operations}
    for visit in visits(contract):
        if "x-behaviour" in visit.value:
            value = visit.value["x-behaviour"]
            yield Place(join(visit.pointer, "x-behaviour"), _scope(visit, value, operations), value)
        yield from _stray(visit)


def _scope(visit: Visit, value: Any, operations: set[str]) -> Scope | None:
    if visit.kind == "OpenAPI":
        return "root"
    if visit.kind == "Operation":
        return "operation" if visit.pointer in operations else None
    if visit.kind != "Schema":
        return None
    # A wrapped row ({"data": {...}}) is both a property and a schema of rows: what is said tells which is meant.
    names_resource = isinstance(value, Mapping) and "resource" in value
    return "property" if (visit.trait or _is_scalar(visit.value)) and not names_resource else "resource"


def _is_scalar(schema: Mapping[str, Any]) -> bool:
    """Whether a shared schema such as a currency code describes values of fields, never rows."""
    kinds = schema.get("type")
    named = [kinds] if isinstance(kinds, str) else list(kinds or ())
    return bool(named) and not {"object", "array"} & set(named)


def _stray(visit: Visit) -> Iterator[Place]:
    """Extensions in the plain maps that the grammar passes over: ``paths``, ``properties``, ``contact``."""
    for name, value in visit.value.items():
        held = shape(visit.kind).fields.get(name) if visit.kind != "Schema" else schema_field(name)
        plain = held == "object" or (held is not None and held[0] == "<")
        if plain and isinstance(value, Mapping) and "x-behaviour" in value:
            yield Place(join(visit.pointer, name, "x-behaviour"), None, value["x-behaviour"])
