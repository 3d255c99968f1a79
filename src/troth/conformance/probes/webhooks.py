"""Who is told of what: each event once, to those who subscribed to it, in the same tenant, in the declared form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from troth.behaviour.model import Binding, Event, Resource
from troth.behaviour.moments import moment_writer
from troth.conformance.happenings import Happening, happenings, times
from troth.conformance.mailbox import Hook
from troth.conformance.probes.payloads import departure, has, is_about, slot
from troth.conformance.probes.resources import same
from troth.conformance.questions import Questions
from troth.conformance.scene import Scene
from troth.conformance.situations import untouched
from troth.conformance.subscribing import Subscription, assure, post_of, profile_of, subscribe
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["delivered", "isolated", "payload", "subscribed"]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What happened while the owner listened to everything, to one event, to the rest; and the peer to everything."""

    resource: Resource
    happenings: tuple[Happening, ...]
    all: Subscription
    one: tuple[str, Subscription]
    rest: Subscription | None
    peer: Subscription | None
    template: Any

    def told(
        self, scene: Scene, subscription: Subscription, event: Event, happening: Happening
    ) -> list[Hook]:
        return [
            hook
            for hook in subscription.got(scene)
            if is_about(self.template, hook, event.name, self.resource, happening.identifier)
        ]

    def expected(self, scene: Scene) -> Iterator[tuple[Event, Happening, int]]:
        """Every event of each write, and how often it must be announced about the row."""
        for happening in self.happenings:
            for event in self.resource.events:
                wanted = times(scene, self.resource, event, happening)
                if wanted is not None:
                    yield event, happening, wanted


def _seen(scene: Scene, binding: Binding) -> _Seen:
    """Subscribe, write, wait; once for each operation."""
    key = f"webhooks:{binding.id}"
    if key not in scene.memory:
        scene.memory[key] = _observed(scene, binding)
    found: _Seen = scene.memory[key]
    return found


def _observed(scene: Scene, binding: Binding) -> _Seen:
    resource = binding.resource
    assert resource is not None  # noqa: S101 - events belong to resources
    profile, names = profile_of(scene), [event.name for event in resource.events]
    every = [event.name for one in scene.behaviour.resources.values() for event in one.events]
    subject = names[0].rpartition(".")[0] + "." if profile.subject else ""
    rest = [n for n in dict.fromkeys(every) if n != names[0] and n.startswith(subject)]
    seen = _Seen(
        resource,
        (),
        subscribe(scene, scene.owner, names),
        (names[0], subscribe(scene, scene.owner, names[:1])),
        subscribe(scene, scene.owner, rest) if rest else None,
        subscribe(scene, scene.cast.peer, names) if scene.cast.peer else None,
        profile.payload,
    )
    happened = tuple(happenings(scene, binding))
    wanted = sum(times(scene, resource, event, one) or 0 for one in happened for event in resource.events)
    post_of(scene).settle(scene.control, lambda: len(seen.all.got(scene)) >= wanted)
    return _Seen(resource, happened, seen.all, seen.one, seen.rest, seen.peer, seen.template)


def delivered(scene: Scene, binding: Binding) -> None:
    """What must be announced arrives once, and what must not does not."""
    seen, judged = _seen(scene, binding), 0
    strange = [hook for hook in seen.all.got(scene) if departure(seen.template, hook.json)]
    if strange:
        raise Inconclusive("a delivery lacks its declared form, which is what webhooks.payload judges")
    for event, happening, wanted in seen.expected(scene):
        got = seen.told(scene, seen.all, event, happening)
        if len(got) != wanted:
            if not got:
                assure(scene, seen.all)
                _assure_it_happened(scene, seen.resource, happening)
            raise _wrong_count(event, happening, got, wanted)
        judged += wanted
    if not judged:
        raise NotExercised(f"{binding.id} brings about no event that can be foreseen")


def _assure_it_happened(scene: Scene, resource: Resource, happening: Happening) -> None:
    """Raises Inconclusive where a write was answered and not done: nothing is to be announced of that."""
    undone = False
    with suppress(Inconclusive, NotExercised):  # a deleted row cannot be read, and some never can
        undone = happening.old is not None and untouched(scene, resource, happening.old)
    if undone:
        raise Inconclusive("the write left the row as it was, so there need be nothing to announce")


def _wrong_count(event: Event, happening: Happening, got: list[Hook], wanted: int) -> Violated:
    if not wanted:
        title = f"'{event.name}' is announced although its condition does not hold"
    elif got:
        title = f"'{event.name}' is announced {len(got)} times instead of {wanted}"
    else:
        title = f"'{event.name}' is not announced"
    return Violated(title, happening.exchange, deliveries=[hook.as_fact() for hook in got])


def subscribed(scene: Scene, binding: Binding) -> None:
    """A subscription to one event hears of no other, and one to all others does not hear of it."""
    seen = _seen(scene, binding)
    name, one = seen.one
    if seen.rest is None:
        raise NotExercised("there is only one event to subscribe to")
    if not seen.all.got(scene):
        raise Inconclusive("nothing arrives at all, which is what webhooks.delivered judges")
    for event, happening, _ in seen.expected(scene):
        wrong = seen.rest if event.name == name else one
        got = seen.told(scene, wrong, event, happening)
        if got:
            title = f"'{event.name}' goes to a subscription that does not list it"
            raise Violated(title, happening.exchange, deliveries=[hook.as_fact() for hook in got])


def isolated(scene: Scene, binding: Binding) -> None:
    """Another tenant's subscription to the same events hears nothing of the owner's rows."""
    seen = _seen(scene, binding)
    if seen.peer is None:
        raise NotExercised("only one tenant is known; isolation needs a principal of a second one")
    if not seen.all.got(scene):
        raise Inconclusive("nothing arrives at all, which is what webhooks.delivered judges")
    for event, happening, _ in seen.expected(scene):
        got = seen.told(scene, seen.peer, event, happening)
        if got:
            title = f"'{event.name}' is announced to another tenant"
            raise Violated(title, happening.exchange, deliveries=[hook.as_fact() for hook in got])


def payload(scene: Scene, binding: Binding) -> None:
    """A delivery has the members of the template, and under its slots what happened."""
    seen = _seen(scene, binding)
    for hook in seen.all.got(scene):
        problem = departure(seen.template, hook.json)
        if problem:
            raise Violated(
                f"A delivery does not have the declared form: {problem}",
                delivery=hook.as_fact(),
                deviation="form",
            )
    judged = 0
    if not any(wanted for _, _, wanted in seen.expected(scene)):
        raise NotExercised(f"{binding.id} brings about no event that can be foreseen")
    for event, happening, wanted in seen.expected(scene):
        for hook in seen.told(scene, seen.all, event, happening) if wanted else ():
            problem = _misfilled(scene, seen, event, happening, hook)
            if problem:
                title = f"The delivery of '{event.name}' is wrong: {problem}"
                raise Violated(title, happening.exchange, delivery=hook.as_fact())
            judged += 1
    if not judged:
        raise Inconclusive("nothing that was expected arrives, which is what webhooks.delivered judges")


def _misfilled(scene: Scene, seen: _Seen, event: Event, happening: Happening, hook: Hook) -> str:
    """What is wrong under the slots of a delivery, in words; empty when nothing is."""
    told = {
        name: slot(seen.template, hook.json, f"${name}")
        for name in ("timestamp", "deliveryId", "row", "data")
    }
    form = moment_writer(scene.behaviour.moment)("2026-06-15T09:00:00.000Z")
    if has(told["timestamp"]) and not isinstance(told["timestamp"], str | int):
        return f"its timestamp is {told['timestamp']!r}, not such as {form!r}"
    if has(told["deliveryId"]) and not told["deliveryId"]:
        return "it has no id"
    if has(told["row"]) and not same(happening.row, told["row"]):
        row = told["row"] if isinstance(told["row"], dict) else {}
        names = [n for n, value in happening.row.items() if n in row and not same(value, row[n])]
        if [n for n in names if not _moves(seen.resource, n)] or not row:
            return f"its row differs in {', '.join(names) or 'everything'}"
    if has(told["data"]) and seen.resource.event_data is not None:
        return _other_data(scene, seen, event, happening, told["data"])
    return ""


def _moves(resource: Resource, name: str) -> bool:
    """Whether a field may differ from answer to answer: what is computed may depend on the moment."""
    field = resource.fields.get(name)
    return field is not None and field.computed is not None


def _other_data(scene: Scene, seen: _Seen, event: Event, happening: Happening, data: Any) -> str:
    world = Questions(scene, scene.owner)
    formulas = [formula for formula in (seen.resource.event_data, event.data) if formula is not None]
    if not world.reaches(*formulas):
        return ""
    for formula in formulas:
        row = {**happening.row, "$id": happening.identifier}
        for name, value in (formula.evaluate(row, world) or {}).items():
            if not isinstance(data, dict) or (value is not None and not same(value, data.get(name))):
                return f"'{name}' is not {value!r}"
    return ""
