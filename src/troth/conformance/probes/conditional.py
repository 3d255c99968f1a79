"""Conditional requests: tags follow rows, nobody gets what he has, and no write is lost on an earlier state."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from troth.behaviour.model import Binding, Kind, Resource
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = [
    "changed_once",
    "foreign",
    "modified_since",
    "not_modified",
    "read_of",
    "required",
    "stale",
    "tag",
    "tag_of",
    "written_for",
]

_NOT_MODIFIED = 304
_OTHER = '"no-such-tag"'


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only for single rows
    return binding.resource


def read_of(
    scene: Scene,
    binding: Binding,
    row: Row,
    headers: Mapping[str, str] | None = None,
) -> Exchange:
    identifier = row[_resource(binding).id_field]
    return scene.call(scene.owner, binding, identifier=identifier, row=row, headers=headers)


def tag_of(scene: Scene, binding: Binding, row: Row) -> tuple[str, Exchange]:
    """The tag of a row as reading it tells. Raises Inconclusive, Violated."""
    exchange = read_of(scene, binding, row)
    if not exchange.ok:
        raise Inconclusive(f"reading answers {exchange.status}")
    found = exchange.header("etag")
    if not found:
        raise Violated("The answer has no ETag", exchange, deviation="missing")
    return found, exchange


def changed_once(scene: Scene, resource: Resource, row: Row) -> Exchange | None:
    """A row is changed by its owner, in the first way that works; None where there is none."""
    for kind in (Kind.UPDATE, Kind.REPLACE):
        binding = scene.behaviour.binding(resource.name, kind)
        if binding is None:
            continue
        for _, _, body in scene.changes(binding, row, scene.owner):
            found = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row, body=body)
            if found.ok:
                return found
    return None


def tag(scene: Scene, binding: Binding) -> None:
    """The same tag twice, the one that a field shows, and another after a change."""
    resource = _resource(binding)
    row = scene.row(resource, scene.owner)
    first, one = tag_of(scene, binding, row)
    second, other = tag_of(scene, binding, row)
    if first != second and one.content == other.content:
        raise Violated("The tag changes although the row does not", one, other, deviation="value")
    named = next((f.name for f in resource.fields.values() if f.generated == "etag"), None)
    shown = scene.unwrapped(binding, one).get(named) if named else None
    if shown is not None and shown != first:
        raise Violated(
            f"'{named}' is {shown}, the ETag header is {first}",
            one,
            deviation="value",
            field=named or "",
        )
    _follows(scene, binding)


def _follows(scene: Scene, binding: Binding) -> None:
    resource = _resource(binding)
    try:
        row = scene.created(resource, scene.owner)
    except NotExercised:
        return
    before, one = tag_of(scene, binding, row)
    changed = changed_once(scene, resource, row)
    if changed is None:
        return
    after, other = tag_of(scene, binding, row)
    if before == after and one.content != other.content:
        raise Violated(
            "The tag stays although the row has changed",
            one,
            changed,
            other,
            deviation="stale",
        )


def not_modified(scene: Scene, binding: Binding) -> None:
    """304 without a body for the tag alone, weakly, in a list and for any; the row for another tag."""
    row = scene.row(_resource(binding), scene.owner)
    known, _ = tag_of(scene, binding, row)
    weak = known if known.startswith("W/") else f"W/{known}"
    for text in (known, weak, f"{_OTHER}, {known}", "*"):
        exchange = read_of(scene, binding, row, {"If-None-Match": text})
        if exchange.status != _NOT_MODIFIED:
            raise Violated(
                f"If-None-Match: {text} answers {exchange.status} instead of 304",
                exchange,
                deviation="status",
            )
        _bare(exchange)
    other = read_of(scene, binding, row, {"If-None-Match": _OTHER})
    if not other.ok:
        raise Violated(
            f"If-None-Match with another tag answers {other.status}",
            other,
            deviation="status",
        )


def _bare(exchange: Exchange) -> None:
    if exchange.content:
        raise Violated("304 comes with a body", exchange, deviation="extra")
    if exchange.header("etag") is None and exchange.header("last-modified") is None:
        raise Violated("304 comes without the validator that 200 has", exchange, deviation="missing")


def modified_since(scene: Scene, binding: Binding) -> None:
    """304 for the moment of the last change, the row for an earlier one and for what is no date."""
    row = scene.row(_resource(binding), scene.owner)
    whole = read_of(scene, binding, row)
    moment = whole.header("last-modified")
    if not whole.ok or moment is None:
        raise (
            Violated("The answer has no Last-Modified", whole, deviation="missing")
            if whole.ok
            else Inconclusive(str(whole.status))
        )
    try:
        changed = parsedate_to_datetime(moment)
    except ValueError:
        raise Violated(f"Last-Modified: {moment} is no date of HTTP", whole, deviation="form") from None
    same = read_of(scene, binding, row, {"If-Modified-Since": moment})
    if same.status != _NOT_MODIFIED:
        raise Violated(
            f"If-Modified-Since: {moment} answers {same.status} instead of 304",
            whole,
            same,
            deviation="status",
        )
    _bare(same)
    earlier = format_datetime(changed.replace(year=changed.year - 1, month=1, day=1), usegmt=True)
    for text in (earlier, "yesterday"):
        exchange = read_of(scene, binding, row, {"If-Modified-Since": text})
        if not exchange.ok:
            raise Violated(f"If-Modified-Since: {text} answers {exchange.status}", exchange)


def foreign(scene: Scene, binding: Binding) -> None:
    """Whatever the peer asks of the owner's row by its tag, the answer is that of a row that is not there."""
    resource, peer = _resource(binding), scene.peer
    row = scene.created(resource, scene.owner) if binding.writes else scene.row(resource, scene.owner)
    known, _ = tag_of(scene, scene.operation(resource, Kind.READ), row)
    plain = _sent(scene, binding, row, row[resource.id_field], {})
    if plain.ok:
        raise Inconclusive(f"{peer.name} reaches the row")
    for headers in (
        {"If-None-Match": known},
        {"If-None-Match": "*"},
        {"If-Match": _OTHER},
        {"If-Match": known},
    ):
        exchange = _sent(scene, binding, row, row[resource.id_field], headers)
        missing = _sent(scene, binding, row, scene.missing_id(resource), headers)
        if exchange.status != missing.status:
            bare = _sent(scene, binding, row, scene.missing_id(resource), {})
            if (exchange.status, missing.status) == (plain.status, bare.status):
                told = f"{plain.status} for the row and {bare.status} for a missing one, tag or no tag"
                raise Inconclusive(f"{peer.name} gets {told}, which is what tenancy.indistinguishable judges")
            ((name, value),) = headers.items()
            title = (
                f"{peer.name} gets {exchange.status} with {name}: {value}, {missing.status} for a missing row"
            )
            raise Violated(title, plain, exchange, missing)


def _sent(scene: Scene, binding: Binding, row: Row, identifier: Any, headers: Mapping[str, str]) -> Exchange:
    """The peer's request about a row, under a condition."""
    body = ABSENT
    if binding.kind not in (Kind.READ, Kind.DELETE):
        body = next((body for _, _, body in scene.changes(binding, row, scene.owner)), ABSENT)
    return scene.call(
        scene.peer, binding, identifier=identifier, row=row, body=body, headers=headers, conditioned=False
    )


def stale(scene: Scene, binding: Binding) -> None:
    """Two read a row, one changes it: the other's write is refused and changes nothing, until it reads again."""
    resource = _resource(binding)
    reader = scene.operation(resource, Kind.READ)
    row = scene.created(resource, scene.owner)
    known, before = tag_of(scene, reader, row)
    changed = changed_once(scene, resource, row)
    if changed is None:
        raise NotExercised(f"no row of {resource.name} can be changed")
    current, now = tag_of(scene, reader, row)
    if current == known:
        raise Inconclusive("the tag stays although the row has changed")
    late = written_for(scene, binding, row, known)
    if late.broken:
        raise Inconclusive(f"a stale write answers {late.status}")
    if late.status != scene.kind("precondition-failed").status:
        raise Violated(f"A write for an earlier state answers {late.status}", before, changed, late)
    after = read_of(scene, reader, row)
    if after.content != now.content:
        raise Violated("A refused write has changed the row", now, late, after, deviation="value")
    weak = current if current.startswith("W/") else f"W/{current}"
    loose = written_for(scene, binding, row, weak)
    if loose.ok:
        title = f"A write for the weak tag {weak} answers {loose.status}: If-Match compares strongly"
        raise Violated(title, now, loose, deviation="accepted")
    fresh = written_for(scene, binding, row, f"{_OTHER}, {current}")
    if fresh.status == late.status:
        raise Violated(
            f"A write for the present state answers {fresh.status}",
            now,
            fresh,
            deviation="refused",
        )


def written_for(
    scene: Scene, binding: Binding, row: Row, known: str | None, more: Mapping[str, str] | None = None
) -> Exchange:
    """The operation's write for a state of the row, for none where that is None; under further conditions."""
    headers = {**({} if known is None else {"If-Match": known}), **(more or {})}
    options: dict[str, Any] = {"row": row, "headers": headers, "conditioned": False}
    identifier = row[_resource(binding).id_field]
    if binding.kind is Kind.DELETE:
        return scene.call(scene.owner, binding, identifier=identifier, **options)
    body = next((body for _, _, body in scene.changes(binding, row, scene.owner)), None)
    if body is None:
        raise NotExercised(f"{binding.id} has no field that could be changed")
    return scene.call(scene.owner, binding, identifier=identifier, body=body, **options)


def required(scene: Scene, binding: Binding) -> None:
    """Without a condition the write is refused; with one for any state it is not."""
    row = scene.created(_resource(binding), scene.owner)
    wanted = scene.kind("precondition-required").status
    exchange = written_for(scene, binding, row, None)
    if exchange.broken:
        raise Inconclusive(f"answers {exchange.status}")
    if exchange.status != wanted:
        raise Violated(f"A write without If-Match answers {exchange.status} instead of {wanted}", exchange)
    if (other := written_for(scene, binding, row, "*")).status == wanted:
        raise Violated(f"A write with If-Match: * answers {wanted} as well", exchange, other)
