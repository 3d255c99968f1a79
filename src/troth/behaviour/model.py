"""What a contract promises beyond shapes, as frozen values: the parsed and completed ``x-behaviour``.

Everything here is derived once at start-up by :mod:`troth.behaviour.inference`; nothing is interpreted per request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as member
from enum import StrEnum
from typing import Any, Literal

from troth.behaviour.expressions import Expression
from troth.contract.model import Operation

__all__ = [
    "Authentication",
    "Behaviour",
    "Binding",
    "ErrorKind",
    "Errors",
    "Event",
    "Field",
    "Filter",
    "Idempotency",
    "Kind",
    "Lifecycle",
    "OAuth",
    "Pagination",
    "Parent",
    "RateLimit",
    "Reference",
    "Resource",
    "Rule",
    "Scopes",
    "Signing",
    "Tenancy",
    "Transition",
    "Webhooks",
    "Writes",
]


class Kind(StrEnum):
    """What an operation does to a resource, from path shape and method."""

    LIST = "list"
    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """How one kind of refusal looks on the wire."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Errors:
    """``envelope`` is a template with the slots ``$code $message $requestId $details $status $title``.

    A key that ends in ``?`` is left out when it is empty. ``kinds`` maps the kinds of
    :mod:`troth.behaviour.refusals` to their wire form.
    """

    envelope: Any
    media_type: str
    kinds: Mapping[str, ErrorKind]
    request_id_prefix: str
    declared: bool


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Where the tenant comes from and what a foreign object answers. ``foreign_*`` are error kinds."""

    source: Literal["credential", "none"]
    field: str
    foreign_read: str
    foreign_write: str
    foreign_reference: str


@dataclass(frozen=True, slots=True)
class OAuth:
    """OAuth 2.0 authorization code flow with PKCE (RFC 6749, RFC 7636); times in seconds.

    ``scopes`` are those that an application may ask for.
    """

    authorize_path: str
    token_path: str
    claim: str
    access_ttl: int
    refresh_ttl: int
    rotate: bool
    issuer: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Authentication:
    """``carriers`` maps a security scheme's name to ``(place, name, prefix)``: ``("header", "x-api-key", "")``."""

    carriers: Mapping[str, tuple[str, str, str]]
    oauth: OAuth | None


@dataclass(frozen=True, slots=True)
class Scopes:
    """``read`` and ``write`` are templates over ``{resource}``; ``aliases`` over ``{resource}`` and ``{access}``."""

    read: str
    write: str
    aliases: tuple[str, ...]
    declared: bool


@dataclass(frozen=True, slots=True)
class Pagination:
    """``style``: page, offset, cursor or none. Sizes are rows. ``oversize``: reject or clamp."""

    name: str
    style: Literal["page", "offset", "cursor", "none"]
    position: str
    size: str
    first: int
    default_size: int
    max_size: int | None
    oversize: Literal["reject", "clamp"]
    envelope: Any
    source: str


@dataclass(frozen=True, slots=True)
class Idempotency:
    """``ttl`` in seconds; ``scope``: tenant or credential; ``mismatch`` is an error kind."""

    header: str
    methods: frozenset[str]
    ttl: int
    max_length: int
    scope: Literal["tenant", "credential"]
    mismatch: str
    pointer: str


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A fixed window of ``window`` seconds that opens with a partition's first request."""

    name: str
    limit: int
    window: int
    per: Literal["credential", "tenant", "address"]
    headers: Mapping[str, str]
    reset: Literal["epoch", "seconds"]
    pointer: str


@dataclass(frozen=True, slots=True)
class Signing:
    """HMAC-SHA256 in hex over ``content``, a template with ``{timestamp}`` and ``{body}``."""

    header: str
    prefix: str
    timestamp: str
    content: str


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Which resource holds subscriptions, and under which fields. Retry delays are seconds."""

    resource: str
    url: str
    events: str
    enabled: str
    secret: str
    payload: Any
    signing: Signing | None
    retries: tuple[int, ...]
    tracking: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Writes:
    """What happens to fields that a request must not set: ``reject`` or ``ignore``."""

    read_only: Literal["reject", "ignore"]
    unknown: Literal["reject", "ignore"]


@dataclass(frozen=True, slots=True)
class Reference:
    """``to`` maps the value of field ``by`` to a resource; a plain reference has the single key ``""``."""

    field: str
    to: Mapping[str, str]
    by: str | None
    many: bool
    on_delete: Literal["restrict", "cascade", "nullify", "ignore"]
    refused: str | None
    pointer: str

    def target(self, row: Mapping[str, Any]) -> str | None:
        """The resource that a row's reference points into."""
        return self.to.get("" if self.by is None else str(row.get(self.by)))


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a resource's schema with its traits.

    ``initial`` is the value that a create without the field stores, ``initially`` an expression for it;
    ``stamped`` sets the field to the moment when the expression first holds; ``items`` are the fields of the
    objects in a list of objects.
    """

    name: str
    schema: Mapping[str, Any]
    nullable: bool
    required: bool
    read_only: bool = False
    write_only: bool = False
    immutable: bool = False
    hidden: bool = False
    computed: Expression | None = None
    generated: Literal["created", "updated", "id"] | None = None
    sequence: str | None = None
    initial: Any = None
    initially: Expression | None = None
    stamped: Expression | None = None
    editable_while: Expression | None = None
    in_list: Literal["omit", "null"] | None = None
    unique: str | None = None
    items: Mapping[str, Field] | None = None
    reference: Reference | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    name: str
    origins: frozenset[str]
    target: str
    when: Expression | None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Allowed moves of a state field. A written value that no transition reaches is refused with ``refused``."""

    field: str
    transitions: tuple[Transition, ...]
    refused: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant: on ``on`` (create, update, delete), where ``when`` holds, ``require`` must hold as well."""

    name: str
    on: frozenset[str]
    when: Expression | None
    require: Expression
    refused: str
    message: str
    field: str | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Event:
    """Emitted after create, update or delete, or when time alone makes ``when`` true (``on: time``)."""

    name: str
    on: frozenset[str]
    when: Expression | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A named collection of rows behind one schema."""

    name: str
    schema_name: str | None
    schema_pointer: str
    id_field: str
    id_kind: Literal["uuid", "integer", "string"]
    fields: Mapping[str, Field]
    references: tuple[Reference, ...]
    lifecycle: Lifecycle | None
    rules: tuple[Rule, ...]
    events: tuple[Event, ...]
    visible: Expression | None
    order: tuple[tuple[str, bool], ...]
    pointer: str

    @property
    def computed(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if f.computed is not None)


@dataclass(frozen=True, slots=True)
class Filter:
    """One query parameter that narrows a list: ``op`` is eq, in, from, to, after, before, contains, has or search.

    ``where`` holds constants that other fields must equal as well.
    """

    parameter: str
    field: str
    op: str
    source: str
    where: Mapping[str, Any] = member(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parent:
    """A path parameter of a nested collection and the field that must equal it."""

    parameter: str
    field: str
    resource: str | None


@dataclass(frozen=True, slots=True)
class Binding:
    """What one operation does. ``sources`` says for each derived fact where it came from."""

    operation: Operation
    kind: Kind
    resource: Resource | None
    id_parameter: str | None
    parents: tuple[Parent, ...]
    scopes: frozenset[str]
    filters: tuple[Filter, ...]
    pagination: Pagination | None
    idempotency: Idempotency | None
    success: int
    envelope: Any
    wrapper: str | None
    sources: Mapping[str, str] = member(default_factory=dict)

    @property
    def id(self) -> str:
        return self.operation.id

    @property
    def writes(self) -> bool:
        return self.kind not in (Kind.LIST, Kind.READ)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Everything that the engine, the probes and the differ need to know."""

    tenancy: Tenancy
    authentication: Authentication
    scopes: Scopes
    errors: Errors
    writes: Writes
    idempotency: Idempotency | None
    rate_limits: tuple[RateLimit, ...]
    webhooks: Webhooks | None
    resources: Mapping[str, Resource]
    bindings: Mapping[str, Binding]

    def binding(self, resource: str, kind: Kind) -> Binding | None:
        """The first operation of a kind on a resource, without parents where there is a choice."""
        found = [
            b for b in self.bindings.values() if b.kind is kind and b.resource and b.resource.name == resource
        ]
        return min(found, key=lambda b: len(b.parents), default=None)
