"""What operations do beyond taking their body: one member of an effect forgotten, a form of answer given up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troth.behaviour.bending.bend import Bend, bend, on_binding
from troth.behaviour.model import Behaviour, Binding, Effect

__all__ = ["bends"]


def bends(behaviour: Behaviour) -> Iterator[Bend]:
    for binding in behaviour.bindings.values():
        if binding.effect is not None:
            yield from _effects(binding, binding.effect)
        if binding.answer is not None:
            yield bend(
                "drop", ("answers.form", "schema.response"), binding.id, "the answer is the row alone",
                on_binding(binding, answer=None), pointer=binding.answer.pointer, operations=[binding.id],
            )  # fmt: skip
        if binding.shorthand is not None:
            yield bend(
                "drop", "shorthand.equal", binding.id, "members that stand for a single object do nothing",
                on_binding(binding, shorthand=None), pointer=binding.shorthand.pointer, operations=[binding.id],
            )  # fmt: skip


def _effects(binding: Binding, effect: Effect) -> Iterator[Bend]:
    def one(subject: str, told: str, bent: Effect) -> Bend:
        return bend(
            "drop", "action.effect", f"{binding.id}.{subject}", told, on_binding(binding, effect=bent),
            pointer=effect.pointer, operations=[binding.id],
        )  # fmt: skip

    if effect.transition is not None:
        told = f"'{effect.transition}' does not take place"
        yield one(effect.transition, told, replace(effect, transition=None))
    for name, formula in effect.assign.items():
        if "created" in formula.variables:
            continue  # where the new row is shown, this is judged with it
        rest = {key: value for key, value in effect.assign.items() if key != name}
        yield one(name, f"'{name}' is not set", replace(effect, assign=rest))
