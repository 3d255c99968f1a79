"""Drawing steps: what to do next, with which body or query, from whole numbers that Hypothesis chooses."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.scene import Scene
from troth.conformance.walks.bodies import WalkBodies
from troth.conformance.walks.steps import Book, Known, Ref, Step

__all__ = ["Chance", "Drawer"]

T = TypeVar("T")
_WEIGHTS = {
    Kind.CREATE: 4,
    Kind.UPDATE: 5,
    Kind.REPLACE: 4,
    Kind.LIST: 4,
    Kind.READ: 1,
    Kind.DELETE: 1,
    Kind.ACTION: 3,
}
_OPERATORS = ("equals", "not_equals", "greater_than", "less_than_equal", "in")
_ROLES = ("owner", "owner", "owner", "peer")

Need = Callable[[str, str], Known | None]
"""Gives a live row of a resource for a role; makes one where there is none."""


class Chance:
    """Choices that follow from one number; without a number, the plainest ones."""

    def __init__(self, *numbers: int) -> None:
        self._random = random.Random(repr(numbers)) if numbers else None  # noqa: S311 - reproducible on purpose

    def of(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices) if self._random else choices[0]

    def one_in(self, count: int) -> bool:
        return self._random is not None and self._random.randrange(count) == 0


class Drawer:
    """Draws the steps of walks over one scene, as the roles that are there."""

    def __init__(self, scene: Scene, roles: frozenset[str], need: Need) -> None:
        self._scene = scene
        self._roles = [role for role in _ROLES if role in roles]
        self._narrow = "narrow" in roles
        self._need = need
        self._bodies = WalkBodies(scene, need)

    def operations(self, resources: frozenset[str]) -> list[Binding]:
        """The operations on some resources, each as often as it should be tried."""
        found = []
        for binding in self._scene.behaviour.bindings.values():
            resource = binding.resource
            made = resource and self._scene.behaviour.binding(resource.name, Kind.CREATE)
            if (
                resource is None or resource.within
            ):  # the pairs of ids that a walk keeps are not enough to tell such rows
                continue
            if made and resource.name in resources and _walks(binding):
                found += [binding] * _WEIGHTS[binding.kind]
        return found

    def plain(self, binding: Binding, book: Book, role: str) -> Step | None:
        """The plainest create of a row for a role."""
        parents = self._parents(binding, role)
        body = self._bodies.plain(binding, book, role)
        if parents is None or body is None:
            return None
        return Step(role, binding.id, None, parents, body=body)

    def draw(self, binding: Binding, book: Book, chance: Chance) -> Step | None:  # noqa: PLR0911 - one a lack
        """The next step on an operation; None where it lacks a row."""
        resource = binding.resource
        if resource is None:
            return None
        role = chance.of(self._roles)
        row = None
        if binding.id_parameter is not None:
            row = self._row(resource, role, book, chance)
            if row is None:
                return None
        parents = self._parents(binding, row.role if row else role)
        if parents is None:
            return None
        asked = None if chance.one_in(17) else "narrow" if self._narrow and chance.one_in(13) else role
        if row is not None and asked == role and chance.one_in(6):
            asked = chance.of(self._roles)
        at = Ref(row.name) if row else None
        if binding.kind is Kind.LIST:
            if chance.one_in(9) and (odd := self._odd(binding, chance)):
                told = f"'{odd[0]}' is {odd[1]!r}"
                return Step(asked, binding.id, at, parents, query=(odd,), wild=told)
            query = self._query(binding, resource, role, book, chance)
            return Step(asked, binding.id, at, parents, query=query)
        if binding.input is None:
            return Step(asked, binding.id, at, parents)
        body, wild = self._bodies.draw(binding, book, role, chance)
        if body is None:
            return None
        key = chance.of(("", "one", "two")) if binding.idempotency else ""
        return Step(asked, binding.id, at, parents, body=body, key=key or None, wild=wild)

    def _row(self, resource: Resource, role: str, book: Book, chance: Chance) -> Known | None:
        """Mostly a row of the role, sometimes another tenant's or one that is gone."""
        everything = [known for known in book.rows.values() if known.resource == resource.name]
        if everything and chance.one_in(4):
            return chance.of(everything)
        own = book.live(resource.name, role)
        return chance.of(own) if own else self._need(resource.name, role)

    def _parents(self, binding: Binding, role: str) -> tuple[tuple[str, Ref], ...] | None:
        found = []
        for parent in binding.parents:
            above = self._need(parent.resource, role) if parent.resource else None
            if above is None:
                return None
            found.append((parent.field, Ref(above.name)))
        return tuple(found)

    # -- lists ------------------------------------------------------------------------------------------------------

    def _query(
        self, binding: Binding, resource: Resource, role: str, book: Book, chance: Chance
    ) -> tuple[tuple[str, Any], ...]:
        """A filter or a condition whose value some row of the walk has."""
        rows = book.live(resource.name, role)
        if not rows:
            return ()
        row = chance.of(rows)
        profile = binding.query.conditions
        filters = [one for one in binding.filters if one.op != "search"]
        names = [n for n, f in resource.fields.items() if not (f.hidden or f.write_only or f.items)]
        if profile is not None and names and chance.one_in(2):
            name, operator = chance.of(names), chance.of(_OPERATORS)
            value = _scalar(row.expected.get(name))
            told = self._named(value, resource, name, book)
            return ((f"{profile.parameter}[{name}][{operator}]", told),) if value is not None else ()
        if filters and not chance.one_in(3):
            found = chance.of(filters)
            value = _scalar(row.expected.get(found.field))
            if value is not None and self._takes(binding, found.parameter, value):
                return ((found.parameter, self._named(value, resource, found.field, book)),)
        return ()

    def _odd(self, binding: Binding, chance: Chance) -> tuple[str, str] | None:
        """A query parameter with a value that its schema rules out, however it is read."""
        named = [p for p in binding.operation.parameters if p.location == "query" and p.schema_pointer]
        plain = [
            p
            for p in named
            if isinstance(p.schema, Mapping) and p.schema.get("type") in ("integer", "boolean")
        ]
        if not plain:
            return None
        parameter = chance.of(plain)
        return parameter.name, chance.of(("no such value", "1.5e", "-"))

    def _takes(self, binding: Binding, name: str, value: Any) -> bool:
        parameter = binding.operation.parameter("query", name)
        if parameter is None or parameter.schema_pointer is None:
            return False
        is_valid = self._scene.validators.at(parameter.schema_pointer, "request").is_valid
        return is_valid(value) or is_valid([value])

    def _named(self, value: Any, resource: Resource, name: str, book: Book) -> Any:
        """An id as the row that it belongs to."""
        reference = next((one for one in resource.references if one.field == name), None)
        targets = list(reference.to.values()) if reference else []
        for target in [resource.name] if name == resource.id_field else targets:
            known = book.of_model(target, value)
            if known is not None:
                return Ref(known.name)
        return value


def _walks(binding: Binding) -> bool:
    """Whether both sides can be compared: what is sent is JSON, and what is done is declared."""
    told = binding.operation.body is None or (binding.input is not None and not binding.is_form)
    acts = binding.kind is not Kind.ACTION or (binding.effect is not None and not binding.prints)
    return told and acts


def _scalar(value: Any) -> Any:
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str | int | float) else None
