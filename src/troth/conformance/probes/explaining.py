"""What another broken clause explains is not blamed a second time: that one is judged first, and tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from troth.behaviour.model import Binding, Kind
from troth.conformance.assurances import assure
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Violated

__all__ = ["explained"]

Probe = Callable[[Scene, Binding], None]
Where = Callable[[Scene, Binding], Iterator[Binding]]


def _here(_scene: Scene, binding: Binding) -> Iterator[Binding]:
    yield binding


def _of_kind(kind: Kind, scene: Scene, binding: Binding) -> Iterator[Binding]:
    """The operation of a kind on the same resource."""
    found = scene.behaviour.binding(binding.resource.name, kind) if binding.resource else None
    yield from [found] if found is not None else []


def _sources(scene: Scene, binding: Binding) -> Iterator[Binding]:
    """The lists from which the rows are taken that a body names."""
    references = binding.resource.references if binding.resource else ()
    for name in dict.fromkeys(target for found in references for target in found.to.values()):
        lister = scene.behaviour.binding(name, Kind.LIST)
        yield from [lister] if lister is not None else []


_list, _read, _create = (partial(_of_kind, kind) for kind in (Kind.LIST, Kind.READ, Kind.CREATE))

#: Clause: the clauses that explain a violation of it where they are broken, and at which operations they are judged.
_EXPLAINED: Mapping[str, tuple[tuple[str, Where], ...]] = MappingProxyType(
    {
        "authentication.token": (("authentication.invalid", _here),),
        "tenancy.header": (("authentication.required", _here), ("errors.code", _here)),
        "schema.response": (("answers.form", _here), ("errors.code", _here), ("resource.visible", _list)),
        "filter.exact": (("tenancy.list", _here),),
        "list.where": (("tenancy.list", _here),),
        "list.below": (("list.where", _here),),
        "visibility.listed": (("tenancy.list", _here),),
        "visibility.redacted": (("select.embedded", _here),),
        "visibility.reference": (("resource.merge", _here),),
        "fields.initial": (("populate.depth", _read),),
        "concurrency.order": (("populate.depth", _read),),
        "concurrency.match": (("conditional.stale", _here), ("conditional.tag", _read)),
        "records.written": (("resource.create", _here),),
        "sort.ordered": (("pagination.complete", _here),),
        "list.ordered": (("pagination.complete", _here),),
        "versions.change": (("tenancy.list", _here),),
        "fields.write-only": (("select.embedded", _here),),
        "select.exact": (("fields.write-only", _here),),
        "select.default": (("fields.write-only", _here),),
        "conditions.exact": (("tenancy.list", _here),),
        "pagination.max-size": (("pagination.size", _here),),
        "pagination.past-end": (("pagination.size", _here),),
        "resource.read": (("tenancy.list", _list),),
        "resource.create": (("populate.depth", _read),),
        "validation.accepted": (("fields.default", _here), ("tenancy.list", _sources)),
        "fields.computed": (("populate.depth", _read), ("select.embedded", _here)),
        "fields.immutable": (("fields.read-only", _here),),
        "rules.held": (("resource.create", _create),),
    }
)


def explained(probes: Mapping[str, Probe]) -> Mapping[str, Probe]:
    """The probes, of which none blames its clause for what a broken one explains."""

    def careful(clause: str, probe: Probe) -> Probe:
        reasons = tuple((name, probes[name], where) for name, where in _EXPLAINED.get(clause, ()))
        return partial(_judged, probe, reasons) if reasons else probe

    return MappingProxyType({clause: careful(clause, probe) for clause, probe in probes.items()})


def _judged(
    probe: Probe, reasons: tuple[tuple[str, Probe, Where], ...], scene: Scene, binding: Binding
) -> None:
    """Other clauses are tried only once there is something to explain: who keeps them is asked no more."""
    try:
        probe(scene, binding)
    except Violated:
        for clause, other, where in reasons:
            for place in where(scene, binding):
                if (clause, place.id) in scene.promised:
                    assure(scene, place, other, clause)
        raise
