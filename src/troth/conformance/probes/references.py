"""References: a write may name only rows that exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from troth.behaviour.model import Binding, Kind, Reference
from troth.behaviour.occasions import writable_fields, written_references
from troth.conformance.actors import Actor
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.rules import abiding
from troth.conformance.questions import Questions
from troth.conformance.scene import Scene
from troth.conformance.variations import variations
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["Attempt", "exists", "untried", "writing"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A write that is accepted with the id of a live row; ``send`` sends it with another value."""

    target: str
    send: Callable[[Any], Exchange]


def writing(scene: Scene, binding: Binding, found: Reference, by: Actor | None = None) -> Attempt:
    """An accepted write that sets a reference, by the owner or another caller of its tenant.

    Raises NotExercised or Inconclusive when there is none.
    """
    actor = by or scene.owner
    creates = binding.kind is Kind.CREATE
    make: Callable[..., Iterable[tuple[str, Callable[[Any], Exchange]]]] = _creating if creates else _updating
    last: Exchange | None = None
    for target, send in make(scene, binding, found, actor):
        resource = scene.behaviour.resources.get(target)
        if resource is None:
            continue
        own = scene.row(resource, actor)[resource.id_field]
        last = send(own)
        if last.ok:
            return Attempt(target, send)
    if last is None:
        raise NotExercised(f"'{found.field}' refers to nothing that is described")
    raise NotExercised(f"'{found.field}' with the id of an own row already answers {last.status}")


def _creating(
    scene: Scene, binding: Binding, found: Reference, actor: Actor
) -> Iterator[tuple[str, Callable[[Any], Exchange]]]:
    accepted, _ = scene.creation(binding, scene.owner)
    for target, extra in _targets(found):
        for body in _bodies(scene, binding, found, accepted, extra, target):

            def send(value: Any, body: Any = body, extra: dict[str, Any] = extra) -> Exchange:
                beside = {} if found.at else extra
                made = scene.referring(binding, {**body, **beside}, actor)
                made = scene.bodies.unique(
                    binding, {**made, found.field: _written(scene, binding, found, value, extra)}
                )
                return scene.call(actor, binding, body=made)

            yield target, send


def _bodies(
    scene: Scene, binding: Binding, found: Reference, accepted: Any, extra: dict[str, Any], target: str
) -> Iterator[Any]:
    """What may be sent beside a reference: what was accepted, that as the rules want it then, and other bodies."""
    yield from _unruled(scene, binding, found, accepted)
    yield accepted
    resource = scene.behaviour.resources.get(target)
    if resource is not None and binding.resource is not None and binding.resource.rules:
        named = scene.row(resource, scene.owner)[resource.id_field]
        wanted = {
            **accepted,
            **({} if found.at else extra),
            found.field: _written(scene, binding, found, named, extra),
        }
        yield from islice(abiding(scene, binding, wanted, found.field), 1)
    yield from scene.bodies.candidates(binding)


def _unruled(scene: Scene, binding: Binding, found: Reference, body: Any) -> list[Any]:
    """The body in a form that no rule about the reference applies to, where one does: the rule may refuse it first."""
    resource, world = binding.resource, Questions(scene, scene.owner)
    reading = [
        rule
        for rule in (resource.rules if resource else ())
        if rule.when is not None and found.field in rule.require.variables | rule.when.variables
    ]
    if not reading or not isinstance(body, Mapping) or not all(world.reaches(rule.when) for rule in reading):
        return []
    names = frozenset().union(*(rule.when.variables for rule in reading if rule.when)) - {found.field}
    for changed in variations(scene, binding, names, body):
        made = {name: value for name, value in changed.items() if value is not None}
        missing = {**changed, found.field: None}
        free = not any(rule.when and rule.when.holds(missing, world) for rule in reading)
        if free and names <= made.keys() and scene.bodies.is_valid(binding, made):
            return [made]
    return []


def _updating(
    scene: Scene, binding: Binding, found: Reference, actor: Actor
) -> list[tuple[str, Callable[[Any], Exchange]]]:
    resource = binding.resource
    assert resource is not None  # noqa: S101 - references belong to resources
    row = scene.created(resource, actor)
    attempts: list[tuple[str, Callable[[Any], Exchange]]] = []
    for target, extra in _targets(found):
        if extra and not found.at and not extra.keys() <= writable_fields(scene.contract, binding).keys():
            continue

        def send(value: Any, extra: dict[str, Any] = extra) -> Exchange:
            beside = {} if found.at else extra
            change = {**beside, found.field: _written(scene, binding, found, value, extra)}
            body = scene.update_body(binding, row, change, actor)
            return scene.call(actor, binding, identifier=row[resource.id_field], row=row, body=body)

        attempts.append((target, send))
    return attempts


def _targets(found: Reference) -> list[tuple[str, dict[str, Any]]]:
    """The resources that a reference can point into, with what must be set beside it."""
    return [(target, {found.by: word} if found.by else {}) for word, target in found.to.items()]


def _written(scene: Scene, binding: Binding, found: Reference, identifier: Any, extra: dict[str, Any]) -> Any:
    """The value of a reference's field that names one row: the id, or an object with all that it must have."""
    one = identifier
    if found.at is not None:
        pointer = writable_fields(scene.contract, binding).get(found.field, found.pointer)
        one = {**scene.bodies.least(pointer), **extra, found.at: identifier}
    return [one] if found.many else one


def exists(scene: Scene, binding: Binding) -> None:
    """The same write is accepted with a live row and refused with an id that no row has."""
    reasons = untried(scene, binding, _dangling)
    if reasons is not None:
        raise NotExercised("; ".join(reasons) or "no reference could be tried")


def untried(scene: Scene, binding: Binding, probe: Callable[..., None]) -> list[str] | None:
    """Why ``probe`` could be tried on none of the references that a write takes; None when it could on one."""
    tried, reasons = 0, []
    for found in written_references(scene.contract, binding):
        try:
            probe(scene, binding, found)
            tried += 1
        except NotExercised as reason:
            reasons.append(str(reason))
    return None if tried else reasons


def _dangling(scene: Scene, binding: Binding, found: Reference) -> None:
    attempt = writing(scene, binding, found)
    missing = scene.missing_id(scene.behaviour.resources[attempt.target])
    exchange = attempt.send(missing)
    if exchange.ok:
        raise Violated(
            f"'{found.field}' may name a row of {attempt.target} that does not exist",
            exchange,
            deviation="accepted",
            field=found.field,
        )
    if exchange.broken:
        raise Inconclusive(f"a dangling '{found.field}' answers {exchange.status}")
