"""Where the clauses about tags, moments and conditions on the state of a row apply."""

from __future__ import annotations

from troth.behaviour.conditional import changed_field
from troth.behaviour.model import Kind
from troth.behaviour.occasions import Place, isolated

__all__ = [
    "dated_rows",
    "demanded",
    "excluded",
    "guarded",
    "guarded_change",
    "hidden_state",
    "remembered",
    "tagged",
    "unmodified",
]

_WRITES = (Kind.UPDATE, Kind.REPLACE, Kind.DELETE)


def tagged(at: Place) -> str | None:
    """Where reading a row tells its tag."""
    profile = at.binding.conditional
    return profile.pointer if profile and profile.etag != "none" and at.kind is Kind.READ else None


def remembered(at: Place) -> str | None:
    """Where a caller may say which state of a row it has."""
    return tagged(at) if at.binding.preconditions else None


def dated_rows(at: Place) -> str | None:
    """Where a caller may say when it last had a row that knows when it changed."""
    profile = at.binding.conditional
    held = profile is not None and profile.last_modified and at.binding.preconditions
    known = changed_field(at.binding) is not None
    return profile.pointer if profile and held and known and at.kind is Kind.READ else None


def hidden_state(at: Place) -> str | None:
    """Where a tag could give away that another tenant has a row: in reads, and in writes for one state of it."""
    return isolated(Kind.READ, *_WRITES)(at) if remembered(at) or guarded(at) else None


def guarded(at: Place) -> str | None:
    """Where a write can be for one state of a row only; weak tags cannot tell states apart."""
    profile = at.binding.conditional
    held = profile is not None and profile.etag == "strong" and at.binding.preconditions
    reads = at.binding.resource and at.behaviour.binding(at.binding.resource.name, Kind.READ)
    return profile.pointer if profile and held and reads and at.kind in _WRITES else None


def excluded(at: Place) -> str | None:
    """Where a write can be for rows that are in none of some states, and the document has the answer to that."""
    told = {"412", "4XX", "default"} & at.binding.operation.responses.keys()
    return guarded(at) if told or _has_header(at, "if-none-match") else None


def unmodified(at: Place) -> str | None:
    """Where a write can be for rows that have not changed since a moment."""
    profile = at.binding.conditional
    dated = profile is not None and profile.last_modified and changed_field(at.binding) is not None
    told = {"412", "4XX", "default"} & at.binding.operation.responses.keys()
    return guarded(at) if dated and (told or _has_header(at, "if-unmodified-since")) else None


def _has_header(at: Place, name: str) -> bool:
    return any(p.location == "header" and p.name.lower() == name for p in at.binding.operation.parameters)


def guarded_change(at: Place) -> str | None:
    return guarded(at) if at.kind in (Kind.UPDATE, Kind.REPLACE) else None


def demanded(at: Place) -> str | None:
    """Where a write must say which state of the row it means."""
    profile = at.binding.conditional
    wanted = profile is not None and at.binding.preconditions and at.kind in profile.required
    return profile.pointer if profile and wanted else None
