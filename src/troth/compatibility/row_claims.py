"""What one line of a table of changes claims, matched with the facts of its release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from troth.compatibility.facts import Fact
from troth.compatibility.names import Name, blank, names_of, words_below
from troth.compatibility.resources import folded
from troth.compatibility.tables import Row, endpoint_of, family_of
from troth.contract.model import Contract, Operation

__all__ = ["RowClaims", "signature"]

JSON = Any
OPERATIONS = frozenset({"operation", "deprecated-operation"})


class RowClaims:
    """The lines of the tables of one release, read with the contracts on both sides of it."""

    def __init__(self, sides: tuple[Contract, ...]) -> None:
        self.sides = sides
        self._words: dict[str, frozenset[str]] = {}

    def names(self, row: Row) -> Iterator[Name]:
        """The operations and fields of a row, also those that are nowhere."""
        known = {signature(operation) for side in self.sides for operation in family_of(row, side)}
        yield from (Name("operation", name, name) for name in sorted(known))
        for method in row.methods:
            if not any(name.startswith(f"{method} ") for name in known):
                yield Name("operation", f"{method} {blank(row.endpoint)}", f"{method} {row.endpoint}")
        yield from (Name("word", field, field) for field in row.fields if "{" not in field)

    def tells(self, row: Row, fact: Fact) -> bool:
        """Whether a row speaks of an operation that a fact reaches, and of what the fact changed."""
        meant = [operation for side in self.sides for operation in family_of(row, side)]
        reached = any(operation.id in fact.reach for operation in meant)
        if fact.subject in OPERATIONS:
            return reached
        if "keyword" in fact.context:
            return self._tells_behaviour(row, fact, meant, reached=reached)
        named = {field.partition(" ")[0].partition("{")[0] for field in row.fields}
        said = {word.casefold() for word in re.findall(r"[A-Za-z_]+", row.description)}
        of_object = not row.fields and folded(row.object) in _owners(fact)
        return reached and (of_object or bool(names_of(fact) & named) or bool(set(fact.names) & said))

    def _tells_behaviour(self, row: Row, fact: Fact, meant: list[Operation], *, reached: bool) -> bool:
        """Behaviour of a resource shows wherever its rows do, also embedded or referred to by another one's."""
        owner = fact.place.partition(":")[0]
        if row.fields and "." in owner:
            return reached and bool(names_of(fact) & set(row.fields))
        resource = self._resource(fact)
        return reached or (resource is not None and any(resource in self._below(one) for one in meant))

    def left_out(self, fact: Fact, rows: Iterable[Row]) -> list[str]:
        """The endpoints that show rows whose visibility changed, where a table lists some of them and not these."""
        resource = self._resource(fact) if str(fact.context.get("keyword")).startswith("visibility") else None
        if resource is None:
            return []
        told = {_family(row.endpoint) for row in rows if "GET" in row.methods}
        shown = {
            _family(operation.path)
            for operation in self.sides[-1].operations
            if operation.method.upper() == "GET"
            and (operation.id in fact.reach or resource in self._below(operation))
        }
        return sorted(shown - told) if told else []

    def _resource(self, fact: Fact) -> str | None:
        """The resource of the schema whose behaviour changed."""
        pointer = (fact.new_pointer or fact.old_pointer or "").partition("/x-behaviour")[0]
        for side in self.sides:
            try:
                stated = side.node(pointer).get("x-behaviour")
            except (KeyError, AttributeError):
                continue
            if isinstance(stated, Mapping) and isinstance(stated.get("resource"), str):
                return str(stated["resource"])
        return None

    def _below(self, operation: Operation) -> frozenset[str]:
        if operation.id not in self._words:
            side = next(side for side in self.sides if side.operation(operation.id) is operation)
            self._words[operation.id] = words_below(side, operation.pointer)
        return self._words[operation.id]


def _family(path: str) -> str:
    """A collection together with its items."""
    return endpoint_of(path).removesuffix("/{}")


def _owners(fact: Fact) -> set[str]:
    """What a table may call the object that a fact changed: its component, or the property that holds it."""
    steps = [step for step in re.split(r"[.\[\]| ]+", fact.place) if step]
    words = re.findall(r"[A-Z][a-z]+", steps[0]) if steps else []
    return {folded(step) for step in (*steps, *words)}


def signature(operation: Operation) -> str:
    """``GET /v1/clients/{}``: an operation as a changelog is compared with it."""
    return f"{operation.method.upper()} {blank(operation.path)}"
