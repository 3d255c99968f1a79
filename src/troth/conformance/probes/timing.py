"""What time alone brings about, tried by moving the target's clock: events, forgotten keys, tokens that end."""

from __future__ import annotations

from troth.behaviour.model import Binding, Event, Kind, Resource
from troth.conformance.control import Control
from troth.conformance.mailbox import Hook
from troth.conformance.probes.payloads import departure, is_about
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.subscribing import assure, post_of, profile_of, subscribe
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["movable", "timed"]

_DAY = 86_400
#: How far the clock is moved, step by step, until something must be announced.
_STEPS = (1, 2, 4, 7, 16, 30, 300)


def movable(scene: Scene) -> Control:
    """The control plane whose clock can be moved. Raises NotExercised without one."""
    if scene.control is None:
        raise NotExercised("time has to pass; moving the clock takes a target with a control plane")
    return scene.control


def timed(scene: Scene, binding: Binding) -> None:
    """When the day comes, an event is announced once for each row whose condition begins to hold."""
    resource, control = binding.resource, movable(scene)
    assert resource is not None  # noqa: S101 - events belong to resources
    events = [event for event in resource.events if "time" in event.on]
    world = Questions(scene, scene.owner)
    if not any(world.reaches(event.when) for event in events):
        raise NotExercised("when an event comes depends on what answers do not show")
    made = subscribe(scene, scene.owner, [event.name for event in events])
    before = _rows(scene, resource)
    judged = 0
    for days in _STEPS:
        control.advance(days * _DAY)
        after = _rows(scene, resource)
        post_of(scene).settle(control, lambda: False)
        if not made.got(scene):
            assure(scene, made)
        for event in events:
            judged += _judge(scene, resource, event, before, after, made.got(scene))
        if judged:
            return
        before = after
    raise NotExercised("no row comes to the moment of an event")


def _rows(scene: Scene, resource: Resource) -> dict[str, Row]:
    lister = scene.operation(resource, Kind.LIST)
    return {str(row.get(resource.id_field)): row for row in scene.listed(lister, scene.owner)[0]}


def _assure_own(scene: Scene, resource: Resource, row: Row) -> None:
    """Raises Inconclusive where another tenant lists the row as well: it may be that one who is told."""
    others = scene.rows(resource, scene.cast.peer) if scene.cast.peer and not resource.shared else []
    if any(other.get(resource.id_field) == row.get(resource.id_field) for other in others):
        raise Inconclusive("two tenants list the same row, which is what tenancy.list judges")


def _judge(
    scene: Scene,
    resource: Resource,
    event: Event,
    before: dict[str, Row],
    after: dict[str, Row],
    got: list[Hook],
) -> int:
    """How many rows had to be announced, and were."""
    template, world, count = profile_of(scene).payload, Questions(scene, scene.owner), 0
    if event.when is None or not world.reaches(event.when):
        return 0
    for identifier, row in after.items():
        old = before.get(identifier)
        if old is None or event.when.variables & (resource.fields.keys() - row.keys()):
            continue
        if event.when.holds({**row, "$id": row.get(resource.id_field)}, world, {"old": old}):
            told = [h for h in got if is_about(template, h, event.name, resource, identifier)]
            if not told and any(departure(template, hook.json) for hook in got):
                raise Inconclusive(
                    "a delivery lacks its declared form, which is what webhooks.payload judges"
                )
            if len(told) != 1:
                _assure_own(scene, resource, row)
                title = f"'{event.name}' is announced {len(told)} times when its day comes"
                raise Violated(
                    title,
                    row=dict(row),
                    deviation="missing" if not told else "repeated",
                    field=event.name,
                )
            count += 1
    return count
