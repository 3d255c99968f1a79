"""The receiver's side of a signature: taken apart and recomputed from what arrived, without the engine's signer."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from troth.behaviour.signing import Signing, key_of

__all__ = ["Problem", "signed_at", "verify"]


class Problem(Exception):  # noqa: N818 - a finding, not an error
    """Why a signature does not hold."""


def _header(signing: Signing, headers: Mapping[str, str]) -> str:
    found = headers.get(signing.header.lower())
    if not found:
        raise Problem(f"the header {signing.header} is missing")
    return found


def signed_at(signing: Signing, headers: Mapping[str, str]) -> int | None:
    """When a delivery says that it was signed; None where the profile has no time. Raises Problem."""
    if not signing.timed:
        return None
    if signing.timestamp:
        told = headers.get(signing.timestamp.lower(), "")
    else:
        pairs = (part.partition("=") for part in _header(signing, headers).split(","))
        told = next((value for name, _, value in pairs if name.strip() == "t"), "")
    if not told.isdigit():
        raise Problem(f"the time of the signature is {told!r} instead of Unix seconds")
    return int(told)


def verify(signing: Signing, secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Check one delivery. Raises Problem."""
    moment = signed_at(signing, headers)
    identifier = headers.get(signing.identifier.lower(), "") if signing.identifier else ""
    if signing.identifier and not identifier:
        raise Problem(f"the header {signing.identifier} is missing")
    content = b""
    for part in _parts(signing.content):
        content += {"{body}": body, "{timestamp}": str(moment).encode(), "{id}": identifier.encode()}.get(
            part, part.encode()
        )
    digest = hmac.new(key_of(signing, secret), content, hashlib.sha256).digest()
    wanted = digest.hex() if signing.encoding == "hex" else base64.b64encode(digest).decode()
    if not any(hmac.compare_digest(wanted, found) for found in _signatures(signing, headers)):
        raise Problem("no signature fits the body, the time and the secret")


def _parts(template: str) -> list[str]:
    """A template cut into its slots and what stands between them."""
    found: list[str] = []
    rest = template
    while rest:
        start = min(
            (at for slot in ("{body}", "{timestamp}", "{id}") if (at := rest.find(slot)) >= 0), default=-1
        )
        if start < 0:
            return [*found, rest]
        end = rest.index("}", start) + 1
        found += [part for part in (rest[:start], rest[start:end]) if part]
        rest = rest[end:]
    return found


def _signatures(signing: Signing, headers: Mapping[str, str]) -> list[str]:
    """Every signature in the header, without what it begins with."""
    told = _header(signing, headers)
    each = told.split(signing.separator) if signing.separator else [told]
    found = [one.strip() for one in each if one.strip().startswith(signing.prefix)]
    if not found:
        raise Problem(f"the header {signing.header} holds no signature that begins with {signing.prefix!r}")
    return [one.removeprefix(signing.prefix) for one in found]
