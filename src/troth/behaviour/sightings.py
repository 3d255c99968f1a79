"""Where the clauses about visibility apply; as in :mod:`troth.behaviour.occasions`."""

from __future__ import annotations

from collections.abc import Iterator

from troth.behaviour.model import Kind, Reference, Resource
from troth.behaviour.occasions import Place, written_references
from troth.behaviour.seeing import Visibility

__all__ = ["embedding", "named_unseen", "ruled_lists", "ruled_searches", "ruled_writes", "withheld_somewhere"]

_READS = (Kind.LIST, Kind.READ)


def ruled_lists(at: Place) -> str | None:
    """Where a list leaves invisible rows out."""
    found = (rule for rule in _rules(at) if rule.listed == "hide")
    return _first(found) if at.kind is Kind.LIST and not at.binding.parents else None


def ruled_searches(at: Place) -> str | None:
    """Where a filter, a condition or an order could look at what is withheld."""
    query = at.binding.query
    concealed = (
        rule
        for rule in _rules(at)
        if (query.conditions is not None and _is_partial(rule))
        or (query.sort is not None and _is_partial(rule) and rule.listed == "redact")
        or any(f.op == "search" or rule.conceals(f.field.split(".")[0]) for f in at.binding.filters)
    )
    return _first(concealed) if at.kind is Kind.LIST and not at.binding.parents else None


def withheld_somewhere(at: Place) -> str | None:
    """Where an answer shows rows that a rule may withhold: those of the operation, or rows inside them."""
    if at.kind not in _READS or at.binding.prints:
        return None
    alone = at.kind is Kind.READ
    own = _first(rule for rule in _rules(at) if alone or rule.listed == "redact")
    return own or _first(rule for _, target in embedding(at) for rule in target.visibility)


def embedding(at: Place) -> Iterator[tuple[Reference, Resource]]:
    """The references of an operation's rows to resources with rules, where answers show rows in their place."""
    resource, query = at.binding.resource, at.binding.query
    opens = query.populate is not None or (query.select is not None and query.select.depth != 0)
    if resource is None or not opens:
        return
    for field in resource.fields.values():
        inner = (item.reference for item in (field.items or {}).values())
        for reference in filter(None, (field.reference, *inner)):
            for name in reference.to.values():
                if name in at.behaviour.resources and at.behaviour.resources[name].visibility:
                    yield reference, at.behaviour.resources[name]


def named_unseen(at: Place) -> str | None:
    """Where a body can name rows that a rule may withhold."""
    if at.kind not in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE):
        return None
    targets = (
        at.behaviour.resources[name]
        for reference in written_references(at.contract, at.binding)
        for name in reference.to.values()
        if name in at.behaviour.resources
    )
    return _first(rule for target in targets for rule in target.visibility)


def ruled_writes(at: Place) -> str | None:
    """Where a write could touch what is withheld."""
    writes = at.kind in (Kind.UPDATE, Kind.REPLACE, Kind.DELETE)
    whole = at.kind is not Kind.UPDATE
    found = (rule for rule in _rules(at) if rule.read == "hide" or rule.keep is not None or not whole)
    return _first(found) if writes else None


def _is_partial(rule: Visibility) -> bool:
    """Whether a rule withholds fields of a row and not only the row as a whole."""
    return bool(rule.keep is not None or rule.mask or rule.empty)


def _rules(at: Place) -> tuple[Visibility, ...]:
    return at.binding.resource.visibility if at.binding.resource else ()


def _first(rules: Iterator[Visibility]) -> str | None:
    return next((rule.pointer for rule in rules), None)
