"""The stage of a run: the contract, the actors, and requests that are already half written."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from troth.behaviour.editions import Editions
from troth.behaviour.model import Behaviour, Binding, ErrorKind, Kind, Parent, Resource, Selection
from troth.behaviour.selecting import Catalogue, deep
from troth.conformance.actors import Actor, Cast
from troth.conformance.applications import Application
from troth.conformance.bodies import Bodies
from troth.conformance.client import ABSENT, Client
from troth.conformance.control import Control
from troth.conformance.exchanges import Exchange
from troth.conformance.post import Post
from troth.conformance.reference import Reference
from troth.conformance.second_opinion import SecondOpinion
from troth.conformance.verdicts import Inconclusive, NotExercised
from troth.conformance.worn import asked
from troth.contract import Validators
from troth.contract.forms import FORM
from troth.contract.forms import written as form_of
from troth.contract.model import Contract, Parameter
from troth.contract.serialization import query_pairs, written

__all__ = ["Row", "Stage"]

Row = Mapping[str, Any]

_SAFE = "!$&'()*+,;=:@~"
_MANNERS = (
    "accept", "content-type", "authorization", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
)  # fmt: skip


class Stage(ABC):
    """One run against one target. Probes share it, so a list that was read once need not be read again."""

    def __init__(
        self,
        contract: Contract,
        behaviour: Behaviour,
        validators: Validators,
        client: Client,
        cast: Cast,
        control: Control | None,
        nonce: str,
        *,
        second_opinion: SecondOpinion,
        editions: Editions,
        promised: AbstractSet[tuple[str, str]],
        reference: Callable[[], Reference],
        seed: int = 0,
        thorough: bool = False,
        known_bodies: dict[str, bytes] | None = None,
        post: Post | None = None,
        applications: Sequence[Application] = (),
    ) -> None:
        self.contract = contract
        self.behaviour = behaviour
        self.validators = validators
        self.client = client
        self.cast = cast
        self.control = control
        self.nonce = nonce
        #: What is drawn, is drawn from it.
        self.seed = seed
        self.thorough = thorough
        self.post = post
        self.applications = tuple(applications)
        self.second_opinion = second_opinion
        self.editions = editions
        #: (clause, operation) of every promise of the contract.
        self.promised = promised
        #: The reference model, made when somebody first asks for it.
        self.reference = reference
        self.bodies = Bodies(contract, validators, nonce, known_bodies)
        self.successes: dict[str, Exchange] = {}
        self.memory: dict[str, Any] = {}
        self._count = 0
        self._headed: dict[str, tuple[Parameter, ...]] = {}
        schemes = contract.security_schemes.values()
        self._spoken = {
            *_MANNERS,
            *(name.lower() for actor in cast.known for name in actor.headers),
            *(str(scheme["name"]).lower() for scheme in schemes if "name" in scheme),
            *((behaviour.idempotency.header,) if behaviour.idempotency else ()),
        }

    # -- actors and words -------------------------------------------------------------------------------------------

    @property
    def owner(self) -> Actor:
        return self.cast.owner

    @property
    def peer(self) -> Actor:
        """Somebody in another tenant. Raises NotExercised when nobody is known."""
        if self.cast.peer is None:
            raise NotExercised(
                "only one tenant is known; isolation needs a principal of a second one in the target file"
            )
        return self.cast.peer

    def kind(self, name: str) -> ErrorKind:
        """The wire form of a kind of refusal."""
        return self.behaviour.errors.kinds[name]

    def key(self) -> str:
        """An idempotency key that no run has used before."""
        self._count += 1
        return f"troth-{self.nonce}-{self._count}"

    def missing_id(self, resource: Resource) -> Any:
        """An id that no row has."""
        self._count += 1
        if resource.id_kind == "integer":
            return 987_654_321 + self._count
        if resource.id_kind == "object-id":
            return uuid.uuid5(uuid.NAMESPACE_URL, f"troth:{self.nonce}:{self._count}").hex[:24]
        if resource.id_kind == "uuid":
            return str(uuid.uuid5(uuid.NAMESPACE_URL, f"troth:{self.nonce}:{self._count}"))
        return f"missing-{self.nonce}-{self._count}"

    def now(self) -> datetime:
        return self.control.now() if self.control else datetime.now(UTC)

    # -- requests ---------------------------------------------------------------------------------------------------

    def call(
        self,
        actor: Actor | None,
        binding: Binding,
        *,
        identifier: Any = None,
        row: Row | None = None,
        query: Sequence[tuple[str, Any]] = (),
        body: Any = ABSENT,
        headers: Mapping[str, str | None] | None = None,
        raw: bytes | None = None,
        patient: bool = True,
        plain: bool = True,
        conditioned: bool = True,
    ) -> Exchange:
        """One request to an operation; ``row`` says below which parents it stands, ``plain`` asks for ids alone.

        ``body`` is the object that the operation takes; where the contract encloses it, this puts it there.
        Where a write must say which state of the row it means, it means any, unless ``conditioned`` is false.
        """
        headers = dict(headers or {})
        policy = binding.idempotency
        if policy and policy.header not in {name.lower() for name in headers} and self.needs_key(binding):
            headers[policy.header] = self.key()
        if conditioned and binding.preconditions and _demands(binding):
            headers.setdefault("If-Match", "*")
        if binding.enclosed and body is not ABSENT:
            body = {binding.enclosed: body}
        if binding.is_form and isinstance(body, Mapping):
            raw, body = form_of(body), ABSENT
            headers.setdefault("Content-Type", FORM)
        required = self._required_query(binding, query) + (self._plain(binding, query) if plain else [])
        headers = {**self._required_headers(binding, headers), **headers}
        found = self.client.send(
            actor, binding.operation.method, self.path(binding, identifier, row, actor), operation=binding.id,
            query=[*required, *query], headers=headers, body=body, raw=raw, patient=patient,
        )  # fmt: skip
        if found.ok and actor is self.cast.owner and self.client.version_name not in {*headers, *dict(query)}:
            self.successes.setdefault(binding.id, found)
        return found

    def _plain(self, binding: Binding, given: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Ids instead of rows and every member of them, so that what was sent is what comes back."""
        populate, select, resource = binding.query.populate, binding.query.select, binding.resource
        if binding.through is not None:
            resource = self.behaviour.resources.get(binding.through.to.get("", ""))
        names = {name for name, _ in given}
        plain: list[tuple[str, Any]] = []
        if populate is not None and populate.parameter not in names:
            plain.append((populate.parameter, 0))
        if select is not None and select.parameter not in names and resource is not None and resource.fields:
            plain.append((select.parameter, self.selections(select).whole(resource)))
        return plain

    def selections(self, profile: Selection) -> Catalogue:
        """What can be selected of rows."""
        return self.editions.catalogue(self.editions.without(()), profile)

    def deep_selection(self, binding: Binding) -> list[tuple[str, Any]]:
        """What to ask for so that rows which rules may withhold are shown where others refer to them."""
        select, resource = binding.query.select, binding.resource
        if select is None or resource is None:
            return []
        ruled = frozenset(name for name, one in self.behaviour.resources.items() if one.visibility)
        return [(select.parameter, deep(self.selections(select), resource, ruled))]

    def needs_key(self, binding: Binding) -> bool:
        """Whether an operation takes no request without an idempotency key."""
        header = binding.idempotency.header if binding.idempotency else ""
        return any(
            p.required and p.location == "header" and p.name.lower() == header
            for p in binding.operation.parameters
        )

    def _required_query(self, binding: Binding, given: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
        names = {name for name, _ in given} | asked(self.owner.headers).keys()
        return [
            pair
            for parameter in binding.operation.parameters
            if parameter.location == "query" and parameter.required and parameter.name not in names
            for pair in query_pairs(parameter, self._value(parameter))
        ]

    def _required_headers(self, binding: Binding, given: Mapping[str, str | None]) -> dict[str, str]:
        """What must be said in a header, less what says who asks, what is sent, and in which version."""
        if binding.id not in self._headed:
            self._headed[binding.id] = tuple(
                parameter
                for parameter in binding.operation.parameters
                if parameter.required
                and parameter.location in ("header", "cookie")
                and parameter.name.lower() not in self._spoken
            )
        if not self._headed[binding.id]:
            return {}
        names = {name.lower() for name in (*given, self.client.version_name or "")}
        required = [p for p in self._headed[binding.id] if p.name.lower() not in names]
        found = {p.name: written(p, self._value(p)) for p in required if p.location == "header"}
        cookies = [f"{p.name}={written(p, self._value(p))}" for p in required if p.location == "cookie"]
        return {**found, **({"Cookie": "; ".join(cookies)} if cookies else {})}

    def _value(self, parameter: Parameter) -> Any:
        """A value that a parameter takes."""
        if parameter.schema_pointer is None:
            return "x"
        schema = parameter.schema
        if isinstance(schema, Mapping) and "default" in schema:
            return schema["default"]
        # A path without one of its parts is another path.
        return self.bodies.value(parameter.schema_pointer, full=parameter.location == "path")

    def path(
        self, binding: Binding, identifier: Any = None, row: Row | None = None, actor: Actor | None = None
    ) -> str:
        """The path of an operation with its parameters filled in."""
        path = binding.operation.path
        if binding.id_parameter is not None and identifier is not None:
            path = path.replace("{" + binding.id_parameter + "}", quote(str(identifier), safe=_SAFE))
        for parent in binding.parents:
            value = self._above(binding, parent, row, actor or self.owner)
            if value is not None:
                path = path.replace("{" + parent.parameter + "}", quote(str(value), safe=_SAFE))
        for parameter in binding.operation.parameters:
            if (
                parameter.location == "path"
                and "{" + parameter.name + "}" in path
                and parameter.schema_pointer
            ):
                value = written(parameter, self._value(parameter))
                path = path.replace("{" + parameter.name + "}", quote(value, safe=_SAFE))
        return path

    def _above(self, binding: Binding, parent: Parent, row: Row | None, actor: Actor) -> Any:
        """The id of the parent that a row names, else of the one below which this run lists and makes rows.

        None where no resource is known. Raises NotExercised when the row may stand below any other one.
        """
        value = row.get(parent.field) if row else None
        above = self.behaviour.resources.get(parent.resource or "")
        if isinstance(value, Mapping):
            value = value.get(above.id_field if above else "id")
        if value is not None or above is None:
            return value
        if row is not None and self._stands_alone(binding, parent):
            told = binding.resource.name if binding.resource else binding.id
            raise NotExercised(f"a row of {told} does not say below which of {above.name} it stands")
        return self.row(above, actor)[above.id_field]

    def _stands_alone(self, binding: Binding, parent: Parent) -> bool:
        """Whether rows are listed or made without this parent."""
        sources = [
            one
            for kind in (Kind.LIST, Kind.CREATE)
            if binding.resource and (one := self.behaviour.binding(binding.resource.name, kind))
        ]
        return any(all(p.resource != parent.resource for p in one.parents) for one in sources)

    def operation(self, resource: Resource, kind: Kind) -> Binding:
        """The operation of a kind on a resource. Raises NotExercised when the contract has none."""
        found = self.behaviour.binding(resource.name, kind)
        if found is None:
            raise NotExercised(f"no operation can {kind} one of {resource.name}")
        return found

    def unwrapped(self, binding: Binding, exchange: Exchange) -> Row:
        """The row in an answer. Raises Inconclusive when there is none."""
        found = exchange.json
        if binding.wrapper and isinstance(found, Mapping):
            found = found.get(binding.wrapper)
        if not exchange.ok or not isinstance(found, Mapping):
            raise Inconclusive(f"{exchange.method} {exchange.url} answers {exchange.status} without a row")
        return found

    @abstractmethod
    def rows(self, resource: Resource, actor: Actor) -> list[Row]:
        """Every row that an actor sees; empty when there is no list."""

    @abstractmethod
    def row(self, resource: Resource, actor: Actor, depth: int = 0) -> Row:
        """A row that an actor has and no probe changes. Raises NotExercised."""


def _demands(binding: Binding) -> bool:
    return binding.conditional is not None and binding.kind in binding.conditional.required
