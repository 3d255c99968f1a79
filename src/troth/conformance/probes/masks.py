"""What lists leave out of rows, what no answer shows, and which rows stand below one."""

from __future__ import annotations

from troth.behaviour.held_fields import reference_above
from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.exchanges import Exchange
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["below", "hidden", "in_list"]


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only for resources
    return binding.resource


def in_list(scene: Scene, binding: Binding) -> None:
    """Rows of the list lack the fields that it omits, and have null for those that it empties."""
    masks = {f.name: f.in_list for f in _resource(binding).fields.values() if f.in_list}
    for row, exchange in _shown(scene, binding):
        for name, how in masks.items():
            if how == "omit" and name in row:
                raise Violated(
                    f"The list shows '{name}', which it leaves out", exchange, deviation="extra", field=name
                )
            if how == "null" and row.get(name) is not None:
                raise Violated(f"The list shows a value of '{name}'", exchange, deviation="extra", field=name)


def hidden(scene: Scene, binding: Binding) -> None:
    """No row has a member with the name of a field that no answer shows."""
    names = sorted(f.name for f in _resource(binding).fields.values() if f.hidden)
    for row, exchange in _shown(scene, binding):
        for name in names:
            if name in row:
                raise Violated(
                    f"'{name}' is shown, which stays hidden", exchange, deviation="extra", field=name
                )


def _shown(scene: Scene, binding: Binding) -> list[tuple[Row, Exchange]]:
    """Rows as the operation shows them. Raises NotExercised without any."""
    resource = _resource(binding)
    if binding.kind is Kind.LIST:
        rows, exchanges = scene.listed(binding, scene.owner)
        if not rows:
            raise NotExercised("the list is empty")
        return [(row, exchanges[0]) for row in rows]
    row = scene.row(resource, scene.owner)
    exchange = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row)
    return [(scene.unwrapped(binding, exchange), exchange)]


def below(scene: Scene, binding: Binding) -> None:
    """The list below a row has the rows that name it, and no others; another row's list has those that name that."""
    resource, (parent,), reference = _resource(binding), binding.parents, reference_above(binding)
    assert reference is not None  # noqa: S101 - the clause exists only with one
    above = scene.behaviour.resources[str(parent.resource)]

    def names(row: Row, identifier: object) -> bool:
        return any(
            to == above.name and str(named) == str(identifier) for _, to, named in reference.named(row)
        )

    whole = scene.behaviour.binding(resource.name, Kind.LIST)
    known = (
        scene.rows(resource, scene.owner)
        if whole is not None and not whole.parents and whole.where is None
        else []
    )
    tried = 0
    for row in scene.rows(above, scene.owner)[:_MOST] or [scene.row(above, scene.owner)]:
        if tried >= _FEW:
            break
        identifier = row[above.id_field]
        rows, exchanges = scene.listed_below(binding, {parent.field: identifier})
        strays = [one for one in rows if reference.named(one) and not names(one, identifier)]
        if strays:
            title = f"A row is listed below another one than its '{parent.field}' names"
            raise Violated(title, exchanges[0], row=dict(strays[0]), deviation="extra", field=parent.field)
        tried += bool(rows)
        if binding.where is None and not binding.query.conditions:
            own = {str(one.get(resource.id_field)) for one in rows}
            wanted = [one for one in known if names(one, identifier)]
            lost = next((one for one in wanted if str(one.get(resource.id_field)) not in own), None)
            if lost is not None and not resource.visibility:
                title = f"A row is not listed below the one that its '{parent.field}' names"
                raise Violated(title, exchanges[0], row=dict(lost), deviation="missing", field=parent.field)
    if not tried:
        raise Inconclusive(f"no row of {above.name} that was tried has rows of {resource.name}")


#: How many lists with rows in them are enough, and how many are asked for to find those.
_FEW, _MOST = 4, 60
