"""Refusals: brought about on purpose, then held to the declared envelope, statuses and codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.model import Binding, Kind
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.authentication import credential_headers
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

#: Statuses that refuse a caller for want of a credential.
_UNKNOWN = (401, 403)

__all__ = ["code", "envelope", "envelope_slot", "provoked"]


def provoked(scene: Scene, binding: Binding) -> list[tuple[str, Exchange]]:
    """(kind of refusal, exchange) for what every operation can be made to refuse; asked once on each ground."""
    key = f"provoked:{binding.id}"
    if key not in scene.memory:
        scene.memory[key] = list(_provoked(scene, binding))
    found: list[tuple[str, Exchange]] = scene.memory[key]
    return found


def _provoked(scene: Scene, binding: Binding) -> Iterator[tuple[str, Exchange]]:
    resource = binding.resource
    if binding.operation.security and all(binding.operation.security):
        headers = scene.owner.headers
        try:
            secret = credential_headers(scene)
            others = {name: value for name, value in headers.items() if name not in secret}
            identifier = scene.missing_id(resource) if resource else None
            yield "unauthenticated", scene.call(None, binding, identifier=identifier, headers=others)
        except NotExercised:
            pass
    if resource and binding.id_parameter and binding.kind is not Kind.ACTION:
        body = next(iter(scene.bodies.candidates(binding)), {}) if binding.input else ABSENT
        yield "not-found", scene.call(scene.owner, binding, identifier=scene.missing_id(resource), body=body)
    if binding.kind is Kind.CREATE and binding.input and not binding.is_form:
        yield "malformed", scene.call(scene.owner, binding, raw=b'{"broken":')
    if binding.kind is Kind.LIST and binding.pagination and binding.pagination.size:
        yield "invalid", scene.call(scene.owner, binding, query=[(binding.pagination.size, "many")])


def envelope(scene: Scene, binding: Binding) -> None:
    """Media type, members, a message, and an id that differs from request to request."""
    errors, ids = scene.behaviour.errors, []
    seen = 0
    for kind, exchange in provoked(scene, binding):
        if exchange.ok or exchange.broken:
            continue
        seen += 1
        media = (exchange.header("content-type") or "").partition(";")[0].strip()
        if media != errors.media_type:
            raise Violated(
                f"A refusal has the media type {media or 'none'} instead of {errors.media_type}", exchange
            )
        template = errors.envelope_of(kind)
        problem = _departure(template, exchange.json, errors.request_id_prefix)
        if problem and template is not errors.envelope:
            # A body that lists details stands only where there are some.
            problem = problem and _departure(errors.envelope, exchange.json, errors.request_id_prefix)
        if problem:
            raise Violated(
                f"A refusal does not have the declared form: {problem}",
                exchange,
                deviation="form",
            )
        _same_status(template, media, exchange)
        ids += (
            [found]
            if (found := envelope_slot(errors.envelope, exchange.json, "requestId")) is not None
            else []
        )
    if not seen:
        raise Inconclusive("nothing was refused")
    if len(set(ids)) != len(ids):
        raise Violated("Two refusals have the same request id", ids=ids, deviation="repeated")


def _same_status(template: Any, media: str, exchange: Exchange) -> None:
    """The status within the body is that of the answer (RFC 9457 section 3.1.2)."""
    told = envelope_slot(template, exchange.json, "status")
    if told is None and media == "application/problem+json" and isinstance(exchange.json, Mapping):
        told = exchange.json.get("status")
    if told is not None and str(told) != str(exchange.status):
        title = f"A refusal with {exchange.status} says in its body that its status is {told}"
        raise Violated(title, exchange, deviation="value", field="status")


def _departure(template: Any, value: Any, prefix: str, path: str = "") -> str:
    """What is wrong with an envelope, in words; empty when nothing is."""
    if isinstance(template, list) and template:
        if not isinstance(value, list) or not value:
            return f"{path or 'the body'} is no list of something"
        found = (_departure(template[0], item, prefix, f"{path}/{i}") for i, item in enumerate(value))
        return next(filter(None, found), "")
    if not isinstance(template, Mapping):
        return _misfilled(template, value, prefix, path)
    if not isinstance(value, Mapping):
        return f"{path or 'the body'} is no object"
    for key, inner in template.items():
        name, optional = str(key).removesuffix("?"), str(key).endswith("?")
        if name in value:
            problem = _departure(inner, value[name], prefix, f"{path}/{name}")
        else:
            problem = "" if optional else f"{path}/{name} is missing"
        if problem:
            return problem
    return ""


def _misfilled(slot: Any, value: Any, prefix: str, path: str) -> str:
    filled = isinstance(value, str | int) and value not in ("", None)
    if slot in ("$code", "$message", "$title", "$requestId") and not filled:
        return f"{path} is empty"
    if slot == "$requestId" and not str(value).startswith(prefix):
        return f"{path} does not start with {prefix!r}"
    return ""


def holds_slot(template: Any, slot: str) -> bool:
    """Whether an error envelope has a slot."""
    if isinstance(template, Mapping):
        template = list(template.values())
    if isinstance(template, list):
        return any(holds_slot(item, slot) for item in template)
    return bool(template == f"${slot}")


def envelope_slot(template: Any, value: Any, slot: str) -> Any:
    """What an error says under a slot of its envelope, such as ``code``; None when it says nothing."""
    if template == f"${slot}":
        return value
    if isinstance(template, Mapping) and isinstance(value, Mapping):
        for key, inner in template.items():
            found = envelope_slot(inner, value.get(str(key).removesuffix("?")), slot)
            if found is not None:
                return found
    return None


def code(scene: Scene, binding: Binding) -> None:
    """Each refusal has the status and the code that its kind is declared with."""
    errors, judged = scene.behaviour.errors, 0
    coded = holds_slot(errors.envelope, "code")  # some APIs tell their refusals apart by status alone
    for kind, exchange in provoked(scene, binding):
        if exchange.ok or exchange.broken:
            continue
        wanted = errors.kinds[kind]
        found = envelope_slot(errors.envelope, exchange.json, "code")
        if found is None and coded:
            continue
        judged += 1
        if exchange.status != wanted.status:
            if kind == "unauthenticated" and exchange.status not in _UNKNOWN:
                continue  # whether it is refused at all is what authentication.required judges
            if kind != "unauthenticated" and exchange.status in (
                scene.kind("unauthenticated").status,
                scene.kind("forbidden").status,
            ):
                raise Inconclusive(f"the owner is refused with {exchange.status}")
            raise Violated(
                f"What is {kind} answers {exchange.status} instead of {wanted.status}",
                exchange,
                deviation="status",
                field=kind,
            )
        if coded and str(found) != wanted.code:
            raise Violated(
                f"What is {kind} has the code {found!r} instead of {wanted.code!r}",
                exchange,
                deviation="value",
                field=kind,
            )
    if not judged:
        raise Inconclusive("no refusal had a code to judge")
