"""What every performer shares: one validated request, and the rows of its resource as the operation may see them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from troth.behaviour.model import Behaviour, Binding, Kind, Parent, Resource
from troth.behaviour.resources import properties_of
from troth.behaviour.shapes import item_form
from troth.contract.model import Contract
from troth.engine.authenticating import Principal
from troth.engine.checking import WriteChecks
from troth.engine.effects import Effects
from troth.engine.keeping import Keeper
from troth.engine.messages import Request, Response, dump
from troth.engine.preconditions import Preconditions
from troth.engine.querying import ListQuery
from troth.engine.refusing import Refusal, compile_template
from troth.engine.rows import RowKind
from troth.engine.showing import Showing
from troth.engine.spelling import Spelling
from troth.engine.state import Row, State
from troth.engine.world import TenantWorld

__all__ = ["Call", "Performer", "Rows", "belongs"]


class Call(NamedTuple):
    """One validated request."""

    principal: Principal
    state: State
    world: TenantWorld
    values: Mapping[tuple[str, str], Any]
    body: Any
    request: Request


Performer = Callable[[Call], Response]
Values = Mapping[tuple[str, str], Any]

_NO_VALUES: Values = {}


class Rows:
    """What every performer of a resource's operation shares."""

    def __init__(
        self,
        binding: Binding,
        resource: Resource,
        contract: Contract,
        behaviour: Behaviour,
        keeper: Keeper,
        faults: frozenset[str],
    ) -> None:
        self.binding = binding
        self.resource = resource
        self.keeper = keeper
        self.faults = faults
        self.kind: RowKind = keeper.kinds[resource.name]
        self.sight = keeper.sights[resource.name]
        self.translation = keeper.translations.get(resource.name)
        self.checks = WriteChecks(resource, behaviour, faults, keeper.withholding)
        self._foreign_write = behaviour.tenancy.foreign_write
        self._foreign_read = behaviour.tenancy.foreign_read
        self._id = ("path", binding.id_parameter or "")
        pointer = _request_pointer(binding)
        form = item_form(contract, pointer) if pointer else None
        self._inside = form.wrapper if form and form.wrapper not in resource.fields else None
        if form is not None and self._inside is not None:
            pointer = form.pointer
        documented = binding.operation.response_for(binding.success)
        media = documented.json if documented else None
        #: The header field that tells the media type of answers, as the contract spells it.
        self.json = (b"content-type", media.spelling.encode() if media else b"application/json")
        self.spelling = Spelling(binding, resource, faults)
        self._silent = binding.writes and documented is not None and not documented.media
        self.writable = _writable(contract, pointer, resource)
        self.defaults = _defaults(contract, pointer)
        self.defaults.pop(resource.id_field, None)  # an id that everybody gets is none
        if "default-other" in faults:
            self.defaults = _others(contract, pointer, self.defaults, resource)
        self._wrapper = binding.wrapper
        self._answer = _answering(binding, resource, faults)
        shown = behaviour.resources.get(binding.through.to.get("", "")) if binding.through else None
        self.showing = Showing(
            binding if shown is None else replace(binding, resource=shown),
            keeper,
            faults,
        )
        query = ListQuery(binding, contract, behaviour, faults)
        self.query = query if query.active else None
        profile = binding.conditional
        self.conditions = Preconditions(profile, binding, self.kind, self.sight, faults) if profile else None
        self._leaks = "write-only-leaked" in faults
        self._secrets = tuple(f.name for f in resource.fields.values() if f.write_only)
        self.once = tuple(f.name for f in resource.fields.values() if f.shown_once)
        self._writes = binding.writes
        # Rows are shown as they are seen, with nothing that depends on the request.
        plain = self.showing.plain and shown is None and self.conditions is None and self._answer is None
        self._brief = plain and not (self._leaks or self._silent or binding.success == 204)  # noqa: PLR2004
        wrapper = dump(self._wrapper) if self._wrapper else b""
        self._before, self._after = (b"{%b:" % wrapper, b"}") if wrapper else (b"", b"")
        declared = binding.effect or binding.rules
        self.effects = Effects(binding, resource, behaviour, keeper, faults) if declared else None

    def named(self, call: Call) -> str:
        """The key of the row that the path names."""
        if not self.resource.within:
            return str(call.values.get(self._id, ""))
        return self.binding.key({parameter: value for (_, parameter), value in call.values.items()})

    def find(self, call: Call) -> Row:
        """The row that the path names. Raises Refusal as the contract's tenancy says."""
        identifier = self.named(call)
        row = call.state.table(call.world.tenant, self.resource.name).get(identifier)
        if (
            row is not None
            and (row.visible or "hidden-shown" in self.faults)
            and self._below_parents(row.data, call)
            and (
                self.sight.rules is None
                or self.sight.rules.readable(row, call.world, writing=self.binding.writes)
            )
        ):
            return row
        if "crash" in self.faults and row is None:
            raise RuntimeError("the fault 'crash' is on")
        raise Refusal(self._missing(identifier, call), self._told(identifier, call))

    def _told(self, identifier: str, call: Call) -> str | None:
        """A fault: the refusal names what it keeps back."""
        found = foreign(call, self.resource.name, identifier) if "foreign-told" in self.faults else None
        texts = (
            {name: value for name, value in found[1].data.items() if isinstance(value, str)} if found else {}
        )
        return f"This is not yours: {texts}" if texts else None

    def _missing(self, identifier: str, call: Call) -> str:
        acts = self.binding.kind is Kind.ACTION
        fault = "foreign-action-forbidden" if acts else "foreign-forbidden"
        if fault in self.faults and foreign(call, self.resource.name, identifier):
            return "forbidden"
        return self._foreign_write if self.binding.writes else self._foreign_read

    def subject(self, call: Call, fault: str) -> tuple[Row, TenantWorld]:
        """The row that a write is about; another tenant's where the fault lets it through. Raises Refusal."""
        if self.conditions is not None and (hidden := self.leaked(call, "state-told")):
            self.conditions.demand(call.request, *hidden)
        return self.leaked(call, fault) or (self.find(call), call.world)

    def leaked(self, call: Call, fault: str) -> tuple[Row, TenantWorld] | None:
        """Another tenant's row, when a fault lets it through."""
        if fault not in self.faults:
            return None
        found = foreign(call, self.resource.name, self.named(call))
        return None if found is None else (found[1], self.keeper.world(call.state, found[0]))

    def _below_parents(self, data: Mapping[str, Any], call: Call) -> bool:
        return all(
            belongs(data, parent, str(call.values.get(("path", parent.parameter))), self.keeper.kinds)
            for parent in self.binding.parents
        )

    def parent_values(self, call: Call) -> dict[str, Any]:
        """The fields that the path gives. Raises Refusal when one of the rows that it names does not exist."""
        for parent in self.binding.parents if "leak-foreign-below" not in self.faults else ():
            if parent.resource in self.keeper.kinds:
                value = str(call.values.get(("path", parent.parameter)))
                row = call.state.table(call.world.tenant, parent.resource).get(value)
                rules = self.keeper.sights[parent.resource].rules
                unseen = rules is not None and row is not None and not rules.readable(row, call.world)
                if row is None or not row.visible or unseen:
                    told = "foreign-parent-forbidden" in self.faults and foreign(call, parent.resource, value)
                    raise Refusal("forbidden" if told else self._foreign_read)
        return {p.field: call.values.get(("path", p.parameter)) for p in self.binding.parents}

    def guard(self, row: Row, world: TenantWorld, names: Collection[str] | None = None) -> None:
        """A write touches nothing that its caller does not see; without ``names`` it touches the whole row."""
        if self.sight.rules is not None:
            self.sight.rules.guard(row, world, names)

    def given(self, call: Call) -> Mapping[str, Any]:
        """The members of the request's object, which may stand under a wrapper."""
        body = call.body
        if self._inside is not None and isinstance(body, Mapping):
            body = body.get(self._inside)
        if not isinstance(body, Mapping):
            return {}
        if self.translation is not None:
            body = self.translation.taken(body, call.world, self._stored(call))
        return self.spelling.plain(body)

    def _stored(self, call: Call) -> Mapping[str, Any] | None:
        """The row that a request is about, as it is; None for one that is yet to be made."""
        row = call.state.table(call.world.tenant, self.resource.name).get(self.named(call))
        return None if row is None else row.data

    def unveiled(self, item: dict[str, Any], row: Row) -> dict[str, Any]:
        """A row of a list with its write-only fields, as a fault shows it."""
        return {**item, **{name: row.data.get(name) for name in self._secrets}}

    def one(
        self,
        row: Row,
        world: TenantWorld,
        status: int,
        resource: str | None = None,
        values: Values = _NO_VALUES,
        also: tuple[str, ...] = (),
    ) -> Response:
        """The answer that shows one row; ``resource`` where it is of another one, ``also`` what else it shows."""
        if self._brief and resource is None and not also:
            if not self._writes:
                return Response(status, [self.json], self._before + self.sight.body(row, world) + self._after)
            # Most rows that are written are not read next: their JSON is not kept.
            world.gaze = None
            body = dump(self.kind.view(row, world)) if self.sight.same else self.sight.body(row, world)
            return Response(status, [self.json], self._before + body + self._after if self._before else body)
        if status == 204 or self._silent:  # noqa: PLR2004 - No Content
            return Response(status, [])
        if self._writes:
            world.gaze = None  # what was written may be visible now
        shown = resource or self.resource.name
        body = self.showing.body(shown, row, world, values)
        told = self._secrets if self._leaks else also
        if told:
            body = dump({**orjson.loads(body), **{n: row.data.get(n) for n in told}})
        if self._answer is not None:
            body = dump(self._answer({"row": orjson.Fragment(body)}))
        elif self._wrapper:
            body = dump({self._wrapper: orjson.Fragment(body)})
        if self.conditions is None or shown != self.resource.name or self.binding.kind is Kind.DELETE:
            return Response(status, [self.json], body)
        return Response(status, [self.json, *self.conditions.headers(row, world)], body)


def _answering(
    binding: Binding, resource: Resource, faults: frozenset[str]
) -> Callable[[Mapping[str, Any]], Any] | None:
    """The declared answer of a write as a function of the slot ``row``."""
    if binding.answer is None:
        return None
    template = "$row" if "answer-bare" in faults else _labelled(binding.answer.template, resource.label)
    return compile_template(template)


def _labelled(template: Any, label: str) -> Any:
    if isinstance(template, Mapping):
        return {name: _labelled(inner, label) for name, inner in template.items()}
    return template.replace("{label}", label) if isinstance(template, str) else template


def _request_pointer(binding: Binding) -> str | None:
    """The schema of what a request sends: JSON before forms."""
    body = binding.operation.body
    media = (body.json or body.form) if body else None
    return media.schema_pointer if media else None


def foreign(call: Call, resource: str, identifier: str) -> tuple[str, Row] | None:
    """The tenant and row of an id that belongs to somebody else."""
    for (tenant, name), table in call.state.tables.items():
        if name == resource and tenant != call.world.tenant and (row := table.get(identifier)):
            return tenant, row
    return None


def _writable(contract: Contract, pointer: str | None, resource: Resource) -> frozenset[str]:
    """What an operation may set: the properties of its request schema that are not read-only there."""
    if pointer is None or not properties_of(contract, pointer):
        return frozenset(name for name, field in resource.fields.items() if not field.read_only)
    found = {
        name: (contract.node(at), contract.follow(at)[1])
        for name, at in properties_of(contract, pointer).items()
    }
    shared = contract.follow(pointer)[0] == resource.schema_pointer
    return frozenset(
        name
        for name, schemas in found.items()
        if not any(isinstance(schema, Mapping) and schema.get("readOnly") for schema in schemas)
        and not (shared and name in resource.fields and resource.fields[name].read_only)
    )


def _defaults(contract: Contract, pointer: str | None) -> dict[str, Any]:
    if pointer is None:
        return {}
    found = {}
    for name, at in properties_of(contract, pointer).items():
        try:
            _, schema = contract.follow(at)
        except KeyError:
            continue
        if isinstance(schema, Mapping) and "default" in schema:
            found[name] = schema["default"]
    return found


def _others(
    contract: Contract, pointer: str | None, defaults: Mapping[str, Any], resource: Resource
) -> dict[str, Any]:
    """Another value of the same kind for every field that has a default."""
    found = {name: field.initial for name, field in resource.fields.items() if field.initial is not None}
    found = {**found, **defaults}
    written = properties_of(contract, pointer) if pointer else {}
    for name in found.keys() & written.keys():
        schema = contract.follow(written[name])[1]
        value = found[name]
        if isinstance(value, bool):
            found[name] = not value
        elif isinstance(schema, Mapping) and isinstance(schema.get("enum"), list):
            found[name] = next((other for other in schema["enum"] if other not in (value, None)), value)
        elif isinstance(value, int | float):
            found[name] = value + 1
    return {name: found[name] for name in found.keys() & written.keys()}


def belongs(data: Mapping[str, Any], parent: Parent, wanted: str, known: Collection[str]) -> bool:
    """Whether a row stands below a parent, which its field names alone, in a list or as an object.

    A row that nobody made below a parameter that no resource explains (``/{version}/pets``) stands below any.
    """
    value = data.get(parent.field)
    if value is None and parent.field not in data and parent.resource not in known:
        return True
    if isinstance(value, Mapping):
        value = value.get("id")
    return any(str(one) == wanted for one in value) if isinstance(value, list) else str(value) == wanted
