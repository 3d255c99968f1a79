"""What expressions may ask for beyond their own row: the clock, related rows, rows by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from troth.engine.authenticating import Principal
from troth.engine.state import Row, State

__all__ = ["TenantWorld", "Viewer"]

#: Gives the public view of a row plus its hidden fields, or some members of that.
Viewer = Callable[[str, Row, "TenantWorld", Iterable[str] | None], Mapping[str, Any]]

#: Gives what the caller sees of a row that another one shows; None where that is nothing.
Glimpse = Callable[[str, Row, "TenantWorld"], Mapping[str, Any] | None]

_NOBODY: Mapping[str, Any] = MappingProxyType({})


class TenantWorld:
    """One tenant's rows in one state, seen through ``viewer``. ``caller`` is the principal who asks, if one does."""

    __slots__ = (
        "_active", "_glimpse", "_id_fields", "_moment", "_nobody", "_now", "_viewer", "caller", "gaze", "state",
        "tenant",
    )  # fmt: skip

    def __init__(
        self,
        state: State,
        tenant: str,
        viewer: Viewer,
        id_fields: Mapping[str, str],
        moment: Callable[[str], str] | None = None,
        caller: Principal | None = None,
        nobody: Mapping[str, Any] = _NOBODY,
        glimpse: Glimpse | None = None,
    ) -> None:
        self.state = state
        self.caller = caller
        self.tenant = tenant
        self._nobody = nobody
        self._glimpse = glimpse
        #: What the caller sees, once somebody has asked for it; :mod:`troth.engine.gazing` knows what it is.
        self.gaze: Any = None
        self._viewer = viewer
        self._id_fields = id_fields
        self._now: str | None = None
        self._moment = moment
        self._active: set[int] = set()

    @property
    def viewer(self) -> Mapping[str, Any]:
        """The settings of the caller, completed by what is known of nobody in particular."""
        return self._nobody if self.caller is None else {**self._nobody, **self.caller.settings}

    def today(self) -> str:
        return self.state.clock.today()

    def now(self) -> str:
        """One moment for everything that one request does."""
        if self._now is None:
            exact = self.state.clock.iso()
            self._now = exact if self._moment is None else self._moment(exact)
        return self._now

    def related(self, resource: str, field: str, row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The rows of ``resource`` whose ``field`` holds this row's id."""
        identifier = row["$id"] if "$id" in row else row.get("id")
        rows = self.state.table(self.tenant, resource).holding(field, identifier)
        return [self._viewed(resource, found) for found in rows]

    def lookup(self, resource: str, identifier: Any) -> Mapping[str, Any] | None:
        if isinstance(identifier, float) and identifier.is_integer():
            identifier = int(identifier)  # expressions see every number as a double
        row = self.state.table(self.tenant, resource).get(str(identifier))
        return None if row is None else self._viewed(resource, row)

    def members(self, resource: str, row: Row, names: Iterable[str]) -> Mapping[str, Any]:
        """Some members of a row with everything that the API hides."""
        return self._viewer(resource, row, self, names)

    def seen(self, resource: str, identifier: Any) -> bool:
        """Whether the caller sees one row of another resource as it is."""
        if isinstance(identifier, float) and identifier.is_integer():
            identifier = int(identifier)  # expressions see every number as a double
        row = self.state.table(self.tenant, resource).get(str(identifier))
        if row is None or not row.visible:
            return False
        return self.gaze is None or self.gaze.sees(resource, row, self)

    def glimpse(self, resource: str, identifier: Any) -> Mapping[str, Any] | None:
        """What the caller sees of one row of another resource; None where that is nothing."""
        if self._glimpse is None:
            return self.lookup(resource, identifier)
        row = self.state.table(self.tenant, resource).get(str(identifier))
        return None if row is None else self._glimpse(resource, row, self)

    def _viewed(self, resource: str, row: Row) -> Mapping[str, Any]:
        """A row as expressions see it; as it is stored while it is being computed itself.

        A project that sums its entries may be looked up by each of them for another field.
        """
        if row.view is not None:
            return self._viewer(resource, row, self, None)
        if id(row) in self._active:
            return row.data
        self._active.add(id(row))
        try:
            return self._viewer(resource, row, self, None)
        finally:
            self._active.discard(id(row))
