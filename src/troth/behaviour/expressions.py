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
from math import copysign, isfinite
from typing import Any

import cel

from troth.behaviour.members import QUOTED, Asked, asked_of_function, asked_of_name, narrowed
from troth.behaviour.questions import Question, Questions, World, as_bytes

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
#: What is another thing at the next moment, or for a reason that nothing tells.
_FLEETING = frozenset({"now", "seen"})
_AS_THEY_ARE = frozenset({str, float, bool, type(None)})
_REMEMBERED = 1024
#: What depends on more bytes than this is not worth remembering.
_LONGEST = 1024

#: What a function cannot do with its arguments gives null, as documented; the package would also print it.
logging.getLogger("cel").disabled = True

_EXACT = 2.0**53  # beyond it a double has no digits after the point


class ExpressionError(ValueError):
    """The text is not a CEL expression, or calls something that does not exist."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    ``related`` lists the (resource, field) pairs that it reads besides its own row, ``looked_up`` the (resource, own
    field) pairs, dotted where the id is a member of the field's object, with an empty field where it is an expression.
    ``pure`` ones depend on nothing but the row's own fields.
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
    #: Values that came out before, with the questions about other rows that were asked for them.
    memo: dict[bytes, tuple[tuple[Question, ...], Any]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The members of a row that an evaluation takes: those that are named, and the id that others name it by."""
        return (*self.names, "id") if "related" in self.functions else self.names

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

    def everywhere(self, world: World, extra: Mapping[str, Any]) -> Any:
        """The value that every row has, by what comes with it; null where it hangs on the row."""
        return None if "related" in self.functions else self.regardless(self.names, {}, world, extra)

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
        """The value for what names stand for: once for the same values, while other rows answer the same as well."""
        if "viewer" in self.variables:
            scope["viewer"] = narrowed(world.viewer, self.asked.get("viewer"))
        if self.functions & _FLEETING:
            return self._execute(scope, Questions(self.asked, row, world))
        try:
            key = as_bytes((scope, world.today() if "today" in self.functions else None))
        except ValueError:  # something else than what JSON gives
            return self._execute(scope, Questions(self.asked, row, world))
        known = self.memo.get(key)
        if known is not None and not known[0]:
            return known[1]
        questions = Questions(self.asked, row, world)
        if known is not None and questions.repeat(known[0]):
            return known[1]
        value = self._execute(scope, questions)
        told = questions.told()
        if told is not None and len(key) + sum(len(one.answer) for one in told) <= _LONGEST:
            if len(self.memo) >= _REMEMBERED:
                self.memo.clear()
            self.memo[key] = told, value
        return value

    def _execute(self, scope: Mapping[str, Any], questions: Questions) -> Any:
        calls = {name: _CALLS[name](questions) for name in self.functions if name in _CALLS}
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


_CALLS: dict[str, Callable[[Questions], Callable[..., Any]]] = {
    "today": lambda questions: questions.world.today,
    "now": lambda questions: questions.world.now,
    "days": lambda _questions: _shifted,
    "sum": lambda _questions: _total,
    "round": lambda _questions: round_half_up,
    "related": lambda questions: lambda *given: doubles(questions.ask("related", *given)),
    "seen": lambda questions: questions.world.seen,
    "lookup": lambda questions: lambda *given: doubles(questions.ask("lookup", *given)),
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
