"""Shared parameters, bodies, responses, headers and the like that nothing uses: told as what they are, never as breaks.

Each stands in the one operation of a path item that nobody serves, so it is compared as any other of its kind.
Schemas that nothing uses are compared by their names, and what is added or removed without a use is no promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from troth.compatibility.calls import shared_callback_facts
from troth.compatibility.dialogue import Dialogue
from troth.compatibility.facts import Fact
from troth.compatibility.headers import header_facts
from troth.compatibility.messages import content_facts, message_facts
from troth.compatibility.normal import target_of
from troth.compatibility.operations import OperationPair
from troth.compatibility.schemas import SchemaWalk
from troth.contract.model import Contract, Operation
from troth.contract.operations import build_calls
from troth.contract.pointers import join

__all__ = ["unused_facts"]

JSON = Any


HOLDERS: Mapping[str, Callable[[str, JSON], dict[str, JSON]]] = {
    "parameters": lambda _, part: {"parameters": [part]},
    "requestBodies": lambda _, part: {"requestBody": part},
    "responses": lambda _, part: {"responses": {"default": part}},
    "headers": lambda name, part: {"responses": {"default": {"headers": {name: part}}}},
    "mediaTypes": lambda name, part: {"responses": {"default": {"content": {name: part}}}},
}
"""The shared parts that a message is made of, each with an operation that has it."""
SECTIONS = (*HOLDERS, "callbacks", "links")


def unused_facts(old: Contract, new: Contract, walk: SchemaWalk) -> Iterator[Fact]:
    """What changed in shared parts that both contracts have and neither uses, each edit once."""
    changed = [
        (section, name)
        for section in SECTIONS
        for name, part in _shared(old, section).items()
        if name in (others := _shared(new, section)) and others[name] != part
    ]
    if not changed:
        return
    used = _used(old) | _used(new)
    found: dict[tuple[JSON, ...], Fact] = {}
    for section, name in changed:
        if join("/components", section, name) not in used:
            for fact in _edits(section, name, walk):
                key = fact.subject, fact.action, fact.new_pointer, repr(fact.old), repr(fact.new)
                context = {**fact.context, "unused": True}
                found.setdefault(key, replace(fact, operation=None, context=context))
    yield from found.values()


def _edits(section: str, name: str, walk: SchemaWalk) -> Iterator[Fact]:
    if section == "callbacks":
        yield from shared_callback_facts(name, walk)
        return
    sides = walk.old.contract, walk.new.contract
    if section == "links":
        pointer = join("/components/links", name)
        one, other = (_undescribed(side.node(pointer)) for side in sides)
        if one != other:
            yield Fact("link", "changed", f"link {name}", one, other, pointer, pointer, names=(name,))
        return
    old, new = (_stand_in(side, section, name) for side in sides)
    talk = Dialogue(OperationPair(old, new, {}), walk, unused=True)
    if section == "headers":
        yield from header_facts(talk, old.responses["default"], new.responses["default"])
    elif section == "mediaTypes":
        media = old.responses["default"].media[name], new.responses["default"].media[name]
        yield from content_facts(talk, media, (name, "response", (media[0].pointer, media[1].pointer)))
    else:
        yield from message_facts(talk)


def _undescribed(link: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in link.items() if key != "description"}


def _shared(contract: Contract, section: str) -> Mapping[str, JSON]:
    found = (contract.document.get("components") or {}).get(section)
    return found if isinstance(found, Mapping) else {}


def _stand_in(contract: Contract, section: str, name: str) -> Operation:
    """The operation that has a shared part, and nothing else."""
    called = f"components/{section}/{name}"
    held = HOLDERS[section](name, {"$ref": f"#{join('/components', section, name)}"})
    document = {**contract.document, "x-unused": {called: {"post": held}}}
    schemes = frozenset(contract.security_schemes)
    found = build_calls(document, contract, schemes, join("/x-unused", called))[0]
    return replace(found, id=called)


def _used(contract: Contract) -> frozenset[str]:
    """The shared parts that a path or a webhook leads to, by pointer."""
    found: set[str] = set()
    waiting: list[JSON] = [contract.document.get(field) for field in ("paths", "webhooks")]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            reference = node.get("$ref")
            if isinstance(reference, str):
                part = "/".join(target_of(reference).split("/")[:4])
                if part not in found:
                    found.add(part)
                    waiting.append(contract.node(part))
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return frozenset(found)
