"""Who is asking: credentials to principals, and whether their scopes allow an operation. Compiled per contract."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from troth.behaviour.carriers import Carrier
from troth.behaviour.model import Behaviour, Binding
from troth.engine.messages import Request
from troth.engine.refusing import Refusal
from troth.engine.state import State

__all__ = ["ANONYMOUS", "SHOWN_AS_TOKEN", "Authenticator", "Principal", "worn"]

#: Stands before what a request shows as a token, so that no key passes for one, and no token for a key.
SHOWN_AS_TOKEN = "token:"  # noqa: S105 - a mark, no secret


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: its tenant, scopes (``*`` for all) and the partition that its rate limit counts under.

    ``tenants`` are further ones that it may name where a header says which tenant a request is about; ``settings``
    is what expressions see as ``viewer``; ``permissions`` (``*`` for all) are what operations may ask for.
    """

    name: str
    tenant: str
    secret: str
    scopes: frozenset[str]
    expires: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    tenants: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset({"*"})

    def allows(self, wanted: Iterable[str], aliases: Mapping[str, frozenset[str]]) -> bool:
        if "*" in self.scopes:
            return True
        return all(scope in self.scopes or self.scopes & aliases.get(scope, frozenset()) for scope in wanted)


class _Demand(NamedTuple):
    """What one operation wants to see: any of the alternatives, each a reader or several that must all succeed."""

    open: bool
    optional: bool
    alternatives: tuple[tuple[Callable[[Request], str | None], ...], ...]


ANONYMOUS = Principal("anonymous", "", "", frozenset({"*"}))


def worn(principal: Principal, carriers: Iterable[Carrier]) -> tuple[dict[str, str], dict[str, str]]:
    """(headers, query parameters) in which a caller shows its credential."""
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    cookies = []
    for place, name, prefix in carriers:
        secret = principal.secret
        if prefix == "Basic ":
            secret = base64.b64encode(f"{principal.name}:{secret}".encode()).decode()
        if place == "query":
            query[name] = secret
        elif place == "cookie":
            cookies.append(f"{name}={secret}")
        else:
            headers[name] = prefix + secret
    return headers | ({"cookie": "; ".join(cookies)} if cookies else {}), query


class Authenticator:
    """Finds the principal of a request. ``principals`` are keyed by secret; tokens live in the state."""

    def __init__(
        self,
        behaviour: Behaviour,
        principals: Mapping[str, Principal],
        verify: Callable[[str, State], Principal | None],
        faults: frozenset[str],
    ) -> None:
        self._behaviour = behaviour
        self.principals = dict(principals)
        self._verify = verify
        self._faults = faults
        self._aliases = _aliases(behaviour)
        self._demands = {name: self._demand(binding) for name, binding in behaviour.bindings.items()}
        self._distinct = tuple(dict.fromkeys(behaviour.authentication.carriers.values()))

    def _demand(self, binding: Binding) -> _Demand:
        """One reader a distinct way of showing a credential; alternatives that read the same place are one."""
        carriers = self._behaviour.authentication.carriers
        distinct: dict[tuple[tuple[str, str, str], ...], None] = {}
        for alternative in binding.operation.security:
            if alternative and all(name in carriers for name in alternative):
                distinct[tuple(carriers[name] for name in alternative)] = None
        return _Demand(
            open=not binding.operation.security,
            optional=any(not alternative for alternative in binding.operation.security),
            alternatives=tuple(tuple(self._reads(carrier) for carrier in key) for key in distinct),
        )

    def _reads(self, carrier: tuple[str, str, str]) -> Callable[[Request], str | None]:
        """What reads a credential from its place, marked where it must be a token.

        Where tokens travel in the only place that there is, a key stands for the token of its principal.
        """
        reader, tokens = _reader(*carrier), self._behaviour.authentication.tokens
        carriers = self._behaviour.authentication.carriers
        others = {other for other in carriers.values() if other[:2] == carrier[:2]} - {carrier}
        if others and tokens is None and self._behaviour.authentication.oauth is None:
            # One header holds one credential: whoever shows it in another form of the document is known as well.
            return _first(reader, [_reader(*other) for other in sorted(others)])
        if tokens is None or carriers.get(tokens.scheme) != carrier:
            return reader
        if set(carriers.values()) == {carrier}:

            def read(request: Request) -> str | None:
                shown = reader(request)
                return shown if shown is None or shown in self.principals else SHOWN_AS_TOKEN + shown

            return read
        return lambda request: None if (shown := reader(request)) is None else SHOWN_AS_TOKEN + shown

    def find(self, secret: str, state: State) -> Principal | None:
        """The principal of a key or token; None when it is unknown or has expired."""
        principal = self.principals.get(secret) or self._verify(secret, state)
        if principal is None or (principal.expires is not None and principal.expires <= state.clock.now()):
            return None
        return principal

    def identify(self, request: Request, state: State) -> Principal | None:
        """The principal of a request on any path, None when it shows no valid credential."""
        for carrier in self._distinct:
            secret = self._reads(carrier)(request)
            if secret is not None and (principal := self.find(secret, state)):
                return principal
        return None

    def authenticate(self, binding: Binding, request: Request, state: State) -> Principal:
        """The principal for an operation. Raises Refusal ``unauthenticated``."""
        demand = self._demands[binding.id]
        if demand.open:
            return ANONYMOUS
        shown = False
        for readers in demand.alternatives:
            secret = readers[0](request)
            if len(readers) == 1:
                if secret is None:
                    continue
                shown = True
                if principal := self.find(secret, state):
                    return principal
                continue
            secrets = [secret, *(reader(request) for reader in readers[1:])]
            shown = shown or any(one is not None for one in secrets)
            found = [None if one is None else self.find(one, state) for one in secrets]
            if found[0] is not None and None not in found:
                return found[0]
        return self._stranger(request, shown=shown, optional=demand.optional)

    def _stranger(self, request: Request, *, shown: bool, optional: bool) -> Principal:
        if optional and not shown:
            return ANONYMOUS
        lenient = {"bad-credential-accepted" if shown else "anonymous-accepted"}
        lenient |= {"head-open"} if request.method == "HEAD" else set()
        if lenient & self._faults and self.principals:
            return next(iter(self.principals.values()))
        message = "The credential is not valid or has expired." if shown else "A credential is required."
        challenge = b'Bearer error="invalid_token"' if shown else b"Bearer"
        silent = "challenge-missing" in self._faults
        headers = () if silent else ((b"www-authenticate", challenge),)
        raise Refusal("unauthenticated", message, None, headers)

    def authorise(self, binding: Binding, principal: Principal) -> None:
        """Raises Refusal ``forbidden`` when a scope or a permission is missing."""
        if binding.permissions and "*" not in principal.permissions and principal is not ANONYMOUS:
            self._permit(binding, principal)
        if (
            binding.scopes
            and not principal.allows(binding.scopes, self._aliases)
            and "scope-ignored" not in self._faults
        ):
            missing = sorted(
                scope for scope in binding.scopes if not principal.allows([scope], self._aliases)
            )
            raise Refusal(
                "forbidden",
                f"The credential lacks the scope {', '.join(missing)}.",
                [{"rule": "scope", "message": f"{scope} is required."} for scope in missing],
            )

    def _permit(self, binding: Binding, principal: Principal) -> None:
        missing = sorted(binding.permissions - principal.permissions)
        enough = "permission-any" in self._faults and len(missing) < len(binding.permissions)
        if missing and not enough and "permission-ignored" not in self._faults:
            message = f"The credential lacks the permission {', '.join(missing)}."
            told = [{"rule": "permission", "message": f"{name} is required."} for name in missing]
            raise Refusal("forbidden", message, told)


def _aliases(behaviour: Behaviour) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for resource in behaviour.resources:
        for access, template in (("read", behaviour.scopes.read), ("write", behaviour.scopes.write)):
            if template:
                scope = template.format(resource=resource)
                others = (
                    alias.format(resource=resource, access=access) for alias in behaviour.scopes.aliases
                )
                found[scope] = frozenset(others)
    return found


def _reader(place: str, name: str, prefix: str) -> Callable[[Request], str | None]:
    if place == "query":
        return lambda request: dict(request.pairs()).get(name)
    if place == "cookie":
        return lambda request: _cookies(request.headers.get("cookie", "")).get(name)
    if not prefix:
        return lambda request: request.headers.get(name)
    length, lowered = len(prefix), prefix.lower()

    def read(request: Request) -> str | None:
        value = request.headers.get(name)
        if value is None or value[:length].lower() != lowered:
            return None
        return _basic(value[length:]) if lowered == "basic " else value[length:].strip()

    return read


def _first(
    reader: Callable[[Request], str | None], others: list[Callable[[Request], str | None]]
) -> Callable[[Request], str | None]:
    """What the first of several readers finds."""
    readers = (reader, *others)

    def read(request: Request) -> str | None:
        return next((shown for one in readers if (shown := one(request)) is not None), None)

    return read


def _basic(value: str) -> str | None:
    """The password, or the user where a key stands in its place (RFC 7617)."""
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return password or user


def _cookies(header: str) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in header.split(";") if "=" in part)
    return {name: value for name, _, value in parts}
