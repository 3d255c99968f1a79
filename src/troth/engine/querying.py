"""What query parameters do to a list beside paging and filtering by field: conditions and order, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from troth.behaviour.model import Behaviour, Binding
from troth.behaviour.querying import sort_keys
from troth.contract.model import Contract
from troth.engine.conditions import Path, Paths, WhereTree, comparable
from troth.engine.state import Row
from troth.engine.world import TenantWorld

__all__ = ["ListQuery", "Look"]

Values = Mapping[tuple[str, str], Any]
Look = Callable[[Row, TenantWorld], Mapping[str, Any]]
"""What conditions and order may see of a row."""


class ListQuery:
    """The conditions and the order of one list operation."""

    def __init__(
        self, binding: Binding, contract: Contract, behaviour: Behaviour, faults: frozenset[str]
    ) -> None:
        assert binding.resource is not None  # noqa: S101 - lists have one
        paths = Paths(binding.resource, contract, behaviour)
        where, sort = binding.query.conditions, binding.query.sort
        self.active = where is not None or sort is not None
        self._tree = WhereTree(paths, faults)
        self._where = ("query", where.parameter) if where else None
        self._keeps = "conditions-ignored" in faults
        self._sort = ("query", sort.parameter) if sort else None
        self._sorts = "sort-ignored" not in faults
        self._paths = paths
        self._default = self._order(sort.default if sort else ())

    def _order(self, keys: tuple[tuple[str, bool], ...]) -> list[tuple[Path, bool]]:
        """The paths to sort by; names that lead nowhere are passed over."""
        found = ((self._paths.find(name), descending) for name, descending in keys)
        return [(path, descending) for path, descending in found if path is not None]

    def used(self, values: Values) -> bool:
        """Whether a request has conditions."""
        return self._where is not None and self._where in values

    def sorted(self, values: Values) -> bool:
        """Whether a request asks for an order."""
        return self._sort is not None and bool(values.get(self._sort))

    def chosen(self, rows: list[Row], look: Look, values: Values, world: TenantWorld) -> list[Row]:
        """The rows that satisfy the conditions. Raises Refusal."""
        given = values.get(self._where) if self._where else None
        if given is None:
            return rows
        test = self._tree.predicate(given)
        return [row for row in rows if self._keeps or test(look(row, world), world)]

    def ordered(self, rows: list[Row], look: Look, values: Values, world: TenantWorld) -> list[Row]:
        """Stable, with nothing before something; rows that are equal stay in the order in which they were made."""
        order = self._default
        if self._sort is not None and self._sorts and (text := values.get(self._sort)):
            order = self._order(sort_keys(str(text))) or order
        newest_first = order and order[0][1]
        rows = [*reversed(rows)] if newest_first else rows
        if not order:
            return rows
        views = {row: look(row, world) for row in rows}
        for path, descending in reversed(order):

            def key(row: Row, path: Path = path) -> tuple[int, Any]:
                return _rank(path, path.values(views[row], world))

            rows = sorted(rows, key=key, reverse=descending)
        return rows


def _rank(path: Path, values: list[Any]) -> tuple[int, Any]:
    first = comparable(values[0], path.kind) if values else None
    if first is None or isinstance(first, list | dict):
        return (0, 0)
    return (2, first) if isinstance(first, str) else (1, first)
