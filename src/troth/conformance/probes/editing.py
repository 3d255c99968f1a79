"""Fields that follow the state of their row: moments that are stamped, and what can be changed only for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from troth.behaviour.held_fields import guarded_fields
from troth.behaviour.model import Binding, Field
from troth.behaviour.occasions import settable_fields
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import shown, situated
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["editable", "stamped"]


def stamped(scene: Scene, binding: Binding) -> None:
    """A row that is brought into the state has a moment, one that never was in it has none."""
    resource = binding.resource
    assert resource is not None  # noqa: S101 - the clause exists only for resources
    fields = (f for f in resource.fields.values() if f.stamped is not None and not (f.hidden or f.write_only))
    _each(fields, partial(_stamped, scene, binding), "no row could be brought into a state with a moment")


def _each(fields: Iterable[Field], attempt: Callable[[Field], int], otherwise: str) -> None:
    """Raises NotExercised, with the reasons of all or what is said otherwise, where no field could be tried."""
    tried, reasons = 0, []
    for field in fields:
        try:
            tried += attempt(field)
        except (NotExercised, Inconclusive) as reason:
            reasons.append(str(reason))
    if not tried:
        raise NotExercised("; ".join(reasons) or otherwise)


def _stamped(scene: Scene, binding: Binding, field: Field) -> int:
    resource, world = binding.resource, Questions(scene, scene.owner)
    assert resource is not None  # noqa: S101 - as above
    assert field.stamped is not None  # noqa: S101 - as above
    condition, tried = field.stamped, 0
    names = (condition.variables - {field.name}) & resource.fields.keys()
    for wanted in (False, True):

        def fits(row: Row, wanted: bool = wanted) -> bool:
            # What is asked of the moment itself is answered for a row that has none yet.
            return field.name in row and condition.holds({**row, field.name: None}, world) is wanted

        row = next(situated(scene, resource, names, fits, listed=wanted), None)
        if row is None:
            continue
        tried += wanted
        found, exchange = scene.fetched(resource, scene.owner, row)
        if not fits(found):
            continue
        if wanted and found.get(field.name) is None:
            title = f"'{field.name}' is empty though it holds that {condition.text}"
            raise Violated(title, exchange, deviation="missing", field=field.name)
        if not wanted and found.get(field.name) is not None and field.name not in condition.variables:
            title = f"'{field.name}' has a moment though it never held that {condition.text}"
            raise Violated(title, exchange, deviation="extra", field=field.name)
    return tried


def editable(scene: Scene, binding: Binding) -> None:
    """A field with a guard is changed while it holds; after that a change is refused, and the field stays."""
    fields = guarded_fields(scene.contract, binding)
    _each(
        fields, partial(_guarded, scene, binding), "no row could be brought into a state in which fields stay"
    )


def _guarded(scene: Scene, binding: Binding, field: Field) -> int:
    resource, guard, world = binding.resource, field.editable_while, Questions(scene, scene.owner)
    assert resource is not None  # noqa: S101 - the clause exists only for resources
    assert guard is not None  # noqa: S101 - and only with a guard
    tried = 0
    for open_ in (True, False):

        def fits(row: Row, open_: bool = open_) -> bool:
            return guard.holds(row, world) is open_

        row = next(situated(scene, resource, guard.variables, fits, listed=not open_), None)
        change = _another(scene, binding, field, row) if row is not None else None
        if row is None or change is None:
            continue
        body = scene.update_body(binding, row, change, scene.owner)
        exchange = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
        if exchange.broken:
            raise Inconclusive(f"a change of '{field.name}' answers {exchange.status}")
        if open_ and exchange.status == scene.kind("conflict").status:
            title = f"'{field.name}' cannot be changed although it holds that {guard.text}"
            raise Violated(title, exchange, deviation="refused", field=field.name)
        if not open_:
            tried += 1
            if shown(scene, resource, row).get(field.name) != row.get(field.name):
                title = f"'{field.name}' is changed although it does not hold that {guard.text}"
                raise Violated(title, exchange, deviation="accepted", field=field.name)
    return tried


def _another(scene: Scene, binding: Binding, field: Field, row: Row) -> Row | None:
    """Another value for a field of a row."""
    pointer = settable_fields(scene.contract, binding)[field.name]
    others = (value for value in scene.bodies.others(pointer, row.get(field.name)) if value is not None)
    return next(({field.name: value} for value in others), None)
