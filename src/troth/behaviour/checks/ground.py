"""What every check stands on: the contract, its behaviour, its objects, and a way to say what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

from troth.behaviour.model import Behaviour, Field, Resource
from troth.behaviour.places import Visit, visits
from troth.behaviour.resources import traits_of
from troth.contract import Validators, validators
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.errors import did_you_mean
from troth.findings import Finding, Severity

__all__ = ["Ground", "states_of"]

_DEEPEST = 8
"""Choices within choices go no further in any document that is no circle."""


@dataclass(frozen=True)
class Ground:
    """A contract whose every ``x-behaviour`` can be read, with the behaviour read from it."""

    contract: Contract
    behaviour: Behaviour

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        return tuple(visits(self.contract))

    @cached_property
    def validators(self) -> Validators:
        return validators(self.contract)

    @property
    def is_earlier_release(self) -> bool:
        """Whether the document is a release under the behaviour of today, which may speak of what came later."""
        return PurePath(self.contract.source).parent.name == "releases"

    def given(self, pointer: str) -> Mapping[str, Any]:
        """What stands at a pointer when that is an object, else nothing."""
        try:
            found = self.contract.node(pointer)
        except KeyError:
            return {}
        return found if isinstance(found, Mapping) else {}

    def traits(self, field: Field) -> tuple[str, Mapping[str, Any]]:
        """Where a field's traits stand and what they are."""
        return traits_of(self.contract, field.pointer)

    def fields(self, resource: Resource) -> list[tuple[Field, Mapping[str, Field]]]:
        """Every field of a resource, those of listed objects too, each with its neighbours."""
        found: list[tuple[Field, Mapping[str, Field]]] = []
        waiting = [resource.fields]
        while waiting:
            neighbours = waiting.pop(0)
            found += [(field, neighbours) for field in neighbours.values()]
            waiting += [field.items for field in neighbours.values() if field.items]
        return found

    def finding(
        self,
        identifier: str,
        pointer: str,
        message: str,
        severity: Severity = "error",
        *,
        operation: str | None = None,
        **evidence: Any,
    ) -> Finding:
        location = self.contract.locate(pointer)
        return Finding(
            identifier, severity, message, location=location, operation=operation, evidence=evidence
        )

    def unknown(self, identifier: str, pointer: str, what: str, found: str, known: Iterable[str]) -> Finding:
        """``unknown state 'payed'. Did you mean 'paid'?`` with every valid word as evidence."""
        words = sorted({str(word) for word in known})
        hint = did_you_mean(found, words) or (f" Known are {', '.join(words)}." if words else "")
        return self.finding(
            identifier, pointer, f"unknown {what} {found!r}.{hint}", found=found, expected=words
        )

    def missing_field(self, pointer: str, found: str, resource: Resource) -> Finding:
        return self.unknown("unknown-field", pointer, f"field of {resource.name}", found, resource.fields)

    def path(self, resource: Resource, path: str) -> bool:
        """Whether a dotted path leads to a property of the rows of a resource."""
        first, *rest = path.split(".")
        field = resource.fields.get(first)
        pointer = field.pointer if field else None
        for name in rest:
            pointer = self._below(pointer, name) if pointer else None
        return pointer is not None

    def _below(self, pointer: str, name: str, seen: frozenset[str] = frozenset()) -> str | None:
        """The property of an object or of the objects in a list, looked for through references and compositions."""
        end, schema = self.contract.follow(pointer)
        if not isinstance(schema, Mapping) or end in seen:
            return None
        if name in (schema.get("properties") or {}):
            return join(end, "properties", name)
        if isinstance(schema.get("items"), Mapping):
            return self._below(join(end, "items"), name, seen | {end})
        for word in ("allOf", "anyOf", "oneOf"):
            for index in range(len(schema.get(word) or ())):
                if found := self._below(join(end, word, index), name, seen | {end}):
                    return found
        return None


def states_of(contract: Contract, pointer: str, depth: int = 0) -> frozenset[str] | None:
    """The texts that a schema lists, through references and choices; None when it lists none."""
    _, schema = contract.follow(pointer)
    if not isinstance(schema, Mapping):
        return None
    if isinstance(schema.get("enum"), list):
        return frozenset(str(word) for word in schema["enum"] if word is not None)
    if isinstance(schema.get("const"), str):
        return frozenset({schema["const"]})
    end = contract.follow(pointer)[0]
    branches = [
        join(end, word, index)
        for word in ("allOf", "anyOf", "oneOf")
        for index in range(len(schema.get(word) or ()))
        if depth < _DEEPEST
    ]
    lists = [found for at in branches if (found := states_of(contract, at, depth + 1)) is not None]
    return frozenset().union(*lists) if lists else None
