"""A value before and after its meaning changed, and the operations that show it.

The expression that makes the older value of a row says what the change means; it is tried on a row of samples, each
listed value of what it reads in turn, until the two values differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any, cast

from troth.behaviour.expressions import Expression, World
from troth.behaviour.inference import behaviour_of
from troth.behaviour.model import Behaviour, Kind, Resource
from troth.behaviour.versions import Conversion
from troth.compatibility.facts import Use
from troth.compatibility.samples import sample
from troth.contract.model import Contract
from troth.errors import BehaviourError

__all__ = ["Meanings"]

JSON = Any
ROWS = 64
"""How many rows are tried at most."""


class Meanings:
    """What the versions of a contract say about the values of its resources."""

    def __init__(self, contract: Contract) -> None:
        try:
            self._behaviour: Behaviour | None = behaviour_of(contract)
        except BehaviourError:  # what cannot be served can still be compared
            self._behaviour = None

    def uses(self, resource: str) -> tuple[Use, ...]:
        """The operations that show or take rows of a resource."""
        bindings = self._behaviour.bindings.values() if self._behaviour else ()
        showing = (binding for binding in bindings if binding.kind is not Kind.DELETE and binding.resource)
        found = [binding.id for binding in showing if binding.resource and binding.resource.name == resource]
        return tuple(Use(operation, "response") for operation in sorted(found))

    def formula(self, version: str, change: str, resource: str, field: str) -> str | None:
        """How the older value is made of the row."""
        shown = self._shown(version, change, resource, field)
        return None if shown is None else shown.text

    def example(self, version: str, change: str, resource: str, field: str) -> dict[str, JSON] | None:
        """One row for which the two values differ: what the field was, what it is, and what that depends on."""
        shown = self._shown(version, change, resource, field)
        owner = self._behaviour.resources.get(resource) if self._behaviour else None
        if shown is None or owner is None or not shown.pure or field not in shown.names:
            return None
        for row in islice(_rows(owner, shown.names), ROWS):
            before = shown.evaluate(row, cast("World", None))  # a pure expression asks nothing of the world
            if before is not None and before != row[field]:
                given = {name: value for name, value in row.items() if name != field}
                return {"before": {**given, field: before}, "after": {**given, field: row[field]}}
        return None

    def _shown(self, version: str, change: str, resource: str, field: str) -> Expression | None:
        versions = self._behaviour.versions if self._behaviour else None
        release = versions.release(version) if versions else None
        known: Mapping[str, Mapping[str, Conversion]] = next(
            (one.values for one in (release.changes if release else ()) if one.name == change), {}
        )
        conversion = known.get(resource, {}).get(field)
        return conversion.shown if conversion else None


def _rows(resource: Resource, names: tuple[str, ...]) -> Iterator[dict[str, JSON]]:
    """Rows of the fields that an expression reads."""
    values = [list(_values(resource, name)) for name in names]
    for chosen in product(*values):
        yield dict(zip(names, chosen, strict=True))


def _values(resource: Resource, name: str) -> Iterator[JSON]:
    """The listed values of a field, else a number that shows a change of unit, else a sample."""
    found = next((one.schema for one in resource.fields.values() if one.name == name), None)
    schema = found if isinstance(found, Mapping) else {}
    listed = schema.get("enum")
    kinds = schema.get("type")
    if isinstance(listed, list):
        yield from listed
    elif {"integer", "number"} & set(kinds if isinstance(kinds, list) else (kinds,)):
        yield 3600
    else:
        yield sample(schema)
