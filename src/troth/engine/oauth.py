"""OAuth 2.0 authorization code flow with PKCE: authorize, token, refresh with rotation, revocation.

RFC 6749 sections 4.1, 5 and 6; RFC 7636 (S256 only); RFC 9207 is not spoken. Consent is given at once to the user
named in ``login_hint`` (or the first user), because a mock has nobody to ask.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from troth.behaviour.model import OAuth
from troth.engine.authenticating import Principal
from troth.engine.messages import Request, Response
from troth.engine.oauth_messages import OAuthError, basic, code_of, json_answer, redirected
from troth.engine.state import State

__all__ = ["AuthorizationServer", "Client"]

_NONE: frozenset[str] = frozenset()
_ENDED = "ended:"
_KEY = OctKey.import_key(b"troth-mock-signing-key-is-public-by-design")


class Client(NamedTuple):
    """A registered application. ``secret`` None is a public client; its tokens allow no more than ``permissions``."""

    identifier: str
    redirect_uris: frozenset[str]
    secret: str | None
    permissions: frozenset[str] = frozenset({"*"})


class _Grant(NamedTuple):
    kind: str
    client: str
    user: str
    tenant: str
    scopes: frozenset[str]
    expires: float
    redirect_uri: str = ""
    challenge: str = ""
    family: str = ""


class AuthorizationServer:
    """The two endpoints and the verification of what they issue. Codes and refresh tokens live in the state."""

    def __init__(
        self,
        settings: OAuth,
        clients: Mapping[str, Client],
        users: Mapping[str, Principal],
        tenants: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._users = users
        self._tenants = tenants
        self._slugs = {identifier: slug for slug, identifier in tenants.items()}
        self.routes: Mapping[tuple[str, str], Callable[[Request, State, frozenset[str]], Response]] = {
            ("GET", settings.authorize_path): self.authorize,
            ("POST", settings.token_path): self.token,
            **({("POST", settings.revoke_path): self.revoke} if settings.revoke_path else {}),
        }

    # -- RFC 6749 section 4.1.1: the authorization request ------------------------------------------------------

    def authorize(self, request: Request, state: State, faults: frozenset[str] = _NONE) -> Response:
        """A redirect with a code or an error; no redirect to an address that is not registered."""
        given = dict(request.pairs())
        client = self._clients.get(given.get("client_id", ""))
        redirect = given.get("redirect_uri", "")
        trusting = "redirect-uri-unchecked" in faults and redirect
        if client is None or (redirect not in client.redirect_uris and not trusting):
            return json_answer(
                400, {"error": "invalid_request", "error_description": "Unknown client or redirect_uri."}
            )
        echo = {"state": given["state"]} if "state" in given and "state-lost" not in faults else {}
        try:
            code = self._code(given, client, redirect, state)
        except OAuthError as error:
            told = {"error": code_of(error, faults), "error_description": error.description}
            return redirected(redirect, told | echo)
        return redirected(redirect, {"code": code} | echo)

    def _code(self, given: Mapping[str, str], client: Client, redirect: str, state: State) -> str:
        if given.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "Only response_type=code is supported.")
        asks = "code_challenge" in given or "code_challenge_method" in given or self._settings.pkce
        if asks and (given.get("code_challenge_method") != "S256" or not given.get("code_challenge")):
            raise OAuthError(
                "invalid_request", "PKCE is required: code_challenge with code_challenge_method=S256."
            )
        user = given.get("login_hint") or next(iter(self._users), "")
        if user not in self._users:
            raise OAuthError("access_denied", "There is no such user.")
        asked = frozenset(given.get("scope", "").split())
        scopes = asked & self._settings.scopes  # RFC 6749 section 3.3: what is unknown may be ignored
        if asked and not scopes:
            raise OAuthError("invalid_scope", f"None of these scopes exists: {', '.join(sorted(asked))}.")
        code = state.identities.word(32)
        expires = state.clock.now() + self._settings.code_ttl
        state.tokens[code] = _Grant(
            "code",
            client.identifier,
            user,
            self._users[user].tenant,
            scopes,
            expires,
            redirect,
            given.get("code_challenge", ""),
            code,
        )
        return code

    # -- RFC 6749 sections 4.1.3 and 6: the token request ---------------------------------------------------------

    def token(self, request: Request, state: State, faults: frozenset[str] = _NONE) -> Response:
        """A new pair of tokens; the client shows its secret in the form or by HTTP Basic (section 2.3.1)."""
        given = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        shown = basic(request.headers.get("authorization", ""))
        if shown is not None:
            given["client_id"], given["client_secret"] = shown
        try:
            client = self._client(given)
            grant = self._granted(given, client, state, faults)
        except OAuthError as error:
            told = {"error": code_of(error, faults), "error_description": error.description}
            challenge = [(b"www-authenticate", b"Basic")] if shown is not None and error.status != 400 else []  # noqa: PLR2004 - Bad Request
            return json_answer(error.status, told, challenge)
        answer = json_answer(200, self._issue(grant, state))
        if "token-cached" in faults:
            answer.headers = [pair for pair in answer.headers if pair[0] != b"cache-control"]
        return answer

    def _granted(
        self, given: Mapping[str, str], client: Client, state: State, faults: frozenset[str]
    ) -> _Grant:
        if given.get("grant_type") == "authorization_code":
            return self._redeem(given, client, state, faults)
        if given.get("grant_type") == "refresh_token":
            return self._refresh(given, client, state, faults)
        raise OAuthError("unsupported_grant_type", "Use authorization_code or refresh_token.")

    def _client(self, given: Mapping[str, str]) -> Client:
        client = self._clients.get(given.get("client_id", ""))
        if client is None or (client.secret is not None and client.secret != given.get("client_secret")):
            raise OAuthError("invalid_client", "The client is unknown or its secret is wrong.", 401)
        return client

    def _redeem(
        self, given: Mapping[str, str], client: Client, state: State, faults: frozenset[str]
    ) -> _Grant:
        code = given.get("code", "")
        grant = self._take(code, "code", client, state, faults)
        if "code-reusable" in faults:
            state.tokens[code] = grant
        if grant.redirect_uri != given.get("redirect_uri") and "code-unbound" not in faults:
            raise OAuthError("invalid_grant", "redirect_uri differs from the authorization request.")
        if not grant.challenge:
            return grant
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        computed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not hmac.compare_digest(computed, grant.challenge) and "verifier-unchecked" not in faults:
            raise OAuthError("invalid_grant", "code_verifier does not match code_challenge.")
        return grant

    def _refresh(
        self, given: Mapping[str, str], client: Client, state: State, faults: frozenset[str]
    ) -> _Grant:
        token = given.get("refresh_token", "")
        grant = self._take(token, "refresh", client, state, faults)
        if not self._settings.rotate or "refresh-reusable" in faults:
            state.tokens[token] = grant
        wanted = frozenset(given["scope"].split()) if given.get("scope") else grant.scopes
        if not wanted <= grant.scopes and "scope-widened" not in faults:
            raise OAuthError("invalid_scope", "A refresh cannot widen the scope.")
        return grant._replace(scopes=wanted)

    def _take(self, token: str, kind: str, client: Client, state: State, faults: frozenset[str]) -> _Grant:
        found = state.tokens.get(token)
        owned = isinstance(found, _Grant) and (
            found.client == client.identifier or ("code-unbound" in faults and kind == "code")
        )
        grant = found if isinstance(found, _Grant) and owned else None
        if grant is not None and grant.kind == "spent" and "family-survives" not in faults:
            self._revoke(grant.family, state)
        over = grant is not None and grant.expires <= state.clock.now()
        if grant is None or grant.kind != kind or (over and not (kind == "code" and "code-lasts" in faults)):
            raise OAuthError("invalid_grant", f"The {kind} token is unknown, used or expired.")
        state.tokens[token] = grant._replace(kind="spent")
        return grant

    # -- RFC 7009 section 2: the revocation request, or a bearer token in its place --------------------------------

    def revoke(self, request: Request, state: State, faults: frozenset[str] = _NONE) -> Response:
        """Ends a token and what it could be renewed with; 200 for one that nobody knows (RFC 7009 section 2.2)."""
        given = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        token = given.get("token") or (shown.strip() if scheme.lower() == "bearer" else "")
        if not token:
            return json_answer(
                400, {"error": "invalid_request", "error_description": "Which token is to end?"}
            )
        grant = state.tokens.get(token)
        if "revocation-ignored" in faults:
            return json_answer(200, {})
        if isinstance(grant, _Grant):
            self._end(grant.client, grant.user, state)
        elif (claims := self._claims(token)) is not None:
            state.tokens[f"{_ENDED}{token}"] = True
            state.tokens.pop(f"access:{token}", None)
            self._end(str(claims.get("client_id")), str(claims.get("sub")), state)
        return json_answer(200, {})

    def _end(self, client: str, user: str, state: State) -> None:
        """No renewal of what a user has granted to an application."""
        for token, grant in list(state.tokens.items()):
            if isinstance(grant, _Grant) and (grant.client, grant.user) == (client, user):
                state.tokens[token] = grant._replace(kind="spent")

    def _revoke(self, family: str, state: State) -> None:
        """A second use means that a token was copied: its family ends (RFC 6749 section 10.5, RFC 9700 4.14.2)."""
        for token, grant in list(state.tokens.items()):
            if isinstance(grant, _Grant) and grant.family == family and grant.kind == "refresh":
                state.tokens[token] = grant._replace(kind="spent")

    def _issue(self, grant: _Grant, state: State) -> dict[str, Any]:
        now = int(state.clock.now())
        settings = self._settings
        claims = {
            "iss": settings.issuer,
            "sub": grant.user,
            "client_id": grant.client,
            settings.claim: self._tenants.get(grant.tenant, grant.tenant),
            "scope": " ".join(sorted(grant.scopes)),
            "iat": now,
            "exp": now + settings.access_ttl,
            "jti": state.identities.word(16),
        }
        refresh = "rt_" + state.identities.word(40)
        expires = state.clock.now() + settings.refresh_ttl
        state.tokens[refresh] = grant._replace(kind="refresh", expires=expires, challenge="", redirect_uri="")
        return {
            "access_token": jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, _KEY),
            "token_type": "Bearer",
            "expires_in": settings.access_ttl,
            "refresh_token": refresh,
            "scope": claims["scope"],
        }

    # -- verification ---------------------------------------------------------------------------------------------

    def verify(self, token: str, state: State) -> Principal | None:
        """The principal of an access token; None when it is not one of ours. The caller checks ``expires``."""
        known = state.tokens.get("access:" + token)
        if isinstance(known, Principal):
            return known
        claims = None if f"{_ENDED}{token}" in state.tokens else self._claims(token)
        if claims is None:
            return None
        tenant = str(claims.get(self._settings.claim, ""))
        if tenant not in self._slugs and tenant not in self._tenants:
            return None
        user = self._users.get(str(claims.get("sub")))
        principal = Principal(
            name=f"oauth:{claims.get('sub')}",
            tenant=self._slugs.get(tenant, tenant),
            secret=token,
            scopes=frozenset(str(claims.get("scope", "")).split()),
            expires=float(claims.get("exp", 0)),
            settings=user.settings if user else {},
            permissions=self._permissions(str(claims.get("client_id")), user),
        )
        state.tokens["access:" + token] = principal
        return principal

    @staticmethod
    def _claims(token: str) -> Mapping[str, Any] | None:
        """What one of our access tokens says; None for anything else."""
        if token.count(".") != 2:  # noqa: PLR2004 - header.payload.signature
            return None
        try:
            return jwt.decode(token, _KEY, algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            return None

    def _permissions(self, client: str, user: Principal | None) -> frozenset[str]:
        """What both the application and the user may do."""
        known = self._clients.get(client)
        granted = known.permissions if known else frozenset({"*"})
        if user is None or "*" in user.permissions:
            return granted
        return user.permissions if "*" in granted else granted & user.permissions
