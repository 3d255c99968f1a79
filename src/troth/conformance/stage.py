"""The stage of a run: the contract, the actors, and requests that are already half written."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from troth.behaviour.editions import Editions
from troth.behaviour.model import Behaviour, Binding, ErrorKind, Kind, Resource, Selection
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
from troth.contract import Validators
from troth.contract.model import Contract

__all__ = ["Row", "Stage"]

Row = Mapping[str, Any]


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
        reference: Callable[[], Reference],
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
        self.thorough = thorough
        self.post = post
        self.applications = tuple(applications)
        self.second_opinion = second_opinion
        self.editions = editions
        #: The reference model, made when somebody first asks for it.
        self.reference = reference
        self.bodies = Bodies(contract, validators, nonce, known_bodies)
        self.successes: dict[str, Exchange] = {}
        self.memory: dict[str, Any] = {}
        self._count = 0

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
        required = self._required_query(binding, query) + (self._plain(binding, query) if plain else [])
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
        names = {name for name, _ in given}
        return [
            (p.name, self.bodies.value(p.schema_pointer, full=False) if p.schema_pointer else "x")
            for p in binding.operation.parameters
            if p.location == "query" and p.required and p.name not in names
        ]

    def path(
        self, binding: Binding, identifier: Any = None, row: Row | None = None, actor: Actor | None = None
    ) -> str:
        """The path of an operation with its parameters filled in."""
        path = binding.operation.path
        if binding.id_parameter is not None:
            path = path.replace("{" + binding.id_parameter + "}", str(identifier))
        for parent in binding.parents:
            value = row.get(parent.field) if row else None
            above = self.behaviour.resources.get(parent.resource or "")
            if value is None and above is not None:
                value = self.row(above, actor or self.owner)[above.id_field]
            path = path.replace("{" + parent.parameter + "}", str(value))
        for parameter in binding.operation.parameters:
            if (
                parameter.location == "path"
                and "{" + parameter.name + "}" in path
                and parameter.schema_pointer
            ):
                value = self.bodies.value(parameter.schema_pointer, full=False)
                path = path.replace("{" + parameter.name + "}", str(value))
        return path

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
    def row(self, resource: Resource, actor: Actor, depth: int = 0) -> Row:
        """A row that an actor has and no probe changes. Raises NotExercised."""


def _demands(binding: Binding) -> bool:
    return binding.conditional is not None and binding.kind in binding.conditional.required
