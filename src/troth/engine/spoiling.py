"""Faults of updates: what is stored otherwise than it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.model import Kind
from troth.engine.calls import Rows
from troth.engine.state import Row

__all__ = ["spoilt"]


def spoilt(data: dict[str, Any], row: Row, changes: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
    """The new data of a row as the faults that are on would have it."""
    found, fields = dict(data), rows.resource.fields
    if "update-clobbers" in rows.faults and rows.binding.kind is not Kind.REPLACE:
        lost = {f.name: None for f in fields.values() if f.nullable and f.computed is None}
        found = {**row.data, **lost, **changes}
    for name, value in changes.items():
        before = row.data.get(name)
        if "list-appended" in rows.faults and isinstance(value, list) and isinstance(before, list):
            found[name] = [*before, *value]
        if "null-passed-over" in rows.faults and value is None:
            found[name] = before
    return found
