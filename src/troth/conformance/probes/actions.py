"""Actions: what an operation says that it does to a row is done, once it may; and nobody else may."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troth.behaviour.expressions import Expression
from troth.behaviour.model import Binding, Effect, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.actors import Actor
from troth.conformance.bodies import json_media
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["effect", "followed", "isolated", "printed", "refused"]

_ENOUGH = 6
_SENT = re.compile(r"\bbody\.(\w+)")


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only for resources
    return binding.resource


def _effect(binding: Binding) -> Effect:
    return binding.effect or Effect(None, {}, {}, "")


def _body(scene: Scene, binding: Binding, actor: Actor) -> Any:
    """What to send: ids of live rows where a member ends up in a reference."""
    if json_media(binding) is None:
        return ABSENT
    body = dict(scene.body(binding, actor))
    for name, formula in _effect(binding).assign.items():
        field = _resource(binding).fields.get(name)
        target = (
            scene.behaviour.resources.get(field.reference.to.get("", ""))
            if field and field.reference
            else None
        )
        for member in _SENT.findall(formula.text):
            if target is not None and member in body:
                body[member] = scene.row(target, actor)[target.id_field]
    return body


def _act(scene: Scene, binding: Binding, row: Row, actor: Actor, body: Any) -> Exchange:
    return scene.call(actor, binding, identifier=row[_resource(binding).id_field], row=row, body=body)


def _shown(scene: Scene, resource: Resource, row: Row) -> Row:
    """The row as it reads now, alone or in its list."""
    if scene.behaviour.binding(resource.name, Kind.READ) is not None:
        return scene.fetched(resource, scene.owner, row)[0]
    identifier = row[resource.id_field]
    found = next(
        (one for one in scene.rows(resource, scene.owner) if one.get(resource.id_field) == identifier), None
    )
    if found is None:
        raise Inconclusive(f"the row of {resource.name} is not listed")
    return found


def effect(scene: Scene, binding: Binding) -> None:
    """A new row is acted on; its fields, its state and the row that was made have the values of their expressions."""
    resource, given = _resource(binding), _effect(binding)
    row = _shown(scene, resource, scene.created(resource, scene.owner))
    body = _body(scene, binding, scene.owner)
    exchange = _act(scene, binding, row, scene.owner, body)
    if not exchange.ok:
        raise Inconclusive(f"a new row of {resource.name} answers {exchange.status}")
    made = scene.unwrapped(binding, exchange) if binding.answers not in (None, resource.name) else None
    after, world = _shown(scene, resource, row), Questions(scene, scene.owner)
    extra = {"body": body if body is not ABSENT else None, "old": row, **({"created": made} if made else {})}
    move = next((m for m in _moves(resource) if m.name == given.transition), None)
    if move is not None and resource.lifecycle and str(after.get(resource.lifecycle.field)) != move.target:
        raise Violated(f"'{move.name}' does not lead to {move.target!r}", exchange, found=after)
    for name, formula in given.assign.items():
        field = resource.fields.get(name)
        if field is None or field.computed or field.write_only or field.hidden:
            continue
        if "created" not in formula.variables or made is not None:
            _compare(name, formula, row, extra, world, after, exchange)
    _from_other_values(scene, binding, row, body, world)
    values = given.create.get(binding.answers or "") if made is not None else None
    for name, formula in (values or {}).items():
        _compare(name, formula, row, extra, world, made or {}, exchange)


def _from_other_values(scene: Scene, binding: Binding, row: Row, body: Any, world: Questions) -> None:
    """What the effect sets to the value that was there already, on a row that was made with another one."""
    resource, creator = _resource(binding), scene.behaviour.binding(_resource(binding).name, Kind.CREATE)
    written = writable_fields(scene.contract, creator) if creator else {}
    extra = {"body": body if body is not ABSENT else None, "old": row}
    for name, formula in _effect(binding).assign.items():
        plain = "created" not in formula.variables and "now" not in formula.functions
        if creator is None or name not in written or not plain:
            continue
        if not same(formula.evaluate(row, world, extra), row.get(name)):
            continue
        for value in list(scene.bodies.others(written[name], row.get(name)))[:_ENOUGH]:
            made = scene.call(
                scene.owner, creator,
                body=scene.bodies.unique(creator, {**scene.body(creator, scene.owner), name: value}),
            )  # fmt: skip
            before = _shown(scene, resource, scene.unwrapped(creator, made)) if made.ok else row
            wanted = formula.evaluate(before, world, {**extra, "old": before})
            if not made.ok or same(wanted, before.get(name)):
                continue
            exchange = _act(scene, binding, before, scene.owner, body)
            if exchange.ok:
                after = _shown(scene, resource, before)
                _compare(name, formula, before, {**extra, "old": before}, world, after, exchange)
                break


def _moves(resource: Resource) -> tuple[Any, ...]:
    return resource.lifecycle.transitions if resource.lifecycle else ()


def _compare(
    name: str,
    formula: Expression,
    row: Row,
    extra: Mapping[str, Any],
    world: Questions,
    after: Row,
    exchange: Exchange,
) -> None:
    found = after.get(name)
    if "now" in formula.functions:
        if found is None:
            raise Violated(f"'{name}' is not set", exchange, expected=formula.text)
        return
    wanted = row[formula.text] if formula.text in row else formula.evaluate(row, world, extra)
    if wanted is not None and not same(wanted, found):
        raise Violated(f"'{name}' is {found!r}, the effect gives {wanted!r}", exchange, expected=formula.text)


def refused(scene: Scene, binding: Binding) -> None:
    """Acted on twice, and in closed states: where a rule or the state forbids it, nothing changes any more."""
    resource = _resource(binding)
    elsewhere = _from_closed_states(scene, binding)
    row = scene.created(resource, scene.owner)
    body = _body(scene, binding, scene.owner)
    first = _act(scene, binding, row, scene.owner, body)
    if not first.ok:
        raise Inconclusive(f"a new row of {resource.name} answers {first.status}")
    after = _shown(scene, resource, row)
    reason = _forbidden(scene, binding, after, body)
    if reason is None and elsewhere:
        return
    if reason is None:
        raise NotExercised("it may be repeated, and nothing that answers show forbids it")
    kind, told = reason
    again = _act(scene, binding, row, scene.owner, body)
    if again.broken:
        raise Inconclusive(f"the second time answers {again.status}")
    if again.ok:
        raise Violated(f"It is accepted although {told}", first, again)
    if again.status != scene.kind(kind).status:
        raise Violated(f"It answers {again.status} instead of {scene.kind(kind).status}", again)
    if not same(after, _shown(scene, resource, row)):
        raise Violated("It is refused and changes the row all the same", again)


def _from_closed_states(scene: Scene, binding: Binding) -> int:
    """Rows that other actions brought into states that the transition does not start from; how many were refused."""
    resource, refused_ = _resource(binding), 0
    cycle, name = resource.lifecycle, _effect(binding).transition
    move = next((one for one in _moves(resource) if one.name == name), None)
    if cycle is None or move is None:
        return 0
    for other in scene.behaviour.bindings.values():
        way = next(
            (one for one in _moves(resource) if other.effect and one.name == other.effect.transition), None
        )
        same_rows = other.resource is not None and other.resource.name == resource.name
        if way is None or not same_rows or way.target in move.origins or other.id == binding.id:
            continue
        row = scene.created(resource, scene.owner)
        if not _act(scene, other, row, scene.owner, _body(scene, other, scene.owner)).ok:
            continue
        row = _shown(scene, resource, row)
        if str(row.get(cycle.field)) != way.target:
            continue
        exchange = _act(scene, binding, row, scene.owner, _body(scene, binding, scene.owner))
        if exchange.ok:
            raise Violated(f"'{name}' is accepted in the state {way.target!r}", exchange)
        refused_ += not exchange.broken
    return refused_


def _forbidden(scene: Scene, binding: Binding, row: Row, body: Any) -> tuple[str, str] | None:
    """(kind of refusal, why) when the contract forbids acting on a row in this state."""
    resource, world = _resource(binding), Questions(scene, scene.owner)
    extra = {"old": row, "changes": {}, "body": body if body is not ABSENT else None}
    for rule in binding.rules:
        applies = rule.when is None or rule.when.holds(row, world, extra)
        if applies and not rule.require.holds(row, world, extra):
            return rule.refused, f"the rule '{rule.name}' forbids it"
    move = next((m for m in _moves(resource) if m.name == _effect(binding).transition), None)
    if move is not None and resource.lifecycle and str(row.get(resource.lifecycle.field)) not in move.origins:
        return resource.lifecycle.refused, f"'{move.name}' does not start there"
    return None


def isolated(scene: Scene, binding: Binding) -> None:
    """A peer cannot act on the owner's row, which stays as it was."""
    resource, peer = _resource(binding), scene.peer
    row = scene.created(resource, scene.owner)
    before = _shown(scene, resource, row)
    foreign = _act(scene, binding, row, peer, _body(scene, binding, peer))
    if foreign.broken:
        raise Inconclusive(f"acting on another tenant's row answers {foreign.status}")
    if foreign.ok or not same(before, _shown(scene, resource, row)):
        raise Violated(f"{peer.name} acts on a row of {scene.owner.name}", foreign, before=dict(before))


def printed(scene: Scene, binding: Binding) -> None:
    """The document is a PDF; a row that does not exist has none."""
    resource = _resource(binding)
    row = scene.row(resource, scene.owner)
    exchange = _act(scene, binding, row, scene.owner, ABSENT)
    if exchange.broken or not exchange.ok:
        raise Inconclusive(f"the document answers {exchange.status}")
    media = (exchange.header("content-type") or "").partition(";")[0]
    if media != "application/pdf" or not exchange.content.startswith(b"%PDF-"):
        raise Violated("The document is no PDF", exchange)
    missing = scene.call(scene.owner, binding, identifier=scene.missing_id(resource), row=row)
    if missing.ok:
        raise Violated("A row that does not exist has a document", missing)


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
        raise Violated(f"'{through.field}' names {wanted}, but what is shown is {shown}", exchange)
    missing = scene.call(scene.owner, binding, identifier=scene.missing_id(resource), row=row)
    if missing.ok:
        raise Violated("Of a row that does not exist one is shown", missing)
