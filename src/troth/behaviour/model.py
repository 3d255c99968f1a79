"""What a contract promises beyond shapes, as frozen values: the parsed and completed ``x-behaviour``.

Everything here is derived once at start-up by :mod:`troth.behaviour.inference`; nothing is interpreted per request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as member
from enum import StrEnum
from typing import Any, Literal

from troth.behaviour.expressions import Expression
from troth.behaviour.moments import RFC3339
from troth.behaviour.seeing import Setting, Visibility
from troth.behaviour.subscriptions import Webhooks
from troth.behaviour.versions import Versions
from troth.contract.model import Media, Operation

__all__ = [
    "Answer",
    "Authentication",
    "Behaviour",
    "Binding",
    "Conditional",
    "Conditions",
    "Effect",
    "ErrorBody",
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
    "Population",
    "Querying",
    "RateLimit",
    "Record",
    "Reference",
    "Resource",
    "Rule",
    "Scopes",
    "Secret",
    "Selection",
    "Shorthand",
    "Sorting",
    "Tenancy",
    "Tokens",
    "Transition",
    "Writes",
    "in_words",
    "plain",
]


def plain(name: str) -> str:
    """A name without case and punctuation, so that ``clientId`` and ``client_id`` are the same."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def in_words(name: str) -> str:
    """``TimeEntry``, ``timeEntry`` and ``time-entry`` as people write them: Time Entry."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-_. ]+", " ", name).split()
    return " ".join(part[:1].upper() + part[1:] for part in parts)


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
class ErrorBody:
    """The body of one kind of refusal where it is not that of all.

    ``detail`` is a template for each entry of ``$details``; ``one`` and ``many`` are sentences over ``{labels}`` and
    ``{paths}`` that become the message. A body that shows details stands only for refusals that have some.
    """

    envelope: Any
    detail: Any
    one: str | None
    many: str | None
    needs_details: bool


@dataclass(frozen=True, slots=True)
class Errors:
    """``envelope`` is a template with the slots ``$code $message $requestId $details $status $title $resource``.

    A key that ends in ``?`` is left out when it is empty. ``kinds`` maps the kinds of
    :mod:`troth.behaviour.refusals` to their wire form, ``bodies`` those that have their own body; ``sentences`` maps
    a broken rule, such as ``required`` or ``format.email``, to what is said of it.
    """

    envelope: Any
    media_type: str
    kinds: Mapping[str, ErrorKind]
    request_id_prefix: str
    declared: bool
    bodies: Mapping[str, ErrorBody] = member(default_factory=dict)
    sentences: Mapping[str, str] = member(default_factory=dict)

    def envelope_of(self, kind: str) -> Any:
        """The template of a kind of refusal."""
        return self.bodies[kind].envelope if kind in self.bodies else self.envelope


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Where the tenant comes from and what a foreign object answers. ``foreign_*`` are error kinds.

    ``header`` names the tenant where the source is one; the kinds after it are the answers to a request without
    it, for a tenant that does not exist, and by a caller who does not belong to it.
    """

    source: Literal["credential", "header", "none"]
    field: str
    foreign_read: str
    foreign_write: str
    foreign_reference: str
    header: str = ""
    missing: str = "invalid"
    unknown: str = "not-found"
    stranger: str = "forbidden"


@dataclass(frozen=True, slots=True)
class OAuth:
    """OAuth 2.0 authorization code flow with PKCE (RFC 6749, RFC 7636); times in seconds.

    ``scopes`` are those that an application may ask for; without ``pkce`` it need not prove that it asked itself.
    """

    authorize_path: str
    token_path: str
    claim: str
    access_ttl: int
    refresh_ttl: int
    rotate: bool
    issuer: str
    scopes: frozenset[str]
    pkce: bool = True
    revoke_path: str = ""
    code_ttl: int = 60
    pointer: str = "/x-behaviour/oauth"


@dataclass(frozen=True, slots=True)
class Tokens:
    """JSON Web Tokens that the API takes under ``scheme`` without saying how they are had; ``ttl`` in seconds.

    ``tenant`` and ``subject`` are claims.
    """

    scheme: str
    tenant: str
    subject: str
    ttl: int
    pointer: str


@dataclass(frozen=True, slots=True)
class Authentication:
    """``carriers`` maps a security scheme's name to ``(place, name, prefix)``: ``("header", "x-api-key", "")``."""

    carriers: Mapping[str, tuple[str, str, str]]
    oauth: OAuth | None
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Scopes:
    """``read`` and ``write`` are templates over ``{resource}``; ``aliases`` over ``{resource}`` and ``{access}``."""

    read: str
    write: str
    aliases: tuple[str, ...]
    declared: bool


@dataclass(frozen=True, slots=True)
class Pagination:
    """``style``: page, offset, cursor or none. Sizes are rows. ``oversize``: reject or clamp.

    ``zero`` says which size a request for 0 rows gets: the default or the largest. ``cursor`` is the parameter that
    may take the place of an offset, or that is the only way to say where a page begins. ``max_offset`` is the last row
    that a page may begin behind.
    """

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
    zero: Literal["default", "max"] = "default"
    cursor: str = ""
    max_offset: int | None = None
    link_header: bool = False


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
class Writes:
    """What happens to fields that a request must not set: ``reject`` or ``ignore``."""

    read_only: Literal["reject", "ignore"]
    unknown: Literal["reject", "ignore"]


@dataclass(frozen=True, slots=True)
class Reference:
    """``to`` maps the value of field ``by`` to a resource; a plain reference has the single key ``""``.

    With ``at`` the field is an object, or a list of them: the id is its member ``at``, and ``by`` is a member too.
    """

    field: str
    to: Mapping[str, str]
    by: str | None
    many: bool
    on_delete: Literal["restrict", "cascade", "nullify", "ignore"]
    refused: str | None
    pointer: str
    at: str | None = None

    def target(self, row: Mapping[str, Any]) -> str | None:
        """The resource that a row's reference points into."""
        return self._aim(row if self.at is None else row.get(self.field))

    def _aim(self, holder: Any) -> str | None:
        if self.by is None:
            return self.to.get("")
        return self.to.get(str(holder.get(self.by))) if isinstance(holder, Mapping) else None

    def named(self, row: Mapping[str, Any]) -> list[tuple[str, str | None, Any]]:
        """Every row that a row's reference names: (pointer below the field, resource, id); empty without any."""
        value = row.get(self.field)
        if value is None:
            return []
        many = enumerate(value) if isinstance(value, list) else [(None, value)]
        found = []
        for index, item in many:
            below = "" if index is None else f"/{index}"
            if self.at is None:
                found.append((below, self.target(row), item))
            elif isinstance(item, Mapping) and item.get(self.at) is not None:
                found.append((f"{below}/{self.at}", self._aim(item), item[self.at]))
        return found

    def identifier(self, row: Mapping[str, Any]) -> Any:
        """What a row's reference names: an id, a list of ids, or None."""
        value = row.get(self.field)
        if self.at is None:
            return value
        return value.get(self.at) if isinstance(value, Mapping) else None


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that the server makes up where a create brings none.

    ``once``: nothing but the answer to that create shows it.
    """

    prefix: str
    once: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a resource's schema with its traits.

    ``initial`` is the value that a create without the field stores, ``initially`` an expression for it;
    ``stamped`` sets the field to the moment when the expression first holds; ``frozen_when`` ends computing and
    keeps the value; ``emptied`` is the text that stands for null in a request; ``items`` are the fields of the
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
    generated: Literal["created", "updated", "id", "etag"] | None = None
    sequence: str | None = None
    initial: Any = None
    initially: Expression | None = None
    stamped: Expression | None = None
    frozen_when: Expression | None = None
    emptied: str | None = None
    editable_while: Expression | None = None
    in_list: Literal["omit", "null"] | None = None
    unique: str | None = None
    items: Mapping[str, Field] | None = None
    reference: Reference | None = None
    pointer: str = ""
    secret: Secret | None = None

    @property
    def shown_once(self) -> bool:
        """Whether the answer to a create is the only one that shows it."""
        return self.secret is not None and self.secret.once


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
    """Emitted after create, update or delete, or when time alone makes ``when`` true (``on: time``).

    ``data`` gives members that this event has beyond those of its resource's ``event_data``.
    """

    name: str
    on: frozenset[str]
    when: Expression | None
    pointer: str
    data: Expression | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the resource ``into`` that is left behind by create, update or delete; ``row`` gives its fields."""

    name: str
    on: frozenset[str]
    when: Expression | None
    into: str
    row: Mapping[str, Expression]
    pointer: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What an operation does beyond taking its body: in this order a transition, new rows, fields of the acted row.

    ``create`` maps resources to the fields of one new row each; ``assign`` is read after that and sees ``created``.
    """

    transition: str | None
    create: Mapping[str, Mapping[str, Expression]]
    assign: Mapping[str, Expression]
    pointer: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A named collection of rows behind one schema. ``shared``: one set of rows for all tenants.

    ``within`` are the fields by which paths name a row beside its id, such as the warehouse of a stock-keeping unit.
    """

    name: str
    schema_name: str | None
    schema_pointer: str
    id_field: str
    id_kind: Literal["uuid", "integer", "string", "object-id"]
    fields: Mapping[str, Field]
    references: tuple[Reference, ...]
    lifecycle: Lifecycle | None
    rules: tuple[Rule, ...]
    events: tuple[Event, ...]
    visible: Expression | None
    order: tuple[tuple[str, bool], ...]
    pointer: str
    records: tuple[Record, ...] = ()
    shared: bool = False
    event_data: Expression | None = None
    visibility: tuple[Visibility, ...] = ()
    within: tuple[str, ...] = ()

    def key(self, data: Mapping[str, Any]) -> str:
        """What tells a row from all others of a tenant."""
        if not self.within:
            return str(data[self.id_field])
        return "\n".join(str(data.get(name)) for name in (*self.within, self.id_field))

    @property
    def label(self) -> str:
        """What people call one row: the words of its schema's name."""
        return in_words(self.schema_name or self.name)

    @property
    def computed(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if f.computed is not None)


@dataclass(frozen=True, slots=True)
class Filter:
    """One query parameter that narrows a list: ``op`` is eq, in, from, to, after, before, contains, has or search.

    ``where`` holds constants that other fields must equal as well; ``separator`` stands between several values
    in one.
    """

    parameter: str
    field: str
    op: str
    source: str
    where: Mapping[str, Any] = member(default_factory=dict)
    separator: str = ""


@dataclass(frozen=True, slots=True)
class Shorthand:
    """Members of a body that stand for the only object of the list ``into``."""

    into: str
    fields: frozenset[str]
    pointer: str


@dataclass(frozen=True, slots=True)
class Parent:
    """A path parameter of a nested collection and the field that must equal it."""

    parameter: str
    field: str
    resource: str | None


@dataclass(frozen=True, slots=True)
class Conditional:
    """Tags and moments of rows, and requests that mean one state of a row (RFC 9110 section 13).

    ``required``: the kinds of operation that are refused without ``If-Match``.
    """

    etag: Literal["strong", "weak", "none"]
    last_modified: bool
    required: frozenset[Kind]
    pointer: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """A query parameter whose value is a tree of conditions on fields, in a grammar that is known by name."""

    parameter: str
    grammar: Literal["where-tree"]
    pointer: str


@dataclass(frozen=True, slots=True)
class Sorting:
    """A query parameter that names the fields to sort by; ``default`` is the order of a request without it.

    ``form`` is how a direction is written: ``-name``, or ``name(desc)``.
    """

    parameter: str
    default: tuple[tuple[str, bool], ...]
    pointer: str
    form: Literal["minus", "parentheses"] = "minus"

    def written(self, name: str, *, descending: bool) -> str:
        """The text that asks for an order by one field."""
        if self.form == "parentheses":
            return f"{name}({'desc' if descending else 'asc'})"
        return f"-{name}" if descending else name


@dataclass(frozen=True, slots=True)
class Population:
    """A query parameter that says how many references deep answers show rows instead of ids.

    More than ``most`` is cut to that.
    """

    parameter: str
    default: int
    most: int
    pointer: str


@dataclass(frozen=True, slots=True)
class Selection:
    """A query parameter that names the members of rows to show; ``default`` are those shown without it, or all.

    ``depth`` is how many braces may stand inside each other; None: as many as there are.
    """

    parameter: str
    grammar: Literal["braces"]
    default: tuple[str, ...]
    depth: int | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Querying:
    """What query parameters do beside paging and filtering by field."""

    conditions: Conditions | None = None
    sort: Sorting | None = None
    populate: Population | None = None
    select: Selection | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers: ``template`` with the slot ``$row`` and texts with ``{label}``."""

    template: Any
    pointer: str


@dataclass(frozen=True, slots=True)
class Binding:
    """What one operation does. ``sources`` says for each derived fact where it came from.

    ``rules`` hold for this operation alone; ``where`` narrows a list; ``answers`` is the resource whose row an
    action shows; ``prints``: the answer is a document that shows the row. A caller needs all ``permissions``.
    ``enclosed`` is the member of a request's body that holds the object; ``input`` is that object, JSON or a form.
    ``through`` is the reference of the row of the path to the row that is shown in its place.
    ``preconditions``: requests are held to the state of the row that they mean.
    """

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
    shorthand: Shorthand | None = None
    rules: tuple[Rule, ...] = ()
    effect: Effect | None = None
    where: Expression | None = None
    answers: str | None = None
    prints: bool = False
    query: Querying = member(default_factory=Querying)
    answer: Answer | None = None
    conditional: Conditional | None = None
    preconditions: bool = False
    permissions: frozenset[str] = frozenset()
    enclosed: str | None = None
    input: Media | None = None
    through: Reference | None = None

    @property
    def id(self) -> str:
        return self.operation.id

    def key(self, path: Mapping[str, Any]) -> str:
        """The key of the row that the parameters of a path name."""
        identifier = path.get(self.id_parameter or "", "")
        if self.resource is None or not self.resource.within:
            return str(identifier)
        named = {parent.field: path.get(parent.parameter) for parent in self.parents}
        return self.resource.key({**named, self.resource.id_field: identifier})

    @property
    def is_form(self) -> bool:
        """Whether what is sent is a form."""
        body = self.operation.body
        return body is not None and body.json is None and body.form is not None

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
    querying: Querying = member(default_factory=Querying)
    conditional: Conditional | None = None
    moment: str = RFC3339
    viewer: Mapping[str, Setting] = member(default_factory=dict)
    versions: Versions | None = None

    def binding(self, resource: str, kind: Kind) -> Binding | None:
        """The first operation of a kind on a resource, without parents where there is a choice."""
        found = [
            b for b in self.bindings.values() if b.kind is kind and b.resource and b.resource.name == resource
        ]
        # A view or an action's address comes after the plain operation.
        order = [(len(b.parents), b.where is not None, b.operation.path.count("/")) for b in found]
        return found[order.index(min(order))] if found else None
