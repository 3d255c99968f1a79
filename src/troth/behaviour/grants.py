"""Where clauses about OAuth and expiring credentials apply; as in :mod:`troth.behaviour.occasions`."""

from __future__ import annotations

from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import Place, keyed

__all__ = ["authorized", "authorized_by_scope", "keyed_once", "revocable"]


def _opened(at: Place) -> Binding | None:
    """The operation that tokens are tried out on: a plain list, with scopes where there are some."""
    carriers = at.behaviour.authentication.carriers
    lists = [
        b
        for b in at.behaviour.bindings.values()
        if b.kind is Kind.LIST
        and not b.parents
        and any(
            carriers.get(name, ("", "", ""))[2] == "Bearer " for one in b.operation.security for name in one
        )
    ]
    return min(lists, key=lambda b: not b.scopes, default=None)


def authorized(at: Place) -> str | None:
    """One operation speaks for the endpoints, which belong to none."""
    oauth = at.behaviour.authentication.oauth
    return oauth.pointer if oauth and _opened(at) is at.binding else None


def revocable(at: Place) -> str | None:
    oauth = at.behaviour.authentication.oauth
    return authorized(at) if oauth and oauth.revoke_path else None


def authorized_by_scope(at: Place) -> str | None:
    return authorized(at) if at.binding.scopes else None


def _first_keyed(at: Place) -> Binding | None:
    creates = (
        b for b in at.behaviour.bindings.values() if b.kind is Kind.CREATE and b.idempotency and not b.parents
    )
    return min(creates, key=lambda b: bool(b.resource and b.resource.references), default=None)


def keyed_once(at: Place) -> str | None:
    """Keys are forgotten alike everywhere, so one operation speaks for all."""
    return keyed(at) if _first_keyed(at) is at.binding else None
