"""Who may do what, and how often: scopes forgotten or one too many, limits that are one off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troth.behaviour.bending.bend import Bend, Change, bend, on_binding
from troth.behaviour.model import Behaviour, Idempotency, Kind, RateLimit

__all__ = ["bends"]


def bends(behaviour: Behaviour) -> Iterator[Bend]:
    for binding in behaviour.bindings.values():
        if binding.scopes:
            yield bend(
                "drop", "scopes.required", binding.id, "the operation forgets which scopes it needs",
                on_binding(binding, scopes=frozenset()), pointer=binding.operation.pointer, operations=[binding.id],
            )  # fmt: skip
            yield bend(
                "widen", "scopes.sufficient", binding.id, "the operation asks for a scope too many",
                on_binding(binding, scopes=binding.scopes | {"troth:unheard-of"}),
                pointer=binding.operation.pointer, operations=[binding.id],
            )  # fmt: skip
    for index, policy in enumerate(behaviour.rate_limits):
        yield from _rate_limit(index, policy)
    if behaviour.idempotency is not None:
        yield from _idempotency(behaviour, behaviour.idempotency)


def _rate_limit(index: int, policy: RateLimit) -> Iterator[Bend]:
    def at(**changes: object) -> Change:
        def apply(behaviour: Behaviour) -> Behaviour:
            limits = list(behaviour.rate_limits)
            limits[index] = replace(limits[index], **changes)  # type: ignore[arg-type]
            return replace(behaviour, rate_limits=tuple(limits))

        return apply

    told = ("rate-limit.enforced", "rate-limit.headers")
    for step, word in ((1, "one more"), (-1, "one less")):
        yield bend(
            "off-by-one", told, f"{policy.name}{step:+d}", f"{word} request is served in a window",
            at(limit=policy.limit + step), pointer=policy.pointer,
        )  # fmt: skip
    yield bend(
        "widen", "rate-limit.retry-after", f"{policy.name}.window", "a window lasts ten times as long as declared",
        at(window=policy.window * 10), pointer=policy.pointer,
    )  # fmt: skip
    for word, name in policy.headers.items():
        rest = {key: value for key, value in policy.headers.items() if key != word}
        yield bend(
            "drop", "rate-limit.headers", f"{policy.name}.{word}", f"the header {name} is missing",
            at(headers=rest), pointer=policy.pointer,
        )  # fmt: skip


def _idempotency(behaviour: Behaviour, policy: Idempotency) -> Iterator[Bend]:
    keyed = {name: one for name, one in behaviour.bindings.items() if one.idempotency is not None}
    for method in sorted(policy.methods):
        without = frozenset(name for name, one in keyed.items() if one.operation.method == method)
        told = f"keys of {method} requests mean nothing"
        yield _unkeyed(
            policy, replace(policy, methods=policy.methods - {method}), without, method.lower(), told
        )
    acts = frozenset(name for name, one in keyed.items() if one.kind is Kind.ACTION)
    if acts:
        yield _unkeyed(policy, policy, acts, "actions", "keys of actions mean nothing")


def _unkeyed(
    policy: Idempotency, bent: Idempotency, without: frozenset[str], subject: str, told: str
) -> Bend:
    """Some operations take no keys any more, the others as before."""

    def apply(behaviour: Behaviour) -> Behaviour:
        bindings = {
            name: replace(one, idempotency=None if name in without else bent) if one.idempotency else one
            for name, one in behaviour.bindings.items()
        }
        return replace(behaviour, idempotency=bent, bindings=bindings)

    clauses = ("idempotency.replay", "idempotency.mismatch")
    return bend("drop", clauses, subject, told, apply, pointer=policy.pointer, operations=without)
