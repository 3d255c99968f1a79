"""The root ``x-behaviour``: profiles that hold for the whole contract, completed with defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from troth.behaviour.model import (
    Authentication,
    ErrorBody,
    ErrorKind,
    Errors,
    Idempotency,
    OAuth,
    RateLimit,
    Scopes,
    Tenancy,
    Tokens,
    Writes,
)
from troth.behaviour.moments import RFC3339
from troth.behaviour.refusals import PROBLEM, REFUSALS
from troth.contract.model import Contract
from troth.errors import BehaviourError, did_you_mean

__all__ = [
    "authentication",
    "errors",
    "idempotency",
    "moment",
    "on",
    "rate_limits",
    "scopes",
    "seconds",
    "tenancy",
    "writes",
]

_DURATION = re.compile(r"^(\d+)\s*(s|m|h|d|w)?$")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, None: 1}


def seconds(value: Any, contract: Contract, pointer: str) -> int:
    """A duration such as ``24h``, ``30d`` or a number of seconds. Raises BehaviourError."""
    found = _DURATION.match(str(value).strip())
    if found is None or isinstance(value, bool):
        raise BehaviourError(
            f"{value!r} is not a duration; write a number and s, m, h, d or w, such as '24h'.",
            contract.locate(pointer),
        )
    return int(found[1]) * _UNITS[found[2]]


def on(value: Any) -> tuple[str, ...]:
    """The members of a set written as a map ``{draft: true}``; a single word or a list is read as well."""
    if isinstance(value, Mapping):
        return tuple(str(key) for key, wanted in value.items() if wanted)
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)
    return () if value is None else (str(value),)


def refusal(value: Any, default: str, contract: Contract, pointer: str) -> str:
    """A kind of refusal by name. Raises BehaviourError naming the nearest one."""
    kind = str(value) if value is not None else default
    if kind not in REFUSALS:
        raise BehaviourError(
            f"unknown kind of refusal {kind!r}.{did_you_mean(kind, REFUSALS)}", contract.locate(pointer)
        )
    return kind


def tenancy(contract: Contract) -> Tenancy:
    given = contract.extension.get("tenancy")
    if not isinstance(given, Mapping):
        return Tenancy("none", "", "not-found", "not-found", "not-found")
    foreign = given.get("foreign", {})
    at = "/x-behaviour/tenancy/foreign"
    source = given.get("from", "credential")
    header = str(given.get("header", "x-tenant")).lower()
    return Tenancy(
        source=source if source in ("credential", "header") else "none",
        field=str(given.get("field", "tenant")),
        foreign_read=refusal(foreign.get("read"), "not-found", contract, f"{at}/read"),
        foreign_write=refusal(foreign.get("write"), "not-found", contract, f"{at}/write"),
        foreign_reference=refusal(foreign.get("reference"), "not-found", contract, f"{at}/reference"),
        header=header if source == "header" else "",
        missing=refusal(given.get("missing"), "invalid", contract, "/x-behaviour/tenancy/missing"),
        unknown=refusal(given.get("unknown"), "not-found", contract, "/x-behaviour/tenancy/unknown"),
        stranger=refusal(given.get("stranger"), "forbidden", contract, "/x-behaviour/tenancy/stranger"),
    )


def errors(contract: Contract) -> Errors:
    given = contract.extension.get("errors")
    if not isinstance(given, Mapping):
        return Errors(PROBLEM, "application/problem+json", REFUSALS, "", declared=False)
    kinds = dict(REFUSALS)
    for name, wire in (given.get("kinds") or {}).items():
        usual = REFUSALS[refusal(name, name, contract, f"/x-behaviour/errors/kinds/{name}")]
        kinds[name] = ErrorKind(
            int(wire.get("status", usual.status)),
            str(wire.get("code", usual.code)),
            wire.get("message", usual.message),
        )
    bodies = {
        str(name): _error_body(wire)
        for name, wire in (given.get("kinds") or {}).items()
        if "envelope" in wire
    }
    if "invalid-body" not in (given.get("kinds") or {}):  # usually a body is refused as anything else is
        kinds["invalid-body"] = kinds["invalid"]
        bodies |= {"invalid-body": bodies["invalid"]} if "invalid" in bodies else {}
    request_id = given.get("requestId") or {}
    return Errors(
        envelope=given.get("envelope", PROBLEM),
        media_type=str(given.get("mediaType", "application/json")),
        kinds=kinds,
        request_id_prefix=str(request_id.get("prefix", "")),
        declared=True,
        bodies=bodies,
        sentences={str(rule): str(text) for rule, text in (given.get("sentences") or {}).items()},
    )


def _error_body(wire: Mapping[str, Any]) -> ErrorBody:
    summary = wire.get("summary") or {}
    return ErrorBody(
        envelope=wire["envelope"],
        detail=wire.get("detail", "$detail"),
        one=summary.get("one"),
        many=summary.get("many"),
        needs_details=_holds(wire["envelope"], "$details"),
    )


def _holds(template: Any, slot: str) -> bool:
    if isinstance(template, Mapping | list):
        inner = template.values() if isinstance(template, Mapping) else template
        return any(_holds(item, slot) for item in inner)
    return bool(template == slot)


def _carrier(scheme: Mapping[str, Any]) -> tuple[str, str, str] | None:
    kind = scheme.get("type")
    if kind == "apiKey":
        name = str(scheme.get("name", ""))
        place = str(scheme.get("in", "header"))
        return place, name.lower() if place == "header" else name, ""
    if kind == "http":
        word = str(scheme.get("scheme", "bearer")).lower()
        return (
            "header",
            "authorization",
            {"bearer": "Bearer ", "basic": "Basic "}.get(word, f"{word.title()} "),
        )
    if kind in ("oauth2", "openIdConnect"):
        return "header", "authorization", "Bearer "
    return None


def _path_of(url: str, contract: Contract) -> str:
    path = urlsplit(url).path
    if "://" in url or path.startswith(contract.base_path.removeprefix(contract.mount) + "/"):
        return contract.mount + path
    return contract.base_path + path


def _grantable(contract: Contract, offered: Any) -> frozenset[str]:
    """The scopes of a flow, and the other spellings that the contract accepts for them."""
    found = {str(scope) for scope in offered} if isinstance(offered, Mapping) else set()
    spelling = scopes(contract)
    for template, access in ((spelling.read, "read"), (spelling.write, "write")):
        pattern = (
            re.escape(template).replace(re.escape("{resource}"), "(?P<resource>.+)") if template else r"(?!)"
        )
        matches = [match for scope in found if (match := re.fullmatch(pattern, scope))]
        found |= {a.format(resource=m["resource"], access=access) for a in spelling.aliases for m in matches}
    return frozenset(found)


def tokens(contract: Contract) -> Tokens | None:
    """What tokens hold that are issued elsewhere. Raises BehaviourError for a scheme that carries none."""
    given = contract.extension.get("tokens")
    if not isinstance(given, Mapping):
        return None
    at, scheme = "/x-behaviour/tokens", str(given.get("scheme", "bearer"))
    about = contract.security_schemes.get(scheme) or {}
    if about.get("type") != "http" or str(about.get("scheme", "")).lower() != "bearer":
        hint = did_you_mean(scheme, contract.security_schemes)
        message = f"{at} names {scheme!r}, which is no security scheme of type http, scheme bearer.{hint}"
        raise BehaviourError(message, contract.locate(at))
    return Tokens(
        scheme=scheme,
        tenant=str(given.get("tenant", "tenant")),
        subject=str(given.get("subject", "sub")),
        ttl=seconds(given.get("ttl", "1h"), contract, f"{at}/ttl"),
        pointer=at,
    )


def authentication(contract: Contract) -> Authentication:
    """How credentials travel (from ``securitySchemes``) and, where ``oauth`` is described, how they are issued."""
    carriers = {
        name: found for name, scheme in contract.security_schemes.items() if (found := _carrier(scheme))
    }
    given = contract.extension.get("oauth")
    if not isinstance(given, Mapping):
        return Authentication(carriers, None, tokens(contract))
    at = "/x-behaviour/oauth"
    scheme = contract.security_schemes.get(str(given.get("scheme", "oauth2")))
    flow = ((scheme or {}).get("flows") or {}).get("authorizationCode")
    if not isinstance(flow, Mapping):
        raise BehaviourError(
            f"{at} names the security scheme {given.get('scheme', 'oauth2')!r}, "
            f"which has no authorizationCode flow.{did_you_mean(str(given.get('scheme')), contract.security_schemes)}",
            contract.locate(at),
        )
    oauth = OAuth(
        authorize_path=_path_of(str(flow.get("authorizationUrl", "/oauth/authorize")), contract),
        token_path=_path_of(str(flow.get("tokenUrl", "/oauth/token")), contract),
        claim=str(given.get("claim", "tenant")),
        access_ttl=seconds(given.get("accessTtl", "1h"), contract, f"{at}/accessTtl"),
        refresh_ttl=seconds(given.get("refreshTtl", "30d"), contract, f"{at}/refreshTtl"),
        code_ttl=seconds(given.get("codeTtl", "1m"), contract, f"{at}/codeTtl"),
        rotate=bool(given.get("rotate", True)),
        issuer=str(given.get("issuer", contract.title)),
        scopes=_grantable(contract, flow.get("scopes")),
        pkce=given.get("pkce", "required") == "required",
        revoke_path=_path_of(str(given["revoke"]), contract) if given.get("revoke") else "",
    )
    return Authentication(carriers, oauth, tokens(contract))


def scopes(contract: Contract) -> Scopes:
    given = contract.extension.get("scopes")
    if not isinstance(given, Mapping):
        return Scopes("", "", (), declared=False)
    return Scopes(
        str(given.get("read", "")), str(given.get("write", "")), on(given.get("aliases")), declared=True
    )


def moment(contract: Contract) -> str:
    """The pattern in which the API writes moments."""
    given = contract.extension.get("formats")
    return str(given.get("moment", RFC3339)) if isinstance(given, Mapping) else RFC3339


def writes(contract: Contract) -> Writes:
    given = contract.extension.get("writes") or {}
    return Writes(
        read_only="reject" if given.get("readOnly") == "reject" else "ignore",
        unknown="reject" if given.get("unknown") == "reject" else "ignore",
    )


def idempotency(contract: Contract) -> Idempotency | None:
    given = contract.extension.get("idempotency")
    if not isinstance(given, Mapping):
        return None
    at = "/x-behaviour/idempotency"
    return Idempotency(
        header=str(given.get("header", "Idempotency-Key")).lower(),
        methods=frozenset(word.upper() for word in on(given.get("methods", {"POST": True}))),
        ttl=seconds(given.get("ttl", "24h"), contract, f"{at}/ttl"),
        max_length=int(given.get("maxLength", 255)),
        scope="credential" if given.get("scope") == "credential" else "tenant",
        mismatch=refusal(given.get("mismatch"), "conflict", contract, f"{at}/mismatch"),
        pointer=at,
    )


def rate_limits(contract: Contract) -> tuple[RateLimit, ...]:
    given = contract.extension.get("rateLimits") or {}
    found = []
    for name, policy in given.items():
        at = f"/x-behaviour/rateLimits/{name}"
        headers = policy.get("headers") or {}
        found.append(
            RateLimit(
                name=str(name),
                limit=int(policy["limit"]),
                window=seconds(policy["window"], contract, f"{at}/window"),
                per=policy.get("per", "credential"),
                headers={str(k): str(v) for k, v in headers.items()},
                reset=policy.get("reset", "epoch"),
                pointer=at,
            )
        )
    return tuple(found)
