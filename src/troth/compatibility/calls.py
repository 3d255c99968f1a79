"""Requests that the API sends: webhooks, and the callbacks of operations. Both sides' roles are swapped there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from troth.compatibility.dialogue import Dialogue
from troth.compatibility.facts import Fact
from troth.compatibility.messages import message_facts
from troth.compatibility.operations import OperationPair, standing_facts, sunset_facts
from troth.compatibility.schemas import SchemaWalk
from troth.contract.model import Contract, Operation
from troth.contract.operations import build_calls
from troth.contract.pointers import join

__all__ = ["callback_facts", "shared_callback_facts", "webhook_facts"]

JSON = Any


def webhook_facts(old: Contract, new: Contract, walk: SchemaWalk) -> Iterator[Fact]:
    """Webhooks that came and went, and the messages of those that stay."""
    before, after = _webhooks(old), _webhooks(new)
    for name, method in sorted(before.keys() | after.keys()):
        one, other = before.get((name, method)), after.get((name, method))
        if one is not None and other is not None:
            called = f"webhook {name}"
            pair = OperationPair(replace(one, id=called), replace(other, id=called), {})
            yield from (*standing_facts(pair, old, new), *sunset_facts(pair, old, new))
            yield from _messages(called, (one, other), walk)
            continue
        values = (name if one else None), (name if other else None)
        where = (one.pointer if one else None), (other.pointer if other else None)
        action = "added" if one is None else "removed"
        yield Fact("webhook", action, f"webhook {name}", *values, *where, names=(name,))


def _webhooks(contract: Contract) -> dict[tuple[str, str], Operation]:
    webhooks = contract.document.get("webhooks")
    return {
        (name, call.method): call
        for name in (webhooks if isinstance(webhooks, Mapping) else ())
        if not name.startswith("x-")
        for call in _calls(contract, join("/webhooks", name))
    }


def callback_facts(pair: OperationPair, walk: SchemaWalk) -> Iterator[Fact]:
    """Callbacks of one operation that came and went, moved to another URL, and the messages of those that stay."""
    before = _callbacks(walk.old.contract, pair.old)
    after = _callbacks(walk.new.contract, pair.new)
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        place = f"callback {name} of {pair.new.id}"
        if one is None or other is None:
            action = "added" if one is None else "removed"
            values = (name if one else None), (name if other else None)
            where = (one[0] if one else pair.old.pointer), (other[0] if other else pair.new.pointer)
            yield Fact("callback", action, place, *values, *where, pair.new.id, names=(name,))
            continue
        yield from _expressions(place, (one, other), pair.new.id, name)
        yield from _stayed(place, (one[1], other[1]), walk)


def shared_callback_facts(name: str, walk: SchemaWalk) -> Iterator[Fact]:
    """What changed in a shared callback that no operation has."""
    pointer = join("/components/callbacks", name)
    one, other = (_callback(reader.contract, pointer) for reader in (walk.old, walk.new))
    yield from _expressions(f"callback {name}", (one, other), None, name)
    yield from _stayed(f"callback {name}", (one[1], other[1]), walk, unused=True)


Calls = Mapping[tuple[str, str], Operation]
Callback = tuple[str, Calls]
"""Where a callback is described, and its calls by expression and method."""


def _expressions(
    place: str, callbacks: tuple[Callback, Callback], operation: str | None, name: str
) -> Iterator[Fact]:
    (old, before), (new, after) = callbacks
    here, there = (sorted({expression for expression, _ in calls}) for calls in (before, after))
    if here != there:
        yield Fact("callback-expression", "changed", place, here, there, old, new, operation, names=(name,))


def _stayed(
    place: str, calls: tuple[Calls, Calls], walk: SchemaWalk, *, unused: bool = False
) -> Iterator[Fact]:
    """The calls of a callback that both sides have; with one URL on each side, whatever the URL."""
    old, new = calls
    moved = len({url for url, _ in old}) == len({url for url, _ in new}) == 1
    by_method = {method: call for (_, method), call in new.items()} if moved else {}
    for (url, method), call in old.items():
        other = by_method.get(method) if moved else new.get((url, method))
        if other is not None:
            yield from _messages(place, (call, other), walk, unused=unused)


def _callbacks(contract: Contract, operation: Operation) -> dict[str, Callback]:
    names = contract.node(operation.pointer).get("callbacks") or {}
    return {name: _callback(contract, join(operation.pointer, "callbacks", name)) for name in names}


def _callback(contract: Contract, pointer: str) -> Callback:
    at, callback = contract.follow(pointer)
    calls = (call for url in callback if not url.startswith("x-") for call in _calls(contract, join(at, url)))
    return at, {(call.path, call.method): call for call in calls}


def _calls(contract: Contract, pointer: str) -> tuple[Operation, ...]:
    return build_calls(contract.document, contract, frozenset(contract.security_schemes), pointer)


def _messages(
    name: str, calls: tuple[Operation, Operation], walk: SchemaWalk, *, unused: bool = False
) -> Iterator[Fact]:
    pair = OperationPair(replace(calls[0], id=name), replace(calls[1], id=name), {})
    yield from message_facts(Dialogue(pair, walk, outgoing=True, unused=unused))
