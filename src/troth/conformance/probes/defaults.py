"""Defaults: a field that a create leaves out has the value that the contract names for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from troth.behaviour.held_fields import begun_fields
from troth.behaviour.model import Binding
from troth.behaviour.occasions import defaults_of, writable_fields
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.resources import same
from troth.conformance.probes.rules import abiding
from troth.conformance.questions import Questions
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import NotExercised, Violated

__all__ = ["default", "initial"]


def default(scene: Scene, binding: Binding) -> None:
    """As much as possible is left out of a body that is accepted; what is shown instead is the default."""
    wanted = defaults_of(scene.contract, binding)
    made, sent = _sparse(scene, binding, frozenset(wanted))
    row = scene.unwrapped(binding, made)
    judged = 0
    for name, value in wanted.items():
        if name in sent or name not in row:
            continue
        judged += 1
        if not same(value, row[name]):
            raise Violated(
                f"'{name}' is {row[name]!r} where none is given, the default is {value!r}",
                made,
                deviation="value",
                field=name,
            )
    if not judged:
        raise NotExercised("no answer shows a field that has a default and can be left out")


def initial(scene: Scene, binding: Binding) -> None:
    """Fields that are left out have what their expression gives over the row as it is shown."""
    fields = {field.name: field for field in begun_fields(scene.contract, binding)}
    made, sent = _sparse(scene, binding, frozenset(fields))
    row, world, judged = scene.unwrapped(binding, made), Questions(scene, scene.owner), 0
    unset = dict.fromkeys(writable_fields(scene.contract, binding))
    begun = {**unset, **sent, **row}
    # A first value may be read by another one before it is there or after that: the contract leaves it open.
    empty = {**begun, **dict.fromkeys(fields.keys() - sent.keys())}
    for name, field in fields.items():
        expression = field.initially
        assert expression is not None  # noqa: S101 - that is what they were chosen by
        known = expression.variables - {"viewer"} <= begun.keys()
        # Which day it is where the server stands, only a control plane tells.
        apart = expression.daily and scene.control is None
        if name in sent or name not in row or apart or not known or not world.reaches(expression):
            continue
        judged += 1
        wanted = [expression.evaluate({**one, name: None}, world) for one in (begun, empty)]
        if not any(same(one, row[name]) for one in wanted):
            title = f"'{name}' is {row[name]!r} where none is given; {expression.text} gives {wanted[0]!r}"
            raise Violated(title, made, deviation="value", field=name)
    if not judged:
        raise NotExercised("nothing that answers show tells what the fields begin with")


def _attempts(scene: Scene, binding: Binding, bare: Row, left_out: Row) -> Iterator[Row]:
    """The body, the same without what a rule may hold against first values, or as rules want it; then with more."""
    yield bare
    needed = scene.bodies.required(binding)
    if bare.keys() - needed:
        yield {name: value for name, value in bare.items() if name in needed}
    for name in left_out:
        yield from islice(abiding(scene, binding, bare, name), 1)
    yield from ({**bare, name: value} for name, value in left_out.items())


def _sparse(scene: Scene, binding: Binding, names: frozenset[str]) -> tuple[Exchange, Row]:
    """An accepted create without the fields; with some of them where the server wants those."""
    body: Any = scene.creation(binding, scene.owner)[0]
    bare = {name: value for name, value in body.items() if name not in names}
    for attempt in _attempts(
        scene, binding, bare, {name: body[name] for name in sorted(names & body.keys())}
    ):
        if scene.bodies.is_valid(binding, attempt):
            sent = scene.bodies.unique(binding, attempt)
            made = scene.call(scene.owner, binding, body=sent)
            if made.ok:
                return made, sent
    raise NotExercised("no body without the fields that have a default is accepted")
