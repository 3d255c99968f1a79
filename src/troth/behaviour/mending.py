"""As much behaviour as a faulty contract still has: what cannot be meant is noted, taken out, and the rest is read.

So one mistyped word does not hide what is wrong elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from troth.behaviour.inference import behaviour_of
from troth.behaviour.model import Behaviour
from troth.behaviour.places import extensions
from troth.behaviour.vocabulary import check_vocabulary
from troth.contract.model import Contract
from troth.contract.pointers import split
from troth.errors import BehaviourError
from troth.findings import Finding

__all__ = ["mended"]


def mended(contract: Contract) -> tuple[Contract, Behaviour, list[Finding]]:
    """The contract without what is wrong, its behaviour, and what was wrong (each thing once)."""
    findings = check_vocabulary(contract)
    current = _spelled(contract, findings)
    while True:
        try:
            return current, behaviour_of(current), findings
        except BehaviourError as error:
            findings.append(Finding("behaviour-unreadable", "error", error.reason, location=error.location))
            at = error.location.pointer if error.location else ""
            current = _smaller(current, [at])
            current = _spelled(current, check_vocabulary(current))


def _spelled(contract: Contract, wrong: list[Finding]) -> Contract:
    """The contract without misspelt words, and without what needed them: a rule goes with its requirement."""
    while wrong:
        contract = _smaller(contract, [found.location.pointer for found in wrong if found.location])
        wrong = check_vocabulary(contract)
    return contract


def _smaller(contract: Contract, pointers: list[str]) -> Contract:
    """Without the nodes at the pointers; without any behaviour at all when nothing stands there."""
    inside = [pointer for pointer in pointers if "x-behaviour" in split(pointer)]
    smaller = _without(contract, inside)
    if inside and smaller.document != contract.document:
        return smaller
    return _without(contract, [place.pointer for place in extensions(contract)])


def _without(contract: Contract, pointers: list[str]) -> Contract:
    """The contract with the nodes at the pointers gone; positions stay, so what is left is found where it was."""
    document: Any = contract.document
    for pointer in sorted(set(pointers), reverse=True):
        document = _removed(document, split(pointer))
    operations = tuple(
        replace(operation, extension=_extension(document, operation.pointer))
        for operation in contract.operations
    )
    return replace(contract, document=document, operations=operations)


def _extension(document: Any, pointer: str) -> Mapping[str, Any]:
    node = document
    for token in split(pointer):
        node = node[token]
    found = node.get("x-behaviour")
    return found if isinstance(found, Mapping) else {}


def _removed(node: Any, tokens: list[str]) -> Any:
    """A copy along the path in which the last step is missing; the same node when the path leads nowhere."""
    first, *rest = tokens
    if isinstance(node, Mapping) and first in node:
        if not rest:
            return {name: value for name, value in node.items() if name != first}
        return {**node, first: _removed(node[first], rest)}
    if isinstance(node, list) and first.isdigit() and int(first) < len(node):
        index = int(first)
        if not rest:
            return [*node[:index], *node[index + 1 :]]
        return [*node[:index], _removed(node[index], rest), *node[index + 1 :]]
    return node
