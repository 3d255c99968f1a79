"""Rows between versions: what is stored is of today, and an older version shows and takes it as it was."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from troth.behaviour.model import Field, Resource
from troth.behaviour.versions import Change, Conversion
from troth.contract.model import Contract
from troth.engine.messages import dump
from troth.engine.rows import RowKind, computing_order
from troth.engine.sampling import Sampler
from troth.engine.seeing import Sight
from troth.engine.state import Row
from troth.engine.withholding import Withheld
from troth.engine.world import TenantWorld

__all__ = ["Translation", "translated"]

_EXACT = 2.0**53
_NOTHING: Any = object()


class Translation:
    """The rows of one resource between today (``kind``) and a version without some changes (``before``)."""

    def __init__(
        self, kind: RowKind, before: Resource, lacking: Sequence[Change], contract: Contract
    ) -> None:
        now = kind.resource
        self._kind = kind
        self._before, self._now = before.fields, now.fields
        known = {field.name for field in before.fields.values() if _is_shown(field)}
        self._later = frozenset(now.fields.keys() - known) if before.fields else frozenset()
        self._returned = {
            field.name: _usual(field, Sampler(contract))
            for field in before.fields.values()
            if field.name not in now.fields and field.computed is None and _is_shown(field)
        }
        self._computed = tuple(
            field
            for field in computing_order(before.computed)
            if _is_shown(field) and _formula(field) != _formula(now.fields.get(field.name))
        )
        self._conversions: tuple[Mapping[str, Conversion], ...] = tuple(
            change.values[now.name] for change in lacking if now.name in change.values
        )

    @property
    def differs(self) -> bool:
        """Whether rows are shown otherwise at all."""
        return bool(self._later or self._returned or self._computed or self._conversions)

    def view(self, view: Mapping[str, Any], row: Row, world: TenantWorld) -> dict[str, Any]:
        """A row as the older version shows it; ``view`` is what the caller may see of it today."""
        shown = dict(view)
        if self._returned or self._computed:
            self._restore(shown, view, row, world)
        for conversions in self._conversions:
            for name, conversion in conversions.items():
                asked = conversion.shown
                if asked is not None and asked.variables - asked.bound <= shown.keys():
                    scope = {**shown, "$id": row.data.get(self._kind.resource.id_field)}
                    shown[name] = _number(asked.evaluate(scope, world), self._before.get(name))
        return {name: value for name, value in shown.items() if name not in self._later}

    def _restore(self, shown: dict[str, Any], view: Mapping[str, Any], row: Row, world: TenantWorld) -> None:
        """What was computed in another way, and what only older versions have, of a row that is shown whole."""
        whole = self._kind.view(row, world)
        if not view.keys() >= whole.keys():
            return
        for name, usual in self._returned.items():
            value = row.data.get(name, usual)
            if value is not _NOTHING:
                shown[name] = value
        scope = {**self._kind.full(row, world), "$id": row.data.get(self._kind.resource.id_field)}
        for field in self._computed:
            if field.computed is not None and view.get(field.name) == whole.get(field.name):
                scope[field.name] = shown[field.name] = field.computed.evaluate(scope, world)

    def taken(
        self, body: Mapping[str, Any], world: TenantWorld, row: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """The members of a request in the older version as they are stored; ``row`` has what it leaves as it is."""
        made = dict(body)
        for conversions in reversed(self._conversions):
            for name, conversion in conversions.items():
                if conversion.taken is not None and made.get(name) is not None:
                    value = conversion.taken.evaluate({**row, **made} if row else made, world)
                    made[name] = made[name] if value is None else _number(value, self._now.get(name))
        return made


def translated(sight: Sight, translation: Translation) -> Sight:
    """What a caller sees of rows in an older version: first what it may see, then as it was."""
    see = sight.view

    def view(row: Row, world: TenantWorld) -> Mapping[str, Any]:
        seen = see(row, world)
        shown = translation.view(seen, row, world)
        return Withheld(shown) if isinstance(seen, Withheld) else shown

    twin = copy.copy(sight)
    twin.view = view
    twin.body = lambda row, world: dump(view(row, world))
    twin.same = False
    return twin


def _usual(field: Field, sampler: Sampler) -> Any:
    """The value of a field that nothing stores any more; _NOTHING where it may be absent."""
    if field.initial is not None or field.nullable:
        return field.initial
    return sampler.sample(field.pointer) if field.required else _NOTHING


def _formula(field: Field | None) -> str | None:
    return field.computed.text if field is not None and field.computed is not None else None


def _is_shown(field: Field) -> bool:
    return not (field.write_only or field.hidden)


def _number(value: Any, field: Field | None) -> Any:
    """A whole number as one where the schema wants that: CEL reckons with doubles."""
    kinds = field.schema.get("type") if field is not None else None
    whole = kinds == "integer" or (isinstance(kinds, list) and "integer" in kinds and "number" not in kinds)
    exact = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole and exact else value
