"""Where the clauses about tags, moments and conditions on the state of a row apply."""

from __future__ import annotations

from troth.behaviour.conditional import changed_field
from troth.behaviour.model import Kind
from troth.behaviour.occasions import Place, isolated

__all__ = ["dated_rows", "demanded", "guarded", "guarded_change", "hidden_state", "remembered", "tagged"]

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
    """Where a tag could give away that another tenant has a row."""
    return isolated(Kind.READ)(at) if remembered(at) else None


def guarded(at: Place) -> str | None:
    """Where a write can be for one state of a row only; weak tags cannot tell states apart."""
    profile = at.binding.conditional
    held = profile is not None and profile.etag == "strong" and at.binding.preconditions
    reads = at.binding.resource and at.behaviour.binding(at.binding.resource.name, Kind.READ)
    return profile.pointer if profile and held and reads and at.kind in _WRITES else None


def guarded_change(at: Place) -> str | None:
    return guarded(at) if at.kind in (Kind.UPDATE, Kind.REPLACE) else None


def demanded(at: Place) -> str | None:
    """Where a write must say which state of the row it means."""
    profile = at.binding.conditional
    wanted = profile is not None and at.binding.preconditions and at.kind in profile.required
    return profile.pointer if profile and wanted else None
