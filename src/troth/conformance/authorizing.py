"""The client's side of OAuth 2.0: authorization code flow with PKCE (RFC 6749, RFC 7636), step by step."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from troth.behaviour.model import Binding, OAuth
from troth.conformance.applications import Application
from troth.conformance.exchanges import Exchange
from troth.conformance.scene import Scene
from troth.conformance.verdicts import Inconclusive, NotExercised

__all__ = ["Flow", "Tokens"]

_REDIRECTS = (302, 303, 307)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave, and the answer that has it."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    scopes: frozenset[str]
    exchange: Exchange


class Flow:
    """One application at work. Raises NotExercised where the target cannot be asked."""

    def __init__(self, scene: Scene) -> None:
        oauth = scene.behaviour.authentication.oauth
        assert oauth is not None  # noqa: S101 - the clauses exist only with it
        if not scene.applications:
            raise NotExercised("no application is known; name one under [target.applications.NAME]")
        self.oauth: OAuth = oauth
        self.application: Application = scene.applications[0]
        self._scene = scene
        base = scene.contract.base_path
        self._root = scene.client.base_url.removesuffix(base) if base else scene.client.base_url
        self._count = 0

    @property
    def other(self) -> Application | None:
        """Another application of the target."""
        return next((one for one in self._scene.applications[1:]), None)

    def _verifier(self) -> str:
        """A code verifier that no run has used before: 64 of the characters that RFC 7636 section 4.1 allows."""
        self._count += 1
        return hashlib.sha256(f"{self._scene.nonce}:{self._count}".encode()).hexdigest()

    def authorize(
        self, scopes: Iterable[str], verifier: str | None = None, **changes: str | None
    ) -> Exchange:
        """The authorization request; a parameter that is None is left out."""
        digest = hashlib.sha256((verifier or self._verifier()).encode()).digest()
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.application.identifier,
            "redirect_uri": self.application.redirect_uri,
            "scope": " ".join(sorted(scopes)),
            "state": f"troth {self._scene.nonce}&é",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "login_hint": self.application.user,
            **changes,
        }
        query = [(name, value) for name, value in given.items() if value is not None]
        return self._scene.client.send(None, "GET", self.oauth.authorize_path, query=query, root=self._root)

    @staticmethod
    def returned(exchange: Exchange) -> dict[str, str] | None:
        """What a redirect carries; None where the answer is none."""
        place = exchange.header("location")
        if exchange.status not in _REDIRECTS or not place:
            return None
        return dict(parse_qsl(urlsplit(place).query, keep_blank_values=True))

    def code(self, scopes: Iterable[str], verifier: str) -> str:
        """A fresh code. Raises NotExercised where somebody would have to consent by hand."""
        exchange = self.authorize(scopes, verifier)
        found = self.returned(exchange)
        if found is None:
            raise NotExercised(
                f"nobody consents by machine: the authorization endpoint answers {exchange.status}"
            )
        if "code" not in found:
            raise Inconclusive(f"the authorization endpoint answers the error {found.get('error')!r}")
        self._scene.cast.secrets.add(found["code"])
        return found["code"]

    def token(self, application: Application | None = None, **form: str | None) -> Exchange:
        """The token request; a member that is None is left out."""
        client = application or self.application
        given = {"client_id": client.identifier, "client_secret": client.secret, **form}
        found = self._posted(self.oauth.token_path, given)
        told = found.json if isinstance(found.json, Mapping) else {}
        secrets = (told.get("access_token"), told.get("refresh_token"))
        self._scene.cast.secrets.update(str(one) for one in secrets if one)
        return found

    def revoke(self, token: str) -> Exchange:
        """The revocation request (RFC 7009)."""
        client = self.application
        given = {"client_id": client.identifier, "client_secret": client.secret, "token": token}
        return self._posted(self.oauth.revoke_path, given)

    def _posted(self, path: str, form: Mapping[str, str | None]) -> Exchange:
        raw = urlencode({name: value for name, value in form.items() if value is not None}).encode()
        return self._scene.client.send(None, "POST", path, raw=raw, headers=_FORM, root=self._root)

    def redeem(self, code: str, verifier: str, **changes: Any) -> Exchange:
        form: dict[str, Any] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.application.redirect_uri,
            "code_verifier": verifier,
        }
        return self.token(**{**form, **changes})

    def refresh(self, tokens: Tokens, scopes: Iterable[str] | None = None) -> Exchange:
        wanted = None if scopes is None else " ".join(sorted(scopes))
        return self.token(grant_type="refresh_token", refresh_token=tokens.refresh, scope=wanted)

    def granted(self, scopes: Iterable[str]) -> Tokens:
        """Tokens from a whole flow. Raises Inconclusive when the token endpoint refuses."""
        verifier = self._verifier()
        return self.taken(self.redeem(self.code(scopes, verifier), verifier))

    def taken(self, exchange: Exchange) -> Tokens:
        """The tokens in an answer. Raises Inconclusive when there are none."""
        found = exchange.json
        if not exchange.ok or not isinstance(found, Mapping) or not found.get("access_token"):
            raise Inconclusive(f"the token endpoint answers {exchange.status} without a token")
        refresh = found.get("refresh_token")
        return Tokens(
            str(found["access_token"]),
            None if refresh is None else str(refresh),
            frozenset(str(found.get("scope", "")).split()),
            exchange,
        )

    def prepared(self, scopes: Iterable[str]) -> tuple[str, str]:
        """A fresh code and its verifier."""
        verifier = self._verifier()
        return self.code(scopes, verifier), verifier

    def opened(self, binding: Binding, tokens: Tokens) -> Exchange:
        """A request with an access token and what else the owner sends."""
        scene = self._scene
        secret = scene.cast.credentials(scene.owner.headers)
        others = {name: value for name, value in scene.owner.headers.items() if name not in secret}
        bearer = {"Authorization": f"Bearer {tokens.access}"}
        found = scene.call(None, binding, headers={**others, **bearer})
        if found.ok:
            scene.successes.setdefault(binding.id, found)
        return found
