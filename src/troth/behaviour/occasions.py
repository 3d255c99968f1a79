"""Where a clause applies: questions about one operation of a contract, each answered with a pointer or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from troth.behaviour.model import Behaviour, Binding, Field, Kind, Reference
from troth.behaviour.resources import properties_of
from troth.contract.model import Contract
from troth.contract.pointers import join

__all__ = [
    "Place",
    "Where",
    "addressed",
    "always",
    "computed",
    "defaulted",
    "defaults_of",
    "due_key",
    "echoed",
    "emptied",
    "exampled",
    "filtered",
    "first_of_path",
    "forgeable",
    "forgeable_fields",
    "frozen",
    "headed",
    "immutable",
    "indistinguishable",
    "isolated",
    "isolated_reference",
    "keyed",
    "keyed_by_right",
    "keyed_by_tenant",
    "keyed_create",
    "lifecycle",
    "limited",
    "limited_apart",
    "limited_once",
    "limited_read",
    "limited_told",
    "maximum",
    "numbered",
    "numbered_fields",
    "paged",
    "permitted",
    "references",
    "refuses_media",
    "refusing",
    "rules",
    "scoped",
    "secured",
    "settable_fields",
    "shortened",
    "sized",
    "slotted",
    "taking_input",
    "unique_fields",
    "unique_values",
    "visible",
    "when",
    "writable_fields",
    "write_only",
    "written_references",
]


class Place(NamedTuple):
    """One operation within its contract; the rows below ask it whether and where they apply."""

    contract: Contract
    behaviour: Behaviour
    binding: Binding

    @property
    def kind(self) -> Kind:
        return self.binding.kind

    @property
    def operation(self) -> str:
        return self.binding.operation.pointer

    @property
    def resource(self) -> str:
        return self.binding.resource.pointer if self.binding.resource else self.operation

    def root(self, *keys: str) -> str:
        """The pointer of a root profile where it is declared, else the operation's."""
        node: object = self.contract.extension
        for key in keys:
            node = node.get(key) if isinstance(node, dict) else None
        return self.operation if node is None else join("/x-behaviour", *keys)


Where = Callable[[Place], str | None]
"""The pointer of the statement when a row applies to an operation, else None."""


#: Writes whose answer is the row that was sent.
_ROWS = (Kind.CREATE, Kind.UPDATE, Kind.REPLACE)


def writable_fields(contract: Contract, binding: Binding) -> Mapping[str, str]:
    """The properties of the object that an operation takes as JSON, by name, with the pointers of their schemas."""
    media = binding.input
    return properties_of(contract, media.schema_pointer) if media and media.schema_pointer else {}


def settable_fields(contract: Contract, binding: Binding) -> Mapping[str, str]:
    """The writable fields without those that are read-only: a schema that serves requests and answers has both."""
    media, resource = binding.input, binding.resource
    if media is None or media.schema_pointer is None:
        return {}
    shared = resource is not None and contract.follow(media.schema_pointer)[0] == resource.schema_pointer
    return {
        name: pointer
        for name, pointer in writable_fields(contract, binding).items()
        if not _is_read_only(contract, pointer)
        and not (shared and resource and name in resource.fields and resource.fields[name].read_only)
    }


def _is_read_only(contract: Contract, pointer: str) -> bool:
    try:
        schemas = contract.node(pointer), contract.follow(pointer)[1]
    except KeyError:
        return False
    return any(isinstance(schema, Mapping) and schema.get("readOnly") for schema in schemas)


def written_references(contract: Contract, binding: Binding) -> tuple[Reference, ...]:
    """The references that an operation's body can set."""
    if binding.resource is None:
        return ()
    written = settable_fields(contract, binding)
    return tuple(found for found in binding.resource.references if found.field in written)


def always(at: Place) -> str | None:
    return at.operation


def when(*kinds: Kind) -> Where:
    return lambda at: at.operation if at.binding.resource and at.kind in kinds else None


def isolated(*kinds: Kind) -> Where:
    def where(at: Place) -> str | None:
        isolates = at.behaviour.tenancy.source != "none" and at.binding.operation.security
        resource = at.binding.resource
        own = resource is not None and not resource.shared
        return at.root("tenancy") if isolates and own and at.kind in kinds else None

    return where


def indistinguishable(at: Place) -> str | None:
    tenancy = at.behaviour.tenancy
    kind = tenancy.foreign_write if at.binding.writes else tenancy.foreign_read
    items = (Kind.READ, Kind.UPDATE, Kind.REPLACE, Kind.DELETE)
    below = (Kind.LIST, Kind.CREATE) if _stands_below(at) else ()
    acts = (Kind.ACTION,) if at.binding.effect and at.binding.id_parameter else ()
    return isolated(*items, *below, *acts)(at) if kind == "not-found" else None


def _stands_below(at: Place) -> bool:
    """Whether an operation is about rows below one that the path names and a tenant has to itself."""
    above = [at.behaviour.resources.get(parent.resource or "") for parent in at.binding.parents]
    return len(above) == 1 and above[0] is not None and not above[0].shared


def isolated_reference(at: Place) -> str | None:
    resources = at.behaviour.resources
    found = [
        reference
        for reference in written_references(at.contract, at.binding)
        if any(name not in resources or not resources[name].shared for name in reference.to.values())
    ]
    return at.root("tenancy") if found and isolated(Kind.CREATE, Kind.UPDATE, Kind.REPLACE)(at) else None


def secured(at: Place) -> str | None:
    security = at.binding.operation.security
    return at.operation if security and all(security) else None


def scoped(at: Place) -> str | None:
    return at.operation if at.binding.scopes and secured(at) else None


def permitted(at: Place) -> str | None:
    """Where a caller needs permissions: at the operation that asks for some, else at its resource."""
    if not at.binding.permissions or not secured(at):
        return None
    own = "permissions" in at.binding.operation.extension
    return join(join(at.operation, "x-behaviour") if own else at.resource, "permissions")


def paged(at: Place) -> str | None:
    paging = at.binding.pagination
    if paging is None or paging.style == "none" or at.binding.resource is None:
        return None
    if not (paging.position or paging.cursor):
        return None  # a size alone leads to no second page
    return at.root("pagination", paging.name)


def sized(at: Place) -> str | None:
    paging = at.binding.pagination
    return paged(at) if paging and paging.size else None


def slotted(name: str) -> Where:
    """Where the list's envelope has a slot of that name."""

    def where(at: Place) -> str | None:
        paging = at.binding.pagination
        return paged(at) if paging and _holds(paging.envelope, f"${name}") else None

    return where


def _holds(template: object, slot: str) -> bool:
    if isinstance(template, Mapping):
        return any(_holds(inner, slot) for inner in template.values())
    return template == slot


def maximum(at: Place) -> str | None:
    paging = at.binding.pagination
    return paged(at) if paging and paging.max_size is not None and paging.size else None


def filtered(at: Place) -> str | None:
    return at.operation if at.binding.filters and at.kind is Kind.LIST else None


def refusing(at: Place) -> str | None:
    return at.root("errors") if at.behaviour.errors.declared else None


def refuses_media(binding: Binding) -> bool:
    """Whether a document says how a body of another media type is refused."""
    body = binding.operation.body
    return body is not None and "*/*" not in body.media and "415" in binding.operation.responses


def keyed(at: Place) -> str | None:
    """Where a write takes a key; an action or a delete only where a row can be made for it."""
    policy, resource = at.binding.idempotency, at.binding.resource
    if policy is None or resource is None:
        return None
    acts = at.kind is Kind.ACTION and at.binding.effect is not None and at.binding.id_parameter is not None
    ends = (acts or at.kind is Kind.DELETE) and at.behaviour.binding(resource.name, Kind.CREATE) is not None
    return policy.pointer if ends or at.kind in _ROWS else None


def keyed_create(at: Place) -> str | None:
    return keyed(at) if at.kind is Kind.CREATE else None


def due_key(at: Place) -> str | None:
    """Where a key may be too long, as the contract says, or must be there."""
    policy, given = at.binding.idempotency, at.contract.extension.get("idempotency")
    bounded = isinstance(given, Mapping) and "maxLength" in given
    headers = (p for p in at.binding.operation.parameters if p.location == "header" and p.required)
    due = policy is not None and any(p.name.lower() == policy.header for p in headers)
    return keyed(at) if at.kind not in (Kind.UPDATE, Kind.REPLACE) and (bounded or due) else None


def read_beside_keys(at: Place) -> str | None:
    policy = at.behaviour.idempotency
    reads = at.kind is Kind.READ and at.binding.resource is not None
    return policy.pointer if policy and reads and at.binding.idempotency is None else None


def keyed_by_tenant(at: Place) -> str | None:
    return keyed(at) if isolated(*_ROWS, Kind.ACTION, Kind.DELETE)(at) else None


def keyed_by_right(at: Place) -> str | None:
    return keyed(at) if scoped(at) or permitted(at) else None


def limited(at: Place) -> str | None:
    return (
        at.behaviour.rate_limits[0].pointer
        if at.behaviour.rate_limits and at.kind is not Kind.ACTION
        else None
    )


def limited_read(at: Place) -> str | None:
    told = any("remaining" in policy.headers for policy in at.behaviour.rate_limits)
    makes = at.kind is Kind.CREATE and at.binding.resource is not None
    return limited(at) if told and (makes or at.kind in (Kind.LIST, Kind.READ)) else None


def limited_told(at: Place) -> str | None:
    return limited(at) if any(policy.headers for policy in at.behaviour.rate_limits) else None


def limited_once(at: Place) -> str | None:
    """All operations share a window, so exhausting it is tried with one of them."""
    lists = (b for b in at.behaviour.bindings.values() if b.kind in (Kind.LIST, Kind.READ) and not b.parents)
    chosen = min(lists, key=lambda b: b.kind is not Kind.LIST, default=None)
    return limited(at) if chosen is at.binding else None


def limited_create(behaviour: Behaviour) -> Binding | None:
    """A create whose rows are listed, both without a parent: the plainest one, to be refused for the limit."""
    plain = [one for one in behaviour.bindings.values() if one.resource and not one.parents]
    listed = {one.resource.name for one in plain if one.kind is Kind.LIST and one.resource}
    makers = [b for b in plain if b.kind is Kind.CREATE and b.resource and b.resource.name in listed]
    return min(makers, key=lambda one: len(one.resource.references) if one.resource else 0, default=None)


def limited_beside_create(at: Place) -> str | None:
    return limited_once(at) if limited_create(at.behaviour) is not None else None


def limited_apart(at: Place) -> str | None:
    """Once, where every caller or tenant has a limit of its own that answers tell."""
    told = [p for p in at.behaviour.rate_limits if p.per != "address" and "remaining" in p.headers]
    return told[0].pointer if told and limited_once(at) else None


def trait(at: Place, trait: str, *kinds: Kind) -> str | None:
    fields = at.binding.resource.fields.values() if at.binding.resource else ()
    return next((f.pointer for f in fields if getattr(f, trait)), None) if at.kind in kinds else None


def forgeable_fields(contract: Contract, binding: Binding) -> tuple[Field, ...]:
    """The fields that answers show and that a body must not set: read-only, and not offered by its schema."""
    if binding.resource is None:
        return ()
    written = writable_fields(contract, binding)

    def is_offered(found: Field) -> bool:
        if found.name not in written or written[found.name] == found.pointer:
            return False
        schema = contract.follow(written[found.name])[1]
        return not (isinstance(schema, Mapping) and schema.get("readOnly"))

    fields = binding.resource.fields.values()
    return tuple(f for f in fields if f.read_only and not f.write_only and not f.hidden and not is_offered(f))


def forgeable(at: Place) -> str | None:
    found = forgeable_fields(at.contract, at.binding)
    return found[0].pointer if found and at.kind in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE) else None


def write_only(at: Place) -> str | None:
    fields = at.binding.resource.fields.values() if at.binding.resource else ()
    never = (f.pointer for f in fields if f.write_only and not f.shown_once)
    kinds = (Kind.CREATE, Kind.READ, Kind.LIST, Kind.UPDATE, Kind.REPLACE)
    return next(never, None) if at.kind in kinds else None


def immutable(at: Place) -> str | None:
    return trait(at, "immutable", Kind.UPDATE, Kind.REPLACE)


def computed(at: Place) -> str | None:
    """Where rows are read; in the plain list, or else the one below a row, where nothing reads a single one."""
    resource = at.binding.resource
    if resource is None or at.behaviour.binding(resource.name, Kind.READ) is not None:
        return trait(at, "computed", Kind.READ)
    lister = at.behaviour.binding(resource.name, Kind.LIST)
    stands = not at.binding.parents or (lister is not None and lister.id == at.binding.id)
    return trait(at, "computed", Kind.LIST) if stands and at.binding.where is None else None


def references(at: Place) -> str | None:
    found = written_references(at.contract, at.binding)
    return found[0].pointer if found and at.kind in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE) else None


def addressed(at: Place) -> str | None:
    """Where a header says which tenant a request is about."""
    named = at.behaviour.tenancy.source == "header" and at.binding.operation.security
    return at.root("tenancy") if named and at.binding.resource and at.kind is not Kind.ACTION else None


def frozen(at: Place) -> str | None:
    return trait(at, "frozen_when", Kind.READ)


def exampled(at: Place) -> str | None:
    """Where a contract shows the body of a create."""
    body = at.binding.operation.body
    shown = any("json" in name and media.examples for name, media in body.media.items()) if body else False
    return at.operation if shown and at.binding.resource and at.kind is Kind.CREATE else None


def emptied(at: Place) -> str | None:
    """Where a body can hold a text that stands for null."""
    if at.binding.resource is None or at.kind not in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE):
        return None
    written = writable_fields(at.contract, at.binding)
    found = (f for f in at.binding.resource.fields.values() if f.emptied is not None and f.name in written)
    return next((f.pointer for f in found), None)


def shortened(at: Place) -> str | None:
    return at.binding.shorthand.pointer if at.binding.shorthand and at.binding.resource else None


def echoed(at: Place) -> str | None:
    """Where a list says which filters were used."""
    slots = [slotted(f"filter.{found.parameter}")(at) for found in at.binding.filters]
    return next(filter(None, slots), None)


def visible(at: Place) -> str | None:
    resource = at.binding.resource
    return resource.pointer if resource and resource.visible and at.kind is Kind.LIST else None


def unique_fields(contract: Contract, binding: Binding) -> tuple[Field, ...]:
    """The fields that no two rows share and that a create may set."""
    if binding.resource is None or binding.kind is not Kind.CREATE:
        return ()
    written = writable_fields(contract, binding)
    return tuple(f for f in binding.resource.fields.values() if f.unique is not None and f.name in written)


def unique_values(at: Place) -> str | None:
    return next((f.pointer for f in unique_fields(at.contract, at.binding)), None)


def numbered_fields(binding: Binding) -> tuple[Field, ...]:
    """The fields that a create gets a number of a sequence for."""
    if binding.resource is None or binding.kind is not Kind.CREATE:
        return ()
    return tuple(f for f in binding.resource.fields.values() if f.sequence is not None and not f.hidden)


def numbered(at: Place) -> str | None:
    return next((f.pointer for f in numbered_fields(at.binding)), None)


def defaults_of(contract: Contract, binding: Binding) -> dict[str, Any]:
    """What fields of a new row hold where the body leaves them out: by the request's schema, then by the field's."""
    if binding.resource is None or binding.kind is not Kind.CREATE:
        return {}
    found: dict[str, Any] = {}
    for name, pointer in writable_fields(contract, binding).items():
        field = binding.resource.fields.get(name)
        if name == binding.resource.id_field:
            continue  # who makes ids up does not take the one that everybody would have
        if field is None or field.computed or field.write_only or field.hidden or field.generated:
            continue
        schema = contract.follow(pointer)[1]
        if isinstance(schema, Mapping) and "default" in schema:
            found[name] = schema["default"]
        elif field.initial is not None:
            found[name] = field.initial
    return found


def defaulted(at: Place) -> str | None:
    found = next(iter(defaults_of(at.contract, at.binding)), None)
    return at.binding.resource.fields[found].pointer if found and at.binding.resource else None


def lifecycle(at: Place) -> str | None:
    cycle = at.binding.resource.lifecycle if at.binding.resource else None
    moves = cycle and cycle.field in settable_fields(at.contract, at.binding)
    return cycle.pointer if cycle and moves and at.kind in (Kind.UPDATE, Kind.REPLACE) else None


def rules(at: Place) -> str | None:
    moment = {
        Kind.CREATE: "create",
        Kind.UPDATE: "update",
        Kind.REPLACE: "update",
        Kind.DELETE: "delete",
    }.get(at.kind)
    rules = at.binding.resource.rules if at.binding.resource else ()
    own = at.binding.rules if moment == "update" else ()
    return next((rule.pointer for rule in (*own, *rules) if moment in rule.on or rule in own), None)


def taking_input(at: Place) -> str | None:
    operation = at.binding.operation
    takes = operation.body or any(p.location == "query" for p in operation.parameters)
    return at.operation if takes and at.kind is not Kind.ACTION else None


def headed(at: Place) -> str | None:
    """What GET reads can be asked for without its content, where the document says nothing else of HEAD."""
    operation = at.binding.operation
    own = any(one.method == "HEAD" and one.path == operation.path for one in at.contract.operations)
    reads = at.binding.kind in (Kind.LIST, Kind.READ) and operation.method == "GET"
    return at.operation if reads and not own else None


def first_of_path(at: Place) -> str | None:
    """Methods belong to a path, so the first operation of each path speaks for it."""
    path = at.binding.operation.path
    first = next(operation for operation in at.contract.operations if operation.path == path)
    return at.operation if first.id == at.binding.id else None
