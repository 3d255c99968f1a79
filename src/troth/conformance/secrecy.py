"""What is secret in a run: the credentials that it was given, and what answers give out under the name of a secret."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from troth.findings import Case, Finding

__all__ = ["MASK", "bare_url", "concealed", "given_out", "is_secret_name", "masked"]

#: What reports know as a secret that was taken out; in a curl line it becomes an environment variable.
MASK = "[redacted]"
_SHORTEST = 4
_NAME = r"[\w.-]*(?:token|secret|password|passwd|api[_-]?key|credential)s?"
_MEMBER = re.compile(rf'"({_NAME})"\s*:\s*"((?:[^"\\]|\\.){{6,}})"'.encode(), re.IGNORECASE)
_PARAMETER = re.compile(rf"[?&#]({_NAME}|code)=([^&\s\"'<>]{{6,}})".encode(), re.IGNORECASE)
_HEADER = re.compile(
    r"(?:proxy-)?authorization|(?:set-)?cookie|.*(?:key|token|secret|password|credential)", re.IGNORECASE
)
#: Where a list goes on is told by tokens too, and they open nothing.
_HARMLESS = re.compile(r"page|next|prev|cursor|continu|csrf|idempot|type", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a header of that name carries a credential."""
    return _HEADER.fullmatch(name) is not None and _HARMLESS.search(name) is None


def given_out(headers: Mapping[str, str], content: bytes) -> set[str]:
    """The secrets in an answer: members and parameters with the name of one, and cookies."""
    found: set[str] = set()
    low = content.lower()
    if not (
        b"token" in low or b"secret" in low or b"passw" in low
        or b"key" in low or b"credential" in low or b"code=" in low
    ):  # fmt: skip
        content = b""
    for text in filter(None, (content, headers.get("location", "").encode())):
        for pattern in (_MEMBER, _PARAMETER):
            for name, value in pattern.findall(text):
                if not _HARMLESS.search(name.decode()):
                    found.add(value.decode("utf-8", "replace"))
    cookie = headers.get("set-cookie", "")
    if cookie:
        found.add(cookie.partition(";")[0].partition("=")[2])
    return {secret for secret in found if secret and MASK not in secret}


def _pieces(secret: str) -> Iterator[str]:
    """A credential as it may show: whole, without its scheme, cookie by cookie, decoded, and as part of a URL."""
    word, _, rest = secret.partition(" ")
    bare = rest if rest and "=" not in word else secret
    yield bare
    if ";" in secret or ("=" in secret and " " not in secret):
        yield from (pair.partition("=")[2].strip() for pair in secret.split(";"))
    if word.lower() == "basic":
        try:
            user_and_password = base64.b64decode(rest, validate=True).decode()
        except (binascii.Error, ValueError):
            return
        yield user_and_password
        yield user_and_password.partition(":")[2]


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret taken out; the word before a token (``Bearer``) stays."""
    return _without(text, _forms(secrets)) if text else text


def _forms(secrets: Iterable[str]) -> list[str]:
    """Every text that gives a secret away, in the order of the secrets."""
    return [form for secret in tuple(secrets) for form in _spelled(secret)]


@lru_cache(maxsize=4096)
def _spelled(secret: str) -> tuple[str, ...]:
    """Every spelling of one, worked out once: a run masks thousands of texts with hundreds of secrets."""
    pieces = [piece for piece in _pieces(secret) if len(piece) >= _SHORTEST]
    return tuple(
        {form: None for piece in pieces for form in (piece, quote(piece, safe=""), quote_plus(piece))}
    )


def _without(text: str, forms: Iterable[str]) -> str:
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    return text


def bare_url(url: str) -> str:
    """A URL without the user and the password in it."""
    return re.sub(r"//[^/@]*@", "//", url)


def _hidden(value: Any, forms: Iterable[str]) -> Any:
    """The same JSON without secrets."""
    if isinstance(value, Mapping):
        return {name: _hidden(inner, forms) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(inner, forms) for inner in value]
    return _without(value, forms) if isinstance(value, str) else value


def _finding(finding: Finding, forms: Iterable[str]) -> Finding:
    return replace(
        finding,
        title=_without(finding.title, forms),
        detail=_without(finding.detail, forms),
        evidence=_hidden(finding.evidence, forms),
    )


def concealed(cases: Iterable[Case], secrets: Iterable[str]) -> list[Case]:
    """The cases without any secret that the run has come to know, whenever it did."""
    forms = _forms(sorted(secrets, key=len, reverse=True))
    return [
        replace(
            case,
            detail=_without(case.detail, forms),
            findings=tuple(_finding(finding, forms) for finding in case.findings),
        )
        if case.detail or case.findings
        else case
        for case in cases
    ]
