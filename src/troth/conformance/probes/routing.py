"""Methods that a path does not have (RFC 9110 section 15.5.6)."""

from __future__ import annotations

from troth.behaviour.model import Binding, Kind
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = ["method"]

#: DELETE is never tried: where it is not documented but works, it would destroy something.
_TRIED = ("PUT", "PATCH", "POST")


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
