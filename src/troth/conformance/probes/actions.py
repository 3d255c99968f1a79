"""Actions: what an operation says that it does to a row is done, and no other tenant can do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troth.behaviour.expressions import Expression
from troth.behaviour.model import Binding, Effect, Resource
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import acted_on, action_body, shown, situated
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["effect", "followed", "isolated", "printed"]


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only for resources
    return binding.resource


def _effect(binding: Binding) -> Effect:
    return binding.effect or Effect(None, {}, {}, "")


def effect(scene: Scene, binding: Binding) -> None:
    """A new row is acted on; its fields, its state and the row that was made have the values of their expressions."""
    resource, given = _resource(binding), _effect(binding)
    row = shown(scene, resource, scene.created(resource, scene.owner))
    body = action_body(scene, binding, scene.owner)
    exchange = acted_on(scene, binding, row, body)
    if not exchange.ok:
        raise Inconclusive(f"a new row of {resource.name} answers {exchange.status}")
    made = scene.unwrapped(binding, exchange) if binding.answers not in (None, resource.name) else None
    after, world = shown(scene, resource, row), Questions(scene, scene.owner)
    extra = {**_beside(row, body), **({"created": made} if made else {})}
    move = next((m for m in _moves(resource) if m.name == given.transition), None)
    if move is not None and resource.lifecycle and str(after.get(resource.lifecycle.field)) != move.target:
        raise Violated(
            f"'{move.name}' does not lead to {move.target!r}",
            exchange,
            found=after,
            deviation="value",
        )
    for name, formula in given.assign.items():
        field = resource.fields.get(name)
        if field is None or field.computed or field.write_only or field.hidden:
            continue
        if "created" not in formula.variables or made is not None:
            _compare(resource, name, formula, row, extra, world, after, exchange)
    _from_other_values(scene, binding, row, body, world)
    if made is not None and (target := scene.behaviour.resources.get(binding.answers or "")) is not None:
        for name, formula in given.create.get(target.name, {}).items():
            _compare(target, name, formula, row, extra, world, made, exchange)


def _from_other_values(scene: Scene, binding: Binding, row: Row, body: Any, world: Questions) -> None:
    """What the effect sets to the value that was there already, on a row that has another one.

    Where a run has rows of its own, those that were there before are acted on as well.
    """
    resource = _resource(binding)
    for name, formula in _effect(binding).assign.items():
        if "created" in formula.variables or "now" in formula.functions or not _is_kept(resource, name):
            continue

        def differs(found: Row, name: str = name, formula: Expression = formula) -> bool:
            return not same(formula.evaluate(found, world, _beside(found, body)), found.get(name))

        if differs(row):
            continue
        read = formula.variables | {name}
        for before in situated(scene, resource, read, differs, listed=scene.control is not None):
            exchange = acted_on(scene, binding, before, body)
            if exchange.ok:
                after = shown(scene, resource, before)
                _compare(resource, name, formula, before, _beside(before, body), world, after, exchange)
                break


def _beside(row: Row, body: Any) -> dict[str, Any]:
    """What an effect may ask for beside the row."""
    return {"body": body if body is not ABSENT else None, "old": row}


def _is_kept(resource: Resource, name: str) -> bool:
    """Whether answers show what is stored in a field: itself, or a state that follows from it."""
    field = resource.fields.get(name)
    if field is None or field.write_only or field.hidden:
        return False
    return field.computed is None or name in field.computed.variables


def _moves(resource: Resource) -> tuple[Any, ...]:
    return resource.lifecycle.transitions if resource.lifecycle else ()


def _compare(
    resource: Resource,
    name: str,
    formula: Expression,
    row: Row,
    extra: Mapping[str, Any],
    world: Questions,
    after: Row,
    exchange: Exchange,
) -> None:
    found, field = after.get(name), resource.fields.get(name)
    if "now" in formula.functions:
        if found is None:
            raise Violated(
                f"'{name}' is not set",
                exchange,
                expected=formula.text,
                deviation="missing",
                field=name,
            )
        return
    wanted = row[formula.text] if formula.text in row else formula.evaluate(row, world, extra)
    if field is not None and field.computed is not None and name in field.computed.variables:
        wanted = field.computed.evaluate(
            {**after, name: wanted}, world
        )  # what is shown follows from what is kept
    if wanted is not None and not same(wanted, found):
        raise Violated(
            f"'{name}' is {found!r}, the effect gives {wanted!r}",
            exchange,
            expected=formula.text,
            deviation="value",
            field=name,
        )


def isolated(scene: Scene, binding: Binding) -> None:
    """A peer cannot act on the owner's row, which stays as it was."""
    resource, peer = _resource(binding), scene.peer
    row = scene.created(resource, scene.owner)
    before = shown(scene, resource, row)
    foreign = acted_on(scene, binding, row, action_body(scene, binding, peer), peer)
    if foreign.broken:
        raise Inconclusive(f"acting on another tenant's row answers {foreign.status}")
    if foreign.ok or not same(before, shown(scene, resource, row)):
        raise Violated(f"{peer.name} acts on a row of {scene.owner.name}", foreign, before=dict(before))


def printed(scene: Scene, binding: Binding) -> None:
    """The document is a PDF; a row that does not exist has none."""
    resource = _resource(binding)
    row = scene.row(resource, scene.owner)
    exchange = acted_on(scene, binding, row, ABSENT)
    if exchange.broken or not exchange.ok:
        raise Inconclusive(f"the document answers {exchange.status}")
    media = (exchange.header("content-type") or "").partition(";")[0]
    if media != "application/pdf" or not exchange.content.startswith(b"%PDF-"):
        raise Violated("The document is no PDF", exchange, deviation="form")
    missing = scene.call(scene.owner, binding, identifier=scene.missing_id(resource), row=row)
    if missing.ok:
        raise Violated("A row that does not exist has a document", missing, deviation="extra")


def followed(scene: Scene, binding: Binding) -> None:
    """What is shown is the row that the field names; of a row that does not exist nothing is."""
    resource, through = _resource(binding), binding.through
    assert through is not None  # noqa: S101 - the clause exists only with one
    target = scene.behaviour.resources[through.to[""]]
    row = next((r for r in scene.rows(resource, scene.owner) if through.named(r)), None)
    if row is None:
        raise NotExercised(f"no row of {resource.name} that is listed names one of {target.name}")
    exchange = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row)
    if not exchange.ok:
        raise Inconclusive(f"answers {exchange.status}")
    wanted, shown = through.named(row)[0][2], scene.unwrapped(binding, exchange).get(target.id_field)
    if str(wanted) != str(shown):
        raise Violated(
            f"'{through.field}' names {wanted}, but what is shown is {shown}",
            exchange,
            deviation="value",
        )
    missing = scene.call(scene.owner, binding, identifier=scene.missing_id(resource), row=row)
    if missing.ok:
        raise Violated("Of a row that does not exist one is shown", missing, deviation="extra")
