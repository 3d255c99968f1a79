"""Extensions (``x-…``) that no other room reads, and what a node says about its own end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.compatibility.facts import Fact, Pair
from troth.contract.pointers import join

__all__ = ["READ", "extension_facts", "extensions_of", "lifecycle_of"]

JSON = Any
READ = frozenset({"x-behaviour", "x-documents", "x-extensible-enum", "x-sunset", "x-deprecated-since"})
"""The extensions that are compared as what they mean."""


def extensions_of(node: Mapping[str, JSON]) -> dict[str, JSON]:
    """The extensions of a node that mean nothing to Troth."""
    return {name: value for name, value in node.items() if name.startswith("x-") and name not in READ}


def extension_facts(
    operation: str | None,
    place: str,
    old: tuple[str, Mapping[str, JSON]],
    new: tuple[str, Mapping[str, JSON]],
    pair: Pair | None = None,
) -> Iterator[Fact]:
    """What changed among the extensions of two nodes, each given with its pointer."""
    before, after = extensions_of(old[1]), extensions_of(new[1])
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        action = "added" if name not in before else "removed" if name not in after else "changed"
        where = (
            join(old[0], name) if name in before else old[0],
            join(new[0], name) if name in after else new[0],
        )
        yield Fact(
            "extension",
            action,
            f"{place}: {name}" if place else name,
            one,
            other,
            *where,
            operation,
            pair=pair,
            names=(name,),
        )


def lifecycle_of(node: Mapping[str, JSON]) -> dict[str, JSON]:
    """Whether a node is deprecated, since when, and after which day it may go; only what is said."""
    found = {"deprecated": node.get("deprecated") is True or None, "sunset": node.get("x-sunset"),
             "since": node.get("x-deprecated-since")}  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}
