"""Answers against the document: status, media type and schema of what the operation gives."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from troth.behaviour.model import Behaviour, Binding
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.errors import provoked
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated
from troth.contract.model import Operation, Response

__all__ = ["promises_refusals", "promises_successes", "response"]

_NO_CONTENT = 204


def response(scene: Scene, binding: Binding) -> None:
    """A success and a few refusals; what the document does not describe is a violation."""
    seen, problem = 0, ""
    for exchange in _answers(scene, binding):
        if exchange.broken:
            problem = f"answers {exchange.status}"
            continue
        seen += 1
        if exchange.ok or not _is_judged_elsewhere(scene, exchange):
            _check(scene, binding, exchange)
    if not seen:
        raise Inconclusive(problem or "there was no answer to judge")


def _answers(scene: Scene, binding: Binding) -> Iterator[Exchange]:
    try:
        yield scene.success(binding)
    except NotExercised:
        pass
    except Inconclusive as reason:
        if not binding.operation.security:
            raise Inconclusive(str(reason)) from reason
    yield from (exchange for kind, exchange in provoked(scene, binding) if kind != "malformed")


def _is_judged_elsewhere(scene: Scene, exchange: Exchange) -> bool:
    """Whether a refusal has a status that no kind is declared with: errors.code says so, once."""
    errors = scene.behaviour.errors
    return errors.declared and exchange.status not in {kind.status for kind in errors.kinds.values()}


def promises_successes(operation: Operation) -> bool:
    """Whether a document says how an operation succeeds: many tell its refusals alone."""
    return any(status[:1] in "23" or status == "default" for status in operation.responses)


def promises_refusals(behaviour: Behaviour, operation: Operation) -> bool:
    """Whether a refusal with a status that is not documented breaks a promise.

    A document that documents no refusal cannot mean that it never refuses, and one whose errors nobody described
    does not mean to list them all.
    """
    told = any(status.startswith("4") or status == "default" for status in operation.responses)
    return behaviour.errors.declared and told


def _is_borrowed(documented: Response, exchange: Exchange, found: str) -> bool:
    """Whether a refusal in JSON is described by what its operation produces, such as a file."""
    return not exchange.ok and "json" in found and not any("json" in name for name in documented.media)


def _check(scene: Scene, binding: Binding, exchange: Exchange) -> None:
    documented = binding.operation.response_for(exchange.status)
    promises = promises_successes if exchange.ok else partial(promises_refusals, scene.behaviour)
    if documented is None and not promises(binding.operation):
        return
    if documented is None:
        known = ", ".join(binding.operation.responses)
        title = f"The status {exchange.status} is not documented; documented are {known}"
        raise Violated(title, exchange, cause=f"status {exchange.status}", deviation="status")
    if not documented.media or exchange.status == _NO_CONTENT:  # which has none, whatever the document says
        return
    found = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
    media = next(
        (m for t, m in documented.media.items() if t.partition(";")[0].strip().lower() in (found, "*/*")),
        None,
    )
    if media is None and not _is_borrowed(documented, exchange, found):
        if not exchange.ok and scene.behaviour.errors.declared:
            raise Inconclusive("the media type of errors is judged by errors.envelope")
        title = f"The media type {found or 'none'} is not documented for {exchange.status}"
        raise Violated(title, exchange, cause=f"{exchange.status} {found}", deviation="form")
    if media is None or media.schema_pointer is None or "json" not in found:
        return
    if not exchange.ok and scene.behaviour.errors.declared:
        return  # refusals are judged by errors.envelope and errors.code, once
    violations = scene.validators.at(media.schema_pointer, "response").violations(exchange.json)
    if violations:
        first = violations[0]
        title = f"The answer does not satisfy its schema: {first.pointer or '/'} {first.message}"
        told = [f"{v.pointer} {v.message}" for v in violations[:5]]
        raise Violated(
            title,
            exchange,
            violations=told,
            cause=first.rule,
            deviation="form",
            field=first.pointer,
        )
    if exchange.ok and (objection := scene.second_opinion.objection(exchange)):
        raise Inconclusive(f"two validators disagree about the answer; openapi-core says: {objection}")
