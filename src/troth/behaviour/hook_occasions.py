"""Where clauses about webhooks apply; as in :mod:`troth.behaviour.occasions`."""

from __future__ import annotations

from troth.behaviour.model import Binding, Event, Kind
from troth.behaviour.occasions import Place, Where, keyed_create

__all__ = [
    "announcing",
    "announcing_apart",
    "announcing_first",
    "announcing_keyed",
    "delivering",
    "shown_once",
    "speaking_for_all",
    "timed",
]

_MOMENTS = {
    Kind.CREATE: "create",
    Kind.UPDATE: "update",
    Kind.REPLACE: "update",
    Kind.DELETE: "delete",
    Kind.ACTION: "update",
}


def _announced(binding: Binding) -> tuple[Event, ...]:
    """The events that an operation may bring about on the row that it is about."""
    moment = _MOMENTS.get(binding.kind, "")
    if binding.resource is None or (binding.kind is Kind.ACTION and not binding.effect):
        return ()
    return tuple(event for event in binding.resource.events if moment in event.on)


def announcing(at: Place) -> str | None:
    events = _announced(at.binding) if at.behaviour.webhooks else ()
    return events[0].pointer if events else None


def announcing_first(at: Place) -> str | None:
    """The first operation that announces something about a resource speaks for the others."""
    found = announcing(at)
    first = next(
        (b for b in at.behaviour.bindings.values() if b.resource is at.binding.resource and _announced(b)),
        None,
    )
    return found if first is at.binding else None


def announcing_keyed(at: Place) -> str | None:
    """A create under a key that announces something, whatever is created."""
    plain = any(event.when is None for event in _announced(at.binding))
    return keyed_create(at) if plain and announcing(at) else None


def speaking_for_all(at: Place) -> str | None:
    """One operation speaks for all deliveries: the one that brings an event about with the least ado."""
    chosen = min((b for b in at.behaviour.bindings.values() if _announced(b)), key=_ado, default=None)
    return announcing(at) if chosen is at.binding else None


def _ado(binding: Binding) -> tuple[bool, bool, bool, bool]:
    plain = any(event.when is None for event in _announced(binding))
    references = bool(binding.resource and binding.resource.references)
    return (not plain, binding.kind is not Kind.CREATE, bool(binding.parents), references)


def announcing_apart(at: Place) -> str | None:
    """As :func:`speaking_for_all`, where there are tenants to keep apart."""
    return speaking_for_all(at) if at.behaviour.tenancy.source != "none" else None


def delivering(word: str) -> Where:
    """As :func:`speaking_for_all`, where the profile says something under a keyword."""

    def where(at: Place) -> str | None:
        profile = at.behaviour.webhooks
        if profile is None or speaking_for_all(at) is None:
            return None
        said = {
            "signing": profile.signing is not None,
            "timestamp": profile.signing is not None and profile.signing.timed,
            "overlap": profile.signing is not None and profile.signing.several and profile.signing.overlap,
            "retries": profile.retries,
            "disable": profile.disabling,
            "handshake": profile.handshake,
            "modes": any(mode.debounce or mode.before_answer for mode in profile.modes),
            "ordered": profile.ordered,
        }
        keyword = "signing" if word in ("timestamp", "overlap") else word
        return at.root("webhooks", keyword) if said[word] else None

    return where


def timed(at: Place) -> str | None:
    """The list of a resource speaks for what time brings about on its rows."""
    resource = at.binding.resource
    if resource is None or at.behaviour.webhooks is None or at.kind is not Kind.LIST:
        return None
    plain = at.behaviour.binding(resource.name, Kind.LIST) is at.binding
    return next((e.pointer for e in resource.events if "time" in e.on), None) if plain else None


def shown_once(at: Place) -> str | None:
    fields = at.binding.resource.fields.values() if at.binding.resource else ()
    return next((f.pointer for f in fields if f.shown_once), None) if at.kind is Kind.CREATE else None
