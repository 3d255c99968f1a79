"""What no two rows share, and the numbers that a server gives: never one twice, never told across tenants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from troth.behaviour.circumstances import unique_beyond_tenant
from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.behaviour.occasions import numbered_fields, unique_fields, writable_fields
from troth.conformance.actors import Actor
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.relating import Related
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated
from troth.contract.pointers import join

__all__ = ["fresh_value", "numbered", "taken", "unique", "unique_elsewhere"]

_NUMBERED = 3


def unique(scene: Scene, binding: Binding) -> None:
    """A second row with the value of the first is refused, where one with another value is accepted."""
    for field, value, body, first in _tried(scene, binding, unique_fields(scene.contract, binding)):
        again = scene.call(scene.owner, binding, body=taken(scene, binding, body, field, value))
        if again.broken:
            raise Inconclusive(f"a second row with the same '{field.name}' answers {again.status}")
        if again.ok:
            _still_there(scene, binding, first)
            raise Violated(
                f"Two rows have the '{field.name}' {value!r}",
                first,
                again,
                deviation="repeated",
                field=field.name,
            )


def _still_there(scene: Scene, binding: Binding, made: Exchange) -> None:
    """Raises Inconclusive where the row that has the value is gone."""
    reader = scene.behaviour.binding(_resource(binding).name, Kind.READ)
    row = scene.unwrapped(binding, made)
    if reader and not reader.parents and _resource(binding).id_field in row:
        identifier = row[_resource(binding).id_field]
        if not scene.call(scene.owner, reader, identifier=identifier, row=row).ok:
            raise Inconclusive("the row that has the value is gone")


def unique_elsewhere(scene: Scene, binding: Binding) -> None:
    """The peer may use a value that the owner has used; a refusal would tell that somebody has it."""
    peer = scene.peer
    fields = unique_beyond_tenant(scene.behaviour, scene.contract, binding)
    for field, value, _, first in _tried(scene, binding, fields):
        body, _made = scene.creation(binding, peer)
        foreign = scene.call(peer, binding, body=taken(scene, binding, body, field, value))
        if foreign.broken:
            raise Inconclusive(f"answers {foreign.status}")
        if not foreign.ok:
            raise Violated(
                f"{peer.name} is told that a '{field.name}' of {scene.owner.name} is taken", first, foreign
            )


def taken(scene: Scene, binding: Binding, body: Any, field: Field, value: Any) -> Any:
    """The same body once more, new in everything else that should be, with that value."""
    return {**scene.bodies.unique(binding, body), field.name: value}


def _tried(
    scene: Scene, binding: Binding, fields: Sequence[Field]
) -> Iterator[tuple[Field, Any, Any, Exchange]]:
    """(field, value, body, answer) of a new row for every one of the unique fields. Raises NotExercised without one."""
    resource, found = _resource(binding), 0
    for field in fields:
        value = fresh_value(scene, binding, field)
        body = scene.body(binding, scene.owner)
        made = scene.call(scene.owner, binding, body=taken(scene, binding, body, field, value))
        if made.ok and same(scene.unwrapped(binding, made).get(field.name), value):
            found += 1
            yield field, value, body, made
    if not found:
        raise NotExercised(f"no row of {resource.name} could be made with a chosen unique value")


def fresh_value(scene: Scene, binding: Binding, field: Field) -> Any:
    """A value of the field that no row has."""
    pointer = writable_fields(scene.contract, binding)[field.name]
    plain = scene.bodies.value(pointer, full=True)
    return next((value for value in scene.bodies.others(pointer, plain) if value is not None), plain)


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - fields belong to resources
    return binding.resource


def numbered(scene: Scene, binding: Binding) -> None:
    """Rows that are made without a number get different ones, of the declared form, that no listed row has."""
    for field in numbered_fields(binding):
        given: list[tuple[Any, Exchange]] = []
        for _ in range(_NUMBERED):
            made = _unnumbered(scene, binding, field, scene.owner)
            given.append((scene.unwrapped(binding, made).get(field.name), made))
        for index, (value, made) in enumerate(given):
            if not _form(field).fullmatch(str(value)):
                raise Violated(
                    f"'{field.name}' is {value!r}, the form is {field.sequence}",
                    made,
                    deviation="form",
                    field=field.name,
                )
            for before, first in given[:index]:
                if value == before:
                    raise Violated(
                        f"'{field.name}' is {value!r} twice",
                        first,
                        made,
                        deviation="repeated",
                        field=field.name,
                        relation=Related(
                            "differ", {"one": first, "other": made},
                            {"at": join("", *filter(None, (binding.wrapper, field.name)))},
                        ),
                    )  # fmt: skip


def _unnumbered(scene: Scene, binding: Binding, field: Field, actor: Actor) -> Exchange:
    body = scene.body(binding, actor)
    plain = {name: value for name, value in body.items() if name != field.name}
    made = scene.call(actor, binding, body=scene.bodies.unique(binding, plain))
    if not made.ok:
        raise NotExercised(f"a body without '{field.name}' answers {made.status}")
    return made


def _form(field: Field) -> re.Pattern[str]:
    before, slot, after = re.split(r"(\{[^}]*\})", field.sequence or "", maxsplit=1)
    width = re.search(r":0?(\d+)d?\}", slot)
    return re.compile(rf"{re.escape(before)}\d{{{int(width[1]) if width else 1},}}{re.escape(after)}")
