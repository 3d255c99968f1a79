"""Pointers in words: where in a contract an edit was made, as a maintainer would say it."""

from __future__ import annotations

from troth.contract.model import Contract, Operation
from troth.contract.pointers import split

__all__ = ["path_within", "place_of"]

KINDS = {"requestBodies": "body", "mediaTypes": "media type"}
"""What shared parts are called whose sections are no plain plurals."""
STEPS = {"items": "[]", "additionalProperties": "{}", "unevaluatedProperties": "{}"}


def place_of(contract: Contract, pointer: str) -> str:
    """``Client.taxSettings`` for a component's property, ``200 body of getClient`` for an inline schema."""
    match split(pointer):
        case ["components", "schemas", name, *rest]:
            return _member(name, rest)
        case ["x-documents", _, "components", "schemas", name, *rest]:
            return _member(name, rest)
        case steps if "schema" in steps:
            cut = steps.index("schema")
            owner = _owner(contract, pointer, steps[:cut])
            return _member(owner, steps[cut + 1 :]) if steps[cut + 1 :] else owner
    return "#" + pointer


def path_within(place: str) -> str:
    """The field without what it is in: ``tax`` of ``Client.tax``, and ``a.b`` of ``a.b in body of x``."""
    inside, beside, _ = place.partition(" in ")
    if beside:
        return inside
    owner, dot, path = place.partition(".")
    return path if dot and owner.isidentifier() else place


def _member(root: str, steps: list[str]) -> str:
    """The path of a schema below a root schema: ``.name`` for properties, ``[]`` for items, ``|0`` for a branch."""
    path, rest = "", list(steps)
    while rest:
        step = rest.pop(0)
        if step in ("properties", "patternProperties") and rest:
            path += f".{rest.pop(0)}"
        elif step in ("anyOf", "oneOf", "prefixItems") and rest:
            path += f"|{rest.pop(0)}"
        elif step == "allOf" and rest:
            rest.pop(0)
        else:
            path += STEPS.get(step, "")
    if not path or root.isidentifier():
        return root + path
    return f"{path.lstrip('.')} in {root}"


def _owner(contract: Contract, pointer: str, head: list[str]) -> str:
    """The words of the nearest parameter, body, header, response or shared component above a schema."""
    match head:
        case ["components", kind, name, *_]:
            return f"{KINDS.get(kind, kind.removesuffix('s'))} {name}"
    operation = contract.operation_around(pointer)
    owner = operation.id if operation else (head[1] if len(head) > 1 else "the document")
    for keyword, words in (("requestBody", "body"), ("headers", "header {}"), ("responses", "{} body")):
        if keyword in head:
            return f"{words.format(head[head.index(keyword) + 1] if '{}' in words else '')} of {owner}"
    return f"{_parameter(operation, pointer)} of {owner}" if "parameters" in head else owner


def _parameter(operation: Operation | None, pointer: str) -> str:
    parameters = operation.parameters if operation else ()
    found = next((p for p in parameters if pointer.startswith(p.pointer + "/")), None)
    return f"{found.location} parameter {found.name}" if found else "parameter"
