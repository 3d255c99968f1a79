"""How deliveries go about it: waiting for the last word, coming before the answer, keeping their order."""

from __future__ import annotations

from collections.abc import Mapping

from troth.behaviour.model import Binding, Event, Kind, Resource
from troth.behaviour.subscriptions import Mode
from troth.conformance.mailbox import Hook
from troth.conformance.probes.deliveries import facts, settle, wait
from troth.conformance.probes.payloads import is_about
from troth.conformance.scene import Row, Scene
from troth.conformance.subscribing import Subscription, profile_of, subscribe
from troth.conformance.timeline import Looked
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["moded", "ordered"]


#: Seconds that a receiver takes: who answers first, and then delivers, has delivered nothing by then.
_HELD = 0.4


def _changing(
    scene: Scene, mode: Mode | None, answers: tuple[int, ...] = (), held: float = 0.0
) -> tuple[Event, Subscription]:
    """A subscription to an event that every update of some resource brings about. Raises NotExercised."""
    for binding in scene.behaviour.bindings.values():
        resource = binding.resource
        if binding.kind is not Kind.UPDATE or resource is None or binding.parents:
            continue
        event = next((e for e in resource.events if "update" in e.on and e.when is None), None)
        if event is not None:
            scene.memory["webhooks:changing"] = (binding, resource)
            chosen = mode.name if mode is not None and mode.name else None
            return event, subscribe(scene, scene.owner, [event.name], mode=chosen, answers=answers, held=held)
    raise NotExercised("no event is announced on every update of something")


def _twice(scene: Scene) -> tuple[str, list[object], Row, Resource]:
    """Two updates of a new row: the field, its two values, the row and its resource."""
    binding, resource = scene.memory["webhooks:changing"]
    row, values = scene.created(resource, scene.owner), []
    for name, pointer in scene.editable(binding):
        for value in scene.bodies.others(pointer, row.get(name)):
            if value is None or value in values:
                continue
            body = scene.update_body(binding, row, {name: value}, scene.owner)
            identifier = row[resource.id_field]
            if scene.call(scene.owner, binding, identifier=identifier, row=row, body=body).ok:
                values.append(value)
            if len(values) == 2:  # noqa: PLR2004 - a first and a second update
                return name, values, row, resource
        values = []
    raise NotExercised(f"{binding.id} has no field that could be changed twice")


def _values(
    scene: Scene, event: Event, hooks: list[Hook], row: Row, resource: Resource, name: str
) -> list[object]:
    """What deliveries about a row say of a field."""
    template = profile_of(scene).payload
    about = [h for h in hooks if is_about(template, h, event.name, resource, row[resource.id_field])]
    found = [_member(hook.json, name) for hook in about]
    return [value for value in found if value is not None]


def _each(values: list[object]) -> list[object]:
    """The values without what is told twice, which webhooks.delivered judges."""
    return [value for index, value in enumerate(values) if value not in values[:index]]


def _member(value: object, name: str) -> object:
    """The first member of that name, however deep."""
    if isinstance(value, Mapping):
        if name in value:
            return value[name]
        return next((found for one in value.values() if (found := _member(one, name)) is not None), None)
    return None


def moded(scene: Scene, _binding: Binding) -> None:
    """A mode that waits sends the last word only; one that does not wait has told before the answer."""
    for mode in profile_of(scene).modes:
        if mode.debounce:
            _debounced(scene, mode)
        elif mode.before_answer:
            _prompt(scene, mode)


def _debounced(scene: Scene, mode: Mode) -> None:
    event, made = _changing(scene, mode)
    name, values, row, resource = _twice(scene)
    early = _values(scene, event, settle(scene, made, 0), row, resource, name)
    if early:
        title = f"A delivery in the mode '{mode.name}' does not wait for {mode.debounce} s"
        raise Violated(title, deliveries=facts(made.got(scene)))
    wait(scene, mode.debounce + 1)
    told = _values(scene, event, settle(scene, made, 1), row, resource, name)
    if not told:
        raise Inconclusive("nothing arrives, which is what webhooks.delivered judges")
    if _each(told) != values[-1:]:
        title = f"In the mode '{mode.name}' two changes are told as {told!r} instead of {values[-1]!r} alone"
        raise Violated(title, deliveries=facts(made.got(scene)))


def _prompt(scene: Scene, mode: Mode) -> None:
    event, made = _changing(scene, mode, held=_HELD)
    name, values, row, resource = _twice(scene)
    scene.client.log.append(Looked(settled=False))
    at_once = _values(scene, event, made.got(scene), row, resource, name)
    later = _values(scene, event, settle(scene, made, 2), row, resource, name)
    if not later:
        raise Inconclusive("nothing arrives, which is what webhooks.delivered judges")
    if _each(at_once) != values:
        title = f"In the mode '{mode.name}' a write is answered before its delivery has arrived"
        raise Violated(title, deliveries=facts(made.got(scene)))


def ordered(scene: Scene, _binding: Binding) -> None:
    """While a delivery is tried again, the next one to the same subscription waits."""
    profile = profile_of(scene)
    if not profile.retries:
        raise NotExercised("nothing is tried again, so nothing has to wait")
    event, made = _changing(scene, None, (500, 204))
    name, values, row, resource = _twice(scene)
    settle(scene, made, 1)
    wait(scene, profile.retries[0])
    settle(scene, made, 3)
    told = _values(scene, event, settle(scene, made, 3), row, resource, name)
    if any(value not in told for value in values):
        raise Inconclusive("not everything arrives, which is what webhooks.delivered judges")
    before, after = told.index(values[0]), told.index(values[1])
    if after > before and told.count(values[0]) < 2:  # noqa: PLR2004 - refused once, then accepted
        raise Inconclusive("what was refused does not come again, which is what webhooks.retried judges")
    if after < before or values[0] in told[after:]:
        title = (
            f"Deliveries overtake each other: {told!r} instead of {values[0]!r} twice and then {values[1]!r}"
        )
        raise Violated(title, deliveries=facts(made.got(scene)))
