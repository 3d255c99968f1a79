"""Conditions: the grammar ``where-tree`` over the rows of one resource, compiled to a predicate for each request.

``where[total][less_than]=100`` names a field and an operator beneath it; several must all hold. ``and`` and ``or``
take lists of such objects, nested as they like. A dot leads into an object or through a reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from troth.behaviour.model import Behaviour, Field, Reference, Resource
from troth.behaviour.querying import OPERATORS
from troth.behaviour.resources import properties_of
from troth.contract.model import Contract
from troth.contract.pointers import escape
from troth.engine.checking import detail
from troth.engine.clock import parse_instant
from troth.engine.refusing import Refusal
from troth.engine.world import TenantWorld

__all__ = ["Path", "Paths", "WhereTree"]

View = Mapping[str, Any]
Test = Callable[[View, TenantWorld], bool]

_DEEPEST = 32
_REMEMBERED = 512
_NEVER = math.nan


class Path(NamedTuple):
    """A way from a row to values. ``steps`` are member names and references to follow; ``kind`` says how to cast."""

    steps: tuple[str | Reference, ...]
    kind: str

    def values(self, view: View, world: TenantWorld) -> list[Any]:
        """What the way leads to: one value, or those of every item of the lists on it."""
        if len(self.steps) == 1 and type(self.steps[0]) is str:
            reached = view.get(self.steps[0])
            return reached if type(reached) is list else [reached]
        found: list[Any] = [view]
        for step in self.steps:
            found = [inner for value in found for inner in _stepped(value, step, world)]
        return found


def _stepped(value: Any, step: str | Reference, world: TenantWorld) -> Iterator[Any]:
    reached = value
    if isinstance(step, Reference):
        identifier = value.get(step.at) if step.at is not None and isinstance(value, Mapping) else value
        reached = None if identifier is None else world.glimpse(step.to[""], identifier)
    elif isinstance(value, Mapping):
        reached = value.get(step)
    else:
        reached = None
    yield from reached if isinstance(reached, list) else (reached,)


class Paths:
    """The paths of one resource by their dotted names, each worked out once."""

    def __init__(self, resource: Resource, contract: Contract, behaviour: Behaviour) -> None:
        self._resource = resource
        self._contract = contract
        self._behaviour = behaviour
        self._known: dict[str, Path | None] = {}

    def find(self, dotted: str) -> Path | None:
        """The path of a name such as ``client.name``; None where it leads to nothing that answers show."""
        if dotted not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[dotted] = self._of_resource(self._resource, dotted.split("."), ())
        return self._known[dotted]

    def _of_resource(self, resource: Resource, names: Sequence[str], steps: tuple[Any, ...]) -> Path | None:
        field = resource.fields.get(names[0])
        return None if field is None else self._of_field(field, names[1:], (*steps, names[0]))

    def _of_field(self, field: Field, rest: Sequence[str], steps: tuple[Any, ...]) -> Path | None:
        if field.hidden or field.write_only:
            return None
        reference = field.reference
        if reference is not None and reference.at is not None:
            return self._at(reference, rest, steps)
        if not rest:
            return Path(steps, "id" if reference else _kind(field.schema))
        if reference is not None:
            target = self._behaviour.resources.get(reference.to.get("", ""))
            return None if target is None else self._of_resource(target, rest, (*steps, reference))
        if field.items:
            inner = field.items.get(rest[0])
            return None if inner is None else self._of_field(inner, rest[1:], (*steps, rest[0]))
        return self._of_object(field.pointer, rest, steps)

    def _at(self, reference: Reference, rest: Sequence[str], steps: tuple[Any, ...]) -> Path | None:
        """A member that an object with an id keeps, or one of the row that it names."""
        if len(rest) == 1 and rest[0] in (reference.at, reference.by):
            return Path((*steps, rest[0]), "id")
        target = self._behaviour.resources.get(reference.to.get("", ""))
        return None if target is None or not rest else self._of_resource(target, rest, (*steps, reference))

    def _of_object(self, pointer: str, names: Sequence[str], steps: tuple[Any, ...]) -> Path | None:
        for name in names:
            below = properties_of(self._contract, pointer).get(name)
            if below is None:
                return None
            pointer, steps = below, (*steps, name)
        return Path(steps, _kind(self._contract.follow(pointer)[1]))


def _kind(schema: Any) -> str:
    """How texts are compared with a value of a schema: number, boolean, moment, text, or not at all (object)."""
    kinds = schema.get("type") if isinstance(schema, Mapping) else None
    named = {kinds} if isinstance(kinds, str) else set(kinds or ())
    if "array" in named and isinstance(schema.get("items"), Mapping):
        return _kind(schema["items"])
    if named & {"number", "integer"}:
        return "number"
    if "boolean" in named:
        return "boolean"
    if "object" in named:
        return "object"
    return "moment" if schema.get("format") in ("date", "date-time") else "text"


def comparable(value: Any, kind: str) -> Any:  # noqa: PLR0911 - one for each kind
    """A stored value or an operand as what it is compared by; an operand that cannot be read never matches."""
    if value is None or (value == "null" and kind != "text"):
        return None
    if kind == "number" and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return _NEVER
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "moment" and isinstance(value, str):
        try:
            return parse_instant(value)
        except ValueError:
            return _NEVER
    return value if kind == "number" or isinstance(value, bool | str) else str(value)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(value: Any, wanted: Any) -> bool:
        same = isinstance(value, str) is isinstance(wanted, str)
        return value is not None and wanted is not None and same and test(value, wanted)

    return holds


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "greater_than": _ordered(lambda a, b: a > b),
    "greater_than_equal": _ordered(lambda a, b: a >= b),
    "less_than": _ordered(lambda a, b: a < b),
    "less_than_equal": _ordered(lambda a, b: a <= b),
}


def _equals(path: Path, operand: Any) -> Test:
    wanted = comparable(operand, path.kind)

    def test(view: View, world: TenantWorld) -> bool:
        values = [comparable(value, path.kind) for value in path.values(view, world)]
        return all(value is None for value in values) if wanted is None else wanted in values

    return test


def _among(path: Path, operand: Any) -> Test:
    wanted = operand if isinstance(operand, list) else str(operand).split(",")
    tests = [_equals(path, item) for item in wanted]
    return lambda view, world: any(test(view, world) for test in tests)


def _exists(path: Path, operand: Any) -> Test:
    """Nothing is there where a value is null, a list is empty, or a text has no letters."""
    wanted = operand is True or operand == "true"
    absent = (None, "") if path.kind == "text" else (None,)
    return lambda view, world: any(v not in absent for v in path.values(view, world)) is wanted


def _texts(path: Path, words: Sequence[str]) -> Test:
    lowered = [word.lower() for word in words]

    def test(view: View, world: TenantWorld) -> bool:
        texts = (value.lower() for value in path.values(view, world) if isinstance(value, str))
        return any(all(word in text for word in lowered) for text in texts)

    return test


def _compared(path: Path, operator: str, operand: Any) -> Test:
    wanted, holds = comparable(operand, path.kind), _ORDERS[operator]
    if path.kind == "moment" and wanted is _NEVER:
        return lambda _view, _world: True  # a date that is none is no condition
    return lambda view, world: any(holds(comparable(v, path.kind), wanted) for v in path.values(view, world))


def _test(path: Path, operator: str, operand: Any) -> Test:
    if operator in _ORDERS:
        return _compared(path, operator, operand)
    if operator == "not_equals":
        equals = _equals(path, operand)
        return lambda view, world: not equals(view, world)
    if operator == "like":
        return _texts(path, str(operand).split(" "))
    if operator == "contains":
        return _texts(path, [str(operand)])
    return {"equals": _equals, "in": _among, "exists": _exists}[operator](path, operand)


def _test_of_known(path: Path, operator: str, operand: Any) -> Test:
    """A test as a database makes it: what is not there is not unequal to anything."""
    test, present = _test(path, operator, operand), _exists(path, operand=True)
    if operator != "not_equals":
        return test
    return lambda view, world: test(view, world) and present(view, world)


class WhereTree:
    """The conditions of one request's ``where`` as one predicate."""

    def __init__(self, paths: Paths, faults: frozenset[str]) -> None:
        self._paths = paths
        self._trusting = "unknown-condition-accepted" in faults
        self._test = _test_of_known if "negation-drops-null" in faults else _test

    def predicate(self, given: Any) -> Test:
        """Raises Refusal ``unqueryable`` with every field and operator that does not exist."""
        unknown: list[str] = []
        test = self._all(given, unknown, 0)
        if unknown and not self._trusting:
            names = list(dict.fromkeys(unknown))
            told = [
                detail(f"/{escape(name)}", "unqueryable", f"'{name}' cannot be queried.") for name in names
            ]
            raise Refusal("unqueryable", f"Cannot be queried: {', '.join(names)}.", told)
        return test

    def _all(self, given: Any, unknown: list[str], depth: int) -> Test:
        if not isinstance(given, Mapping) or depth > _DEEPEST:
            unknown.append("where")
            return lambda _view, _world: True
        tests = [
            test for key, value in given.items() for test in self._tests(str(key), value, unknown, depth)
        ]
        return lambda view, world: all(test(view, world) for test in tests)

    def _tests(self, key: str, value: Any, unknown: list[str], depth: int) -> Iterator[Test]:
        word = key.lower()
        if word in ("and", "or"):
            branches = value if isinstance(value, list) else [value]
            tests = [self._all(branch, unknown, depth + 1) for branch in branches]
            if word == "and" or not tests:
                yield from tests
            else:
                yield lambda view, world: any(test(view, world) for test in tests)
            return
        path = self._paths.find(key)
        if path is None or not isinstance(value, Mapping):
            unknown.append(key)
            return
        for operator, operand in value.items():
            comparing = path.kind != "object" or operator == "exists"
            if operator not in OPERATORS or not comparing:
                unknown.append(f"{key}.{operator}")
            else:
                yield self._test(path, str(operator), operand)
