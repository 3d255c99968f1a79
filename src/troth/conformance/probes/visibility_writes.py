"""What callers may write of rows that they do not see: no reference to them, and nothing that is withheld."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from troth.behaviour.model import Binding, Kind, Reference, Resource
from troth.behaviour.occasions import writable_fields
from troth.behaviour.seeing import Visibility
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.onlookers import Limited, limited, looked
from troth.conformance.probes.errors import assure_stated
from troth.conformance.probes.references import assure_heeded, untried, writing
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["reference", "write"]


def reference(scene: Scene, binding: Binding) -> None:
    """The same write is accepted with a visible row and refused, as declared, with an invisible one."""
    reasons = untried(scene, binding, _unseen)
    if reasons is not None:
        raise NotExercised("; ".join(reasons) or "no reference could be tried")


def _unseen(scene: Scene, binding: Binding, found: Reference) -> None:
    tried, reasons = 0, []
    for name in found.to.values():
        target = scene.behaviour.resources.get(name)
        for rule in target.visibility if target else ():
            assert target is not None  # noqa: S101 - it has a rule
            try:
                _refused(scene, binding, found, target, rule)
                tried += 1
            except NotExercised as reason:
                reasons.append(str(reason))
    if not tried:
        raise NotExercised("; ".join(reasons) or f"'{found.field}' names no rows with a rule of visibility")


def _refused(scene: Scene, binding: Binding, found: Reference, target: Resource, rule: Visibility) -> None:
    actor = limited(scene, target, rule).actor
    attempt = writing(scene, binding, found, actor)
    if attempt.target != target.name:
        raise NotExercised(f"'{found.field}' cannot be set to one of {target.name}")
    # What was written to get here may have made rows visible.
    now = looked(scene, target, rule, actor)
    if not now.unseen:
        raise NotExercised(f"{actor.name} sees every row of {target.name} by now")
    unseen = now.rows[now.unseen[-1]][target.id_field]
    exchange = attempt.send(unseen)
    wanted = scene.kind(found.refused or rule.reference or scene.behaviour.tenancy.foreign_reference).status
    if exchange.ok:
        assure_heeded(scene, binding, found)
        raise Violated(
            f"'{found.field}' may name a row of {target.name} that the caller does not see", exchange
        )
    if exchange.status != wanted:
        assure_stated(scene, binding, exchange, wanted)
        title = f"'{found.field}' with an invisible row of {target.name} answers {exchange.status} instead of {wanted}"
        raise Violated(title, exchange)


def write(scene: Scene, binding: Binding) -> None:
    """A write to an invisible row is refused as declared and changes nothing; fields that are shown can be changed."""
    resource, tried, reasons = binding.resource, 0, []
    assert resource is not None  # noqa: S101 - the clause exists only with rules of a resource
    for rule in resource.visibility:
        try:
            found = limited(scene, resource, rule)
            _withheld(scene, binding, resource, rule, found)
            tried += 1
        except NotExercised as reason:
            reasons.append(str(reason))
    if not tried:
        raise NotExercised("; ".join(reasons))


def _withheld(scene: Scene, binding: Binding, resource: Resource, rule: Visibility, found: Limited) -> None:
    found = looked(scene, resource, rule, found.actor)
    if not found.unseen:
        raise NotExercised(f"{found.actor.name} sees every row of {resource.name} by now")
    row = found.rows[found.unseen[0]]
    tenancy = scene.behaviour.tenancy
    wanted = scene.kind(tenancy.foreign_write if rule.read == "hide" else rule.write).status

    def send(body: Any) -> Exchange:
        return scene.call(found.actor, binding, identifier=row[resource.id_field], row=row, body=body)

    bodies = _bodies(scene, binding, resource, rule, row)
    exchange = send(bodies)
    after = {str(one.get(resource.id_field)): one for one in scene.rows(resource, scene.owner)}
    if exchange.ok or after.get(found.unseen[0]) != row:
        raise Violated("What is withheld from the caller can be written", exchange)
    if exchange.status != wanted:
        raise Violated(f"A write to what is withheld answers {exchange.status} instead of {wanted}", exchange)
    if rule.read != "hide" and rule.keep is None and binding.kind is Kind.UPDATE:
        _others(scene, binding, rule, row, send)


def _bodies(scene: Scene, binding: Binding, resource: Resource, rule: Visibility, row: Row) -> Any:
    """A body that touches what is withheld; none for a delete. Raises NotExercised when there is none."""
    if binding.kind is Kind.DELETE:
        if rule.read != "hide" and rule.keep is None:
            raise NotExercised("the rule withholds fields, and a row may be deleted without them")
        return ABSENT
    for name, pointer in writable_fields(scene.contract, binding).items():
        field = resource.fields.get(name)
        if field is None or field.read_only or not (rule.conceals(name) or rule.read == "hide"):
            continue
        for value in scene.bodies.others(pointer, row.get(name)):
            if value is not None:
                return scene.update_body(binding, row, {name: value}, scene.owner)
    raise NotExercised(f"{binding.id} can write nothing that the rule {rule.name!r} withholds")


def _others(
    scene: Scene, binding: Binding, rule: Visibility, row: Row, send: Callable[[Any], Exchange]
) -> None:
    """A field that is shown can be changed; the owner puts it back."""
    for name, value, body in scene.changes(binding, row, scene.owner):
        if rule.conceals(name):
            continue
        exchange = send(body)
        if not exchange.ok:
            raise Violated(
                f"'{name}' is shown and cannot be changed to {value!r}",
                exchange,
                deviation="refused",
                field=name,
            )
        assert binding.resource is not None  # noqa: S101 - as above
        identifier, before = (
            row[binding.resource.id_field],
            scene.update_body(binding, row, {name: row.get(name)}, scene.owner),
        )
        if not scene.call(scene.owner, binding, identifier=identifier, row=row, body=before).ok:
            raise Inconclusive(f"'{name}' could not be put back")
        return
