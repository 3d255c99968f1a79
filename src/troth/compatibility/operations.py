"""Pairs the operations of two contracts: by method and full path, whatever the path parameters are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from troth.compatibility.extensions import extension_facts, lifecycle_of
from troth.compatibility.facts import Fact
from troth.contract.model import Contract, Operation
from troth.contract.operations import build_additional
from troth.contract.pointers import join

__all__ = [
    "OperationPair",
    "Paired",
    "operation_facts",
    "pair_operations",
    "resource_of",
    "standing_facts",
    "sunset_facts",
]

JSON = Any
Identity = tuple[str, str]
"""A method, and the full path with its parameters unnamed."""
TEMPLATE = re.compile(r"\{([^}]*)\}")
VERSION = re.compile(r"^v\d+(\.\d+)*$")


@dataclass(frozen=True, slots=True)
class OperationPair:
    """The same operation on both sides. ``renamed`` maps old names of path parameters to new ones."""

    old: Operation
    new: Operation
    renamed: dict[str, str]


@dataclass(frozen=True, slots=True)
class Paired:
    pairs: tuple[OperationPair, ...]
    removed: tuple[Operation, ...]
    added: tuple[Operation, ...]


def pair_operations(old: Contract, new: Contract) -> Paired:
    """Operations that answer the same requests, those that are gone and those that are new."""
    before, after = _by_identity(old), _by_identity(new)
    if old.base_path != new.base_path and not before.keys() & after.keys():
        # The server's path alone moved: that is one edit of the servers, and the operations are the same.
        before, after = (
            {(method, path.removeprefix(side.base_path)): found for (method, path), found in held.items()}
            for side, held in ((old, before), (new, after))
        )
    pairs: list[OperationPair] = []
    removed: list[Operation] = []
    for key, held in before.items():
        left = after.get(key, [])
        for operation in held:
            other = _same(operation, left, held)
            if other is None:
                removed.append(operation)
                continue
            left.remove(other)
            pairs.append(OperationPair(operation, other, _renamed(operation.path, other.path)))
    added = tuple(operation for left in after.values() for operation in left)
    return Paired(tuple(pairs), tuple(removed), added)


def _by_identity(contract: Contract) -> dict[Identity, list[Operation]]:
    """Several operations have one identity where the names of their path parameters alone tell them apart."""
    found: dict[Identity, list[Operation]] = {}
    for operation in _operations(contract):
        found.setdefault(_identity(contract, operation), []).append(operation)
    return found


def _same(operation: Operation, offered: list[Operation], beside: list[Operation]) -> Operation | None:
    """The one of the same path as written, else of the same id, else one that no other old operation is."""
    for field in (attrgetter("path"), attrgetter("id")):
        found = next((other for other in offered if field(other) == field(operation)), None)
        if found is not None:
            return found
    spoken_for = {one.path for one in beside} | {one.id for one in beside}
    return next((other for other in offered if not {other.path, other.id} & spoken_for), None)


def _operations(contract: Contract) -> tuple[Operation, ...]:
    """All operations, those of unusual methods too."""
    schemes = frozenset(contract.security_schemes)
    return contract.operations + build_additional(contract.document, contract, schemes)


def resource_of(operation: Operation) -> str:
    """The first segment of a path that is neither a version nor a parameter: ``/v1/clients/{id}`` is ``clients``."""
    segments = [segment for segment in operation.path.split("/") if segment and "{" not in segment]
    named = [segment for segment in segments if not VERSION.match(segment)]
    return named[0] if named else (segments[0] if segments else "/")


def operation_facts(paired: Paired, old: Contract, new: Contract) -> Iterator[Fact]:
    """Operations added and removed, and what is said about an operation that stays, apart from its messages."""
    for operation in paired.added:
        yield _whole(operation, "added", {})
    for operation in paired.removed:
        yield _whole(operation, "removed", lifecycle_of(old.node(operation.pointer)))
    for pair in paired.pairs:
        yield from standing_facts(pair, old, new)


def standing_facts(pair: OperationPair, old: Contract, new: Contract) -> Iterator[Fact]:
    """What is said about an operation that stays, apart from its messages, its end and its extensions."""
    yield from _remaining(pair, (_stated_id(old, pair.old), _stated_id(new, pair.new)))


def _identity(contract: Contract, operation: Operation) -> Identity:
    return operation.method.upper(), contract.base_path + TEMPLATE.sub("{}", operation.path)


def _renamed(old: str, new: str) -> dict[str, str]:
    return dict(zip(TEMPLATE.findall(old), TEMPLATE.findall(new), strict=True))


def _label(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _whole(operation: Operation, action: str, ended: Mapping[str, JSON]) -> Fact:
    label = _label(operation)
    deprecated = action == "removed" and operation.deprecated
    return Fact(
        "deprecated-operation" if deprecated else "operation",
        action,
        label,
        old=label if action == "removed" else None,
        new=label if action == "added" else None,
        old_pointer=operation.pointer if action == "removed" else None,
        new_pointer=operation.pointer if action == "added" else None,
        operation=operation.id,
        names=(label, operation.path, operation.id),
        context={"resource": resource_of(operation), "tags": list(operation.tags), **ended},
    )


def _stated_id(contract: Contract, operation: Operation) -> str | None:
    """The operationId that the document gives: the name that an operation without one goes by is nobody's promise."""
    stated = contract.node(operation.pointer).get("operationId")
    return stated if isinstance(stated, str) else None


def _remaining(pair: OperationPair, stated: tuple[str | None, str | None]) -> Iterator[Fact]:
    old, new = pair.old, pair.new
    label = _label(new)

    def fact(subject: str, action: str, before: JSON, after: JSON, names: tuple[str, ...] = ()) -> Fact:
        return Fact(
            subject,
            action,
            label,
            before,
            after,
            old.pointer,
            new.pointer,
            new.id,
            names=(label, new.path, new.id, *names),
        )

    if stated[0] != stated[1]:
        action = "added" if stated[0] is None else "removed" if stated[1] is None else "changed"
        yield fact("operation-id", action, *stated, (old.id,))
    if old.deprecated != new.deprecated:
        yield fact(
            "operation-deprecation", "added" if new.deprecated else "removed", old.deprecated, new.deprecated
        )
    for tag in sorted(set(new.tags) - set(old.tags)):
        yield fact("operation-tag", "added", None, tag, (tag,))
    for tag in sorted(set(old.tags) - set(new.tags)):
        yield fact("operation-tag", "removed", tag, None, (tag,))
    for before, after in pair.renamed.items():
        if before != after:
            yield fact("path-parameter", "renamed", before, after, (before, after))


def sunset_facts(pair: OperationPair, old: Contract, new: Contract) -> Iterator[Fact]:
    """The date after which an operation may go (``x-sunset``), and the extensions that mean nothing here."""
    one, other = old.node(pair.old.pointer), new.node(pair.new.pointer)
    yield from extension_facts(
        pair.new.id, _label(pair.new), (pair.old.pointer, one), (pair.new.pointer, other)
    )
    before, after = one.get("x-sunset"), other.get("x-sunset")
    if before == after:
        return
    action = "added" if before is None else "removed" if after is None else "changed"
    yield Fact(
        "operation-sunset",
        action,
        _label(pair.new),
        before,
        after,
        pair.old.pointer,
        join(pair.new.pointer, "x-sunset") if after is not None else pair.new.pointer,
        pair.new.id,
        names=(_label(pair.new),),
        context=lifecycle_of(other),
    )
