"""Refusals: brought about on purpose, then held to the declared envelope, statuses and codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from troth.behaviour.model import Binding, Kind
from troth.behaviour.occasions import refuses_media
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.authentication import credential_headers
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

#: Statuses that refuse a caller for want of a credential.
_UNKNOWN = (401, 403)

_BAD = 400

#: Statuses of refusals that nothing but the API itself gives, for reasons that other clauses bring about.
_FURTHER = frozenset({403, 405, 409, 410, 412, 413, 415, 422, 428, 429})

__all__ = ["assure_stated", "code", "envelope", "envelope_slot", "provoked"]


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
    """Media type, members, a message, and an id that differs from request to request; of every kind of refusal."""
    ids, seen = [], 0
    for kind, exchange in provoked(scene, binding):
        if exchange.ok or exchange.broken:
            continue
        seen += 1
        _formed(scene, exchange, [kind])
        found = envelope_slot(scene.behaviour.errors.envelope, exchange.json, "requestId")
        ids += [found] if found is not None else []
    for exchange in (*_of_another_media_type(scene, binding), *_refused_so_far(scene, binding)):
        kinds = scene.behaviour.errors.kinds.items()
        _formed(scene, exchange, [name for name, kind in kinds if kind.status == exchange.status])
    if not seen:
        raise Inconclusive("nothing was refused")
    if len(set(ids)) != len(ids):
        raise Violated("Two refusals have the same request id", ids=ids, deviation="repeated")


def _refused_so_far(scene: Scene, binding: Binding) -> Iterator[Exchange]:
    """What the other clauses of the operation were refused, with a status that the contract declares.

    Not what may be read in different ways or may never have got as far as the API.
    """
    given = scene.contract.extension.get("errors")
    named = given.get("kinds") if isinstance(given, Mapping) else None
    kinds = scene.behaviour.errors.kinds
    told = {kinds[name].status for name in named if name in kinds} if isinstance(named, Mapping) else set()
    versions, place = scene.behaviour.versions, scene.client.version_name
    for entry in scene.client.log:
        if not isinstance(entry, Exchange) or entry.operation != binding.id or entry.method == "HEAD":
            continue
        if entry.status not in _FURTHER and not (entry.status == _BAD and isinstance(entry.json, Mapping)):
            continue  # what cannot be read, a server may refuse before the API has seen it
        asked = {**entry.query, **entry.headers}.get(place or "")
        if versions is not None and asked != versions.newest.name:
            continue  # another version may refuse in another form
        if entry.status in told or binding.operation.response_for(entry.status) is not None:
            yield entry


def _of_another_media_type(scene: Scene, binding: Binding) -> Iterator[Exchange]:
    """The refusal of a body in a language that nobody speaks, where the document has the answer to that."""
    if not refuses_media(binding):
        return
    row = scene.missing_id(binding.resource) if binding.resource and binding.id_parameter else None
    headers = {"Content-Type": "application/x-troth"}
    found = scene.call(scene.owner, binding, identifier=row, raw=b"?", headers=headers)
    if found.status == scene.kind("unsupported-media-type").status:
        yield found


def _formed(scene: Scene, exchange: Exchange, kinds: Sequence[str]) -> None:
    """A refusal has the form of one of the kinds that it may be, or the general one."""
    errors = scene.behaviour.errors
    media = (exchange.header("content-type") or "").partition(";")[0].strip()
    if media != errors.media_type:
        title = f"A refusal has the media type {media or 'none'} instead of {errors.media_type}"
        raise Violated(title, exchange)
    # A body that lists details stands only where there are some.
    templates = [*(errors.envelope_of(kind) for kind in kinds), errors.envelope]
    problems = [_departure(one, exchange.json, errors.request_id_prefix) for one in templates]
    if all(problems):
        title = f"A refusal does not have the declared form: {problems[-1]}"
        raise Violated(title, exchange, deviation="form")
    _same_status(templates[0], media, exchange)


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


def assure_stated(scene: Scene, binding: Binding, refused: Exchange, wanted: int) -> None:
    """Raises Inconclusive where a kind of refusal that has a status has the same other one wherever it is provoked."""
    resource, kinds = binding.resource, scene.behaviour.errors.kinds
    reads = (Kind.LIST, Kind.READ)
    beside = [scene.behaviour.binding(resource.name, kind) for kind in reads] if resource else []
    for place in filter(None, (binding, *beside)):
        if ("errors.code", place.id) not in scene.promised:
            continue
        for kind, exchange in provoked(scene, place):
            if kinds[kind].status == wanted and exchange.status == refused.status:
                told = f"what is {kind} answers {exchange.status} instead of {wanted}"
                raise Inconclusive(f"{told}, which is what errors.code judges")


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
