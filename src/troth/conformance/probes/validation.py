"""Input that breaks the schema is refused, and no input at all brings about a server error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import writable_fields
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.flaws import body_flaws, parameter_flaws
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import NotExercised, Violated

__all__ = ["accepted", "no_server_error", "rejected"]

_FEW = 8
_ODD_BODIES = (
    ("No body", b""),
    ("Broken JSON", b'{"a":'),
    ("A body that is not UTF-8", b"\xff\xfe{}"),
    ("null", b"null"),
    ("An empty object", b"{}"),
    ("A list", b"[]"),
    ("Deep nesting", b"[" * 400 + b"]" * 400),
)


def accepted(scene: Scene, binding: Binding) -> None:
    """Each documented example that satisfies the schema is accepted, with live rows where it refers to some."""
    media, tried = binding.input, 0
    for example in media.examples.values() if media else ():
        if not scene.bodies.is_valid(binding, example):
            continue
        body = scene.bodies.unique(binding, scene.referring(binding, example, scene.owner))
        exchange = scene.call(scene.owner, binding, body=body)
        tried += 1
        if exchange.status in {scene.kind(kind).status for kind in ("malformed", "invalid", "unprocessable")}:
            raise Violated("An example of the contract is refused", exchange)
    if not tried:
        raise NotExercised("no example satisfies the schema")


def rejected(scene: Scene, binding: Binding) -> None:
    """One flaw at a time: a missing, mistyped, unlisted, too long, too small value."""
    tried = 0
    for what, exchange in _flawed(scene, binding, watched=True):
        tried += 1
        if exchange.ok:
            raise Violated(f"{what[:1].upper()}{what[1:]}, and the request is accepted", exchange)
    if not tried:
        raise NotExercised("no input could be made invalid")


def _flawed(scene: Scene, binding: Binding, *, watched: bool = False) -> Iterator[tuple[str, Exchange]]:
    """(what is wrong, answer); ``watched``: that a refusal leaves the row as it was is made sure of."""
    most = None if scene.thorough else _FEW
    for parameter in binding.operation.parameters:
        if parameter.location != "query":
            continue
        for flaw in list(parameter_flaws(scene, parameter))[:most]:
            identifier, row = _subject(scene, binding)
            query = [(parameter.name, flaw.value)]
            found = scene.call(scene.owner, binding, identifier=identifier, row=row, query=query)
            yield f"'{parameter.name}' {flaw.what}", found
    if binding.input is not None:
        base = _accepted(scene, binding)
        identifier, row = _subject(scene, binding)
        before = _read(scene, binding, row) if watched else None
        refused: list[Exchange] = []
        for flaw in list(body_flaws(scene, binding, base))[:most]:
            found = scene.call(scene.owner, binding, identifier=identifier, row=row, body=flaw.value)
            refused += [found]
            yield flaw.what, found
        if before is not None and refused:
            _unchanged(scene, binding, before, refused)


def _read(scene: Scene, binding: Binding, row: Row | None) -> Row | None:
    """The row of an update as it reads before; None where there is none."""
    resource = binding.resource
    reader = scene.behaviour.binding(resource.name, Kind.READ) if resource else None
    changes = binding.kind in (Kind.UPDATE, Kind.REPLACE)
    return scene.fetched(resource, scene.owner, row)[0] if resource and reader and row and changes else None


def _unchanged(scene: Scene, binding: Binding, before: Row, refused: Sequence[Exchange]) -> None:
    """Requests that were refused have written nothing, also in the members that nothing is wrong with."""
    assert binding.resource is not None  # noqa: S101 - it was read
    after, reading = scene.fetched(binding.resource, scene.owner, before)
    for name in writable_fields(scene.contract, binding):
        if name in before and name in after and before[name] != after[name]:
            raise Violated(f"Requests that are refused as invalid change '{name}'", *refused, reading)


def _accepted(scene: Scene, binding: Binding) -> object:
    if binding.kind is Kind.CREATE:
        return scene.creation(binding, scene.owner)[0]
    return scene.body(binding, scene.owner)


def _subject(scene: Scene, binding: Binding) -> tuple[object, Row | None]:
    """The row that a flawed request is about: a new one where it would be changed."""
    resource = binding.resource
    if resource is None or binding.id_parameter is None:
        return None, None
    row = (
        scene.row(resource, scene.owner)
        if binding.kind is Kind.READ
        else scene.created(resource, scene.owner)
    )
    return row[resource.id_field], row


def no_server_error(scene: Scene, binding: Binding) -> None:
    """Unknown ids, odd ids, unreadable and unexpected bodies: refused or served, but never with 5xx."""
    seen = 0
    for what, exchange in _odd(scene, binding):
        seen += 1
        if exchange.broken:
            raise Violated(f"{what} brings about a {exchange.status}", exchange)
    if not seen:
        raise NotExercised("the operation takes no input")


def _odd(scene: Scene, binding: Binding) -> Iterator[tuple[str, Exchange]]:
    resource = binding.resource
    identifiers: list[tuple[str, object]] = [("An ordinary request", None)]
    if resource and binding.id_parameter:
        identifiers = [
            ("An unknown id", scene.missing_id(resource)),
            ("An id of another form", "%F0%9F%8C%B5'--"),
        ]
    body = next(iter(scene.bodies.candidates(binding)), ABSENT) if binding.input else ABSENT
    reads = binding.operation.method == "GET"
    for what, identifier in identifiers:
        if reads or identifier is not None:
            yield what, _tried(scene, binding, identifier, body=body)
    missing = identifiers[0][1]
    if binding.input is not None:
        for what, raw in _ODD_BODIES:
            yield what, _tried(scene, binding, missing, raw=raw)
    if binding.kind is Kind.LIST or (reads and binding.kind is Kind.ACTION):
        for query in (
            [("page", "-1")],
            [("no-such-parameter", "x")],
            [("page", "9" * 30)],
            [("%00", "\U0001f335")],
        ):
            yield f"{query[0][0]}={query[0][1]}", _tried(scene, binding, None, query=query)


def _tried(scene: Scene, binding: Binding, identifier: object, **options: object) -> Exchange:
    return scene.call(scene.owner, binding, identifier=identifier, **options)  # type: ignore[arg-type]
