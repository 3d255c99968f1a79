"""What expressions may ask for beyond their own row: the clock, related rows, rows by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from troth.engine.state import Row, State

__all__ = ["TenantWorld", "Viewer"]

#: Gives the public view of a row plus its hidden fields.
Viewer = Callable[[str, Row, "TenantWorld"], Mapping[str, Any]]


class TenantWorld:
    """One tenant's rows in one state, seen through ``viewer``."""

    __slots__ = ("_id_fields", "_now", "_viewer", "state", "tenant")

    def __init__(self, state: State, tenant: str, viewer: Viewer, id_fields: Mapping[str, str]) -> None:
        self.state = state
        self.tenant = tenant
        self._viewer = viewer
        self._id_fields = id_fields
        self._now: str | None = None

    def today(self) -> str:
        return self.state.clock.today()

    def now(self) -> str:
        """One moment for everything that one request does."""
        if self._now is None:
            self._now = self.state.clock.iso()
        return self._now

    def related(self, resource: str, field: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of ``resource`` whose ``field`` holds this row's id."""
        identifier = row.get("$id")
        rows = self.state.table(self.tenant, resource).holding(field, identifier)
        return [dict(self._viewer(resource, found, self)) for found in rows]

    def lookup(self, resource: str, identifier: Any) -> dict[str, Any] | None:
        row = self.state.table(self.tenant, resource).get(str(identifier))
        return None if row is None else dict(self._viewer(resource, row, self))
