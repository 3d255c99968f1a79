"""Profiles that hold for every operation: errors, scopes, idempotency keys, the tenant's header."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troth.behaviour.checks.ground import Ground
from troth.behaviour.model import Behaviour, Binding, Errors
from troth.contract.pointers import join
from troth.errors import did_you_mean
from troth.findings import Finding

__all__ = ["check_protocols"]

_SERVER_ERROR = 500


def check_protocols(ground: Ground) -> Iterator[Finding]:
    """What the root promises fits what the operations declare."""
    yield from _codes(ground)
    yield from _envelopes(ground)
    yield from _scopes(ground)
    yield from _key_header(ground)
    yield from _tenant_header(ground)


def _slots(template: Any) -> set[str]:
    if isinstance(template, str):
        return {template} if template.startswith("$") else set()
    inner = (
        template.values() if isinstance(template, Mapping) else template if isinstance(template, list) else ()
    )
    return {slot for item in inner for slot in _slots(item)}


def _codes(ground: Ground) -> Iterator[Finding]:
    """A code or message that the envelope has no slot for never reaches a client."""
    errors = ground.contract.extension.get("errors") or {}
    slots = _slots(errors["envelope"]) if "envelope" in errors else {"$code", "$message", "$title"}
    for name, kind in (errors.get("kinds") or {}).items():
        at = join("/x-behaviour/errors/kinds", name)
        if "code" in kind and "$code" not in slots:
            message = f"the kind {name!r} has a code, but the envelope has no slot $code."
            yield ground.finding("error-without-slot", join(at, "code"), message)
        if "message" in kind and not slots & {"$message", "$title"}:
            message = f"the kind {name!r} has a message, but the envelope has no slot $message."
            yield ground.finding("error-without-slot", join(at, "message"), message)


def _envelopes(ground: Ground) -> Iterator[Finding]:
    """The declared envelope with each kind's code fits the error schemas that the operations document."""
    errors = ground.behaviour.errors
    if not errors.declared:
        return
    told: set[tuple[str, str, str]] = set()
    for operation in ground.contract.operations:
        for name, kind in errors.kinds.items():
            response = operation.responses.get(str(kind.status))
            media = response.json if response else None
            if media is None or media.schema_pointer is None or kind.status >= _SERVER_ERROR:
                continue
            if not _can_answer(ground.behaviour, ground.behaviour.bindings[operation.id], name):
                continue
            end = ground.contract.follow(media.schema_pointer)[0]
            slots = {
                "$code": kind.code,
                "$status": kind.status,
                "$title": kind.message,
                "$message": kind.message,
            }
            slots |= _special(errors, name)
            body = _filled(errors.envelope_of(name), {**slots, "$requestId": f"{errors.request_id_prefix}0"})
            for violation in ground.validators.at(end, "response").violations(body):
                if (end, violation.pointer, violation.message) not in told:
                    told.add((end, violation.pointer, violation.message))
                    at = _written(ground, name, violation.value == kind.code)
                    where = ground.contract.locate(end)
                    message = (
                        f"an error of the kind {name!r} does not fit the schema at {where}: "
                        f"{violation.pointer or '/'}: {violation.message}."
                    )
                    yield ground.finding(
                        "error-outside-schema", at, message, operation=operation.id, body=body
                    )


def _can_answer(behaviour: Behaviour, binding: Binding, kind: str) -> bool:
    """Whether an operation can give a kind of refusal; a body of its own for unknown paths is no operation's."""
    needed: Mapping[str, Any] = {
        "unqueryable": binding.query.conditions,
        "unselectable": binding.query.select,
        "unknown-version": behaviour.versions,
        "retired-version": behaviour.versions,
    }
    if kind in ("precondition-failed", "precondition-required"):
        profile = binding.conditional
        required = profile is not None and binding.kind in profile.required
        return binding.preconditions and (required or kind == "precondition-failed")
    if kind == "out-of-reach":
        return binding.pagination is not None and binding.pagination.max_offset is not None
    if kind in needed:
        return needed[kind] is not None
    return kind != "no-route" or kind not in behaviour.errors.bodies


def _special(errors: Errors, kind: str) -> dict[str, Any]:
    """The slots that only a body of its own fills, each with something of its form."""
    if kind not in errors.bodies:
        return {}
    detail = {"pointer": "/field", "rule": "required", "message": "It is missing."}
    slots = {"$path": "field", "$label": "Field", "$detail": detail}
    slots |= {f"${word}": text for word, text in detail.items()}
    return {"$resource": "rows", "$details": [_filled(errors.bodies[kind].detail, slots)]}


def _filled(template: Any, slots: Mapping[str, Any]) -> Any:
    """The envelope without the details, which have no fixed form."""
    if isinstance(template, str) and template.startswith("$"):
        return slots.get(template)
    if isinstance(template, Mapping):
        made = {key: _filled(value, slots) for key, value in template.items()}
        return {
            k.removesuffix("?"): v for k, v in made.items() if not (k.endswith("?") and v in (None, {}, []))
        }
    return [_filled(item, slots) for item in template] if isinstance(template, list) else template


def _written(ground: Ground, kind: str, is_code: bool) -> str:
    at = join("/x-behaviour/errors/kinds", kind)
    if is_code and "code" in ground.given(at):
        return join(at, "code")
    return "/x-behaviour/errors/envelope"


def _scopes(ground: Ground) -> Iterator[Finding]:
    """Every scope that an operation needs is one that an OAuth flow can give."""
    offered = {
        name: {
            str(scope) for flow in (scheme.get("flows") or {}).values() for scope in flow.get("scopes") or {}
        }
        for name, scheme in ground.contract.security_schemes.items()
        if scheme.get("type") == "oauth2"
    }
    every = {scope for scopes in offered.values() for scope in scopes}
    told: set[tuple[str, str]] = set()
    for binding in ground.behaviour.bindings.values():
        for at, scope, known in (*_required(ground, binding, offered), *_derived(binding, every)):
            if scope not in known and (at, scope) not in told:
                told.add((at, scope))
                yield ground.unknown("unknown-scope", at, "scope", scope, known)


def _required(
    ground: Ground, binding: Binding, offered: Mapping[str, set[str]]
) -> Iterator[tuple[str, str, set[str]]]:
    own = "security" in ground.given(binding.operation.pointer)
    start = join(binding.operation.pointer, "security") if own else "/security"
    for index, alternative in enumerate(binding.operation.security):
        for scheme, scopes in alternative.items():
            for position, scope in enumerate(scopes):
                if scheme in offered:
                    yield join(start, index, scheme, position), scope, offered[scheme]


def _derived(binding: Binding, every: set[str]) -> Iterator[tuple[str, str, set[str]]]:
    if not every:
        return
    declared = "scopes" in binding.operation.extension
    template = binding.sources.get("scopes") == "x-behaviour scopes template"
    if declared or template:
        word = "read" if binding.operation.method in ("GET", "HEAD") else "write"
        at = join(binding.operation.pointer, "x-behaviour", "scopes")
        for scope in sorted(binding.scopes):
            yield at if declared else f"/x-behaviour/scopes/{word}", scope, every


def _key_header(ground: Ground) -> Iterator[Finding]:
    """Operations that take an idempotency key say so in their parameters."""
    policy = ground.behaviour.idempotency
    if policy is None:
        return
    taking = [binding for binding in ground.behaviour.bindings.values() if binding.idempotency]
    yield from _header(ground, policy.header, policy.pointer, taking)


def _tenant_header(ground: Ground) -> Iterator[Finding]:
    """Operations whose tenant comes from a header say so in their parameters."""
    header = ground.behaviour.tenancy.header
    if header:
        yield from _header(ground, header, "/x-behaviour/tenancy", list(ground.behaviour.bindings.values()))


def _header(ground: Ground, header: str, pointer: str, taking: list[Binding]) -> Iterator[Finding]:
    silent = []
    near = ""
    for binding in taking:
        headers = [p.name for p in binding.operation.parameters if p.location == "header"]
        if header not in [name.lower() for name in headers]:
            silent.append(binding.id)
            near = near or did_you_mean(header, [name.lower() for name in headers])
    if silent:
        given = ground.given(pointer)
        at = join(pointer, "header") if "header" in given else pointer
        shown = ", ".join(silent[:5]) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")  # noqa: PLR2004
        message = f"the header {header!r} is no parameter of {shown}.{near}"
        yield ground.finding("undeclared-header", at, message, "warning", operations=silent)
