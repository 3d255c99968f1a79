"""CEL expressions over rows: the only module that speaks to the CEL package.

An expression sees the fields of one row (every JSON number is a double), plus ``old`` (the row before an update),
``changes`` (what the request sends) and ``viewer`` (the caller's settings), in actions ``body`` and ``created``, in
lists ``query``, and these functions:

``today()``, ``now()``           the clock, as ``2026-05-19`` and ``2026-05-19T09:30:00.000Z``
``days(date, n)``                a date moved by n days
``sum(list)``, ``round(x, n)``   a total; half-up decimal rounding
``related(resource, field)``     rows of another resource whose field, or its member, holds this row's id
``lookup(resource, id)``         one row of another resource, or null
``seen(resource, id)``           whether the caller sees that row; only where ``viewer`` is known
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from marshal import dumps as frozen
from math import copysign, isfinite
from typing import Any, Protocol

import cel

from troth.behaviour.members import QUOTED, Asked, asked_of_function, asked_of_name, narrowed

__all__ = [
    "FUNCTIONS",
    "LOOKUP",
    "QUOTED",
    "RELATED",
    "SEEN",
    "STANDARD",
    "Expression",
    "ExpressionError",
    "World",
    "compile_expression",
]

#: Names of the functions that rows may call beside CEL's own.
FUNCTIONS = ("days", "lookup", "now", "related", "round", "seen", "sum", "today")

#: Names of the functions that CEL itself brings (and that the package behind this module knows).
STANDARD = (
    *(
        "bytes",
        "contains",
        "double",
        "duration",
        "dyn",
        "endsWith",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
    ),
    *(
        "getDayOfYear",
        "getFullYear",
        "getHours",
        "getMilliseconds",
        "getMinutes",
        "getMonth",
        "getSeconds",
        "int",
    ),
    *("matches", "size", "startsWith", "string", "timestamp", "type", "uint"),
)

#: Calls whose names are written out, so that what a row depends on is known before anything runs.
RELATED = re.compile(r"\brelated\(\s*'([^']+)'\s*,\s*'([^']+)'\s*\)")
LOOKUP = re.compile(r"\blookup\(\s*'([^']+)'\s*,(?:\s*([\w.]+)\s*\))?")
_BOUND = re.compile(r"\.(?:map|filter|exists|exists_one|existsOne|all)\(\s*(\w+)\s*,")
_CLOCK = frozenset({"today", "now"})
_IMPURE = _CLOCK | {"related", "lookup", "seen"}
#: The resources that ``seen`` names.
SEEN = re.compile(r"\bseen\(\s*'([^']+)'\s*,")
_SURROUNDINGS = frozenset({"body", "changes", "created", "old", "query", "viewer"})
#: Functions that give rows.
_ROW_CALLS = ("lookup", "related")
#: What an expression asks for that no values of a row tell.
_ELSEWHERE = frozenset({*_ROW_CALLS, "now", "seen"})
_AS_THEY_ARE = frozenset({str, float, bool, type(None)})
_REMEMBERED = 1024
#: Values that are longer in bytes are not worth remembering a result for.
_LONGEST = 1024
#: Without references to what was written before, so that equal values are equal bytes.
_PLAIN = 2

#: What a function cannot do with its arguments gives null, as documented; the package would also print it.
logging.getLogger("cel").disabled = True

Row = Mapping[str, Any]
_EXACT = 2.0**53  # beyond it a double has no digits after the point


class ExpressionError(ValueError):
    """The text is not a CEL expression, or calls something that does not exist."""


class World(Protocol):
    """What an expression may ask for beyond its own row."""

    @property
    def viewer(self) -> Mapping[str, Any]: ...
    def today(self) -> str: ...
    def now(self) -> str: ...
    def related(self, resource: str, field: str, row: Mapping[str, Any]) -> list[dict[str, Any]]: ...
    def lookup(self, resource: str, identifier: Any) -> dict[str, Any] | None: ...
    def seen(self, resource: str, identifier: Any) -> bool: ...


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    ``related`` lists the (resource, field) pairs that it reads besides its own row, ``looked_up`` the (resource, own
    field) pairs, dotted where the id is a member of the field's object, with an empty field where it is an expression.
    ``pure`` ones depend on nothing but scalar fields of the row, so their values are remembered.
    """

    text: str
    program: Any
    names: tuple[str, ...]
    variables: frozenset[str]
    functions: frozenset[str]
    related: frozenset[tuple[str, str]]
    looked_up: frozenset[tuple[str, str]]
    pure: bool
    #: The members that are asked for of what names stand for and functions give; what is not in here is handed over
    #: whole.
    asked: Mapping[str, Asked] = field(default_factory=dict)
    memo: dict[bytes, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def bound(self) -> frozenset[str]:
        """The variables that macros such as ``filter`` bring themselves."""
        return frozenset(_BOUND.findall(QUOTED.sub("''", self.text)))

    @property
    def daily(self) -> bool:
        """Whether the value may change when the day does."""
        return "today" in self.functions

    @property
    def clocked(self) -> bool:
        """Whether the value depends on the clock at all."""
        return bool(self.functions & _CLOCK)

    def evaluate(self, row: Mapping[str, Any], world: World, extra: Mapping[str, Any] | None = None) -> Any:
        """The value over a row. A missing field, a type error (CEL has no coercion), an overflow: null."""
        return self._value(self._scope(self.names, row, extra), row, world)

    def regardless(
        self,
        unknown: Collection[str],
        row: Mapping[str, Any],
        world: World,
        extra: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value that comes out whatever fields hold that nothing shows; null where it hangs on one of them."""
        return self._value(self._scope([n for n in self.names if n not in unknown], row, extra), row, world)

    def _scope(
        self, names: Iterable[str], row: Mapping[str, Any], extra: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """What names stand for, with nothing but what is asked for."""
        asked, get = self.asked, row.get
        scope = {name: narrowed(get(name), asked[name]) if name in asked else get(name) for name in names}
        if extra:
            for name in extra.keys() & self.variables:
                scope[name] = narrowed(extra[name], asked.get(name))
        return scope

    def _value(self, scope: dict[str, Any], row: Mapping[str, Any], world: World) -> Any:
        """The value for what names stand for: once for the same values, where nothing else is asked."""
        if "viewer" in self.variables:
            scope["viewer"] = narrowed(world.viewer, self.asked.get("viewer"))
        if self.functions & _ELSEWHERE:
            return self._execute(scope, row, world)
        try:
            key = frozen((scope, world.today() if "today" in self.functions else None), _PLAIN)
        except ValueError:  # something else than what JSON gives
            return self._execute(scope, row, world)
        try:
            return self.memo[key]
        except KeyError:
            value = self._execute(scope, row, world)
        if len(key) <= _LONGEST:
            if len(self.memo) >= _REMEMBERED:
                self.memo.clear()
            self.memo[key] = value
        return value

    def _execute(self, scope: Mapping[str, Any], row: Mapping[str, Any], world: World) -> Any:
        asked = self.asked
        calls = {name: _CALLS[name](world, row, asked.get(name)) for name in self.functions if name in _CALLS}
        try:
            given = {name: doubles(value) for name, value in scope.items()}
            return _ordered(self.program.execute(cel.Context(given, calls)))
        except (TypeError, ValueError, KeyError, RuntimeError, ArithmeticError):
            return None

    def holds(self, row: Mapping[str, Any], world: World, extra: Mapping[str, Any] | None = None) -> bool:
        return self.evaluate(row, world, extra) is True


def doubles(value: Any) -> Any:
    """A JSON value with every number as a double, since JSON has one number type and CEL does not coerce."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is dict:
        return {key: doubles(item) for key, item in value.items()}
    if kind is int:
        return float(value)
    if isinstance(value, Mapping):
        return {key: doubles(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [doubles(item) for item in value]
    return value


def _ordered(value: Any) -> Any:
    """A result with the members of its objects sorted: CEL's maps come back in any order."""
    if isinstance(value, dict):
        return {key: _whole(_ordered(value[key])) for key in sorted(value, key=str)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _whole(value: Any) -> Any:
    """A member of an object that went through CEL as a double: 5.0 is 5 again, as ids have to be."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def round_half_up(value: float, digits: float = 2) -> float:
    """Commercial rounding of the decimal that the number prints as: 2.675 becomes 2.68.

    What is too large to have such digits stays as it is; infinity becomes the largest number, as JSON has none.
    """
    number = float(value)
    if not isfinite(number):
        return copysign(sys.float_info.max, number)
    if abs(number) >= _EXACT:
        return number
    exponent = Decimal(1).scaleb(-int(digits))
    # 15 digits are what a double carries: 3 * 1.115 is 3.345 again, and not 3.3449999999999998.
    return float(Decimal(f"{number:.15g}").quantize(exponent, rounding=ROUND_HALF_UP))


def _shifted(day: str, amount: float) -> str:
    return (date.fromisoformat(day[:10]) + timedelta(days=int(amount))).isoformat()


def _total(items: list[Any]) -> float:
    return float(sum(item for item in items if item is not None))


def _related(world: World, row: Row, asked: Asked) -> Callable[[str, str], list[Any]]:
    return lambda resource, field: doubles(narrowed(world.related(resource, field, row), asked))


def _lookup(world: World, _row: Row, asked: Asked) -> Callable[[str, Any], Any]:
    return lambda resource, identifier: doubles(narrowed(world.lookup(resource, identifier), asked))


_CALLS: dict[str, Callable[[World, Row, Asked], Callable[..., Any]]] = {
    "today": lambda world, _row, _asked: world.today,
    "now": lambda world, _row, _asked: world.now,
    "days": lambda _world, _row, _asked: _shifted,
    "sum": lambda _world, _row, _asked: _total,
    "round": lambda _world, _row, _asked: round_half_up,
    "related": _related,
    "seen": lambda world, _row, _asked: world.seen,
    "lookup": _lookup,
}

_OPERATOR = re.compile(r"^[@_\-!?:\[\]<>=+*/%&|.]+$|^@|^_")


def compile_expression(text: str) -> Expression:
    """Compile one expression. Raises ExpressionError with what is wrong with it."""
    try:
        program = cel.compile(text)
    except (ValueError, TypeError) as error:
        raise ExpressionError(f"{text!r} is not a CEL expression: {str(error).splitlines()[0]}") from error
    names = program.references()
    functions = frozenset(name for name in names["functions"] if not _OPERATOR.match(name))
    variables = frozenset(names["variables"])
    return Expression(
        text=text,
        program=program,
        names=tuple(sorted(variables)),
        variables=variables,
        functions=functions,
        related=frozenset((r, f) for r, f in RELATED.findall(text)),
        looked_up=frozenset(LOOKUP.findall(text)),
        pure=not (functions & _IMPURE or variables & _SURROUNDINGS),
        asked=_asked(text, variables, functions),
    )


def _asked(text: str, variables: frozenset[str], functions: frozenset[str]) -> dict[str, Asked]:
    found = {name: asked_of_name(text, name) for name in sorted(variables)}
    found |= {name: asked_of_function(text, name) for name in _ROW_CALLS if name in functions}
    return {name: asked for name, asked in found.items() if asked is not None}
