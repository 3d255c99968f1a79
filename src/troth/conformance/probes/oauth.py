"""The authorization code flow: refusals where RFC 6749 and RFC 7636 ask for them, codes and tokens that end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from troth.behaviour.model import Binding
from troth.conformance.authorizing import Flow, Tokens
from troth.conformance.exchanges import Exchange
from troth.conformance.probes.authentication import harmless
from troth.conformance.probes.timing import movable
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

__all__ = [
    "code_bound",
    "code_expiry",
    "code_once",
    "errors",
    "redirect_uri",
    "refresh",
    "revoked",
    "scope",
    "state",
    "token_expiry",
    "uncached",
    "verifier",
]

_UNAUTHORIZED, _FORBIDDEN = 401, 403


def _assure_telling(flow: Flow, binding: Binding, tokens: Tokens) -> None:
    """Raises Inconclusive where a new token opens nothing, or where any text does."""
    if not flow.opened(binding, tokens).ok:
        raise Inconclusive("a new token opens nothing")
    if flow.opened(binding, replace(tokens, access="x" * len(tokens.access))).ok:
        raise Inconclusive("any token is served, which is what authentication.invalid judges")


def _must_be_refused(exchange: Exchange, title: str, *before: Exchange) -> None:
    if exchange.broken:
        raise Inconclusive(f"the token endpoint answers {exchange.status}")
    if exchange.ok:
        raise Violated(title, *before, exchange)


def redirect_uri(scene: Scene, binding: Binding) -> None:
    """Without a client or address that is registered the browser is sent nowhere (RFC 6749 section 4.1.2.1)."""
    flow = Flow(scene)
    flow.prepared(binding.scopes)
    registered = flow.application.redirect_uri
    for changes, what in (
        ({"redirect_uri": f"{registered}/elsewhere"}, "an address that is not registered"),
        ({"redirect_uri": "https://attacker.example/callback"}, "an address that is not registered"),
        ({"client_id": f"nobody-{scene.nonce}"}, "a client that is not registered"),
    ):
        exchange = flow.authorize(binding.scopes, **changes)
        place = exchange.header("location")
        if place and urlsplit(place).netloc == urlsplit(changes.get("redirect_uri", registered)).netloc:
            raise Violated(
                f"A request for {what} is redirected there",
                exchange,
                deviation="redirected",
            )
        if exchange.ok or exchange.broken:
            raise Inconclusive(f"a request for {what} answers {exchange.status}")


def state(scene: Scene, binding: Binding) -> None:
    """What the client sent as state comes back as it was, with a code and with an error."""
    flow = Flow(scene)
    flow.prepared(binding.scopes)
    sent = "a b&c=d/é"
    for changes, what in (({}, "a code"), ({"response_type": "nonsense"}, "an error")):
        exchange = flow.authorize(binding.scopes, state=sent, **changes)
        found = flow.returned(exchange)
        if found is None:
            raise Inconclusive(f"the authorization endpoint answers {exchange.status}")
        if found.get("state") != sent:
            raise Violated(
                f"With {what} the state comes back as {found.get('state')!r}",
                exchange,
                deviation="value",
            )


def errors(scene: Scene, binding: Binding) -> None:
    """Each refusal has its code (RFC 6749 sections 4.1.2.1 and 5.2), the token endpoint's as JSON."""
    flow = Flow(scene)
    code, _ = flow.prepared(binding.scopes)
    wrong: list[tuple[dict[str, str | None], set[str]]] = [
        ({"response_type": "nonsense"}, {"unsupported_response_type", "invalid_request"}),
        ({"response_type": None}, {"invalid_request", "unsupported_response_type"}),
    ]
    if flow.oauth.pkce:
        wrong.append(({"code_challenge": None, "code_challenge_method": None}, {"invalid_request"}))
    for changes, wanted in wrong:
        exchange = flow.authorize(binding.scopes, **changes)
        found = flow.returned(exchange)
        if found is None or "code" in found:
            raise Violated(f"An authorization request without {', '.join(changes)} is not refused", exchange)
        _told(found, wanted, exchange)
    for exchange, wanted in _refusals(flow, code):
        _must_be_refused(exchange, "A token request that must be refused is served")
        if not isinstance(exchange.json, Mapping):
            raise Violated(
                "A refusal of the token endpoint is no JSON object",
                exchange,
                deviation="form",
            )
        _told(exchange.json, wanted, exchange)
        statuses = {400, _UNAUTHORIZED} if "invalid_client" in wanted else {400}
        if exchange.status not in statuses:
            raise Violated(
                f"The token endpoint refuses with {exchange.status}",
                exchange,
                deviation="status",
            )


def _refusals(flow: Flow, code: str) -> Iterator[tuple[Exchange, set[str]]]:
    yield flow.token(grant_type="nonsense"), {"unsupported_grant_type"}
    yield flow.token(), {"invalid_request", "unsupported_grant_type"}
    yield flow.redeem("no-such-code", "v" * 43), {"invalid_grant"}
    yield flow.token(grant_type="refresh_token", refresh_token="no-such-token"), {"invalid_grant"}  # noqa: S106
    yield (
        flow.token(client_id="nobody", grant_type="authorization_code", code=code),
        {"invalid_client", "invalid_grant"},
    )


def _told(found: Mapping[str, object], wanted: set[str], exchange: Exchange) -> None:
    if found.get("error") not in wanted:
        title = f"The error is {found.get('error')!r} instead of {' or '.join(sorted(wanted))}"
        raise Violated(title, exchange, deviation="value")


def verifier(scene: Scene, binding: Binding) -> None:
    """A code is worth nothing without the verifier that its challenge was made of (RFC 7636 section 4.6)."""
    flow = Flow(scene)
    for wrong, what in (("w" * 64, "another verifier"), (None, "no verifier")):
        code, _ = flow.prepared(binding.scopes)
        exchange = flow.redeem(code, "", code_verifier=wrong)
        _must_be_refused(exchange, f"A code is redeemed with {what}")


def code_once(scene: Scene, binding: Binding) -> None:
    """The second use of a code is refused (RFC 6749 section 4.1.2)."""
    flow = Flow(scene)
    code, secret = flow.prepared(binding.scopes)
    first = flow.redeem(code, secret)
    flow.taken(first)
    _must_be_refused(flow.redeem(code, secret), "A code is redeemed twice", first)


def code_bound(scene: Scene, binding: Binding) -> None:
    """A code belongs to the address and the client that it was given to (RFC 6749 section 4.1.3)."""
    flow = Flow(scene)
    code, secret = flow.prepared(binding.scopes)
    elsewhere = flow.redeem(code, secret, redirect_uri=f"{flow.application.redirect_uri}/elsewhere")
    _must_be_refused(elsewhere, "A code is redeemed for another redirect_uri")
    if flow.other is not None:
        code, secret = flow.prepared(binding.scopes)
        other = flow.redeem(code, secret, application=flow.other)
        _must_be_refused(other, "A code is redeemed by another application")


def scope(scene: Scene, binding: Binding) -> None:
    """A token opens what was granted and no more; a renewal may narrow that and never widen it."""
    flow, wanted = Flow(scene), set(binding.scopes)
    further = {name for one in scene.behaviour.bindings.values() for name in one.scopes} & flow.oauth.scopes
    others = sorted(further - wanted)
    if not others:
        raise NotExercised("there is no other scope to ask for")
    if not flow.opened(binding, flow.granted(wanted)).ok:
        raise Inconclusive(f"a token with {', '.join(sorted(wanted))} does not open {binding.id}")
    narrow = flow.granted(others[:1])
    exchange = flow.opened(binding, narrow)
    if exchange.ok and harmless(scene, binding, scene.cast.lacking(binding)).ok:
        raise Inconclusive("no credential needs the scope, which is what scopes.required judges")
    if exchange.status != _FORBIDDEN:
        title = f"A token for {others[0]} gets {exchange.status} where {', '.join(sorted(wanted))} is needed"
        raise Violated(title, narrow.exchange, exchange)
    if narrow.refresh is None:
        return
    wide = flow.refresh(narrow, {others[0], *wanted})
    if wide.ok and flow.opened(binding, flow.taken(wide)).ok:
        raise Violated(
            "A renewal gives more than was granted",
            narrow.exchange,
            wide,
            deviation="extra",
        )
    both = flow.granted({others[0], *wanted})
    renewed = flow.taken(flow.refresh(both, others[:1]))
    if flow.opened(binding, renewed).ok:
        raise Violated(
            "A renewal for less gives as much as before",
            both.exchange,
            renewed.exchange,
            deviation="extra",
        )


def refresh(scene: Scene, binding: Binding) -> None:
    """Renewing gives a working token; where tokens rotate, the old one ends, and its reuse ends the new one."""
    flow = Flow(scene)
    first = flow.granted(binding.scopes)
    if first.refresh is None:
        raise NotExercised("no refresh token is given")
    _assure_telling(flow, binding, first)
    second = flow.taken(flow.refresh(first))
    if not flow.opened(binding, second).ok:
        raise Violated("A renewed token opens nothing", second.exchange, deviation="refused")
    if not flow.oauth.rotate:
        if not flow.refresh(first).ok:
            raise Violated(
                "A refresh token works once although it does not rotate",
                second.exchange,
                deviation="refused",
            )
        return
    if second.refresh is None or second.refresh == first.refresh:
        raise Violated(
            "A renewal gives the same refresh token again",
            second.exchange,
            deviation="repeated",
        )
    third = flow.taken(flow.refresh(second))
    _must_be_refused(flow.refresh(first), "A refresh token is used twice", second.exchange)
    title = "After an old refresh token was used again, the newest goes on working"
    _must_be_refused(flow.refresh(third), title, third.exchange)


def revoked(scene: Scene, binding: Binding) -> None:
    """A revoked token opens nothing and renews nothing; revoking what nobody knows is fine (RFC 7009 section 2.2)."""
    flow = Flow(scene)
    tokens = flow.granted(binding.scopes)
    _assure_telling(flow, binding, tokens)
    for token, what in ((tokens.access, "a token"), (f"unknown-{scene.nonce}", "an unknown token")):
        exchange = flow.revoke(token)
        if not exchange.ok:
            raise Violated(f"Revoking {what} answers {exchange.status}", exchange)
    after = flow.opened(binding, tokens)
    _must_be_refused(after, f"A revoked token gets {after.status}", tokens.exchange)


def uncached(scene: Scene, binding: Binding) -> None:
    """Answers with tokens are not stored by anybody on the way (RFC 6749 section 5.1)."""
    flow = Flow(scene)
    tokens = flow.granted(binding.scopes)
    answers = [tokens.exchange, flow.refresh(tokens)] if tokens.refresh else [tokens.exchange]
    for exchange in answers:
        told = exchange.header("cache-control") or ""
        if "no-store" not in told.lower():
            raise Violated(
                f"An answer with tokens has Cache-Control: {told or 'none'}",
                exchange,
                deviation="missing",
            )
        kind = str((exchange.json or {}).get("token_type", ""))
        if exchange.ok and kind.lower() != "bearer":
            raise Violated(
                f"The token type is {kind!r} instead of 'Bearer'",
                exchange,
                deviation="value",
            )


def code_expiry(scene: Scene, binding: Binding) -> None:
    """A code can be redeemed until its time is over."""
    flow, control = Flow(scene), movable(scene)
    code, secret = flow.prepared(binding.scopes)
    control.advance(flow.oauth.code_ttl - 2)
    if not flow.redeem(code, secret).ok:
        raise Violated(
            f"A code is refused before its {flow.oauth.code_ttl} s are over",
            deviation="early",
        )
    code, secret = flow.prepared(binding.scopes)
    control.advance(flow.oauth.code_ttl + 2)
    _must_be_refused(
        flow.redeem(code, secret), f"A code is redeemed although its {flow.oauth.code_ttl} s are over"
    )


def token_expiry(scene: Scene, binding: Binding) -> None:
    """An access token opens until its time is over, and a refresh token renews until its own is."""
    flow, control = Flow(scene), movable(scene)
    tokens = flow.granted(binding.scopes)
    life = flow.oauth.access_ttl
    told = (tokens.exchange.json or {}).get("expires_in")
    if told is not None and told != life:
        raise Violated(f"expires_in is {told}, the contract says {life}", tokens.exchange, deviation="value")
    _assure_telling(flow, binding, tokens)
    control.advance(life - 5)
    if not flow.opened(binding, tokens).ok:
        raise Violated(
            f"An access token is refused before its {life} s are over",
            tokens.exchange,
            deviation="early",
        )
    control.advance(10)
    exchange = flow.opened(binding, tokens)
    title = f"An access token gets {exchange.status} although its {life} s are over"
    _must_be_refused(exchange, title, tokens.exchange)
    if tokens.refresh is not None:
        _renewal_expiry(scene, flow, tokens)


def _renewal_expiry(scene: Scene, flow: Flow, tokens: Tokens) -> None:
    movable(scene).advance(flow.oauth.refresh_ttl)
    title = f"A refresh token renews although its {flow.oauth.refresh_ttl} s are over"
    _must_be_refused(flow.refresh(tokens), title, tokens.exchange)
