"""What is made sure of before a clause is blamed: that it is not another one that is broken."""

from __future__ import annotations

from collections.abc import Callable

from troth.behaviour.model import Binding, Kind
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["assure", "assure_gone", "assure_kept"]


def assure(scene: Scene, binding: Binding, probe: Callable[[Scene, Binding], None], clause: str) -> None:
    """Raises Inconclusive where another clause of the same operation is broken that explains as much."""
    try:
        probe(scene, binding)
    except Violated as violation:
        raise Inconclusive(f"{violation.title}, which is what {clause} judges") from violation
    except (Inconclusive, NotExercised):
        return


def assure_kept(scene: Scene, binding: Binding) -> None:
    """Raises Inconclusive where an ordinary update is not kept either."""
    resource, key = binding.resource, f"kept:{binding.id}"
    if resource is None or binding.kind is Kind.CREATE:
        return
    if key not in scene.memory:
        try:
            row, name, _, _ = scene.updated(binding, scene.owner)
            found, _ = scene.fetched(resource, scene.owner, row)
            scene.memory[key] = found.get(name) != row.get(name)
        except (Inconclusive, NotExercised):
            scene.memory[key] = True  # nothing that could be blamed instead
    if not scene.memory[key]:
        raise Inconclusive("no update is kept, which is what resource.update judges")


def assure_gone(scene: Scene, remover: Binding, row: Row) -> None:
    """Raises Inconclusive where a row that was deleted can still be read."""
    resource = remover.resource
    reader = scene.behaviour.binding(resource.name, Kind.READ) if resource else None
    if resource is None or reader is None:
        return
    if scene.call(scene.owner, reader, identifier=row[resource.id_field], row=row).ok:
        raise Inconclusive("the deleted row is still there, which is what resource.delete judges")
