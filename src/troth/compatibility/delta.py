"""All facts between two contracts: what is different, without an opinion on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from troth.compatibility.behaviours import behaviour_facts
from troth.compatibility.calls import callback_facts, webhook_facts
from troth.compatibility.dialogue import Dialogue
from troth.compatibility.extensions import extension_facts
from troth.compatibility.facts import Fact, Use
from troth.compatibility.messages import message_facts
from troth.compatibility.operations import (
    OperationPair,
    Paired,
    operation_facts,
    pair_operations,
    sunset_facts,
)
from troth.compatibility.schemas import SchemaWalk
from troth.compatibility.security import renamed_schemes, scheme_facts, security_facts
from troth.compatibility.servers import operation_server_facts, server_facts
from troth.compatibility.sides import Sides
from troth.compatibility.unused import unused_facts
from troth.compatibility.versions import value_facts
from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = ["Delta", "delta"]

JSON = Any


@dataclass(frozen=True, slots=True)
class Delta:
    """The facts, with the two contracts and their readers: all that a judge needs."""

    old: Contract
    new: Contract
    facts: tuple[Fact, ...]
    paired: Paired
    sides: Sides


def delta(old: Contract, new: Contract) -> Delta:
    """Every edit between two contracts, once, at the place where it was made."""
    sides = Sides(old, new)
    described = _describes(old), _describes(new)
    walk = SchemaWalk(sides, behaviour=all(described))
    paired = pair_operations(old, new)
    schemes = renamed_schemes(old, new)
    facts = [*operation_facts(paired, old, new)]
    for pair in paired.pairs:
        facts += [*message_facts(Dialogue(pair, walk)), *security_facts(pair, schemes)]
        facts += sunset_facts(pair, old, new)
        facts += [*callback_facts(pair, walk), *operation_server_facts(pair, old, new)]
        facts += _own_behaviour(pair) if all(described) else ()
    facts += [*server_facts(old, new), *scheme_facts(old, new, schemes), *webhook_facts(old, new, walk)]
    facts += unused_facts(old, new, walk)
    facts += [*extension_facts(None, "", ("", old.document), ("", new.document))]
    if all(described):
        facts += behaviour_facts("root", "", (old.extension, "/x-behaviour"), (new.extension, "/x-behaviour"))
        facts += value_facts(old, new)
    elif any(described):
        action = "added" if described[1] else "removed"
        facts.append(Fact("behaviour-description", action, "x-behaviour", names=("x-behaviour",)))
    for name in filter(new.schemas.__contains__, old.schemas):
        walk.enter_component(name)
    facts += walk.facts()
    return Delta(old, new, tuple(_once(facts)), paired, sides)


def _describes(contract: Contract) -> bool:
    """Whether a contract says anything about behaviour. To describe what was never described is not to change it."""
    waiting: list[JSON] = [contract.document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            if node.get("x-behaviour"):
                return True
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return False


def _once(facts: list[Fact]) -> Iterator[Fact]:
    """A shared parameter, header or response is one edit though every operation tells it: told once, with its reach."""
    merged: dict[tuple[JSON, ...], Fact] = {}
    reach: dict[tuple[JSON, ...], set[Use]] = {}
    for fact in facts:
        where = fact.new_pointer if fact.action != "removed" else fact.old_pointer
        shared = fact.operation is not None and where is not None and where.startswith("/components/")
        key = (fact.subject, fact.action, where, repr(fact.old), repr(fact.new)) if shared else (id(fact),)
        merged.setdefault(key, fact)
        if shared and fact.operation is not None:
            reach.setdefault(key, set()).add(Use(fact.operation, "request"))
    for key, fact in merged.items():
        uses = reach.get(key, set())
        if len(uses) < 2:  # noqa: PLR2004 - one operation: nothing was shared
            yield fact
            continue
        place = fact.place.removesuffix(f" of {fact.operation}")
        yield replace(fact, place=place, operation=None, uses=tuple(sorted(uses)))


def _own_behaviour(pair: OperationPair) -> Iterator[Fact]:
    old, new = pair.old, pair.new
    found = behaviour_facts(
        "operation",
        f"{new.method.upper()} {new.path}",
        (old.extension, join(old.pointer, "x-behaviour")),
        (new.extension, join(new.pointer, "x-behaviour")),
    )
    for fact in found:
        yield Fact(
            fact.subject,
            fact.action,
            fact.place,
            fact.old,
            fact.new,
            fact.old_pointer,
            fact.new_pointer,
            new.id,
            names=(*fact.names, new.path, new.id),
            context=fact.context,
        )
