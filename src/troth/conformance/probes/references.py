"""References: a write may name only rows that exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from troth.behaviour.model import Binding, Kind, Reference, Resource
from troth.behaviour.occasions import writable_fields, written_references
from troth.conformance.actors import Actor
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.rules import abiding
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.variations import variations
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["Attempt", "assure_heeded", "exists", "untried", "writing"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A write that is accepted with the id of a live row; ``send`` sends it with another value."""

    target: str
    send: Callable[[Any], Exchange]


def writing(
    scene: Scene, binding: Binding, found: Reference, by: Actor | None = None, to: str | None = None
) -> Attempt:
    """An accepted write that sets a reference, by the owner or another caller of its tenant; ``to`` one resource.

    Raises NotExercised or Inconclusive when there is none.
    """
    actor = by or scene.owner
    creates = binding.kind is Kind.CREATE
    make: Callable[..., Iterable[tuple[str, Callable[[Any], Exchange]]]] = _creating if creates else _updating
    last: Exchange | None = None
    for target, send in make(scene, binding, found, actor):
        resource = scene.behaviour.resources.get(target)
        if resource is None or to not in (None, target):
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
    makes = scene.behaviour.binding(resource.name, Kind.CREATE) is not None
    row = scene.created(resource, actor) if makes else _old(scene, resource, actor)
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


def _old(scene: Scene, resource: Resource, actor: Actor) -> Row:
    """The last row of what no operation makes, where the run has a sandbox of its own: others take the first ones."""
    if scene.control is None:
        raise NotExercised(f"no operation makes rows of {resource.name}, and those that are there stay so")
    listed = [row for row in scene.rows(resource, actor) if resource.id_field in row]
    if not listed:
        raise NotExercised(f"{actor.name} has no row of {resource.name}")
    return listed[-1]


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


def assure_heeded(scene: Scene, binding: Binding, found: Reference) -> None:
    """Raises NotExercised where a reference may name anything: of what follows from it, nothing can be asked then."""
    written = any(one.field == found.field for one in written_references(scene.contract, binding))
    if not written or ("references.exists", binding.id) not in scene.promised:
        return
    try:
        _dangling(scene, binding, found)
    except Violated as violation:
        raise NotExercised(f"{violation.title}, which is what references.exists judges") from violation
    except Inconclusive:
        return


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


def _misnaming(scene: Scene, binding: Binding, found: Reference) -> tuple[str, Exchange]:
    """The resource that a reference leads into, and a write that names no row of it.

    Where ids have another form than the field takes, whatever it takes names none.
    """
    try:
        attempt = writing(scene, binding, found)
    except NotExercised:
        unfit = _unfit(scene, binding, found)
        if unfit is None:
            raise
        return unfit
    return attempt.target, attempt.send(scene.missing_id(scene.behaviour.resources[attempt.target]))


def _unfit(scene: Scene, binding: Binding, found: Reference) -> tuple[str, Exchange] | None:
    """A create that is accepted without a reference, sent with it: None where an id of a row fits into the field."""
    pointer = writable_fields(scene.contract, binding).get(found.field)
    target = scene.behaviour.resources.get(found.to.get("", "")) if found.by is None else None
    if binding.kind is not Kind.CREATE or pointer is None or target is None:
        return None
    body = {
        name: value for name, value in scene.creation(binding, scene.owner)[0].items() if name != found.field
    }
    own = scene.row(target, scene.owner)[target.id_field]
    made = scene.bodies.value(pointer, full=True)
    if scene.bodies.is_valid(binding, {**body, found.field: _written(scene, binding, found, own, {})}):
        return None
    if not scene.bodies.is_valid(binding, {**body, found.field: made}):
        return None
    return target.name, scene.call(
        scene.owner, binding, body=scene.bodies.unique(binding, {**body, found.field: made})
    )


def _dangling(scene: Scene, binding: Binding, found: Reference) -> None:
    target, exchange = _misnaming(scene, binding, found)
    if exchange.ok:
        raise Violated(
            f"'{found.field}' may name a row of {target} that does not exist",
            exchange,
            deviation="accepted",
            field=found.field,
        )
    if exchange.broken:
        raise Inconclusive(f"a dangling '{found.field}' answers {exchange.status}")
