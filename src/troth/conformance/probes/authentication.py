"""Who may not speak at all: requests without a credential, with a made-up one, or with one that allows less."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from string import ascii_letters, digits
from typing import Any

from troth.behaviour.model import Binding, Kind
from troth.conformance.actors import Actor
from troth.conformance.causes import ALIKE
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.timing import movable
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = [
    "beside_credential",
    "callers_turned_away",
    "challenges",
    "credential_headers",
    "expiry",
    "harmless",
    "invalid",
    "permission",
    "required",
    "scope",
    "sufficient",
    "token",
]


_UNAUTHORIZED = 401
#: Each letter and digit to another one.
_ANOTHER = str.maketrans(f"{ascii_letters}{digits}", f"{ascii_letters[1:]}a{digits[1:]}0")

#: What nobody has as a credential, in words, and how it is made of one that somebody has.
_WRONG: Mapping[str, Callable[[str], str]] = {
    "an unknown credential": lambda known: "x" * len(known),
    "an empty credential": lambda _known: "",
    "the beginning of a credential": lambda known: known[: len(known) // 2],
    "a credential and something behind it": lambda known: f"{known}-x",
    "a credential of the right form": lambda known: f"{known[:-4]}{known[-4:].translate(_ANOTHER)}",
}


def challenges(binding: Binding) -> bool:
    """Whether an operation's document has ``WWW-Authenticate`` among the headers of its 401."""
    documented = binding.operation.response_for(_UNAUTHORIZED)
    return documented is not None and "www-authenticate" in map(str.lower, documented.headers)


def harmless(
    scene: Scene, binding: Binding, actor: Actor | None, headers: Mapping[str, str] | None = None
) -> Exchange:
    """A well-formed request that would do little if it were served: writes go to a row that does not exist."""
    resource, identifier, row = binding.resource, None, None
    if binding.kind is Kind.READ and resource:
        row = scene.row(resource, scene.owner)
        identifier = row[resource.id_field]
    elif binding.id_parameter and resource:
        identifier = scene.missing_id(resource)
    body: Any = ABSENT
    if binding.input:
        body = next(iter(scene.bodies.candidates(binding)), ABSENT)
    return scene.call(actor, binding, identifier=identifier, row=row, body=body, headers=headers)


def credential_headers(scene: Scene) -> dict[str, str]:
    """The headers of the owner's credential. Raises NotExercised when there are none."""
    found = {name: scene.owner.headers[name] for name in scene.cast.credentials(scene.owner.headers)}
    if not found:
        raise NotExercised("no principal has a credential; add one to the target file")
    return found


def beside_credential(scene: Scene) -> dict[str, str]:
    """What the owner sends beside the credential, such as a tenant header."""
    secret = credential_headers(scene)
    return {name: value for name, value in scene.owner.headers.items() if name not in secret}


def required(scene: Scene, binding: Binding) -> None:
    """Nobody without a credential is served, nor told whether a row is there."""
    exchange = harmless(scene, binding, None, beside_credential(scene))
    _refused(scene, exchange, "without a credential")
    _challenged(binding, exchange)
    missing = _missing(scene, binding, None, beside_credential(scene))
    if missing is not None:
        _refused(scene, missing, "for a missing row and without a credential")


def callers_turned_away(
    scene: Scene, binding: Binding
) -> Iterator[tuple[str, Actor | None, Mapping[str, str] | None]]:
    """Whoever an operation should refuse, as far as somebody is known: (in words, the actor, headers)."""
    if binding.operation.security and all(binding.operation.security):
        with suppress(NotExercised):
            yield "without a credential", None, beside_credential(scene)
    with suppress(NotExercised):
        if binding.scopes:
            yield "without the scope", scene.cast.lacking(binding), None
    with suppress(NotExercised):
        if binding.permissions:
            yield (
                "without the permission",
                scene.cast.without(min(binding.permissions), binding.permissions),
                None,
            )


def _missing(
    scene: Scene, binding: Binding, actor: Actor | None, headers: Mapping[str, str] | None = None
) -> Exchange | None:
    """Reading a row that is not there; None where nothing is read by its id, and for writes, which ask so anyway."""
    resource = binding.resource
    if binding.kind is not Kind.READ or binding.id_parameter is None or resource is None:
        return None
    row, identifier = scene.row(resource, scene.owner), scene.missing_id(resource)
    return scene.call(actor, binding, identifier=identifier, row=row, headers=headers)


def invalid(scene: Scene, binding: Binding) -> None:
    """A made-up credential is refused; where lists are read, so is what only resembles the owner's."""
    for what, secret in _WRONG.items() if binding.kind is Kind.LIST else islice(_WRONG.items(), 1):
        wrong = {}
        for name, value in credential_headers(scene).items():
            word, _, known = value.rpartition(" ")
            wrong[name] = f"{word} {secret(known)}".strip()
            scene.cast.secrets |= {secret(known)} if known[:4] in secret(known) else set()
        exchange = harmless(scene, binding, None, {**beside_credential(scene), **wrong})
        _refused(scene, exchange, f"with {what}")
        _challenged(binding, exchange)


def _challenged(binding: Binding, exchange: Exchange) -> None:
    """401 says how to show a credential (RFC 9110 section 11.6.1), where the contract documents the header."""
    if exchange.status == _UNAUTHORIZED and challenges(binding) and not exchange.header("www-authenticate"):
        raise Violated("401 comes without WWW-Authenticate", exchange, deviation="missing", field="challenge")


def _refused(scene: Scene, exchange: Exchange, how: str) -> None:
    wanted = scene.kind("unauthenticated").status
    accepted = {wanted, 401, 403}  # which of them it is, errors.code judges
    if exchange.broken:
        raise Inconclusive(f"answers {exchange.status} {how}")
    if exchange.status not in accepted:
        served = "is served" if exchange.ok else "is not refused for that"
        raise Violated(f"A request {how} {served}: {exchange.status} instead of {wanted}", exchange)


def token(scene: Scene, binding: Binding) -> None:
    """A known token works; with another signature, and with none at all, it does not."""
    holder = next((actor for actor in scene.cast.known if _token(actor) is not None), None)
    shown = _token(holder) if holder else None
    if holder is None or shown is None:
        raise NotExercised("no principal has a token; add one to the target file")
    others = {name: value for name, value in holder.headers.items() if name.lower() != "authorization"}
    head, body, signature = shown.split(".")
    good = scene.call(None, binding, headers={**others, "authorization": f"Bearer {shown}"})
    if not good.ok:
        raise Inconclusive(f"a known token answers {good.status}")
    unsigned = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    forged = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    for wrong, how in (
        (f"{head}.{body}.{forged}", "with another signature"),
        (f"{unsigned}.{body}.", "unsigned"),
    ):
        bad = scene.call(None, binding, headers={**others, "authorization": f"Bearer {wrong}"})
        _refused(scene, bad, f"whose token is {how}")


def expiry(scene: Scene, binding: Binding) -> None:
    """A known token works today and is refused once its life has passed."""
    tokens, control = scene.behaviour.authentication.tokens, movable(scene)
    holder = next((actor for actor in scene.cast.known if _token(actor) is not None), None)
    if holder is None or tokens is None:
        raise NotExercised("no principal has a token; add one to the target file")
    good = scene.call(None, binding, headers=holder.headers)
    if not good.ok:
        raise Inconclusive(f"a known token answers {good.status}")
    made_up = {**holder.headers, **_with_token(holder, "x" * len(_token(holder) or ""))}
    if scene.call(None, binding, headers=made_up).ok:
        raise Inconclusive("any token is served, which is what authentication.invalid judges")
    control.advance(tokens.ttl + 1)
    _refused(scene, scene.call(None, binding, headers=holder.headers), "whose token has ended")


def _with_token(actor: Actor, token: str) -> dict[str, str]:
    """The header that carries an actor's token, with another one."""
    return {name: f"Bearer {token}" for name in actor.headers if name.lower() == "authorization"}


def _token(actor: Actor) -> str | None:
    """The JSON Web Token among an actor's headers."""
    for name, value in actor.headers.items():
        word, _, found = value.partition(" ")
        if name.lower() == "authorization" and word.lower() == "bearer" and found.count(".") == 2:  # noqa: PLR2004
            return found
    return None


def scope(scene: Scene, binding: Binding) -> None:
    """A credential of the same tenant, but for something else; and one for everything else, where one can be had."""
    actor = scene.cast.lacking(binding)
    refused = _out_of_scope(scene, binding, actor)
    nearly = scene.cast.all_but(binding.scopes)
    if nearly is not None:
        _out_of_scope(scene, binding, nearly)
    _tells_nothing(scene, binding, actor, refused)


def _out_of_scope(scene: Scene, binding: Binding, actor: Actor) -> Exchange:
    """The refusal of an actor without the scopes. Raises Violated, Inconclusive."""
    exchange = harmless(scene, binding, actor)
    wanted = scene.kind("forbidden").status
    if exchange.broken or exchange.status == scene.kind("unauthenticated").status:
        raise Inconclusive(f"answers {exchange.status} to {actor.name}")
    if exchange.status != wanted:
        needed = ", ".join(sorted(binding.scopes))
        title = f"A credential without {needed} gets {exchange.status} instead of {wanted}"
        # One door for many operations: whoever stands before it, and whatever is behind it.
        cause = f"{ALIKE}let in without a scope"
        raise Violated(title, exchange, scopes=list(actor.scopes), cause=cause)
    return exchange


def _tells_nothing(scene: Scene, binding: Binding, actor: Actor, refused: Exchange) -> None:
    """Who may not read a row is not told either whether there is one."""
    missing = _missing(scene, binding, actor)
    if missing is None or missing.broken:
        return
    if missing.status != refused.status:
        told = f"{refused.status} for a row that is there and {missing.status} for one that is not"
        raise Violated(f"{actor.name} is told what exists: {told}", refused, missing)


def permission(scene: Scene, binding: Binding) -> None:
    """A credential with all permissions but one is refused, whichever is missing; with all of them it is not."""
    wanted = scene.kind("forbidden").status
    for missing in sorted(binding.permissions):
        actor = scene.cast.without(missing, binding.permissions)
        exchange = harmless(scene, binding, actor)
        if exchange.broken or exchange.status == scene.kind("unauthenticated").status:
            raise Inconclusive(f"answers {exchange.status} to {actor.name}")
        if exchange.status != wanted:
            title = (
                f"A credential without the permission {missing} gets {exchange.status} instead of {wanted}"
            )
            raise Violated(title, exchange, permissions=list(actor.permissions))
        _tells_nothing(scene, binding, actor, exchange)
    exchange = harmless(scene, binding, scene.owner)
    if exchange.status == wanted:
        raise Violated(f"A credential with every permission gets {exchange.status}", exchange)


def sufficient(scene: Scene, binding: Binding) -> None:
    """A credential with nothing but the scopes of the operation passes the door."""
    actor = scene.cast.exactly(binding)
    exchange = harmless(scene, binding, actor)
    if exchange.status in (scene.kind("forbidden").status, scene.kind("unauthenticated").status):
        title = f"A credential with {', '.join(sorted(binding.scopes))} is refused with {exchange.status}"
        raise Violated(title, exchange, scopes=list(actor.scopes))
    if exchange.broken:
        raise Inconclusive(f"answers {exchange.status} to {actor.name}")
