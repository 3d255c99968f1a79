"""Writes that are refused, whatever for: nothing of what they ask is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from troth.behaviour.aftermaths import referring, whole_list_of
from troth.behaviour.model import Binding, Kind, Resource
from troth.behaviour.occasions import writable_fields, written_references
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.flaws import body_flaws
from troth.conformance.paging import few_like, related, walked
from troth.conformance.probes.authentication import callers_turned_away
from troth.conformance.probes.references import writing
from troth.conformance.probes.releasing import naming
from troth.conformance.probes.resources import same
from troth.conformance.probes.rules import breaking_bodies, breaking_changes
from troth.conformance.scene import Row, Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["atomic", "made_by"]

Attempts = Iterator[tuple[str, Callable[[], Exchange]]]


def atomic(scene: Scene, binding: Binding) -> None:
    """Tried by callers without the rights, with what the schema forbids, with what names nothing or breaks a rule."""
    makers = {Kind.CREATE: _creates, Kind.DELETE: _deletes}
    tried = makers.get(binding.kind, _updates)(scene, binding)
    if not tried:
        raise NotExercised("no request could be made that is refused")


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clause exists only for resources
    return binding.resource


# -- creates -----------------------------------------------------------------------------------------------------------


def _creates(scene: Scene, binding: Binding) -> int:
    tried = 0
    body, _ = scene.creation(binding, scene.owner)
    for why, send in _refusable(scene, binding, body):
        exchange = made_by(scene, binding, send, why)
        tried += exchange is not None
    return tried


def made_by(scene: Scene, binding: Binding, send: Callable[[], Exchange], why: str) -> Exchange | None:
    """The refusal of a create, after which no row is there with what was sent; None where it is none."""
    resource = _resource(binding)
    lister = whole_list_of(scene.behaviour, resource)
    assert lister is not None  # noqa: S101 - the clause exists only with one
    known, earlier = scene.listed(lister, scene.owner)
    before = {str(row.get(resource.id_field)) for row in known}
    exchange = send()
    if exchange.ok or exchange.broken:
        return None
    rows, pages = scene.listed(lister, scene.owner)
    sent = _sent(binding, exchange)
    for row in rows:
        named = sent.keys() & row.keys()
        is_new = str(row.get(resource.id_field)) not in before
        if is_new and named and all(same(sent[name], row[name]) for name in named):
            title = f"A create {why} answers {exchange.status} and leaves its row behind"
            relation = few_like(lister, pages, sent, row, scene.nonce, 0)
            if relation is None:
                roles = {"whole": walked(lister, earlier), "other": walked(lister, pages)}
                relation = related(lister, "same-rows", roles)
            raise Violated(title, exchange, *pages[-1:], row=dict(row), deviation="extra", relation=relation)
    return exchange


def _sent(binding: Binding, exchange: Exchange) -> Mapping[str, Any]:
    """The object that a request brought."""
    try:
        found = json.loads(exchange.body or b"null")
    except ValueError:
        return {}
    found = found.get(binding.enclosed) if binding.enclosed and isinstance(found, Mapping) else found
    return found if isinstance(found, Mapping) else {}


def _refusable(scene: Scene, binding: Binding, body: Any) -> Attempts:
    """Creates that should be refused: by whom, or why."""

    def fresh() -> Any:
        return scene.bodies.unique(binding, body) if body is not ABSENT else ABSENT

    for who, actor, headers in callers_turned_away(scene, binding):
        yield who, lambda a=actor, h=headers: scene.call(a, binding, body=fresh(), headers=h)  # type: ignore[misc]
    for found in written_references(scene.contract, binding):
        with suppress(NotExercised, Inconclusive):
            attempt = writing(scene, binding, found)
            missing = scene.missing_id(scene.behaviour.resources[attempt.target])
            yield f"whose '{found.field}' names nothing", lambda s=attempt.send, m=missing: s(m)  # type: ignore[misc]
    for rule in _resource(binding).rules:
        broken = next(breaking_bodies(scene, binding, rule), None) if "create" in rule.on else None
        if broken is not None:
            yield f"against the rule '{rule.name}'", lambda b=broken: scene.call(scene.owner, binding, body=b)  # type: ignore[misc]
            break
    flaw = next(iter(body_flaws(scene, binding, fresh())), None)
    if flaw is not None:
        yield "with an invalid body", lambda: scene.call(scene.owner, binding, body=flaw.value)


# -- changes -----------------------------------------------------------------------------------------------------------


def _updates(scene: Scene, binding: Binding) -> int:
    resource, tried = _resource(binding), 0
    row, name, _, _ = scene.updated(binding, scene.owner)
    before, _ = scene.fetched(resource, scene.owner, row)
    value = next((v for n, v, _ in scene.changes(binding, before, scene.owner) if n == name), None)
    if value is None:
        raise NotExercised(f"'{name}' can be changed only once")
    for why, send in _unwanted(scene, binding, before, {name: value}):
        exchange = send()
        if exchange.ok:
            before, _ = scene.fetched(resource, scene.owner, row)
        elif not exchange.broken:
            tried += 1
            _as_it_was(scene, binding, before, exchange, f"A change {why}")
    return tried


def _unwanted(scene: Scene, binding: Binding, row: Row, change: Mapping[str, Any]) -> Attempts:
    """Changes that should be refused, each with a part that nothing is wrong with."""
    resource = _resource(binding)

    def send(changes: Mapping[str, Any], actor: Any = scene.owner, **options: Any) -> Exchange:
        body = scene.update_body(binding, row, {**change, **changes}, scene.owner)
        return scene.call(actor, binding, identifier=row[resource.id_field], row=row, body=body, **options)

    for who, actor, headers in callers_turned_away(scene, binding):
        yield who, lambda a=actor, h=headers: send({}, a, headers=h)  # type: ignore[misc]
    for found in written_references(scene.contract, binding):
        target = scene.behaviour.resources.get(found.to.get("", ""))
        if target is not None and found.at is None and found.field not in change:
            missing = scene.missing_id(target)
            named = {found.field: [missing] if found.many else missing}
            yield f"whose '{found.field}' names nothing", lambda n=named: send(n)  # type: ignore[misc]
            break
    for rule in (*resource.rules, *binding.rules):
        broken = next(breaking_changes(scene, binding, rule, row), None) if "update" in rule.on else None
        if broken is not None:
            yield f"against the rule '{rule.name}'", lambda b=broken: send(b)  # type: ignore[misc]
            break
    whole = scene.update_body(binding, row, change, scene.owner)
    flaw = next((f for f in body_flaws(scene, binding, whole) if _keeps(f.value, change)), None)
    if flaw is not None:
        yield (
            "with an invalid body",
            lambda: scene.call(
                scene.owner, binding, identifier=row[resource.id_field], row=row, body=flaw.value
            ),
        )


def _keeps(body: Any, change: Mapping[str, Any]) -> bool:
    """Whether a flawed body still asks for a change."""
    return isinstance(body, Mapping) and all(body.get(name) == value for name, value in change.items())


def _as_it_was(scene: Scene, binding: Binding, before: Row, exchange: Exchange, what: str) -> None:
    """The row is there and holds what it held, in every field that the operation could have written."""
    resource = _resource(binding)
    reader = scene.operation(resource, Kind.READ)
    reading = scene.call(scene.owner, reader, identifier=before[resource.id_field], row=before)
    told = f"{what} answers {exchange.status}"
    if reading.broken:
        raise Inconclusive(f"{reader.id} answers {reading.status}")
    if not reading.ok:
        raise Violated(f"{told}, and the row is gone", exchange, reading, deviation="missing")
    after = scene.unwrapped(reader, reading)
    for name in writable_fields(scene.contract, binding) or before:
        if name in before and name in after and before[name] != after[name]:
            title = f"{told} and changes '{name}' all the same"
            raise Violated(title, exchange, reading, deviation="value", field=name)


# -- deletes -----------------------------------------------------------------------------------------------------------


def _deletes(scene: Scene, binding: Binding) -> int:
    resource, tried = _resource(binding), 0
    row = scene.created(resource, scene.owner)
    before, _ = scene.fetched(resource, scene.owner, row)
    for who, actor, headers in callers_turned_away(scene, binding):
        exchange = scene.call(actor, binding, identifier=row[resource.id_field], row=row, headers=headers)
        if exchange.ok:
            raise Inconclusive(f"a delete {who} is accepted, which other clauses judge")
        if not exchange.broken:
            tried += 1
            _as_it_was(scene, binding, before, exchange, f"A delete {who}")
    named = []
    for owner, reference in referring(scene.contract, scene.behaviour, resource.name):
        with suppress(NotExercised, Inconclusive):
            named.append((owner, naming(scene, owner, reference, resource, row)))
    if not named:
        return tried
    named = [(owner, scene.fetched(owner, scene.owner, one)[0]) for owner, one in named]
    exchange = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row)
    if exchange.ok or exchange.broken:
        return tried
    for owner, one in named:
        reader = scene.operation(owner, Kind.READ)
        _as_it_was(scene, reader, one, exchange, f"A delete beside which one of {owner.name} stands")
    _as_it_was(scene, binding, before, exchange, "A delete")
    return tried + 1
