"""Where the clauses about queries and about the answers of writes apply."""

from __future__ import annotations

from troth.behaviour.model import Kind
from troth.behaviour.occasions import Place

__all__ = ["answering", "conditional", "populated", "sorted_lists"]


def conditional(at: Place) -> str | None:
    """Where a parameter takes conditions."""
    found = at.binding.query.conditions
    return found.pointer if found and at.binding.resource else None


def sorted_lists(at: Place) -> str | None:
    """Where a parameter sorts a list."""
    found = at.binding.query.sort
    return found.pointer if found and at.binding.resource else None


def populated(at: Place) -> str | None:
    """Where reading can show rows that refer to others."""
    found, resource = at.binding.query.populate, at.binding.resource
    refers = resource is not None and any(reference.at is None for reference in resource.references)
    return found.pointer if found and refers and at.kind is Kind.READ else None


def answering(at: Place) -> str | None:
    """Where the answer of a write has a declared form."""
    found = at.binding.answer
    return found.pointer if found and at.binding.resource else None
