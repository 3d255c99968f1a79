"""Bearer tokens that an API issues elsewhere: signed JSON Web Tokens (RFC 7519) for each principal of the seed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from troth.behaviour.model import Tokens
from troth.engine.authenticating import SHOWN_AS_TOKEN, Principal
from troth.engine.state import State

__all__ = ["TokenOffice"]

_KEY = OctKey.import_key(b"troth-mock-token-key-is-public-by-design")


class TokenOffice:
    """Makes and verifies tokens. ``known`` gives the principals that there are, ``tenants`` slugs to wire ids."""

    def __init__(
        self, settings: Tokens, tenants: Mapping[str, str], known: Callable[[], Iterable[Principal]]
    ) -> None:
        self._settings = settings
        self._tenants = tenants
        self._slugs = {identifier: slug for slug, identifier in tenants.items()}
        self._known = known

    def mint(self, principal: Principal, now: float) -> tuple[str, float]:
        """(token, when it expires) for a principal, as of a moment."""
        expires = int(now) + self._settings.ttl
        claims = {
            self._settings.subject: principal.name,
            self._settings.tenant: self._tenants.get(principal.tenant, principal.tenant),
            "iat": int(now),
            "exp": expires,
        }
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, _KEY), float(expires)

    def verify(self, shown: str, state: State, *, lenient: bool = False) -> Principal | None:
        """The principal of a token as a request shows it; None for a key, or when the signature is another's.

        The caller checks ``expires``. ``lenient`` leaves the signature out.
        """
        if not shown.startswith(SHOWN_AS_TOKEN):
            return None
        token = shown[len(SHOWN_AS_TOKEN) :]
        known = state.tokens.get(shown)
        if isinstance(known, Principal):
            return known
        claims = _claims(token, lenient=lenient)
        tenant = self._slugs.get(str(claims.get(self._settings.tenant)))
        name, expires = claims.get(self._settings.subject), claims.get("exp")
        owner = next((one for one in self._known() if one.name == name and one.tenant == tenant), None)
        if owner is None or not isinstance(expires, int | float):
            return None
        found = replace(owner, secret=token, expires=float(expires))
        if not lenient:
            state.tokens[shown] = found
        return found


def _claims(token: str, *, lenient: bool) -> Mapping[str, object]:
    try:
        if lenient:
            body = token.split(".")[1]
            found = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            return found if isinstance(found, Mapping) else {}
        return jwt.decode(token, _KEY, algorithms=["HS256"]).claims
    except (JoseError, ValueError, IndexError):
        return {}
