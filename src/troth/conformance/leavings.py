"""What writes leave behind in other resources, as the contract says: rows that effects create and that records keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from troth.behaviour.model import Behaviour, Binding, Kind, Resource

__all__ = ["Leaving", "leavings"]

_MOMENTS = {Kind.CREATE: "create", Kind.UPDATE: "update", Kind.REPLACE: "update", Kind.DELETE: "delete"}


@dataclass(frozen=True, slots=True)
class Leaving:
    """Rows of a resource: the one whose ``row`` or ``identifier`` is known, else those whose ``field`` is ``value``.

    ``certain``: there is such a row, whatever the conditions of a record were.
    """

    resource: str
    identifier: Any = None
    row: Mapping[str, Any] | None = None
    field: str = ""
    value: Any = None
    certain: bool = True


def leavings(
    behaviour: Behaviour, binding: Binding, identifier: Any, shown: Mapping[str, Any] | None
) -> Iterator[Leaving]:
    """What a successful write has left behind; ``identifier`` is that of its row, ``shown`` what it answered."""
    resource = binding.resource
    if resource is None:
        return
    if binding.effect is not None:
        yield from _created(behaviour, binding, identifier, shown)
    moment = _MOMENTS.get(binding.kind, "update")
    for record in resource.records:
        if moment in record.on:
            field = _field_of(record.row, resource)
            yield Leaving(record.into, field=field, value=identifier, certain=record.when is None)


def _created(
    behaviour: Behaviour, binding: Binding, identifier: Any, shown: Mapping[str, Any] | None
) -> Iterator[Leaving]:
    effect, resource = binding.effect, binding.resource
    assert effect is not None  # noqa: S101 - the caller asked
    assert resource is not None  # noqa: S101 - as above
    names = list(effect.create)
    for name in names:
        target = behaviour.resources.get(name)
        if target is None:
            continue
        if binding.answers == name and shown is not None and shown.get(target.id_field) is not None:
            yield Leaving(name, shown[target.id_field], shown)
            continue
        # The acted row may say which row was made last.
        told = next((f for f, e in effect.assign.items() if e.text == f"created.{target.id_field}"), None)
        if name == names[-1] and told is not None and shown is not None and shown.get(told) is not None:
            yield Leaving(name, shown[told])
            continue
        yield Leaving(name, field=_field_of(effect.create[name], resource), value=identifier)


def _field_of(values: Mapping[str, Any], resource: Resource) -> str:
    """The field of a new row that holds the id of the row that it comes from; empty when none does."""
    own = {resource.id_field, f"int({resource.id_field})", f"string({resource.id_field})"}
    return next((field for field, formula in values.items() if formula.text in own), "")
