"""Writes under conditions that exclude a state or a later moment: If-None-Match and If-Unmodified-Since."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import format_datetime, parsedate_to_datetime

from troth.behaviour.model import Binding, Kind
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.conditional import read_of, tag_of, written_for
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["none_match", "unmodified_since"]

_OTHER = '"no-such-tag"'


def none_match(scene: Scene, binding: Binding) -> None:
    """Refused for any state and for the present one, with nothing changed; done for a state that the row is not in."""
    row, reader = _new(scene, binding)
    known, before = tag_of(scene, reader, row)
    for text in ("*", f"{_OTHER}, {known}"):
        _refused(scene, binding, row, before, {"If-None-Match": text})
    _done(scene, binding, row, {"If-None-Match": _OTHER})


def unmodified_since(scene: Scene, binding: Binding) -> None:
    """Refused for a moment before the last change; done for the last one, or beside the right If-Match."""
    row, reader = _new(scene, binding)
    before = read_of(scene, reader, row)
    told = before.header("last-modified")
    if not before.ok or told is None:
        raise Inconclusive("reading tells no moment of the last change, which is what other clauses judge")
    try:
        changed = parsedate_to_datetime(told)
    except ValueError:
        raise Inconclusive(f"Last-Modified: {told} is no date of HTTP") from None
    earlier = format_datetime(changed.replace(year=changed.year - 1, month=1, day=1), usegmt=True)
    _refused(scene, binding, row, before, {"If-Unmodified-Since": earlier})
    if before.header("etag"):  # If-Match says it better, and the moment is not looked at
        beside = {"If-Match": str(before.header("etag")), "If-Unmodified-Since": earlier}
        _done(scene, binding, row, beside)
        return
    _done(scene, binding, row, {"If-Unmodified-Since": told})


def _new(scene: Scene, binding: Binding) -> tuple[Row, Binding]:
    """A new row that the operation changes as long as nothing stands in the way, and the operation that reads it."""
    assert binding.resource is not None  # noqa: S101 - the clauses exist only for single rows
    if binding.kind is not Kind.DELETE:
        tried = scene.created(binding.resource, scene.owner)
        if not written_for(scene, binding, tried, "*").ok:
            raise NotExercised(f"no plain change of one of {binding.resource.name} is accepted")
    return scene.created(binding.resource, scene.owner), scene.operation(binding.resource, Kind.READ)


def _refused(
    scene: Scene, binding: Binding, row: Row, before: Exchange, condition: Mapping[str, str]
) -> None:
    ((name, value),) = condition.items()
    exchange = written_for(scene, binding, row, None, condition)
    wanted = scene.kind("precondition-failed").status
    if exchange.broken or exchange.status == scene.kind("precondition-required").status:
        raise Inconclusive(f"{name}: {value} answers {exchange.status}")
    if exchange.status != wanted:
        raise Violated(
            f"A write with {name}: {value} answers {exchange.status} instead of {wanted}", exchange
        )
    assert binding.resource is not None  # noqa: S101 - as above
    after = read_of(scene, scene.operation(binding.resource, Kind.READ), row)
    if after.content != before.content:
        raise Violated(f"A write refused for {name} has changed the row", exchange, after, deviation="value")


def _done(scene: Scene, binding: Binding, row: Row, condition: Mapping[str, str]) -> None:
    exchange = written_for(scene, binding, row, None, condition)
    if exchange.status == scene.kind("precondition-failed").status:
        told = ", ".join(f"{name}: {value}" for name, value in condition.items())
        raise Violated(f"A write with {told} answers {exchange.status}", exchange, deviation="refused")
