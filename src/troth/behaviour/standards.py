"""Which standard a clause comes from, where it comes from one: the rest is the contract's own word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["STANDARDS", "standard_of"]

#: By clause id, else by concept; sections are those of the standard's own text.
STANDARDS: Mapping[str, str] = MappingProxyType(
    {
        "routing.method": "RFC 9110 section 15.5.6",
        "routing.head": "RFC 9110 section 9.3.2",
        "authentication.required": "RFC 9110 section 15.5.2",
        "authentication.invalid": "RFC 9110 section 15.5.2",
        "authentication.token": "RFC 7519 section 7.2",
        "authentication.expiry": "RFC 7519 section 4.1.4",
        "scopes": "RFC 6750 section 3.1",
        "permissions": "RFC 9110 section 15.5.4",
        "pagination.links": "RFC 8288 section 3",
        "tenancy.indistinguishable": "RFC 9110 section 15.5.4",
        "tenancy.conditional": "RFC 9110 section 13.2",
        "errors.envelope": "RFC 9457 section 3",
        "errors.code": "RFC 9110 section 15",
        "rate-limit.enforced": "RFC 6585 section 4",
        "rate-limit.retry-after": "RFC 9110 section 10.2.3",
        "versions.retired": "RFC 8594 section 3",
        "schema.response": "OpenAPI 3.1 section 4.8.17",
        "validation.no-server-error": "RFC 9110 section 15.6.1",
        "validation.rejected": "OpenAPI 3.1 section 4.8.13",
        "resource.read": "RFC 9110 section 9.3.1",
        "resource.delete": "RFC 9110 section 9.3.5",
        "resource.merge": "RFC 7396 section 2",
        "conditional.tag": "RFC 9110 section 8.8.3",
        "conditional.not-modified": "RFC 9110 section 13.1.2",
        "conditional.modified-since": "RFC 9110 section 13.1.3",
        "conditional.stale": "RFC 9110 section 13.1.1",
        "conditional.none-match": "RFC 9110 section 13.1.2",
        "conditional.unmodified-since": "RFC 9110 section 13.1.4",
        "conditional.required": "RFC 6585 section 3",
        "fields.read-only": "OpenAPI 3.1, readOnly",
        "fields.write-only": "OpenAPI 3.1, writeOnly",
        "fields.default": "JSON Schema 2020-12, default",
        "formats.moment": "RFC 3339 section 5.6",
        "idempotency": "draft-ietf-httpapi-idempotency-key-header-07",
        "webhooks": "Standard Webhooks 1.0",
        "oauth": "RFC 6749",
        "oauth.verifier": "RFC 7636 section 4.6",
        "oauth.revoked": "RFC 7009 section 2",
        "oauth.refresh": "RFC 9700 section 2.2.2",
        "oauth.uncached": "RFC 6749 section 5.1",
        "oauth.code-once": "RFC 6749 section 4.1.2",
        "oauth.redirect-uri": "RFC 6749 section 3.1.2.4",
        "oauth.errors": "RFC 6749 section 5.2",
    }
)


def standard_of(clause: str) -> str:
    """The standard behind a clause id; empty where only the contract says so."""
    return STANDARDS.get(clause) or STANDARDS.get(clause.partition(".")[0], "")
