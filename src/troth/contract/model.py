"""The frozen model of an OpenAPI document: what every other room reads instead of raw YAML.

A :class:`Contract` holds one *bundled* document: every external ``$ref`` has been mounted under
``/x-documents``, every overlay applied, every schema raised to JSON Schema 2020-12, so all pointers below are
local (RFC 6901, starting with ``/``) and :meth:`Contract.locate` maps each back to the file and line it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from troth.contract.pointers import follow, join, resolve
from troth.findings import Finding, Location

__all__ = ["Body", "Contract", "Header", "Media", "Operation", "Parameter", "Response"]

JSON = Any

_JSON = "application/json"
_ANY = ("*/*", "application/*")


@dataclass(frozen=True, slots=True)
class Media:
    """One media type of a body or response. ``schema_pointer`` is None when no schema is given."""

    content_type: str
    schema_pointer: str | None
    schema: Mapping[str, JSON] | bool
    examples: Mapping[str, JSON]
    pointer: str

    @property
    def spelling(self) -> str:
        """The media type that a message names: a range is not one."""
        return _JSON if "*" in self.content_type else self.content_type


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter after path-level and operation-level ones are merged. ``location``: path, query, header, cookie."""

    name: str
    location: str
    required: bool
    schema_pointer: str | None
    schema: Mapping[str, JSON] | bool
    style: str
    explode: bool
    content_type: str | None
    deprecated: bool
    pointer: str


def _json_of(media: Mapping[str, Media]) -> Media | None:
    """JSON itself before what is written in it (``application/hal+json``), both before any type at all."""
    names = {name: name.partition(";")[0].strip().lower() for name in media}
    found = [name for name in media if "json" in names[name]]
    plain = next((name for name in found if names[name] == _JSON), found[0] if found else None)
    plain = plain or next((name for name in media if names[name] in _ANY), None)
    return None if plain is None else media[plain]


@dataclass(frozen=True, slots=True)
class Body:
    required: bool
    media: Mapping[str, Media]
    pointer: str

    @property
    def json(self) -> Media | None:
        """The media type that is JSON, if any."""
        return _json_of(self.media)

    @property
    def form(self) -> Media | None:
        """The media type that is a form of names and values, if any."""
        return next((one for name, one in self.media.items() if "urlencoded" in name.lower()), None)


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    required: bool
    schema_pointer: str | None
    schema: Mapping[str, JSON] | bool
    pointer: str


@dataclass(frozen=True, slots=True)
class Response:
    """``status`` is as written: ``200``, ``4XX`` or ``default``."""

    status: str
    description: str
    headers: Mapping[str, Header]
    media: Mapping[str, Media]
    pointer: str

    @property
    def json(self) -> Media | None:
        """The media type that is JSON, if any."""
        return _json_of(self.media)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. ``id`` is the operationId, or ``METHOD /path`` where the document gives none.

    ``security`` is the effective requirement: alternatives, each a map of scheme name to scopes; empty means open.
    ``extension`` is the operation's ``x-behaviour``, empty when absent.
    """

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, Response]
    security: tuple[Mapping[str, tuple[str, ...]], ...]
    tags: tuple[str, ...]
    deprecated: bool
    summary: str
    extension: Mapping[str, JSON]
    pointer: str

    def parameter(self, location: str, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.location == location and p.name == name), None)

    def response_for(self, status: int) -> Response | None:
        """The documented response of a status: exact, then the range (``4XX``), then ``default``."""
        exact = self.responses.get(str(status))
        return exact or self.responses.get(f"{status // 100}XX") or self.responses.get("default")


@dataclass(frozen=True)
class Contract:
    """A loaded contract. ``base_path`` is the path of the first server URL, without a trailing slash (may be '').

    ``mount`` is what a server that serves several contracts puts before that; ``base_path`` has it already.
    ``flaws`` are faults of the document that leave it usable: what cannot be meant is passed over. ``unreachable``
    names the operations in whose place an earlier one answers.
    """

    name: str
    title: str
    version: str
    base_path: str
    document: Mapping[str, JSON]
    operations: tuple[Operation, ...]
    security_schemes: Mapping[str, Mapping[str, JSON]]
    directory: Path | None
    source: str
    positions: Mapping[str, tuple[str, int]] = field(repr=False, default_factory=dict)
    mount: str = ""
    flaws: tuple[Finding, ...] = ()
    unreachable: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {operation.id: operation for operation in self.operations})
        object.__setattr__(self, "_followed", {})
        object.__setattr__(self, "_properties", {})
        object.__setattr__(
            self, "_by_pointer", {operation.pointer: operation for operation in self.operations}
        )

    @property
    def extension(self) -> Mapping[str, JSON]:
        """The root ``x-behaviour``, empty when the document has none."""
        found = self.document.get("x-behaviour")
        return found if isinstance(found, Mapping) else {}

    @property
    def schemas(self) -> Mapping[str, JSON]:
        """The component schemas by name."""
        components = self.document.get("components")
        found = components.get("schemas") if isinstance(components, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def mounted(self, prefix: str) -> Contract:
        """The same contract below a path such as ``/billing``."""
        return replace(self, base_path=prefix + self.base_path, mount=prefix)

    def operation(self, identifier: str) -> Operation | None:
        found: Operation | None = self._by_id.get(identifier)  # type: ignore[attr-defined]
        return found

    def operation_around(self, pointer: str) -> Operation | None:
        """The operation in whose object a pointer lies."""
        head = "/".join(pointer.split("/", 4)[:4])
        found: Operation | None = self._by_pointer.get(head)  # type: ignore[attr-defined]
        return found

    def node(self, pointer: str) -> JSON:
        """The value at a pointer. Raises KeyError when there is none."""
        return resolve(self.document, pointer)

    def follow(self, pointer: str) -> tuple[str, JSON]:
        """The pointer and value at the end of a chain of local ``$ref``s that starts at ``pointer``."""
        known: dict[str, tuple[str, JSON]] = self._followed  # type: ignore[attr-defined]
        found = known.get(pointer)
        if found is None:
            found = known[pointer] = follow(self.document, pointer)
        return found

    def properties(self, pointer: str) -> Mapping[str, str]:
        """Property name to pointer, through ``$ref``, ``allOf`` and choices of one; empty where no schema stands."""
        known: dict[str, Mapping[str, str]] = self._properties  # type: ignore[attr-defined]
        if pointer not in known:
            known[pointer] = MappingProxyType(_properties(self, pointer, frozenset()))
        return known[pointer]

    def locate(self, pointer: str) -> Location:
        """The file and line of a pointer, or of its nearest ancestor that has one."""
        at = pointer
        while at not in self.positions and at:
            at = at.rpartition("/")[0]
        document, line = self.positions.get(at, (self.source, 0))
        return Location(document, pointer, line or None)


def _properties(contract: Contract, pointer: str, seen: frozenset[str]) -> dict[str, str]:
    try:
        pointer, schema = contract.follow(pointer)
    except KeyError:
        return {}
    if not isinstance(schema, Mapping) or pointer in seen:
        return {}
    found: dict[str, str] = {}
    inherited, own = schema.get("allOf"), schema.get("properties")
    for word in ("anyOf", "oneOf"):
        if isinstance(schema.get(word), list) and len(schema[word]) == 1:  # a choice of one is a reference
            found |= _properties(contract, join(pointer, word, 0), seen | {pointer})
    for index in range(len(inherited) if isinstance(inherited, list) else 0):
        found |= _properties(contract, join(pointer, "allOf", index), seen | {pointer})
    for name in own if isinstance(own, Mapping) else ():
        found[str(name)] = join(pointer, "properties", name)
    return found
