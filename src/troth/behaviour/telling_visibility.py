"""What rules of visibility mean for an operation: for its own rows, for rows inside them, for what it may name."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.model import Kind, Resource
from troth.behaviour.occasions import Place, written_references
from troth.behaviour.seeing import Visibility
from troth.behaviour.sightings import embedding
from troth.behaviour.telling import Fact, Teller

__all__ = ["visibility_facts"]


def visibility_facts(at: Teller) -> Iterator[Fact]:
    """Each rule of the operation's rows, and what becomes of invisible rows of others."""
    binding = at.binding
    for rule in binding.resource.visibility if binding.resource else ():
        told = f"{_who(rule)} see rows {_which(rule)}; {_otherwise(at, rule)}"
        yield at.fact("visibility", told, rule.pointer, "x-behaviour")
    shown: dict[str, Resource] = {}
    for reference, target in embedding(Place(at.contract, at.behaviour, binding)):
        shown[reference.field] = target
    for field, target in shown.items():
        for rule in target.visibility:
            what = "left out" if rule.embedded == "hide" else _left(rule)
            told = f"{_who(rule)} see of an invisible row of {target.name} in '{field}': {what}"
            yield at.fact("visibility", told, rule.pointer, "x-behaviour")
    if binding.kind in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE):
        yield from _references(at)


def _references(at: Teller) -> Iterator[Fact]:
    for reference in written_references(at.contract, at.binding):
        for name in reference.to.values():
            target = at.behaviour.resources.get(name)
            for rule in target.visibility if target else ():
                kind = reference.refused or rule.reference or at.behaviour.tenancy.foreign_reference
                answer = at.refused(kind)
                told = (
                    f"'{reference.field}' names no row of {name} that the caller does not see; else {answer}"
                )
                yield at.fact("visibility", told, rule.pointer, "x-behaviour")


def _who(rule: Visibility) -> str:
    return f"callers with {rule.when.text}" if rule.when else "callers"


def _which(rule: Visibility) -> str:
    ways = [f"for which {rule.visible.text}"] if rule.visible else []
    ways += [
        f"that {naming.source} name in '{'.'.join(naming.path)}'"
        + (f" when {naming.when.text}" if naming.when else "")
        + (f" and whose {', '.join(naming.seen)} they see" if naming.seen else "")
        for naming in rule.namings
    ]
    return " or ".join(ways) or "of nobody"


def _otherwise(at: Teller, rule: Visibility) -> str:
    kind = at.binding.kind
    if kind is Kind.LIST:
        return "others are not listed" if rule.listed == "hide" else f"of others {_left(rule)}"
    if kind is Kind.CREATE:
        return f"of others {_left(rule)}"
    if rule.read == "hide":
        tenancy = at.behaviour.tenancy
        missing = tenancy.foreign_write if at.binding.writes else tenancy.foreign_read
        return f"others answer {at.refused(missing)}"
    if kind is Kind.READ:
        return f"of others {_left(rule)}"
    what = "what is withheld" if rule.keep is None or kind is Kind.UPDATE else "others"
    return f"a write to {what} answers {at.refused(rule.write)}"


def _left(rule: Visibility) -> str:
    parts = [f"only {', '.join(sorted(rule.keep))}"] if rule.keep is not None else []
    parts += [f"'{name}' masked" for name in sorted(rule.mask)]
    parts += [f"{', '.join(sorted(rule.empty))} null"] if rule.empty else []
    parts += [f"with {name}: {str(value).lower()}" for name, value in rule.mark.items()]
    return ", ".join(parts) or "everything"
