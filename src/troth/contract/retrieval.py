"""Where in a request the raw value of a parameter is found: path, query, header or cookie, by style."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from troth.contract.model import Parameter
from troth.contract.styles import (
    DELIMITERS,
    Raw,
    read_cookies,
    read_deep_object,
    read_delimited,
    read_label,
    read_matrix,
    read_simple,
    split_encoded,
)

__all__ = ["ConflictError", "RequestParts", "retrieval"]


class ConflictError(ValueError):
    """A name was given several times with different values."""


class RequestParts:
    """The parts of one request that parameters are found in; the query is grouped once."""

    __slots__ = ("_cookies", "headers", "named", "path", "query", "raw_query")

    def __init__(
        self,
        path: Mapping[str, str],
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        raw_query: str,
    ) -> None:
        self.path = path
        self.query = query
        self.headers = headers
        self.raw_query = raw_query
        self._cookies: dict[str, list[str]] | None = None
        named: dict[str, list[str]] = {}
        for name, value in query:
            if name in named:
                named[name].append(value)
            else:
                named[name] = [value]
        self.named = named

    @property
    def cookies(self) -> dict[str, list[str]]:
        if self._cookies is None:
            self._cookies = read_cookies(self.headers.get("cookie", ""))
        return self._cookies


def retrieval(parameter: Parameter, kind: str, properties: list[str]) -> Callable[[RequestParts], Raw | None]:
    """The function that finds a parameter's raw value in a request."""
    return {
        "path": _path_finder,
        "header": _header_finder,
        "cookie": _cookie_finder,
    }.get(parameter.location, _query_finder)(parameter, kind, properties)


def _path_finder(
    parameter: Parameter, kind: str, _properties: list[str]
) -> Callable[[RequestParts], Raw | None]:
    name, explode = parameter.name, parameter.explode

    def find(request: RequestParts) -> Raw | None:
        text = request.path.get(name)
        if text is None:
            return None
        if parameter.style == "label":
            return read_label(text, kind, explode=explode)
        if parameter.style == "matrix":
            return read_matrix(text, name, kind, explode=explode)
        return read_simple(text, kind, explode=explode)

    return find


def _header_finder(
    parameter: Parameter, kind: str, _properties: list[str]
) -> Callable[[RequestParts], Raw | None]:
    name = parameter.name.lower()

    def find(request: RequestParts) -> Raw | None:
        text = request.headers.get(name)
        return None if text is None else read_simple(text.strip(), kind, explode=parameter.explode)

    return find


def _cookie_finder(
    parameter: Parameter, kind: str, properties: list[str]
) -> Callable[[RequestParts], Raw | None]:
    def find(request: RequestParts) -> Raw | None:
        return _form(request.cookies, parameter, kind, properties)

    return find


def _query_finder(
    parameter: Parameter, kind: str, properties: list[str]
) -> Callable[[RequestParts], Raw | None]:
    name, style = parameter.name, parameter.style
    if parameter.location == "querystring":
        return lambda request: request.raw_query or None
    if style == "deepObject":
        return lambda request: read_deep_object(name, request.query)
    if kind == "scalar":
        return lambda request: _single(request.named.get(name), name)
    delimiter = DELIMITERS[style]

    def find(request: RequestParts) -> Raw | None:
        # Spaces and pipes are percent-encoded by who keeps to the rules (OpenAPI 3.1.1, Style Examples); an encoded
        # comma, or an encoded pipe beside a plain one, is no delimiter.
        raw = request.raw_query
        told = delimiter == "," or (delimiter == "|" and delimiter in raw)
        if told and kind == "array" and not parameter.explode and "%" in raw:
            return split_encoded(raw, name, delimiter)
        return _form(request.named, parameter, kind, properties)

    return find


def _form(
    named: Mapping[str, list[str]], parameter: Parameter, kind: str, properties: list[str]
) -> Raw | None:
    name = parameter.name
    found = named.get(name)
    if kind == "scalar":
        return _single(found, name)
    if kind == "object" and parameter.explode:
        members = {key: _single(named[key], key) for key in properties if key in named}
        return members or None
    if found is None:
        return None
    if kind == "array" and parameter.explode:
        return list(found)
    return read_delimited(found, DELIMITERS.get(parameter.style, ","), kind)


def _single(found: list[str] | None, name: str) -> str | None:
    """The one text of a parameter. The same text twice is one text: some clients repeat their query when paging."""
    if found is None:
        return None
    first = found[0]
    if len(found) > 1 and any(other != first for other in found):
        raise ConflictError(f"{name!r} is given {len(found)} times with different values; give it once")
    return first
