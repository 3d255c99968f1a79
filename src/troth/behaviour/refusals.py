"""The kinds of refusal that an API can give, with what they mean when a contract says nothing (RFC 9110, RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from troth.behaviour.model import ErrorKind

__all__ = ["PROBLEM", "REFUSALS"]

#: Kind to its default wire form. A contract overrides status, code and message under ``errors.kinds``.
REFUSALS: Mapping[str, ErrorKind] = MappingProxyType(
    {
        "malformed": ErrorKind(400, "malformed", "The request could not be read."),
        "invalid": ErrorKind(400, "invalid", "The request does not satisfy the contract."),
        "invalid-body": ErrorKind(400, "invalid", "The body does not satisfy the contract."),
        "unauthenticated": ErrorKind(401, "unauthenticated", "A valid credential is required."),
        "forbidden": ErrorKind(403, "forbidden", "The credential does not allow this operation."),
        "not-found": ErrorKind(404, "not-found", "There is no such resource."),
        "no-route": ErrorKind(404, "not-found", "There is no such path."),
        "method-not-allowed": ErrorKind(405, "method-not-allowed", "The path does not support this method."),
        "not-acceptable": ErrorKind(406, "not-acceptable", "No acceptable representation exists."),
        "out-of-reach": ErrorKind(400, "out-of-reach", "The position lies beyond what can be listed."),
        "conflict": ErrorKind(409, "conflict", "The current state does not allow this."),
        "gone": ErrorKind(410, "gone", "This is no longer available."),
        "precondition-failed": ErrorKind(
            412, "precondition-failed", "The row is not in the state that the request means."
        ),
        "precondition-required": ErrorKind(
            428, "precondition-required", "The request must say which state of the row it means."
        ),
        "too-large": ErrorKind(413, "too-large", "The request body is too large."),
        "unsupported-media-type": ErrorKind(
            415, "unsupported-media-type", "The body's media type is not supported."
        ),
        "unqueryable": ErrorKind(
            400, "unqueryable", "The query names a field or an operator that does not exist."
        ),
        "unselectable": ErrorKind(
            400, "unselectable", "The selection names a field that does not exist, or cannot be read."
        ),
        "unprocessable": ErrorKind(
            422, "unprocessable", "The request is well formed but cannot be processed."
        ),
        "unknown-version": ErrorKind(400, "unknown-version", "There is no such version."),
        "retired-version": ErrorKind(410, "retired-version", "This version is no longer served."),
        "rate-limited": ErrorKind(429, "rate-limited", "Too many requests."),
        "internal": ErrorKind(500, "internal", "Something went wrong."),
        "not-implemented": ErrorKind(
            501, "not-implemented", "The contract does not say what this operation does."
        ),
    }
)

#: The envelope of a contract that declares none: problem details (RFC 9457 section 3).
PROBLEM: Mapping[str, str] = MappingProxyType(
    {
        "type": "about:blank",
        "title": "$title",
        "status": "$status",
        "detail": "$message",
        "code": "$code",
        "requestId": "$requestId",
        "errors?": "$details",
    }
)
