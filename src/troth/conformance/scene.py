"""What every probe works with: live rows, new rows, bodies that are accepted, changes that are harmless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.behaviour.occasions import writable_fields
from troth.conformance.actors import Actor
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.glimpses import Glimpses, is_glimpsed
from troth.conformance.paging import walk
from troth.conformance.stage import Row, Stage
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["Row", "Scene"]

_DEEPEST = 4
_PAGES = 4


class Scene(Stage):
    """One run against one target. Probes share it, so a row that was found once need not be found again."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._chosen: dict[tuple[str, int], Row] = {}
        self._working: dict[str, int] = {}
        self._glimpses = Glimpses(self)

    # -- rows -------------------------------------------------------------------------------------------------------

    def listed(
        self,
        binding: Binding,
        actor: Actor,
        *,
        query: Sequence[tuple[str, Any]] = (),
        size: int | None = None,
    ) -> tuple[list[Row], list[Exchange]]:
        """Every row of a list, walked page by page."""
        return walk(binding, lambda paging: self.call(actor, binding, query=[*query, *paging]), size)

    def listed_below(self, binding: Binding, above: Row) -> tuple[list[Row], list[Exchange]]:
        """Every row of a list below the rows that ``above`` names by the fields of the path."""
        return walk(binding, lambda paging: self.call(self.owner, binding, row=above, query=paging))

    def rows(self, resource: Resource, actor: Actor) -> list[Row]:
        """Every row that an actor sees; empty when there is no list."""
        binding = self.behaviour.binding(resource.name, Kind.LIST)
        return self.listed(binding, actor)[0] if binding else []

    def row(self, resource: Resource, actor: Actor, depth: int = 0) -> Row:
        """A row that an actor has and no probe changes: an old one, or one made for this. Raises NotExercised.

        Of what can be neither listed nor made, it is a row that another one names; often only its id is known.
        """
        key = (resource.name, id(actor))
        if key not in self._chosen:
            found = next((row for row in self.rows(resource, actor) if resource.id_field in row), None)
            found = found or self._known_row(resource, actor)
            if found is None and is_glimpsed(self.behaviour, resource):
                found = self._glimpses.row(resource, actor)
            self._chosen[key] = found if found is not None else self.created(resource, actor, depth=depth + 1)
        return self._chosen[key]

    def _known_row(self, resource: Resource, actor: Actor) -> Row | None:
        """The first row that the target file names by id and that can be read."""
        reader = self.behaviour.binding(resource.name, Kind.READ)
        for identifier in actor.known.get(resource.name, ()) if reader else ():
            exchange = self.call(actor, self.operation(resource, Kind.READ), identifier=identifier)
            if exchange.ok:
                return self.unwrapped(self.operation(resource, Kind.READ), exchange)
        return None

    def telling(self, _resource: Resource | None, rows: Sequence[Row]) -> list[Row]:
        """The rows of a list that something may be concluded from."""
        return list(rows)

    def cut(self, count: int) -> int:
        """A page size that cuts a list into about four pages; not 1, where an offset is the same as a page number."""
        return max(2 if count > 2 else 1, -(-count // _PAGES))  # noqa: PLR2004 - as said

    def foreign_row(self, resource: Resource) -> Row:
        """A row of the peer that the owner does not have. Raises NotExercised."""
        if is_glimpsed(self.behaviour, resource):
            raise NotExercised(f"nothing tells whose the rows of {resource.name} are")
        name = resource.id_field
        own = {str(row.get(name)) for row in self.rows(resource, self.owner)}
        for row in (self.row(resource, self.peer), *self.rows(resource, self.peer)):
            if str(row.get(name)) not in own:
                return row
        raise NotExercised(
            f"{self.peer.name} has no row of {resource.name} that {self.owner.name} does not list"
        )

    def created(self, resource: Resource, actor: Actor, depth: int = 0) -> Row:
        """A new row. Raises NotExercised without a create operation, Inconclusive when every body is refused."""
        if depth > _DEEPEST:
            raise NotExercised(f"the references of {resource.name} go round in circles")
        binding = self.operation(resource, Kind.CREATE)
        exchange = self.creation(binding, actor, depth=depth)[1]
        row = self.unwrapped(binding, exchange)
        if resource.id_field not in row:
            raise Inconclusive(f"{binding.id} answers a row without '{resource.id_field}'")
        return row

    def creation(
        self, binding: Binding, actor: Actor, *, headers: Mapping[str, str] | None = None, depth: int = 0
    ) -> tuple[Any, Exchange]:
        """A body that the target accepts, and its answer. Raises Inconclusive when it accepts none."""
        last: Exchange | None = None
        for index, body in self._creations(binding, actor, depth):
            last = self.call(actor, binding, body=body, headers=headers)
            if last.ok:
                self._working[binding.id] = index
                return body, last
        told = (
            f"answers {last.status}: {last.content[:200].decode('utf-8', 'replace')}"
            if last
            else "has no valid body to try"
        )
        raise Inconclusive(f"{binding.id} {told}")

    def _creations(self, binding: Binding, actor: Actor, depth: int) -> Iterator[tuple[int, Any]]:
        if binding.input is None:
            yield 0, ABSENT
            return
        bodies = list(enumerate(self.bodies.candidates(binding)))
        start = self._working.get(binding.id, 0)
        for index, body in bodies[start:] + bodies[:start]:
            made = self.bodies.unique(binding, self.referring(binding, body, actor, depth))
            yield index, self.bodies.anew(binding, made)

    def body(self, binding: Binding, actor: Actor) -> Any:
        """A valid body whose references lead to live rows: one that worked before, else the most telling."""
        for _, body in self._creations(binding, actor, 0):
            return body
        raise NotExercised(f"{binding.id} has no body that could be made up")

    def referring(self, binding: Binding, body: Any, actor: Actor, depth: int = 0) -> Any:
        """The body with every reference replaced by a live row's id; optional ones that have none are left out."""
        if binding.resource is None or not isinstance(body, Mapping):
            return body
        made = dict(body)
        required = self.bodies.required(binding)
        for reference in binding.resource.references:
            named = reference.named(made)
            if not named:
                continue
            target = self.behaviour.resources.get(named[0][1] or "")
            try:
                found = self.row(self._known(target), actor, depth)[self._known(target).id_field]
                if reference.at is not None:
                    holder = made[reference.field]
                    found = {**(holder[0] if reference.many else holder), reference.at: found}
                made[reference.field] = [found] if reference.many else found
            except (NotExercised, Inconclusive):
                if reference.field in required:
                    raise
                del made[reference.field]
        return self._referring_inside(binding.resource, made, actor, depth)

    def _referring_inside(
        self, resource: Resource, made: dict[str, Any], actor: Actor, depth: int
    ) -> dict[str, Any]:
        """The same for plain references in lists of objects; what has nowhere to lead is null."""
        for field in resource.fields.values():
            if not (field.items and isinstance(made.get(field.name), list)):
                continue
            for reference in [item.reference for item in field.items.values() if item.reference]:
                if reference.by is not None or reference.at is not None:
                    continue
                target = self.behaviour.resources.get(reference.to.get("", ""))
                try:
                    found = self.row(self._known(target), actor, depth)[self._known(target).id_field]
                except (NotExercised, Inconclusive):
                    found = None
                made[field.name] = [_renamed(item, reference.field, found) for item in made[field.name]]
        return made

    def _known(self, resource: Resource | None) -> Resource:
        if resource is None:
            raise NotExercised("a reference leads to a resource that nothing describes")
        return resource

    def fetched(self, resource: Resource, actor: Actor, row: Row) -> tuple[Row, Exchange]:
        """A row as it reads now. Raises Inconclusive when it cannot be read."""
        binding = self.operation(resource, Kind.READ)
        exchange = self.call(actor, binding, identifier=row[resource.id_field], row=row)
        return self.unwrapped(binding, exchange), exchange

    # -- changes ----------------------------------------------------------------------------------------------------

    def changes(
        self, binding: Binding, row: Row, actor: Actor, *, bound: bool = False
    ) -> Iterator[tuple[str, Any, Any]]:
        """(field, new value, body) of updates that the contract allows, the most harmless first.

        ``bound``: also of fields that can be changed in some states only.
        """
        for name, pointer in self.editable(binding, bound=bound):
            for value in self.bodies.others(pointer, row.get(name)):
                if value is not None:
                    yield name, value, self.update_body(binding, row, {name: value}, actor)
                    break

    def editable(self, binding: Binding, *, bound: bool = False) -> list[tuple[str, str]]:
        """Fields that an update may change without consequences, free words first."""
        resource = binding.resource
        if resource is None:
            return []
        fixed = {reference.field for reference in resource.references}
        fixed |= {resource.lifecycle.field} if resource.lifecycle else set()
        fixed |= {r.by for r in resource.references if r.by} | {*resource.within, resource.id_field}
        found = [
            (name, pointer)
            for name, pointer in writable_fields(self.contract, binding).items()
            if name in resource.fields
            and name not in fixed
            and _plain(resource.fields[name], offered=resource.fields[name].pointer != pointer)
            and (bound or not resource.fields[name].editable_while)
        ]
        return sorted(found, key=lambda item: not _is_free_text(resource.fields[item[0]]))

    def update_body(self, binding: Binding, row: Row, changes: Mapping[str, Any], actor: Actor) -> Any:
        """What to send for a change: the change alone, or with PUT everything that is writable."""
        if binding.kind is not Kind.REPLACE:
            return dict(changes)
        known = {
            n: row[n] for n in writable_fields(self.contract, binding) if n in row and row[n] is not None
        }
        if self.bodies.is_valid(binding, {**known, **changes}):
            return {**known, **changes}
        return {**self.body(binding, actor), **changes}

    def updated(self, binding: Binding, actor: Actor, **options: Any) -> tuple[Row, str, Any, Exchange]:
        """A new row that was changed: (row before, field, new value, answer). Raises Inconclusive, NotExercised."""
        resource = binding.resource
        assert resource is not None  # noqa: S101 - clauses about updates exist only where there is one
        row = self.created(resource, actor)
        last: Exchange | None = None
        for name, value, body in self.changes(binding, row, actor):
            last = self.call(actor, binding, identifier=row[resource.id_field], row=row, body=body, **options)
            if last.ok:
                return row, name, value, last
        if last is None:
            raise NotExercised(f"{binding.id} has no field that could be changed")
        raise Inconclusive(f"{binding.id} answers {last.status}")

    def success(self, binding: Binding) -> Exchange:
        """A successful answer to the owner, from before or tried now. Raises Inconclusive, NotExercised."""
        if binding.id not in self.successes:
            self._succeed(binding)
        if binding.id not in self.successes:
            raise Inconclusive(f"{binding.id} never succeeded")
        return self.successes[binding.id]

    def _succeed(self, binding: Binding) -> None:
        resource = binding.resource
        if binding.kind is Kind.LIST:
            self.call(self.owner, binding)
        elif resource is not None and binding.kind is Kind.ACTION and binding.id_parameter:
            row = self.created(resource, self.owner) if binding.effect else self.row(resource, self.owner)
            body = self.body(binding, self.owner) if binding.input else ABSENT
            self.call(self.owner, binding, identifier=row[resource.id_field], row=row, body=body)
        elif binding.kind is Kind.ACTION or resource is None:
            self.call(self.owner, binding, body=self.body(binding, self.owner) if binding.input else ABSENT)
        elif binding.kind is Kind.READ:
            row = self.row(resource, self.owner)
            self.call(self.owner, binding, identifier=row[resource.id_field], row=row)
        elif binding.kind is Kind.CREATE:
            self.creation(binding, self.owner)
        elif binding.kind is Kind.DELETE:
            row = self.created(resource, self.owner)
            self.call(self.owner, binding, identifier=row[resource.id_field], row=row)
        else:
            self.updated(binding, self.owner)


def _renamed(item: Any, name: str, value: Any) -> Any:
    """An object of a list with another id where it had one."""
    return {**item, name: value} if isinstance(item, Mapping) and item.get(name) is not None else item


def _plain(field: Field, *, offered: bool) -> bool:
    """``offered``: the request has its own schema for the field, which may be read-only elsewhere."""
    return not (
        (field.read_only and not offered) or field.stamped or field.generated or field.write_only
        or field.immutable or field.hidden or field.computed or field.unique
    )  # fmt: skip


def _is_free_text(field: Field) -> bool:
    schema = field.schema
    kinds = schema.get("type")
    texts = kinds == "string" or (isinstance(kinds, list) and "string" in kinds)
    return texts and not any(word in schema for word in ("enum", "format", "pattern"))
