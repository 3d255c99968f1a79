"""Clauses: every promise that a contract's behaviour makes, one row an idea, one clause an operation.

A clause is what conformance judges, what a fault bends and what a report names: ``pagination.max-size@listClients``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from troth.behaviour.model import Behaviour, Binding, Field, Kind, Reference
from troth.behaviour.resources import properties_of
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.errors import UsageError, did_you_mean

__all__ = [
    "CLAUSE_IDS",
    "Clause",
    "chosen_clauses",
    "clauses_of",
    "forgeable_fields",
    "is_meant",
    "writable_fields",
    "written_references",
]

Level = Literal["MUST", "SHOULD"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise of one operation. ``pointer`` leads to the place in the contract that makes it."""

    id: str
    operation: str
    level: Level
    statement: str
    pointer: str

    @property
    def name(self) -> str:
        return f"{self.id}@{self.operation}"

    @property
    def concept(self) -> str:
        """The word before the dot: what the clause is about."""
        return self.id.partition(".")[0]


class _Place(NamedTuple):
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


Where = Callable[[_Place], str | None]
"""The pointer of the statement when a row applies to an operation, else None."""


def writable_fields(contract: Contract, binding: Binding) -> dict[str, str]:
    """The properties of an operation's JSON body by name, with the pointers of their schemas."""
    body = binding.operation.body
    media = next((m for t, m in body.media.items() if "json" in t), None) if body else None
    return properties_of(contract, media.schema_pointer) if media and media.schema_pointer else {}


def written_references(contract: Contract, binding: Binding) -> tuple[Reference, ...]:
    """The references that an operation's body can set."""
    if binding.resource is None:
        return ()
    written = writable_fields(contract, binding)
    return tuple(found for found in binding.resource.references if found.field in written)


def _when(*kinds: Kind) -> Where:
    return lambda at: at.operation if at.binding.resource and at.kind in kinds else None


def _isolated(*kinds: Kind) -> Where:
    def where(at: _Place) -> str | None:
        isolates = at.behaviour.tenancy.source == "credential" and at.binding.operation.security
        return at.root("tenancy") if isolates and at.binding.resource and at.kind in kinds else None

    return where


def _indistinguishable(at: _Place) -> str | None:
    tenancy = at.behaviour.tenancy
    kind = tenancy.foreign_write if at.binding.writes else tenancy.foreign_read
    items = (Kind.READ, Kind.UPDATE, Kind.REPLACE, Kind.DELETE)
    return _isolated(*items)(at) if kind == "not-found" else None


def _isolated_reference(at: _Place) -> str | None:
    found = written_references(at.contract, at.binding)
    return at.root("tenancy") if found and _isolated(Kind.CREATE, Kind.UPDATE, Kind.REPLACE)(at) else None


def _secured(at: _Place) -> str | None:
    security = at.binding.operation.security
    return at.operation if security and all(security) else None


def _scoped(at: _Place) -> str | None:
    return at.operation if at.binding.scopes and _secured(at) else None


def _paged(at: _Place) -> str | None:
    paging = at.binding.pagination
    if paging is None or paging.style == "none" or at.binding.resource is None:
        return None
    return at.root("pagination", paging.name)


def _slot(at: _Place, name: str) -> str | None:
    paging = at.binding.pagination
    return _paged(at) if paging and _holds(paging.envelope, f"${name}") else None


def _holds(template: object, slot: str) -> bool:
    if isinstance(template, dict):
        return any(_holds(inner, slot) for inner in template.values())
    return template == slot


def _maximum(at: _Place) -> str | None:
    paging = at.binding.pagination
    return _paged(at) if paging and paging.max_size is not None and paging.size else None


def _filtered(at: _Place) -> str | None:
    return at.operation if at.binding.filters and at.kind is Kind.LIST else None


def _errors(at: _Place) -> str | None:
    return at.root("errors") if at.behaviour.errors.declared else None


def _keyed(at: _Place) -> str | None:
    makes = at.kind in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE)
    return (
        at.binding.idempotency.pointer if at.binding.idempotency and at.binding.resource and makes else None
    )


def _keyed_by_tenant(at: _Place) -> str | None:
    return _keyed(at) if _isolated(Kind.CREATE, Kind.UPDATE, Kind.REPLACE)(at) else None


def _limited(at: _Place) -> str | None:
    return (
        at.behaviour.rate_limits[0].pointer
        if at.behaviour.rate_limits and at.kind is not Kind.ACTION
        else None
    )


def _limited_read(at: _Place) -> str | None:
    return _limited(at) if at.kind in (Kind.LIST, Kind.READ) else None


def _limited_once(at: _Place) -> str | None:
    """All operations share a window, so exhausting it is tried with one of them."""
    lists = (b for b in at.behaviour.bindings.values() if b.kind in (Kind.LIST, Kind.READ) and not b.parents)
    chosen = min(lists, key=lambda b: b.kind is not Kind.LIST, default=None)
    return _limited(at) if chosen is at.binding else None


def _field(at: _Place, trait: str, *kinds: Kind) -> str | None:
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


def _forgeable(at: _Place) -> str | None:
    found = forgeable_fields(at.contract, at.binding)
    return found[0].pointer if found and at.kind in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE) else None


def _immutable(at: _Place) -> str | None:
    return _field(at, "immutable", Kind.UPDATE, Kind.REPLACE)


def _computed(at: _Place) -> str | None:
    return _field(at, "computed", Kind.READ)


def _references(at: _Place) -> str | None:
    found = written_references(at.contract, at.binding)
    return found[0].pointer if found and at.kind in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE) else None


def _visible(at: _Place) -> str | None:
    resource = at.binding.resource
    return resource.pointer if resource and resource.visible and at.kind is Kind.LIST else None


def _lifecycle(at: _Place) -> str | None:
    cycle = at.binding.resource.lifecycle if at.binding.resource else None
    moves = cycle and cycle.field in writable_fields(at.contract, at.binding)
    return cycle.pointer if cycle and moves and at.kind in (Kind.UPDATE, Kind.REPLACE) else None


def _rules(at: _Place) -> str | None:
    moment = {
        Kind.CREATE: "create",
        Kind.UPDATE: "update",
        Kind.REPLACE: "update",
        Kind.DELETE: "delete",
    }.get(at.kind)
    rules = at.binding.resource.rules if at.binding.resource else ()
    return next((rule.pointer for rule in rules if moment in rule.on), None)


def _input(at: _Place) -> str | None:
    operation = at.binding.operation
    takes = operation.body or any(p.location == "query" for p in operation.parameters)
    return at.operation if takes and at.kind is not Kind.ACTION else None


def _first_of_path(at: _Place) -> str | None:
    """Methods belong to a path, so the first operation of each path speaks for it."""
    path = at.binding.operation.path
    first = next(operation for operation in at.contract.operations if operation.path == path)
    return at.operation if first.id == at.binding.id else None


class _Row(NamedTuple):
    id: str
    level: Level
    statement: str
    where: Where


_ONE = (Kind.READ, Kind.UPDATE, Kind.REPLACE, Kind.DELETE)
_CHANGE = (Kind.UPDATE, Kind.REPLACE)

#: In the order in which they are judged: what only reads comes first, what uses up a credential last.
_ROWS = (
    _Row("routing.method", "SHOULD", "Another method on {path} answers 405 and names the allowed ones.", _first_of_path),
    _Row("authentication.required", "MUST", "Without a credential the answer is a refusal.", _secured),
    _Row("authentication.invalid", "MUST", "An unknown credential is refused.", _secured),
    _Row("scopes.required", "MUST", "A credential without {scopes} is refused.", _scoped),
    _Row("scopes.sufficient", "MUST", "A credential with {scopes} alone is let through.", _scoped),
    _Row("pagination.complete", "MUST", "Walking the pages of {resource} gives every row once, whatever the size.", _paged),
    _Row("pagination.size", "MUST", "A page has as many rows as '{size}' asks for, while there are so many.", lambda at: _paged(at) if at.binding.pagination and at.binding.pagination.size else None),
    _Row("pagination.max-size", "MUST", "A page never has more than {maximum} rows.", _maximum),
    _Row("pagination.total", "MUST", "The total is the number of rows that the walk finds.", lambda at: _slot(at, "total")),
    _Row("pagination.has-more", "MUST", "The flag says truly whether another page follows.", lambda at: _slot(at, "hasMore")),
    _Row("filter.exact", "MUST", "A filter keeps exactly the rows that match it.", _filtered),
    _Row("resource.read", "MUST", "Reading one of {resource} shows what the list shows.", _when(Kind.READ)),
    _Row("resource.visible", "MUST", "Hidden rows of {resource} are not listed.", _visible),
    _Row("fields.computed", "MUST", "Computed fields of {resource} have the value that their expression gives.", _computed),
    _Row("tenancy.list", "MUST", "The list of {resource} has only the tenant's own rows.", _isolated(Kind.LIST)),
    _Row("tenancy.read", "MUST", "Another tenant cannot read one of {resource}.", _isolated(Kind.READ)),
    _Row("tenancy.indistinguishable", "MUST", "Another tenant's row and a missing one get the same answer.", _indistinguishable),
    _Row("errors.envelope", "MUST", "Every refusal has the declared form.", _errors),
    _Row("errors.code", "MUST", "Every refusal has the declared status and code.", _errors),
    _Row("rate-limit.headers", "MUST", "Answers say what the limit is and what is left of it.", _limited),
    _Row("rate-limit.remaining", "MUST", "Each request takes one from what is left.", _limited_read),
    _Row("schema.response", "MUST", "Answers satisfy the documented status, media type and schema.", lambda at: at.operation),
    _Row("validation.no-server-error", "MUST", "No input brings about a server error.", lambda at: at.operation),
    _Row("validation.rejected", "MUST", "Input that breaks the schema is refused.", _input),
    _Row("resource.create", "MUST", "A created row of {resource} is there and has what was sent.", _when(Kind.CREATE)),
    _Row("resource.update", "MUST", "An update of {resource} is shown and kept.", _when(*_CHANGE)),
    _Row("resource.merge", "MUST", "An update changes only the fields that it names.", _when(Kind.UPDATE)),
    _Row("resource.delete", "MUST", "A deleted row of {resource} is gone.", _when(Kind.DELETE)),
    _Row("tenancy.write", "MUST", "Another tenant cannot change or delete one of {resource}.", _isolated(*_ONE[1:])),
    _Row("tenancy.reference", "MUST", "A write cannot refer to another tenant's row.", _isolated_reference),
    _Row("references.exists", "MUST", "A write cannot refer to a row that does not exist.", _references),
    _Row("fields.read-only", "MUST", "Fields that only the server writes cannot be set.", _forgeable),
    _Row("fields.write-only", "MUST", "Write-only fields and their values never come back.", lambda at: _field(at, "write_only", Kind.CREATE, Kind.READ, Kind.LIST, *_CHANGE)),
    _Row("fields.immutable", "MUST", "Immutable fields keep their value.", _immutable),
    _Row("idempotency.replay", "MUST", "A repeated key gives the first answer and acts once.", _keyed),
    _Row("idempotency.mismatch", "MUST", "A key is refused with a different request.", _keyed),
    _Row("idempotency.scope", "MUST", "One tenant's key means nothing to another.", _keyed_by_tenant),
    _Row("lifecycle.transition", "MUST", "Only declared transitions change the state of {resource}.", _lifecycle),
    _Row("rules.held", "MUST", "Declared rules of {resource} hold.", _rules),
    _Row("rate-limit.enforced", "MUST", "The request after the last one of a window is refused.", _limited_once),
    _Row("rate-limit.retry-after", "MUST", "A refusal for the limit says when to come back.", _limited_once),
)  # fmt: skip

#: Every clause id, in the order in which clauses are judged.
CLAUSE_IDS: tuple[str, ...] = tuple(row.id for row in _ROWS)


def clauses_of(contract: Contract, behaviour: Behaviour) -> tuple[Clause, ...]:
    """Every clause of a contract: by row of the table, then in the order of its operations."""
    places = [_Place(contract, behaviour, binding) for binding in behaviour.bindings.values()]
    return tuple(_applied(places))


def is_meant(pattern: str, clause: Clause) -> bool:
    """Whether a pattern means a clause: its concept, id, operation or ``id@operation``, with ``*`` and ``?``."""
    words = (clause.name, clause.id, clause.concept, clause.operation)
    return any(fnmatchcase(word, pattern) for word in words)


def chosen_clauses(clauses: Sequence[Clause], patterns: Iterable[str]) -> tuple[Clause, ...]:
    """The clauses that any pattern means, all without one. Raises UsageError for a pattern that means nothing."""
    wanted = tuple(patterns)
    for pattern in wanted:
        if not any(is_meant(pattern, clause) for clause in clauses):
            words = {w for c in clauses for w in (c.name, c.id, c.concept, c.operation)}
            raise UsageError(
                f"No clause of this contract is called {pattern!r}.{did_you_mean(pattern, words)}"
            )
    return tuple(c for c in clauses if not wanted or any(is_meant(pattern, c) for pattern in wanted))


def _applied(places: list[_Place]) -> Iterator[Clause]:
    for row in _ROWS:
        for at in places:
            pointer = row.where(at)
            if pointer is not None:
                # What HTTP only recommends becomes binding in a contract that says how it refuses.
                level: Level = "MUST" if at.behaviour.errors.declared else row.level
                yield Clause(row.id, at.binding.id, level, row.statement.format(**_words(at)), pointer)


def _words(at: _Place) -> dict[str, object]:
    paging = at.binding.pagination
    return {
        "path": at.binding.operation.path,
        "resource": at.binding.resource.name if at.binding.resource else "the resource",
        "scopes": " and ".join(sorted(at.binding.scopes)),
        "size": paging.size if paging else "",
        "maximum": paging.max_size if paging else "",
    }
