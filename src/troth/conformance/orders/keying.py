"""Batches under one idempotency key: the same body, another one, and the same without the key."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.occasions import unique_fields
from troth.conformance.orders.asking import part
from troth.conformance.orders.batches import Batch, Maker, Part
from troth.conformance.scene import Scene
from troth.conformance.verdicts import NotExercised

__all__ = ["different", "keyings"]

#: Seconds between two requests, so that none overtakes the one before it.
_GAP = 0.001


def keyings(scene: Scene, binding: Binding) -> Iterator[list[Maker]]:
    """The contest about a key of a create, where what it makes can be read."""
    if binding.resource is not None and scene.behaviour.binding(binding.resource.name, Kind.READ):
        yield [partial(_under_one_key, scene, binding)]


def _under_one_key(scene: Scene, binding: Binding) -> Batch:
    """Two bodies under a key, one of them twice or once more without it, in an order that the seed gives."""
    policy = binding.idempotency
    assert policy is not None  # noqa: S101 - the clause exists only with keys
    drawn = random.Random(f"{scene.seed}:{binding.id}:key")  # noqa: S311 - reproducible on purpose
    body = scene.bodies.unique(binding, scene.body(binding, scene.owner))
    key, names = scene.key(), _above(scene, binding)

    def asked(said: Any, headers: Mapping[str, str]) -> Part:
        made = replace(part(scene, binding, {}, said), row=None, names=names)
        return replace(made, headers={**made.headers, **headers})

    under = {policy.header: key}
    # What must be unique is for others to judge: without the key, the same body may be sent only where all of it may.
    plain = different(scene, binding, body) if unique_fields(scene.contract, binding) else body
    first, *others = [asked(body, under), asked(different(scene, binding, body), under), asked(plain, {})]
    others += [asked(body, under)] if drawn.random() < 1 / 2 else []
    drawn.shuffle(others)
    return Batch((first, *others), (), _GAP)


def different(scene: Scene, binding: Binding, body: Any) -> Any:
    """Another valid body for a create. Raises NotExercised."""
    other = scene.bodies.unique(binding, body)
    if other != body:
        return other
    for name, pointer in scene.editable(binding) if isinstance(body, Mapping) else ():
        for value in scene.bodies.others(pointer, body.get(name)):
            return {**body, name: value}
    raise NotExercised("no second body could be made up")


def _above(scene: Scene, binding: Binding) -> tuple[tuple[Resource, Any], ...]:
    """The rows below which a create without a row makes its own."""
    above = [scene.behaviour.resources.get(parent.resource or "") for parent in binding.parents]
    return tuple((one, scene.row(one, scene.owner)[one.id_field]) for one in above if one is not None)
