"""One walk: the target and the model under the same steps, compared after each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from troth.behaviour.model import Binding, Field, Kind, Resource
from troth.behaviour.occasions import defaults_of, writable_fields
from troth.conformance.actors import Actor
from troth.conformance.comparing import is_free, leaning_of, unequal
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import is_cut, items_of, walk
from troth.conformance.reference import Answer, Reference
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive
from troth.conformance.walks.flaws import About, Difference, clause_for_field, clause_for_refusal
from troth.conformance.walks.steps import Book, Known, Ref, Step

__all__ = ["Pair"]

_NEAR = 3
_BROKEN = 500
_LISTED = 400


class Pair:
    """Both sides of one walk. ``exchanges`` are what went to the target."""

    def __init__(self, scene: Scene, reference: Reference, callers: Mapping[str, Actor], mark: str) -> None:
        self.book = Book()
        self.exchanges: list[Exchange] = []
        self._scene = scene
        self._reference = reference
        self._callers = callers
        self._mark = mark
        reference.begin(mark, scene.now() if scene.control else None)

    def named(self, step: Step, number: int) -> Step:
        """The step with a name for the row that it makes."""
        kind = self._scene.behaviour.bindings[step.operation].kind
        return replace(step, makes=f"row-{number}") if kind is Kind.CREATE else step

    def plant(self, resource: Resource, role: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """The model gets rows that the target has and that no operation makes; steps may name the first of them."""
        for number, row in enumerate(rows):
            self._reference.plant(resource, role, row)
            identifier = row[resource.id_field]
            if number == 0:
                name = f"{resource.name}-{role}"
                self.book.add(
                    Known(name, resource.name, role, identifier, identifier, old=True, seen=row, expected=row)
                )

    # -- one step ---------------------------------------------------------------------------------------------------

    def take(self, step: Step) -> Difference | None:
        """Send a step to both sides. What differs, or None. Raises Inconclusive when the target does not answer."""
        binding = self._scene.behaviour.bindings[step.operation]
        if binding.kind is Kind.LIST:
            return self._listed(step, binding)
        exchange, answer = self._sent(step, binding)
        difference = self._statuses(step, binding, exchange, answer)
        if difference is not None or not exchange.ok:
            return difference
        return self._followed(step, binding, exchange, answer)

    def _sent(
        self, step: Step, binding: Binding, paging: tuple[tuple[str, Any], ...] = ()
    ) -> tuple[Exchange, Answer]:
        actor = self._callers[step.role] if step.role else None
        headers = self._keyed(step, binding)
        body = self.book.filled(step.body, "target")
        query = [(name, self.book.filled(value, "target")) for name, value in step.query]
        exchange = self._scene.call(
            actor, binding, identifier=self._identifier(step, "target"), row=self._above(step, "target"),
            query=[*query, *paging], body=body, headers=headers,
        )  # fmt: skip
        self.exchanges.append(exchange)
        self._expect(binding, exchange)
        answer = self._modelled(step, binding, exchange, paging)
        self._reference.settle()
        return exchange, answer

    def _expect(self, binding: Binding, exchange: Exchange) -> None:
        """Have the model give the id that the target gave, unless that is an old one."""
        resource = binding.resource
        shown = _row(binding, exchange) if exchange.ok and binding.kind is Kind.CREATE else None
        if resource is None or shown is None or resource.id_field not in shown:
            return
        identifier = shown[resource.id_field]
        if self.book.of_target(resource.name, identifier) is None:
            self._reference.expect(resource, identifier)

    def _modelled(
        self, step: Step, binding: Binding, exchange: Exchange, paging: tuple[tuple[str, Any], ...]
    ) -> Answer:
        """The same request to the model, with its own ids."""
        path = self._scene.path(
            binding, self._identifier(step, "model"), self._above(step, "model"), self._scene.owner
        )
        sent = urlsplit(exchange.url).query
        if step.query or paging:
            given = {name for name, _ in (*step.query, *paging)}
            rest = [pair for pair in _pairs(sent) if pair[0] not in given]
            own = [(name, self.book.filled(value, "model")) for name, value in step.query]
            sent = urlencode([*rest, *((n, _text(v)) for n, v in (*own, *paging))])
        body = exchange.body
        if any(self.book.rows[name].target != self.book.rows[name].model for name in step.needs):
            body = _dumped(self.book.translated(json.loads(body))) if body else body
        return self._reference.send(step.role, exchange.method, path, sent, exchange.headers, body)

    def _identifier(self, step: Step, side: str) -> Any:
        return self.book.filled(step.row, side) if step.row else None

    def _above(self, step: Step, side: str) -> Mapping[str, Any] | None:
        return {field: self.book.filled(ref, side) for field, ref in step.parents} or None

    def _keyed(self, step: Step, binding: Binding) -> dict[str, str]:
        policy = binding.idempotency
        if policy is None or step.key is None:
            return {}
        return {policy.header: f"troth-{self._scene.nonce}-{self._mark}-{step.key}"}

    # -- statuses ---------------------------------------------------------------------------------------------------

    def _statuses(
        self, step: Step, binding: Binding, exchange: Exchange, answer: Answer
    ) -> Difference | None:
        """Whether one side accepts what the other refuses."""
        expected, found = answer.exchange.status, exchange.status
        if found >= _BROKEN and expected < _BROKEN:
            return Difference(
                "validation.no-server-error", binding.id, "status", f"answers {found} instead of {expected}"
            )
        if expected >= _BROKEN or (
            answer.exchange.ok == exchange.ok and (not exchange.ok or expected == found)
        ):
            return None
        if answer.exchange.ok and exchange.ok:
            return Difference(
                "schema.response", binding.id, "status", f"answers {found} instead of {expected}"
            )
        if exchange.ok:
            return self._accepted(step, binding, answer)
        return self._refused(step, binding, exchange)

    def _accepted(self, step: Step, binding: Binding, answer: Answer) -> Difference | None:
        if answer.refusal is None:
            return None
        above = {ref.name for _, ref in step.parents} | ({step.row.name} if step.row else set())
        about = About(
            foreign=any(self._foreign(step, name) for name in above),
            foreign_reference=any(self._foreign(step, name) for name in step.needs - above),
            gone=any(self.book.rows[name].gone for name in step.needs),
            keyed=bool(step.key),
            shortened=_shortened(step, binding),
        )
        clause = clause_for_refusal(binding, answer.refusal, about)
        if clause == "references.exists" and not about.gone and not step.wild:
            raise Inconclusive("the step names a row that is not of this walk")
        why = step.wild or answer.refusal.message or answer.refusal.kind
        told = f"is accepted; it should be refused: {why}"
        return Difference(clause, binding.id, f"accepted:{answer.refusal.kind}", told)

    def _foreign(self, step: Step, name: str) -> bool:
        owner = self.book.rows[name].role
        return self._callers[owner].tenant != (self._callers[step.role].tenant if step.role else None)

    def _refused(self, step: Step, binding: Binding, exchange: Exchange) -> Difference:
        told = f"answers {exchange.status} to a request that the contract allows"
        if binding.kind is Kind.READ and step.row is not None:
            return Difference("resource.read", binding.id, "lost", told)
        policy = binding.idempotency
        if policy and step.key and exchange.status == self._scene.kind(policy.mismatch).status:
            return Difference("idempotency.scope", binding.id, "key", told)
        return Difference("validation.accepted", binding.id, f"refused:{exchange.status}", told)

    # -- what follows from a success ---------------------------------------------------------------------------------

    def _followed(
        self, step: Step, binding: Binding, exchange: Exchange, answer: Answer
    ) -> Difference | None:
        resource = binding.resource
        assert resource is not None  # noqa: S101 - walks know only operations on resources
        known: Known | None = self.book.rows[step.row.name] if step.row else None
        if binding.kind is Kind.CREATE:
            difference, known = self._made(step, binding, resource, exchange, answer)
            if difference is not None:
                return difference
        elif binding.kind is Kind.DELETE and known is not None:
            known.gone = True
        if known is None:
            return None
        if binding.kind in (Kind.UPDATE, Kind.REPLACE) and isinstance(step.body, Mapping):
            known.given |= frozenset(step.body)
        if binding.kind not in (Kind.DELETE, Kind.ACTION):
            difference = self._shown(step, binding, known, exchange, answer)
            if difference is not None:
                return difference
        return self._around(step, binding, known) if binding.writes else None

    def _made(
        self, step: Step, binding: Binding, resource: Resource, exchange: Exchange, answer: Answer
    ) -> tuple[Difference | None, Known | None]:
        """The pair of new ids, or an old pair where a key replayed."""
        shown, expected = _row(binding, exchange), _row(binding, answer.exchange)
        if shown is None or expected is None or resource.id_field not in expected:
            return None, None
        identifier = shown.get(resource.id_field)
        if identifier is None:
            return Difference("resource.create", binding.id, "id", f"shows no '{resource.id_field}'"), None
        by_model = self.book.of_model(resource.name, expected[resource.id_field])
        by_target = self.book.of_target(resource.name, identifier)
        if by_model is not by_target:
            if by_model is not None:
                return Difference(
                    "idempotency.replay", binding.id, "again", "acts again for a repeated key"
                ), None
            clause = "idempotency.scope" if step.key else "resource.create"
            return Difference(clause, binding.id, "id", f"gives the id {identifier!r} a second time"), None
        if by_model is not None:
            return None, None  # replayed on both sides
        role = step.role or "owner"
        given = frozenset(step.body) if isinstance(step.body, Mapping) else frozenset()
        known = Known(step.makes, resource.name, role, identifier, expected[resource.id_field], given=given)
        self.book.add(known)
        return None, known

    def _around(self, step: Step, binding: Binding, known: Known) -> Difference | None:
        """The row as it reads now, and those near it, which may be computed over it."""
        for one in [known, *self._near(known)]:
            reader = self._scene.behaviour.binding(one.resource, Kind.READ)
            if reader is None or reader.parents:
                continue
            difference = self._read(step, binding, reader, one, own=one is known)
            if difference is not None:
                return difference
            self.exchanges.pop()  # it showed nothing
        return None

    def _near(self, known: Known) -> list[Known]:
        ids = {str(known.model)} | {str(v) for v in known.expected.values() if isinstance(v, str | int)}
        found = [
            one
            for one in self.book.rows.values()
            if one is not known
            and not one.gone
            and (str(one.model) in ids or str(known.model) in map(str, one.expected.values()))
        ]
        return found[-_NEAR:]

    def _read(
        self, step: Step, binding: Binding, reader: Binding, one: Known, *, own: bool
    ) -> Difference | None:
        reading = Step(one.role, reader.id, Ref(one.name))
        exchange, answer = self._sent(reading, reader)
        if one.gone:
            if exchange.ok and not answer.exchange.ok:
                return Difference("resource.delete", binding.id, "there", "a deleted row can still be read")
            return None
        difference = self._statuses(reading, reader, exchange, answer)
        if difference is not None and difference.cause == "lost" and own and binding.kind is Kind.CREATE:
            return Difference("resource.create", binding.id, "lost", f"the created row {difference.title}")
        if difference is not None or not exchange.ok:
            return difference
        return self._shown(
            step if own else reading, binding if own else reader, one, exchange, answer, reader
        )

    def _shown(
        self,
        step: Step,
        binding: Binding,
        known: Known,
        exchange: Exchange,
        answer: Answer,
        reader: Binding | None = None,
    ) -> Difference | None:
        """Field by field; then the model takes over what the server alone decides."""
        resource = self._scene.behaviour.resources[known.resource]
        shown, expected = _row(reader or binding, exchange), _row(reader or binding, answer.exchange)
        if shown is None or expected is None:
            return None
        shown = {name: self._as_model(resource, name, value) for name, value in shown.items()}
        free = self._free(resource, known)
        found = sorted(
            unequal(resource, expected, shown, free),
            key=lambda one: resource.fields[one[0]].computed is not None,
        )
        for name, left, right in found[:1]:
            sent = isinstance(step.body, Mapping) and name in step.body
            about = About(
                sent=sent,
                changed=name in known.seen and not sent,
                moved=known.expected.get(name) != expected[name],
                shortened=_shortened(step, binding),
            )
            clause = clause_for_field(resource, binding, name, about)
            at = self._scene.behaviour.binding(resource.name, Kind.READ)
            computed = clause in ("fields.computed", "fields.frozen") and at is not None
            title = f"shows '{name}' as {right!r} instead of {left!r}"
            return Difference(clause, at.id if computed and at else binding.id, name, title)
        self._adopt(resource, known, expected, shown, free)
        known.seen = shown
        known.expected = {**expected, **{n: shown[n] for n in shown if n in expected}}
        return None

    def _as_model(self, resource: Resource, name: str, value: Any) -> Any:
        """A value of the target with the model's ids in it."""
        reference = next((one for one in resource.references if one.field == name), None)
        if reference is not None and isinstance(value, int):
            for target in reference.to.values():
                known = self.book.of_target(target, value)
                if known is not None:
                    return known.model
        return self.book.translated(value)

    def _free(self, resource: Resource, known: Known) -> Any:
        creator = self._scene.behaviour.binding(resource.name, Kind.CREATE)
        written = frozenset(writable_fields(self._scene.contract, creator)) if creator else frozenset()
        defaults = frozenset(defaults_of(self._scene.contract, creator)) if creator else frozenset()

        leaning = leaning_of(resource, rows=known.old)

        def free(field: Field) -> bool:
            return field.name in leaning or is_free(field, known.given, written, defaults)

        return free

    def _adopt(
        self,
        resource: Resource,
        known: Known,
        expected: Mapping[str, Any],
        shown: Mapping[str, Any],
        free: Any,
    ) -> None:
        values = {
            name: shown[name]
            for name, field in resource.fields.items()
            if name in shown and name in expected and name != resource.id_field
            and field.computed is None and not field.hidden
            and free(field) and shown[name] != expected[name]
        }  # fmt: skip
        self._reference.adopt(resource, known.role, known.model, values)

    # -- lists ------------------------------------------------------------------------------------------------------

    def _listed(self, step: Step, binding: Binding) -> Difference | None:
        """The rows of the walk that both sides list, whatever else the target has."""
        resource = binding.resource
        assert resource is not None  # noqa: S101 - as above
        firsts: list[tuple[Exchange, Answer]] = []
        answers: list[Exchange] = []

        def turn(paging: Any) -> Exchange:
            exchange, answer = self._sent(step, binding, tuple(paging))
            firsts.append((exchange, answer))
            return exchange

        def modelled(paging: Any) -> Exchange:
            found = self._modelled(step, binding, firsts[0][0], tuple(paging)).exchange
            answers.append(found)
            return found

        exchange, answer = self._sent(step, binding)
        difference = self._statuses(step, binding, exchange, answer)
        if difference is not None or not exchange.ok or not answer.exchange.ok:
            return difference
        rows, _ = walk(binding, turn, step.size)
        items_of(binding, exchange)
        expected, _ = walk(binding, modelled, step.size)
        return self._lists(step, binding, resource, rows, expected)

    def _lists(
        self, step: Step, binding: Binding, resource: Resource, rows: Any, expected: Any
    ) -> Difference | None:
        name = resource.id_field
        ours = [one for row in rows if (one := self.book.of_target(resource.name, row.get(name)))]
        wanted = [one for row in expected if (one := self.book.of_model(resource.name, row.get(name)))]
        clause = self._narrowed(step, binding)
        for one in ours:
            if one not in wanted:
                if one.gone:
                    clause, told = self._deleting(resource, binding), "lists a deleted row"
                elif step.role and self._callers[one.role].tenant != self._callers[step.role].tenant:
                    clause, told = ("tenancy.list", binding.id), "lists a row of another tenant"
                else:
                    told = "lists a row that it should not"
                return Difference(clause[0], clause[1], "extra", told)
        if any(one not in ours for one in wanted) and not is_cut(binding, len(rows)):
            return Difference(clause[0], clause[1], "missing", "does not list a row that it should")
        return None

    def _narrowed(self, step: Step, binding: Binding) -> tuple[str, str]:
        names = {name.partition("[")[0] for name, _ in step.query}
        if binding.query.conditions is not None and binding.query.conditions.parameter in names:
            return "conditions.exact", binding.id
        if names & {one.parameter for one in binding.filters}:
            return "filter.exact", binding.id
        if binding.where is not None:
            return "list.where", binding.id
        return "pagination.complete", binding.id

    def _deleting(self, resource: Resource, binding: Binding) -> tuple[str, str]:
        remover = self._scene.behaviour.binding(resource.name, Kind.DELETE)
        return ("resource.delete", remover.id) if remover else ("pagination.complete", binding.id)


def _shortened(step: Step, binding: Binding) -> bool:
    short = binding.shorthand
    return short is not None and isinstance(step.body, Mapping) and bool(short.fields & step.body.keys())


def _row(binding: Binding, exchange: Exchange) -> Mapping[str, Any] | None:
    found = exchange.json
    if binding.wrapper and isinstance(found, Mapping):
        found = found.get(binding.wrapper)
    return found if isinstance(found, Mapping) else None


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) or value is None else str(value)


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()
