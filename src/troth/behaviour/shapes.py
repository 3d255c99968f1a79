"""Path shapes: which collection an operation belongs to and what it does there, from its path and method alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from troth.behaviour.model import Kind, plain
from troth.contract.model import Contract, Media, Operation
from troth.contract.operations import addressed
from troth.contract.pointers import join

__all__ = [
    "ItemForm",
    "Shape",
    "answer_form",
    "collection_name",
    "item_form",
    "list_form",
    "response_media",
    "shapes",
]

_TEMPLATE = re.compile(r"^\{([^}]+)\}(?:\.\w+)?$")
_SUFFIX = re.compile(r"\.(json|xml)$")
_LIST_NAMES = ("data", "items", "results", "docs", "records", "rows", "values", "content", "entries")
_ITEM_NAMES = ("data", "result", "item", "record", "response", "payload")
#: What answers hold beside their rows.
_ASIDE = frozenset({"errors", "warnings", "messages", "included", "links"})


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


def list_form(contract: Contract, pointer: str, collection: str = "") -> tuple[str, str] | None:
    """Where the rows stand in a list response: ``(property or '', pointer of the row schema)``; None if not a list.

    ``collection`` is the name by which the rows may stand there.
    """
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
    known = [n for n in arrays if collection and plain(n) == plain(collection)]
    known += [n for n in _LIST_NAMES if n in arrays] + [n for n in arrays if n not in _ASIDE]
    return (known[0], arrays[known[0]]) if known else None


def _looks_like_a_row(schema: Mapping[str, Any]) -> bool:
    return any(name in (schema.get("properties") or {}) for name in ("id", "uuid"))


def _array_properties(contract: Contract, pointer: str, schema: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name in schema.get("properties") or {}:
        try:
            at, value = contract.follow(join(pointer, "properties", name))
        except KeyError:
            continue
        listed = _array(contract, at, value)
        if listed is not None:
            found[str(name)] = join(listed, "items")
    return found


def _array(contract: Contract, at: str, schema: Any) -> str | None:
    """Where an array is described: in the schema at a pointer, or in the first of its alternatives that is one."""
    if not isinstance(schema, Mapping):
        return None
    if isinstance(schema.get("items"), Mapping):
        return at
    for word in ("oneOf", "anyOf"):
        for index in range(len(schema.get(word) or ())):
            end, branch = contract.follow(join(at, word, index))
            if isinstance(branch, Mapping) and isinstance(branch.get("items"), Mapping):
                return end
    return None


@dataclass(frozen=True, slots=True)
class ItemForm:
    """Where a single object stands in a response: under ``wrapper``, or bare when that is None."""

    wrapper: str | None
    pointer: str


def answer_form(contract: Contract, pointer: str, collection: str) -> ItemForm:
    """The same for an answer, in which a status, links and the like may stand beside the object.

    The object then has a usual name, or that of one member of the collection: ``{"ok": true, "user": {...}}``.
    """
    found = item_form(contract, pointer)
    if found.wrapper is not None:
        return found
    schema = contract.node(found.pointer)
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping) or _looks_like_a_row(schema):
        return found
    usual = [name for name in properties if plain(str(name)) in _singular(plain(collection))]
    for name in [*usual, *(name for name in _ITEM_NAMES if name in properties)]:
        at = _object(contract, join(found.pointer, "properties", name))
        if at is not None:
            return ItemForm(str(name), at)
    return found


def _object(contract: Contract, pointer: str) -> str | None:
    """Where an object is described: at a pointer, or by the first of the alternatives there that is one."""
    at, schema = contract.follow(pointer)
    if not isinstance(schema, Mapping):
        return None
    if schema.get("properties") or schema.get("allOf"):
        return at
    branches = [join(at, word, i) for word in ("oneOf", "anyOf") for i in range(len(schema.get(word) or ()))]
    ends = [contract.follow(branch) for branch in branches]
    return next((end for end, one in ends if isinstance(one, Mapping) and one.get("properties")), None)


def _singular(collection: str) -> frozenset[str]:
    """What one of a collection may be called, itself included."""
    endings = (("", ""), ("s", ""), ("es", ""), ("ies", "y"))
    return frozenset(
        collection.removesuffix(end) + other for end, other in endings if collection.endswith(end)
    )


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


def collection_name(operation: Operation) -> str:
    """What the rows of an operation's path are called."""
    segments = [segment for segment in addressed(operation.path).split("/") if segment]
    return _name(segments)


def _name(segments: list[str]) -> str:
    return next((_SUFFIX.sub("", s) for s in reversed(segments) if not _template(s)), "root")


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
    name = _name(above)
    parents = tuple(p for s in above if (p := _template(s)))
    kind = (
        _item_kind(contract, operation)
        if parameter
        else _collection_kind(contract, operation, name, paths, methods)
    )
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
    name = _name(above)
    parents = tuple(p for s in above if (p := _template(s)))
    kind = Kind(operation.extension.get("kind", Kind.ACTION))
    parameter = _template(segments[place])
    return Shape(operation, kind, "/" + "/".join(above), name, parents, parameter, acts=True, prints=prints)


def _item_kind(contract: Contract, operation: Operation) -> Kind:
    if operation.method == "GET" and _answers_list(contract, operation):
        return Kind.ACTION
    kinds = {
        "GET": Kind.READ,
        "HEAD": Kind.READ,
        "PUT": Kind.REPLACE,
        "PATCH": Kind.UPDATE,
        "DELETE": Kind.DELETE,
    }
    return kinds.get(operation.method, Kind.ACTION)


def _answers_list(contract: Contract, operation: Operation) -> bool:
    """Whether an operation answers with a bare list, so that what its path names is no row."""
    media = response_media(operation)
    form = list_form(contract, media.schema_pointer) if media and media.schema_pointer else None
    return form is not None and form[0] == ""


def _is_scalar(contract: Contract, pointer: str) -> bool:
    """Whether what stands in a list is plain values, such as the names of languages."""
    _, schema = contract.follow(pointer)
    kinds = schema.get("type") if isinstance(schema, Mapping) else None
    named = {kinds} if isinstance(kinds, str) else set(kinds or ())
    return bool(named) and not named & {"object", "array"}


def _collection_kind(
    contract: Contract,
    operation: Operation,
    name: str,
    paths: Iterable[str],
    methods: Mapping[str, set[str]],
) -> Kind:
    if operation.method == "GET":
        media = response_media(operation)
        form = list_form(contract, media.schema_pointer, name) if media and media.schema_pointer else None
        rows = form is not None and not _is_scalar(contract, form[1])
        # What stands in wrappers of its own (``[{"order": {...}}]``) are no rows that a list could be asked for.
        return Kind.LIST if rows and form and item_form(contract, form[1]).wrapper is None else Kind.ACTION
    if operation.method != "POST":
        return Kind.ACTION
    path = operation.path.rstrip("/")
    has_items = any(p.startswith(path + "/{") and p.count("/") == path.count("/") + 1 for p in paths)
    # What nobody can read again was not created: POST /search, POST /login.
    return Kind.CREATE if has_items or "GET" in methods[operation.path] else Kind.ACTION
