"""The same row or body with other values in the fields that a condition reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import product
from typing import Any

from troth.behaviour.model import Binding, Resource
from troth.behaviour.occasions import settable_fields
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene

__all__ = ["first_values", "variations"]

_MOST = 400
_EACH = 6


def variations(
    scene: Scene, binding: Binding, names: frozenset[str], base: Row, texts: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """``base`` with every combination of a few values in those of the fields that the operation writes.

    ``texts`` are tried as well, in the fields that hold text.
    """
    written = settable_fields(scene.contract, binding)
    choices: dict[str, list[Any]] = {}
    for name in sorted(names & written.keys()):
        value = base.get(name)
        plain = value if value is not None else scene.bodies.value(written[name], full=True)
        others = list(scene.bodies.others(written[name], plain))[:_EACH]
        named = texts if isinstance(plain, str) else ()
        every = [value, plain, None, *others, *_below(plain), *_earlier(plain), *named]
        choices[name] = [one for index, one in enumerate(every) if one not in every[:index]]
    for count, values in enumerate(product(*choices.values())):
        if count > _MOST:
            return
        yield {**base, **dict(zip(choices, values, strict=True))}


def first_values(resource: Resource, body: Row, world: Questions) -> Row:
    """What a create stores in the fields that its body does not name."""
    made: dict[str, Any] = {f.name: f.initial for f in resource.fields.values() if f.initial is not None}
    for field in resource.fields.values():
        if field.initially is not None and field.name not in body:
            made[field.name] = field.initially.evaluate({**made, **body}, world)
    return made


def _below(value: Any) -> list[Any]:
    """A number below zero and zero itself; a list of objects with the numbers of one member below zero."""
    if _is_number(value):
        return [-value, 0]
    rows = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    names = {name: None for row in rows for name, found in row.items() if _is_number(found) and found > 0}
    return [[_turned(item, name) for item in value] for name in names]


def _turned(item: Any, name: str) -> Any:
    """An object with the opposite of one of its numbers: of two factors both would cancel out."""
    if not isinstance(item, dict) or not _is_number(item.get(name)):
        return item
    return {**item, name: -item[name]}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _earlier(value: Any) -> list[Any]:
    """A date or date-time long before the given one."""
    if isinstance(value, str) and len(value) >= 10 and value[:4].isdigit() and value[4:5] == "-":  # noqa: PLR2004 - 2026-05-19
        return [f"2001{value[4:]}"]
    return []
