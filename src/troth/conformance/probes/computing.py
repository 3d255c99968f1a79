"""Computed fields: the contract's expressions, evaluated over what the API shows, give what it shows.

Of rows that are there, of new rows whose numbers bring rounding to light, and after rows that they are computed
over came and went.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

from troth.behaviour.expressions import Expression
from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.leaving import left_behind
from troth.conformance.probes.moving import followed, held_fast, led_elsewhere
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["computed"]

#: The texts that an expression names.
_WORDS = re.compile(r"'([^']*)'|\"([^\"]*)\"")

#: Half a cent before an even digit, taxes that round to nothing line by line; exact in binary.
_NUMBERS = ((1, 0.125, 3), (2.5, 0.25, 8), (5, 0.125, 20))


def computed(scene: Scene, binding: Binding) -> None:
    resource = binding.resource
    assert resource is not None  # noqa: S101 - fields belong to resources
    listed, most = scene.rows(resource, scene.owner), 12 if scene.thorough else 4
    world = Questions(scene, scene.owner)
    chosen = [*listed[:most], *_settled(resource, listed[most:], world)]
    judged = sum(_judge(scene, resource, row, world) for row in chosen)
    for row, sent in (*_plain(scene, resource), *_telling(scene, resource), *left_behind(scene, resource)):
        asked = Questions(scene, scene.owner)
        judged += _judge(scene, resource, row, asked, _unshown(resource, row, sent, asked))
    for row in chain(followed(scene, resource), led_elsewhere(scene, resource)):  # each as it stands by then
        judged += _judge(scene, resource, row, Questions(scene, scene.owner))
    judged += held_fast(scene, resource)
    if not judged:
        raise NotExercised("no computed field can be recomputed from what answers show")


def _plain(scene: Scene, resource: Resource) -> list[tuple[Row, Row]]:
    """A new row, where one can be made, and what was sent for it."""
    creator = scene.behaviour.binding(resource.name, Kind.CREATE)
    if creator is None:
        return []
    try:
        sent, made = scene.creation(creator, scene.owner)
        return [(scene.unwrapped(creator, made), sent)]
    except (NotExercised, Inconclusive):
        return []


def _unshown(resource: Resource, row: Row, sent: Row, world: Questions) -> Row:
    """What a new row holds in fields that no answer shows: what was sent, else its first value."""
    found: dict[str, Any] = {}
    for field in resource.fields.values():
        made = field.computed or field.generated or field.stamped or field.sequence or field.secret
        if made or not (field.hidden or field.write_only):
            continue
        if isinstance(sent, Mapping) and field.name in sent:
            found[field.name] = sent[field.name]
        elif field.initially is not None and world.reaches(field.initially):
            found[field.name] = field.initially.evaluate({**row, **found}, world)
        elif field.initially is None and field.write_only:
            found[field.name] = field.initial
    return found


def _read_again(scene: Scene, resource: Resource, row: Row) -> tuple[Row, Exchange]:
    """A row as it reads now, alone or in its list. Raises Inconclusive."""
    if scene.behaviour.binding(resource.name, Kind.READ) is not None:
        return scene.fetched(resource, scene.owner, row)
    lister, name = scene.operation(resource, Kind.LIST), resource.id_field
    rows, exchanges = scene.listed_below(lister, row) if lister.parents else scene.listed(lister, scene.owner)
    alike = (one for one in rows if (one.get(name) == row[name] if name in row else one == row))
    found = next(alike, None)
    if found is None:
        raise Inconclusive(f"the row of {resource.name} is not listed")
    return found, exchanges[0]


def _telling(scene: Scene, resource: Resource) -> Iterator[tuple[Row, Row]]:
    """New rows with numbers that tell one way of rounding from another."""
    creator = scene.behaviour.binding(resource.name, Kind.CREATE)
    names = _read(resource)
    if creator is None or not names:
        return
    for numbers in _NUMBERS:
        try:
            body = scene.body(creator, scene.owner)
        except (NotExercised, Inconclusive):
            return
        told = scene.bodies.telling(creator, body, names, numbers)
        if told is None:
            return
        made = scene.call(scene.owner, creator, body=scene.bodies.unique(creator, told))
        if made.ok:
            yield scene.unwrapped(creator, made), told


def _judge(
    scene: Scene, resource: Resource, listed: Row, world: Questions, unshown: Row | None = None
) -> int:
    """How many fields of a row could be computed again. Raises Violated for one that shows something else.

    A row that has just been made comes with what it holds ``unshown``, as far as that is known. Nothing refers to it
    yet, so what no list shows is known to be empty.
    """
    row, exchange = _read_again(scene, resource, listed)
    judged, fresh = 0, unshown is not None
    for told, field, scope, unknown in _fields(resource, row, unshown or {}):
        expression = field.computed
        if expression is None or field.name not in scope:
            continue
        if not world.reaches(expression) and not (fresh and not expression.looked_up):
            continue
        if expression.related and resource.id_field not in row:
            continue  # nothing tells which rows name one whose id is not shown
        if field.frozen_when is not None and field.frozen_when.holds(scope, world):
            continue
        values = [_wanted(expression, unknown, one, world) for one in _scopes(field, scope)]
        wanted = values[0]
        if (unknown and wanted is None) or any(value != wanted for value in values):
            continue  # what is stored beneath decides, and no answer shows it
        judged += 1
        if not _near(wanted, scope[field.name]):
            raise Violated(
                f"'{told}' is {scope[field.name]!r}, its expression gives {wanted!r}",
                exchange,
                deviation="value",
                field=told,
            )
    return judged


def _wanted(expression: Expression, unknown: frozenset[str], scope: Row, world: Questions) -> Any:
    return expression.regardless(unknown, scope, world) if unknown else expression.evaluate(scope, world)


def _settled(resource: Resource, rows: list[Row], world: Questions) -> Iterator[Row]:
    """For each field over something that is never shown, a row in which its value doesn't hang on that."""
    for field in resource.computed:
        expression, unknown = field.computed, _unknown(field, resource.fields)
        if expression is None or not unknown or expression.related or expression.looked_up:
            continue
        found = (row for row in rows if expression.regardless(unknown, row, world) is not None)
        yield from islice(found, 1)


def _fields(
    resource: Resource, row: Row, unshown: Row
) -> Iterator[tuple[str, Field, Mapping[str, Any], frozenset[str]]]:
    """(what it is called, field, what its expression reads, what of that is not known) of the computed fields.

    Those of lines come first, then those of the row.
    """
    for holder in resource.fields.values():
        items = row.get(holder.name) if holder.items else None
        for index, item in enumerate(items if isinstance(items, list) else ()):
            for field in (holder.items or {}).values():
                if isinstance(item, Mapping) and _unknown(field, holder.items or {}) == frozenset():
                    yield f"{holder.name}.{index}.{field.name}", field, item, frozenset()
    scope = {**unshown, **row, "$id": row.get(resource.id_field)}
    for field in resource.computed:
        unknown = _unknown(field, resource.fields, unshown)
        if unknown is not None:
            yield field.name, field, scope, unknown


def _scopes(field: Field, scope: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What an expression may be about that reads the field itself: as it is shown, and whatever else may be stored."""
    expression = field.computed
    if expression is None or field.name not in expression.variables:
        return [scope]
    words = (next(filter(None, pair)) for pair in _WORDS.findall(expression.text))
    others = dict.fromkeys((None, *(field.schema.get("enum") or ()), *words))
    return [scope, *({**scope, field.name: other} for other in others)]


def _unknown(
    field: Field, fields: Mapping[str, Field], known: Row = MappingProxyType({})
) -> frozenset[str] | None:
    """The fields that an expression reads, no answer shows and nothing makes known; None where it reads itself."""
    if field.computed is None or (field.name in field.computed.variables and not _is_text(field)):
        return None
    names = {name for name in field.computed.variables if name in fields and name != field.name}
    return frozenset(name for name in names - known.keys() if fields[name].write_only or fields[name].hidden)


def _is_text(field: Field) -> bool:
    """Whether every value of a field is a text, so that one beneath it can be told from another by its words."""
    return field.schema.get("type") == "string" and not field.hidden and not field.write_only


def _read(resource: Resource) -> frozenset[str]:
    """The names that expressions read, in the row and in the objects of its lists."""
    fields = [*resource.computed, *(i for f in resource.fields.values() for i in (f.items or {}).values())]
    return frozenset(name for field in fields if field.computed for name in field.computed.variables)


def _near(wanted: Any, found: Any) -> bool:
    numbers = isinstance(wanted, int | float) and isinstance(found, int | float)
    if numbers and not isinstance(wanted, bool) and not isinstance(found, bool):
        return bool(abs(wanted - found) < 0.005)  # noqa: PLR2004 - half a cent: computed in doubles on both sides
    return bool(wanted == found)
