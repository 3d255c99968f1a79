"""Path shapes: which collection an operation belongs to and what it does there, from its path and method alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from troth.behaviour.model import Kind
from troth.contract.model import Contract, Media, Operation
from troth.contract.operations import addressed
from troth.contract.pointers import join

__all__ = ["ItemForm", "Shape", "item_form", "list_form", "response_media", "shapes"]

_TEMPLATE = re.compile(r"^\{([^}]+)\}(?:\.\w+)?$")
_SUFFIX = re.compile(r"\.(json|xml)$")
_LIST_NAMES = ("data", "items", "results", "docs", "records", "rows", "values", "content", "entries")


@dataclass(frozen=True, slots=True)
class Shape:
    """Where an operation stands: its ``collection`` path, the path parameters above it, and the item parameter.

    ``acts``: it does something to the row that its path names before a fixed last word, as in ``/orders/{id}/send``;
    ``prints``: that something is showing it as a document.
    """

    operation: Operation
    kind: Kind
    collection: str
    name: str
    parents: tuple[str, ...]
    parameter: str | None
    acts: bool = False
    prints: bool = False


def _template(segment: str) -> str | None:
    found = _TEMPLATE.match(segment)
    return found[1] if found else None


def response_media(operation: Operation) -> Media | None:
    """The JSON media type of the first success response, or the first one of any type."""
    for status in sorted(operation.responses):
        if status.startswith("2"):
            response = operation.responses[status]
            return response.json or next(iter(response.media.values()), None)
    return None


def list_form(contract: Contract, pointer: str) -> tuple[str, str] | None:
    """Where the rows stand in a list response: ``(property or '', pointer of the row schema)``; None if not a list."""
    try:
        pointer, schema = contract.follow(pointer)
    except KeyError:
        return None
    if not isinstance(schema, Mapping):
        return None
    if "items" in schema and isinstance(schema["items"], Mapping):
        return "", join(pointer, "items")
    arrays = _array_properties(contract, pointer, schema)
    if not arrays or _looks_like_a_row(schema):
        return None
    name = next((n for n in _LIST_NAMES if n in arrays), next(iter(arrays)))
    return name, arrays[name]


def _looks_like_a_row(schema: Mapping[str, Any]) -> bool:
    return any(name in (schema.get("properties") or {}) for name in ("id", "uuid"))


def _array_properties(contract: Contract, pointer: str, schema: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name in schema.get("properties") or {}:
        try:
            at, value = contract.follow(join(pointer, "properties", name))
        except KeyError:
            continue
        if isinstance(value, Mapping) and isinstance(value.get("items"), Mapping):
            found[str(name)] = join(at, "items")
    return found


@dataclass(frozen=True, slots=True)
class ItemForm:
    """Where a single object stands in a response: under ``wrapper``, or bare when that is None."""

    wrapper: str | None
    pointer: str


def item_form(contract: Contract, pointer: str) -> ItemForm:
    """``{"data": {...}}`` is a wrapper when the one property is an object and no id stands beside it."""
    try:
        at, schema = contract.follow(pointer)
    except KeyError:
        return ItemForm(None, pointer)
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if isinstance(properties, Mapping) and len(properties) == 1 and not _looks_like_a_row(schema):
        (name,) = properties
        inner_at, inner = contract.follow(join(at, "properties", name))
        if isinstance(inner, Mapping) and (inner.get("properties") or inner.get("allOf")):
            return ItemForm(str(name), inner_at)
    return ItemForm(None, at)


def shapes(contract: Contract) -> tuple[Shape, ...]:
    """The shape of every operation, in document order."""
    paths = {operation.path for operation in contract.operations}
    by_path: dict[str, set[str]] = {}
    for operation in contract.operations:
        by_path.setdefault(operation.path, set()).add(operation.method)
    return tuple(_shape(contract, operation, paths, by_path) for operation in contract.operations)


def _shape(
    contract: Contract, operation: Operation, paths: Iterable[str], methods: Mapping[str, set[str]]
) -> Shape:
    segments = [segment for segment in addressed(operation.path).split("/") if segment]
    parameter = _template(segments[-1]) if segments else None
    prints = _prints(operation)
    if parameter is None and (prints or _acts(operation)) and any(map(_template, segments)):
        return _on_row(operation, segments, prints=prints)
    above = segments[:-1] if parameter else [*segments[:-1], *(_SUFFIX.sub("", s) for s in segments[-1:])]
    collection = "/" + "/".join(above)
    name = next((_SUFFIX.sub("", s) for s in reversed(above) if not _template(s)), "root")
    parents = tuple(p for s in above if (p := _template(s)))
    kind = _item_kind(operation) if parameter else _collection_kind(contract, operation, paths, methods)
    return Shape(operation, kind, collection, name, parents, parameter)


def _acts(operation: Operation) -> bool:
    """Whether the contract says that an operation changes the row that its path names, or shows one that it names."""
    kind = operation.extension.get("kind", "action")
    if kind == "action" and "through" in operation.extension and operation.method == "GET":
        return True
    return kind in ("update", "replace") or (kind == "action" and "effect" in operation.extension)


def _prints(operation: Operation) -> bool:
    """Whether a GET answers nothing but a PDF."""
    succeeded = [r.media for status, r in sorted(operation.responses.items()) if status.startswith("2")]
    return operation.method == "GET" and bool(succeeded) and list(succeeded[0]) == ["application/pdf"]


def _on_row(operation: Operation, segments: list[str], *, prints: bool) -> Shape:
    """The shape of an operation on the row that the last template of its path names."""
    place = max(index for index, segment in enumerate(segments) if _template(segment))
    above = segments[:place]
    name = next((_SUFFIX.sub("", s) for s in reversed(above) if not _template(s)), "root")
    parents = tuple(p for s in above if (p := _template(s)))
    kind = Kind(operation.extension.get("kind", Kind.ACTION))
    parameter = _template(segments[place])
    return Shape(operation, kind, "/" + "/".join(above), name, parents, parameter, acts=True, prints=prints)


def _item_kind(operation: Operation) -> Kind:
    kinds = {
        "GET": Kind.READ,
        "HEAD": Kind.READ,
        "PUT": Kind.REPLACE,
        "PATCH": Kind.UPDATE,
        "DELETE": Kind.DELETE,
    }
    return kinds.get(operation.method, Kind.ACTION)


def _is_scalar(contract: Contract, pointer: str) -> bool:
    """Whether what stands in a list is plain values, such as the names of languages."""
    _, schema = contract.follow(pointer)
    kinds = schema.get("type") if isinstance(schema, Mapping) else None
    named = {kinds} if isinstance(kinds, str) else set(kinds or ())
    return bool(named) and not named & {"object", "array"}


def _collection_kind(
    contract: Contract,
    operation: Operation,
    paths: Iterable[str],
    methods: Mapping[str, set[str]],
) -> Kind:
    if operation.method == "GET":
        media = response_media(operation)
        form = list_form(contract, media.schema_pointer) if media and media.schema_pointer else None
        return Kind.LIST if form and not _is_scalar(contract, form[1]) else Kind.ACTION
    if operation.method != "POST":
        return Kind.ACTION
    path = operation.path.rstrip("/")
    has_items = any(p.startswith(path + "/{") and p.count("/") == path.count("/") + 1 for p in paths)
    # What nobody can read again was not created: POST /search, POST /login.
    return Kind.CREATE if has_items or "GET" in methods[operation.path] else Kind.ACTION
