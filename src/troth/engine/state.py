"""Everything that a mock remembers, behind one interface: rows, keys, windows, tokens, deliveries.

State is keyed (sandbox, tenant, resource, id). Rows are immutable values with cached renderings, so a snapshot
copies references only.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from troth.engine.clock import Clock
from troth.engine.identity import Identities

__all__ = ["Hooks", "MemoryTable", "Row", "State", "Table", "held"]

JOURNAL_LENGTH = 1000
OUTBOX_LENGTH = 10_000
#: How long a race window stays open, in seconds.
_WINDOW = 0.02
_REMEMBERED = 10_000


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Row:
    """One stored object. ``data`` is never changed; ``view`` and ``body`` cache what the API shows of it.

    ``beyond`` has what was computed but is not shown. ``stamp`` is the day for which the cached view holds;
    ``visible`` says whether the API shows the row at all.
    """

    __slots__ = ("beyond", "body", "data", "id", "stamp", "view", "visible")

    def __init__(self, identifier: str, data: Mapping[str, Any], *, visible: bool = True) -> None:
        self.id = identifier
        self.data = data
        self.visible = visible
        self.view: Mapping[str, Any] | None = None
        self.body: bytes | None = None
        self.beyond: Mapping[str, Any] = _NOTHING
        self.stamp = ""


class Table(Protocol):
    """The rows of one resource of one tenant, in the order in which they were made.

    ``version`` grows with every write; ``rendered`` holds what was rendered of this version, and goes with it.
    ``content`` stands for the rows as they are: a copy has the same until either is written to; None without any.
    """

    version: int
    content: object | None
    rendered: dict[Any, Any]

    def get(self, identifier: str) -> Row | None: ...
    def put(self, row: Row) -> None: ...
    def drop(self, identifier: str) -> None: ...
    def shown(self) -> list[Row]: ...
    def watch(self) -> None: ...
    def standing(self, identifier: str) -> tuple[Row, frozenset[str]] | None: ...
    def all(self) -> Iterable[Row]: ...
    def holding(self, field: str, value: Any) -> list[Row]: ...
    def copy(self) -> Table: ...


class MemoryTable:
    """A table in memory. Indexes are built when a field is first asked for and kept up to date after that."""

    def __init__(self, rows: dict[str, Row] | None = None) -> None:
        self._rows: dict[str, Row] = rows if rows is not None else {}
        self._shown: list[Row] | None = None
        self._indexes: dict[str, dict[Any, dict[str, None]]] = {}
        #: The fields some of whose values are lists.
        self._lists: set[str] = set()
        self._gone: dict[str, tuple[Row, str | None]] | None = None
        self.version = 0
        self.content: object | None = None
        self.rendered: dict[Any, Any] = {}

    def get(self, identifier: str) -> Row | None:
        return self._rows.get(identifier)

    def put(self, row: Row) -> None:
        before = self._rows.get(row.id)
        if before is None and row.visible and self._shown is not None:
            self._shown.append(row)
        else:
            self._shown = None
        for field, index in self._indexes.items():
            key = _key(held(row.data, field))
            if before is not None:
                old = key if before.data is row.data else _key(held(before.data, field))
                if (named := index.get(old)) is not None:
                    named.pop(row.id, None)
            self._enter(field, index, key, row.id)
        self._rows[row.id] = row
        self._written()

    def _enter(self, field: str, index: dict[Any, dict[str, None]], key: Any, identifier: str) -> None:
        index.setdefault(key, {})[identifier] = None
        if type(key) is tuple:
            self._lists.add(field)

    def _written(self) -> None:
        self.version += 1
        self.content = object()
        if self.rendered:
            self.rendered = {}

    def watch(self) -> None:
        """From now on rows that go are remembered, because somebody has been told a place in the list."""
        if self._gone is None:
            self._gone = {}

    def standing(self, identifier: str) -> tuple[Row, frozenset[str]] | None:
        """A row that is there or was, with the ids of those before it; None for one that nobody remembers."""
        row, last = self._rows.get(identifier), identifier
        if row is None:
            gone = self._gone or {}
            if identifier not in gone:
                return None
            row, before = gone[identifier]
            while before is not None and before not in self._rows:
                before = gone[before][1] if before in gone else None
            if before is None:
                return row, frozenset()
            last = before
        ids = list(self._rows)
        end = ids.index(last)
        return row, frozenset(ids[: end if last == identifier else end + 1])

    def _remember(self, gone: dict[str, tuple[Row, str | None]], identifier: str) -> None:
        before = None
        for known in self._rows:
            if known == identifier:
                break
            before = known
        if len(gone) >= _REMEMBERED:
            gone.pop(next(iter(gone)))
        gone[identifier] = (self._rows[identifier], before)

    def drop(self, identifier: str) -> None:
        if self._gone is not None and identifier in self._rows:
            self._remember(self._gone, identifier)
        row = self._rows.pop(identifier, None)
        self._shown = None
        self._written()
        if row is not None:
            for field, index in self._indexes.items():
                index.get(_key(held(row.data, field)), {}).pop(identifier, None)

    def shown(self) -> list[Row]:
        if self._shown is None:
            self._shown = [row for row in self._rows.values() if row.visible]
        return self._shown

    def all(self) -> Iterable[Row]:
        return self._rows.values()

    def holding(self, field: str, value: Any) -> list[Row]:
        """The rows whose field equals a value, or is a list that contains it; dots lead into objects."""
        index = self._indexes.get(field)
        if index is None:
            index = self._indexes[field] = {}
            for row in self._rows.values():
                self._enter(field, index, _key(held(row.data, field)), row.id)
        found = [self._rows[identifier] for identifier in index.get(_key(value), ())]
        if field not in self._lists:
            return found
        lists = (key for key in index if isinstance(key, tuple) and value in key)
        return found + [self._rows[identifier] for key in lists for identifier in index[key]]

    def copy(self) -> MemoryTable:
        twin = MemoryTable(dict(self._rows))
        twin._gone = None if self._gone is None else dict(self._gone)
        twin.content = self.content
        return twin


def held(data: Mapping[str, Any], field: str) -> Any:
    """The value of a field; ``client.id`` is a member of the field's object, or of each object in its list."""
    if "." not in field:
        return data.get(field)
    value: Any = data
    for name in field.split("."):
        if isinstance(value, list):
            value = [item.get(name) for item in value if isinstance(item, Mapping)]
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _key(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(item for item in value if isinstance(item, str | int))
    return value if isinstance(value, str | int | float | bool) else None


class Hooks:
    """What webhooks remember beside their deliveries, by (tenant, subscription).

    ``receivers`` maps the beginning of URLs to where the control plane leads them; ``retired`` has replaced secrets
    and until when they sign; ``failing`` counts failures in a row; ``waiting`` has what further events may change.
    """

    __slots__ = ("failing", "receivers", "retired", "waiting")

    def __init__(self) -> None:
        self.receivers: dict[str, str] = {}
        self.retired: dict[tuple[str, str], list[tuple[str, float]]] = {}
        self.failing: dict[tuple[str, str], int] = {}
        self.waiting: dict[tuple[str, str, str, str], tuple[float, Any]] = {}

    def copy(self) -> Hooks:
        twin = Hooks()
        twin.receivers = dict(self.receivers)
        twin.retired = {key: list(secrets) for key, secrets in self.retired.items()}
        twin.failing = dict(self.failing)
        return twin


class State:
    """One sandbox: its tables, its clock, its randomness, and what the protocol layers remember."""

    def __init__(self, clock: Clock, identities: Identities) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.identities = identities
        self.tables: dict[tuple[str, str], Table] = {}
        #: What has been deleted, by tenant and resource, where a fault goes on knowing it.
        self.gone: dict[tuple[str, str], list[Row]] = {}
        self.sequences: dict[tuple[str, str, str], int] = {}
        self.replays: dict[tuple[str, str], Any] = {}
        self.windows: dict[tuple[str, str], list[float]] = {}
        self.tokens: dict[str, Any] = {}
        self.outbox: deque[Any] = deque(maxlen=OUTBOX_LENGTH)
        self.pending: dict[str, Any] = {}
        self.subscriptions: dict[str, Any] = {}
        self.hooks = Hooks()
        self.journal: deque[Any] = deque(maxlen=JOURNAL_LENGTH)
        self.swept = ""
        #: Whether the present request is done in one go, whatever faults would let in.
        self.windows_shut = False
        #: Whether other requests were ever let in between the steps of one, or would have been.
        self.raced = False
        #: Whether nobody asks but one after the other, so that there is nobody to let in.
        self.alone = False
        #: What callers see of rows, by what these are; forks share it, and work out again where it is missing.
        self.gazes: dict[Any, Any] = {}
        #: What selections showed of rows, by what it depends on; forks share it as well.
        self.shown: dict[Any, Any] = {}
        # The tables of each tenant, for as long as there are these.
        self._whose, self._told = self.tables, 0
        self._places: dict[str, list[Table]] = {}
        #: Resources whose rows belong to all tenants: they are kept under the tenant "".
        self.shared: frozenset[str] = frozenset()

    def table(self, tenant: str, resource: str) -> Table:
        found = self.tables.get((tenant, resource))
        if found is None:
            if tenant and resource in self.shared:
                return self.table("", resource)
            found = self.tables[tenant, resource] = MemoryTable()
        return found

    def contents(self, tenant: str) -> tuple[object, ...]:
        """What stands for all rows of a tenant, with those that are everybody's, as they are now."""
        if self._told != len(self.tables) or self._whose is not self.tables:
            self._whose, self._told, self._places = self.tables, len(self.tables), {}
        places = self._places.get(tenant)
        if places is None:
            places = [table for (at, _), table in self.tables.items() if at in (tenant, "")]
            self._places[tenant] = places
        return tuple([table.content for table in places if table.content is not None])

    def open_window(self) -> None:
        """Let other requests in, as a server does that looks first and writes later; not where windows are shut."""
        if self.windows_shut:
            return
        self.raced = True
        if self.alone:
            return
        try:
            self.lock.release()
        except RuntimeError:  # nobody holds it: there are no other requests
            return
        try:
            time.sleep(_WINDOW)
        finally:
            self.lock.acquire()

    def next(self, tenant: str, resource: str, field: str) -> int:
        """The next number of a sequence, starting at 1."""
        key = (tenant, resource, field)
        self.sequences[key] = self.sequences.get(key, 0) + 1
        return self.sequences[key]

    def fork(self) -> State:
        """An independent copy: writes to either never show in the other. The journal and outbox start empty."""
        twin = State(self.clock.copy(), self.identities.copy())
        twin.lock = self.lock  # forks share rows, and a row keeps what was last shown of it
        twin.tables = {key: table.copy() for key, table in self.tables.items()}
        twin.gone = {key: list(rows) for key, rows in self.gone.items()}
        twin.sequences = dict(self.sequences)
        twin.replays = dict(self.replays)
        twin.windows = {key: list(window) for key, window in self.windows.items()}
        twin.tokens = dict(self.tokens)
        twin.swept = self.swept
        twin.gazes = self.gazes
        twin.shown = self.shown
        twin.hooks = self.hooks.copy()
        twin.shared = self.shared
        return twin

    def become(self, other: State) -> None:
        """Take over a snapshot's contents; the journal and the log of deliveries stay."""
        twin = other.fork()
        self.subscriptions = {}
        for name in (
            "clock", "identities", "tables", "gone", "sequences", "replays", "windows", "tokens", "swept", "hooks"
        ):  # fmt: skip
            setattr(self, name, getattr(twin, name))
