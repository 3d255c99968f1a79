"""Pointers in words: where in a contract an edit was made, as a maintainer would say it."""

from __future__ import annotations

from troth.contract.model import Contract
from troth.contract.pointers import split

__all__ = ["member", "place_of"]

STEPS = {"items": "[]", "additionalProperties": "{}", "unevaluatedProperties": "{}"}


def place_of(contract: Contract, pointer: str) -> str:
    """``Client.taxSettings`` for a component's property, ``200 body of getClient`` for an inline schema."""
    tokens = split(pointer)
    if tokens[:2] == ["components", "schemas"] and len(tokens) > 2:
        return member(tokens[2], tokens[3:])
    owner = _owner(contract, pointer)
    if owner is None:
        return "#" + pointer
    words, rest = owner
    return member(words, rest) if rest else words


def member(root: str, tokens: list[str]) -> str:
    """The path of a schema below a root schema: ``.name`` for properties, ``[]`` for items, ``|0`` for a branch."""
    path, at = "", 0
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if token in ("properties", "patternProperties") and following is not None:
            path, at = f"{path}.{following}", at + 2
        elif token in ("anyOf", "oneOf", "prefixItems") and following is not None:
            path, at = f"{path}|{following}", at + 2
        elif token == "allOf" and following is not None:
            at += 2
        else:
            path, at = path + STEPS.get(token, ""), at + 1
    return root + path if root.isidentifier() else f"{path.lstrip('.') or 'root'} in {root}"


def _owner(contract: Contract, pointer: str) -> tuple[str, list[str]] | None:
    """The words of the nearest parameter, body, response or shared component above a schema, and the rest."""
    tokens = split(pointer)
    cut = next((at for at, token in enumerate(tokens) if token == "schema"), None)
    if cut is None:
        return None
    head, rest = tokens[:cut], tokens[cut + 1 :]
    if head[0] == "components" and len(head) > 2:
        return f"{head[1].removesuffix('s')} {head[2]}", rest
    operation = next(
        (found for found in contract.operations if pointer.startswith(found.pointer + "/")),
        None,
    )
    name = operation.id if operation else (head[1] if len(head) > 1 else "the document")
    if "requestBody" in head:
        return f"body of {name}", rest
    if "headers" in head:
        return f"header {head[head.index('headers') + 1]} of {name}", rest
    if "responses" in head:
        return f"{head[head.index('responses') + 1]} body of {name}", rest
    if "parameters" in head:
        parameter = next((p for p in operation.parameters if pointer.startswith(p.pointer)), None) if operation else None
        return f"{parameter.location} parameter {parameter.name} of {name}" if parameter else f"parameter of {name}", rest
    return name, rest
