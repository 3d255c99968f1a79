"""All facts between two contracts: what is different, without an opinion on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from troth.compatibility.behaviours import behaviour_facts
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
from troth.compatibility.security import scheme_facts, security_facts
from troth.compatibility.sides import Sides
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
    facts = [*operation_facts(paired)]
    for pair in paired.pairs:
        facts += [*message_facts(pair, walk), *security_facts(pair), *sunset_facts(pair, old, new)]
        facts += _own_behaviour(pair) if all(described) else ()
    facts += [*_servers(old, new), *scheme_facts(old, new), *_webhooks(old, new, walk)]
    if all(described):
        facts += behaviour_facts("root", "", (old.extension, "/x-behaviour"), (new.extension, "/x-behaviour"))
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


def _servers(old: Contract, new: Contract) -> Iterator[Fact]:
    before, after = _urls(old), _urls(new)
    for url in sorted(after - before):
        yield Fact("server", "added", f"server {url}", None, url, None, "/servers", names=(url,))
    for url in sorted(before - after):
        yield Fact("server", "removed", f"server {url}", url, None, "/servers", None, names=(url,))


def _urls(contract: Contract) -> set[str]:
    """The server URLs. A document without any is served from where it was found, so it promises none."""
    servers = contract.document.get("servers")
    found = servers if isinstance(servers, list) else []
    return {str(server.get("url", "")).rstrip("/") for server in found if isinstance(server, Mapping)}


def _webhooks(old: Contract, new: Contract, walk: SchemaWalk) -> Iterator[Fact]:
    """Webhooks travel the other way: their request body is what the server sends."""
    before, after = _calls(old), _calls(new)
    for key in sorted(before.keys() | after.keys()):
        if key in before and key in after:
            for content_type in sorted(before[key].keys() & after[key].keys()):
                walk.enter(
                    before[key][content_type], after[key][content_type], Use(f"webhook {key[0]}", "response")
                )
            continue
        there = join("/webhooks", key[0], key[1])
        added = key in after
        yield Fact(
            "webhook",
            "added" if added else "removed",
            f"webhook {key[0]}",
            None if added else key[0],
            key[0] if added else None,
            None if added else there,
            there if added else None,
            names=(key[0],),
        )


def _calls(contract: Contract) -> dict[tuple[str, str], dict[str, str]]:
    """Schema pointers of webhook bodies by (name, method) and media type."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    webhooks = contract.document.get("webhooks")
    for name in webhooks if isinstance(webhooks, Mapping) else ():
        end, item = contract.follow(join("/webhooks", name))
        for method in ("post", "put", "patch", "delete", "get"):
            if not (isinstance(item, Mapping) and isinstance(item.get(method), Mapping)):
                continue
            pointer = join(end, method, "requestBody")
            found[name, method] = _bodies(contract, pointer) if "requestBody" in item[method] else {}
    return found


def _bodies(contract: Contract, pointer: str) -> dict[str, str]:
    end, body = contract.follow(pointer)
    content = body.get("content") if isinstance(body, Mapping) else None
    return {
        content_type: join(end, "content", content_type, "schema")
        for content_type, media in (content or {}).items()
        if isinstance(media, Mapping) and "schema" in media
    }
