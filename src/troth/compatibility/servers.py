"""Where an API is reached: servers of the document, of a path and of an operation, with their variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.facts import Fact
from troth.compatibility.operations import OperationPair
from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = ["operation_server_facts", "server_facts"]

JSON = Any
Servers = Mapping[str, tuple[str, Mapping[str, JSON]]]
"""Servers by URL, each with its pointer."""


def server_facts(old: Contract, new: Contract) -> Iterator[Fact]:
    """Servers of the document. A document without any is served from where it was found, so it promises none."""
    before, after = (_servers(contract, "") for contract in (old, new))
    for url in sorted(after.keys() - before.keys()):
        yield Fact("server", "added", f"server {url}", None, url, None, after[url][0], names=(url,))
    for url in sorted(before.keys() - after.keys()):
        yield Fact("server", "removed", f"server {url}", url, None, before[url][0], None, names=(url,))
    for url in sorted(before.keys() & after.keys()):
        yield from _variables(f"server {url}", before[url], after[url])


def operation_server_facts(pair: OperationPair, old: Contract, new: Contract) -> Iterator[Fact]:
    """Servers that a path or an operation has of its own; they take the place of the document's."""
    before, after = _own(old, pair.old.pointer), _own(new, pair.new.pointer)
    if not before and not after:
        return
    before, after = before or _servers(old, ""), after or _servers(new, "")
    place = f"{pair.new.method.upper()} {pair.new.path}"
    where = pair.old.pointer, pair.new.pointer
    for url in sorted(after.keys() - before.keys()):
        yield Fact("operation-server", "added", place, None, url, *where, pair.new.id, names=(url,))
    for url in sorted(before.keys() - after.keys()):
        yield Fact("operation-server", "removed", place, url, None, *where, pair.new.id, names=(url,))


def _own(contract: Contract, pointer: str) -> Servers:
    """The servers that an operation has of its own, or its path has; empty where those of the document serve it."""
    above = pointer.rpartition("/")[0]
    return _servers(contract, pointer) or _servers(contract, above)


def _servers(contract: Contract, holder: str) -> dict[str, tuple[str, Mapping[str, JSON]]]:
    node = contract.node(holder) if holder else contract.document
    servers = node.get("servers") if isinstance(node, Mapping) else None
    return {
        str(server.get("url", "")).rstrip("/"): (join(holder, "servers", at), server)
        for at, server in enumerate(servers if isinstance(servers, list) else ())
        if isinstance(server, Mapping)
    }


def _variables(
    place: str, old: tuple[str, Mapping[str, JSON]], new: tuple[str, Mapping[str, JSON]]
) -> Iterator[Fact]:
    before, after = old[1].get("variables") or {}, new[1].get("variables") or {}
    for name in sorted(before.keys() & after.keys()):
        one, other = before[name], after[name]
        where = join(old[0], "variables", name), join(new[0], "variables", name)
        said = f"variable {name} of {place}"
        if one.get("default") != other.get("default"):
            values = one.get("default"), other.get("default")
            yield Fact("server-variable", "changed", said, *values, *where, names=(name,))
        listed = one.get("enum"), other.get("enum")
        if listed[0] and listed[1]:
            gone = [value for value in listed[0] if value not in listed[1]]
            come = [value for value in listed[1] if value not in listed[0]]
            if gone:
                yield Fact("server-variable-value", "removed", said, gone, None, *where, names=tuple(gone))
            if come:
                yield Fact("server-variable-value", "added", said, None, come, *where, names=tuple(come))
