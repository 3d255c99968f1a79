"""CEL expressions name fields, functions and resources that exist, and computed fields don't chase each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from troth.behaviour.checks.ground import Ground
from troth.behaviour.expressions import FUNCTIONS, LOOKUP, QUOTED, RELATED, SEEN, STANDARD, Expression
from troth.behaviour.model import Field, Resource
from troth.contract.pointers import join
from troth.findings import Finding

__all__ = ["check_formulas", "inspected"]

_BEFORE = re.compile(r"\bold\.(\w+)")
_CALLER = re.compile(r"\bviewer\.(\w+)")
_FOUND = re.compile(r"\blookup\(\s*'([^']+)'\s*,[^()]*\)\.(\w+)")
_TESTED = re.compile(r"\bhas\(\s*lookup\(\s*'([^']+)'\s*,[^()]*\)\.(\w+)")
_CALLS = {name: re.compile(rf"(?<![\w.]){name}\(") for name in ("related", "lookup", "seen")}
_TYPES = frozenset({"int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type"})


@dataclass(frozen=True, slots=True)
class _Formula:
    """One expression, where it stands, and the names that it may use."""

    expression: Expression
    pointer: str
    fields: Mapping[str, Field]
    extra: frozenset[str] = frozenset()


def check_formulas(ground: Ground) -> Iterator[Finding]:
    """Unknown names in every expression, and circles of computed fields."""
    for resource in ground.behaviour.resources.values():
        for formula in (*_of_resource(resource), *_of_fields(ground, resource)):
            yield from _names(ground, formula)
            yield from _resources(ground, formula)
        yield from _circles(ground, resource.fields)
        for field in resource.fields.values():
            yield from _circles(ground, field.items or {})


def inspected(
    ground: Ground,
    expression: Expression,
    pointer: str,
    fields: Mapping[str, Field],
    extra: Iterable[str] = (),
) -> Iterator[Finding]:
    """What is wrong with one expression over rows with these fields; ``extra`` are further names that it may use."""
    formula = _Formula(expression, pointer, fields, frozenset(extra))
    yield from _names(ground, formula)
    yield from _resources(ground, formula)


def _of_resource(resource: Resource) -> Iterator[_Formula]:
    def formula(found: Expression | None, pointer: str, *extra: str) -> Iterator[_Formula]:
        if found is not None:
            yield _Formula(found, pointer, resource.fields, frozenset(extra))

    yield from formula(resource.visible, join(resource.pointer, "visible"))
    for move in resource.lifecycle.transitions if resource.lifecycle else ():
        at = join(resource.pointer, "lifecycle", "transitions", move.name, "when")
        yield from formula(move.when, at, "viewer")
    for rule in resource.rules:
        yield from formula(rule.when, join(rule.pointer, "when"), "old", "changes", "viewer")
        yield from formula(rule.require, join(rule.pointer, "require"), "old", "changes", "viewer")
    for event in resource.events:
        yield from formula(event.when, join(event.pointer, "when"), "old")
        yield from formula(event.data, join(event.pointer, "data"))
    yield from formula(resource.event_data, join(resource.pointer, "eventData"))


def _of_fields(ground: Ground, resource: Resource) -> Iterator[_Formula]:
    for field, neighbours in ground.fields(resource):
        at, _ = ground.traits(field)
        for word, found in (
            ("computed", field.computed),
            ("initially", field.initially),
            ("stamped", field.stamped),
            ("frozenWhen", field.frozen_when),
            ("editableWhile", field.editable_while),
        ):
            if found is not None:
                asked = frozenset({"viewer"} if word in ("initially", "editableWhile") else ())
                yield _Formula(found, join(at, word), neighbours, asked)


def _names(ground: Ground, formula: _Formula) -> Iterator[Finding]:
    text = QUOTED.sub("''", formula.expression.text)
    known = formula.fields.keys() | formula.extra
    for name in sorted(formula.expression.variables - known - formula.expression.bound - _TYPES):
        yield ground.unknown("unknown-name", formula.pointer, "field", name, known)
    if "old" in formula.extra:
        for name in sorted(set(_BEFORE.findall(text)) - formula.fields.keys()):
            yield ground.unknown("unknown-name", formula.pointer, "field of old", name, formula.fields)
    if "viewer" in formula.extra:
        settings = ground.behaviour.viewer
        for name in sorted(set(_CALLER.findall(text)) - settings.keys()):
            yield ground.unknown("unknown-name", formula.pointer, "setting of callers", name, settings)
    callable_ = {*FUNCTIONS, *STANDARD} - (set() if "viewer" in formula.extra else {"seen"})
    for name in sorted(formula.expression.functions - callable_):
        yield ground.unknown("unknown-function", formula.pointer, "function", name, callable_)


def _resources(ground: Ground, formula: _Formula) -> Iterator[Finding]:
    """What ``related`` and ``lookup`` name, which must be written out: dependants are found before anything runs."""
    expression, known = formula.expression, ground.behaviour.resources
    text = QUOTED.sub("''", expression.text)
    literal = {
        "related": len(RELATED.findall(expression.text)),
        "lookup": len(LOOKUP.findall(expression.text)),
        "seen": len(SEEN.findall(expression.text)),
    }
    form = {
        "related": "related('resource', 'field')",
        "lookup": "lookup('resource', id)",
        "seen": "seen('resource', id)",
    }
    for name, pattern in _CALLS.items():
        if len(pattern.findall(text)) > literal[name]:
            message = f"{name} needs names written out, as in {form[name]}."
            yield ground.finding("computed-name", formula.pointer, message, found=expression.text)
    asked_for = {r for r, _ in expression.looked_up | expression.related} | set(SEEN.findall(expression.text))
    for name in sorted(asked_for - known.keys()):
        yield ground.unknown("unknown-resource", formula.pointer, "resource", name, known)
    asked = set(_FOUND.findall(expression.text)) - set(_TESTED.findall(expression.text))
    for name, field in sorted({*expression.related, *asked}):
        if name in known and known[name].fields and not ground.path(known[name], field):
            yield ground.missing_field(formula.pointer, field, known[name])


def _circles(ground: Ground, fields: Mapping[str, Field]) -> Iterator[Finding]:
    """Each circle once, at its first field. A field may read its own stored value."""
    reads = {
        name: sorted(field.computed.variables & fields.keys() - {name} - field.computed.bound)
        for name, field in fields.items()
        if field.computed is not None
    }
    told: set[frozenset[str]] = set()
    for name in reads:
        circle = _circle(name, reads)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            at, _ = ground.traits(fields[name])
            way = " reads ".join(repr(step) for step in [*circle, name])
            message = f"the computed fields go in a circle: {way}."
            yield ground.finding("computed-circle", join(at, "computed"), message, circle=circle)


def _circle(start: str, reads: Mapping[str, list[str]]) -> list[str]:
    """The shortest way from a field back to itself; empty when there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in reads.get(way[-1], ()):
            if name == start:
                return way
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
