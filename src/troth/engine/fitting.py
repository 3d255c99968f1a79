"""Values of expressions as rows store them: expressions see every number as a double, schemas do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.expressions import Expression
from troth.behaviour.model import Field
from troth.engine.world import TenantWorld

__all__ = ["evaluated", "fitted"]


def evaluated(
    formula: Expression, row: Mapping[str, Any], world: TenantWorld, extra: Mapping[str, Any]
) -> Any:
    """The value of an expression; a bare field name gives the stored value as it is, whole numbers whole."""
    return row[formula.text] if formula.text in row else formula.evaluate(row, world, extra)


def fitted(value: Any, field: Field | None) -> Any:
    """A computed value in the type of its field: whole doubles become integers where the schema wants them."""
    if field is None:
        return value
    kinds = _kinds(field.schema)
    if isinstance(value, float) and "integer" in kinds and value.is_integer():
        return int(value)
    if isinstance(value, str) and kinds <= {"integer", "null"} and value.lstrip("-").isdigit():
        return int(value)
    if isinstance(value, list):
        return [_fitted_item(item, field) for item in value]
    return value


def _fitted_item(item: Any, field: Field) -> Any:
    if isinstance(item, Mapping) and field.items:
        return {name: fitted(inner, field.items.get(name)) for name, inner in item.items()}
    inner = field.schema.get("items")
    whole = isinstance(item, float) and item.is_integer() and isinstance(inner, Mapping)
    return int(item) if whole and "integer" in _kinds(inner) else item


def _kinds(schema: Any) -> set[str]:
    kinds = schema.get("type") or ()
    return {kinds} if isinstance(kinds, str) else set(kinds)
