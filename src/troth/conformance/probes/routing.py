"""Methods that a path does not have (RFC 9110 section 15.5.6), and HEAD, which comes with GET (section 9.3.2)."""

from __future__ import annotations

from dataclasses import replace

from troth.behaviour.model import Binding, Kind
from troth.conformance.probes.authentication import beside_credential, harmless
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["head", "method"]

#: DELETE is never tried: where it is not documented but works, it would destroy something.
_TRIED = ("PUT", "PATCH", "POST")

#: How a server says that it does not answer HEAD there.
_UNANSWERED = (404, 405, 501)


def method(scene: Scene, binding: Binding) -> None:
    """An undeclared method answers 405, and ``Allow`` names the declared ones."""
    path = binding.operation.path
    declared = {o.method for o in scene.contract.operations if o.path == path}
    tried = next((name for name in _TRIED if name not in declared), None)
    if tried is None:
        raise NotExercised("every method that could be tried is declared")
    resource = binding.resource
    identifier = scene.missing_id(resource) if resource and binding.kind is not Kind.LIST else None
    exchange = scene.client.send(scene.owner, tried, scene.path(binding, identifier), operation=binding.id)
    wanted = scene.kind("method-not-allowed").status
    if exchange.broken:
        raise Inconclusive(f"{tried} answers {exchange.status}")
    if exchange.status != wanted:
        raise Violated(f"{tried} {path} answers {exchange.status} instead of {wanted}", exchange)
    allowed = {word.strip().upper() for word in (exchange.header("allow") or "").split(",")} - {""}
    if not declared <= allowed:
        lacking = ", ".join(sorted(declared - allowed))
        raise Violated(
            f"Allow does not name {lacking}",
            exchange,
            allow=exchange.header("allow"),
            deviation="missing",
        )


def head(scene: Scene, binding: Binding) -> None:
    """HEAD, where it is answered, has the status and the media type of GET, and is for nobody whom GET is not for."""
    got, without = harmless(scene, binding, scene.owner), replace(binding.operation, method="HEAD")
    if not got.ok:
        raise Inconclusive(f"GET answers {got.status}")
    told = harmless(scene, replace(binding, operation=without), scene.owner)
    if told.broken:
        raise Inconclusive(f"HEAD answers {told.status}")
    if told.status in _UNANSWERED:
        raise NotExercised(f"HEAD is not answered: {told.status}")
    if told.status != got.status:
        raise Violated(f"HEAD answers {told.status} where GET answers {got.status}", got, told)
    kinds = [(one.header("content-type") or "").partition(";")[0].strip().lower() for one in (got, told)]
    if all(kinds) and len(set(kinds)) > 1:
        raise Violated(f"HEAD has the media type {kinds[1]}, GET {kinds[0]}", got, told, deviation="form")
    if not binding.operation.security or not all(binding.operation.security):
        return
    others = beside_credential(scene)
    served = harmless(scene, replace(binding, operation=without), None, others)
    if served.ok and harmless(scene, binding, None, others).ok:
        raise Inconclusive("GET is served without a credential as well")
    if served.ok:
        raise Violated(f"HEAD is served without a credential: {served.status}", served)
