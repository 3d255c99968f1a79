"""Filters against an oracle of their own: what they keep is computed from the unfiltered list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from itertools import combinations, islice
from typing import Any

from troth.behaviour.model import Binding, Filter
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import holds_slot, pointer_of, related, slot_of, walked
from troth.conformance.reproduction.matching import SIGNS, held, matches, moment
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated
from troth.contract.model import Parameter
from troth.contract.pointers import join

__all__ = ["echo", "exact"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONG = len("2026-06-15")
_ENOUGH = 16
_MOMENTS = ("from", "to", "after", "before")
#: Offsets in hours that put a moment on either side of where it is without them.
_ZONES = (13, -11)


def exact(scene: Scene, binding: Binding) -> None:
    """For a value that some rows have and one that none has: exactly the matching rows are kept."""
    whole, pages = scene.listed(binding, scene.owner)
    whole = scene.telling(binding.resource, whole)
    if not whole:
        raise NotExercised("the list is empty, so nothing can be filtered")
    tried = 0
    for found in binding.filters:
        parameter = binding.operation.parameter("query", found.parameter)
        for values in _values(scene, binding, found, parameter, whole) if parameter else ():
            for query in _spellings(found, values):
                tried += 1
                _check(scene, binding, found, values, query, whole, pages)
        if parameter is not None and found.op in _MOMENTS:
            _elsewhere(scene, binding, found, parameter, whole, pages)
    _together(scene, binding, whole, pages)
    if not tried:
        raise NotExercised("no row of the list has a value that could be filtered by")


def _together(scene: Scene, binding: Binding, whole: list[Row], pages: list[Exchange]) -> None:
    """Two filters at once keep what both keep: rows that only one of them would keep are there to tell."""
    kept: list[tuple[Filter, Any, list[bool]]] = []
    for found in binding.filters:
        parameter = binding.operation.parameter("query", found.parameter)
        if parameter is None or found.op == "search":
            continue
        for values in islice(_values(scene, binding, found, parameter, whole), 1):
            marks = [_matches(found, row, values[0]) for row in whole]
            if any(marks) and not all(marks):
                kept.append((found, values[0], marks))
    for (first, one, left), (second, other, right) in combinations(kept, 2):
        if left == right or first.field == second.field:
            continue
        query = [(first.parameter, one), (second.parameter, other)]
        kept_rows, exchanges = scene.listed(binding, scene.owner, query=query)
        rows = scene.telling(binding.resource, kept_rows)
        name = binding.resource.id_field if binding.resource else "id"
        wanted = {str(row.get(name)) for row, a, b in zip(whole, left, right, strict=True) if a and b}
        given = {str(row.get(name)) for row in rows}
        if given != wanted:
            told = f"{first.parameter}={one}&{second.parameter}={other}"
            roles = {"whole": walked(binding, pages), "part": walked(binding, exchanges)}
            both = {"all": [_test(first, one), _test(second, other)]}
            raise Violated(
                f"{told} keeps {len(given)} rows instead of the {len(wanted)} that both keep",
                *exchanges[:1],
                missing=sorted(wanted - given)[:5],
                extra=sorted(given - wanted)[:5],
                deviation="missing" if wanted - given else "extra",
                relation=related(binding, "kept", roles, least=1, where=both),
            )
        return


def _elsewhere(
    scene: Scene,
    binding: Binding,
    found: Filter,
    parameter: Parameter,
    whole: list[Row],
    pages: list[Exchange],
) -> None:
    """The same moment as clocks elsewhere show it keeps the same rows."""
    schema = scene.contract.follow(parameter.schema_pointer)[1] if parameter.schema_pointer else {}
    if not parameter.schema_pointer or not isinstance(schema, Mapping) or schema.get("format") != "date-time":
        return
    valid = scene.validators.at(parameter.schema_pointer, "request").is_valid
    moments = (held(row, found.field) for row in whole)
    shown = next((one for one in moments if isinstance(one, str) and valid(one) and _zoned(one)), None)
    for hours in _ZONES if shown else ():
        value = datetime.fromisoformat(str(shown)).astimezone(timezone(timedelta(hours=hours))).isoformat()
        if not valid(value) or not scene.call(scene.owner, binding, query=[(found.parameter, value)]).ok:
            return
        _check(scene, binding, found, [value], [(found.parameter, value)], whole, pages)


def _zoned(text: str) -> bool:
    """Whether a text is a moment with its offset."""
    return isinstance(moment(text), datetime) and (text[-1:] in "Zz" or text[-6:-5] in ("+", "-"))


def echo(scene: Scene, binding: Binding) -> None:
    """Each used filter comes back in its place as it was meant, and nothing comes back that was not asked."""
    whole, pages = scene.listed(binding, scene.owner)
    whole = scene.telling(binding.resource, whole)
    tried = 0
    for found in binding.filters:
        slot, parameter = f"filter.{found.parameter}", binding.operation.parameter("query", found.parameter)
        if parameter is None or not holds_slot(binding, slot):
            continue
        if slot_of(binding, pages[0], slot) is not None:
            raise Violated(
                f"An unfiltered list repeats the filter '{found.parameter}'",
                pages[0],
                deviation="extra",
                field=found.parameter,
                relation=related(
                    binding, "says", {"answer": pages[0]}, at=pointer_of(binding, slot), right=None
                ),
            )
        many = _takes_many(scene, parameter) or found.separator
        for values in _values(scene, binding, found, parameter, whole):
            for query in _spellings(found, values):
                exchange = scene.call(scene.owner, binding, query=query)
                tried += 1
                told = slot_of(binding, exchange, slot)
                if told is None and not _narrows(scene, binding, found, values, query, whole, pages):
                    raise Inconclusive(f"'{found.parameter}' does nothing, which is what filter.exact judges")
                if told != (values if many else values[0]):
                    raise Violated(
                        f"{found.parameter}={values} is repeated as {told!r}",
                        exchange,
                        deviation="value",
                        field=found.parameter,
                        relation=related(
                            binding, "says", {"answer": exchange}, at=pointer_of(binding, slot),
                            right=values if many else values[0],
                        ),
                    )  # fmt: skip
    if not tried:
        raise NotExercised("no filter that the list repeats could be used")


def _spellings(found: Filter, values: list[Any]) -> Iterator[list[tuple[str, Any]]]:
    """The query strings that ask for the same values: repeated, and in one with the separator."""
    yield [(found.parameter, value) for value in values]
    if found.separator and len(values) > 1:
        yield [(found.parameter, found.separator.join(map(str, values)))]


def _takes_many(scene: Scene, parameter: Parameter) -> bool:
    """Whether a parameter may be repeated."""
    schema = scene.contract.follow(parameter.schema_pointer)[1] if parameter.schema_pointer else {}
    listed = isinstance(schema, Mapping) and schema.get("type") == "array"
    return bool(listed and (parameter.explode or parameter.style != "form"))


def _check(
    scene: Scene,
    binding: Binding,
    found: Filter,
    values: list[Any],
    query: list[tuple[str, Any]],
    whole: list[Row],
    pages: list[Exchange],
) -> None:
    name = binding.resource.id_field if binding.resource else "id"
    found_rows, exchanges = scene.listed(binding, scene.owner, query=query)
    rows = scene.telling(binding.resource, found_rows)
    value = "&".join(str(asked) for _, asked in query)
    expected = {str(row.get(name)) for row in whole if any(_matches(found, row, one) for one in values)}
    given = {str(row.get(name)) for row in rows}
    if found.op == "search" and expected:
        # Where it searches is the server's business, but what occurs nowhere is found nowhere.
        expected |= given & {str(row.get(name)) for row in whole}
    if given == expected:
        return
    missing, extra = sorted(expected - given), sorted(given - expected)
    title = f"{found.parameter}={value} keeps {len(given)} rows instead of {len(expected)} of {len(whole)}"
    tests = [_test(found, one) for one in values]
    strange = not missing and not set(extra) & {str(row.get(name)) for row in whole}
    roles = {"whole": walked(binding, pages), "part": walked(binding, exchanges)}
    raise Violated(
        title,
        *exchanges[:1],
        missing=missing[:5],
        extra=extra[:5],
        deviation="missing" if missing else "extra",
        field="" if strange else found.parameter,  # rows that the list does not have come through any filter
        relation=related(
            binding, "kept", roles, least=1, where=tests[0] if len(tests) == 1 else {"any": tests}
        ),
    )


def _narrows(
    scene: Scene,
    binding: Binding,
    found: Filter,
    values: list[Any],
    query: list[tuple[str, Any]],
    whole: list[Row],
    pages: list[Exchange],
) -> bool:
    try:
        _check(scene, binding, found, values, query, whole, pages)
    except Violated:
        return False
    return True


def _values(
    scene: Scene, binding: Binding, found: Filter, parameter: Parameter, whole: list[Row]
) -> Iterator[list[Any]]:
    """A value that keeps some rows but, where possible, not all; two where they may be; one that keeps none."""
    pointer, many = parameter.schema_pointer, _takes_many(scene, parameter)
    valid = scene.validators.at(pointer, "request").is_valid if pointer else lambda _value: True

    def is_valid(value: Any) -> bool:
        return valid([value] if many else value)

    listed = pointer and scene.contract.follow(pointer)[1]
    schema = _item(scene, parameter, listed if isinstance(listed, Mapping) else {})
    spelled = schema.get("enum") or () if found.op == "alike" else ()
    present = {repr(one): one for one in (*spelled, *(v for row in whole for v in _candidates(found, row)))}
    distinct = list(islice(filter(is_valid, present.values()), _ENOUGH))
    kept = (value for value in distinct if 0 < sum(_matches(found, row, value) for row in whole) < len(whole))
    telling = list(islice(kept, 2)) or distinct
    # No is as good a value as yes: servers that take it for nothing keep every row.
    yield from ([value] for value in telling[: 2 if isinstance(next(iter(telling), None), bool) else 1])
    if many and found.op in ("eq", "in") and len(telling) > 1:
        yield telling[:2]
    field = binding.resource.fields.get(found.field) if binding.resource else None
    known = (field.schema.get("enum") or ()) if field else ()
    absent = [value for value in (*_absent(scene, schema), *known) if is_valid(value)]
    yield from [[value] for value in absent if not any(_matches(found, row, value) for row in whole)][:1]


def _candidates(found: Filter, row: Row) -> list[Any]:
    if any(row.get(name) != value for name, value in found.where.items()):
        return []
    if found.op == "search":
        words = [
            value.split()[0] for value in row.values() if isinstance(value, str) and " " in value.strip()
        ]
        return words[:1]
    value = held(row, found.field)
    values = value if isinstance(value, list) else [value]
    days = [item[:10] for item in values if isinstance(item, str) and _DAY.match(item) and len(item) > _LONG]
    if found.op == "compared":
        dates = [*(item for item in values if isinstance(item, str) and _DAY.fullmatch(item)), *days]
        return [f"{sign}{day}" for sign in SIGNS for day in dates]
    return [*(item for item in values if isinstance(item, str | int | float | bool)), *days]


def _item(scene: Scene, parameter: Parameter, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of one value of a parameter, which may be repeated."""
    inner = schema.get("items") if schema.get("type") == "array" else None
    if inner is None or parameter.schema_pointer is None:
        return schema
    found = scene.contract.follow(join(scene.contract.follow(parameter.schema_pointer)[0], "items"))[1]
    return found if isinstance(found, Mapping) else {}


def _absent(scene: Scene, schema: Mapping[str, Any]) -> list[Any]:
    if isinstance(schema.get("enum"), list):
        return list(schema["enum"])
    if schema.get("type") == "boolean":
        return [True, False]
    if schema.get("type") in ("integer", "number"):
        return [987_654_321]
    return [
        f"3f2c8f0e-58a4-4a52-9d0a-{scene.nonce[:8].rjust(12, '0')}",
        "1901-01-01",
        f"none {scene.nonce}",
        "2099-12-31",
    ]


def _test(found: Filter, value: Any) -> dict[str, Any]:
    """What a row passes that a filter keeps."""
    where = {"where": dict(found.where)} if found.where else {}
    return {"asked": found.parameter, "field": found.field, "op": found.op, "value": value, **where}


def _matches(found: Filter, row: Row, value: Any) -> bool:
    return matches(_test(found, value), row)
