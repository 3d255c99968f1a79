"""Filters: from query parameters to one predicate over views. Compiled per operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from troth.behaviour.model import Filter, Resource
from troth.engine.clock import instant, parse_instant
from troth.engine.state import held

__all__ = ["FilterSet"]

View = Mapping[str, Any]
Predicate = Callable[[View], bool]


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OFFSET = re.compile(r"^(.*[Tt][0-9:.]+)[+-][0-9]{2}:[0-9]{2}$")


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and _DATE.match(value) is not None and value[10:11] in ("T", "t", " ")


def _comparable(value: Any, *, by_day: bool) -> Any:
    """Date-times as seconds, so that offsets compare as moments, or as their date in UTC; others as they stand."""
    if not _is_moment(value):
        return value
    try:
        moment = parse_instant(value)
    except ValueError:
        return value
    return instant(moment)[:10] if by_day else moment


def _ordered(field: str, wanted: Any, test: Callable[[Any, Any], bool]) -> Predicate:
    """A date without a time limits by days, whatever the field holds; a date in a field is that day's beginning."""
    by_day = isinstance(wanted, str) and _DATE.fullmatch(wanted) is not None
    limit = _comparable(wanted, by_day=by_day)

    def holds(view: View) -> bool:
        value = _comparable(view.get(field), by_day=by_day)
        if isinstance(limit, float) and isinstance(value, str) and _DATE.fullmatch(value):
            value = parse_instant(value)
        if value is None or isinstance(value, str) is not isinstance(limit, str):
            return False
        return test(value, limit)

    return holds


def _text(view: View, field: str) -> str:
    return str(view.get(field) or "").lower()


def _kept(field: str, wanted: Any) -> Predicate:
    """An id that an object keeps; the text ``null`` stands for none."""
    sought = None if wanted == "null" else wanted
    return lambda view: held(view, field) == sought


_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "=": lambda a, b: a == b,
}


def _compared(field: str, wanted: Any) -> Predicate:
    """Each text begins with a sign; all of them hold."""
    tests = []
    for text in wanted if isinstance(wanted, list) else [wanted]:
        sign = next((sign for sign in _SIGNS if str(text).startswith(sign)), "")
        tests.append(_ordered(field, str(text).removeprefix(sign), _SIGNS[sign or "="]))
    return lambda view: all(test(view) for test in tests)


_MAKERS: Mapping[str, Callable[[str, Any], Predicate]] = {
    "eq": lambda field, wanted: (
        _kept(field, wanted) if "." in field else (lambda view: view.get(field) == wanted)
    ),
    "in": lambda field, wanted: lambda view: view.get(field) in wanted,
    "has": lambda field, wanted: (
        lambda view: (
            any(one in (held(view, field) or ()) for one in wanted)
            if isinstance(wanted, list)
            else wanted in (held(view, field) or ())
        )
    ),
    "alike": lambda field, wanted: lambda view: str(held(view, field) or "").lower() == str(wanted).lower(),
    "compared": _compared,
    "contains": lambda field, wanted: lambda view: str(wanted).lower() in _text(view, field),
    "from": lambda field, wanted: _ordered(field, wanted, lambda a, b: a >= b),
    "to": lambda field, wanted: _ordered(field, wanted, lambda a, b: a <= b),
    "after": lambda field, wanted: _ordered(field, wanted, lambda a, b: a > b),
    "before": lambda field, wanted: _ordered(field, wanted, lambda a, b: a < b),
    "search": lambda _field, wanted: (
        lambda view: any(
            isinstance(value, str) and str(wanted).lower() in value.lower() for value in view.values()
        )
    ),
}


def _asked(found: Filter, value: Any) -> Any:
    """What a parameter asks for: with a separator every value in it once, in the order in which they stand."""
    if not found.separator:
        return value
    texts = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(part for text in texts for part in str(text).split(found.separator)))


def _as_local(found: Filter, value: Any) -> Any:
    """The same, where a fault cuts the offset of a moment off."""
    asked = _asked(found, value)
    return _OFFSET.sub(r"\1Z", asked) if isinstance(asked, str) else asked


def _maker(found: Filter, wanted: Any) -> Predicate:
    op = "in" if found.op == "eq" and isinstance(wanted, list) else found.op
    test = _MAKERS.get(op, _MAKERS["eq"])(found.field, wanted)
    if not found.where:
        return test
    constants = tuple(found.where.items())
    return lambda view: test(view) and all(view.get(name) == value for name, value in constants)


class FilterSet:
    """The filters of one list operation."""

    def __init__(
        self, filters: Sequence[Filter], resource: Resource | None, faults: frozenset[str] = frozenset()
    ) -> None:
        self._filters = tuple(filters)
        self._joined: Callable[[Iterable[bool]], bool] = any if "filters-ored" in faults else all
        self._asked = _as_local if "offset-dropped" in faults else _asked
        self.fields = frozenset(f.field for f in filters)
        self.resource = resource
        self._keys = tuple(("query", f.parameter) for f in filters)

    def used(self, values: Mapping[tuple[str, str], Any]) -> bool:
        """Whether a request filters at all."""
        return any(key in values for key in self._keys)

    def asked(self, values: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
        """Envelope slots that repeat what each used filter asks for."""
        return {
            f"filter.{f.parameter}": _asked(f, values["query", f.parameter])
            for f in self._filters
            if ("query", f.parameter) in values
        }

    def predicate(self, values: Mapping[tuple[str, str], Any]) -> Predicate | None:
        """The conjunction of the filters that a request uses; None when it uses none."""
        used = [
            _maker(f, self._asked(f, values["query", f.parameter]))
            for f in self._filters
            if ("query", f.parameter) in values
        ]
        if not used:
            return None
        if len(used) == 1:
            return used[0]
        return lambda view: self._joined(test(view) for test in used)
